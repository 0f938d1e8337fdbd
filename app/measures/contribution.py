"""Whose risk it is: Euler contributions that add up exactly to the portfolio's risk.

Each measure is a weighted sum of the portfolio's returns over the days of the window, with weights that only the
portfolio's own series fixes: all days for a volatility, the worst ones for a tail. Taking the same sum of what each
holding gave on each day gives its contribution, and what adds up on every day adds up in the risk. A negative
contribution is a hedge. Source: Tasche (1999), "Risk contributions and performance measurement".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from app.measures.conventions import (
    DDOF,
    PERIODS_PER_YEAR,
    TOLERANCE,
    FloatArray,
    check_level,
    has_coverage,
    has_tail,
    quotient,
)
from app.measures.moments import deviations, standard_deviation


@dataclass(frozen=True, slots=True, eq=False)
class RiskContributions:
    """Fractions of the portfolio's value. ``contributions`` (N,) add up to ``total``.

    ``marginal`` (N,) is the contribution of a unit of weight, known also for a holding without weight: one rupee added
    to it adds ``marginal`` rupees of risk. With ``total`` NaN all are NaN.
    """

    total: float
    contributions: FloatArray
    marginal: FloatArray


SAME = 1e-13
"""Portfolio returns no farther apart are the same: adding holdings up in another order moves the last digit."""

DayWeights = Callable[[FloatArray], FloatArray]
"""From the portfolio's returns (n,) on the days that count to the weight (n,) of each in a measure."""


def attributed_returns(returns: FloatArray, amounts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What one unit of each holding adds to the portfolio's return, day by day: (days, N), and the weights (N,).

    The portfolio held ``amounts`` (N,) on every past day of ``returns`` (T, N); weights are shares of the total. A day
    is scaled to the holdings that have a return, as in ``returns.portfolio_returns``, and left out where they are less
    than half; for short holdings (negative amounts) sizes are compared. Raises ValueError for a missing amount; without
    a positive total all is NaN.
    """
    if not np.isfinite(amounts).all():
        raise ValueError("amounts must be known")
    present = ~np.isnan(returns)
    sizes = np.abs(amounts)
    covered = quotient(present @ sizes, np.asarray(sizes.sum()))
    kept = has_coverage(covered)
    weights = amounts / amounts.sum() if amounts.sum() > 0.0 else np.full(amounts.shape, math.nan)
    return np.where(present[kept], returns[kept], 0.0) / covered[kept, None], weights


def contributions(returns: FloatArray, amounts: FloatArray, measure: DayWeights) -> RiskContributions:
    """Contributions of holdings (N,) to a measure: one of ``volatility``, ``historical_var(0.95)`` and so on below."""
    parts, weights = attributed_returns(returns, amounts)
    series = parts @ weights
    known = series.size > 0 and not np.isnan(series).any()
    marginal = np.asarray(measure(series) @ parts) if known else np.full(weights.shape, math.nan)
    own = marginal * weights
    return RiskContributions(float(own.sum()), own, marginal)


def by_group(found: RiskContributions, membership: FloatArray) -> FloatArray:
    """Contributions of groups (G,), of the same total: sectors, funds, or what funds hold.

    ``membership`` (N, G) tells which share of each holding belongs to each group. Raises ValueError unless every row
    adds up to 1.
    """
    if not np.allclose(membership.sum(axis=1), 1.0, rtol=0.0, atol=TOLERANCE):
        raise ValueError("the shares of a holding in the groups must add up to 1")
    return np.asarray(found.contributions @ membership)


def volatility(series: FloatArray) -> FloatArray:
    """Day weights of ``volatility.annual_volatility``: contributions are covariances over the volatility.

    All 0 for a series that does not move. NaN below two returns.
    """
    return _deviation(series) * math.sqrt(PERIODS_PER_YEAR)


def parametric_var(level: float) -> DayWeights:
    """Day weights of ``tail.parametric_var`` over one day."""
    check_level(level)
    z = float(ndtri(1.0 - level))
    return lambda series: -(quotient(np.ones(series.shape), np.asarray(series.size)) + z * _deviation(series))


def historical_var(level: float) -> DayWeights:
    """Day weights of ``tail.historical_var`` over one day: the two order statistics that it is read from.

    Days with the same portfolio return share their weight, so the order of days is of no account: the contribution is
    the mean of the holding's loss given the portfolio's. NaN where n * (1 - level) < 1.
    """
    check_level(level)
    return lambda series: -_quantile_days(series, level) if has_tail(series.size, level) else _unknown(series)


def expected_shortfall(level: float) -> DayWeights:
    """Day weights of ``tail.expected_shortfall`` over one day: the worst n * (1 - level) days, the last in part.

    Days with the portfolio return of the boundary share its part. NaN where n * (1 - level) < 1.
    """
    check_level(level)
    return lambda series: -_tail_days(series, level) if has_tail(series.size, level) else _unknown(series)


def _unknown(series: FloatArray) -> FloatArray:
    return np.full(series.shape, math.nan)


def _deviation(series: FloatArray) -> FloatArray:
    """Day weights of the standard deviation a day."""
    if series.size <= DDOF:
        return _unknown(series)
    deviation = standard_deviation(series)
    scores = quotient(deviations(series), deviation) if deviation > 0.0 else np.zeros(series.shape)
    return scores / (series.size - DDOF)


def _quantile_days(series: FloatArray, level: float) -> FloatArray:
    position = (series.size - 1) * (1.0 - level)
    low, ordered = int(position), np.sort(series)
    above = ordered[min(low + 1, series.size - 1)]
    part = position - low
    return (1.0 - part) * _shared(series, ordered[low]) + part * _shared(series, above)


def _tail_days(series: FloatArray, level: float) -> FloatArray:
    mass, ordered = series.size * (1.0 - level), np.sort(series)
    boundary = ordered[min(int(mass), series.size - 1)]
    worse = series < boundary - SAME
    rest = mass - np.count_nonzero(worse)
    return np.asarray((worse + rest * _shared(series, boundary)) / mass)


def _shared(series: FloatArray, value: float) -> FloatArray:
    """One unit, shared equally by the days with the return ``value``."""
    days = np.abs(series - value) <= SAME
    return np.asarray(days / days.sum(), float)
