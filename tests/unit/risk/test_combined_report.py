from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.combined_reports import CombinedRiskReport, ContributionKind, StressMethod
from app.domain.disclosures import LineKind
from app.domain.limits import PLAN_LIMITS, LimitKind
from app.domain.serialise import to_json
from app.measures.tail import historical_var
from tests.unit.risk.books import report_of as equity_report_of
from tests.unit.risk.combined import DAYS, INDEX_RETURNS, NAMES, RETURNS, SECTORS, SECURITIES, Fund, book, report_of

FIRST = {"ALPHA": 40.0, "BETA": 30.0, "GAMMA": 20.0}
SECOND = {"BETA": 50.0, "DELTA": 25.0, "EPSILON": 20.0, "ZETA": 5.0}
SHARES = {"ALPHA": 3000.0, "THETA": 2000.0}
FUNDS = (Fund(FIRST, 4000.0, 1), Fund(SECOND, 1000.0, 2))
NOT_COMPARED = {"var_monte_carlo_95", "var_monte_carlo_99"}
"""The draw depends on how many columns there are."""


def figures(report: CombinedRiskReport, *, look_through: bool = False) -> dict[str, float | None]:
    return {
        f"{window}.{name}": measure.value
        for window, found in report.windows.items()
        for name, measure in (found.look_through.measures if look_through else found.measures).items()
        if name not in NOT_COMPARED
    }


def exposures(report: CombinedRiskReport) -> dict[str, float]:
    return {
        f"{one.isin}.{name}": getattr(one, name)
        for one in report.exposure.stocks
        for name in ("direct", "through_funds")
    }


def totals(report: CombinedRiskReport) -> dict[str, float]:
    return {str(one.isin): one.total for one in report.exposure.stocks}


def of_kind(report: CombinedRiskReport, kind: ContributionKind) -> dict[str, Any]:
    return {one.key: one for one in report.contributions if one.kind is kind}


def assert_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert value == pytest.approx(other[name], rel=1e-9, abs=1e-9), name


@pytest.fixture(scope="module")
def report() -> CombinedRiskReport:
    return report_of(book(SHARES, FUNDS))


def test_a_stock_is_what_is_held_directly_and_through_every_fund(report: CombinedRiskReport) -> None:
    assert report.value == 10_000.0
    (alpha,) = (one for one in report.exposure.stocks if one.symbol == "ALPHA")
    assert (alpha.direct, alpha.through_funds) == pytest.approx((30.0, 16.0))
    assert alpha.total == pytest.approx(46.0)
    assert alpha.rupees == pytest.approx(4600.0)
    assert {part.isin: part.value for part in alpha.funds} == pytest.approx({"INF1": 16.0})
    (beta,) = (one for one in report.exposure.stocks if one.symbol == "BETA")
    assert {part.isin: part.value for part in beta.funds} == pytest.approx({"INF1": 12.0, "INF2": 5.0})
    assert report.exposure.stocks[0] == alpha
    assert report.exposure.held_both_ways == (SECURITIES[0].isin,)


def test_stocks_sectors_and_assets_agree_and_assets_make_100(report: CombinedRiskReport) -> None:
    by_sector: dict[str, float] = {}
    for one in report.exposure.stocks:
        by_sector[str(one.sector)] = by_sector.get(str(one.sector), 0.0) + one.total
    assert {one.name: one.total for one in report.exposure.sectors} == pytest.approx(by_sector)
    assets = {one.name: one.total for one in report.exposure.assets}
    assert assets == pytest.approx({"equity": 96.0, "cash": 4.0})
    top = sorted((one.total for one in report.exposure.stocks), reverse=True)
    assert report.exposure.top5 is not None
    assert report.exposure.top5.value == pytest.approx(sum(top[:5]))


def test_a_stock_above_the_limit_through_funds_alone_is_told(report: CombinedRiskReport) -> None:
    told = {(one.kind, one.name): one for one in report.over_concentrations}
    assert told.keys() == {(LimitKind.STOCK, "ALPHA"), (LimitKind.SECTOR, SECTORS[0])}
    alpha = told[LimitKind.STOCK, "ALPHA"]
    assert (alpha.limit, alpha.rupees) == pytest.approx((20.0, 2600.0))


