"""python -m benchmarks.live_latency: from a tick sent by Kite to the event on 80 open WebSockets, the whole way.

A fake Kite sends frames over a real socket to the real ticker process; the real web server pushes to pages in this
process. Each frame moves the value of the book by an amount of its own, by which its event is known on every page.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.request import ProxyHandler, build_opener

import numpy as np

from app.bootstrap import build_services
from app.domain.holdings import Holding, HoldingsSnapshot
from app.domain.money import format_rupees
from app.settings import read_settings
from app.store.holdings import save_snapshot
from benchmarks.database import temporary_database
from tests.fakes.kite import FakeInstrument, FakeKite, FakeMarket
from tests.integration.importing import bring_prices
from tests.integration.input_files import price_csv, random_closes
from tests.integration.live_pages import LivePage
from tests.integration.test_processes import free_port

SYMBOLS = tuple(f"SHARE{number}" for number in range(50))
PAGES_A_USER = 5
QUANTITY = 100.0
STEP = 0.05
WAIT = 60.0


class Pages:
    """Open pages, each read by a thread of its own; notes when a value first appears on each."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, float]] = []
        self._lock = threading.Lock()

    def open(self, root: str, number: int) -> None:
        """One page more, from an address of its user."""
        page = LivePage(root, f"127.0.0.{2 + number // PAGES_A_USER}")
        threading.Thread(target=self._read, args=(page,), daemon=True).start()

    def count(self, value: str) -> int:
        """On how many pages the value has appeared."""
        with self._lock:
            return sum(text == value for text, _ in self.seen)

    def _read(self, page: LivePage) -> None:
        while True:
            try:
                _, content = page.event()
            except (EOFError, ConnectionError):
                return  # the server has stopped
            at = time.perf_counter()
            with self._lock:
                self.seen.append((content["windows"]["1y"]["value"][0], at))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live_latency")
    parser.add_argument("--pages", type=int, default=80)
    parser.add_argument("--ticks", type=int, default=100)
    options = parser.parse_args()
    with temporary_database() as database, tempfile.TemporaryDirectory() as folder, FakeKite(_market()) as kite:
        port = free_port()
        environment = {
            "DATABASE_URL": database.engine().url.render_as_string(hide_password=False),
            "RISK_DATA_DIR": folder,
            "PORT": str(port),
            "KITE_API_KEY": kite.logins.api_key,
            "KITE_API_SECRET": kite.logins.api_secret,
            "KITE_API_ROOT": kite.api_root,
            "KITE_WS_ROOT": kite.ws_root,
        }
        _prepare(environment, kite)
        with _process("web", environment), _process("ticker", environment):
            latencies = _measure(kite, f"http://127.0.0.1:{port}", options.pages, options.ticks)
    _print(latencies, options.pages)


def _market() -> FakeMarket:
    return FakeMarket(
        FakeInstrument((1000 + number) * 256 + 1, "NSE", symbol, 1000.0, 990.0) for number, symbol in enumerate(SYMBOLS)
    )


def _prepare(environment: dict[str, str], kite: FakeKite) -> None:
    """A book of 50 shares with prices of a year, and a login."""
    services = build_services(read_settings(environment))
    bring_prices(services.database, price_csv(random_closes(300, ("NIFTY50", *SYMBOLS))))
    held = tuple(
        Holding(instrument.symbol, "NSE", None, QUANTITY, instrument_token=instrument.token)
        for instrument in kite.market.instruments
    )
    with services.database.transaction() as connection:
        save_snapshot(connection, HoldingsSnapshot(held, "kite_json", datetime.now(UTC).date()))
    services.kite.finish_login(kite.logins.new_request_token())
    services.close()


@contextmanager
def _process(name: str, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "app", name], env={**os.environ, **environment})
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _measure(kite: FakeKite, root: str, pages: int, ticks: int) -> list[float]:
    """Seconds from each frame to each page."""
    _wait(lambda: _answers(root))
    watched = Pages()
    for number in range(pages):
        watched.open(root, number)
    _wait(lambda: kite.ticker.subscribers and kite.ticker.subscribers[0].modes)
    pause = np.random.default_rng(1)
    _send(kite)
    _wait(lambda: watched.count(_value(kite)) == pages)
    sent: dict[str, float] = {}
    for _ in range(ticks):
        time.sleep(float(pause.uniform(0.25, 0.5)))
        at = _send(kite)
        sent[_value(kite)] = at
    _wait(lambda: watched.count(_value(kite)) == pages)
    return [at - sent[value] for value, at in watched.seen if value in sent]


def _send(kite: FakeKite) -> float:
    """Every share trades a tick higher, in one frame; when it was sent."""
    for instrument in kite.market.instruments:
        instrument.trade(instrument.last + STEP)
    at = time.perf_counter()
    kite.ticker.publish()
    return at


def _value(kite: FakeKite) -> str:
    return format_rupees(sum(round(instrument.last, 2) * QUANTITY for instrument in kite.market.instruments))


def _answers(root: str) -> bool:
    try:
        build_opener(ProxyHandler({})).open(f"{root}/api/health", timeout=5).close()
    except OSError:
        return False
    return True


def _wait(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError("waited in vain")
        time.sleep(0.05)


def _print(latencies: list[float], pages: int) -> None:
    middle, high = np.quantile(latencies, (0.5, 0.95)) * 1000
    print(f"{len(latencies)} events on {pages} pages: median {middle:.0f} ms, p95 {high:.0f} ms, "
          f"most {max(latencies) * 1000:.0f} ms from a frame sent to the event received.")  # fmt: skip


if __name__ == "__main__":
    main()
