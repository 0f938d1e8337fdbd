"""``python -m tests.fakes.kite``: a live fake Kite with the sample book, until interrupted.

Prints its addresses as environment settings, first of all and one a line, so that a script can read them.
"""

from __future__ import annotations

import argparse
import signal
import threading
from datetime import UTC, datetime

from app.domain.market_hours import trading_day
from tests.fakes.kite.sample import sample_market
from tests.fakes.kite.server import FakeKite


def main() -> None:
    """Serves until SIGINT or SIGTERM."""
    options = _options()
    market = sample_market(trading_day(datetime.now(UTC)), options.seed)
    kite = FakeKite(market, port=options.port, redirect_url=options.redirect_url)
    kite.start(live_seconds=options.every)
    settings = {
        "KITE_API_ROOT": kite.api_root,
        "KITE_WS_ROOT": kite.ws_root,
        "KITE_LOGIN_ROOT": kite.login_root,
        "KITE_API_KEY": kite.logins.api_key,
        "KITE_API_SECRET": kite.logins.api_secret,
    }
    print("\n".join(f"{name}={value}" for name, value in settings.items()), flush=True)
    _wait_for_signal()
    kite.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.kite", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=1, help="of the sample market")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two ticks")
    parser.add_argument(
        "--redirect-url", default="http://127.0.0.1:5000/kite/callback", help="where a login returns to"
    )
    return parser.parse_args()


def _wait_for_signal() -> None:
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    done.wait()


if __name__ == "__main__":
    main()