def test_the_joint_measures_are_those_of_one_series_and_no_sum_of_two(report: CombinedRiskReport) -> None:
    weights = np.array([3000 + 0.4 * 4000, 0.3 * 4000 + 500, 800, 250, 200, 50, 0, 2000]) / 10_000
    series = (RETURNS @ weights)[-252:]
    measures = report.windows["1y"].measures
    assert measures["var_historical_95"].value == pytest.approx(float(historical_var(series, 0.95)) * 100)
    assert measures["volatility"].value == pytest.approx(series.std(ddof=1) * math.sqrt(252) * 100)
    expected = np.cov(series, INDEX_RETURNS[-252:])[0, 1] / INDEX_RETURNS[-252:].var(ddof=1)
    assert measures["beta"].value == pytest.approx(expected)
    assert measures["beta_weighted"].value == pytest.approx(expected)
    assert list(measures).index("beta_weighted") == list(measures).index("beta") + 1
    assert measures["var_historical_95"].rupees == pytest.approx(float(historical_var(series, 0.95)) * 10_000)


def test_funds_that_hold_what_they_say_look_the_same_from_inside(report: CombinedRiskReport) -> None:
    for window in report.windows.values():
        differences = {name: gap for name, gap in window.look_through.difference.items() if name not in NOT_COMPARED}
        assert all(gap is None or gap == pytest.approx(0.0, abs=1e-9) for gap in differences.values())
        assert window.look_through.priced == pytest.approx(96.0)


def test_a_fund_whose_nav_tells_another_story_shows_the_difference() -> None:
    quiet = Fund(FIRST, 4000.0, 1, navs=np.asarray(100 + 0.001 * np.arange(300.0) % 7))
    window = report_of(book(SHARES, (quiet,))).windows["1y"]
    gap = window.look_through.difference["var_historical_95"]
    assert gap is not None
    assert gap > 0.1


@pytest.mark.parametrize("kind", list(ContributionKind))
def test_contributions_of_each_kind_add_up_to_the_whole(report: CombinedRiskReport, kind: ContributionKind) -> None:
    rows = of_kind(report, kind).values()
    measures = report.windows["1y"].measures
    assert report.contribution_window == "1y"
    assert math.fsum(row.risk for row in rows) == pytest.approx(100.0, rel=1e-12)
    assert math.fsum(row.tail_risk for row in rows) == pytest.approx(100.0, rel=1e-12)
    assert math.fsum(row.value for row in rows) == pytest.approx(100.0, rel=1e-12)
    assert math.fsum(row.rupees for row in rows) == pytest.approx(measures["volatility"].rupees, rel=1e-12)
    assert math.fsum(row.tail_rupees for row in rows) == pytest.approx(measures["cvar_95"].rupees, rel=1e-12)


def test_a_stocks_risk_is_its_own_and_what_funds_hold_of_it(report: CombinedRiskReport) -> None:
    alpha = SECURITIES[0].isin
    stock, inside = of_kind(report, ContributionKind.STOCK)[alpha], of_kind(report, ContributionKind.FUND_CONSTITUENT)
    direct = of_kind(report, ContributionKind.HOLDING)[alpha]
    assert stock.risk == pytest.approx(direct.risk + inside[alpha].risk)
    weights = np.array([3000 + 0.4 * 4000, 0.3 * 4000 + 500, 800, 250, 200, 50, 0, 2000]) / 10_000
    covariance = np.cov(RETURNS[-252:].T)
    expected = weights[0] * (covariance @ weights)[0] / (weights @ covariance @ weights)
    assert stock.risk == pytest.approx(expected * 100)
    assert of_kind(report, ContributionKind.STOCK)["rest:INF2"].risk == pytest.approx(0.0, abs=1e-9)


