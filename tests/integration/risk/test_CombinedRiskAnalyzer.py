"""Real shares, disclosures, NAVs and prices through the combined report, as of the last day of the prices."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sqlalchemy import make_url

from app.bootstrap import Services, build_services
from app.domain.combined_reports import CombinedRiskReport, ContributionKind, StressMethod
from app.domain.disclosures import Source
from app.domain.market_hours import last_final_day
from app.domain.scenarios import Scenario, UnclearScenario
from app.domain.serialise import to_json
from app.ingest.disclosures import import_disclosure
from app.ingest.fund_holdings import import_fund_holdings
from app.ingest.holdings import import_holdings
from app.ingest.navs import import_navs
from app.ingest.prices import import_prices
from app.ingest.sample_book import load_sample
from app.ingest.schemes import import_navall
from app.ingest.securities import import_securities
from app.risk import combined_books
from app.risk.combined_history import load_joint_history
from app.settings import read_settings
from tests.databases import copied_database
from tests.integration.conftest import NOW, TODAY, clock
from tests.integration.importing import bring_holdings, bring_prices
from tests.integration.input_files import SHARES as USUAL
from tests.integration.input_files import book as usual_book
from tests.integration.input_files import price_csv, random_closes
from tests.shared_data import shared_file

AS_OF = date(2025, 9, 17)
"""The last day of the prices."""
SHARES = {"RELIANCE": ("INE002A01018", 100), "HDFCBANK": ("INE040A01034", 200), "INFY": ("INE009A01021", 150)}
SHARES |= {"ITC": ("INE154A01025", 400), "TCS": ("INE467B01029", 50), "SUNPHARMA": ("INE044A01036", 80)}
FUNDS = {
    "hdfc_nifty": ("INF179K01WM1", 119063, "hdfc/Monthly HDFC Nifty 50 Index Fund - 31 January 2025.xlsx"),
    "hdfc_flexi": ("INF179K01UT0", 118955, "hdfc/Monthly HDFC Flexi Cap Fund - 31 January 2025.xlsx"),
    "hdfc_balanced": ("INF179K01WA6", 118968, "hdfc/Monthly HDFC Balanced Advantage Fund - 31 January 2025.xlsx"),
    "bandhan_nifty": ("INF194K012A8", 118482, "bandhan/034c8d96-bandhan-nifty-50-index-fund-31-jan-2025.xlsx"),
    "navi_nifty": ("INF959L01FP2", 149039, "navi/Navi Nifty 50 Index Fund-Jan 25.xlsx"),
    "ppfas": ("INF879O01027", 122639, "ppfas/PPFAS_Monthly_Portfolio_Report_January_31_2025.xls"),
    "icici_balanced": ("INF109K012B0", 120377, "icici/ICICI Prudential Balanced Advantage Fund.xlsx"),
    "icici_large": ("INF109K016L0", 120586, "icici/ICICI Prudential Bluechip Fund.xlsx"),
}
"""ISIN of the direct growth plan, AMFI code of its NAVs, file."""
UNITS = 500.0
FORMER = {"TMPV": "TATAMOTORS"}
"""Symbols of today whose prices stand under the former one."""


@pytest.fixture(scope="module")
def market(postgres_url: str, template_database: str) -> Iterator[str]:
    """A database of prices, lists, NAVs and disclosures, without a book, that nobody is connected to."""
    with copied_database(postgres_url, template_database) as url:
        services = _services(url)
        with services.database.transaction() as connection:
            _bring_market(connection)
        services.close()
        yield url


@pytest.fixture(scope="module")
def real(postgres_url: str, market: str) -> Iterator[Services]:
    """Six shares and eight funds."""
    with _copy(postgres_url, market) as services:
        _own(services, {isin: (symbol, count) for symbol, (isin, count) in SHARES.items()}, FUNDS)
        yield services


@pytest.fixture(scope="module")
def report(real: Services) -> CombinedRiskReport:
    return real.combined.report(as_of=AS_OF)


def test_exposures_equal_an_independent_product_of_sparse_matrices(real: Services, report: CombinedRiskReport) -> None:
    book = real.combined.book(AS_OF)
    lines, funds = book.funds.lines, book.funds
    at = {isin: column for column, isin in enumerate(head.mf_symbol for head in lines.disclosures)}
    amounts = np.zeros(len(at))
    for position in funds.positions:
        assert position.value is not None
        amounts[at[position.mf_symbol]] += position.value
    weights = sparse.csr_array(
        (lines.weight / 100, (lines.portfolio, funds.place)), shape=(len(at), len(funds.securities))
    )
    through = np.asarray(amounts @ weights)
    owned = {one.isin: one for one in report.exposure.stocks}
    shares = [isin for isin, held in owned.items() if isin and held.funds]
    assert len(shares) > 200
    total = report.value or math.nan
    for isin in shares:
        expected = through[funds.securities.places[isin]] / total * 100
        assert owned[isin].through_funds == pytest.approx(expected, abs=1e-9)
        assert math.fsum(part.value for part in owned[isin].funds) == pytest.approx(expected, abs=1e-9)
    for isin, count in SHARES.values():
        price = real.equity.book(AS_OF).panel.closes[-1][[one.isin for one in book.shares.positions].index(isin)]
        assert owned[isin].direct == pytest.approx(count * price / total * 100, abs=1e-9)


def test_one_stock_held_directly_and_through_eight_funds_is_one_risk(report: CombinedRiskReport) -> None:
    (bank,) = (one for one in report.exposure.stocks if one.symbol == "HDFCBANK")
    assert len(bank.funds) == len(FUNDS)
    assert bank.direct > 0
    assert bank.total == pytest.approx(bank.direct + bank.through_funds)
    assert {isin for isin, _ in SHARES.values()} <= set(report.exposure.held_both_ways)
    assert math.fsum(one.total for one in report.exposure.assets) == pytest.approx(100.0, abs=1e-9)
    assert report.coverage.look_through == pytest.approx(100.0, abs=1.0)
    assert report.coverage.sectors == pytest.approx(100.0, abs=1.0)


def test_the_joint_series_ends_and_covers_what_both_sides_have(report: CombinedRiskReport) -> None:
    window = report.windows["1y"]
    assert window.to_date == AS_OF
    assert window.observations == 252
    assert window.left_out == ()
    assert window.coverage == pytest.approx(100.0)
    assert 0 < window.several_days < 5  # Saturday and evening sessions, when funds publish no NAV
    beta, weighted = window.measures["beta"].value, window.measures["beta_weighted"].value
    assert beta is not None
    assert 0.6 < beta < 1.1
    assert weighted == pytest.approx(beta, abs=1e-9)


def test_var_is_below_the_sum_of_both_books_and_look_through_agrees_with_the_navs(
    real: Services, report: CombinedRiskReport
) -> None:
    joint = report.windows["1y"].measures["var_historical_95"].rupees or math.nan
    apart = [one.windows["1y"].measures["var_historical_95"].rupees or math.nan
             for one in (real.equity.report(as_of=AS_OF), real.mf.report(as_of=AS_OF))]  # fmt: skip
    assert max(apart) < joint < sum(apart)
    look_through = report.windows["1y"].look_through
    assert look_through.priced > 85
    assert abs(look_through.difference["var_historical_95"] or math.nan) < 0.15


def test_the_backtest_rests_on_every_day_that_closes_and_navs_have_in_common(real: Services) -> None:
    book = real.combined.book(AS_OF)
    with real.database.transaction() as connection:
        found = load_joint_history(connection, book.shares, book.funds, None)
    bars = pd.read_csv(shared_file("market/nse_daily.csv.gz"), parse_dates=["date"])
    closes = bars.pivot_table(index="date", columns="symbol", values="close")[list(SHARES)].dropna(how="all")
    navs = pd.concat([_navs(code) for _, code, _ in FUNDS.values()], axis=1, sort=True).reindex(closes.index)
    started = navs.ffill().notna()
    both = closes.join(navs)[(navs.notna() | ~started).all(axis=1)]
    worth = both.iloc[-2] * [*(count for _, count in SHARES.values()), *[UNITS] * len(FUNDS)]
    moves = both.pct_change(fill_method=None).iloc[1:-1]
    expected = (moves * worth).sum(axis=1) / (moves.notna() * worth).sum(axis=1)
    single = pd.Series(np.diff(np.searchsorted(closes.index, both.index))[:-1] == 1, index=expected.index)
    assert len(found.days) > 1100
    assert found.days[0] < book.funds.days[0]
    own = pd.Series(found.returns, index=pd.DatetimeIndex(found.days))
    assert own.notna().equals(single)
    np.testing.assert_allclose(own[single], expected[single], atol=1e-12)


@pytest.mark.parametrize("kind", list(ContributionKind))
def test_contributions_of_real_holdings_add_up(report: CombinedRiskReport, kind: ContributionKind) -> None:
    rows = [one for one in report.contributions if one.kind is kind]
    measures = report.windows["1y"].measures
    assert math.fsum(one.rupees or 0.0 for one in rows) == pytest.approx(measures["volatility"].rupees, rel=1e-12)
    assert math.fsum(one.tail_rupees or 0.0 for one in rows) == pytest.approx(measures["cvar_95"].rupees, rel=1e-12)
    assert math.fsum(one.value for one in rows) == pytest.approx(100.0, rel=1e-12)


def test_two_crises_are_replayed_and_2008_goes_by_beta(report: CombinedRiskReport) -> None:
    by_key = {one.key: one for one in report.stress}
    assert by_key["crisis_2008"].method is StressMethod.BETA_AND_SECTOR
    for key, low, high in (("covid_2020", 25, 45), ("election_2024", 2, 7)):
        found = by_key[key]
        assert found.method is StressMethod.REPLAY
        assert low < (found.loss or math.nan) < high
        assert found.coverage == pytest.approx(100.0)


def test_an_index_fund_replaced_by_its_shares_gives_the_same_exposure_and_look_through_risk(
    postgres_url: str, market: str
) -> None:
    """Exactly so where all of a fund is priced (see the unit tests). Here a few shares have no prices, and they move by
    the fund's NAV."""
    with _copy(postgres_url, market) as services:
        _own(services, {}, {"hdfc_nifty": FUNDS["hdfc_nifty"]})
        through = services.combined.report(("1y",), AS_OF)
    rupees = {str(one.isin): one.rupees for one in through.exposure.stocks}
    symbols = {str(one.isin): str(one.symbol) for one in through.exposure.stocks}
    prices = _last_closes()
    closes = {isin: prices.get(FORMER.get(symbol, symbol)) for isin, symbol in symbols.items()}
    owned = {isin: (symbols[isin], rupees[isin] / close) for isin, close in closes.items() if close}
    priced = sum(rupees[isin] for isin in owned) / (through.value or math.nan)
    assert 0.98 < priced < 1
    assert through.windows["1y"].look_through.priced == pytest.approx(priced * 100, abs=0.2)
    with _copy(postgres_url, market) as services:
        _own(services, owned, {})
        direct = services.combined.report(("1y",), AS_OF)
    held = {str(one.isin): one.rupees for one in direct.exposure.stocks}
    assert held == pytest.approx({isin: rupees[isin] for isin in owned}, rel=1e-9)
    for name in ("volatility", "var_historical_95", "cvar_95", "var_parametric_99"):
        seen = through.windows["1y"].look_through.measures[name].value
        assert direct.windows["1y"].look_through.measures[name].value == pytest.approx(seen, rel=0.01), name


