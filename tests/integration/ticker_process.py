"""KiteWS as a program with a clock of its own: ``python -m tests.integration.ticker_process START ZERO SPEED``.

A program, because the ticker's reactor runs once in a process. Settings come from the environment, as in the product.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from app.bootstrap import build_services
from app.KiteWS import KiteWS
from app.settings import read_settings


def fast_clock(start: datetime, zero: float, speed: float) -> Callable[[], datetime]:
    """A clock that shows ``start`` at the system's time ``zero`` and runs ``speed`` times as fast."""
    return lambda: start + timedelta(seconds=(time.time() - zero) * speed)


def main(start: str, zero: str, speed: str) -> None:
    """Runs until SIGTERM."""
    logging.basicConfig(level=logging.DEBUG)
    settings = read_settings(os.environ)
    services = build_services(settings, fast_clock(datetime.fromisoformat(start), float(zero), float(speed)))
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    KiteWS(services.database, services.kite, settings.kite_ws_root, services.now).run(stopping)
    services.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
