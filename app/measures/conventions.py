"""The one place where the conventions of all measures are fixed. docs/measures.md explains each and converts to others.

Arrays are float64 with time along axis 0, oldest first; values are finite, NaN for a missing day. A function that
takes ``returns`` takes (T,) or (T, N) and gives shape () or (N,), one number per series: wrap the first in ``float()``.
All are fractions (0.01 = 1 %), losses are positive.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

PERIODS_PER_YEAR = 252
"""Trading days a year."""

DDOF = 1
"""Sample standard deviation (divisor n - 1) everywhere, so that VaR can be recomputed from the volatility shown."""

RISK_FREE = 0.06
"""Default risk-free rate, a year."""

RISK_FREE_DAILY = RISK_FREE / PERIODS_PER_YEAR
"""The same per trading day: simple division, no compounding."""

LEVELS = (0.95, 0.99)
"""Confidence levels reported by default."""

MIN_COVERED_WEIGHT = 0.5
"""A portfolio has a return only on days when this share of its weight has one."""

MIN_WINDOW_SHARE = 0.9
"""A window is reported only when this share of its returns exists."""

MIN_FIT = 20
"""Fewest returns from which degrees of freedom are fitted."""

EXPANSION_REACH = 3.0902
"""Normal quantile of 99.9 %: as far out, on both sides, the Cornish-Fisher expansion must be increasing."""

EWMA_DECAY = 0.94
"""RiskMetrics (1996) decay of daily variance."""

SEED = 20_240_401
"""Seed of every simulation, unless the caller gives another."""

TOLERANCE = 1e-9
"""Slack of the >= comparisons in this module: 10 * (1 - 0.9) must count as 1 although it is 0.9999999999999998."""


def has_tail(observations: IntArray | int, level: float) -> BoolArray:
    """True where the tail beyond ``level`` holds at least one of n observations: n * (1 - level) >= 1.

    So 95 % needs 20 observations and 99 % needs 100; with fewer an empirical quantile would be extrapolation.
    """
    return np.asarray(np.asarray(observations) * (1.0 - level) >= 1.0 - TOLERANCE)


def has_coverage(covered: FloatArray) -> BoolArray:
    """True where ``covered``, a share of weight (0 to 1, NaN = unknown), reaches ``MIN_COVERED_WEIGHT``."""
    return np.asarray(covered >= MIN_COVERED_WEIGHT - TOLERANCE)


def has_enough_returns(observations: IntArray | int, window: int) -> BoolArray:
    """True where ``observations`` reach ``MIN_WINDOW_SHARE`` of a window of ``window`` returns."""
    return np.asarray(np.asarray(observations) >= MIN_WINDOW_SHARE * window - TOLERANCE)


def check_level(level: float) -> None:
    """Raise ValueError unless ``level`` is a confidence level between 0.5 and 1, both excluded."""
    if not 0.5 < level < 1.0:
        raise ValueError(f"a confidence level lies between 0.5 and 1, not at {level}")


def check_horizon(horizon: int) -> None:
    """Raise ValueError unless ``horizon`` is at least one trading day."""
    if horizon < 1:
        raise ValueError(f"a horizon is one trading day or more, not {horizon}")


def quotient(numerator: FloatArray, denominator: FloatArray | IntArray) -> FloatArray:
    """``numerator / denominator``, NaN where the denominator is 0, without warnings. Shapes broadcast."""
    shape = np.broadcast_shapes(np.shape(numerator), np.shape(denominator))
    result: FloatArray = np.full(shape, math.nan)
    np.divide(numerator, denominator, out=result, where=np.not_equal(denominator, 0))
    return result
