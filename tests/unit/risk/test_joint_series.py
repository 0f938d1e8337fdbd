from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.domain.prices import FloatArray
from app.risk.joint_series import LATE, join, returns_between
from tests.unit.risk.combined import DAYS, INDEX, RETURNS, ROWS, Fund, book, levels

HELD = {"ALPHA": 100.0}
SHARES = {"BETA": 1000.0}


def fund(navs: FloatArray | None = None, number: int = 1, rupees: float | None = 500.0) -> Fund:
    return Fund(HELD, rupees, number, navs)


def without(navs: FloatArray, *rows: int) -> FloatArray:
    kept = navs.copy()
    kept[list(rows)] = np.nan
    return kept


def test_shares_and_funds_that_know_every_day_are_joined_as_they_are() -> None:
    owned = book(SHARES, (fund(),))
    joint = join(owned.shares.panel, owned.funds)
    np.testing.assert_array_equal(joint.panel.days, DAYS)
    np.testing.assert_array_equal(joint.panel.returns[:, 0], owned.shares.panel.returns[:, 0])
    np.testing.assert_allclose(joint.panel.returns[:, 1], RETURNS[:, 0], atol=1e-12)
    np.testing.assert_array_equal(joint.spans, 1)
    assert joint.panel.symbols == ("BETA", "INF1")


def test_a_day_without_a_nav_gives_one_return_of_two_days_on_both_sides() -> None:
    owned = book(SHARES, (fund(without(fund().levels, 200)),))
    joint = join(owned.shares.panel, owned.funds)
    assert DAYS[200] not in joint.panel.days
    assert joint.spans[199] == 2
    assert joint.spans.sum() == ROWS - 1
    share, nav = joint.panel.returns[199]
    closes = owned.shares.panel.closes[:, 0]
    assert share == pytest.approx(closes[201] / closes[199] - 1)
    assert nav == pytest.approx(fund().levels[201] / fund().levels[199] - 1)
    assert joint.panel.benchmark_returns[199] == pytest.approx(INDEX[201] / INDEX[199] - 1)
    assert not (joint.panel.returns == 0.0).any()


def test_the_rows_wait_for_the_fund_that_publishes_last() -> None:
    owned = book(SHARES, (fund(), fund(without(fund().levels, 298, 299), number=2)))
    joint = join(owned.shares.panel, owned.funds)
    assert joint.panel.days[-1] == DAYS[297]


def test_a_fund_that_stopped_holds_nobody_up() -> None:
    stopped = fund(without(fund().levels, *range(250, ROWS)), number=2)
    owned = book(SHARES, (fund(), stopped))
    joint = join(owned.shares.panel, owned.funds)
    assert joint.panel.days[-1] == DAYS[-1]
    assert np.isnan(joint.panel.returns[249:, 2]).all()
    assert len(joint.panel.days) == ROWS - LATE


def test_a_fund_with_few_navs_and_one_without_value_hold_nobody_up() -> None:
    weekly = fund(without(fund().levels, *(row for row in range(ROWS) if row % 5)), number=2)
    worthless = fund(without(fund().levels, 100), number=3, rupees=None)
    joint = join(
        book(SHARES, (fund(), weekly, worthless)).shares.panel, book(SHARES, (fund(), weekly, worthless)).funds
    )
    np.testing.assert_array_equal(joint.panel.days, DAYS)


def test_days_before_a_fund_began_count_for_the_others() -> None:
    owned = book(SHARES, (fund(without(fund().levels, *range(150))),))
    joint = join(owned.shares.panel, owned.funds)
    np.testing.assert_array_equal(joint.panel.days, DAYS)
    assert np.isnan(joint.panel.returns[:150, 1]).all()
    assert np.isfinite(joint.panel.returns[150:, 1]).all()


def test_a_move_of_a_nav_that_is_left_out_stays_left_out_over_a_gap() -> None:
    owned = book(SHARES, (fund(without(fund().levels, 200)),))
    returns = owned.funds.returns.copy()
    returns[200] = np.nan
    joint = join(owned.shares.panel, replace(owned.funds, returns=returns))
    assert np.isnan(joint.panel.returns[199, 1])
    assert np.isfinite(joint.panel.returns[199, 0])


def test_a_book_of_one_side_has_that_sides_calendar() -> None:
    shares, funds = book(SHARES), book((), (fund(),))
    np.testing.assert_array_equal(join(shares.shares.panel, shares.funds).panel.days, DAYS)
    np.testing.assert_array_equal(join(funds.shares.panel, funds.funds).panel.days, DAYS)
    assert join(funds.shares.panel, funds.funds).panel.symbols == ("INF1",)


def test_shares_without_any_price_leave_the_calendar_to_the_funds() -> None:
    owned = book(SHARES, (fund(),))
    panel = owned.shares.panel
    nothing = replace(
        panel, days=panel.days[:0], closes=panel.closes[:0], volumes=panel.volumes[:0], returns=panel.returns[:0],
        benchmark=panel.benchmark[:0], benchmark_returns=panel.benchmark_returns[:0], benchmark_name=None,
        ranges=panel.ranges[:, :0],
    )  # fmt: skip
    joint = join(nothing, owned.funds)
    np.testing.assert_array_equal(joint.panel.days, DAYS)
    assert joint.panel.benchmark_name == "NIFTY50"
    assert np.isnan(joint.panel.returns[:, 0]).all()


def test_returns_are_compounded_between_the_days_wanted() -> None:
    returns = np.array([[0.1], [0.2], [np.nan], [0.5]])
    wanted = DAYS[[0, 2, 3, 4]]
    np.testing.assert_allclose(returns_between(DAYS[:5], returns, wanted), [[0.32], [np.nan], [0.5]])


def test_a_day_that_is_not_known_gives_no_return_on_either_side() -> None:
    wanted = np.array([DAYS[0], DAYS[1], DAYS[-1] + 9])
    found = returns_between(DAYS, levels(RETURNS)[1:] / levels(RETURNS)[:-1] - 1, wanted)
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()
    assert returns_between(DAYS, RETURNS, DAYS[:0]).shape == (0, 8)
