"""Units of funds in the demat account, in the combined report."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.domain.combined_reports import CombinedRiskReport, ContributionKind
from app.domain.data_issues import Severity
from app.domain.disclosures import LineKind
from tests.unit.risk.combined import ROWS, SECURITIES, Fund, book, report_of

SHARES = {"ALPHA": 3000.0}
FUND = Fund({"ALPHA": 40.0, "BETA": 60.0}, 4000.0, 1)
ETF = Fund({"BETA": 50.0, "GAMMA": 50.0}, 3000.0, 2)
GOLD = Fund({}, 2000.0, 3, navs=np.linspace(100.0, 110.0, ROWS), disclosed=False)


@pytest.fixture(scope="module")
def report() -> CombinedRiskReport:
    return report_of(book(SHARES, (FUND,), units=(ETF,)))


def test_an_etf_in_the_demat_account_is_looked_through_as_a_fund_is(report: CombinedRiskReport) -> None:
    as_fund = report_of(book(SHARES, (FUND, ETF)))
    for one, two in zip(report.exposure.stocks, as_fund.exposure.stocks, strict=True):
        assert one.isin == two.isin
        assert (one.direct, one.through_funds) == pytest.approx((two.direct, two.through_funds))
        assert {part.isin: part.value for part in one.funds} == pytest.approx(
            {part.isin: part.value for part in two.funds}
        )
    assert {one.name: one.total for one in report.exposure.assets} == pytest.approx({"equity": 100.0})
    assert report.coverage.look_through == pytest.approx(100.0)
    assert report.overlap.funds == ("INF1", "INF2")
    np.testing.assert_allclose(report.overlap.matrix, as_fund.overlap.matrix)


def test_its_market_price_gives_its_value_and_its_series(report: CombinedRiskReport) -> None:
    as_fund = report_of(book(SHARES, (FUND, ETF)))
    (own,) = (one for one in report.funds if one.isin == "INF2")
    assert (own.value, own.weight) == pytest.approx((3000.0, 30.0))
    assert own.nav_date is not None
    assert own.as_on is not None
    assert report.value_split.shares == pytest.approx(6000.0)
    one, two = (found.windows["1y"] for found in (report, as_fund))
    for name in ("volatility", "var_historical_95", "beta"):
        assert one.measures[name].value == pytest.approx(two.measures[name].value), name
        own_value, other = (window.look_through.measures[name].value for window in (one, two))
        assert own_value == pytest.approx(other), name


@pytest.mark.parametrize("kind", list(ContributionKind))
def test_contributions_divide_it_among_what_it_holds(report: CombinedRiskReport, kind: ContributionKind) -> None:
    rows = {one.key: one for one in report.contributions if one.kind is kind}
    as_fund = {one.key: one for one in report_of(book(SHARES, (FUND, ETF))).contributions if one.kind is kind}
    assert math.fsum(one.risk or 0.0 for one in rows.values()) == pytest.approx(100.0, rel=1e-12)
    assert math.fsum(one.value for one in rows.values()) == pytest.approx(100.0, rel=1e-12)
    if kind is ContributionKind.STOCK:
        gamma = SECURITIES[2].isin
        assert rows[gamma].risk == pytest.approx(as_fund[gamma].risk)
    if kind is ContributionKind.FUND:
        assert rows["INF2"].value == pytest.approx(30.0)
        assert rows["shares"].value == pytest.approx(30.0)


def test_a_scenario_counts_it_once_and_among_the_funds(report: CombinedRiskReport) -> None:
    as_fund = report_of(book(SHARES, (FUND, ETF)))
    for one, two in zip(report.stress, as_fund.stress, strict=True):
        assert (one.rupees, one.shares_rupees) == pytest.approx((two.rupees, two.shares_rupees)), one.key
    for own, other in zip(report.reverse_stress, as_fund.reverse_stress, strict=True):
        assert own.name == other.name
        assert own.fall == pytest.approx(other.fall)


def test_what_is_known_of_it_is_told(report: CombinedRiskReport) -> None:
    told = {(issue.code, issue.subject): issue for issue in report.data_issues}
    assert told["fund_in_demat", "INF2"].severity is Severity.INFO
    assert "looked through" in told["fund_in_demat", "INF2"].message


def test_one_without_a_portfolio_has_its_kind_of_asset_and_is_called_uncovered() -> None:
    found = report_of(book(SHARES, (FUND,), units=(GOLD,), classes={"INF3": LineKind.GOLD}))
    assert {one.name: one.direct for one in found.exposure.assets if one.direct} == pytest.approx(
        {"equity": 3000 / 90, "gold": 2000 / 90}
    )
    assert found.coverage.look_through == pytest.approx(7000 / 90)
    (issue,) = (one for one in found.data_issues if one.code == "fund_in_demat")
    assert issue.severity is Severity.WARNING
    assert "not looked through and counts as gold" in issue.message
    assert [one.isin for one in found.funds] == ["INF1"]


def test_one_of_which_nothing_is_known_is_unresolved() -> None:
    found = report_of(book(SHARES, units=(GOLD,)))
    assert {one.name: one.total for one in found.exposure.assets} == pytest.approx({"equity": 60.0, "unresolved": 40.0})
