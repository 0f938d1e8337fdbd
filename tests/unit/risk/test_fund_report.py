from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from app.domain.backtests import BacktestReport, ReturnHistory
from app.domain.combined_reports import ContributionKind
from app.domain.disclosures import LineKind
from app.domain.fund_costs import CostKind, FundCost
from app.domain.mf_reports import MFRiskReport
from app.domain.prices import FloatArray
from app.domain.schemes import Plan
from app.domain.securities import MatchKind
from app.domain.serialise import to_json
from app.measures import market, ratios, tail, volatility
from app.risk.combined_book import Constituents
from app.risk.combined_report import compute_combined
from app.risk.equity_measures import RiskOptions
from app.risk.fund_book import FundBook, FundFacts, with_shares
from app.risk.fund_report import compute_mf_report
from app.risk.positions import Position
from app.risk.var_backtest import backtest_report
from tests.unit.risk.funds import (
    AS_ON,
    FINANCE,
    HDFC,
    RELIANCE,
    alone,
    cash,
    fund_book,
    fund_position,
    future,
    lines_of,
    share,
)

TODAY = date(2026, 11, 20)
OPTIONS = RiskOptions(risk_free=0.06, participation=0.2, monte_carlo="bootstrap", paths=200, seed=1)


WINDOWS = ("60d", "90d", "1y")


def report_of(book: FundBook, today: date = TODAY, tested: BacktestReport | None = None) -> MFRiskReport:
    return compute_mf_report(alone(book), OPTIONS, WINDOWS, today=today, computed_at="now", as_of=None, tested=tested)


def navs(*columns: int) -> FloatArray:
    """NAVs over 300 days, one column for each seed."""
    return np.column_stack([10 * np.cumprod(1 + np.random.default_rng(seed).normal(0, 0.01, 300)) for seed in columns])


def book_of_three() -> FundBook:
    lines = lines_of(
        [share(HDFC, 60.0), share(RELIANCE, 30.0), cash(10.0)],
        [share(HDFC, 40.0), share(FINANCE, 50.0), future("HDFC Bank Limited 27-FEB-25", -40.0), cash(10.0)],
    )
    positions = [fund_position(1, 500.0, 1), fund_position(2, 300.0, 2), fund_position(3, 200.0, None, house="Other")]
    return fund_book(positions, lines, navs(1, 2, 3))


def test_exposure_is_value_times_weight_net_and_gross() -> None:
    exposure = report_of(book_of_three()).exposure
    found = {one.symbol: one for one in exposure.securities if one.symbol}
    assert found["HDFCBANK"].net == pytest.approx(30.0)
    assert found["HDFCBANK"].gross == pytest.approx(30.0 + 24.0)
    assert found["HDFCBANK"].rupees == pytest.approx(300.0)
    parts = {part.isin: part.value for part in found["HDFCBANK"].funds}
    assert parts == {"INF1": pytest.approx(30.0), "INF2": pytest.approx(0.0)}
    assert exposure.shared == (HDFC.isin,)
    assert exposure.remainder == pytest.approx(20.0)
    sectors = {group.name: group for group in exposure.sectors}
    assert sectors["Financial Services"].total == pytest.approx(45.0)
    assert sectors["Financial Services"].gross == pytest.approx(69.0)


def test_overlap_is_the_sum_of_smaller_net_weights_and_nan_for_an_uncovered_fund() -> None:
    overlap = report_of(book_of_three()).overlap
    assert overlap.matrix[0, 1] == pytest.approx(0.0)
    assert np.isnan(overlap.matrix[2]).all()
    assert overlap.left_out == ("INF3",)
    lines = lines_of([share(HDFC, 60.0), cash(40.0)], [share(HDFC, 45.0), cash(55.0)])
    both = report_of(fund_book([fund_position(1, 1.0, 1), fund_position(2, 1.0, 2)], lines)).overlap
    assert both.matrix[0, 1] == pytest.approx(45.0)
    assert both.names[0, 1] == 1


def test_two_plans_of_a_scheme_hold_a_share_once() -> None:
    lines = lines_of([share(HDFC, 90.0), cash(10.0)])
    positions = [fund_position(1, 500.0, 1), fund_position(2, 500.0, 1)]
    found = report_of(fund_book(positions, lines))
    assert found.exposure.shared == ()
    assert found.overlap.matrix[0, 1] == pytest.approx(90.0)
    assert {one.held_by for one in found.exposure.securities} == {1}


