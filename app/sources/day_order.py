"""Columns of days that write the month first (09/15/2025), as in the United States, are refused and never guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.errors import InputFileError

REMEDY = "Write the days with the year first, like 2025-09-30, and import it again."
_NUMBERS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})", re.ASCII)


class _Readings(NamedTuple):
    """A text as a day: None where it is none; both None where it is not written with three numbers, year last."""

    day_first: date | None
    month_first: date | None


class _Oddity(NamedTuple):
    """What trading days have little of: distinct days on weekends, and steps against the order of the file."""

    weekends: int
    turns: int


def refuse_month_first(column: Sequence[str] | pd.Series[str], name: str) -> None:
    """Check a column of days in the order of its file.

    Raises InputFileError where one of them can only be read month first, and where none can only be read day first
    while, month first, they look more like trading days: fewer weekends, or fewer steps back, and not more of either.
    """
    codes, texts = pd.factorize(np.asarray(column, dtype=object))
    readings = [_read(text.strip()) for text in texts]
    for text, reading in zip(texts, readings, strict=True):
        if reading.month_first and not reading.day_first:
            raise InputFileError(name, f"writes days month first: '{text.strip()}'.", REMEDY)
    if any(reading.day_first and not reading.month_first for reading in readings):
        return
    day_first = _oddity([reading.day_first for reading in readings], codes)
    month_first = _oddity([reading.month_first for reading in readings], codes)
    if month_first != day_first and all(m <= d for m, d in zip(month_first, day_first, strict=True)):
        reason = "may write days month first: read day first they fall on weekends or out of order."
        raise InputFileError(name, reason, REMEDY)


def _read(text: str) -> _Readings:
    found = _NUMBERS.fullmatch(text)
    if found is None:
        return _Readings(None, None)
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    return _Readings(_day(year, second, first), _day(year, first, second))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _oddity(days: Sequence[date | None], codes: NDArray[np.intp]) -> _Oddity:
    """Of distinct ``days``, ``codes`` (n,) saying which one each row has."""
    distinct = np.array(days, dtype="datetime64[D]")
    known = distinct[~np.isnat(distinct)]
    written = distinct[codes]
    steps = np.diff(written[~np.isnat(written)]).astype(np.int64)
    turns = int(min(np.count_nonzero(steps > 0), np.count_nonzero(steps < 0)))
    return _Oddity(int(np.count_nonzero(~np.is_busday(np.unique(known)))), turns)
