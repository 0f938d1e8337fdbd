"""Value at Risk and expected shortfall of return series, as positive losses (a negative figure is a gain).

``level`` is the confidence (0.95); ``horizon`` counts trading days. Both raise ValueError when out of range.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri

from app.measures.conventions import (
    DDOF,
    EXPANSION_REACH,
    BoolArray,
    FloatArray,
    IntArray,
    check_horizon,
    check_level,
    has_tail,
    quotient,
)
from app.measures.moments import excess_kurtosis, mean, observations, skewness, standard_deviation


def historical_var(returns: FloatArray, level: float, horizon: int = 1) -> FloatArray:
    """Loss at the linear quantile (type 7 of Hyndman and Fan 1996, numpy's default) of the returns.

    Over h days the one-day figure times sqrt(h). NaN where n * (1 - level) < 1: the tail would hold no observation.
    """
    ordered, count, kept = _tail(returns, level, horizon)
    position = np.maximum(count - 1, 0) * (1.0 - level)
    low = np.asarray(position, dtype=np.int64)
    below, above = _order_statistic(ordered, low), _order_statistic(ordered, low + 1)
    quantile = below + (position - low) * (above - below)
    return np.where(kept, -quantile * math.sqrt(horizon), math.nan)


def expected_shortfall(returns: FloatArray, level: float, horizon: int = 1) -> FloatArray:
    """Mean loss of the worst 1 - level of the mass, the boundary observation counted with its fraction.

    Acerbi and Tasche (2002), the estimator that is subadditive on discrete data. Over h days times sqrt(h). NaN where
    n * (1 - level) < 1.
    """
    ordered, count, kept = _tail(returns, level, horizon)
    mass = np.asarray(count * (1.0 - level))
    whole = np.asarray(mass, dtype=np.int64)
    total = np.where(whole > 0, _order_statistic(np.cumsum(ordered, axis=0), whole - 1), 0.0)
    worst = total + (mass - whole) * _order_statistic(ordered, whole)
    return np.where(kept, quotient(-worst, mass) * math.sqrt(horizon), math.nan)


def tail_of_sorted(ordered: FloatArray, level: float) -> tuple[float, float]:
    """``historical_var`` and ``expected_shortfall`` of returns (n,) that are complete and sorted, worst first.

    n * (1 - level) must be at least 1.
    """
    position, mass = (len(ordered) - 1) * (1.0 - level), len(ordered) * (1.0 - level)
    low, whole = int(position), int(mass)
    above = ordered[min(low + 1, len(ordered) - 1)]
    quantile = ordered[low] + (position - low) * (above - ordered[low])
    worst = ordered[:whole].sum() + (mass - whole) * ordered[min(whole, len(ordered) - 1)]
    return -float(quantile), -float(worst) / mass


def parametric_var(returns: FloatArray, level: float, horizon: int = 1, ddof: int = DDOF) -> FloatArray:
    """Loss of a normal law with the sample's moments: -(h * mean + z * sd * sqrt(h)), z its quantile at 1 - level.

    NaN below two returns; minus the mean for a constant series. Source: RiskMetrics Technical Document (1996).
    """
    z = _normal_quantile(level, horizon)
    return -(horizon * mean(returns) + z * standard_deviation(returns, ddof) * math.sqrt(horizon))


def cornish_fisher_var(returns: FloatArray, level: float, horizon: int = 1, ddof: int = DDOF) -> FloatArray:
    """Parametric VaR with the normal quantile corrected for population skewness and excess kurtosis.

    Over h independent days skewness shrinks by sqrt(h) and excess kurtosis by h. NaN for a constant series and where
    the corrected quantile turns back between the 0.1 % and the 99.9 % quantile: there the expansion is no
    distribution. Source: Cornish and Fisher (1937); the condition, there asked of the whole line: Maillard (2012), "A
    user's guide to the Cornish Fisher expansion".
    """
    z = _normal_quantile(level, horizon)
    skew, kurtosis = skewness(returns) / math.sqrt(horizon), excess_kurtosis(returns) / horizon
    corrected = np.where(_is_increasing(skew, kurtosis), cornish_fisher_quantile(z, skew, kurtosis), math.nan)
    return -(horizon * mean(returns) + corrected * standard_deviation(returns, ddof) * math.sqrt(horizon))


def cornish_fisher_quantile(z: float, skew: FloatArray, kurtosis: FloatArray) -> FloatArray:
    """Normal quantile ``z`` corrected for skewness and excess kurtosis, with no check of the expansion's domain."""
    return z + (z**2 - 1) * skew / 6 + (z**3 - 3 * z) * kurtosis / 24 - (2 * z**3 - 5 * z) * skew**2 / 36


def _is_increasing(skew: FloatArray, kurtosis: FloatArray) -> BoolArray:
    """True where the slope a * z^2 + b * z + c of the corrected quantile is not negative within +-EXPANSION_REACH."""
    a, b, c = kurtosis / 8 - skew**2 / 6, skew / 3, 1 - kurtosis / 8 + 5 * skew**2 / 36
    at_ends = a * EXPANSION_REACH**2 - np.abs(b) * EXPANSION_REACH + c
    dips_inside = (a > 0.0) & (np.abs(b) < 2 * a * EXPANSION_REACH)
    return np.asarray(np.where(dips_inside, c - quotient(b**2, 4 * a), at_ends) >= 0.0)


def _normal_quantile(level: float, horizon: int) -> float:
    check_level(level)
    check_horizon(horizon)
    return float(ndtri(1.0 - level))


def _tail(returns: FloatArray, level: float, horizon: int) -> tuple[FloatArray, IntArray, BoolArray]:
    """Sorted returns (missing last), their number, and where the tail rule holds."""
    check_level(level)
    check_horizon(horizon)
    count = observations(returns)
    return np.sort(returns, axis=0), count, has_tail(count, level)


def _order_statistic(ordered: FloatArray, rank: IntArray) -> FloatArray:
    """Row ``rank`` () or (N,) of each series, the nearest one where there is none; NaN of an empty array."""
    if len(ordered) == 0:
        return np.full(ordered.shape[1:], math.nan)
    inside = np.clip(rank, 0, len(ordered) - 1)
    return np.asarray(np.take_along_axis(ordered, np.expand_dims(inside, 0), axis=0)[0])
