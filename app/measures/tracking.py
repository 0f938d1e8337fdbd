"""How closely an index fund follows its index, from levels: the fund's NAV and the index with dividends.

Rows are trading days, oldest first; a level is NaN where none was published. Only days count on which both have a
level: over a gap of either, both are taken from the last common day to the next, so that a late NAV is compared with
the index over the same days. The functions take NAVs (T,) or (T, F) against one index (T,) and give () or (F,).
"""

from __future__ import annotations

import math

import numpy as np

from app.measures.conventions import PERIODS_PER_YEAR, BoolArray, FloatArray, IntArray, quotient
from app.measures.moments import observations, standard_deviation

MIN_DIFFERENCES = 54
"""Fewest differences that are reported: 90 % of the shortest window, 60 days."""


def return_differences(navs: FloatArray, index: FloatArray) -> FloatArray:
    """Return of the fund less that of the index between common days, on the later one: same shape, NaN elsewhere."""
    reference = index.reshape((-1,) + (1,) * (navs.ndim - 1))
    common = _common(navs, reference)
    before = _row_before(common)
    inside = np.maximum(before, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        own = navs / np.take_along_axis(navs, inside, axis=0)
        theirs = reference / np.take_along_axis(np.broadcast_to(reference, navs.shape), inside, axis=0)
    return np.where(common & (before >= 0), own - theirs, math.nan)


def tracking_error(navs: FloatArray, index: FloatArray) -> FloatArray:
    """Standard deviation (n - 1) of the return differences, a year, a fraction.

    Annualised by the number of differences a year, which is 252 without gaps and less with them: a difference over
    three days has the variance of three. NaN below ``MIN_DIFFERENCES``.
    """
    differences = return_differences(navs, index)
    count = observations(differences)
    periods = PERIODS_PER_YEAR * quotient(np.asarray(count, float), _span(navs, index))
    return np.where(count >= MIN_DIFFERENCES, standard_deviation(differences) * np.sqrt(periods), math.nan)


def tracking_difference(navs: FloatArray, index: FloatArray) -> FloatArray:
    """Compounded return a year of the fund less that of the index, a fraction; negative where the fund lags.

    From the first to the last common day. NaN below ``MIN_DIFFERENCES``.
    """
    reference = index.reshape((-1,) + (1,) * (navs.ndim - 1))
    common = _common(navs, reference)
    years = _span(navs, index) / PERIODS_PER_YEAR
    own = _growth(navs, common) ** quotient(np.asarray(1.0), years)
    theirs = _growth(np.broadcast_to(reference, navs.shape), common) ** quotient(np.asarray(1.0), years)
    return np.where(np.count_nonzero(common, axis=0) > MIN_DIFFERENCES, own - theirs, math.nan)


def _common(navs: FloatArray, reference: FloatArray) -> BoolArray:
    """Where both have a level; a level of zero or below is none."""
    return np.asarray((navs > 0.0) & (reference > 0.0))


def _row_before(common: BoolArray) -> IntArray:
    """For each row the common row before it, -1 where there is none."""
    rows = np.arange(len(common)).reshape((-1,) + (1,) * (common.ndim - 1))
    latest = np.maximum.accumulate(np.where(common, rows, -1), axis=0)
    return np.concatenate([np.full((1, *common.shape[1:]), -1), latest])[:-1]


def _ends(common: BoolArray) -> tuple[IntArray, IntArray]:
    """First and last common row; 0 and T - 1 where there is none."""
    return np.argmax(common, axis=0), len(common) - 1 - np.argmax(common[::-1], axis=0)


def _span(navs: FloatArray, index: FloatArray) -> FloatArray:
    """Trading days from the first to the last common day."""
    first, last = _ends(_common(navs, index.reshape((-1,) + (1,) * (navs.ndim - 1))))
    return np.asarray(last - first, float)


def _growth(levels: FloatArray, common: BoolArray) -> FloatArray:
    """Last over first common level."""
    first, last = (np.take_along_axis(levels, np.expand_dims(row, 0), axis=0)[0] for row in _ends(common))
    return quotient(last, first)
