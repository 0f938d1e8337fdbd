"""The sample book's funds: NAVs, portfolios, costs and what becomes of them."""

from __future__ import annotations

import pytest

from app.bootstrap import Services
from app.domain.fund_reports import Style
from app.domain.market_hours import last_final_day
from app.domain.mf_reports import MFRiskReport
from app.ingest.sample_book import load_sample, remove_sample
from app.sources.sample_market import generate_sample
from tests.integration.conftest import NOW
from tests.integration.importing import contents, rows


@pytest.fixture
def report(services: Services) -> MFRiskReport:
    with services.database.transaction() as connection:
        assert load_sample(connection, last_final_day(NOW))
    return services.mf.report()


def by_category(report: MFRiskReport, word: str) -> int:
    return next(at for at, fund in enumerate(report.funds) if word in fund.name)


def test_every_fund_has_measures_near_what_it_was_made_from(report: MFRiskReport) -> None:
    truth = generate_sample(last_final_day(NOW)).truth
    for fund in report.funds:
        beta = fund.windows["1y"].measures["beta"]
        assert beta.value == pytest.approx(truth[fund.isin].beta, abs=0.1), fund.name
        assert fund.windows["60d"].measures["var_historical_99"].unavailable


def test_the_fund_without_a_portfolio_is_uncovered_and_counts_as_remainder(report: MFRiskReport) -> None:
    small = report.funds[by_category(report, "Small Cap")]
    assert small.disclosure is None
    assert small.unavailable
    assert report.coverage.uncovered == (small.isin,)
    assert report.exposure.remainder == pytest.approx(small.weight)
    assert any(issue.code == "no_disclosure" and issue.subject == small.isin for issue in report.data_issues)


def test_the_arbitrage_fund_adds_no_share_exposure(report: MFRiskReport) -> None:
    arbitrage = report.funds[by_category(report, "Arbitrage")]
    assert arbitrage.disclosure is not None
    assert arbitrage.disclosure.net_equity == pytest.approx(0.0, abs=1e-9)
    assert arbitrage.disclosure.gross_equity == pytest.approx(2 * 69.2)
    assert abs(arbitrage.windows["1y"].measures["beta"].value or 1.0) < 0.05


def test_the_same_share_is_found_directly_and_in_several_funds(report: MFRiskReport, services: Services) -> None:
    held = {one.symbol: one for one in report.exposure.securities if one.symbol}
    assert held["HDFCBANK"].held_by == 4
    assert held["HDFCBANK"].key in report.exposure.shared
    direct = {position.isin for position in services.equity.book().positions}
    assert held["HDFCBANK"].isin in direct


def test_costs_style_and_tracking_of_the_index_fund(report: MFRiskReport) -> None:
    index = report.funds[by_category(report, "Nifty 50")]
    assert (index.style, index.index) == (Style.INDEX, "Nifty 50")
    assert index.expense.own.value == pytest.approx(0.20)
    assert index.expense.gap.value == pytest.approx(0.25)
    assert index.value is not None
    assert index.expense.gap.rupees == pytest.approx(0.0025 * index.value)
    assert index.tracking.error.value == pytest.approx(0.05, abs=0.02)
    assert report.costs.coverage == pytest.approx(100.0)


def test_nothing_of_the_sample_funds_stays_behind(services: Services) -> None:
    with services.database.transaction() as connection:
        load_sample(connection, last_final_day(NOW))
        remove_sample(connection)
    left = contents(services.database)
    for table in ("risk_amfi_schemes", "risk_portfolios", "risk_disclosures", "risk_fund_costs", "mf_nav_history"):
        assert rows(services.database, f"SELECT count(*) FROM {table}") == [(0,)], left
    assert rows(services.database, "SELECT count(*) FROM mf_underlying_holdings") == [(0,)]
    assert services.mf.report().funds == ()
