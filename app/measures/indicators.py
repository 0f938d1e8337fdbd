"""Averages, turning points, levels and trends of one series: arrays (T,), oldest first, NaN for a missing day."""

from __future__ import annotations

import math
from typing import TypedDict

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from app.measures.conventions import FloatArray, IntArray

LEVEL_WIDTH = 0.01
"""Turning points whose prices lie within this fraction of the lowest of them are one level."""

SWING_REACH = 2
"""Days on each side of a turning point of a divergence: Williams' fractal of five bars (Trading Chaos, 1995)."""

MAX_LEVELS = 5


class PriceLevel(TypedDict):
    """``strength`` counts the turning points whose mean is ``price``; ``type`` is support or resistance."""

    price: float
    strength: int
    type: str


def trailing_windows(values: FloatArray, length: int) -> FloatArray:
    """Every run of ``length`` values of (T,) as a column, oldest first: (length, M), M = 0 when it is too short."""
    return sliding_window_view(values, length).T if len(values) >= length else np.empty((length, 0))


def wilder_average(values: FloatArray, period: int) -> FloatArray:
    """Mean of the first ``period`` known values, then a + (value - a) / period: (T,) (Wilder 1978).

    NaN before that and on missing days, which leave the average as it was.
    """
    averages = np.full(len(values), math.nan)
    known = np.flatnonzero(~np.isnan(values))
    if known.size < period:
        return averages
    average = float(values[known[:period]].mean())
    averages[known[period - 1]] = average
    for row in known[period:]:
        average += (values[row] - average) / period
        averages[row] = average
    return averages


def swing_lows(prices: FloatArray, reach: int) -> IntArray:
    """Rows of ``prices`` (T,) below the ``reach`` rows before and not above the ``reach`` rows after: (K,) ascending.

    So the first day of a flat bottom counts. A row with a missing price or an end within reach is none: a swing is
    known ``reach`` days late. The swing highs are the swing lows of ``-prices``. Raises ValueError for a reach below 1.
    """
    if reach < 1:
        raise ValueError(f"a turning point needs one day or more on each side, not {reach}")
    if len(prices) < 2 * reach + 1:
        return np.empty(0, dtype=np.int64)
    windows = sliding_window_view(prices, 2 * reach + 1)
    middle, before, after = windows[:, reach], windows[:, :reach].min(axis=1), windows[:, reach + 1 :].min(axis=1)
    return np.flatnonzero((middle < before) & (middle <= after)) + reach


def support_levels(prices: FloatArray, reach: int, lookback: int) -> list[PriceLevel]:
    """Turning points (``swing_lows``) of the newest ``lookback`` of ``prices`` (T,), at or below the newest price.

    Those within ``LEVEL_WIDTH`` are one level. Strongest first, then nearest; at most 5. Empty where the newest price
    is missing.
    """
    return _levels(prices, swing_lows(prices, reach), lookback, "support", 1.0)


def resistance_levels(prices: FloatArray, reach: int, lookback: int) -> list[PriceLevel]:
    """The mirror image of ``support_levels``: turning points at the top, at or above the newest price."""
    return _levels(prices, swing_lows(-prices, reach), lookback, "resistance", -1.0)


def _levels(prices: FloatArray, rows: IntArray, lookback: int, kind: str, sign: float) -> list[PriceLevel]:
    turns = prices[rows[rows >= len(prices) - lookback]]
    newest = float(prices[-1]) if len(prices) else math.nan
    found: list[PriceLevel] = [
        {"price": math.fsum(group) / len(group), "strength": len(group), "type": kind} for group in _groups(turns)
    ]
    held = [level for level in found if sign * level["price"] <= sign * newest]
    return sorted(held, key=lambda level: (-level["strength"], abs(level["price"] - newest)))[:MAX_LEVELS]


def _groups(prices: FloatArray) -> list[list[float]]:
    """Positive ``prices`` ascending, parted where the next lies beyond ``LEVEL_WIDTH`` of the group's lowest."""
    groups: list[list[float]] = []
    for price in np.sort(prices).tolist():
        if groups and price <= groups[-1][0] * (1.0 + LEVEL_WIDTH):
            groups[-1].append(price)
        else:
            groups.append([price])
    return groups


def bullish_divergences(
    lows: FloatArray, oscillator: FloatArray, within: int, least: float
) -> tuple[IntArray, FloatArray]:
    """Rows of swing lows below the one before them while ``oscillator`` (0 to 100) rose, and its rise as a fraction.

    Two swings are compared when ``within`` rows or fewer lie between them, and count when the rise is above 0 and at
    least ``least`` (0.05 = 5 points). The bearish ones are those of ``-highs`` and ``-oscillator`` (Wilder 1978).
    """
    rows = swing_lows(lows, SWING_REACH)
    first, second = rows[:-1], rows[1:]
    rise = (oscillator[second] - oscillator[first]) / 100.0
    found = (second - first <= within) & (lows[second] < lows[first]) & (rise > 0.0) & (rise >= least)
    return second[found], rise[found]


def trend(values: FloatArray) -> tuple[float, float]:
    """Kendall's tau-b of ``values`` (T,) against time, -1 (always falls) to 1, and its normal score (Mann 1945).

    The score is the sum of signs of all pairs over its standard deviation without a trend, corrected for continuity
    and ties (Kendall 1975): beyond +-1.645 a trend is significant at 10 %, which four values can just reach. Both NaN
    when a value is missing, all are equal or there are fewer than 2.
    """
    size = len(values)
    _, ties = np.unique(values, return_counts=True)
    pairs, tied = size * (size - 1) / 2, float(np.sum(ties * (ties - 1))) / 2
    if pairs == tied or np.isnan(values).any():
        return math.nan, math.nan
    later, earlier = np.tril_indices(size, -1)
    total = float(np.sign(values[later] - values[earlier]).sum())
    variance = (2 * pairs * (2 * size + 5) - float(np.sum(ties * (ties - 1) * (2 * ties + 5)))) / 18
    score = math.copysign(max(abs(total) - 1.0, 0.0), total) / math.sqrt(variance)
    return total / math.sqrt(pairs * (pairs - tied)), score
