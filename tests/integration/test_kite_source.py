"""KiteSource over real sockets against the fake Kite."""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import pytest
import requests

from app.domain.kite_errors import (
    KiteDataError,
    KiteError,
    KiteUnavailable,
    LoginNeeded,
    PermissionRefused,
    RateLimited,
)
from app.domain.market_hours import IST
from app.domain.redaction import RedactingFilter
from app.sources.kite import KiteAddress, KiteSource
from app.sources.kite.endpoints import CALLS_PER_SECOND, Rate
from app.sources.kite.gate import Pacing
from tests.fakes.kite import BAD_ANSWERS, BadAnswer, FakeKite, Trouble
from tests.fakes.kite.sample import sample_market

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=IST)
NIFTY = 256265
REQUEST_TOKEN = "requestcanary"
HOLDINGS = "/portfolio/holdings"
EXPECTED: dict[str, type[KiteError]] = {
    "html 502": KiteUnavailable,
    "429 without error_type": RateLimited,
    "429 NetworkException": RateLimited,
    "429 html": RateLimited,
    "403 TokenException": LoginNeeded,
    "403 without error_type": LoginNeeded,
    "403 list": LoginNeeded,
    "400 TokenException": LoginNeeded,
    "503 unknown error_type": KiteUnavailable,
    "500 without message": KiteUnavailable,
    "500 success and empty": KiteUnavailable,
    "500 error_type number": KiteUnavailable,
    "500 error_type __doc__": KiteUnavailable,
    "connect timeout": KiteUnavailable,
    "read timeout": KiteUnavailable,
    "connection error": KiteUnavailable,
    "broken chunk": KiteUnavailable,
}
"""By name of the answer; KiteDataError for all others."""


@pytest.fixture(scope="module")
def market_day() -> Iterator[FakeKite]:
    with FakeKite(sample_market(MONDAY.date()), now=lambda: MONDAY) as fake:
        yield fake


@pytest.fixture
def kite(market_day: FakeKite) -> FakeKite:
    market_day.now = lambda: MONDAY
    market_day.api.market_data = True
    market_day.calls.clear()
    market_day.logins.issue()
    return market_day


def source_of(kite: FakeKite, pacing: Pacing | None = None) -> KiteSource:
    address = KiteAddress(kite.api_root, kite.login_root)
    return KiteSource("fakekey", lambda: kite.logins.access_token, address, pacing=pacing or Pacing())


def hurried() -> Pacing:
    """Waits between calls and tries are skipped: the clock jumps over them."""
    skipped = [0.0]

    def skip(seconds: float) -> None:
        skipped[0] += seconds

    return Pacing(clock=lambda: time.monotonic() + skipped[0], sleep=skip)


def test_a_person_logs_in_and_out(kite: FakeKite) -> None:
    tokens: list[str] = []
    source = KiteSource("fakekey", lambda: tokens[-1] if tokens else None, KiteAddress(kite.api_root, kite.login_root))
    page = requests.get(source.login_url("st4te"), allow_redirects=False, timeout=20)
    request_token = page.headers["Location"].split("request_token=")[1].split("&")[0]
    assert "state=st4te" in page.headers["Location"]
    session = source.generate_session(request_token, "fakesecret")
    tokens.append(session.access_token)
    assert session.logged_in_at == MONDAY
    assert session.expires_at == datetime(2026, 11, 24, 6, 0, tzinfo=IST)
    assert source.profile().user_id == session.user_id
    source.invalidate_access_token()
    with pytest.raises(LoginNeeded):
        source.holdings()


def test_the_whole_account_is_read_as_the_fake_has_it(kite: FakeKite) -> None:
    source = source_of(kite, hurried())
    holdings, funds = source.holdings(), source.mf_holdings()
    assert [holding.symbol for holding in holdings.rows] == [row["tradingsymbol"] for row in kite.market.holdings]
    assert sum(holding.owned_quantity for holding in holdings.rows) == sum(
        row["quantity"] + row["t1_quantity"] + row["collateral_quantity"] for row in kite.market.holdings
    )
    assert len(funds.rows) == 6
    assert holdings.rejected == funds.rejected == ()
    assert source.positions().net.rows == ()
    margins = source.margins()
    assert margins.equity is not None
    assert margins.equity.cash == 250_000.0


def test_the_market_is_read_as_the_fake_has_it(kite: FakeKite) -> None:
    source = source_of(kite, hurried())
    options = [row for row in source.instruments("NFO").rows if row.kind in ("CE", "PE")]
    assert {row.lot_size for row in options} == {65}
    assert all(row.strike and row.expiry and row.expiry >= MONDAY.date() for row in options)
    assert {row.symbol for row in source.instruments("BSE").rows} == {"HDFCBANK"}
    keys = [instrument.key for instrument in kite.market.instruments]
    quotes = source.quote([*keys, "NSE:NOTHING"])
    assert [f"{quote.exchange}:{quote.symbol}" for quote in quotes.rows] == keys
    assert [quote.last_price for quote in quotes.rows] == [instrument.last for instrument in kite.market.instruments]
    assert {quote.as_of for quote in quotes.rows} == {MONDAY}