def test_shares_alone_give_the_measures_of_the_equity_report() -> None:
    alone = book(SHARES)
    combined, equity = report_of(alone), equity_report_of(alone.shares)
    for name, window in combined.windows.items():
        own = {key: measure for key, measure in window.measures.items() if key != "beta_weighted"}
        assert own == equity.windows[name].measures
        assert window.several_days == 0
        np.testing.assert_array_equal(window.correlation.matrix, equity.windows[name].correlation.matrix)
    assert combined.overlap.funds == ()
    assert {one.name: one.total for one in combined.exposure.assets} == pytest.approx({"equity": 100.0})


def test_one_fund_alone_has_its_own_measures_and_exposure() -> None:
    found = report_of(book((), (FUNDS[0],)))
    own = simple = FUNDS[0].levels
    returns = (simple[1:] / own[:-1] - 1)[-252:]
    assert found.windows["1y"].measures["volatility"].value == pytest.approx(returns.std(ddof=1) * 252**0.5 * 100)
    assert totals(found) == pytest.approx({SECURITIES[at].isin: FIRST[NAMES[at]] for at in range(3)})
    assert found.value_split.shares is None
    assert found.diversification.score is not None


def test_a_book_of_cash_moves_by_nothing_and_is_no_error() -> None:
    found = report_of(book((), (Fund({}, 5000.0, 1, navs=np.full(300, 10.0)),)))
    measures = found.windows["1y"].measures
    assert (measures["volatility"].value, measures["var_historical_95"].value) == (0.0, 0.0)
    assert measures["sharpe"].unavailable
    assert {one.name: one.total for one in found.exposure.assets} == {"cash": 100.0}
    assert all(one.risk is None and one.rupees == 0.0 for one in found.contributions)
    assert [one.loss for one in found.stress] == [0.0] * len(found.stress)
    assert all(one.unavailable for one in found.reverse_stress)
    assert b"NaN" not in to_json(found)


def test_an_empty_book_says_so_everywhere() -> None:
    found = report_of(book())
    assert found.value is None
    assert found.exposure.unavailable
    assert found.diversification.unavailable
    assert (found.stress, found.reverse_stress, found.contributions) == ((), (), ())
    for window in found.windows.values():
        assert all(measure.unavailable for measure in window.measures.values())
        assert all(measure.unavailable for measure in window.look_through.measures.values())


def test_a_book_without_any_value_has_no_measures() -> None:
    found = report_of(book((), (Fund(FIRST, None, 1),)))
    assert found.value is None
    assert found.value_split.positions_without_value == ("INF1",)
    assert found.windows["1y"].measures["volatility"].unavailable == "no holding has a value"


def test_a_fund_without_disclosure_is_unresolved_and_no_diversification() -> None:
    seen, unseen = (report_of(book(SHARES, (replace(FUNDS[0], disclosed=shown),))) for shown in (True, False))
    assert {one.name: one.total for one in unseen.exposure.assets} == pytest.approx(
        {"equity": 5000 / 90, "unresolved": 4000 / 90}
    )
    parts = {part.name: part.figure or 0.0 for part in unseen.diversification.parts}
    assert parts["holdings"] < {part.name: part.figure or 0.0 for part in seen.diversification.parts}["holdings"]
    assert unseen.coverage.look_through == pytest.approx(5000 / 90)
    assert unseen.funds[0].unavailable
    assert unseen.windows["1y"].look_through.difference["volatility"] == pytest.approx(0.0)
    assert any(issue.code == "no_disclosure" for issue in unseen.data_issues)


def test_a_share_held_against_its_future_adds_no_exposure_and_no_loss() -> None:
    hedged = Fund({"ALPHA": 70.0}, 1000.0, 1, navs=np.linspace(100, 101, 300),
                  extra=((None, "Alpha Limited November 2026 Future", LineKind.DERIVATIVE, -70.0),))  # fmt: skip
    found = report_of(book((), (hedged,)))
    (alpha,) = found.exposure.stocks
    assert (alpha.total, alpha.gross) == pytest.approx((0.0, 140.0))
    by_key = {one.key: one for one in found.stress}
    assert by_key["nifty_20"].loss == pytest.approx(0.0, abs=0.05)


