"""Compiled loops behind window_measures and the simulations. Callers use those modules, not this one.

Serial, without the interpreter lock, compiled on first use and cached on disk where a directory can be written. A
kernel reads nothing but its arguments, since the cache would not notice a changed constant of another module.

Inner loops run along rows, the way the matrix lies in memory, so that several columns are worked at once. Sums start
afresh for every window (two exact passes); tails and falls go from the newest day back and serve all windows at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from app.measures.conventions import FloatArray, IntArray


def compiled(function: Callable[..., Any], *, reorder: bool = False) -> Callable[..., Any]:
    """``function`` compiled by numba, cached on disk where numba finds a writable directory.

    ``reorder`` lets sums be added in another order, several values at once.
    """
    fastmath: bool | set[str] = {"reassoc"} if reorder else False
    try:
        return njit(nogil=True, error_model="numpy", fastmath=fastmath, cache=True)(function)
    except RuntimeError:
        return njit(nogil=True, error_model="numpy", fastmath=fastmath)(function)


def prepared(array: FloatArray) -> FloatArray:
    """``array`` itself, or a copy of it, laid out as the kernels expect: another layout would compile them again."""
    return np.require(array, np.float64, ["C", "W"])


class Rules(NamedTuple):
    """The conventions a kernel works by: ``tails`` (2,) are 1 - level, ``quantiles`` (2,) the normal quantiles there.

    ``least`` is the smallest tail, in observations, that has a quantile; ``target`` the riskless return a day;
    ``reach`` how far out the Cornish-Fisher expansion must increase; ``decay`` is that of the weighted variance.
    """

    tails: FloatArray
    quantiles: FloatArray
    least: float
    target: float
    periods: int
    ddof: int
    reach: float
    decay: float


@compiled
def _newest(rows: FloatArray) -> FloatArray:
    """Newest value of each column (N,), NaN where it has none."""
    newest = np.full(rows.shape[1], math.nan)
    for day in range(rows.shape[0] - 1, -1, -1):
        if not np.isnan(newest).any():
            break
        newest = np.where(np.isnan(newest), rows[day], newest)
    return newest


@compiled
def column_means(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Number of values and mean of each column, (N,) as floats.

    The mean is taken from one of the values, so that a constant series gives exactly that value.
    """
    origin = _newest(rows)
    counts, totals = np.zeros(rows.shape[1]), np.zeros(rows.shape[1])
    for day in range(rows.shape[0]):
        for column in range(rows.shape[1]):
            offset = rows[day, column] - origin[column]
            counts[column] += 0.0 if math.isnan(offset) else 1.0
            totals[column] += 0.0 if math.isnan(offset) else offset
    return counts, origin + totals / counts


@compiled
def _central_sums(rows: FloatArray, means: FloatArray, target: float) -> tuple[FloatArray, ...]:
    """Per column, (N,) each: sums of deviations to the power 2, 3 and 4, and of squared shortfalls below ``target``."""
    columns = rows.shape[1]
    second, third, fourth, shortfall = np.zeros(columns), np.zeros(columns), np.zeros(columns), np.zeros(columns)
    for day in range(rows.shape[0]):
        for column in range(columns):
            value = rows[day, column]
            deviation = 0.0 if math.isnan(value) else value - means[column]
            below = value - target if value < target else 0.0
            square = deviation * deviation
            second[column] += square
            third[column] += square * deviation
            fourth[column] += square * square
            shortfall[column] += below * below
    return second, third, fourth, shortfall


@compiled
def _co_sums(own: FloatArray, market: FloatArray) -> tuple[FloatArray, ...]:
    """Per column, (N,) each: count, sums of squares of the deviations of both, and sum of their products."""
    counts, own_means = column_means(own)
    _, market_means = column_means(market)
    columns = own.shape[1]
    own_squares, market_squares, products = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    for day in range(own.shape[0]):
        for column in range(columns):
            x, y = own[day, column] - own_means[column], market[day, column] - market_means[column]
            x, y = 0.0 if math.isnan(x) else x, 0.0 if math.isnan(y) else y
            own_squares[column] += x * x
            market_squares[column] += y * y
            products[column] += x * y
    return counts, own_squares, market_squares, products


@compiled
def _write_pairs(own: FloatArray, market: FloatArray, out: FloatArray) -> None:
    """Rows 5 and 6 of ``out`` (20, N): beta and correlation over the days on which both have a return."""
    counts, own_squares, market_squares, products = _co_sums(own, market)
    for column in range(counts.size):
        scale = math.sqrt(own_squares[column]) * math.sqrt(market_squares[column])
        if counts[column] > 1.0 and market_squares[column] > 0.0:
            out[5, column] = products[column] / market_squares[column]
        if counts[column] > 1.0 and scale > 0.0:
            out[6, column] = max(-1.0, min(1.0, products[column] / scale))