def test_the_prices_behind_the_funds_are_read_once(real: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    first = to_json(real.combined.report())

    def refuse(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(combined_books, "load_constituents", refuse)
    monkeypatch.setattr(combined_books, "load_episodes", refuse)
    assert to_json(real.combined.report()) == first


def test_other_shares_and_prices_are_seen_at_once(services: Services) -> None:
    closes = random_closes(400)
    bring_prices(services.database, price_csv(closes))
    bring_holdings(services.database, usual_book())
    assert len(services.combined.report(("60d",)).exposure.stocks) == len(USUAL)
    bring_holdings(services.database, usual_book(USUAL[:2], quantity=7))
    two = services.combined.report(("60d",))
    assert len(two.exposure.stocks) == 2
    bring_prices(services.database, price_csv({name: series * 2 for name, series in closes.items()}))
    assert services.combined.report(("60d",)).value == pytest.approx(2 * (two.value or math.nan))


def test_a_written_scenario_is_in_the_next_report_and_gone_when_deleted(services: Services) -> None:
    with services.database.transaction() as connection:
        load_sample(connection, last_final_day(NOW))
    usual = {one.key: one.loss for one in services.combined.report(("60d",)).stress}
    services.combined.write_scenario(Scenario("nifty_10", "Twice", -20.0, {}, None, None, ""))
    changed = {one.key: one.loss for one in services.combined.report(("60d",)).stress}
    assert changed["nifty_10"] == pytest.approx(2 * (usual["nifty_10"] or math.nan))
    services.combined.delete_scenario("nifty_10")
    assert {one.key: one.loss for one in services.combined.report(("60d",)).stress} == usual
    with pytest.raises(UnclearScenario):
        services.combined.delete_scenario("nifty_10")


def test_an_empty_database_gives_a_report_with_reasons(services: Services) -> None:
    found = services.combined.report()
    assert found.value is None
    assert found.exposure.unavailable
    assert all(measure.unavailable for window in found.windows.values() for measure in window.measures.values())


def _bring_market(connection: Any) -> None:
    import_navall(connection, shared_file("mf/amfi/NAVAll_8col_2026-08-21.txt").read_bytes(), "NAVAll.txt", NOW)
    for name in ("EQUITY_L.csv", "ind_niftytotalmarket_list.csv", "nse_symbol_changes.csv"):
        import_securities(connection, shared_file(f"market/{name}").read_bytes(), name, TODAY)
    prices = shared_file("market/nse_daily.csv.gz").read_bytes()
    import_prices(connection, prices, "nse_daily.csv.gz", TODAY, price_basis=None, volume_basis=None,
                  progress=lambda _done, _total: None)  # fmt: skip
    for _, code, name in FUNDS.values():
        path = shared_file(f"mf/{name}")
        import_disclosure(connection, path.read_bytes(), path.name, TODAY, source=Source.UPLOAD)
        import_navs(connection, shared_file(f"mf/nav/{code}.csv").read_bytes(), f"{code}.csv", NOW)


def _navs(code: int) -> pd.Series[float]:
    table = pd.read_csv(shared_file(f"mf/nav/{code}.csv"), parse_dates=["date"])
    return table.set_index("date")["nav"].rename(code)


def _last_closes() -> dict[str, float]:
    bars = pd.read_csv(shared_file("market/nse_daily.csv.gz"))
    last = bars[bars["date"] == str(AS_OF)]
    return dict(zip(last["symbol"], last["close"], strict=True))


def _own(
    services: Services, shares: Mapping[str, tuple[str, float]], funds: Mapping[str, tuple[str, int, str]]
) -> None:
    with services.database.transaction() as connection:
        rows = [
            {"tradingsymbol": symbol, "exchange": "NSE", "isin": isin, "quantity": count, "average_price": 100.0,
             "last_price": 0, "close_price": 0}
            for isin, (symbol, count) in shares.items()
        ]  # fmt: skip
        import_holdings(connection, _answer(rows), "holdings.json", TODAY, allow_empty=not rows)
        rows = [
            {"tradingsymbol": isin, "fund": name, "folio": "1", "quantity": UNITS, "pledged_quantity": 0,
             "average_price": 50.0, "last_price": 0, "last_price_date": "", "pnl": 0}
            for name, (isin, *_) in funds.items()
        ]  # fmt: skip
        import_fund_holdings(connection, _answer(rows), "funds.json", NOW, allow_empty=not rows)


def _answer(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps({"status": "success", "data": rows}).encode()


def _services(url: str) -> Services:
    return build_services(read_settings({"DATABASE_URL": url, "RISK_SIMULATION_PATHS": "1000"}), clock)


@contextmanager
def _copy(server: str, market: str) -> Iterator[Services]:
    with ExitStack() as stack:
        services = _services(stack.enter_context(copied_database(server, str(make_url(market).database))))
        stack.callback(services.close)
        yield services