def test_each_fund_is_measured_by_its_own_navs() -> None:
    book = book_of_three()
    report = report_of(book)
    returns, index = book.returns[-252:, 0], book.benchmark_returns[-252:]
    measures = report.funds[0].windows["1y"].measures
    expected = {
        "volatility": volatility.annual_volatility(returns) * 100,
        "beta": market.beta(returns, index),
        "correlation_nifty": market.correlation(returns, index),
        "var_historical_95": tail.historical_var(returns, 0.95) * 100,
        "cvar_99": tail.expected_shortfall(returns, 0.99) * 100,
        "sharpe": ratios.sharpe(returns, 0.06 / 252),
        "sortino": ratios.sortino(returns, 0.06 / 252),
    }
    for name, value in expected.items():
        assert measures[name].value == pytest.approx(float(value)), name
    assert measures["volatility"].rupees == pytest.approx(float(expected["volatility"]) * 5.0)


def test_the_book_is_measured_as_one_series_and_not_by_adding() -> None:
    book = book_of_three()
    found = report_of(book).windows["1y"]
    series = book.returns[-252:] @ np.array([0.5, 0.3, 0.2])
    assert found.measures["volatility"].value == pytest.approx(float(volatility.annual_volatility(series)) * 100)
    assert found.coverage == pytest.approx(100.0)
    assert found.measures["volatility_range"].unavailable


def test_beta_takes_only_days_on_which_the_nav_is_a_day_old() -> None:
    levels = navs(1)
    levels[-20:-17] = np.nan
    book = fund_book([fund_position(1, 1.0, None)], lines_of(), levels)
    beta = report_of(book).funds[0].windows["1y"].measures["beta"]
    assert beta.observations == 252 - 4
    single = np.where(book.spans[:, 0] == 1, book.returns[:, 0], np.nan)[-252:]
    assert beta.value == pytest.approx(float(market.beta(single, book.benchmark_returns[-252:])))


def test_a_young_fund_is_left_out_of_measures_and_counts_in_value() -> None:
    levels = navs(1, 2)
    levels[:-30, 1] = np.nan
    book = fund_book([fund_position(1, 600.0, None), fund_position(2, 400.0, None)], lines_of(), levels)
    report = report_of(book)
    assert report.windows["1y"].left_out == ("INF2",)
    assert report.windows["1y"].coverage == pytest.approx(60.0)
    assert report.value == 1000.0
    volatility_of_young = report.funds[1].windows["60d"].measures["volatility"]
    assert volatility_of_young.value is None
    assert volatility_of_young.unavailable == "29 of 60 returns, nine in ten are needed"


def test_an_empty_book_and_one_without_navs_are_defined() -> None:
    empty = report_of(fund_book([], lines_of()))
    assert empty.value is None
    assert empty.exposure.unavailable == "no fund has a value"
    dark = report_of(fund_book([fund_position(1, None, None)], lines_of()))
    assert dark.value is None
    assert {issue.code for issue in dark.data_issues} >= {"not_valued", "no_disclosure"}
    for report in (empty, dark):
        json.loads(to_json(report))


def test_an_old_portfolio_warns_by_its_age() -> None:
    young, old = (report_of(book_of_three(), day) for day in (date(2026, 12, 15), date(2026, 12, 16)))
    assert (date(2026, 12, 15) - AS_ON).days == 45
    assert not any(issue.code == "stale_disclosure" for issue in young.data_issues)
    assert sum(issue.code == "stale_disclosure" for issue in old.data_issues) == 2


def test_active_share_is_against_another_fund_of_the_index_and_never_against_itself() -> None:
    lines = lines_of(
        [share(HDFC, 60.0), share(RELIANCE, 40.0)],
        [share(HDFC, 50.0), share(FINANCE, 50.0)],
        names=["Sbi Nifty 500 Index Fund", "My Fund"],
    )
    copy = fund_position(1, 1.0, 1, name="Sbi Nifty 500 Index Fund")
    report = report_of(fund_book([copy, fund_position(2, 1.0, 2)], lines))
    own, mine = (fund.active_share for fund in sorted(report.funds, key=lambda fund: fund.isin))
    assert own.unavailable == "no other index fund's portfolio of Nifty 500 is stored"
    assert mine.value == pytest.approx((10 + 50 + 40) / 2)
    assert mine.as_of == AS_ON


