from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from app.Boilerplate import Boilerplate
from app.domain import derivatives as dv
from app.domain.errors import InputFileError
from app.domain.hedges import HedgeRequest, TargetBeta
from app.domain.imports import ImportResult
from app.domain.market_hours import IST
from app.ingest.derivative_quotes import DerivativeQuotes, Outlook
from app.ingest.derivatives import import_derivatives
from app.ingest.kite_sync import Part
from app.PortfolioHedgeAnalyzer import PortfolioHedgeAnalyzer
from app.store.instruments import replace_instruments
from tests.fakes.hedges import FakeQuotes, analyzer_of, book
from tests.fakes.kite import FakeKite
from tests.fakes.kite.bad_answers import BadAnswer
from tests.fakes.kite.sample import sample_market
from tests.integration.importing import rows
from tests.integration.ingest.kite_run import KiteRun
from tests.shared_data import shared_file
from tests.unit.ingest.test_kite_derivatives import PUT
from tests.unit.sources.test_derivative_files import classic, udiff, udiff_row

TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=IST)
REQUEST = HedgeRequest(TargetBeta(0.5))
REAL_DAY = date(2025, 9, 11)


def bring(database: Boilerplate, data: bytes, name: str = "fo.csv") -> ImportResult:
    with database.transaction() as connection:
        return import_derivatives(connection, data, name, TODAY)


@pytest.fixture
def run(database: Boilerplate) -> Iterator[KiteRun]:
    """A login to a Kite whose index derivatives have just traded, its instruments stored."""
    market = sample_market(TODAY)
    with FakeKite(market) as kite:
        opened = KiteRun(kite, database, NOON)
        opened.sync(Part.INSTRUMENTS)
        market.step()
        yield opened


def quotes_of(run: KiteRun) -> DerivativeQuotes:
    return DerivativeQuotes(run.login, run.database, lambda: run.at)


@pytest.fixture
def real(database: Boilerplate) -> bytes:
    return shared_file("market/nse_fo_bhavcopy_2025-09-11.csv.gz").read_bytes()


def asked_on(run: KiteRun, day: date) -> dv.DerivativesMarket:
    return quotes_of(run).market("NIFTY50", replace(REQUEST, as_of=day))


def test_a_file_is_stored_once_and_corrected_by_a_later_one(database: Boilerplate) -> None:
    assert bring(database, udiff(udiff_row())).rows_changed == 1
    assert bring(database, udiff(udiff_row())).rows_changed == 0
    assert bring(database, udiff(udiff_row(ClsPric="150.00"))).rows_changed == 1
    assert rows(database, "SELECT close, lot_size FROM risk_derivative_closes") == [(150.0, 65)]
    assert rows(database, "SELECT kind, rows_read FROM risk_imports LIMIT 1") == [("derivatives", 1)]


def test_a_file_that_is_refused_leaves_nothing(database: Boilerplate) -> None:
    with pytest.raises(InputFileError):
        bring(database, udiff(udiff_row(), udiff_row(StrkPric="-5")))
    assert rows(database, "SELECT count(*) FROM risk_derivative_closes") == [(0,)]


def test_what_an_older_layout_does_not_say_is_not_forgotten(database: Boilerplate) -> None:
    bring(database, udiff(udiff_row()))
    result = bring(
        database, classic("OPTIDX,NIFTY,29-Dec-2026,24700,PE,1,1,1,152,152,900,300,45000,50,20-NOV-2026,"), "old.csv"
    )
    assert "no lot sizes" in result.warnings[0]
    assert rows(database, "SELECT close, lot_size, level FROM risk_derivative_closes") == [(152.0, 65, 26012.4)]


