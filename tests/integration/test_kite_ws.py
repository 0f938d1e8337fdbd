from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app.bootstrap import Services, build_services
from app.domain.holdings import Holding, HoldingsSnapshot
from app.domain.kite_login import LoginStatus
from app.domain.live import NIFTY, NIFTY_TOKEN, Tick
from app.domain.market_hours import IST
from app.KiteWS import JOB, streamed_instruments
from app.settings import read_settings
from app.store.heartbeats import load_heartbeats
from app.store.holdings import save_snapshot
from app.store.ticks import load_ticks
from tests.fakes.kite import FakeInstrument, FakeKite, FakeMarket
from tests.fakes.kite.packets import encode_frame, encode_tick
from tests.integration.test_processes import RunningApp, free_port
from tests.integration.ticker_process import fast_clock

MORNING = datetime(2026, 11, 23, 10, 0, tzinfo=IST)
SPEED = 20.0
"""The ticker's clock against ours: a minute of trading is three seconds here."""
PATIENCE = 60.0
INFY, TCS = 408065, 2953217
TODAY = date(2026, 11, 23)


def market() -> FakeMarket:
    return FakeMarket(
        [
            FakeInstrument(NIFTY_TOKEN, "NSE", "NIFTY 50", 26150.0, 26000.0, segment="INDICES", lot=0),
            FakeInstrument(INFY, "NSE", "INFY", 1515.0, 1500.0),
            FakeInstrument(TCS, "NSE", "TCS", 4100.0, 4050.0),
        ]
    )


@dataclass
class Stage:
    """The fake, the app's doors on the same clock, and the running ticker."""

    kite: FakeKite
    services: Services
    output: Path

    def ticks(self) -> dict[tuple[str, str], Tick]:
        with self.services.database.transaction() as connection:
            return {tick.key: tick for tick in load_ticks(connection)}

    def status(self) -> tuple[str, str]:
        with self.services.database.transaction() as connection:
            beats = {beat.job: beat for beat in load_heartbeats(connection)}
        return (beats[JOB].status, beats[JOB].detail) if JOB in beats else ("", "")

    def log_in(self) -> None:
        self.services.kite.finish_login(self.kite.logins.new_request_token())

    def own(self, **tokens: int) -> None:
        holdings = tuple(Holding(symbol, "NSE", None, 10.0, instrument_token=token) for symbol, token in tokens.items())
        with self.services.database.transaction() as connection:
            save_snapshot(connection, HoldingsSnapshot(holdings, "kite_json", TODAY))

    def price_of(self, symbol: str) -> float | None:
        found = self.ticks().get(("NSE", symbol))
        return found.last_price if found else None

    def trade(self, token: int, price: float) -> None:
        self.kite.market.by_token[token].trade(price)
        self.kite.ticker.publish()

    @contextmanager
    def trading(self) -> Iterator[None]:
        """Prices come all the time, so that no watchdog takes a slow test for a silent market."""
        over = threading.Event()

        def publish() -> None:
            while not over.wait(0.1):
                self.kite.ticker.publish()

        market = threading.Thread(target=publish)
        market.start()
        try:
            yield
        finally:
            over.set()
            market.join()

    @property
    def opened(self) -> int:
        return len(self.kite.ticker.opened_at)


