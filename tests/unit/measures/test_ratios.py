from __future__ import annotations

import math

import numpy as np
import pytest

from app.measures import ratios

RETURNS = np.array([0.01, -0.02, 0.03, 0.0])


def test_sharpe_is_the_yearly_mean_excess_per_unit_of_deviation() -> None:
    expected = (RETURNS - 0.001).mean() / RETURNS.std(ddof=1) * math.sqrt(252)
    assert ratios.sharpe(RETURNS, 0.001) == pytest.approx(expected, rel=1e-13)


def test_sortino_divides_by_the_shortfalls_over_all_days() -> None:
    downside = math.sqrt((0.021**2 + 0.001**2) / 4)
    assert ratios.downside_deviation(RETURNS, 0.001) == pytest.approx(downside, rel=1e-13)
    assert ratios.sortino(RETURNS, 0.001) == pytest.approx(
        (RETURNS.mean() - 0.001) * 252 / (downside * math.sqrt(252)), rel=1e-13
    )


def test_the_default_riskless_return_is_six_percent_a_year() -> None:
    assert ratios.sharpe(RETURNS) == ratios.sharpe(RETURNS, 0.06 / 252)
    assert ratios.sortino(RETURNS) == ratios.sortino(RETURNS, 0.06 / 252)


def test_a_missing_day_is_no_day_of_zero_return() -> None:
    gappy = np.insert(RETURNS, 2, np.nan)
    assert ratios.sharpe(gappy) == pytest.approx(float(ratios.sharpe(RETURNS)), rel=1e-13)
    assert ratios.sortino(gappy) == pytest.approx(float(ratios.sortino(RETURNS)), rel=1e-13)


def test_a_series_that_stands_still_has_no_sharpe_ratio() -> None:
    assert np.isnan(ratios.sharpe(np.full(61, 0.1)))


def test_without_a_day_below_the_riskless_return_there_is_no_sortino_ratio() -> None:
    assert np.isnan(ratios.sortino(np.array([0.01, 0.02]), 0.0))


def test_one_return_or_none_has_no_ratio() -> None:
    assert np.isnan(ratios.sharpe(np.array([0.01])))
    assert np.isnan(ratios.sharpe(np.array([])))
    assert np.isnan(ratios.sortino(np.array([np.nan])))
    assert ratios.sortino(np.array([-0.01]), 0.0) == pytest.approx(-math.sqrt(252))


def test_columns_are_measured_each_for_itself() -> None:
    both = np.column_stack([RETURNS, 2 * RETURNS])
    np.testing.assert_allclose(ratios.sharpe(both, 0.0), np.full(2, float(ratios.sharpe(RETURNS, 0.0))), rtol=1e-13)
