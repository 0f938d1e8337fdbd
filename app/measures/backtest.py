"""Was the VaR right? Rolling out-of-sample forecasts for one day, and the tests of how often and when they failed.

Every forecast uses returns before its day alone. A day is an exception when its loss is larger than the forecast.
One-day forecasts only: overlapping longer ones are not independent, which every test here supposes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import chdtrc, ndtri, xlogy
from scipy.stats import binom

from app.measures import tail
from app.measures._kernels import ewma_variance, prepared
from app.measures.conventions import EWMA_DECAY, TOLERANCE, BoolArray, FloatArray, check_level

MIN_EXPECTED = 2.5
"""A test needs this many expected exceptions: Basel's 250 days at 99 %, and so 50 days at 95 %."""

MIN_FORECAST_SHARE = 0.8
"""A method without a forecast on some days may still be preferred if it had one on this share of all."""

SIGNIFICANCE = 0.05
"""A model is rejected where a test's probability is below this."""

YELLOW, RED = 0.95, 0.9999
"""Basel's zones begin at the first count whose cumulative probability under a right model reaches these."""


class Method(StrEnum):
    """How a forecast is made from the window before its day."""

    HISTORICAL = "historical"
    PARAMETRIC = "parametric"
    CORNISH_FISHER = "cornish_fisher"
    EWMA = "ewma"
    FILTERED_HISTORICAL = "filtered_historical"


