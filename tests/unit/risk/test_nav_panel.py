from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from app.domain.navs import NavHistory, NavIssue, NavIssueKind
from app.domain.prices import FloatArray
from app.risk.nav_panel import build_nav_panel, nav_issues, nav_returns

NAN = float("nan")
MONDAY = np.datetime64("2026-11-02")


def history(days: list[int], navs: list[list[float]], *issues: NavIssue) -> NavHistory:
    """``days`` count from a Monday."""
    names = tuple(f"F{column}" for column in range(len(navs[0])))
    return NavHistory(names, MONDAY + np.array(days), np.array(navs), issues)


def index_of(*days: int) -> tuple[NDArray[np.datetime64], FloatArray]:
    return MONDAY + np.array(days, dtype=np.int64), np.linspace(100.0, 110.0, len(days))


def test_a_gap_gives_one_return_over_several_days_and_none_before() -> None:
    returns, spans = nav_returns(np.array([[100.0], [NAN], [NAN], [106.0], [107.0]]))
    np.testing.assert_allclose(returns[:, 0], [NAN, NAN, 0.06, 1 / 106])
    assert spans[:, 0].tolist() == [0, 0, 3, 1]


def test_nothing_comes_before_the_first_nav() -> None:
    returns, spans = nav_returns(np.array([[NAN], [100.0], [101.0]]))
    np.testing.assert_allclose(returns[:, 0], [NAN, 0.01])
    assert spans[:, 0].tolist() == [0, 1]


def test_days_of_the_index_are_the_calendar_and_a_sunday_nav_is_none() -> None:
    found = build_nav_panel(
        history([0, 1, 5, 6, 7], [[10.0], [11.0], [99.0], [99.0], [12.0]]), ["F0"], *index_of(0, 1, 2, 3, 4, 7)
    )
    assert (found.days - MONDAY).astype(int).tolist() == [0, 1, 2, 3, 4, 7]
    np.testing.assert_allclose(found.returns[:, 0], [0.1, NAN, NAN, NAN, 12 / 11 - 1])
    assert found.spans[-1, 0] == 4
    assert np.isfinite(found.benchmark_returns).all()


def test_weekdays_after_the_last_index_bar_count_where_half_of_the_funds_have_a_nav() -> None:
    found = build_nav_panel(
        history([0, 1, 2, 3], [[10.0, 5.0], [10.1, 5.1], [10.2, 5.2], [10.3, NAN]]), ["F0", "F1"], *index_of(0, 1)
    )
    assert (found.days - MONDAY).astype(int).tolist() == [0, 1, 2, 3]
    assert np.isnan(found.benchmark[2:]).all()


def test_without_an_index_the_navs_make_the_calendar() -> None:
    found = build_nav_panel(history([4, 5, 6, 7], [[1.0], [1.0], [1.0], [1.1]]), ["F0"], *index_of())
    assert (found.days - MONDAY).astype(int).tolist() == [4, 7]
    np.testing.assert_allclose(found.returns[:, 0], [0.1])


def test_the_return_over_a_jump_is_left_out_of_that_fund_alone() -> None:
    jump = NavIssue("F0", date(2026, 11, 3), NavIssueKind.JUMP, "moved by -90 % in one step")
    found = build_nav_panel(
        history([0, 1, 2], [[100.0, 5.0], [10.0, 5.1], [10.1, 5.2]], jump), ["F0", "F1"], *index_of(0, 1, 2)
    )
    assert np.isnan(found.returns[0, 0])
    assert found.spans[0, 0] == 0
    assert np.isfinite(found.returns[0, 1])
    assert found.returns[1, 0] == pytest.approx(0.01)


def test_no_return_bridges_more_than_a_week_without_a_nav() -> None:
    gap = NavIssue("F0", date(2026, 11, 16), NavIssueKind.GAP, "no NAV for 13 days")
    given = history([0, 1, 14, 15], [[100.0], [101.0], [150.0], [151.5]], gap)
    found = build_nav_panel(given, ["F0"], *index_of())
    np.testing.assert_allclose(found.returns[:, 0], [0.01, NAN, 0.01])
    assert [issue.code for issue in nav_issues(found, ["F0"], given.issues, 252)] == ["nav_missing"]


def test_gaps_and_jumps_are_told_once_each() -> None:
    jump = NavIssue("F0", date(2026, 11, 3), NavIssueKind.JUMP, "moved by -90 % in one step")
    given = history([0, 1, 4], [[100.0], [10.0], [10.1]], jump)
    found = build_nav_panel(given, ["F0"], *index_of(0, 1, 2, 3, 4))
    assert [issue.code for issue in nav_issues(found, ["F0"], given.issues, 252)] == ["nav_gaps", "nav_jump"]


def test_no_funds_and_no_days_are_an_empty_panel() -> None:
    empty = NavHistory((), np.empty(0, "datetime64[D]"), np.empty((0, 0)), ())
    found = build_nav_panel(empty, [], *index_of())
    assert found.navs.shape == (0, 0)
    assert len(found.days) == 0
    assert list(nav_issues(found, [], (), 252)) == []