def test_three_years_of_candles_come_whole_with_todays_bar_marked(kite: FakeKite) -> None:
    series = source_of(kite, hurried()).daily_candles(NIFTY, date(2010, 1, 1), MONDAY.date(), MONDAY)
    assert [candle.day for candle in series.candles[:-1]] == [bar[0] for bar in kite.market.by_token[NIFTY].bars]
    assert (series.candles[-1].day, series.candles[-1].partial) == (MONDAY.date(), True)
    assert not any(candle.partial for candle in series.candles[:-1])
    assert (series.rejected, series.conflicting, series.edge_holes) == ((), (), ())
    assert len([call for call in kite.calls if call.group == "historical"]) == 4


def test_no_rate_is_exceeded_by_several_threads_at_once(kite: FakeKite) -> None:
    source = source_of(kite)
    day = MONDAY.date()
    work: list[tuple[int, Callable[[], object]]] = [
        (3, lambda: source.ltp(["NSE:INFY"])),
        (4, lambda: source.daily_candles(NIFTY, day - timedelta(days=5), day, MONDAY)),
        (4, lambda: source.daily_candles(NIFTY, day - timedelta(days=5), day, MONDAY)),
        (12, source.holdings),
        (12, source.margins),
    ]
    threads = [threading.Thread(target=lambda n=n, ask=ask: [ask() for _ in range(n)]) for n, ask in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kite.calls) == 35
    for rate, group in ((Rate.QUOTE, "quote"), (Rate.HISTORICAL, "historical"), (Rate.OTHER, "other")):
        assert kite.busiest_second(group) <= CALLS_PER_SECOND[rate]


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_each_named_bad_answer_is_its_one_typed_error_on_the_wire(kite: FakeKite, name: str) -> None:
    kite.fail(HOLDINGS, BAD_ANSWERS[name], times=3)
    source = source_of(kite, hurried())
    with pytest.raises(KiteError) as caught:
        source.within(0.5 if BAD_ANSWERS[name].trouble else 20.0).holdings()
    while kite.next_failure(HOLDINGS):
        continue
    assert type(caught.value) is EXPECTED.get(name, KiteDataError)
    assert len(kite.calls) <= 3
    kite.logins.issue()
    assert len(source.holdings().rows) == 18


@pytest.mark.parametrize("trouble", [Trouble.TRICKLED_HEAD, Trouble.TRICKLED_BODY])
def test_a_trickling_kite_is_left_when_the_cycle_ends(kite: FakeKite, trouble: Trouble) -> None:
    kite.fail(HOLDINGS, BadAnswer(0, "trickle", trouble=trouble))
    with pytest.raises(KiteUnavailable, match="in time"):
        source_of(kite).within(0.5).holdings()
    assert len(kite.calls) == 1


def test_a_passing_trouble_costs_a_second_try_and_no_error(kite: FakeKite) -> None:
    kite.fail(HOLDINGS, BAD_ANSWERS["503 unknown error_type"])
    kite.fail(HOLDINGS, BAD_ANSWERS["connection error"])
    assert len(source_of(kite, hurried()).holdings().rows) == 18
    assert len(kite.calls) == 3


def test_at_six_in_the_morning_calls_stop_at_once_and_a_login_resumes_them(kite: FakeKite) -> None:
    source = source_of(kite, hurried())
    assert source.holdings().rows
    kite.now = lambda: datetime(2026, 11, 24, 6, 0, 1, tzinfo=IST)
    kite.calls.clear()
    for ask in (source.holdings, source.margins, source.positions, lambda: source.ltp(["NSE:INFY"])):
        with pytest.raises(LoginNeeded):
            ask()
    assert len(kite.calls) == 1
    kite.logins.issue()
    assert source.holdings().rows


def test_the_free_plan_keeps_its_book_and_is_told_about_the_market(kite: FakeKite) -> None:
    kite.api.market_data = False
    source = source_of(kite, hurried())
    with pytest.raises(PermissionRefused):
        source.quote(["NSE:INFY"])
    with pytest.raises(PermissionRefused):
        source.daily_candles(NIFTY, MONDAY.date(), MONDAY.date(), MONDAY)
    assert source.holdings().rows


def test_no_log_of_any_library_holds_a_secret(kite: FakeKite) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(RedactingFilter(["fakesecret"]))
    root = logging.getLogger()
    level, token = root.level, str(kite.logins.access_token)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        source = source_of(kite, hurried())
        source.holdings()
        kite.fail(HOLDINGS, BAD_ANSWERS["connection error"], times=3)
        for ask in (source.holdings, lambda: source.generate_session(REQUEST_TOKEN, kite.logins.api_secret)):
            try:
                ask()
            except KiteError:
                logging.getLogger("app").exception("failed")
        source.invalidate_access_token()
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert "urllib3" in written.getvalue() or "session/token" in written.getvalue()
    assert not [secret for secret in (token, kite.logins.api_secret, REQUEST_TOKEN) if secret in written.getvalue()]


def test_the_counting_stub_counts_what_comes_within_a_second(kite: FakeKite) -> None:
    headers = {"X-Kite-Version": "3"}
    for _ in range(4):
        requests.get(f"{kite.api_root}/quote/ltp", headers=headers, timeout=20)
    assert kite.busiest_second("quote") == 4
    assert kite.busiest_second("historical") == 0
    assert all(call.at <= time.monotonic() for call in kite.calls)
