"""The fake speaks Kite's protocol: the official KiteConnect and KiteTicker run against it as they are."""

from __future__ import annotations

import base64
import json
import os
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from kiteconnect import KiteConnect, KiteTicker  # type: ignore[import-untyped]
from kiteconnect import exceptions as kite_exceptions

from app.domain.market_hours import IST
from tests.fakes.kite import FakeInstrument, FakeKite, FakeMarket
from tests.fakes.kite.market import empty_segment, holding_row
from tests.fakes.kite.packets import encode_frame, encode_tick
from tests.fakes.kite.sample import monthly_expiries, sample_market
from tests.shared_data import shared_file

MORNING = datetime(2026, 11, 23, 10, 0, tzinfo=IST)
INFY, NIFTY = 408065, 256265
SECONDS = 20.0
"""How long to wait for what must come; a test that passes never waits so long."""


def market() -> FakeMarket:
    bars = tuple((date(2026, 11, day), 1490.0, 1510.0, 1480.0, 1500.0, 1000 + day) for day in (18, 19, 20))
    infy = FakeInstrument(INFY, "NSE", "INFY", 1515.0, 1500.0, name="INFOSYS", bars=bars)
    nifty = FakeInstrument(NIFTY, "NSE", "NIFTY 50", 26150.0, 26000.0, segment="INDICES", lot=0)
    future = FakeInstrument(
        15736578, "NFO", "NIFTY26NOVFUT", 26200.0, 26100.0, "NIFTY", "NFO-FUT", "FUT", 65, expiry=date(2026, 11, 23)
    )
    return FakeMarket([infy, nifty, future], [holding_row("INFY", "NSE", "INE009A01021", 10, 1400.0)])


@pytest.fixture
def kite() -> Iterator[FakeKite]:
    with FakeKite(market(), now=lambda: MORNING) as fake:
        yield fake


@pytest.fixture
def client(kite: FakeKite) -> KiteConnect:
    return KiteConnect("fakekey", access_token=kite.logins.issue(), root=kite.api_root)


def request_token(kite: FakeKite, **more: str) -> str:
    parameters = {"v": "3", "api_key": "fakekey", **more}
    page = requests.get(kite.login_root, params=parameters, allow_redirects=False, timeout=SECONDS)
    assert page.status_code == 302
    return parse_qs(urlsplit(page.headers["Location"]).query)["request_token"][0]