def test_a_fund_younger_than_the_window_is_left_out_and_named() -> None:
    young = np.where(np.arange(300) < 200, np.nan, FUNDS[1].levels)
    found = report_of(book(SHARES, (FUNDS[0], replace(FUNDS[1], navs=young))))
    assert found.windows["60d"].left_out == ()
    assert found.windows["1y"].left_out == ("INF2",)
    assert found.windows["1y"].coverage == pytest.approx(90.0)
    assert of_kind(found, ContributionKind.HOLDING)["INF2"].risk is None
    assert any(issue.code == "short_history" and issue.subject == "INF2" for issue in found.data_issues)


def test_a_scenario_moves_shares_by_beta_and_what_it_names_by_its_own_shock() -> None:
    found = report_of(book(SHARES, FUNDS))
    by_key = {one.key: one for one in found.stress}
    weights = np.array([4600, 1700, 800, 250, 200, 50, 0, 2000]) / 10_000
    index = INDEX_RETURNS[-252:]
    betas = np.array([np.cov(column, index)[0, 1] / index.var(ddof=1) for column in RETURNS[-252:].T])
    assert by_key["nifty_10"].loss == pytest.approx(10 * float(weights @ betas))
    assert by_key["nifty_10"].rupees == pytest.approx(1000 * float(weights @ betas))
    assert by_key["nifty_10"].coverage == pytest.approx(100.0)
    assert by_key["banks_20"].loss == pytest.approx(20 * weights[4])
    assert by_key["it_20"].loss == pytest.approx(20 * (weights[1] + weights[5]))
    assert {one.method for one in found.stress} == {StressMethod.BETA_AND_SECTOR}


def test_the_loss_at_the_fall_that_breaks_a_limit_is_the_limit() -> None:
    found = report_of(book(SHARES, FUNDS))
    beta = (next(one for one in found.stress if one.key == "nifty_10").loss or 0.0) / 10
    by_limit = {(one.kind, one.limit): one for one in found.reverse_stress}
    assert by_limit[LimitKind.VALUE_AT_RISK, 5.0].fall == pytest.approx(5.0 / beta)
    today = found.windows["1y"].drawdown
    assert today is not None
    fall = by_limit[LimitKind.DRAWDOWN, 25.0].fall
    assert fall is not None
    assert 1 - (1 - today.today / 100) * (1 - beta * fall / 100) == pytest.approx(0.25)
    assert by_limit[LimitKind.STOCK, 20.0].fall == 0.0
    assert by_limit[LimitKind.STOCK, 20.0].meaning == "passed already"
    assert {(one.kind, one.limit) for one in found.reverse_stress} == {(one.kind, one.value) for one in PLAN_LIMITS}
    assert {one.coverage for one in found.reverse_stress if one.fall is not None} == {100.0}


def test_a_calm_stock_becomes_too_heavy_when_the_others_fall() -> None:
    found = report_of(book({"ALPHA": 1900.0, **dict.fromkeys(NAMES[4:], 2025.0)}))
    stock = next(one for one in found.reverse_stress if one.kind is LimitKind.STOCK and one.limit == 20.0)
    heavy = report_of(book({"ALPHA": 1900.0, **dict.fromkeys(NAMES[4:], 2025.0)})).exposure.stocks
    assert max(one.total for one in heavy) > 20.0
    assert stock.fall == 0.0
    calm = report_of(book({"ALPHA": 1900.0, **dict.fromkeys(NAMES[1:], 8100.0 / 7)}))
    reached = next(one for one in calm.reverse_stress if one.kind is LimitKind.STOCK and one.limit == 20.0)
    assert reached.name == "Alpha Limited"
    assert reached.fall is not None
    assert 0 < reached.fall < 50


weights_of_funds = st.lists(st.floats(1.0, 12.0), min_size=8, max_size=8)
amounts = st.floats(100.0, 1e6)


