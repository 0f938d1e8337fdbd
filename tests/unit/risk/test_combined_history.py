from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.domain.backtests import ReturnHistory
from app.domain.prices import FloatArray
from app.measures.backtest import Method
from app.risk.combined_book import CombinedBook
from app.risk.combined_history import joint_history
from app.risk.nav_panel import nav_returns
from app.risk.var_backtest import backtest_report, chosen_methods
from tests.unit.risk.combined import DAYS, RETURNS, ROWS, Fund, book, levels, report_of

SHARES = {"ALPHA": 3e5, "BETA": 1e5}
MIXED = {"GAMMA": 60.0, "DELTA": 40.0}
NAVS = levels(RETURNS @ np.array([0, 0, 0.6, 0.4, 0, 0, 0, 0]))
CLOSES = levels(RETURNS)[:, :2]


def history(one: CombinedBook) -> ReturnHistory:
    return joint_history("combined", one.shares, one.shares.panel, one.funds)


def with_navs(one: CombinedBook, navs: FloatArray) -> CombinedBook:
    """The book whose only fund has these NAVs (300,), its value following the newest."""
    returns, spans = nav_returns(navs[:, None])
    (fund,) = one.funds.positions
    value = (fund.value or 0.0) * float(navs[np.isfinite(navs)][-1] / NAVS[-1])
    funds = replace(
        one.funds, navs=navs[:, None], returns=returns, spans=spans, positions=(replace(fund, value=value),)
    )
    return replace(one, funds=funds)


BOOK = book(SHARES, [Fund(MIXED, 6e5, 1)])


def test_the_history_is_that_of_both_at_the_weights_of_the_day_before_the_newest() -> None:
    worth = np.array([3e5, 1e5]) / 100 * CLOSES[-2]
    worth = np.append(worth, 6e5 * NAVS[-2] / NAVS[-1])
    both = np.column_stack([CLOSES, NAVS])[:-1]
    found = history(BOOK)
    np.testing.assert_allclose(found.returns, (both[1:] / both[:-1] - 1) @ (worth / worth.sum()), rtol=1e-9)
    assert (found.days[0], found.days[-1]) == (DAYS[1], DAYS[-2])


def test_the_newest_nav_changes_nothing() -> None:
    navs = NAVS.copy()
    navs[-1] *= 0.7
    np.testing.assert_allclose(history(with_navs(BOOK, navs)).returns, history(BOOK).returns, rtol=1e-12)


def test_a_fund_that_publishes_late_ends_the_history_a_day_earlier() -> None:
    navs = NAVS.copy()
    navs[-1] = np.nan
    assert history(with_navs(BOOK, navs)).days[-1] == DAYS[-3]


def test_a_return_over_two_days_is_no_test_of_one_day() -> None:
    navs = NAVS.copy()
    navs[100] = np.nan
    found = history(with_navs(BOOK, navs))
    assert DAYS[100] not in found.days
    assert found.days[np.isnan(found.returns)].tolist() == [DAYS[101].astype(object)]


def test_no_return_is_told_where_most_of_the_value_has_no_nav() -> None:
    young = NAVS.copy()
    young[:200] = np.nan
    found = history(with_navs(BOOK, young))
    assert np.isnan(found.returns[:199]).all()
    assert np.isfinite(found.returns[200:]).all()
    none = replace(BOOK.funds, navs=np.full((ROWS, 1), np.nan), returns=np.full((ROWS - 1, 1), np.nan))
    assert np.isnan(history(replace(BOOK, funds=none)).returns).all()


def test_a_young_book_is_refused_with_the_reason_and_keeps_the_historical_method() -> None:
    young = NAVS.copy()
    young[:200] = np.nan
    window = backtest_report(history(with_navs(BOOK, young)), ("90d",), "").windows["90d"]
    assert not any(choice.proven for choice in window.preferred)
    assert {choice.method for choice in window.preferred} == {Method.HISTORICAL}
    assert all(one.unavailable and one.kupiec is None for one in window.methods)


def test_shares_alone_funds_alone_and_nothing_have_a_history_of_their_own() -> None:
    shares, funds, nothing = (history(one) for one in (book(SHARES), book((), [Fund(MIXED, 6e5, 1)]), book()))
    before = CLOSES[-2] * [3, 1]
    np.testing.assert_allclose(shares.returns, RETURNS[:-1, :2] @ (before / before.sum()), rtol=1e-9)
    np.testing.assert_allclose(funds.returns, NAVS[1:-1] / NAVS[:-2] - 1, rtol=1e-9)
    assert not np.isfinite(nothing.returns).any()


def test_the_report_has_the_preferred_figure_beside_its_kin() -> None:
    tested = backtest_report(history(BOOK), ("60d", "90d", "1y"), "")
    report = report_of(BOOK, tested=tested)
    assert len(chosen_methods(report.windows)) == 6
    for name, window in report.windows.items():
        for choice in tested.windows[name].preferred:
            measure = window.measures[f"var_preferred_{choice.level:g}"]
            assert choice.reason in measure.method
            assert (measure.rupees is None) == (measure.value is None) == bool(measure.unavailable)
    assert not chosen_methods(report_of(BOOK).windows)