class Ticker:
    """The official ticker in its own process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._lines: queue.Queue[list[Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(process,))
        self._reader.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._lines.put(json.loads(line))

    def wait_for(self, event: str) -> list[Any]:
        """The arguments of the next callback of this name."""
        while True:
            name, *values = self._lines.get(timeout=SECONDS)
            if name == event:
                return values

    def silent_for(self, seconds: float) -> bool:
        """Whether no callback comes."""
        try:
            self._lines.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def join(self) -> None:
        self._reader.join()


@contextmanager
def ticker(kite: FakeKite, token: str, mode: str, *instruments: int) -> Iterator[Ticker]:
    command = [sys.executable, "-m", "tests.fakes.kite.ticker_client", kite.ws_root, "fakekey", token, mode]
    with subprocess.Popen(
        [*command, *map(str, instruments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TZ": "Asia/Kolkata"},
    ) as process:
        reading = Ticker(process)
        try:
            yield reading
        finally:
            process.kill()
            reading.join()


def test_the_official_client_logs_in_reads_and_logs_out(kite: FakeKite) -> None:
    client = KiteConnect("fakekey", root=kite.api_root)
    session = client.generate_session(request_token(kite), "fakesecret")
    assert session["login_time"] == datetime(2026, 11, 23, 10, 0)  # noqa: DTZ001  the client gives it naive
    assert client.profile()["user_id"] == session["user_id"]
    client.invalidate_access_token()
    with pytest.raises(kite_exceptions.TokenException):
        client.profile()


def test_the_login_page_hands_back_the_parameters_it_was_given(kite: FakeKite) -> None:
    parameters = {"v": "3", "api_key": "fakekey", "redirect_params": "state=a%26b"}
    page = requests.get(kite.login_root, params=parameters, allow_redirects=False, timeout=SECONDS)
    handed_back = parse_qs(urlsplit(page.headers["Location"]).query)
    assert page.headers["Location"].startswith(kite.redirect_url)
    assert handed_back["state"] == ["a&b"]


def test_a_request_token_works_once_with_the_right_secret_and_for_minutes(kite: FakeKite) -> None:
    client = KiteConnect("fakekey", root=kite.api_root)
    used, wrong, late = (request_token(kite) for _ in range(3))
    client.generate_session(used, "fakesecret")
    kite.now = lambda: MORNING + timedelta(minutes=6)
    for token, secret in ((used, "fakesecret"), (wrong, "guess"), (late, "fakesecret")):
        with pytest.raises(kite_exceptions.TokenException):
            client.generate_session(token, secret)


def test_a_token_ends_at_six_and_when_someone_logs_in_elsewhere(kite: FakeKite, client: KiteConnect) -> None:
    assert client.holdings()
    kite.now = lambda: datetime(2026, 11, 24, 5, 59, 59, tzinfo=IST)
    assert client.holdings()
    kite.now = lambda: datetime(2026, 11, 24, 6, 0, tzinfo=IST)
    with pytest.raises(kite_exceptions.TokenException):
        client.holdings()
    client.set_access_token(kite.logins.issue())
    assert client.holdings()
    kite.logins.issue()
    with pytest.raises(kite_exceptions.TokenException):
        client.holdings()


def test_every_reading_call_of_the_official_client_works(kite: FakeKite, client: KiteConnect) -> None:
    holding = client.holdings()[0]
    assert (holding["tradingsymbol"], holding["last_price"], holding["pnl"]) == ("INFY", 1515.0, 1150.0)
    assert client.positions() == {"net": [], "day": []}
    assert client.margins() == {"equity": empty_segment(100_000.0)}
    assert client.mf_holdings() == []
    assert [row["tradingsymbol"] for row in client.instruments("NFO")] == ["NIFTY26NOVFUT"]
    assert client.instruments("NFO")[0]["expiry"] == date(2026, 11, 23)
    assert len(client.instruments()) == 3
    assert client.ltp("NSE:INFY", "NSE:NONE") == {"NSE:INFY": {"instrument_token": INFY, "last_price": 1515.0}}
    assert client.ohlc("NSE:INFY")["NSE:INFY"]["ohlc"]["close"] == 1500.0
    assert client.quote("NSE:NIFTY 50")["NSE:NIFTY 50"]["timestamp"] == datetime(2026, 11, 23, 10, 0)  # noqa: DTZ001


def test_candles_come_with_todays_bar_and_within_the_span_limit(kite: FakeKite, client: KiteConnect) -> None:
    candles = client.historical_data(INFY, datetime(2026, 11, 19), datetime(2026, 11, 23), "day")  # noqa: DTZ001
    assert [candle["date"].isoformat() for candle in candles][-1] == "2026-11-23T00:00:00+05:30"
    assert [candle["close"] for candle in candles] == [1500.0, 1500.0, 1515.0]
    with pytest.raises(kite_exceptions.InputException):
        client.historical_data(INFY, datetime(2019, 1, 1), datetime(2026, 11, 23), "day")  # noqa: DTZ001


def test_the_free_plan_has_a_book_and_no_market(kite: FakeKite, client: KiteConnect) -> None:
    kite.api.market_data = False
    assert client.holdings()
    with pytest.raises(kite_exceptions.PermissionException):
        client.ltp("NSE:INFY")


def test_a_request_without_version_or_token_is_refused(kite: FakeKite) -> None:
    address = f"{kite.api_root}/portfolio/holdings"
    bare = requests.get(address, timeout=SECONDS)
    versioned = requests.get(address, headers={"X-Kite-Version": "3"}, timeout=SECONDS)
    assert (bare.status_code, bare.json()["error_type"]) == (400, "InputException")
    assert (versioned.status_code, versioned.json()["error_type"]) == (403, "TokenException")


def test_the_fake_does_not_trade(kite: FakeKite, client: KiteConnect) -> None:
    with pytest.raises(kite_exceptions.GeneralException):
        client.place_order("regular", "NSE", "INFY", "BUY", 1, "CNC", "MARKET")


@pytest.mark.parametrize("name", ["quote", "full"])
def test_the_official_packets_decode_exactly(name: str) -> None:
    packet = base64.b64decode(shared_file(f"kite-mocks/ticker_{name}.packet").read_bytes())
    official = json.loads(shared_file(f"kite-mocks/ticker_{name}.json").read_bytes())
    (tick,) = KiteTicker("k", "t")._parse_binary(struct.pack(">HH", 1, len(packet)) + packet)
    renamed = {
        "last_quantity": "last_traded_quantity",
        "average_price": "average_traded_price",
        "volume": "volume_traded",
        "buy_quantity": "total_buy_quantity",
        "sell_quantity": "total_sell_quantity",
        "timestamp": "exchange_timestamp",
    }
    for member, value in official.items():
        decoded = tick[renamed.get(member, member)]
        if member in {"timestamp", "last_trade_time"}:
            assert decoded.astimezone(UTC) == datetime.fromisoformat(value)
        elif member != "change":  # three definitions of it exist
            assert decoded == value


@pytest.mark.parametrize(("segment", "price"), [(1, 1515.05), (3, 84.4575), (6, 84.4575), (9, 26150.45), (4, 0.05)])
@pytest.mark.parametrize("mode", ["ltp", "quote", "full"])
def test_every_layout_decodes_to_what_the_market_holds(mode: str, segment: int, price: float) -> None:
    instrument = FakeInstrument(1000 * 256 + segment, "NSE", "X", price, round(price * 0.99, 4), volume=77)
    (tick,) = KiteTicker("k", "t")._parse_binary(encode_frame([encode_tick(instrument, mode, 1_700_000_000)]))
    assert (tick["mode"], tick["tradable"], tick["last_price"]) == (mode, segment != 9, price)
    if mode != "ltp":
        assert tick["ohlc"]["high"] == price
    if mode == "full":
        assert tick["exchange_timestamp"].timestamp() == 1_700_000_000


def test_the_ticker_gets_ticks_of_shares_and_indices_in_full(kite: FakeKite) -> None:
    with ticker(kite, kite.logins.issue(), "full", INFY, NIFTY) as reading:
        while True:
            (ticks,) = reading.wait_for("ticks")
            if {tick["mode"] for tick in ticks} == {"full"}:
                break
        prices = {tick["instrument_token"]: tick["last_price"] for tick in ticks}
        assert prices == {INFY: 1515.0, NIFTY: 26150.0}
        assert {tick["exchange_timestamp"] for tick in ticks} == {"2026-11-23 10:00:00"}
        kite.market.by_token[INFY].trade(1520.0)
        kite.ticker.publish([INFY])
        (ticks,) = reading.wait_for("ticks")
        assert [(tick["last_price"], tick["ohlc"]["high"]) for tick in ticks] == [(1520.0, 1520.0)]


def test_heartbeats_texts_and_garbage_reach_the_ticker(kite: FakeKite) -> None:
    with ticker(kite, kite.logins.issue(), "ltp", INFY) as reading:
        reading.wait_for("ticks")
        reading.wait_for("ticks")
        kite.ticker.heartbeat()
        assert reading.wait_for("message") == ["00", True]
        kite.ticker.send_text({"type": "order", "data": {"order_id": "1"}})
        assert reading.wait_for("order_update") == [{"order_id": "1"}]
        kite.ticker.send_text({"type": "error", "data": "boom"})
        assert reading.wait_for("error") == [0, "boom"]
        kite.ticker.send_binary(b"\x00\x02\xff\xff!")
        assert reading.wait_for("message") == ["0002ffff21", True]


def test_a_silent_ticker_opens_and_says_nothing(kite: FakeKite) -> None:
    kite.ticker.silent = True
    with ticker(kite, kite.logins.issue(), "ltp", INFY) as reading:
        reading.wait_for("connect")
        kite.ticker.publish()
        kite.ticker.heartbeat()
        assert reading.silent_for(1.0)
        assert len(kite.ticker.subscribers) == 1


def test_a_dropped_ticker_comes_back_and_an_expired_token_is_refused_at_the_door(kite: FakeKite) -> None:
    with ticker(kite, kite.logins.issue(), "ltp", INFY) as reading:
        reading.wait_for("ticks")
        kite.ticker.drop_all()
        reading.wait_for("close")
        reading.wait_for("ticks")
        assert len(kite.ticker.opened_at) == 2
        kite.now = lambda: datetime(2026, 11, 24, 6, 0, tzinfo=IST)
        kite.ticker.drop_all()
        reading.wait_for("close")
        reading.wait_for("close")
        assert kite.ticker.refused_at
        assert kite.ticker.subscribers == []


def test_the_sample_market_moves_live_and_its_derivatives_follow() -> None:
    sample = sample_market(date(2026, 11, 23), seed=1)
    before = {instrument.key: instrument.last for instrument in sample.instruments}
    for _ in range(50):
        sample.step()
    shares = [instrument for instrument in sample.instruments if instrument.kind == "EQ"]
    moved = [share for share in shares if share.last != before[share.key]]
    future = next(instrument for instrument in sample.instruments if instrument.kind == "FUT")
    index = sample.by_token[NIFTY]
    assert len(moved) > 0.9 * len(shares) > 30
    assert 1.0 <= future.last / index.last < 1.01
    assert sample.by_key["BSE:HDFCBANK"].last == sample.by_key["NSE:HDFCBANK"].last
    assert {row["tradingsymbol"] for row in sample.holdings} >= {"HDFCBANK", "M&M", "BAJAJ-AUTO"}


def test_the_option_chain_reaches_fifteen_percent_to_both_sides() -> None:
    sample = sample_market(date(2026, 11, 23), seed=1)
    level = sample.by_token[NIFTY].last
    strikes = [one.strike for one in sample.instruments if one.kind == "PE"]
    assert min(strikes) <= 0.85 * level + 100
    assert max(strikes) >= 1.15 * level - 100


def test_the_same_seed_makes_the_same_live_market() -> None:
    first, second = (sample_market(date(2026, 11, 23), seed=5) for _ in range(2))
    for one in (first, second):
        one.step()
    assert [i.last for i in first.instruments] == [i.last for i in second.instruments]


def test_monthly_expiries_are_last_tuesdays() -> None:
    assert monthly_expiries(date(2026, 11, 25)) == [date(2026, 12, 29), date(2027, 1, 26), date(2027, 2, 23)]


def test_the_program_prints_addresses_that_work() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.kite", "--port", "0", "--seed", "1"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            printed = dict(process.stdout.readline().strip().split("=", 1) for _ in range(5))
            client = KiteConnect(printed["KITE_API_KEY"], root=printed["KITE_API_ROOT"])
            page = requests.get(printed["KITE_LOGIN_ROOT"], allow_redirects=False, timeout=SECONDS)
            token = parse_qs(urlsplit(page.headers["Location"]).query)["request_token"][0]
            client.generate_session(token, printed["KITE_API_SECRET"])
            assert len(client.holdings()) == 18
            assert printed["KITE_WS_ROOT"].startswith("ws://127.0.0.1:")
        finally:
            process.terminate()
