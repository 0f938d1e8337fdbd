"""How much a series moves in a year, read from the opens, highs, lows and closes of its days, or weighted by age.

Prices are rupees, (T,) or (T, N), and results fractions a year of log returns, () or (N,). A day counts when every
price that an estimator reads is above 0 and the low and high enclose the others; another day is left out, whole.
Parkinson, Garman-Klass and Rogers-Satchell see the trading hours only: what happens overnight is not in them. A day
locked at its circuit limit has no range and counts as a still one. All three assume that prices are watched without
pause, and are a little low where a share trades seldom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from app.measures._kernels import ewma_variance, prepared
from app.measures._range_kernels import fill_ranges
from app.measures.conventions import EWMA_DECAY, PERIODS_PER_YEAR, TOLERANCE, BoolArray, FloatArray, IntArray, quotient
from app.measures.moments import mean, observations, standard_deviation

ESTIMATORS = ("yang_zhang", "parkinson", "garman_klass", "rogers_satchell")
"""The figures of ``RangeVolatility``, the most complete first."""


@dataclass(frozen=True, slots=True, eq=False)
class RangeVolatility:
    """Arrays (W, N), one row per window, one column per series: the figures of the functions they are named after.

    All four are taken over the same ``observations``: days of the window with a whole bar and a close the day before.
    """

    observations: IntArray
    parkinson: FloatArray
    garman_klass: FloatArray
    rogers_satchell: FloatArray
    yang_zhang: FloatArray


class _Days(NamedTuple):
    """Logarithms of a day's high, low and close over its open, and of that over the close before; NaN = left out."""

    high: FloatArray
    low: FloatArray
    close: FloatArray
    overnight: FloatArray


def ewma_volatility(returns: FloatArray, decay: float = EWMA_DECAY) -> FloatArray:
    """Exponentially weighted volatility known after the last of ``returns`` (T,) or (T, N), mean taken as 0.

    sigma_t^2 = decay sigma_(t-1)^2 + (1 - decay) r_t^2 (RiskMetrics 1996), started at the mean square of the series
    and unchanged over a missing day, as in ``simulation.filtered_scenarios``. NaN without a return. Raises ValueError
    for a decay outside (0, 1).
    """
    if not 0.0 < decay < 1.0:
        raise ValueError(f"a decay lies between 0 and 1, not at {decay}")
    squares = prepared(returns.reshape(len(returns), math.prod(returns.shape[1:])) ** 2)
    variance: FloatArray = ewma_variance(squares, mean(squares), decay)[-1]
    return _annual(variance.reshape(returns.shape[1:]))


def parkinson(highs: FloatArray, lows: FloatArray) -> FloatArray:
    """Volatility from the day's range: mean of ln(H/L)^2 / (4 ln 2) (Parkinson 1980).

    Assumes no drift, and no move while the market is closed. NaN without a day.
    """
    whole = (lows > 0.0) & _reaches(highs, lows)
    return _annual(mean(_parkinson(_log_ratio(highs, lows, whole))))


def garman_klass(opens: FloatArray, highs: FloatArray, lows: FloatArray, closes: FloatArray) -> FloatArray:
    """Volatility from range and close: mean of ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2 (Garman and Klass 1980).

    Assumes no drift, and no move while the market is closed. NaN without a day.
    """
    return _annual(mean(_garman_klass(_days(opens, highs, lows, closes))))


def rogers_satchell(opens: FloatArray, highs: FloatArray, lows: FloatArray, closes: FloatArray) -> FloatArray:
    """Volatility whatever the drift: mean of ln(H/O) ln(H/C) + ln(L/O) ln(L/C) (Rogers and Satchell 1991).

    Assumes no move while the market is closed. NaN without a day.
    """
    return _annual(mean(_rogers_satchell(_days(opens, highs, lows, closes))))


def yang_zhang(opens: FloatArray, highs: FloatArray, lows: FloatArray, closes: FloatArray) -> FloatArray:
    """Volatility from close to close, whatever the drift and the overnight moves (Yang and Zhang 2000).

    Variance of ln(O / close before) + k variance of ln(C/O) + (1 - k) Rogers-Satchell, all over the n days that have
    a whole bar and a close the day before (the first row only lends its close), variances with divisor n - 1 and
    k = 0.34 / (1.34 + (n + 1) / (n - 1)). To leave out a move that is not believed, pass that day's open as NaN.
    NaN below 2 days.
    """
    return _annual(_yang_zhang(_linked_days(opens, highs, lows, closes)))


