from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from app.measures import tail
from app.measures.conventions import FloatArray

EMPIRICAL = (tail.historical_var, tail.expected_shortfall)
PARAMETRIC = (tail.parametric_var, tail.cornish_fisher_var)


def normal_scores(n: int) -> FloatArray:
    """The n midpoint quantiles of the standard normal law."""
    return stats.norm.ppf((np.arange(n) + 0.5) / n)


def sample(n: int = 252) -> FloatArray:
    return np.random.default_rng(21).standard_t(6, (n, 4)) * 0.01


def acerbi_tasche(returns: FloatArray, level: float) -> float:
    """Written apart from the app: each sorted loss with its share of the tail mass."""
    losses = np.sort(-returns)[::-1]
    mass = len(losses) * (1 - level)
    shares = np.clip(mass - np.arange(len(losses)), 0.0, 1.0)
    return float(losses @ shares / mass)


def test_the_standard_normal_law_has_its_known_tails() -> None:
    scores = normal_scores(400_000)
    assert tail.historical_var(scores, 0.99) == pytest.approx(2.326348, abs=1e-4)
    assert tail.expected_shortfall(scores, 0.975) == pytest.approx(2.337803, abs=1e-4)
    assert tail.parametric_var(scores, 0.99) == pytest.approx(2.326348, abs=5e-5)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.975, 0.99])
def test_historical_var_is_the_linear_quantile_of_numpy(level: float) -> None:
    returns = sample()
    np.testing.assert_allclose(
        tail.historical_var(returns, level), -np.quantile(returns, 1 - level, axis=0), rtol=1e-13
    )


@pytest.mark.parametrize("level", [0.9, 0.95, 0.975, 0.99])
@pytest.mark.parametrize("n", [100, 101, 199, 252])
def test_shortfall_weighs_the_boundary_observation_with_its_fraction(level: float, n: int) -> None:
    returns = sample(n)
    expected = [acerbi_tasche(column, level) for column in returns.T]
    np.testing.assert_allclose(tail.expected_shortfall(returns, level), expected, rtol=1e-12)


def test_a_worked_tail_of_thirty_returns() -> None:
    returns = np.concatenate([[-0.10, -0.04], np.full(28, 0.01)])
    assert tail.expected_shortfall(returns, 0.95) == pytest.approx((0.10 + 0.5 * 0.04) / 1.5, rel=1e-12)
    assert tail.historical_var(returns, 0.95) == pytest.approx(0.04 - 0.45 * 0.05, rel=1e-12)


@pytest.mark.parametrize(("level", "too_few"), [(0.95, 19), (0.99, 60), (0.99, 90), (0.99, 99)])
def test_a_tail_without_an_observation_is_refused(level: float, too_few: int) -> None:
    for measure in EMPIRICAL:
        assert np.isnan(measure(sample(too_few), level)).all()
        assert not np.isnan(measure(sample(100), level)).any()


def test_missing_days_are_skipped_and_count_for_nothing() -> None:
    returns = sample(120)
    returns[7:27, 0], returns[:, 3] = np.nan, np.nan
    present = returns[~np.isnan(returns[:, 0]), 0]
    for measure in (*EMPIRICAL, *PARAMETRIC):
        assert measure(returns, 0.99)[0] == pytest.approx(float(measure(present, 0.99)), rel=1e-12)
        assert np.isnan(measure(returns, 0.99)[3])
        assert np.isnan(measure(np.array([]), 0.99))
    returns[30, 0] = np.nan
    assert np.isnan(tail.historical_var(returns, 0.99)[0])


def test_a_gain_in_the_tail_is_a_negative_loss() -> None:
    for measure in (*EMPIRICAL, tail.parametric_var):
        assert measure(np.linspace(0.01, 0.011, 40), 0.95) < 0.0


def test_parametric_var_can_be_recomputed_from_mean_and_volatility() -> None:
    returns = sample()
    expected = -(10 * returns.mean(axis=0) - 1.6448536269514722 * returns.std(axis=0, ddof=1) * math.sqrt(10))
    np.testing.assert_allclose(tail.parametric_var(returns, 0.95, horizon=10), expected, rtol=1e-12)


def test_empirical_tails_grow_with_the_root_of_the_horizon() -> None:
    for measure in EMPIRICAL:
        np.testing.assert_allclose(measure(sample(), 0.95, 10), measure(sample(), 0.95) * math.sqrt(10), rtol=1e-14)


