from __future__ import annotations

import numpy as np
import pytest

from app.measures import market
from app.measures.conventions import FloatArray
from tests.unit.measures.reference_files import agreeing_digits, nist

MEASURES = (market.beta, market.correlation, market.r_squared)


def pair() -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(11)
    benchmark = rng.normal(0, 0.01, 80)
    return 1.3 * benchmark[:, None] + rng.normal(0, 0.02, (80, 2)), benchmark


def test_the_slope_of_norris_keeps_fourteen_certified_digits() -> None:
    y, x = nist("Norris").T
    assert agreeing_digits(float(market.beta(y, x)), 1.00211681802045) >= 14
    assert agreeing_digits(float(market.r_squared(y, x)), 0.999993745883712) >= 14


def test_beta_and_correlation_are_those_of_numpy() -> None:
    returns, benchmark = pair()
    for column in range(2):
        covariance = np.cov(returns[:, column], benchmark)
        assert market.beta(returns, benchmark)[column] == pytest.approx(covariance[0, 1] / covariance[1, 1], rel=1e-12)
        pearson = np.corrcoef(returns[:, column], benchmark)[0, 1]
        assert market.correlation(returns, benchmark)[column] == pytest.approx(pearson, rel=1e-12)
        assert market.r_squared(returns, benchmark)[column] == pytest.approx(pearson**2, rel=1e-12)


def test_only_days_on_which_both_have_a_return_count() -> None:
    returns, benchmark = pair()
    returns[3, 0], benchmark[10] = np.nan, np.nan
    both = ~np.isnan(returns[:, 0]) & ~np.isnan(benchmark)
    for measure in MEASURES:
        expected = float(measure(returns[both, 0], benchmark[both]))
        assert measure(returns, benchmark)[0] == pytest.approx(expected, rel=1e-13)


def test_the_benchmark_has_beta_and_correlation_one_with_itself() -> None:
    _, benchmark = pair()
    for measure in MEASURES:
        assert measure(benchmark, benchmark) == pytest.approx(1.0, abs=1e-15)


def test_a_benchmark_that_stands_still_gives_no_number_rather_than_zero() -> None:
    returns, _ = pair()
    for measure in MEASURES:
        assert np.isnan(measure(returns, np.full(80, 0.001))).all()


def test_a_series_that_stands_still_has_beta_zero_and_no_correlation() -> None:
    _, benchmark = pair()
    assert market.beta(np.full(80, 0.1), benchmark) == 0.0
    assert np.isnan(market.correlation(np.full(80, 0.1), benchmark))


def test_fewer_than_two_common_days_give_no_number() -> None:
    own, benchmark = np.array([0.01, np.nan, 0.02]), np.array([0.01, 0.02, np.nan])
    for measure in MEASURES:
        assert np.isnan(measure(own, benchmark))
        assert np.isnan(measure(np.array([]), np.array([])))