class Zone(StrEnum):
    """Basel's traffic light (1996)."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """Test statistic and the probability of one as large under a right model; both NaN where the sample is too thin."""

    statistic: float
    probability: float

    @property
    def rejects(self) -> bool:
        """True where a right model would hardly ever show this; False where nothing can be said."""
        return self.probability < SIGNIFICANCE


@dataclass(frozen=True, slots=True)
class Backtest:
    """What became of the forecasts of ``days`` days. ``kupiec``: are there as many exceptions as there should be;
    ``independence``: do they come alone; ``joint``: both.

    ``tick_loss`` is the mean quantile loss a day, a fraction, lower is better. Too few days (see ``is_thin``) leave
    tests and loss NaN and ``zone`` None, while exceptions are still counted.
    """

    level: float
    days: int
    exceptions: int
    kupiec: LikelihoodRatio
    independence: LikelihoodRatio
    joint: LikelihoodRatio
    zone: Zone | None
    tick_loss: float

    @property
    def passes(self) -> bool:
        """True where there were days enough and neither the number of exceptions nor their order is rejected."""
        return self.zone is not None and not (self.kupiec.rejects or self.independence.rejects)


def is_thin(days: int, level: float) -> bool:
    """True where ``days`` are too few to test a level: less than ``MIN_EXPECTED`` exceptions to be expected."""
    return days * (1.0 - level) < MIN_EXPECTED - TOLERANCE


def rolling_forecasts(returns: FloatArray, method: Method, level: float, window: int) -> FloatArray:
    """VaR of each day from the ``window`` returns before it, losses positive: (T,) like ``returns``.

    Missing days are passed over. NaN on them, before ``window`` returns exist, and where the method has no figure.
    Raises ValueError for a bad level or a window below 2.
    """
    check_level(level)
    if window < 2:
        raise ValueError(f"a window has at least 2 returns, not {window}")
    known = np.flatnonzero(~np.isnan(returns))
    forecasts = np.full(returns.shape, math.nan)
    if known.size > window:
        forecasts[known[window:]] = _forecasts(returns[known], method, level, window)
    return forecasts


def _forecasts(series: FloatArray, method: Method, level: float, window: int) -> FloatArray:
    """(n - window,) from a complete series (n,)."""
    match method:
        case Method.HISTORICAL:
            return tail.historical_var(_windows(series, window), level)
        case Method.PARAMETRIC:
            return tail.parametric_var(_windows(series, window), level)
        case Method.CORNISH_FISHER:
            return tail.cornish_fisher_var(_windows(series, window), level)
        case Method.EWMA:
            return -float(ndtri(1.0 - level)) * _known_deviation(series, window)[window:]
        case Method.FILTERED_HISTORICAL:
            deviation = _known_deviation(series, window)
            scores = series / np.where(deviation > 0.0, deviation, 1.0)
            return tail.historical_var(_windows(scores, window), level) * deviation[window:]


def _windows(series: FloatArray, window: int) -> FloatArray:
    """The returns before each forecast day, (window, n - window)."""
    return sliding_window_view(series[:-1], window).T


def _known_deviation(series: FloatArray, window: int) -> FloatArray:
    """Exponentially weighted deviation (mean 0) known before each day, started at that of the first ``window``."""
    squares = prepared(series[:, None] ** 2)
    return np.asarray(np.sqrt(ewma_variance(squares, squares[:window].mean(axis=0), EWMA_DECAY)[:-1, 0]))


def backtest(returns: FloatArray, forecasts: FloatArray, level: float) -> Backtest:
    """Compare ``returns`` (T,) with ``forecasts`` (T,) on the days that have both."""
    check_level(level)
    both = ~np.isnan(returns + forecasts)
    series, limits = returns[both], forecasts[both]
    hits = -series > limits
    days, exceptions = len(hits), int(hits.sum())
    if is_thin(days, level):
        unknown = LikelihoodRatio(math.nan, math.nan)
        return Backtest(level, days, exceptions, unknown, unknown, unknown, None, math.nan)
    frequency, independence = kupiec(days, exceptions, level), christoffersen(hits)
    joint = _ratio(frequency.statistic + independence.statistic, 2)
    loss = float(np.mean((1.0 - level - hits) * (series + limits)))
    return Backtest(level, days, exceptions, frequency, independence, joint, zone(days, exceptions, level), loss)


def compare_methods(
    returns: FloatArray, level: float, window: int, tested: int, methods: Sequence[Method] = tuple(Method)
) -> tuple[Backtest, ...]:
    """One backtest a method over the newest ``tested`` days that have a return, the same days for all methods."""
    known = returns[~np.isnan(returns)][-(tested + window) :]
    return tuple(backtest(known, rolling_forecasts(known, method, level, window), level) for method in methods)


def preferred(candidates: Sequence[Backtest], *, every_day: bool = False) -> int | None:
    """Which of several backtests of the same days speaks best for its method: its place, None where all are thin.

    One with a forecast on every day that any had one counts; one that missed some counts where both tests pass it over
    ``MIN_FORECAST_SHARE`` of those days, and never with ``every_day``. Of them one whose number of exceptions is not
    rejected goes first, then one whose exceptions come alone, then one that missed no day, then the smaller tick loss,
    then the earlier.
    """
    days = max((one.days for one in candidates), default=0)
    ranked = [
        (one.kupiec.rejects, one.independence.rejects, one.days < days, one.tick_loss, place)
        for place, one in enumerate(candidates)
        if one.zone is not None
        and (one.days == days or (one.passes and not every_day and one.days >= MIN_FORECAST_SHARE * days))
    ]
    return min(ranked)[-1] if ranked else None


def kupiec(days: int, exceptions: int, level: float) -> LikelihoodRatio:
    """Proportion of failures: does the share of exceptions fit 1 - level? Chi-squared with 1 degree of freedom.

    Source: Kupiec (1995), "Techniques for verifying the accuracy of risk measurement models".
    """
    share = exceptions / days if days else math.nan
    return _ratio(2.0 * (_likelihood(exceptions, days, share) - _likelihood(exceptions, days, 1.0 - level)), 1)


def christoffersen(hits: BoolArray) -> LikelihoodRatio:
    """Independence: is an exception as likely after an exception as after none? Chi-squared, 1 degree of freedom.

    ``hits`` (n,) are the days in order. 0 without an exception. Source: Christoffersen (1998), "Evaluating interval
    forecasts".
    """
    before, after = hits[:-1], hits[1:]
    split = [after[~before], after[before]]
    apart = sum(_likelihood(int(part.sum()), part.size, part.mean() if part.size else 0.0) for part in split)
    together = _likelihood(int(after.sum()), after.size, after.mean() if after.size else 0.0)
    return _ratio(2.0 * (apart - together), 1)


def zone(days: int, exceptions: int, level: float) -> Zone:
    """Basel's zone, its bounds (of 250 days at 99 %: yellow from 5, red from 10) worked out for any number of days.

    Source: Basel Committee (1996), "Supervisory framework for the use of backtesting".
    """
    probability = float(binom.cdf(exceptions, days, 1.0 - level))
    if probability < YELLOW:
        return Zone.GREEN
    return Zone.YELLOW if probability < RED else Zone.RED


def _likelihood(hits: int, days: int, share: float) -> float:
    """Log likelihood of ``hits`` in ``days`` at the probability ``share``; 0 log 0 is 0."""
    return float(xlogy(hits, share) + xlogy(days - hits, 1.0 - share))


def _ratio(statistic: float, freedom: int) -> LikelihoodRatio:
    positive = max(statistic, 0.0) if not math.isnan(statistic) else math.nan
    return LikelihoodRatio(positive, float(chdtrc(freedom, positive)))
