"""Real disclosures: ETFs in the demat account, units tied by name or classed by AMFI, a fund without NAVs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest

from app.bootstrap import Services, build_services
from app.domain.combined_reports import CombinedRiskReport
from app.domain.disclosures import Source
from app.ingest.disclosures import import_disclosure
from app.ingest.fund_holdings import import_fund_holdings
from app.ingest.holdings import import_holdings
from app.ingest.navs import import_navs
from app.ingest.prices import import_prices
from app.ingest.schemes import import_navall
from app.ingest.securities import import_securities
from app.settings import read_settings
from tests.databases import copied_database
from tests.integration.conftest import NOW, TODAY, clock
from tests.shared_data import shared_file

AS_OF = date(2025, 9, 17)
"""The last day of the prices."""
BEFORE = date(2025, 7, 30)
"""The day before that of the portfolios of the ETFs."""
NIFTY_BEES, GOLD_BEES = "INF204KB14I2", "INF204KB17I5"
HDFC_NIFTY, NIPPON_ARBITRAGE, KOTAK_FLEXI = "INF179K01WM1", "INF204K01XZ7", "INF174K01LS2"
GROWW_GOLD_FOF, BANDHAN_MULTI_ASSET = "INF666M01IX9", "INF194KB1HM7"
RELIANCE = "INE002A01018"
FILES = (
    "nippon/NIMF-MONTHLY-PORTFOLIO-31-July-25.xls",
    "hdfc/Monthly HDFC Nifty 50 Index Fund - 31 January 2025.xlsx",
    "groww/Monthly Portfolio- January 31, 2025.xls",
    "bandhan/12bc1152-bandhan-multi-asset-allocation-fund-31-jan-2025.xlsx",
)


@pytest.fixture(scope="module")
def market(postgres_url: str, template_database: str) -> Iterator[Services]:
    """Prices, lists, NAVs of one index fund and portfolios; the book changes from test to test."""
    with copied_database(postgres_url, template_database) as url:
        services = build_services(read_settings({"DATABASE_URL": url, "RISK_SIMULATION_PATHS": "1000"}), clock)
        with services.database.transaction() as connection:
            _bring(connection)
        yield services
        services.close()


def test_etfs_in_the_demat_account_are_looked_through_at_their_market_price(market: Services) -> None:
    shares = {NIFTY_BEES: ("NIFTYBEES", 1000), GOLD_BEES: ("GOLDBEES", 1000), RELIANCE: ("RELIANCE", 50)}
    report = _report(market, shares, {HDFC_NIFTY: 500})
    (one,) = (stock for stock in report.exposure.stocks if stock.isin == RELIANCE)
    through = {part.isin: part.value for part in one.funds}
    assert through.keys() == {NIFTY_BEES, HDFC_NIFTY}
    assert one.total == pytest.approx(one.direct + math.fsum(through.values()))
    assert {asset.name: asset.total for asset in report.exposure.assets}["gold"] > 10
    assert report.coverage.look_through == pytest.approx(100.0, abs=0.5)
    assert set(report.overlap.funds) == {HDFC_NIFTY, NIFTY_BEES, GOLD_BEES}
    at = {isin: place for place, isin in enumerate(report.overlap.funds)}
    assert report.overlap.matrix[at[HDFC_NIFTY], at[NIFTY_BEES]] > 90
    look = report.windows["1y"].look_through
    assert look.coverage == pytest.approx(100.0)
    assert abs(look.difference["var_historical_95"] or math.nan) < 0.1


def test_an_etf_without_a_portfolio_counts_as_what_amfi_calls_it_and_is_uncovered(market: Services) -> None:
    report = _report(market, {GOLD_BEES: ("GOLDBEES", 1000), RELIANCE: ("RELIANCE", 50)}, {}, BEFORE)
    assets = {one.name: one.total for one in report.exposure.assets}
    assert assets.keys() == {"equity", "gold"}
    assert report.coverage.look_through == pytest.approx(assets["equity"])
    assert any(issue.code == "fund_in_demat" and "counts as gold" in issue.message for issue in report.data_issues)


def test_a_fund_of_funds_whose_unit_has_an_unknown_isin_is_resolved_by_name_and_says_so(market: Services) -> None:
    report = _report(market, {}, {GROWW_GOLD_FOF: 1000})
    assert {one.name: one.total for one in report.exposure.assets}["gold"] > 90
    assert report.funds[0].unresolved < 5
    assert any(issue.code == "unit_by_name" and "Gold ETF" in issue.message for issue in report.data_issues)


def test_units_without_a_portfolio_show_as_gold_silver_and_foreign_yet_are_not_looked_through(market: Services) -> None:
    report = _report(market, {}, {BANDHAN_MULTI_ASSET: 1000})
    assets = {one.name: one.total for one in report.exposure.assets}
    assert (assets["gold"], assets["silver"], assets["foreign"]) == pytest.approx((7.2, 7.1, 10.0), abs=0.1)
    assert abs(assets.get("unresolved", 0.0)) < 0.1
    assert report.funds[0].unresolved == pytest.approx(24.3, abs=8)
    assert report.coverage.look_through < 85


def test_a_fund_without_navs_that_is_priced_by_its_shares_keeps_the_look_through_var(market: Services) -> None:
    report = _report(market, {}, {HDFC_NIFTY: 120, NIPPON_ARBITRAGE: 2500})
    window = report.windows["1y"]
    assert window.measures["var_historical_95"].unavailable
    look = window.look_through
    assert look.left_out == ()
    assert look.coverage < 100
    alone = _report(market, {}, {HDFC_NIFTY: 120}).windows["1y"].measures["var_historical_95"].rupees or math.nan
    assert look.measures["var_historical_95"].rupees == pytest.approx(alone, rel=0.1)


def test_a_book_that_is_almost_all_uncovered_is_told_so_in_every_stress(market: Services) -> None:
    report = _report(market, {}, {KOTAK_FLEXI: 10_000, HDFC_NIFTY: 100})
    assert all(one.fall is None and one.unavailable for one in report.reverse_stress)
    assert all(one.loss is None and one.unavailable for one in report.stress)


def _report(
    market: Services, shares: Mapping[str, tuple[str, float]], funds: Mapping[str, float], as_of: date = AS_OF
) -> CombinedRiskReport:
    """Funds without stored NAVs have one of 17 rupees in the holdings report."""
    rows: list[dict[str, Any]] = [
        {"tradingsymbol": symbol, "exchange": "NSE", "isin": isin, "quantity": count, "average_price": 100.0,
         "last_price": 90.0, "close_price": 90.0}
        for isin, (symbol, count) in shares.items()
    ]  # fmt: skip
    units: list[dict[str, Any]] = [
        {"tradingsymbol": isin, "fund": isin, "folio": "1", "quantity": count, "pledged_quantity": 0,
         "average_price": 50.0, "last_price": 0 if isin == HDFC_NIFTY else 17.0, "last_price_date": "2025-09-17",
         "pnl": 0}
        for isin, count in funds.items()
    ]  # fmt: skip
    with market.database.transaction() as connection:
        import_holdings(connection, _answer(rows), "holdings.json", TODAY, allow_empty=True)
        import_fund_holdings(connection, _answer(units), "funds.json", NOW, allow_empty=True)
    return market.combined.report(("1y",), as_of)


def _answer(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps({"status": "success", "data": rows}).encode()


def _bring(connection: Any) -> None:
    import_navall(connection, shared_file("mf/amfi/NAVAll_8col_2026-08-21.txt").read_bytes(), "NAVAll.txt", NOW)
    for name in ("EQUITY_L.csv", "ind_niftytotalmarket_list.csv"):
        import_securities(connection, shared_file(f"market/{name}").read_bytes(), name, TODAY)
    prices = shared_file("market/nse_daily.csv.gz").read_bytes()
    import_prices(connection, prices, "nse_daily.csv.gz", TODAY, price_basis=None, volume_basis=None,
                  progress=lambda _done, _total: None)  # fmt: skip
    for name in FILES:
        path = shared_file(f"mf/{name}")
        import_disclosure(connection, path.read_bytes(), path.name, TODAY, source=Source.UPLOAD)
    import_navs(connection, shared_file("mf/nav/119063.csv").read_bytes(), "119063.csv", NOW)