def test_the_costs_of_both_plans_are_shown_and_what_the_direct_one_would_save() -> None:
    costs = (
        FundCost("F", Plan.DIRECT, CostKind.TOTAL, 0.5, AS_ON),
        FundCost("F", Plan.DIRECT, CostKind.BASE, 0.4, AS_ON),
        FundCost("F", Plan.REGULAR, CostKind.TOTAL, 1.5, AS_ON),
    )
    held = replace(fund_position(1, 10_000.0, None), plan=Plan.REGULAR)
    facts = FundFacts({"INF1": costs}, {}, {})
    report = report_of(fund_book([held, fund_position(2, 10_000.0, None)], lines_of(), facts=facts))
    expense = next(fund.expense for fund in report.funds if fund.isin == "INF1")
    assert expense.own.value == 1.5
    assert expense.own.rupees == pytest.approx(150.0)
    assert expense.gap.value == 1.0
    assert expense.gap.rupees == pytest.approx(100.0)
    assert report.costs.rupees == pytest.approx(150.0)
    assert report.costs.saved_by_direct == pytest.approx(100.0)
    assert report.costs.coverage == pytest.approx(50.0)
    other = next(fund.expense for fund in report.funds if fund.isin == "INF2")
    assert other.own.unavailable


def test_ratios_of_different_kinds_are_not_subtracted() -> None:
    costs = (
        FundCost("F", Plan.DIRECT, CostKind.BASE, 0.5, AS_ON),
        FundCost("F", Plan.REGULAR, CostKind.TOTAL, 1.5, AS_ON),
    )
    report = report_of(fund_book([fund_position(1, 1.0, None)], lines_of(), facts=FundFacts({"INF1": costs}, {}, {})))
    assert report.funds[0].expense.gap.unavailable == "the ratios of the two plans are of different kinds"


def test_houses_are_added_up() -> None:
    found = report_of(book_of_three()).concentration
    assert [house.name for house in found.houses] == ["H", "Other"]
    assert [house.value for house in found.houses] == pytest.approx([80.0, 20.0])
    assert found.effective_funds == pytest.approx(1 / (0.25 + 0.09 + 0.04))


def test_direct_shares_meet_those_of_funds_and_new_ones_are_added() -> None:
    book = book_of_three()
    outsider = _position("INE009A01021", "INFY")
    joined, places = with_shares(book, [_position(HDFC.isin, "HDFCBANK"), outsider, _position(None, "RELIANCE")])
    assert joined.securities.keys[places].tolist() == [HDFC.isin, "INE009A01021", RELIANCE.isin]
    assert len(joined.securities) == len(book.securities) + 1 == joined.compositions.security_count
    assert joined.securities.kinds[places[1]] == LineKind.EQUITY


def _position(isin: str | None, symbol: str) -> Position:
    return Position(isin, symbol, symbol, "S", ("NSE",), 1.0, 0.0, None, None, None, MatchKind.ISIN, (symbol,))


@pytest.mark.parametrize(("days", "is_proven"), [(900, True), (255, False)])
def test_each_window_has_the_figure_of_the_method_that_the_funds_own_backtest_prefers(
    days: int, is_proven: bool
) -> None:
    calendar = np.busday_offset(np.datetime64("2026-11-18"), np.arange(1 - days, 1), roll="backward")
    history = ReturnHistory("mf", False, calendar, np.random.default_rng(5).normal(0, 0.01, days), "")
    tested = backtest_report(history, WINDOWS, "")
    assert tested.windows["1y"].preferred[0].proven is is_proven
    book = fund_book([fund_position(1, 500.0, None)], lines_of(), navs(1))
    for name, window in report_of(book, tested=tested).windows.items():
        for choice in tested.windows[name].preferred:
            found, kin = (window.measures[f"{kind}_{choice.level:g}"] for kind in ("var_preferred", "var_historical"))
            assert choice.reason in found.method
            assert (found.value is None) == (found.rupees is None) == bool(found.unavailable)
            assert choice.proven or found.value == kin.value
    assert "var_preferred_95" not in report_of(book).windows["1y"].measures


def seen_inside() -> tuple[FundBook, Constituents]:
    """The book of three with prices of two of the shares that its funds hold."""
    book = book_of_three()
    returns = np.random.default_rng(8).normal(0, 0.01, (299, 2))
    places = np.array([book.securities.places[one.isin] for one in (HDFC, RELIANCE)], dtype=np.int64)
    return book, Constituents(book.days, returns, places)


