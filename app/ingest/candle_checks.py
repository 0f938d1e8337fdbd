"""Which candles are believed, and whether a whole series may replace the one stored. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import pairwise
from statistics import median

from app.domain.kite import Candle

LEVEL = 5.0
"""A close this many times its neighbour, or this small a part of it, is on another level."""
LONGEST_RUN = 5
"""So many bars on another level, from which the price comes back, are bad rows and no market."""
LOST_DAYS = 3
"""Stored days that a whole series may lack: Kite does take back a bar of a day without a session."""
LARGEST_RESTATEMENT = 20.0
"""A split or bonus restates prices by less than this; a hundred is rupees for paise."""
NAMED = 5
SATURDAY = 5


def believable(candles: Sequence[Candle], sessions: Collection[date]) -> tuple[tuple[Candle, ...], tuple[str, ...]]:
    """The candles (in order of day) that may be stored, and notes on those that may not.

    Held back: a bar whose high is below its low; one on a Saturday or Sunday that is not among ``sessions``; up to
    five bars in a row on another level from which the price comes back; the first or the last bar where no second one
    shares its level, which the next run can bear out.
    """
    crossed = {c.day for c in candles if c.high is not None and c.low is not None and c.high < c.low}
    closed = {c.day for c in candles if c.day.weekday() >= SATURDAY and c.day not in sessions} - crossed
    left = [c for c in candles if c.day not in crossed | closed]
    alone = _off_level(left)
    reasons = (
        (crossed, "the high is below the low on"),
        (closed, "a weekend without a session:"),
        (alone, "a price that no bar beside it bears out on"),
    )
    notes = tuple(f"left out, {reason} {_named(days)}" for days, reason in reasons if days)
    return tuple(c for c in left if c.day not in alone), notes


def why_no_replacement(stored: Mapping[date, float], candles: Sequence[Candle]) -> str | None:
    """Why a whole series may not replace the ``stored`` closes (rupees, by day); None when it may.

    It lacks more than ``LOST_DAYS`` of the stored days, or it is on a level that no corporate action explains.
    """
    if not stored:
        return None
    closes = {candle.day: candle.close for candle in candles}
    lost = stored.keys() - closes.keys()
    if len(lost) > LOST_DAYS:
        return f"only {len(candles)} candles came, without {len(lost)} of {len(stored)} stored days ({_named(lost)})"
    if lost == stored.keys():
        return "it has none of the stored days"
    ratio = median(closes[day] / close for day, close in stored.items() if day in closes)
    if not 1 / LARGEST_RESTATEMENT <= ratio <= LARGEST_RESTATEMENT:
        return f"its prices are {ratio:g} times the stored ones"
    return None


def _off_level(candles: Sequence[Candle]) -> set[date]:
    runs = _runs(candles)
    if len(runs) < 2:
        return set()
    inner = [
        run
        for before, run, after in zip(runs, runs[1:], runs[2:])
        if len(run) <= LONGEST_RUN and _same_level(before[-1], after[0])
    ]
    edges = [run for run in (runs[0], runs[-1]) if len(run) == 1]
    return {candle.day for run in (*inner, *edges) for candle in run}


def _runs(candles: Sequence[Candle]) -> list[list[Candle]]:
    """The series cut wherever the close leaves its level."""
    runs = [[candles[0]]] if candles else []
    for before, candle in pairwise(candles):
        if not _same_level(before, candle):
            runs.append([])
        runs[-1].append(candle)
    return runs


def _same_level(one: Candle, other: Candle) -> bool:
    return 1 / LEVEL <= one.close / other.close <= LEVEL


def _named(days: Collection[date]) -> str:
    shown = ", ".join(map(str, sorted(days)[:NAMED]))
    return f"{shown} and {len(days) - NAMED} more" if len(days) > NAMED else shown
