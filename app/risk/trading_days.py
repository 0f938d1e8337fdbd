"""Which days of stored bars were trading days: a stray bar on a Saturday, or of one share alone, makes none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.domain.prices import FloatArray

ACTIVE_SHARE = 0.5
"""A day without a bar of the index is a trading day when this share of the living series has a bar."""
ON_WEEKENDS = 3
"""Series that must have one on a Saturday or Sunday: sessions on them are rare, stray bars are not."""
ALIVE = np.timedelta64(30, "D")
"""A series counts as living this long after its last bar."""
SATURDAY = 5


def trading_days(days: NDArray[np.datetime64], closes: FloatArray, benchmark: FloatArray) -> NDArray[np.bool_]:
    """(T,) true on days with a bar of the ``benchmark`` (T,), or with bars of half of the living ``closes`` (T, N).

    ``days`` (T,) ascending. One series alone decides only where no other lives, and never on a weekend.
    """
    present = np.isfinite(closes)
    traded, alive = present.sum(axis=1), _alive(days, present).sum(axis=1)
    weekend = (days.astype("datetime64[D]").astype(np.int64) + 3) % 7 >= SATURDAY  # day 0 was a Thursday
    least = np.where(weekend, ON_WEEKENDS, np.clip(alive, 1, 2))
    return np.asarray(np.isfinite(benchmark) | (traded >= np.maximum(ACTIVE_SHARE * alive, least)))


def _alive(days: NDArray[np.datetime64], present: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(T, N) from the first bar of each series to ``ALIVE`` after its last one."""
    if not present.size:
        return present
    last = len(days) - 1 - present[::-1].argmax(axis=0)
    return np.asarray(np.maximum.accumulate(present, axis=0) & (days[:, None] - days[last] <= ALIVE))