def test_quotes_are_live_while_somebody_is_logged_in_and_the_exchange_trades(run: KiteRun) -> None:
    market = quotes_of(run).market("NIFTY50", REQUEST)
    assert (market.basis, market.why_not_live, market.asked_at) == (dv.PriceBasis.LIVE, "", NOON)
    spot = run.kite.market.by_key["NSE:NIFTY 50"].last
    assert market.level == spot
    assert {future.contract.expiry for future in market.futures} == {date(2026, 12, 29), date(2027, 1, 26)}
    assert all(option.contract.lot_size == 65 for option in market.options)
    assert all(abs(option.contract.strike / spot - 1) < 0.14 for option in market.options)
    assert not any(market.left_out.values())


def test_live_quotes_take_two_calls_within_kites_limit(run: KiteRun) -> None:
    before = len(run.login.transport.sent)
    quotes_of(run).market("NIFTY50", REQUEST)
    assert [request.path for _, _, request in run.login.transport.sent[before:]] == ["/quote", "/quote"]
    assert run.login.transport.busiest_second()["QUOTE"] == 1


def test_a_live_plan_is_made_of_offers_and_bids_of_that_market(run: KiteRun) -> None:
    plan = PortfolioHedgeAnalyzer(lambda _: book(), quotes_of(run).market).plan(REQUEST)
    assert plan.quotes is not None
    assert (plan.quotes.source, plan.quotes.age_hours) == ("Kite", 0.0)
    put = next(hedge for hedge in plan.hedges if hedge.strategy == "PROTECTIVE_PUT").legs[0]
    assert put.price == run.kite.market.by_key[f"NFO:{put.instrument.symbol}"].last
    assert put.implied_volatility == pytest.approx(13.0, abs=1.0)


def test_crossed_empty_stale_and_absurd_live_quotes_are_refused_with_their_reasons(run: KiteRun) -> None:
    market = quotes_of(run).market("NIFTY50", REQUEST)
    junk: list[dict[str, Any]] = [
        {"bid": 200.0, "ask": 100.0},
        {"ask": None},
        {"quoted_at": NOON - timedelta(hours=1)},
        {"bid": 30_000.0, "ask": 30_001.0},
        {"volume": 0.0, "open_interest": 0.0},
    ]
    spoilt = [replace(one, quote=replace(one.quote, **change)) for one, change in zip(market.options, junk)]
    listed = replace(market, options=(*spoilt, *market.options[len(junk) :]))
    quotes = analyzer_of(book(), FakeQuotes(listed)).plan(REQUEST).quotes
    assert quotes is not None
    assert quotes.refused.keys() >= {"bid above ask", "no ask", "stale", "price not below its upper bound", "no trade"}


@pytest.mark.parametrize("trouble", ["logged out", "free plan", "no answer", "old quotes"])
def test_without_live_quotes_the_newest_file_stands_in_and_says_why(run: KiteRun, trouble: str) -> None:
    bring(run.database, udiff(udiff_row(), udiff_row(FinInstrmTp="IDF", StrkPric="", OptnTp="", ClsPric="26100")))
    if trouble == "logged out":
        run.login.is_over = True
    if trouble == "free plan":
        run.kite.api.market_data = False
    if trouble == "no answer":
        run.kite.fail("/quote", BadAnswer(9, "html 502", 502, b"<html>", "text/html"), times=9)
    if trouble == "old quotes":
        run.kite.now = lambda: NOON - timedelta(hours=2)
    market = quotes_of(run).market("NIFTY50", REQUEST)
    assert (market.basis, market.as_of.astimezone(IST).date()) == (dv.PriceBasis.END_OF_DAY, date(2026, 11, 20))
    assert market.why_not_live or trouble == "logged out"
    assert (len(market.futures), len(market.options), market.level) == (1, 1, 26_012.4)
    assert market.asked_at == NOON


def test_a_token_that_kite_refuses_is_forgotten(run: KiteRun) -> None:
    run.kite.logins.end()
    with pytest.raises(dv.NoDerivatives):
        quotes_of(run).market("NIFTY50", REQUEST)
    assert run.login.refused