def range_volatilities(
    opens: FloatArray, highs: FloatArray, lows: FloatArray, closes: FloatArray, windows: IntArray
) -> RangeVolatility:
    """The four estimators over the newest ``windows`` (W,) days of prices (T, N), each over the same days.

    A window of w days reads w + 1 rows, as w returns do; one longer than the prices uses all of them. Whether its
    observations are enough is the caller's question (``has_enough_returns``). Raises ValueError for a window below 1.
    """
    return volatilities_of_ranges(daily_ranges(opens, highs, lows, closes), windows)


def daily_ranges(opens: FloatArray, highs: FloatArray, lows: FloatArray, closes: FloatArray) -> FloatArray:
    """Logarithms (4, T, N) of each day's high, low and close over its open, and of that over the close before.

    A day has all four or, without a whole bar and a close the day before, none (NaN); so the first has none.
    """
    return np.stack(_linked_days(opens, highs, lows, closes))


def volatilities_of_ranges(days: FloatArray, windows: IntArray) -> RangeVolatility:
    """As ``range_volatilities``, of the ``daily_ranges`` (4, T, N) in one compiled pass."""
    lengths = np.asarray(windows, dtype=np.int64)
    if np.any(lengths < 1):
        raise ValueError(f"windows must be one day or more, not {lengths.tolist()}")
    out = np.full((5, lengths.size, days.shape[2]), np.nan)
    fill_ranges(prepared(days), lengths, PERIODS_PER_YEAR, out)
    return RangeVolatility(out[0].astype(np.int64), *out[1:])


def whole_bars(opens: FloatArray, highs: FloatArray, lows: FloatArray, closes: FloatArray) -> BoolArray:
    """True where all four prices are above 0 and the low and high enclose the others; same shape."""
    return (lows > 0.0) & _reaches(highs, np.maximum(opens, closes)) & _reaches(np.minimum(opens, closes), lows)


def _days(opens: FloatArray, highs: FloatArray, lows: FloatArray, closes: FloatArray) -> _Days:
    """The days with a whole bar; the overnight move is NaN where the day before has no close."""
    whole = whole_bars(opens, highs, lows, closes)
    before = np.full_like(closes, math.nan)
    before[1:] = np.where(closes[:-1] > 0.0, closes[:-1], math.nan)
    pairs = ((highs, opens), (lows, opens), (closes, opens), (opens, before))
    return _Days(*(_log_ratio(upper, lower, whole) for upper, lower in pairs))


def _linked_days(opens: FloatArray, highs: FloatArray, lows: FloatArray, closes: FloatArray) -> _Days:
    """The days with a whole bar and a close the day before: all four parts exist, or none."""
    days = _days(opens, highs, lows, closes)
    return _Days(*(np.where(np.isnan(days.overnight), math.nan, part) for part in days))


def _reaches(upper: FloatArray, lower: FloatArray) -> BoolArray:
    """True where ``upper`` is not below ``lower``, apart from the rounding that adjusted prices carry."""
    return np.asarray(upper >= lower * (1.0 - TOLERANCE))


def _log_ratio(numerator: FloatArray, denominator: FloatArray, known: BoolArray) -> FloatArray:
    return np.log(np.where(known, numerator, math.nan) / np.where(known, denominator, math.nan))


def _parkinson(spread: FloatArray) -> FloatArray:
    return spread**2 / (4.0 * math.log(2.0))


def _garman_klass(days: _Days) -> FloatArray:
    return (days.high - days.low) ** 2 / 2.0 - (2.0 * math.log(2.0) - 1.0) * days.close**2


def _rogers_satchell(days: _Days) -> FloatArray:
    return days.high * (days.high - days.close) + days.low * (days.low - days.close)


def _yang_zhang(days: _Days) -> FloatArray:
    count = observations(days.overnight)
    share = 0.34 / (1.34 + quotient(np.asarray(count + 1.0), np.maximum(count - 1, 0)))
    overnight, day = standard_deviation(days.overnight) ** 2, standard_deviation(days.close) ** 2
    return overnight + share * day + (1.0 - share) * mean(_rogers_satchell(days))


def _annual(variance: FloatArray) -> FloatArray:
    """Volatility of a daily variance; the rounding of adjusted prices must not make it the root of a negative."""
    return np.asarray(np.sqrt(np.maximum(variance, 0.0) * PERIODS_PER_YEAR))