def test_exposure_has_the_shape_of_the_combined_report_with_nothing_direct() -> None:
    exposure = report_of(book_of_three()).exposure
    (bank,) = (one for one in exposure.stocks if one.symbol == "HDFCBANK")
    assert (bank.isin, bank.direct, bank.through_funds, bank.total) == (HDFC.isin, 0.0, bank.total, bank.total)
    assert bank.total == pytest.approx(30.0)
    assert [part.isin for part in bank.funds] == ["INF1"]
    assert all(group.direct == 0.0 and group.through_funds == group.total for group in exposure.sectors)
    assert sum(group.total for group in exposure.assets) == pytest.approx(100.0)
    assert exposure.top5 is not None
    assert exposure.top5.value == pytest.approx(sum(one.total for one in exposure.stocks))


def test_the_funds_alone_are_what_the_combined_report_says_of_them() -> None:
    book, constituents = seen_inside()
    together = alone(book, constituents)
    own = compute_mf_report(together, OPTIONS, WINDOWS, today=TODAY, computed_at="now", as_of=None)
    combined = compute_combined(together, OPTIONS, WINDOWS, horizon_days=1, today=TODAY, computed_at="now", as_of=None)
    assert own.exposure.stocks == combined.exposure.stocks
    assert own.exposure.sectors == combined.exposure.sectors
    assert own.diversification == combined.diversification
    assert own.coverage.disclosures == combined.coverage.disclosures
    assert own.coverage.constituents == combined.coverage.constituents
    assert [(one.kind, one.key) for one in own.contributions] == [(one.kind, one.key) for one in combined.contributions]
    assert [one.rupees for one in own.stress] == pytest.approx([one.rupees for one in combined.stress])
    assert (own.coverage.navs, own.coverage.identified) == (own.coverage.prices, own.coverage.look_through)


def test_the_contributions_of_each_kind_add_up_to_the_measures_of_the_window() -> None:
    together = alone(*seen_inside())
    report = compute_mf_report(together, OPTIONS, WINDOWS, today=TODAY, computed_at="now", as_of=None)
    assert report.contribution_window == "1y"
    measures = report.windows["1y"].measures
    for kind in ContributionKind:
        rows = [one for one in report.contributions if one.kind is kind]
        volatile, tailed = (math.fsum(part or 0.0 for part in parts) for parts in (
            [one.rupees for one in rows], [one.tail_rupees for one in rows]))  # fmt: skip
        assert volatile == pytest.approx(measures["volatility"].rupees, rel=1e-12), kind
        assert tailed == pytest.approx(measures["cvar_95"].rupees, rel=1e-12), kind
        assert math.fsum(one.risk or 0.0 for one in rows) == pytest.approx(100.0, abs=1e-10)
    assert {one.name for one in report.contributions if one.kind is ContributionKind.STOCK} >= {HDFC.name}


def test_contributions_add_up_where_navs_are_missing() -> None:
    levels = navs(1, 2, 3)
    levels[-30:-27, 0] = levels[-12, 1] = np.nan
    book, constituents = seen_inside()
    gappy = fund_book(book.positions, book.lines, levels)
    report = compute_mf_report(alone(gappy, constituents), OPTIONS, ("1y",), today=TODAY, computed_at="", as_of=None)
    held = [one.rupees or 0.0 for one in report.contributions if one.kind is ContributionKind.HOLDING]
    assert math.fsum(held) == pytest.approx(report.windows["1y"].measures["volatility"].rupees, rel=1e-12)


def test_a_book_without_funds_or_navs_has_the_shape_with_reasons() -> None:
    for positions in ([], [fund_position(1, None, None)]):
        report = report_of(fund_book(positions, lines_of()))
        assert (report.contributions, report.contribution_window, report.exposure.stocks) == ((), None, ())
        assert report.diversification.unavailable
        assert all(one.unavailable for one in report.stress)


def test_the_shape_of_the_report_is_that_of_the_combined_one() -> None:
    found = json.loads(to_json(report_of(book_of_three())))
    assert {"isin", "symbol", "name", "sector", "direct", "through_funds", "total", "funds"} <= set(
        found["exposure"]["stocks"][0]
    )
    assert {"name", "direct", "through_funds", "total"} <= set(found["exposure"]["sectors"][0])
    for name in ("contributions", "diversification", "stress", "coverage", "funds", "overlap"):
        assert found[name], name
