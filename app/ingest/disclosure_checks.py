"""What speaks against a portfolio beyond its own sheet: what was asked for, is stored or stands beside it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.disclosures import Disclosure, DisclosureLine, LineKind, SchemeSheet, Source
from app.domain.schemes import Portfolio
from app.domain.securities import issuer_code
from app.sources.amc.checks import expectation_fault

PARTIAL_ABOVE = 10.0
"""Percent in securities without a valid ISIN above which a look-through is only partial."""
TURNOVER_ABOVE = 60.0
"""Percent of the shares exchanged from one month to the next that is the sign of another scheme's file."""
LAST_MONTH = timedelta(days=45)
COMPARABLE = timedelta(days=100)
"""How far apart two portfolios may be for their totals to tell a unit read wrong from growth."""
FEWESTSHARES = 20.0
"""Percent in shares and units below which their turnover says nothing."""
SHARES = frozenset({LineKind.EQUITY, LineKind.FOREIGN_EQUITY, LineKind.FUND_UNIT, LineKind.TRUST_UNIT})
_WITH_ISIN = SHARES | {LineKind.DEBT}


@dataclass(frozen=True, slots=True)
class Asked:
    """What an import is to bring: ``month`` is any day of the one wanted, ``house`` AMFI's name of the fund house."""

    today: date
    source: Source
    month: date | None = None
    scheme: str | None = None
    house: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """``fault`` is the reason not to use a sheet; ``final`` that the bytes alone decide it, whatever is asked."""

    fault: str | None
    final: bool = True


def judge(sheet: SchemeSheet, portfolio: Portfolio | None, stored: Sequence[Disclosure], asked: Asked) -> Verdict:
    """Whether a sheet may be used. ``stored`` are the portfolios in use of its scheme.

    A portfolio older than the newest one stored is history and welcome, except from a download that asked for no month:
    a house then serves an old file.
    """
    if sheet.quarantined is not None or portfolio is None:
        return Verdict(sheet.quarantined or "names no scheme")
    if not all(math.isfinite(line.value) and math.isfinite(line.weight) for line in sheet.lines):
        return Verdict("holds values beyond all bounds")
    newest = max((one.as_on for one in stored), default=None)
    fault = expectation_fault(
        sheet,
        today=asked.today,
        month=asked.month,
        newest=newest if asked.source is Source.FETCH and asked.month is None else None,
        scheme=asked.scheme,
        last_total=_last_total(sheet, stored),
    )
    return Verdict(fault or _house_fault(portfolio, asked.house), final=False)


def told_twice(sheets: Sequence[SchemeSheet], keys: Sequence[object]) -> dict[int, str]:
    """Faults by index of the sheets that hold a scheme and month that another sheet of the file holds.

    ``keys`` name scheme and month, None for a sheet that is not used. Of equal portfolios the first is kept; of
    different ones none: which of them is right can't be told.
    """
    places: dict[object, list[int]] = defaultdict(list)
    for at, key in enumerate(keys):
        if key is not None:
            places[key].append(at)
    faults: dict[int, str] = {}
    for first, *others in places.values():
        if all(sheets[at].lines == sheets[first].lines for at in others):
            faults |= dict.fromkeys(others, f"is the same portfolio as that of sheet {sheets[first].sheet}")
        else:
            reason = f"is one of {1 + len(others)} different portfolios of {sheets[first].name} in the file"
            faults |= dict.fromkeys([first, *others], reason)
    return faults


def history_note(sheet: SchemeSheet, stored: Iterable[Disclosure]) -> str | None:
    """A note on a portfolio that is older than one already stored: it never becomes the one in use today."""
    newest = max((one.as_on for one in stored), default=None)
    if newest is None or sheet.as_on is None or sheet.as_on >= newest:
        return None
    return f"is older than the portfolio of {newest} already stored: kept as history"


def unmapped(lines: Iterable[DisclosureLine]) -> float:
    """Percent in securities without a valid ISIN and in lines that say nothing of what they are."""
    return sum(
        abs(line.weight)
        for line in lines
        if line.kind is LineKind.UNIDENTIFIED or (line.kind in _WITH_ISIN and line.isin is None)
    )


def partial_note(share: float) -> str | None:
    """The warning on a portfolio with too much that has no ISIN; None for any other."""
    if share <= PARTIAL_ABOVE:
        return None
    return f"{share:.1f} % is in securities without a valid ISIN: the look-through is partial"


def share_weights(lines: Iterable[DisclosureLine]) -> dict[str, float]:
    """Percent of the portfolio in each issuer's shares and in each fund's units: an ISIN may change in a split."""
    weights: dict[str, float] = defaultdict(float)
    for line in lines:
        if line.kind in SHARES and line.isin is not None:
            weights[issuer_code(line.isin)] += line.weight
    return dict(weights)


def turnover_note(before: Mapping[str, float], after: Mapping[str, float], since: date) -> str | None:
    """The warning on a portfolio whose shares are mostly others than a month ago; both sides weigh 100 percent."""
    old, new = sum(before.values()), sum(after.values())
    if min(old, new) < FEWESTSHARES:
        return None
    names = before.keys() | after.keys()
    turnover = 50 * sum(abs(after.get(name, 0.0) / new - before.get(name, 0.0) / old) for name in names)
    if turnover <= TURNOVER_ABOVE:
        return None
    return f"{turnover:.0f} % of its shares are others than on {since}: is it another scheme's file?"


def house_notes(portfolios: Sequence[Portfolio | None]) -> dict[int, str]:
    """Warnings by index on the sheets of another fund house than that of most sheets of the file."""
    houses = [portfolio.house if portfolio else None for portfolio in portfolios]
    known = Counter(house for house in houses if house)
    if len(known) < 2:
        return {}
    usual = known.most_common(1)[0][0]
    return {
        at: f"is of {house}, most sheets of the file are of {usual}"
        for at, house in enumerate(houses)
        if house not in {None, usual}
    }


def last_month(sheet: SchemeSheet, stored: Iterable[Disclosure]) -> Disclosure | None:
    """The portfolio of the month before, to compare with."""
    if sheet.as_on is None:
        return None
    before = [one for one in stored if _months_apart(one.as_on, sheet.as_on) and one.as_on < sheet.as_on]
    found = max(before, key=lambda one: one.as_on, default=None)
    return found if found is not None and sheet.as_on - found.as_on <= LAST_MONTH else None


def _months_apart(one: date, other: date) -> bool:
    return (one.year, one.month) != (other.year, other.month)


def _last_total(sheet: SchemeSheet, stored: Iterable[Disclosure]) -> float | None:
    """The total of the portfolio nearest in time, if it is near enough to compare with."""
    as_on = sheet.as_on
    if as_on is None:
        return None
    near = [one for one in stored if one.stated_total and abs(one.as_on - as_on) <= COMPARABLE]
    return min(near, key=lambda one: abs(one.as_on - as_on)).stated_total if near else None


def _house_fault(portfolio: Portfolio, house: str | None) -> str | None:
    if house is None or portfolio.house is None or portfolio.house.casefold() == house.casefold():
        return None
    return f"is of {portfolio.house}, not of {house}"
