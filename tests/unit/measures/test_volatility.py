from __future__ import annotations

import math

import numpy as np
import pytest

from app.measures.volatility import annual_volatility


def test_two_opposite_days_have_the_volatility_done_by_hand() -> None:
    assert annual_volatility(np.array([0.01, -0.01])) == pytest.approx(0.01 * math.sqrt(2) * math.sqrt(252), rel=1e-14)


def test_the_population_divisor_is_a_choice() -> None:
    assert annual_volatility(np.array([0.01, -0.01]), ddof=0) == pytest.approx(0.01 * math.sqrt(252), rel=1e-14)


def test_fewer_than_two_returns_have_no_volatility_and_constant_ones_have_none_to_show() -> None:
    columns = np.array([[0.01, 0.02, np.nan], [np.nan, 0.02, np.nan]])
    np.testing.assert_array_equal(annual_volatility(columns), [np.nan, 0.0, np.nan])
