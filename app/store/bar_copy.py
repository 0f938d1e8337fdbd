"""Bars as Postgres sends them in binary: a value of fixed-width records for each series, scattered into one matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.domain.prices import DailyBars, SeriesKey

EPOCH = np.datetime64("2000-01-01", "D")
"""Day zero of Postgres dates, so that a date travels as four bytes."""
COPY_HEADER_BYTES = 19
BAR_FIELDS = ("open", "high", "low", "close", "volume")
BAR_RECORD = np.dtype([("day", ">i4"), *((name, ">f8") for name in BAR_FIELDS)])
"""One bar: its day counted from EPOCH, NaN for what is missing."""


def copied_rows(data: memoryview) -> list[list[memoryview]]:
    """The fields of every row of a binary COPY stream."""
    rows, at = [], COPY_HEADER_BYTES
    while (count := int.from_bytes(data[at : at + 2], "big", signed=True)) >= 0:
        at += 2
        fields = []
        for _ in range(count):
            size = int.from_bytes(data[at : at + 4], "big")
            fields.append(data[at + 4 : at + 4 + size])
            at += 4 + size
        rows.append(fields)
    return rows


def together(records: Sequence[NDArray[np.void]], kind: np.dtype[np.void]) -> tuple[NDArray[np.void], NDArray[np.intp]]:
    """The ``records`` of several series, all of the ``kind``, in one array, and the place of each one's series."""
    places = np.repeat(np.arange(len(records)), [len(one) for one in records])
    return np.concatenate([np.empty(0, kind), *records]), places


def scatter(keys: tuple[SeriesKey, ...], bars: NDArray[np.void], columns: NDArray[np.intp]) -> DailyBars:
    """Matrices of ``bars`` (n,), BAR_RECORDs in any order, each of the series at ``columns`` (n,) of ``keys``.

    Of two bars of a series and day the last one counts.
    """
    if not len(bars):
        empty = np.empty((0, len(keys)))
        return DailyBars(keys, np.empty(0, "datetime64[D]"), empty, empty, empty, empty, empty)
    offsets, rows = _days_and_rows(bars["day"].astype(np.int64))
    matrices = []
    for name in BAR_FIELDS:
        matrix = np.full((len(offsets), len(keys)), np.nan)
        matrix[rows, columns] = bars[name]
        matrices.append(matrix)
    return DailyBars(keys, EPOCH + offsets.astype("timedelta64[D]"), *matrices)


def _days_and_rows(days: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct days, ascending, and the place of each day among them: np.unique by counting instead of sorting."""
    first = days.min()
    seen = np.zeros(days.max() - first + 1, dtype=bool)
    seen[days - first] = True
    return np.flatnonzero(seen) + first, (np.cumsum(seen) - 1)[days - first]
