"""Mean, standard deviation, skewness and kurtosis that skip missing days; two passes, so large offsets cost no digits.

Deviations of a constant series are exactly 0, because each mean is taken from a value of the series itself.
"""

from __future__ import annotations

import math

import numpy as np

from app.measures.conventions import DDOF, FloatArray, IntArray, quotient


def observations(returns: FloatArray) -> IntArray:
    """Number of values per series: shape () or (N,)."""
    return np.asarray(np.count_nonzero(~np.isnan(returns), axis=0), dtype=np.int64)


def mean(returns: FloatArray) -> FloatArray:
    """Arithmetic mean per day; NaN without a value."""
    count = observations(returns)
    origin = np.where(count > 0, np.fmax.reduce(returns, axis=0, initial=-math.inf), math.nan)
    return origin + quotient(np.asarray(np.nansum(returns - origin, axis=0)), count)


def deviations(returns: FloatArray) -> FloatArray:
    """Distance of each value from its series' mean, same shape; 0 where the value is missing."""
    return np.where(np.isnan(returns), 0.0, returns - mean(returns))


def standard_deviation(returns: FloatArray, ddof: int = DDOF) -> FloatArray:
    """Root of the squared deviations' sum over n - ddof, per day; NaN where n <= ddof, 0 for a constant series."""
    divisor = np.maximum(observations(returns) - ddof, 0)
    return np.sqrt(quotient(np.sum(deviations(returns) ** 2, axis=0), divisor))


def _standardised_moment(returns: FloatArray, power: int) -> FloatArray:
    scores = quotient(deviations(returns), standard_deviation(returns, ddof=0))
    return quotient(np.sum(scores**power, axis=0), observations(returns))


def skewness(returns: FloatArray) -> FloatArray:
    """Population skewness m3 / m2^1.5; NaN for a constant series or without a value."""
    return _standardised_moment(returns, 3)


def excess_kurtosis(returns: FloatArray) -> FloatArray:
    """Population kurtosis m4 / m2^2 minus 3 (0 for a normal law); NaN for a constant series or without a value."""
    return _standardised_moment(returns, 4) - 3.0