def test_a_constant_series_loses_its_mean_and_has_no_corrected_tail() -> None:
    flat = np.full(120, -0.002)
    for measure in (*EMPIRICAL, tail.parametric_var):
        assert measure(flat, 0.99) == pytest.approx(0.002, rel=1e-12)
    assert np.isnan(tail.cornish_fisher_var(flat, 0.99))


def test_a_single_return_has_no_parametric_tail() -> None:
    for measure in PARAMETRIC:
        assert np.isnan(measure(np.array([0.01]), 0.95))


def test_the_correction_vanishes_without_skewness_and_excess_kurtosis() -> None:
    assert tail.cornish_fisher_quantile(-2.0, np.array(0.0), np.array(0.0)) == -2.0


def test_corrected_var_follows_the_expansion_written_out_by_hand() -> None:
    returns = sample()[:, 0]
    skew, kurtosis = stats.skew(returns) / math.sqrt(5), stats.kurtosis(returns) / 5
    z = stats.norm.ppf(0.01)
    hermite = (z**2 - 1) / 6 * skew + (z**3 - 3 * z) / 24 * kurtosis - (2 * z**3 - 5 * z) / 36 * skew**2
    expected = -(5 * returns.mean() + (z + hermite) * returns.std(ddof=1) * math.sqrt(5))
    assert tail.cornish_fisher_var(returns, 0.99, horizon=5) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("skew", "kurtosis"), [(0.0, 0.0), (0.0, 4.0), (0.0, 8.0), (0.5, 0.2), (0.0, -0.5), (-0.8, 3.0), (1.0, 3.0)]
)
def test_inside_the_domain_the_corrected_quantile_never_turns_back(skew: float, kurtosis: float) -> None:
    grid = np.linspace(-3.09, 3.09, 2001)
    curve = [float(tail.cornish_fisher_quantile(z, np.array(skew), np.array(kurtosis))) for z in grid]
    inside = bool(tail._is_increasing(np.array(skew), np.array(kurtosis)))
    assert inside
    assert np.diff(curve).min() >= 0.0


@pytest.mark.parametrize(("skew", "kurtosis"), [(0.0, -1.0), (0.0, 8.1), (1.2, 0.2), (3.0, 9.0), (0.0, math.nan)])
def test_outside_the_domain_there_is_no_corrected_quantile(skew: float, kurtosis: float) -> None:
    assert not tail._is_increasing(np.array(skew), np.array(kurtosis))


def test_an_outlier_that_leaves_the_domain_gives_nan() -> None:
    returns = np.random.default_rng(2).normal(0, 0.01, 252)
    returns[100] = -0.5
    assert np.isnan(tail.cornish_fisher_var(returns, 0.99))


@pytest.mark.parametrize("measure", [*EMPIRICAL, *PARAMETRIC])
def test_a_bad_level_or_horizon_is_refused(measure: object) -> None:
    for arguments in [(0.05, 1), (95.0, 1), (0.95, 0)]:
        with pytest.raises(ValueError, match=r"level|horizon"):
            measure(sample(), *arguments)  # type: ignore[operator]


@pytest.mark.parametrize("level", [0.5001, 0.9, 0.95, 0.975, 0.99])
@pytest.mark.parametrize("count", [100, 101, 252, 9999])
def test_the_tail_of_sorted_returns_is_that_of_the_plain_functions(count: int, level: float) -> None:
    returns = np.random.default_rng(count).standard_t(3, count) / 100
    loss, shortfall = tail.tail_of_sorted(np.sort(returns), level)
    assert loss == pytest.approx(float(tail.historical_var(returns, level)), rel=1e-13)
    assert shortfall == pytest.approx(float(tail.expected_shortfall(returns, level)), rel=1e-12)


@pytest.mark.parametrize(("count", "level"), [(10, 0.9), (20, 0.95), (100, 0.99), (30, 0.9), (3, 0.6666666666666667)])
def test_a_tail_of_whole_observations_is_their_mean_however_it_rounds(count: int, level: float) -> None:
    returns = -np.arange(1.0, count + 1)
    worst = returns[::-1][: round(count * (1 - level))]
    assert float(tail.expected_shortfall(returns, level)) == pytest.approx(-worst.mean(), rel=1e-9)
    assert tail.tail_of_sorted(np.sort(returns), level)[1] == pytest.approx(-worst.mean(), rel=1e-9)