def eventually(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@contextmanager
def staged(
    database_url: str, folder: Path, start: datetime = MORNING, speed: float = SPEED, ws_root: str | None = None
) -> Iterator[Stage]:
    zero = time.time()
    clock = fast_clock(start, zero, speed)
    with FakeKite(market(), now=clock) as kite, tempfile.NamedTemporaryFile() as output:
        settings = {
            "DATABASE_URL": database_url,
            "RISK_DATA_DIR": str(folder),
            "KITE_API_KEY": kite.logins.api_key,
            "KITE_API_SECRET": kite.logins.api_secret,
            "KITE_API_ROOT": kite.api_root,
            "KITE_WS_ROOT": ws_root or kite.ws_root,
        }
        services = build_services(read_settings(settings), clock)
        stage = Stage(kite, services, Path(output.name))
        stage.own(INFY=INFY)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.ticker_process", start.isoformat(), str(zero), str(speed)],
            env={**os.environ, **settings, "TZ": "America/New_York"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield stage
            assert process.poll() is None, stage.output.read_text()
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0, stage.output.read_text()
            services.close()


@pytest.fixture
def stage(database_url: str, tmp_path: Path) -> Iterator[Stage]:
    with staged(database_url, tmp_path) as running:
        yield running


def streaming(stage: Stage) -> None:
    """Log in and wait for the first price."""
    stage.log_in()
    eventually(lambda: stage.price_of("INFY"))


def test_held_instruments_and_the_index_arrive_with_the_exchanges_time_in_any_time_zone(stage: Stage) -> None:
    streaming(stage)
    eventually(lambda: NIFTY in stage.ticks())
    infy = stage.ticks()[("NSE", "INFY")]
    assert (infy.last_price, infy.previous_close) == (1515.0, 1500.0)
    assert abs(infy.exchange_time - infy.received_at) < timedelta(seconds=20)
    assert ("NSE", "TCS") not in stage.ticks()
    stage.trade(INFY, 1520.0)
    eventually(lambda: stage.price_of("INFY") == 1520.0)


def test_garbage_is_counted_and_the_stream_goes_on_over_the_same_socket(stage: Stage) -> None:
    streaming(stage)
    whole = encode_frame([encode_tick(stage.kite.market.by_token[INFY], "full", int(stage.kite.now().timestamp()))])
    with stage.trading():
        opened = stage.opened
        for garbage in (b"\xff" * 40, whole[:50], b"\x00\x03" + whole[2:], b"\x00\x01\x00\xb8", whole[:5]):
            stage.kite.ticker.send_binary(garbage)
        stage.kite.ticker.send_text([])  # type: ignore[arg-type]  # no object
        stage.kite.ticker.send_text({"type": "error", "data": "trouble"})
        stage.trade(INFY, 1530.0)
        eventually(lambda: stage.price_of("INFY") == 1530.0)
        eventually(lambda: " 0 dropped" not in stage.status()[1])
        assert stage.opened == opened


def test_a_tick_of_yesterday_is_ignored(stage: Stage) -> None:
    streaming(stage)
    infy = stage.kite.market.by_token[INFY]
    infy.last = 1.0
    yesterday = int(stage.kite.now().timestamp()) - 86_400
    nifty = stage.kite.market.by_token[NIFTY_TOKEN]
    nifty.last = 25_432.0
    today = int(stage.kite.now().timestamp())
    late = encode_tick(infy, "full", yesterday)
    stage.kite.ticker.send_binary(encode_frame([late, encode_tick(nifty, "full", today)]))
    eventually(lambda: stage.price_of("NIFTY 50") == 25_432.0)
    assert stage.price_of("INFY") != 1.0
    infy.last = 1540.0
    stage.kite.ticker.publish()
    eventually(lambda: stage.price_of("INFY") == 1540.0)
    eventually(lambda: " 0 ignored" not in stage.status()[1])


def test_a_silent_socket_is_found_within_a_minute_of_trading_and_replaced(database_url: str, tmp_path: Path) -> None:
    speed = 8.0
    with staged(database_url, tmp_path, speed=speed) as stage:
        streaming(stage)
        stage.kite.ticker.silent = True
        opened, since = stage.opened, time.monotonic()
        eventually(lambda: stage.opened > opened)
        assert (stage.kite.ticker.opened_at[opened] - since) * speed < 60
        stage.kite.ticker.silent = False
        stage.kite.ticker.drop_all()
        eventually(lambda: stage.opened > opened + 1)
        stage.trade(INFY, 1550.0)
        eventually(lambda: stage.price_of("INFY") == 1550.0)


def test_heartbeats_alone_do_not_make_a_socket_live(stage: Stage) -> None:
    streaming(stage)
    deadline, opened = time.monotonic() + PATIENCE, stage.opened
    while stage.opened == opened:
        stage.kite.ticker.heartbeat()
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_in_the_closing_auction_silence_is_no_alarm(database_url: str, tmp_path: Path) -> None:
    auction = datetime(2026, 11, 23, 15, 15, 5, tzinfo=IST)
    with staged(database_url, tmp_path, auction) as stage:
        streaming(stage)
        time.sleep(2 * 60 / SPEED)
        assert stage.opened == 1
        assert stage.status()[0] == "ok"


def test_a_lost_socket_is_opened_again_and_never_twice_in_five_seconds(database_url: str, tmp_path: Path) -> None:
    speed = 4.0
    with staged(database_url, tmp_path, speed=speed) as stage:
        streaming(stage)
        for again in (2, 3, 4):
            stage.kite.ticker.drop_all()
            eventually(lambda wanted=again: stage.opened >= wanted)  # type: ignore[misc]
        assert all((later - sooner) * speed > 2.5 for sooner, later in pairwise(stage.kite.ticker.opened_at))


def test_without_a_login_nothing_is_opened_and_a_login_starts_the_stream(stage: Stage) -> None:
    eventually(lambda: stage.status()[0] == "waiting")
    assert stage.status()[1].startswith("login needed")
    assert (stage.opened, stage.kite.ticker.refused_at) == (0, [])
    streaming(stage)
    eventually(lambda: stage.status()[0] == "ok")


def test_a_dead_token_is_forgotten_at_once_and_the_next_login_picked_up(stage: Stage) -> None:
    streaming(stage)
    stage.kite.logins.end()
    stage.kite.ticker.drop_all()
    eventually(lambda: stage.services.kite.state().status is LoginStatus.LOGIN_NEEDED)
    eventually(lambda: stage.status()[1].startswith("login needed"))
    refused = len(stage.kite.ticker.refused_at)
    assert refused == 1
    time.sleep(20 / SPEED)
    assert len(stage.kite.ticker.refused_at) == refused
    stage.trade(INFY, 1560.0)
    stage.log_in()
    eventually(lambda: stage.price_of("INFY") == 1560.0)


def test_a_login_elsewhere_in_the_app_replaces_the_socket(stage: Stage) -> None:
    streaming(stage)
    with stage.trading():
        opened = stage.opened
        stage.log_in()
        eventually(lambda: stage.opened == opened + 1)
        eventually(lambda: len(stage.kite.ticker.subscribers) == 1)


def test_at_six_in_the_morning_the_socket_is_closed_and_no_other_opened(database_url: str, tmp_path: Path) -> None:
    with staged(database_url, tmp_path, datetime(2026, 11, 23, 5, 56, tzinfo=IST)) as stage:
        stage.log_in()
        eventually(lambda: stage.opened == 1)
        eventually(lambda: stage.status()[1].startswith("login needed"))
        eventually(lambda: not stage.kite.ticker.subscribers)
        time.sleep(20 / SPEED)
        assert (stage.opened, stage.kite.ticker.refused_at) == (1, [])


def test_a_plan_without_streaming_keeps_its_login_and_is_asked_once(stage: Stage) -> None:
    stage.kite.api.market_data = False
    stage.log_in()
    eventually(lambda: stage.status() and stage.status()[0] == "error")
    time.sleep(20 / SPEED)
    assert len(stage.kite.ticker.refused_at) == 1
    assert "does not stream" in stage.status()[1]
    assert stage.services.kite.state().is_logged_in


def test_a_share_bought_during_the_day_is_followed_over_the_same_socket(stage: Stage) -> None:
    streaming(stage)
    with stage.trading():
        opened = stage.opened
        stage.own(TCS=TCS)
        eventually(lambda: stage.price_of("TCS"))
        eventually(lambda: set(stage.kite.ticker.subscribers[0].modes) == {NIFTY_TOKEN, TCS})
        assert stage.opened == opened


def test_nothing_secret_is_written_even_where_everything_is_logged(stage: Stage) -> None:
    streaming(stage)
    token = stage.kite.logins.access_token
    assert token
    stage.kite.logins.end()
    stage.kite.ticker.send_text({"type": "error", "data": f"trouble with {token}"})
    stage.kite.ticker.drop_all()
    eventually(lambda: stage.status()[1].startswith("login needed"))
    written = stage.output.read_text()
    assert "ticker: ok" in written
    for secret in (token, stage.kite.logins.api_secret):
        assert secret not in written


class UntrustedServer:
    """Takes TLS connections with a certificate it signed itself, and notes what it is told."""

    def __init__(self, folder: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self_signed(folder))
        self._socket = context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)
        self.port: int = self._socket.getsockname()[1]
        self.refusals = 0
        self.told = b""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except ssl.SSLError:
                self.refusals += 1
            except OSError:
                return
            else:
                with connection, suppress(OSError):
                    self.told += connection.recv(4096)
                    self.refusals += 1


def self_signed(folder: Path) -> tuple[str, str]:
    """Certificate and key of 127.0.0.1, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2090, 1, 1, tzinfo=UTC))
    certificate = made.add_extension(address, critical=False).sign(key, hashes.SHA256())
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(files[0]), str(files[1])


def test_a_server_whose_certificate_nobody_vouches_for_learns_no_token(database_url: str, tmp_path: Path) -> None:
    with (
        closing(UntrustedServer(tmp_path)) as server,
        staged(database_url, tmp_path, ws_root=f"wss://127.0.0.1:{server.port}") as stage,
    ):
        stage.log_in()
        eventually(lambda: server.refusals >= 1)
        assert server.told == b""
        assert stage.status()[0] == "waiting"


def test_run_starts_the_ticker_where_kite_is_configured(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("KITE_API_KEY", "key-of-the-test")
    monkeypatch.setenv("KITE_API_SECRET", "secret-of-the-test")
    with closing(RunningApp(tmp_path, free_port())) as app:
        app.wait_until_announced()
        eventually(lambda: "ticker" in app.health().get("jobs", {}))
        assert "ticker" in app.parts()
        assert app.stop(signal.SIGTERM) == 0


def test_of_the_sample_book_only_the_index_is_followed(services: Services) -> None:
    sample = HoldingsSnapshot((Holding("INFY", "NSE", None, 10.0, instrument_token=INFY),), "sample", TODAY, True)
    with services.database.transaction() as connection:
        save_snapshot(connection, sample)
        assert streamed_instruments(connection) == {NIFTY_TOKEN: NIFTY}


def test_a_share_without_a_token_is_found_in_the_list_of_instruments(services: Services) -> None:
    held = (Holding("INFY", "NSE", None, 10.0), Holding("SOLD", "NSE", None, 0.0, instrument_token=5))
    with services.database.transaction() as connection:
        save_snapshot(connection, HoldingsSnapshot(held, "console", TODAY))
        connection.exec_driver_sql(
            "INSERT INTO risk_instruments (instrument_token, exchange_token, symbol, name, exchange, segment, kind) "
            "VALUES (408065, 1594, 'INFY', 'INFOSYS', 'NSE', 'NSE', 'EQ')"
        )
        assert streamed_instruments(connection) == {NIFTY_TOKEN: NIFTY, INFY: ("NSE", "INFY")}
