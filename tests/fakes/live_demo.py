"""``make run-live-demo``: the whole app on a fake Kite whose market moves, to see the live mode without an account.

Works in a folder of its own that is removed at the end. PORT is where the screen is served, 5000 by default.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from app.domain.market_hours import trading_day
from tests.fakes.kite.sample import sample_market
from tests.fakes.kite.server import FakeKite

SECONDS_A_TICK = 1.0


def main() -> int:
    """Start all, log in, fetch the book and its history, serve until Ctrl-C; returns the exit code of the app."""
    port = os.environ.get("PORT", "5000")
    kite = FakeKite(
        sample_market(trading_day(datetime.now(UTC))), redirect_url=f"http://127.0.0.1:{port}/kite/callback"
    )
    kite.start(live_seconds=SECONDS_A_TICK)
    with tempfile.TemporaryDirectory(prefix="risk-live-demo-") as folder:
        Path(folder).chmod(0o755)  # as root the database runs as another account
        environment = {**_without_a_database(os.environ), **_settings(kite, folder)}
        try:
            for command in (("kite", "login", "--request-token", kite.logins.new_request_token()), ("kite", "sync")):
                subprocess.run([sys.executable, "-m", "app", *command], env=environment, check=True)
            return _run(environment)
        finally:
            kite.stop()


def _settings(kite: FakeKite, folder: str) -> dict[str, str]:
    return {
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
