from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measures.conventions import FloatArray
from app.measures.diversification import diversification, diversification_ratio, mean_overlap

many = settings(max_examples=300, deadline=None, derandomize=True, database=None)
AMOUNTS = st.lists(st.integers(1, 10**6), min_size=1, max_size=60).map(lambda values: np.array(values, float))
EVEN = np.ones(30)


def test_a_book_with_every_virtue_has_100_points_and_one_with_none_has_0() -> None:
    assert diversification(EVEN, np.ones(10), 2.0, 0.0).score == pytest.approx(100.0)
    assert diversification(np.ones(1), np.ones(1), 1.0, 1.0).score == 0.0


def test_each_part_is_shown_with_its_figure_and_its_points() -> None:
    found = diversification(np.ones(10), np.array([3.0, 1.0]), 1.25, 0.4)
    assert (found.holdings.figure, found.ratio.figure, found.overlap.figure) == pytest.approx((10.0, 1.25, 0.4))
    assert found.sectors.figure == pytest.approx(1.6)
    assert found.holdings.points == pytest.approx(100 * math.log(10) / math.log(30))
    assert found.ratio.points == pytest.approx(100 * (1 - 0.64) / 0.75)
    assert found.overlap.points == pytest.approx(60.0)
    assert found.sectors.points == pytest.approx(100 * math.log(1.6) / math.log(10))
    parts = (found.holdings, found.ratio, found.overlap, found.sectors)
    assert found.score == pytest.approx(sum(part.points for part in parts) / 4)


@many
@given(AMOUNTS, AMOUNTS, st.floats(0.5, 5.0), st.floats(0.0, 1.5))
def test_points_and_score_lie_between_0_and_100(
    holdings: FloatArray, sectors: FloatArray, ratio: float, overlap: float
) -> None:
    found = diversification(holdings, sectors, ratio, overlap)
    for points in (found.score, found.holdings.points, found.ratio.points, found.overlap.points, found.sectors.points):
        assert 0.0 <= points <= 100.0


@many
@given(st.integers(1, 60), st.integers(1, 60), st.floats(1.0, 3.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_no_improvement_lowers_the_score(number: int, more: int, ratio: float, overlap: float, better: float) -> None:
    base = diversification(np.ones(number), np.ones(number), ratio, overlap).score
    for improved in (
        diversification(np.ones(number + more), np.ones(number), ratio, overlap),
        diversification(np.ones(number), np.ones(number + more), ratio, overlap),
        diversification(np.ones(number), np.ones(number), ratio + better, overlap),
        diversification(np.ones(number), np.ones(number), ratio, overlap * better),
    ):
        assert improved.score >= base - 1e-9


def test_an_unknown_part_is_left_out_rather_than_counted_as_zero() -> None:
    found = diversification(EVEN, np.ones(10), math.nan, math.nan)
    assert found.score == pytest.approx(100.0)
    assert math.isnan(found.ratio.points)
    assert math.isnan(found.overlap.points)


def test_one_known_part_is_no_score() -> None:
    found = diversification(EVEN, np.zeros(0), math.nan, math.nan)
    assert math.isnan(found.score)
    assert found.holdings.points == pytest.approx(100.0)


def test_the_ratio_is_the_mean_volatility_over_that_of_the_book() -> None:
    rng = np.random.default_rng(2)
    returns = rng.normal(0, 1, (400, 4)) * [1.0, 2.0, 0.5, 1.5]
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    covariance = np.cov(returns.T)
    expected = weights @ np.sqrt(np.diag(covariance)) / math.sqrt(weights @ covariance @ weights)
    volatilities, whole = returns.std(axis=0, ddof=1), (returns @ weights / 10).std(ddof=1)
    assert diversification_ratio(volatilities, weights, float(whole)) == pytest.approx(expected)


def test_n_equal_independent_holdings_have_the_ratio_root_n() -> None:
    assert diversification_ratio(np.full(9, 0.3), np.ones(9), 0.1) == pytest.approx(3.0)


def test_holdings_of_unknown_volatility_are_left_out_up_to_half_of_the_book() -> None:
    volatilities = np.array([0.2, math.nan, 0.4])
    assert diversification_ratio(volatilities, np.array([1.0, 1.0, 1.0]), 0.15) == pytest.approx(2.0)
    assert math.isnan(diversification_ratio(volatilities, np.array([1.0, 3.0, 1.0]), 0.15))


@pytest.mark.parametrize(("amounts", "whole"), [([0.0, 0.0], 0.1), ([1.0, 1.0], 0.0), ([1.0, 1.0], math.nan)])
def test_without_amounts_or_movement_there_is_no_ratio(amounts: list[float], whole: float) -> None:
    assert math.isnan(diversification_ratio(np.array([0.2, 0.3]), np.array(amounts), whole))


def test_mean_overlap_weighs_every_pair_by_both_amounts() -> None:
    overlap = np.array([[1.0, 0.5, 0.2], [0.5, 0.9, 0.1], [0.2, 0.1, 1.0]])
    found = mean_overlap(overlap, np.array([10.0, 20.0, 5.0]))
    assert found == pytest.approx((200 * 0.5 + 50 * 0.2 + 100 * 0.1) / 350)
    assert mean_overlap(overlap, np.array([10.0, 20.0, 0.0])) == pytest.approx(0.5)


@pytest.mark.parametrize("amounts", [[10.0, 0.0], [0.0, 0.0]])
def test_a_single_fund_overlaps_with_nothing_and_has_no_mean(amounts: list[float]) -> None:
    assert math.isnan(mean_overlap(np.ones((2, 2)), np.array(amounts)))
    assert math.isnan(mean_overlap(np.zeros((0, 0)), np.zeros(0)))
