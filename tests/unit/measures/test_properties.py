"""What must hold for every series: each property on 1,000 generated examples with ties, gaps and any length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measures import concentration, correlation, drawdown, market, moments, tail
from app.measures.conventions import FloatArray
from app.measures.returns import portfolio_returns

SMALL = 1e-12
thousand = settings(max_examples=1000, deadline=None, derandomize=True, database=None)


def as_returns(raw: bytes) -> FloatArray:
    """Two bytes a day: -32.8 % to +32.8 %."""
    return np.frombuffer(raw[: len(raw) // 2 * 2], dtype="<i2").astype(float) / 1e5


def with_gaps(raw: bytes) -> FloatArray:
    """The same with about every seventh day missing."""
    series = as_returns(raw)
    return np.where(np.frombuffer(raw[: len(series) * 2], dtype="<i2") % 7 == 3, np.nan, series)


def matrix(columns: int) -> st.SearchStrategy[FloatArray]:
    sizes = st.binary(min_size=2 * columns * 3, max_size=2 * columns * 60)
    return sizes.map(lambda raw: as_returns(raw[: len(raw) // (2 * columns) * 2 * columns]).reshape(-1, columns))


SERIES = st.binary(min_size=2, max_size=320).map(as_returns)
GAPPY = st.binary(min_size=2, max_size=320).map(with_gaps)
LONG = st.binary(min_size=200, max_size=500).map(as_returns)
SCALE = st.floats(0.01, 100.0)
SHIFT = st.floats(-0.05, 0.05)
LEVEL = st.sampled_from([0.9, 0.95, 0.975, 0.99])
EMPIRICAL = (tail.historical_var, tail.expected_shortfall)
LINEAR: tuple[Callable[[FloatArray, float], FloatArray], ...] = (*EMPIRICAL, tail.parametric_var)


def assert_same(left: object, right: object) -> None:
    np.testing.assert_allclose(np.asarray(left, float), np.asarray(right, float), rtol=1e-9, atol=SMALL)


@thousand
@given(LONG)
def test_the_99_percent_loss_is_never_below_the_95_percent_loss(series: FloatArray) -> None:
    for measure in (*LINEAR, tail.cornish_fisher_var):
        near, far = measure(series, 0.95), measure(series, 0.99)
        assert np.isnan(near) or far >= near - SMALL


@thousand
@given(GAPPY, LEVEL)
def test_the_shortfall_is_never_below_the_var_of_its_level(series: FloatArray, level: float) -> None:
    value_at_risk, shortfall = tail.historical_var(series, level), tail.expected_shortfall(series, level)
    assert np.isnan(value_at_risk) == np.isnan(shortfall)
    assert np.isnan(shortfall) or shortfall >= value_at_risk - SMALL


@thousand
@given(GAPPY, SCALE)
def test_twice_the_position_is_twice_the_risk(series: FloatArray, scale: float) -> None:
    for measure in LINEAR:
        assert_same(measure(scale * series, 0.95), scale * measure(series, 0.95))
    assert_same(moments.standard_deviation(scale * series), scale * moments.standard_deviation(series))


@thousand
@given(GAPPY, SHIFT)
def test_a_sure_gain_lowers_the_loss_by_itself(series: FloatArray, shift: float) -> None:
    for measure in LINEAR:
        assert_same(measure(series + shift, 0.95), measure(series, 0.95) - shift)
    assert_same(moments.standard_deviation(series + shift), moments.standard_deviation(series))


@thousand
@given(LONG)
def test_losses_are_positive_and_gains_negative(series: FloatArray) -> None:
    for measure in EMPIRICAL:
        assert measure(-np.abs(series) - 0.001, 0.95) > 0.0
        assert measure(np.abs(series) + 0.001, 0.95) < 0.0
    assert drawdown.max_drawdown(np.abs(series)) == 0.0


@thousand
@given(GAPPY, st.integers(0, 2**32 - 1))
def test_the_order_of_days_does_not_matter(series: FloatArray, seed: int) -> None:
    shuffled = np.random.default_rng(seed).permutation(series)
    for measure in (*LINEAR, tail.cornish_fisher_var):
        assert_same(measure(shuffled, 0.95), measure(series, 0.95))
    for moment in (moments.mean, moments.standard_deviation, moments.skewness, moments.excess_kurtosis):
        assert_same(moment(shuffled), moment(series))


@thousand
@given(matrix(4), st.lists(st.integers(1, 100), min_size=3, max_size=3))
def test_an_asset_without_weight_changes_nothing(returns: FloatArray, held: list[int]) -> None:
    weights = np.array(held, dtype=float)
    assert_same(portfolio_returns(returns, np.append(weights, 0.0)), portfolio_returns(returns[:, :3], weights))
    assert_same(concentration.hhi(np.append(weights, 0.0)), concentration.hhi(weights))


@thousand
@given(matrix(3), st.floats(0.0, 1.0))
def test_holding_a_share_in_two_accounts_is_holding_it_once(returns: FloatArray, part: float) -> None:
    split = np.column_stack([returns, returns[:, 0]])
    halves = portfolio_returns(split, np.array([2.0 * part, 1.0, 3.0, 2.0 * (1.0 - part)]))
    assert_same(halves, portfolio_returns(returns, np.array([2.0, 1.0, 3.0])))


@thousand
@given(GAPPY)
def test_the_benchmark_has_beta_one(series: FloatArray) -> None:
    beta = market.beta(series, series)
    moves = np.unique(series[~np.isnan(series)]).size > 1
    assert beta == 1.0 if moves else np.isnan(beta)


@thousand
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_concentration_lies_between_an_equal_split_and_a_single_position(values: list[int]) -> None:
    index = concentration.hhi(np.array(values, dtype=float))
    if sum(values) == 0:
        assert np.isnan(index)
    else:
        assert 1 / len(values) - SMALL <= index <= 1 + SMALL


@thousand
@given(matrix(5))
def test_correlations_are_positive_semi_definite_with_a_diagonal_of_one(returns: FloatArray) -> None:
    found = correlation.correlation_matrix(returns)
    moving = np.array([np.unique(column).size > 1 for column in returns.T])
    assert (~np.isnan(np.diag(found)) == moving).all()
    kept = found[np.ix_(moving, moving)]
    assert (np.diag(kept) == 1.0).all()
    assert kept.size == 0 or (np.linalg.eigvalsh(kept).min() >= -1e-12 and np.abs(kept).max() <= 1.0)


@thousand
@given(GAPPY, SCALE)
def test_a_drawdown_is_a_share_of_wealth(series: FloatArray, scale: float) -> None:
    deepest = drawdown.max_drawdown(np.maximum(series * scale, -1.0))
    assert np.isnan(deepest) if np.isnan(series).all() else 0.0 <= deepest <= 1.0


@thousand
@given(SERIES, st.integers(0, 200), st.integers(1, 200))
def test_no_part_of_a_window_falls_deeper_than_the_whole(series: FloatArray, start: int, length: int) -> None:
    part = drawdown.max_drawdown(series[start : start + length])
    assert np.isnan(part) or part <= drawdown.max_drawdown(series) + SMALL


@thousand
@given(GAPPY)
def test_the_named_episode_is_the_deepest_fall(series: FloatArray) -> None:
    episode = drawdown.worst_drawdown(series)
    if episode is None:
        assert np.isnan(series).all()
        return
    running = drawdown.running_drawdown(series)
    assert episode.depth == drawdown.max_drawdown(series)
    assert episode.current == drawdown.current_drawdown(series)
    assert episode.peak <= episode.trough
    assert episode.trough == -1 or running[episode.trough] == episode.depth
    assert episode.recovery is None or episode.recovery == -1 or series[: episode.recovery + 1].size > episode.trough


def discrete_losses(days: int, pairs: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Two books (days, pairs) of coarse losses, rare large ones among them, tied and dependent."""
    rng = np.random.default_rng(seed)
    first = rng.choice([0.0, 0.0, 0.01, 0.02, -0.01, -0.05, -0.2], (days, pairs))
    second = np.where(rng.random((days, pairs)) < 0.3, first, rng.choice([0.01, 0.0, -0.03, -0.1], (days, pairs)))
    return first, second


def naive_shortfall(returns: FloatArray, level: float) -> FloatArray:
    """Mean of the losses at or beyond the linear quantile."""
    beyond = returns <= np.quantile(returns, 1 - level, axis=0)
    return np.asarray(-np.sum(np.where(beyond, returns, 0.0), axis=0) / beyond.sum(axis=0))


def breaks(measure: Callable[[FloatArray, float], FloatArray], level: float) -> int:
    """Number of 40,000 pairs of books whose sum is riskier than the two apart."""
    count = 0
    for seed, days in enumerate((20, 37, 60, 90, 100, 121, 180, 252)):
        first, second = discrete_losses(days, 5_000, seed)
        together = measure(first + second, level)
        count += int(np.count_nonzero(together > measure(first, level) + measure(second, level) + SMALL))
    return count


@pytest.mark.parametrize("level", [0.95, 0.975])
def test_the_shortfall_of_two_books_never_exceeds_the_sum_of_both(level: float) -> None:
    assert breaks(tail.expected_shortfall, level) == 0


def test_the_naive_estimator_would_fail_that_test() -> None:
    assert breaks(naive_shortfall, 0.95) > 100
