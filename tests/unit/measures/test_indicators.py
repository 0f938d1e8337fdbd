from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import kendalltau

from app.measures import indicators
from app.measures.conventions import FloatArray


def noisy(size: int, seed: int, missing: float = 0.0) -> FloatArray:
    """A price path around 100 on whole numbers, so that equal prices occur."""
    rng = np.random.default_rng(seed)
    prices = np.round(100 + np.cumsum(rng.normal(0, 1.5, size)))
    prices[rng.random(size) < missing] = np.nan
    return prices


def is_swing_low(prices: list[float], row: int, reach: int) -> bool:
    if row < reach or row + reach >= len(prices):
        return False
    before, after = prices[row - reach : row], prices[row + 1 : row + reach + 1]
    return all(prices[row] < price for price in before) and all(prices[row] <= price for price in after)


@pytest.mark.parametrize("reach", [1, 2, 5])
def test_swing_lows_equal_a_plain_search_with_equal_and_missing_prices(reach: int) -> None:
    for seed in range(20):
        prices = noisy(60, seed, missing=0.03)
        expected = [row for row in range(60) if is_swing_low(prices.tolist(), row, reach)]
        assert indicators.swing_lows(prices, reach).tolist() == expected


def test_the_first_day_of_a_flat_bottom_is_its_turning_point() -> None:
    assert indicators.swing_lows(np.array([3.0, 2.0, 1.0, 1.0, 1.0, 2.0, 3.0]), 2).tolist() == [2]
    assert indicators.swing_lows(np.full(9, 1.0), 2).size == 0


@pytest.mark.parametrize("size", [0, 1, 4])
def test_too_few_prices_have_no_turning_point(size: int) -> None:
    assert indicators.swing_lows(np.arange(float(size)), 2).size == 0


def test_a_turning_point_without_a_day_beside_it_is_refused() -> None:
    with pytest.raises(ValueError, match="each side"):
        indicators.swing_lows(np.arange(5.0), 0)


def test_lows_within_one_percent_are_one_support_and_broken_ones_are_gone() -> None:
    prices = np.array([110, 100, 110, 100.5, 110, 90, 110, 115, 100.9, 120, 108.0])
    levels = indicators.support_levels(prices, reach=1, lookback=11)
    assert [(level["price"], level["strength"]) for level in levels] == [(pytest.approx(100.46666667), 3), (90.0, 1)]
    assert {level["type"] for level in levels} == {"support"}
    fallen = np.append(prices, [95.0])
    assert [level["price"] for level in indicators.support_levels(fallen, reach=1, lookback=12)] == [90.0]


def test_resistance_is_the_mirror_image_of_support() -> None:
    prices = np.array([90, 100, 90, 100.5, 90, 110, 90, 85, 101, 80, 92.0])
    levels = indicators.resistance_levels(prices, reach=1, lookback=11)
    assert [(level["price"], level["strength"]) for level in levels] == [(pytest.approx(100.5), 3), (110.0, 1)]
    assert {level["type"] for level in levels} == {"resistance"}
    risen = np.append(prices, [105.0])
    assert [level["price"] for level in indicators.resistance_levels(risen, reach=1, lookback=12)] == [110.0]


def test_at_most_five_levels_are_given_the_strongest_and_then_the_nearest_first() -> None:
    lows = [50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 50.1]
    prices = np.array([price for low in lows for price in (200.0, low)] + [200.0, 150.0])
    levels = indicators.support_levels(prices, reach=1, lookback=len(prices))
    assert [level["price"] for level in levels] == [pytest.approx(50.05), 95.0, 90.0, 80.0, 70.0]
    assert [level["strength"] for level in levels] == [2, 1, 1, 1, 1]


def test_only_turning_points_of_the_lookback_count_and_none_when_the_newest_price_is_missing() -> None:
    prices = np.array([110, 90, 110, 100, 110, 105.0])
    assert [level["price"] for level in indicators.support_levels(prices, 1, 4)] == [100.0]
    assert [level["price"] for level in indicators.support_levels(prices, 1, 5)] == [100.0, 90.0]
    assert indicators.support_levels(np.append(prices, np.nan), 1, 7) == []
    assert indicators.support_levels(np.empty(0), 1, 7) == []


