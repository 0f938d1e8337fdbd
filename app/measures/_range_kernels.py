"""Compiled loops behind range_volatility: three windows of fifty series in the time that numpy takes for one.

Serial, without the interpreter lock; a kernel reads nothing but its arguments (see ``_kernels``).
"""

from __future__ import annotations

import math

import numpy as np

from app.measures._kernels import column_means, compiled
from app.measures.conventions import FloatArray, IntArray


@compiled
def _squared_deviations(rows: FloatArray) -> FloatArray:
    """Sum of the squared distances of each column's values from their mean, (N,)."""
    _, means = column_means(rows)
    totals = np.zeros(rows.shape[1])
    for day in range(rows.shape[0]):
        for column in range(rows.shape[1]):
            deviation = rows[day, column] - means[column]
            totals[column] += 0.0 if math.isnan(deviation) else deviation * deviation
    return totals


@compiled
def _sums(highs: FloatArray, lows: FloatArray, closes: FloatArray) -> FloatArray:
    """Per column, (4, N): number of days, sums of ln(H/L)^2, of ln(C/O)^2 and of the Rogers-Satchell variance."""
    days, columns = highs.shape
    sums = np.zeros((4, columns))
    for day in range(days):
        for column in range(columns):
            high, low, close = highs[day, column], lows[day, column], closes[day, column]
            missing = math.isnan(high)
            sums[0, column] += 0.0 if missing else 1.0
            sums[1, column] += 0.0 if missing else (high - low) * (high - low)
            sums[2, column] += 0.0 if missing else close * close
            sums[3, column] += 0.0 if missing else high * (high - close) + low * (low - close)
    return sums


@compiled
def _write(sums: FloatArray, overnight: FloatArray, daytime: FloatArray, periods: int, out: FloatArray) -> None:
    """Rows of ``out`` (5, N) from the sums and the squared deviations of nights and days."""
    log2 = math.log(2.0)
    for column in range(out.shape[1]):
        count = sums[0, column]
        out[0, column] = count
        if count == 0.0:
            continue
        spread, close, rogers = sums[1, column] / count, sums[2, column] / count, sums[3, column] / count
        out[1, column] = math.sqrt(spread / (4.0 * log2) * periods)
        out[2, column] = math.sqrt(max(spread / 2.0 - (2.0 * log2 - 1.0) * close, 0.0) * periods)
        out[3, column] = math.sqrt(max(rogers, 0.0) * periods)
        if count > 1.0:
            share = 0.34 / (1.34 + (count + 1.0) / (count - 1.0))
            variance = (overnight[column] + share * daytime[column]) / (count - 1.0) + (1.0 - share) * rogers
            out[4, column] = math.sqrt(max(variance, 0.0) * periods)


@compiled
def fill_ranges(days: FloatArray, windows: IntArray, periods: int, out: FloatArray) -> None:
    """Fill ``out`` (5, W, N), NaN on entry, in the order of the fields of ``RangeVolatility``.

    ``days`` (4, T, N) as ``daily_ranges`` gives them: a day has all four logarithms or none.
    """
    for window in range(windows.size):
        start = max(days.shape[1] - windows[window], 0)
        sums = _sums(days[0][start:], days[1][start:], days[2][start:])
        overnight, daytime = _squared_deviations(days[3][start:]), _squared_deviations(days[2][start:])
        _write(sums, overnight, daytime, periods, out[:, window])
