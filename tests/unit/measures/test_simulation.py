from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from scipy import stats

from app.measures import simulation
from app.measures.conventions import FloatArray
from app.measures.returns import portfolio_returns
from app.measures.simulation import SimulatedTail

PATHS = 40_000
LEVELS = (0.95, 0.99)
METHODS = (simulation.filtered_bootstrap, simulation.multivariate_t)
FRESH = """
from tests.unit.measures.test_simulation import fingerprint
print(fingerprint())
"""


def market_days(days: int = 252, columns: int = 5, seed: int = 31) -> FloatArray:
    rng = np.random.default_rng(seed)
    return rng.standard_t(5, (days, 1)) * 0.007 + rng.standard_t(5, (days, columns)) * 0.01


def weights(columns: int = 5) -> FloatArray:
    return np.arange(1.0, columns + 1.0)


def fingerprint() -> str:
    results = [method(market_days(), weights(), horizon=5, paths=2_000) for method in METHODS]
    return " ".join(value.hex() for result in results for value in result.value_at_risk.tolist())


def assert_close_to(result: SimulatedTail, law: Callable[[], tuple[FloatArray, FloatArray, FloatArray]]) -> None:
    """Within four standard errors of VaR, ES and density at VaR given by ``law``."""
    value_at_risk, shortfall, density = law()
    tail = 1.0 - np.array(LEVELS)
    error = np.sqrt(tail * (1 - tail) / PATHS) / density
    assert (np.abs(result.value_at_risk - value_at_risk) <= 4 * error).all()
    assert (np.abs(result.expected_shortfall - shortfall) <= 4 * 3 * error).all()


def test_with_many_degrees_of_freedom_the_tail_is_the_normal_one() -> None:
    returns = market_days()
    series, _ = portfolio_returns(returns, weights())
    mean, deviation = series.mean(), series.std(ddof=1)
    z = stats.norm.ppf(1 - np.array(LEVELS))
    density = stats.norm.pdf(z)
    result = simulation.multivariate_t(returns, weights(), paths=PATHS, degrees_of_freedom=1e7)
    shortfall = -mean + deviation * density / (1 - np.array(LEVELS))
    assert_close_to(result, lambda: (-mean - z * deviation, shortfall, density / deviation))


@pytest.mark.parametrize("freedom", [3.0, 5.0, 12.0])
def test_the_projected_t_has_the_tail_of_the_univariate_t(freedom: float) -> None:
    returns = market_days()
    series, _ = portfolio_returns(returns, weights())
    mean, scale = series.mean(), series.std(ddof=1) * math.sqrt((freedom - 2) / freedom)
    tails = 1 - np.array(LEVELS)
    z = stats.t.ppf(tails, freedom)
    density = stats.t.pdf(z, freedom)
    shortfall = -mean + scale * density / tails * (freedom + z**2) / (freedom - 1)
    result = simulation.multivariate_t(returns, weights(), paths=PATHS, degrees_of_freedom=freedom)
    assert_close_to(result, lambda: (-mean - z * scale, shortfall, density / scale))


def test_one_day_of_bootstrap_is_the_linear_quantile_of_its_scenarios_to_the_last_digit() -> None:
    returns = market_days()
    scenarios, _ = portfolio_returns(simulation.filtered_scenarios(returns), weights())
    result = simulation.filtered_bootstrap(returns, weights())
    np.testing.assert_allclose(result.value_at_risk, -np.quantile(scenarios, 1 - np.array(LEVELS)), rtol=1e-12)


def test_one_day_of_bootstrap_has_the_shortfall_of_its_scenarios() -> None:
    returns = market_days()
    scenarios = np.sort(portfolio_returns(simulation.filtered_scenarios(returns), weights())[0])
    result = simulation.filtered_bootstrap(returns, weights())
    for level, found in zip(LEVELS, result.expected_shortfall):
        mass = len(scenarios) * (1 - level)
        shares = np.clip(mass - np.arange(len(scenarios)), 0, 1) / mass
        assert found == pytest.approx(-(scenarios @ shares), rel=1e-12)


def test_one_day_out_of_sixty_is_the_same_whatever_the_seed() -> None:
    """Its tail is exactly three of the sixty scenarios: draws would fall on the third or the fourth of them."""
    returns = market_days(60)
    first, *others = (simulation.filtered_bootstrap(returns, weights(), seed=seed) for seed in range(20))
    for other in others:
        assert other.value_at_risk[0] == first.value_at_risk[0]
        assert other.expected_shortfall[0] == first.expected_shortfall[0]


@pytest.mark.parametrize("days", [60, 252])
def test_two_days_of_bootstrap_lie_within_four_errors_of_the_quantiles_of_all_pairs(days: int) -> None:
    returns = market_days(days)
    scenarios, _ = portfolio_returns(simulation.filtered_scenarios(returns), weights())
    losses = 1 - np.multiply.outer(1 + scenarios, 1 + scenarios).ravel()
    result = simulation.filtered_bootstrap(returns, weights(), horizon=2, paths=PATHS)
    for level, found in zip(LEVELS[: 1 + (days >= 100)], result.value_at_risk):
        slack = 4 * math.sqrt(level * (1 - level) / PATHS)
        low, high = np.quantile(losses, [level - slack, level + slack], method="inverted_cdf")
        assert low <= found <= high


def test_days_are_compounded_over_the_horizon() -> None:
    falling = np.full((120, 1), -0.01) + np.linspace(-1e-9, 1e-9, 120)[:, None]
    result = simulation.multivariate_t(falling, np.ones(1), horizon=10, paths=500)
    np.testing.assert_allclose(result.value_at_risk, 1 - 0.99**10, rtol=1e-6)