@compiled
def _pairs(returns: FloatArray, benchmark: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Returns and benchmark (T, N) each, both NaN where either is."""
    own, market = np.empty(returns.shape), np.empty(returns.shape)
    for day in range(returns.shape[0]):
        for column in range(returns.shape[1]):
            missing = math.isnan(returns[day, column] + benchmark[day])
            own[day, column] = math.nan if missing else returns[day, column]
            market[day, column] = math.nan if missing else benchmark[day]
    return own, market


@compiled
def _write_moments(rows: FloatArray, rules: Rules, out: FloatArray) -> None:
    """Rows 0-4 and 17-18 of ``out`` (20, N): count, mean, volatility, skew, kurtosis, Sharpe, Sortino."""
    counts, means = column_means(rows)
    second, third, fourth, shortfall = _central_sums(rows, means, rules.target)
    year = math.sqrt(rules.periods)
    for column in range(counts.size):
        count, excess = counts[column], means[column] - rules.target
        out[0, column], out[1, column] = count, means[column]
        if count > rules.ddof:
            out[2, column] = math.sqrt(second[column] / (count - rules.ddof)) * year
        spread = math.sqrt(second[column] / count)
        if spread > 0.0:
            out[3, column] = third[column] / count / spread / spread / spread
            out[4, column] = fourth[column] / count / spread / spread / spread / spread - 3.0
        if out[2, column] > 0.0:
            out[17, column] = excess / out[2, column] * rules.periods
        if shortfall[column] > 0.0:
            out[18, column] = excess / math.sqrt(shortfall[column] / count) * year


@compiled
def _write_weighted(rows: FloatArray, rules: Rules, out: FloatArray) -> None:
    """Row 19 of ``out`` (20, N): exponentially weighted volatility known after the last day."""
    columns = rows.shape[1]
    counts, totals = np.zeros(columns), np.zeros(columns)
    for day in range(rows.shape[0]):
        for column in range(columns):
            square = rows[day, column] * rows[day, column]
            counts[column] += 0.0 if math.isnan(square) else 1.0
            totals[column] += 0.0 if math.isnan(square) else square
    variance = totals / counts
    for day in range(rows.shape[0]):
        for column in range(columns):
            square, before = rows[day, column] * rows[day, column], variance[column]
            variance[column] = before if math.isnan(square) else rules.decay * before + (1.0 - rules.decay) * square
    out[19] = np.sqrt(variance * rules.periods)


@compiled
def _extend_worst(worst: FloatArray, values: FloatArray) -> None:
    """Insert ``values`` into the ascending buffer of the smallest ones; a missing value is not smaller than any."""
    last = worst.size - 1
    for value in values:
        if value < worst[last]:
            place = last
            while place > 0 and worst[place - 1] > value:
                worst[place] = worst[place - 1]
                place -= 1
            worst[place] = value


@compiled
def _tail(worst: FloatArray, count: float, tail: float) -> tuple[float, float]:
    """Type-7 quantile and Acerbi-Tasche mean of the lower ``tail`` of ``count`` returns, as losses."""
    position = (count - 1) * tail
    low = int(position)
    quantile = worst[low] + (position - low) * (worst[low + 1] - worst[low])
    mass = count * tail
    whole = int(mass)
    total = (mass - whole) * worst[whole]
    for i in range(whole):
        total += worst[i]
    return -quantile, -total / mass


@compiled
def _cornish_fisher(z: float, skew: float, kurtosis: float, reach: float) -> float:
    """Corrected quantile, NaN where it turns back within +-``reach`` (see tail.cornish_fisher_var)."""
    a, b, c = kurtosis / 8 - skew * skew / 6, skew / 3, 1 - kurtosis / 8 + 5 * skew * skew / 36
    lowest = a * reach * reach - abs(b) * reach + c
    if a > 0.0 and abs(b) < 2 * a * reach:
        lowest = c - b * b / (4 * a)
    if not lowest >= 0.0:
        return math.nan
    cubic = (z * z * z - 3 * z) * kurtosis / 24
    return z + (z * z - 1) * skew / 6 + cubic - (2 * z * z * z - 5 * z) * skew * skew / 36


@compiled
def _write_tails(worst: FloatArray, rules: Rules, cell: FloatArray) -> None:
    """Entries 7-14 of one series' ``cell`` (20,), two levels each: historical VaR, shortfall, parametric, corrected."""
    count, mean, deviation = cell[0], cell[1], cell[2] / math.sqrt(rules.periods)
    for level in range(2):
        tail, z = rules.tails[level], rules.quantiles[level]
        if count * tail >= rules.least:
            cell[7 + level], cell[9 + level] = _tail(worst, count, tail)
        cell[11 + level] = -(mean + z * deviation)
        cell[13 + level] = -(mean + _cornish_fisher(z, cell[3], cell[4], rules.reach) * deviation)


@compiled
def _fill_tails(returns: FloatArray, windows: IntArray, rules: Rules, out: FloatArray) -> None:
    """All windows of one column after the other: a longer window only adds older returns to the buffer."""
    days, columns = returns.shape
    worst = np.empty(int(days * rules.tails.max()) + 2)
    for column in range(columns):
        worst[:] = math.inf
        newer = 0
        for window in range(windows.size):
            length = min(windows[window], days)
            _extend_worst(worst, returns[days - length : days - newer, column])
            newer = length
            _write_tails(worst, rules, out[:, window, column])


@compiled
def _fall_back(
    rows: FloatArray, ahead: FloatArray, deepest: FloatArray, to_end: FloatArray, lowest: FloatArray
) -> None:
    """Go back in time over ``rows``, updating four growth factors per column (N,), all 1 before the newest day.

    ``ahead``: lowest from here on; ``deepest``: lowest from any day on (1 - it = max drawdown); ``to_end``: from here
    to the end; ``lowest``: lowest of those (1 - it = current drawdown).
    """
    for day in range(rows.shape[0] - 1, -1, -1):
        for column in range(rows.shape[1]):
            value = rows[day, column]
            growth = 1.0 if math.isnan(value) else 1.0 + value
            ahead[column] = growth * min(1.0, ahead[column])
            deepest[column] = min(deepest[column], ahead[column])
            to_end[column] *= growth
            lowest[column] = min(lowest[column], to_end[column])


@compiled
def _fill_falls(returns: FloatArray, windows: IntArray, out: FloatArray) -> None:
    """Rows 15 and 16 of ``out`` (20, W, N): max and current drawdown."""
    days, columns = returns.shape
    ahead, deepest, to_end, lowest = np.ones(columns), np.ones(columns), np.ones(columns), np.ones(columns)
    newer = 0
    for window in range(windows.size):
        length = min(windows[window], days)
        _fall_back(returns[days - length : days - newer], ahead, deepest, to_end, lowest)
        newer = length
        for column in range(columns):
            if out[0, window, column] > 0.0:
                out[15, window, column] = 1.0 - deepest[column]
                out[16, window, column] = 1.0 - lowest[column]


@compiled
def fill_windows(returns: FloatArray, benchmark: FloatArray, windows: IntArray, rules: Rules, out: FloatArray) -> None:
    """Fill ``out`` (20, W, N), NaN on entry, in the order of the fields of ``WindowMeasures``.

    ``returns`` (T, N), ``benchmark`` (T,), ``windows`` (W,) ascending.
    """
    own, market = _pairs(returns, benchmark)
    for window in range(windows.size):
        start = max(returns.shape[0] - windows[window], 0)
        _write_moments(returns[start:], rules, out[:, window])
        _write_pairs(own[start:], market[start:], out[:, window])
        _write_weighted(returns[start:], rules, out[:, window])
    _fill_tails(returns, windows, rules, out)
    _fill_falls(returns, windows, out)


@compiled
def centred_complete_days(returns: FloatArray) -> FloatArray:
    """The rows of ``returns`` (T, N) without a missing value, each column less its mean: (days, N)."""
    days, columns = returns.shape
    rows = np.empty((days, columns))
    kept = 0
    for day in range(days):
        missing = 0
        for column in range(columns):
            rows[kept, column] = returns[day, column]
            missing += int(math.isnan(returns[day, column]))
        kept += int(missing == 0)
    rows = rows[:kept]
    _, means = column_means(rows)
    for day in range(kept):
        for column in range(columns):
            rows[day, column] -= means[column]
    return rows


@compiled
def correlate(gram: FloatArray) -> None:
    """Turn the cross products (N, N) of centred columns into correlations, NaN for columns of length 0."""
    size = gram.shape[0]
    inverse = np.empty(size)
    for i in range(size):
        inverse[i] = 1.0 / math.sqrt(gram[i, i]) if gram[i, i] > 0.0 else math.nan
    for i in range(size):
        for j in range(size):
            product = gram[i, j] * (inverse[i] * inverse[j])
            gram[i, j] = 1.0 if product > 1.0 else -1.0 if product < -1.0 else product
        gram[i, i] = gram[i, i] if math.isnan(gram[i, i]) else 1.0


@compiled
def ewma_variance(squares: FloatArray, initial: FloatArray, decay: float) -> FloatArray:
    """Variance known before each day and after the last, (T + 1, N), from ``squares`` (T, N) of returns.

    Starts at ``initial`` (N,); a missing day leaves it unchanged.
    """
    days, columns = squares.shape
    variance = np.empty((days + 1, columns))
    variance[0] = initial
    for day in range(days):
        for column in range(columns):
            square, before = squares[day, column], variance[day, column]
            variance[day + 1, column] = before if math.isnan(square) else decay * before + (1.0 - decay) * square
    return variance
