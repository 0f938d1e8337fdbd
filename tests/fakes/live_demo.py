"""``make run-live-demo``: the whole app on a fake Kite whose market moves, to see the live mode without an account.

Works in a folder of its own that is removed at the end. PORT is where the screen is served, 5000 by default. It is
eleven o'clock of a trading day in India when it starts, whatever the time is: the market and the app get that clock.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from app.domain.market_hours import IST, trading_day
from tests.fakes.kite.sample import sample_market
from tests.fakes.kite.server import FakeKite

SECONDS_A_TICK = 1.0
FRIDAY = 4
STARTS = time(11, 0)
"""India time: more than four hours are left until the closing auction."""


def main() -> int:
    """Start all, log in, fetch the book and its history, serve until Ctrl-C; returns the exit code of the app."""
    port = os.environ.get("PORT", "5000")
    offset = demo_offset(datetime.now(UTC))
    kite = demo_kite(offset, f"http://127.0.0.1:{port}/kite/callback")
    kite.start(live_seconds=SECONDS_A_TICK)
    with tempfile.TemporaryDirectory(prefix="risk-live-demo-") as folder:
        Path(folder).chmod(0o755)  # as root the database runs as another account
        environment = {**_without_a_database(os.environ), **demo_settings(kite, folder, offset)}
        try:
            for command in (("kite", "login", "--request-token", kite.logins.new_request_token()), ("kite", "sync")):
                subprocess.run([sys.executable, "-m", "app", *command], env=environment, check=True)
            return _run(environment)
        finally:
            kite.stop()


def demo_offset(now: datetime) -> timedelta:
    """Whole seconds from an aware instant to the start of the session shown: today's, on a weekend Monday's."""
    day = trading_day(now)
    day += timedelta(days=7 - day.weekday() if day.weekday() > FRIDAY else 0)
    return timedelta(seconds=round((datetime.combine(day, STARTS, IST) - now).total_seconds()))


def demo_kite(offset: timedelta, redirect_url: str) -> FakeKite:
    """The sample market on the demonstration's clock."""

    def now() -> datetime:
        return datetime.now(UTC) + offset

    return FakeKite(sample_market(trading_day(now())), now=now, redirect_url=redirect_url)


def demo_settings(kite: FakeKite, folder: str, offset: timedelta) -> dict[str, str]:
    """The environment of the app beside this fake, its data in ``folder``."""
    return {
        "RISK_DEMO_CLOCK_SECONDS": str(round(offset.total_seconds())),
        "RISK_DATA_DIR": folder,
        "KITE_API_ROOT": kite.api_root,
        "KITE_WS_ROOT": kite.ws_root,
        "KITE_LOGIN_ROOT": kite.login_root,
        "KITE_API_KEY": kite.logins.api_key,
        "KITE_API_SECRET": kite.logins.api_secret,
    }


def _without_a_database(environment: Mapping[str, str]) -> dict[str, str]:
    """A demonstration must never write into a database of the user's."""
    ours = ("DATABASE_URL", "PG_", "DB_", "RISK_", "KITE_", "REDIS_URL")
    return {name: value for name, value in environment.items() if not name.startswith(ours)}


def _run(environment: Mapping[str, str]) -> int:
    """Ctrl-C reaches the app as well; it ends by itself and we after it."""
    app = subprocess.Popen([sys.executable, "-m", "app", "run"], env=environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: app.terminate())
    return app.wait()


if __name__ == "__main__":
    sys.exit(main())