def test_trend_agrees_with_scipy_on_ties_and_without() -> None:
    for seed in range(30):
        values = np.random.default_rng(seed).integers(0, 8 if seed % 2 else 10_000, 14).astype(float)
        tau, score = indicators.trend(values)
        expected = kendalltau(np.arange(14), values, method="asymptotic")
        assert tau == pytest.approx(expected.statistic, abs=1e-14)
        assert math.copysign(1.0, score) == math.copysign(1.0, tau) or score == 0.0


def test_the_normal_score_of_a_trend_is_corrected_for_continuity_and_ties() -> None:
    assert indicators.trend(np.arange(10.0)) == pytest.approx((1.0, (45 - 1) / math.sqrt(10 * 9 * 25 / 18)))
    tied = np.array([1.0, 1.0, 2.0, 3.0])
    assert indicators.trend(tied)[1] == pytest.approx((5 - 1) / math.sqrt((4 * 3 * 13 - 2 * 1 * 9) / 18))
    assert indicators.trend(-tied)[1] == -indicators.trend(tied)[1]


def test_without_a_trend_one_series_in_ten_or_fewer_is_called_one() -> None:
    rng = np.random.default_rng(11)
    scores = np.array([indicators.trend(rng.lognormal(size=30))[1] for _ in range(4000)])
    assert np.mean(np.abs(scores) > 1.645) == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0, 2.0], [1.0, math.nan, 3.0, 4.0]])
def test_equal_missing_or_too_few_values_have_no_trend(values: list[float]) -> None:
    assert np.isnan(indicators.trend(np.array(values))).all()


def test_wilder_average_can_be_worked_by_hand_and_waits_over_a_missing_day() -> None:
    values = np.array([np.nan, 1.0, 2.0, np.nan, 6.0, 12.0])
    found = indicators.wilder_average(values, 3)
    np.testing.assert_allclose(found, [np.nan, np.nan, np.nan, np.nan, 3.0, 3.0 + 9.0 / 3])
    assert np.isnan(indicators.wilder_average(values[:4], 3)).all()


def divergences_by_loop(lows: list[float], rsi: list[float], within: int, least: float) -> list[int]:
    swings = [row for row in range(len(lows)) if is_swing_low(lows, row, 2)]
    found = []
    for first, second in itertools.pairwise(swings):
        if second - first <= within and lows[second] < lows[first] and rsi[second] - rsi[first] >= 100 * least:
            found.append(second)
    return found


def test_divergences_equal_a_plain_search() -> None:
    total = 0
    for seed in range(30):
        lows, rsi = noisy(120, seed), np.random.default_rng(seed).uniform(20, 80, 120)
        rows, strengths = indicators.bullish_divergences(lows, rsi, 20, 0.05)
        assert rows.tolist() == divergences_by_loop(lows.tolist(), rsi.tolist(), 20, 0.05)
        assert (strengths >= 0.05).all()
        total += rows.size
    assert total > 20


def test_a_divergence_needs_a_rising_oscillator_that_is_known() -> None:
    lows = np.array([9.0, 8, 5, 8, 9, 8, 4, 8, 9])
    for second, expected in ((40.0, [6]), (30.0, []), (20.0, []), (math.nan, [])):
        oscillator = np.full(9, 30.0)
        oscillator[6] = second
        assert indicators.bullish_divergences(lows, oscillator, 20, 0.0)[0].tolist() == expected
    assert indicators.bullish_divergences(lows, np.arange(9.0) * 10, 3, 0.0)[0].size == 0


def test_windows_hold_every_run_oldest_first() -> None:
    np.testing.assert_array_equal(indicators.trailing_windows(np.arange(4.0), 3), [[0, 1], [1, 2], [2, 3]])
    assert indicators.trailing_windows(np.arange(2.0), 3).shape == (3, 0)
