from __future__ import annotations

import math

import numpy as np
import pytest

from app.measures import conventions


@pytest.mark.parametrize(
    ("level", "too_few", "enough"), [(0.9, 9, 10), (0.95, 19, 20), (0.975, 39, 40), (0.99, 99, 100)]
)
def test_a_tail_needs_at_least_one_whole_observation(level: float, too_few: int, enough: int) -> None:
    assert conventions.has_tail(np.array([too_few, enough]), level).tolist() == [False, True]


def test_sixty_and_ninety_day_windows_have_no_99_percent_tail() -> None:
    assert not conventions.has_tail(np.array([60, 90]), 0.99).any()


@pytest.mark.parametrize(("window", "least"), [(60, 54), (90, 81), (252, 227)])
def test_a_window_needs_nine_tenths_of_its_returns(window: int, least: int) -> None:
    assert conventions.has_enough_returns(np.array([least - 1, least]), window).tolist() == [False, True]


def test_half_of_the_weight_is_enough_and_unknown_weight_is_not() -> None:
    assert conventions.has_coverage(np.array([0.4999, 0.5, np.nan])).tolist() == [False, True, False]


@pytest.mark.parametrize("level", [0.0, 0.05, 0.5, 1.0, 95.0, float("nan")])
def test_a_level_that_is_no_confidence_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="confidence level"):
        conventions.check_level(level)


def test_a_horizon_below_one_day_is_refused() -> None:
    with pytest.raises(ValueError, match="horizon"):
        conventions.check_horizon(0)


def test_dividing_by_zero_gives_nan_and_no_warning() -> None:
    result = conventions.quotient(np.array([1.0, 0.0, 6.0]), np.array([0.0, 0.0, 3.0]))
    np.testing.assert_array_equal(result, [np.nan, np.nan, 2.0])


def test_the_risk_free_rate_is_spread_evenly_over_the_trading_days() -> None:
    assert math.isclose(conventions.RISK_FREE_DAILY * 252, 0.06, rel_tol=1e-15)