def test_without_any_quotes_the_answer_is_how_to_get_them(run: KiteRun) -> None:
    run.login.is_over = True
    with pytest.raises(dv.NoDerivatives, match="no quotes of NIFTY contracts") as caught:
        quotes_of(run).market("NIFTY50", REQUEST)
    assert "python -m app import derivatives FILE" in caught.value.remedy
    assert quotes_of(run).outlook("NIFTY50").basis is None


def test_closes_older_than_a_week_are_not_used(run: KiteRun) -> None:
    run.login.is_over = True
    bring(run.database, udiff(udiff_row(TradDt="2026-11-13")))
    with pytest.raises(dv.NoDerivatives, match="13 Nov 2026, 10 days before 23 Nov 2026") as caught:
        quotes_of(run).market("NIFTY50", REQUEST)
    assert "ask as of 2026-11-13" in caught.value.remedy
    assert quotes_of(run).outlook("NIFTY50").closes_of == date(2026, 11, 13)
    assert asked_on(run, date(2026, 11, 16)).as_of.astimezone(IST).date() == date(2026, 11, 13)


def test_the_outlook_asks_nothing_of_kite(run: KiteRun) -> None:
    before = len(run.kite.calls)
    assert quotes_of(run).outlook("NIFTY50") == Outlook(dv.PriceBasis.LIVE, None, "")
    run.login.is_over = True
    bring(run.database, udiff(udiff_row()))
    assert quotes_of(run).outlook("NIFTY50").basis is dv.PriceBasis.END_OF_DAY
    assert len(run.kite.calls) == before


def test_lots_that_a_file_lacks_come_from_kites_list_or_the_contract_is_counted_out(run: KiteRun) -> None:
    lines = [
        f"OPTIDX,NIFTY,29-Dec-2026,{strike},PE,1,1,1,152,152,900,300,45000,50,20-NOV-2026," for strike in (24700, 24750)
    ]
    bring(run.database, classic(*lines))
    with run.database.transaction() as connection:
        replace_instruments(connection, "NFO", [replace(PUT, strike=24_700.0)])
    market = asked_on(run, date(2026, 11, 20))
    assert [(one.contract.strike, one.contract.lot_size) for one in market.options] == [(24_700.0, 65)]
    assert market.left_out == {"without a known lot size": 1}
    with run.database.transaction() as connection:
        replace_instruments(connection, "NFO", [replace(PUT, strike=10_000.0)])
    with pytest.raises(dv.NoDerivatives, match="without lot sizes"):
        asked_on(run, date(2026, 11, 20))


def test_a_crore_is_hedged_from_the_exchanges_own_file(run: KiteRun, real: bytes) -> None:
    assert bring(run.database, real, "fo.csv.gz").rows_changed == 2412
    market = asked_on(run, REAL_DAY)
    assert (market.level, market.basis, market.source) == (25_005.5, dv.PriceBasis.END_OF_DAY, "NSE end-of-day file")
    base = replace(book(), level_as_of=REAL_DAY)
    plan = PortfolioHedgeAnalyzer(lambda _: base, quotes_of(run).market).plan(replace(REQUEST, as_of=REAL_DAY, days=19))
    future, put = plan.hedges[0], plan.hedges[1]
    assert (future.expiry, future.legs[0].price, future.legs[0].units) == (date(2025, 9, 30), 25_104.5, 3 * 75)
    assert isinstance(put.legs[0].instrument, dv.OptionContract)
    assert (put.legs[0].instrument.strike, put.legs[0].price) == (23_750.0, 12.8)
    assert plan.index_level == 25_005.5
    assert plan.quotes is not None
    assert plan.quotes.refused["no trade"] > 100


def test_hedges_against_nifty_bank_are_made_of_its_own_contracts(run: KiteRun, real: bytes) -> None:
    bring(run.database, real)
    market = quotes_of(run).market("NIFTYBANK", replace(REQUEST, as_of=REAL_DAY, days=15))
    assert (market.underlying, market.level) == ("BANKNIFTY", 54_669.6)
    assert {option.contract.lot_size for option in market.options} == {35}
