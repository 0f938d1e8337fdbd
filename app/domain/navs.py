"""Net asset values: rupees a unit, day by day, and what is believed of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

JUMP = 0.20
"""No diversified fund's NAV moves by more in a day (Nifty's worst: -13 %, 23 March 2020): it is an error, a payout or a
split. Beyond a week of silence more is allowed, by the square root of time."""
WEEK = 7
SETTLED = 5
"""NAVs in a row at a new level that show it to be no error."""
AHEAD = timedelta(days=7)
"""Liquid and overnight funds carry the NAV of the holidays to come; further ahead no NAV can be."""
LONGEST_PAUSE = 7
"""Calendar days between two NAVs of a living fund; the longest run of holidays is shorter."""
MAX_NAV = 1e9


@dataclass(frozen=True, slots=True, order=True)
class NavPoint:
    """One scheme's NAV of one day, as a source says it: not judged yet."""

    amfi_code: int
    day: date
    nav: float


@dataclass(frozen=True, slots=True)
class NavFile:
    """NAVs in order of code and day; ``rejected`` names rows without a code, a day or a number."""

    points: tuple[NavPoint, ...]
    rejected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldNav:
    """A NAV that is not believed, and why."""

    day: date
    nav: float
    reason: str


@dataclass(frozen=True, slots=True)
class JudgedNavs:
    """The NAVs of one fund in order of day: ``kept`` may be used, ``held`` wait for better evidence."""

    kept: tuple[tuple[date, float], ...]
    held: tuple[HeldNav, ...]


class NavIssueKind(StrEnum):
    """What is odd about a stored series."""

    INVALID = "invalid"
    JUMP = "jump"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class NavIssue:
    """``day`` is the day after the oddity: of the first NAV after a jump or a gap, of the invalid NAV itself."""

    mf_symbol: str
    day: date
    kind: NavIssueKind
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class NavHistory:
    """NAVs of several funds: ``navs`` (days, funds) in rupees, NaN where a fund has none that day.

    ``days`` (datetime64[D]) are all days on which any of the funds has a NAV, ascending; liquid funds have weekends.
    The return over a JUMP in ``issues`` is not a return of the fund.
    """

    mf_symbols: tuple[str, ...]
    days: NDArray[np.datetime64]
    navs: NDArray[np.float64]
    issues: tuple[NavIssue, ...]


def is_jump(before: float, after: float, days: int) -> bool:
    """True for a move that no fund makes in ``days`` calendar days."""
    return abs(after / before - 1.0) > JUMP * math.sqrt(max(1.0, days / WEEK))


def judge_navs(points: Iterable[tuple[date, float]], latest: date, confirmed: Sequence[date] = ()) -> JudgedNavs:
    """Which NAVs of one fund, a day each and in order, can be believed.

    Held back: what is no NAV, what is of a day after ``latest``, and what jumps away from the last good one, until
    SETTLED NAVs in a row agree with each other at the new level (a split, a payout, a merger) or a person has confirmed
    the day.
    """
    kept: list[tuple[date, float]] = []
    run: list[tuple[date, float]] = []
    held: list[HeldNav] = []
    for day, nav in points:
        fault = _fault(day, nav, latest)
        if fault:
            held.append(HeldNav(day, nav, fault))
        elif not kept or day in confirmed or not is_jump(kept[-1][1], nav, (day - (run or kept)[-1][0]).days):
            held += _told(kept, run)
            run = []
            kept.append((day, nav))
        else:
            if run and is_jump(run[-1][1], nav, (day - run[-1][0]).days):
                held += _told(kept, run)
                run = []
            run.append((day, nav))
            if len(run) == SETTLED:
                kept += run
                run = []
    return JudgedNavs(tuple(kept), tuple(sorted([*held, *_told(kept, run)], key=lambda nav: nav.day)))


def _fault(day: date, nav: float, latest: date) -> str | None:
    if not 0 < nav < MAX_NAV:
        return f"{nav:g} is not a NAV"
    return "is of a day to come" if day > latest else None


def _told(kept: Sequence[tuple[date, float]], run: Iterable[tuple[date, float]]) -> list[HeldNav]:
    if not kept:
        return []
    last, good = kept[-1]
    return [HeldNav(day, nav, f"moved by {nav / good - 1.0:+.0%} from {good:g} on {last}") for day, nav in run]
