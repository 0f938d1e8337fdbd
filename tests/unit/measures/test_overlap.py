from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measures.conventions import FloatArray
from app.measures.lookthrough import compositions
from app.measures.overlap import active_share, fund_overlap
from tests.unit.measures.fund_books import held, random_weights

SEEDS = st.integers(0, 2**32 - 1)
many = settings(max_examples=200, deadline=None, derandomize=True, database=None)


def overlap_by_hand(weights: FloatArray) -> FloatArray:
    long = np.maximum(weights, 0.0)
    return np.array([[np.minimum(one, other).sum() for other in long] for one in long])


def test_overlap_is_the_sum_of_the_smaller_weights() -> None:
    found = fund_overlap(held(np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.0]])))
    np.testing.assert_allclose(found.weight, [[1.0, 0.4], [0.4, 0.7]])
    assert found.names.tolist() == [[3, 2], [2, 2]]


def test_short_positions_are_shared_with_nobody() -> None:
    found = fund_overlap(held(np.array([[0.5, -0.3, 0.2], [0.4, 0.5, -0.1], [0.1, -0.2, 0.3]])))
    np.testing.assert_allclose(found.weight, [[0.7, 0.4, 0.3], [0.4, 0.9, 0.1], [0.3, 0.1, 0.4]])
    assert found.names.tolist() == [[2, 1, 2], [1, 2, 1], [2, 1, 2]]


@many
@given(SEEDS)
def test_every_pair_equals_a_dense_second_computation(seed: int) -> None:
    weights = random_weights(seed) * np.random.default_rng(seed).choice([1.0, 1.0, -1.0], (8, 40))
    found = fund_overlap(held(weights))
    np.testing.assert_allclose(found.weight, overlap_by_hand(weights), rtol=1e-12, atol=1e-15)
    long = (weights > 0.0).astype(int)
    np.testing.assert_array_equal(found.names, long @ long.T)


@many
@given(SEEDS)
def test_overlap_is_symmetric_between_nothing_and_all(seed: int) -> None:
    weights = random_weights(seed, full=True)
    weights[3] = weights[0]
    found = fund_overlap(held(weights)).weight
    np.testing.assert_array_equal(found, found.T)
    assert (found >= 0.0).all()
    assert (found <= 1.0 + 1e-12).all()
    assert found[0, 3] == pytest.approx(1.0)


@many
@given(SEEDS)
def test_the_order_of_funds_and_securities_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights, funds, names = random_weights(seed), rng.permutation(8), rng.permutation(40)
    shuffled = fund_overlap(held(weights[funds][:, names])).weight
    np.testing.assert_allclose(shuffled, fund_overlap(held(weights)).weight[np.ix_(funds, funds)], rtol=1e-12)


def test_funds_without_lines_share_nothing() -> None:
    found = fund_overlap(compositions(np.array([0]), np.array([1]), np.array([1.0]), 3, 2))
    assert found.weight.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    assert fund_overlap(held(np.zeros((0, 0)))).weight.shape == (0, 0)


BENCHMARK = np.array([0.5, 0.3, 0.2])


def test_a_copy_of_the_benchmark_has_no_active_share_and_a_stranger_all_of_it() -> None:
    funds = held(np.array([[0.5, 0.3, 0.2, 0.0], [0.0, 0.0, 0.0, 1.0], [0.6, 0.2, 0.2, 0.0]]))
    found = active_share(funds, np.append(BENCHMARK, 0.0))
    np.testing.assert_allclose(found, [0.0, 1.0, 0.1], atol=1e-15)


def test_cash_of_the_fund_counts_as_one_active_position() -> None:
    found = active_share(held(0.95 * BENCHMARK[None, :]), BENCHMARK)
    assert found[0] == pytest.approx(0.05)


def test_what_is_unknown_of_the_benchmark_is_set_against_what_is_unknown_of_the_fund() -> None:
    assert active_share(held(0.95 * BENCHMARK[None, :]), 0.95 * BENCHMARK)[0] == pytest.approx(0.0, abs=1e-15)


@many
@given(SEEDS)
def test_for_long_funds_active_share_is_one_less_the_overlap(seed: int) -> None:
    weights = random_weights(seed, full=True)
    funds = held(weights)
    np.testing.assert_allclose(active_share(funds, weights[0]), 1.0 - fund_overlap(funds).weight[0], atol=1e-12)


def test_a_fund_without_lines_has_no_active_share() -> None:
    assert np.isnan(active_share(held(np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 0.0]])), BENCHMARK)).tolist() == [
        False,
        True,
    ]


@pytest.mark.parametrize("index", [[0.5, np.nan, 0.2], [0.5, -0.1, 0.6], [0.5, 0.5]])
def test_a_benchmark_of_unknown_or_negative_weights_is_refused(index: list[float]) -> None:
    with pytest.raises(ValueError, match="benchmark"):
        active_share(held(BENCHMARK[None, :]), np.array(index))
