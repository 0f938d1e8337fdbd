"""How long it takes to sell. Quantities and volumes are shares, in the same (split-adjusted) unit."""

from __future__ import annotations

from app.measures.conventions import FloatArray, quotient
from app.measures.moments import mean

AVERAGE_DAYS = 30
"""Trading days over which volume is averaged."""


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
