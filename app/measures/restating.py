"""Splits and bonuses: which prices still have to be restated for one, and which volumes plainly were not.

An action says: from its ex-day on one old share is ``factor`` new ones (split 1:5 -> 5.0, bonus 1:1 -> 2.0). Prices
before it are divided by the factor, volumes multiplied. Closes are (T,), rows ascending in time, rupees, NaN = no bar.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from app.measures.conventions import BoolArray, FloatArray, IntArray
from app.measures.price_quality import BAND

RUN, USUAL_RUN = 10, 20
"""Days after and before a step of volumes that are compared."""
STEP = 4.0
USUAL_SHARE = 0.9
QUIET_MOVE = 0.06
"""News that lifts volumes for ten days moves the price more than this on one of them; a split does not."""


def product_after(rows: int, ex_rows: IntArray, factors: FloatArray) -> FloatArray:
    """(rows,) product of the factors of all actions that come after each row. ``ex_rows`` (A,), ``factors`` (A,).

    Raises ValueError for a factor that is not positive and finite.
    """
    if not np.all(np.isfinite(factors) & (factors > 0)):
        raise ValueError("the factor of a split or bonus must be positive and finite")
    product = np.ones(rows)
    for ex_row, factor in zip(ex_rows.tolist(), factors.tolist(), strict=True):
        product[:ex_row] *= factor
    return product


def fell_with(closes: FloatArray, ex_rows: IntArray, factors: FloatArray, *, as_traded: bool) -> BoolArray:
    """(A,) whether the closes fell on each ex-day as they would without restating.

    That is where the first close from the ex-day on over the last one before is nearer, in logs, to 1 / factor than to
    1. Closes that are said to be restated already (not ``as_traded``) must have moved beyond the price band as well: a
    small factor is no reason to doubt them. False without a close on both sides.
    """
    rows = np.flatnonzero(np.isfinite(closes))
    later = np.searchsorted(rows, ex_rows)
    inside = (later > 0) & (later < len(rows))
    step = np.ones(len(factors))
    step[inside] = closes[rows[later[inside]]] / closes[rows[later[inside] - 1]]
    fell = np.abs(np.log(step * factors)) < np.abs(np.log(step))
    return np.asarray(inside & fell & (as_traded | (np.abs(step - 1) > BAND)))


def level_over(closes: FloatArray, others: FloatArray) -> float | None:
    """By how much ``closes`` lie above ``others``: the median ratio on common days; where there is none, the last close
    over the first of the others after it. None when the others have neither.
    """
    common = np.isfinite(closes) & np.isfinite(others)
    if common.any():
        return float(np.median(closes[common] / others[common]))
    rows, later = np.flatnonzero(np.isfinite(closes)), np.isfinite(others)
    if not len(rows) or not later[rows[-1] :].any():
        return None
    return float(closes[rows[-1]] / others[rows[-1] + later[rows[-1] :].argmax()])


def newest_missing(level: float, factors: FloatArray) -> int:
    """How many of the newest ``factors`` (A,), oldest first, prices at ``level`` times the right ones lack.

    The number whose product is nearest, in logs, to the level; the smaller one of two equally near.
    """
    products = np.concatenate([[1.0], np.cumprod(factors[::-1])])
    return int(np.abs(np.log(level / products)).argmin())


def volume_steps(closes: FloatArray, volumes: FloatArray) -> list[tuple[int, int, float]]:
    """(column, row, ratio) of each series whose volumes are at another level from some row on than before it.

    ``closes``, ``volumes`` (T, N). Ten days whose median is four times the one of the twenty days before or more, each
    of them above nine in ten of those, and no close that moved by 6 %: what a split makes of volumes as traded beside
    restated prices. Of the splits of 1:5 and more on record it finds half; of other days one in 20 stock-years.
    """
    logs = np.log(np.where((volumes > 0) & np.isfinite(closes), volumes, np.nan))
    risen = _mean(logs[-RUN:]) - _mean(logs[:USUAL_RUN]) > np.log(STEP) / 2
    found = ((column, _step(closes[:, column], logs[:, column])) for column in np.flatnonzero(risen).tolist())
    return [(column, *step) for column, step in found if step is not None]


def _mean(values: FloatArray) -> FloatArray:
    """(N,) mean of the finite values of each column; NaN without one."""
    count = np.isfinite(values).sum(axis=0)
    return np.asarray(np.nansum(values, axis=0) / np.where(count > 0, count, np.nan))


def _step(closes: FloatArray, logs: FloatArray) -> tuple[int, float] | None:
    """Row and ratio of the largest step of one series."""
    rows = np.flatnonzero(np.isfinite(logs))
    if len(rows) < RUN + USUAL_RUN:
        return None
    later = sliding_window_view(logs[rows], RUN)[USUAL_RUN:]
    before = sliding_window_view(logs[rows], USUAL_RUN)[: len(later)]
    loudest = sliding_window_view(np.abs(np.diff(np.log(closes[rows]))), RUN)[USUAL_RUN - 1 :].max(axis=1)
    rise = np.median(later, axis=1) - np.median(before, axis=1)
    apart = later.min(axis=1) > np.quantile(before, USUAL_SHARE, axis=1)
    rise = np.where(apart & (loudest < QUIET_MOVE), rise, 0.0)
    best = int(rise.argmax())
    return (int(rows[best + USUAL_RUN]), float(np.exp(rise[best]))) if rise[best] > np.log(STEP) else None
