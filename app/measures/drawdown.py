"""Falls from the highest wealth so far.

Wealth starts at 1, so a loss on the first day counts; a missing day leaves it unchanged.
Depths are positive fractions, in [0, 1] for returns of -1 and above.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.measures.conventions import FloatArray
from app.measures.moments import observations


@dataclass(frozen=True, slots=True)
class DrawdownEpisode:
    """The deepest fall of a series. Days are row indices of its returns, -1 is the start before the first return.

    ``depth`` of the fall from ``peak`` to ``trough``; ``recovery`` is the first day at a new high, None while under
    water. A series that never falls has depth 0 and peak = trough = recovery = -1. ``current`` is the fall at the end.
    """

    depth: float
    peak: int
    trough: int
    recovery: int | None
    current: float


def _from_start(returns: FloatArray) -> FloatArray:
    """Fall from the running peak, one row more than ``returns``: row 0 is the start."""
    growth = np.where(np.isnan(returns), 1.0, 1.0 + returns)
    wealth = np.concatenate([np.ones((1, *returns.shape[1:])), np.cumprod(growth, axis=0)])
    return 1.0 - wealth / np.maximum.accumulate(wealth, axis=0)


def running_drawdown(returns: FloatArray) -> FloatArray:
    """Fall from the running peak after each return, same shape; NaN on missing days."""
    return np.where(np.isnan(returns), math.nan, _from_start(returns)[1:])


def max_drawdown(returns: FloatArray) -> FloatArray:
    """Deepest fall from a running peak; 0 if wealth never falls, NaN without a return."""
    return np.where(observations(returns) > 0, _from_start(returns).max(axis=0), math.nan)


def current_drawdown(returns: FloatArray) -> FloatArray:
    """Fall from the highest wealth at the end of the series; NaN without a return."""
    return np.where(observations(returns) > 0, _from_start(returns)[-1], math.nan)


def worst_drawdown(returns: FloatArray) -> DrawdownEpisode | None:
    """The deepest fall of ``returns`` (T,), the earliest of equals; None without a return."""
    if observations(returns) == 0:
        return None
    falls = _from_start(returns)
    trough = int(falls.argmax())
    highs = np.flatnonzero(falls == 0.0)
    split = int(np.searchsorted(highs, trough))
    recovery = int(highs[split]) - 1 if split < len(highs) else None
    peak = int(highs[highs <= trough][-1]) - 1
    return DrawdownEpisode(float(falls[trough]), peak, trough - 1, recovery, float(falls[-1]))