def test_past_days_are_rescaled_to_the_volatility_of_today() -> None:
    returns = market_days()[:, :1]
    variance, expected = float((returns**2).mean()), []
    for value in returns[:, 0]:
        expected.append(value / math.sqrt(variance))
        variance = 0.94 * variance + 0.06 * value**2
    np.testing.assert_allclose(
        simulation.filtered_scenarios(returns)[:, 0], np.array(expected) * math.sqrt(variance), rtol=1e-12
    )


def test_calm_history_is_scaled_up_when_today_is_wild() -> None:
    returns = market_days()
    wild = returns.copy()
    wild[-20:] *= 4.0
    calm_tail, wild_tail = (simulation.filtered_bootstrap(r, weights(), paths=5_000) for r in (returns, wild))
    assert (wild_tail.value_at_risk > 2 * calm_tail.value_at_risk).all()


def test_missing_days_leave_the_volatility_unchanged_and_stay_missing() -> None:
    returns = market_days()[:, :1]
    gappy = np.insert(returns, [50, 51, 200], np.nan, axis=0)
    scenarios = simulation.filtered_scenarios(gappy)
    np.testing.assert_allclose(scenarios[~np.isnan(gappy)], simulation.filtered_scenarios(returns)[:, 0], rtol=1e-13)
    assert np.isnan(scenarios[np.isnan(gappy)]).all()


def test_a_series_that_never_moves_stays_at_zero() -> None:
    assert (simulation.filtered_scenarios(np.zeros((30, 1))) == 0.0).all()


def test_only_days_with_half_of_the_weight_are_drawn() -> None:
    returns = market_days(columns=2)
    returns[:100, 1] = np.nan
    assert simulation.filtered_bootstrap(returns, np.array([0.4, 0.6])).observations == 152
    assert simulation.filtered_bootstrap(returns, np.array([0.6, 0.4])).observations == 252


def test_too_few_days_give_no_bootstrap_tail() -> None:
    for days, missing in [(0, [True, True]), (19, [True, True]), (99, [False, True]), (100, [False, False])]:
        result = simulation.filtered_bootstrap(market_days(days), weights(), paths=500)
        assert np.isnan(result.value_at_risk).tolist() == missing
        assert np.isnan(result.expected_shortfall).tolist() == missing


def test_a_t_law_is_not_fitted_to_fewer_than_twenty_or_to_constant_returns() -> None:
    for returns in (market_days(19), np.full((50, 5), 0.01)):
        result = simulation.multivariate_t(returns, weights())
        assert np.isnan(result.value_at_risk).all()


def test_the_degrees_of_freedom_are_found_again() -> None:
    rng = np.random.default_rng(8)
    for true in (4.0, 8.0):
        assert simulation.fit_degrees_of_freedom(rng.standard_t(true, 20_000) * 0.01) == pytest.approx(true, rel=0.15)
    assert simulation.fit_degrees_of_freedom(rng.normal(0, 0.01, 20_000)) > 50


def test_one_draw_serves_every_level_alike() -> None:
    for method in METHODS:
        both = method(market_days(), weights(), paths=1_000)
        single = method(market_days(), weights(), levels=(0.99,), paths=1_000)
        assert both.value_at_risk[1] == single.value_at_risk[0]
        assert both.expected_shortfall[1] == single.expected_shortfall[0]
        assert both.levels.tolist() == [0.95, 0.99]


def test_another_seed_gives_another_draw_and_the_same_seed_the_same() -> None:
    for method in METHODS:
        draw = partial(method, market_days(), weights(), horizon=2, paths=1_000)
        first, again, other = (draw(seed=seed).value_at_risk for seed in (1, 1, 2))
        assert first.tolist() == again.tolist()
        assert first.tolist() != other.tolist()


def test_a_fresh_process_draws_the_same_bits() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", FRESH], check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": "."}
    )
    assert answer.stdout.strip() == fingerprint()


def test_no_day_loses_more_than_everything() -> None:
    crash = market_days()
    crash[-1] = -0.99
    result = simulation.filtered_bootstrap(crash, weights(), horizon=3, paths=2_000)
    assert (result.value_at_risk <= 1.0).all()


@pytest.mark.parametrize("method", METHODS)
def test_bad_arguments_are_refused(method: Callable[..., SimulatedTail]) -> None:
    for bad in ({"levels": (0.05,)}, {"horizon": 0}):
        with pytest.raises(ValueError, match=r"level|horizon"):
            method(market_days(), weights(), **bad)
    with pytest.raises(ValueError, match="weights"):
        method(market_days(), -weights())


def test_a_t_law_without_variance_is_refused() -> None:
    with pytest.raises(ValueError, match="degrees of freedom"):
        simulation.multivariate_t(market_days(), weights(), degrees_of_freedom=2.0)


def test_the_fit_maximises_the_likelihood_of_scipy() -> None:
    series = np.random.default_rng(9).standard_t(5, 500) * 0.01
    found = simulation.fit_degrees_of_freedom(series)
    candidates = np.append(np.linspace(2.2, 30.0, 200), found)
    scales = series.std(ddof=1) * np.sqrt(1 - 2 / candidates)
    likelihoods = [stats.t.logpdf(series, v, series.mean(), s).sum() for v, s in zip(candidates, scales)]
    assert max(likelihoods) - likelihoods[-1] < 1e-6
