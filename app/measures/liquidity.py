"""How long it takes to sell. Quantities and volumes are shares, in the same (split-adjusted) unit."""

from __future__ import annotations

import numpy as np

from app.measures.conventions import BoolArray, FloatArray, quotient
from app.measures.moments import mean

AVERAGE_DAYS = 30
"""Trading days over which volume is averaged."""


STOPPED_DAYS = 5
"""A market week without a price of a share: it is suspended or delisted, or nobody brought newer prices."""


def has_stopped(closes: FloatArray, days: int = STOPPED_DAYS) -> BoolArray:
    """Where closes (T, N) are known but none of the newest ``days`` rows, the market's trading days: (N,)."""
    known = np.isfinite(closes)
    return np.asarray(known.any(axis=0) & ~known[-days:].any(axis=0))


def average_volume(volumes: FloatArray, days: int = AVERAGE_DAYS) -> FloatArray:
    """Mean volume a day over the newest ``days`` rows of ``volumes`` (T,) or (T, N): () or (N,).

    Unknown days are left out, days without a trade count as 0; NaN where no day is known.
    """
    return mean(volumes[-days:])


def position_to_volume(quantity: FloatArray, average: FloatArray) -> FloatArray:
    """Position in days of average volume, a fraction; NaN where the average is unknown or 0."""
    return quotient(quantity, average)


def days_to_liquidate(quantity: FloatArray, average: FloatArray, participation: float) -> FloatArray:
    """Trading days to sell ``quantity`` at a share ``participation`` (0 to 1] of each day's average volume.

    NaN where the average is unknown or 0: no rate of selling can be read from it. Raises ValueError for a share outside
    (0, 1].
    """
    if not 0.0 < participation <= 1.0:
        raise ValueError(f"participation lies above 0 and up to 1, not at {participation}")
    return position_to_volume(quantity, average) / participation