@settings(max_examples=25, deadline=None)
@given(weights_of_funds, amounts, amounts, amounts, st.permutations(range(8)))
def test_a_fund_replaced_by_what_it_holds_gives_the_same_exposure_and_look_through_risk(
    raw: list[float], in_fund: float, direct: float, other: float, order: list[int]
) -> None:
    whole = np.array(raw) / sum(raw) * 100
    held = {NAMES[at]: float(whole[at]) for at in order}
    through = book({"ALPHA": direct, "ETA": other}, (Fund(held, in_fund, 1),))
    parts = {name: in_fund * weight / 100 for name, weight in held.items()}
    parts["ALPHA"] += direct
    parts["ETA"] += other
    one, two = report_of(through, ("1y",)), report_of(book(parts), ("1y",))
    assert totals(one) == pytest.approx(totals(two), rel=1e-9)
    same = figures(one, look_through=True)
    assert_same({name: value for name, value in same.items() if name != "1y.beta_weighted"},
                figures(two, look_through=True))  # fmt: skip
    assert_same(
        {one.name: one.total for one in one.exposure.sectors}, {two.name: two.total for two in two.exposure.sectors}
    )


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(4)), st.permutations(range(2)))
def test_the_order_of_positions_is_of_no_account(shares: list[int], funds: list[int]) -> None:
    owned = list({**SHARES, "GAMMA": 700.0, "ZETA": 1.0}.items())
    usual = report_of(book(owned, FUNDS), ("1y",))
    mixed = report_of(book([owned[at] for at in shares], [FUNDS[at] for at in funds]), ("1y",))
    assert_same(figures(usual), figures(mixed))
    assert_same(figures(usual, look_through=True), figures(mixed, look_through=True))
    assert exposures(usual) == pytest.approx(exposures(mixed))
    for kind in ContributionKind:
        one, two = of_kind(usual, kind), of_kind(mixed, kind)
        assert {key: row.risk for key, row in one.items() if not key.startswith("rest")} == pytest.approx(
            {key: row.risk for key, row in two.items() if not key.startswith("rest")}, abs=1e-9
        )
    assert usual.diversification.score == pytest.approx(mixed.diversification.score)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_splitting_a_position_changes_nothing(of_share: float, of_fund: float) -> None:
    whole = report_of(book(SHARES, FUNDS), ("1y",))
    shares = [("ALPHA", 3000 * of_share), ("THETA", 2000.0), ("ALPHA", 3000 * (1 - of_share))]
    funds = (Fund(FIRST, 4000 * of_fund, 1), FUNDS[1], Fund(FIRST, 4000 * (1 - of_fund), 3))
    split = report_of(book(shares, funds), ("1y",))
    assert_same(figures(whole), figures(split))
    assert_same(figures(whole, look_through=True), figures(split, look_through=True))
    assert exposures(whole) == pytest.approx(exposures(split))
    for kind in (ContributionKind.STOCK, ContributionKind.SECTOR):
        assert {
            key: row.risk for key, row in of_kind(whole, kind).items() if not key.startswith("rest")
        } == pytest.approx(
            {key: row.risk for key, row in of_kind(split, kind).items() if not key.startswith("rest")}, abs=1e-9
        )
    assert [one.rupees for one in whole.stress] == pytest.approx([one.rupees for one in split.stress])


@settings(max_examples=25, deadline=None)
@given(st.floats(0.0, 3900.0))
def test_moving_money_between_two_funds_that_hold_the_same_changes_nothing(moved: float) -> None:
    before, after = (
        report_of(book(SHARES, (Fund(FIRST, 4000.0 - rupees, 1), Fund(FIRST, 1000.0 + rupees, 2))), ("1y",))
        for rupees in (0.0, moved)
    )
    assert_same(figures(before), figures(after))
    assert exposures(before) == pytest.approx(exposures(after))
    assert [one.rupees for one in before.stress] == pytest.approx([one.rupees for one in after.stress])
    assert before.diversification.score == pytest.approx(after.diversification.score)


def test_the_days_of_the_joint_series_are_those_of_the_book(report: CombinedRiskReport) -> None:
    assert report.windows["60d"].to_date == DAYS[-1].astype(object)
    assert report.windows["60d"].from_date == DAYS[-60].astype(object)
