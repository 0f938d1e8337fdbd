from __future__ import annotations

import math

import numpy as np
import pytest

from app.measures.conventions import FloatArray
from app.measures.correlation import correlation_matrix
from app.measures.volatility import annual_volatility, combined_volatility


def test_two_opposite_days_have_the_volatility_done_by_hand() -> None:
    assert annual_volatility(np.array([0.01, -0.01])) == pytest.approx(0.01 * math.sqrt(2) * math.sqrt(252), rel=1e-14)


def test_the_population_divisor_is_a_choice() -> None:
    assert annual_volatility(np.array([0.01, -0.01]), ddof=0) == pytest.approx(0.01 * math.sqrt(252), rel=1e-14)


def test_fewer_than_two_returns_have_no_volatility_and_constant_ones_have_none_to_show() -> None:
    columns = np.array([[0.01, 0.02, np.nan], [np.nan, 0.02, np.nan]])
    np.testing.assert_array_equal(annual_volatility(columns), [np.nan, 0.0, np.nan])


def test_two_holdings_combined_can_be_done_by_hand() -> None:
    def combined(correlation: float) -> float:
        matrix = np.array([[1.0, correlation], [correlation, 1.0]])
        return combined_volatility(np.array([0.5, 0.5]), np.array([0.3, 0.4]), matrix)

    assert combined(1.0) == pytest.approx(0.35, rel=1e-14)
    assert combined(0.0) == pytest.approx(0.25, rel=1e-14)
    assert combined(-1.0) == pytest.approx(0.05, rel=1e-13)


def returns_of(seed: int, days: int = 60, columns: int = 5) -> FloatArray:
    rng = np.random.default_rng(seed)
    return 0.006 * rng.standard_normal((days, 1)) + 0.01 * rng.standard_normal((days, columns))


@pytest.mark.parametrize("seed", range(4))
def test_combined_volatilities_of_closes_are_the_volatility_of_the_combined_closes(seed: int) -> None:
    returns, weights = returns_of(seed), np.random.default_rng(seed).dirichlet(np.ones(5))
    found = combined_volatility(weights, annual_volatility(returns), correlation_matrix(returns))
    assert found == pytest.approx(float(annual_volatility(returns @ weights)), rel=1e-12)


def test_nothing_combined_is_still_and_what_cancels_exactly_is_never_below_zero() -> None:
    assert combined_volatility(np.empty(0), np.empty(0), np.empty((0, 0))) == 0.0
    opposite = np.array([[1.0, -1.0], [-1.0, 1.0]])
    assert combined_volatility(np.array([0.1, 0.3]), np.array([0.3, 0.1]), opposite) < 1e-8


def test_a_missing_volatility_makes_the_combined_one_missing() -> None:
    assert math.isnan(combined_volatility(np.array([0.5, 0.5]), np.array([0.2, np.nan]), np.eye(2)))
