"""How a series moves with a benchmark, over the days on which both have a return (pairwise complete).

``benchmark`` is (T,). Every measure is NaN below two common days and where the benchmark does not move: never 0.
"""

from __future__ import annotations

import math

import numpy as np

from app.measures.conventions import FloatArray, quotient
from app.measures.moments import deviations


def _co_moments(returns: FloatArray, benchmark: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sums of squares and products of the deviations: series, benchmark, both."""
    reference = benchmark.reshape((-1,) + (1,) * (returns.ndim - 1))
    missing = np.isnan(returns + reference)
    own = deviations(np.where(missing, math.nan, returns))
    market = deviations(np.where(missing, math.nan, reference))
    return np.sum(own**2, axis=0), np.sum(market**2, axis=0), np.sum(own * market, axis=0)


def beta(returns: FloatArray, benchmark: FloatArray) -> FloatArray:
    """Slope of the regression on the benchmark: covariance / benchmark variance; 0 for a constant series."""
    _, market, both = _co_moments(returns, benchmark)
    return quotient(both, market)


def correlation(returns: FloatArray, benchmark: FloatArray) -> FloatArray:
    """Pearson correlation with the benchmark, -1 to 1; NaN also where the series itself is constant."""
    own, market, both = _co_moments(returns, benchmark)
    return np.clip(quotient(both, np.sqrt(own) * np.sqrt(market)), -1.0, 1.0)


def r_squared(returns: FloatArray, benchmark: FloatArray) -> FloatArray:
    """Share of the series' variance that the benchmark explains: squared correlation, 0 to 1."""
    return correlation(returns, benchmark) ** 2
