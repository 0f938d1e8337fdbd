"""What speaks against a portfolio beyond its own sheet: what was asked for, is stored or stands beside it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from app.domain.disclosures import OLDER, Disclosure, DisclosureLine, LineKind, SchemeSheet, Source
from app.domain.schemes import AmfiScheme, Portfolio
from app.domain.securities import company_code, issuer_code
from app.sources.amc.checks import expectation_fault

PARTIAL_ABOVE = 10.0
"""Percent in securities without a valid ISIN above which a look-through is only partial."""
TURNOVER_ABOVE = 60.0
"""Percent of a portfolio exchanged that is the sign of another scheme's file. Of 182 schemes of two houses 2 changed
more in half a year, and 97 of 100 pairs of schemes of one house differ by more."""
NEIGHBOUR = timedelta(days=190)
"""How far apart two portfolios may be to tell turnover."""
COMPARABLE = timedelta(days=100)
"""How far apart two portfolios may be for their totals to tell a unit read wrong from growth."""
UNIT_APART = 5.0
"""Times its NAV of at most ``COMPARABLE`` away that no unit of a fund costs."""
FEWEST_SECURITIES = 20.0
"""Percent in securities with an ISIN below which their turnover says nothing."""
SECURITIES = frozenset(
    {LineKind.EQUITY, LineKind.FOREIGN_EQUITY, LineKind.FUND_UNIT, LineKind.TRUST_UNIT, LineKind.DEBT}
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an import is to bring: ``month`` is any day of the one wanted, ``house`` AMFI's name of the fund house.

    ``older``: months older than the newest stored are wanted too. ``loaded`` is the last disclosure id of the store
    when the command began: months that a command brings itself make none of its others older. None: all of the store.
    ``beside`` are the SHA-256 hashes of all files that the command brings: what one of them stands in for stays so.
    """

    today: date
    source: Source
    month: date | None = None
    scheme: str | None = None
    house: str | None = None
    older: bool = False
    loaded: int | None = None
    beside: frozenset[str] = frozenset()

    @property
    def puts_back(self) -> bool:
        """Whether a portfolio that another file stands in for is to be used again: who gives its file wants it.

        A folder or a site only shows that the file is still there.
        """
        return self.source is Source.UPLOAD

    @property
    def wants_older(self) -> bool:
        """Whether a month before the newest stored is welcome: who names a month wants it."""
        return self.older or self.month is not None


@dataclass(frozen=True, slots=True)
class Verdict:
    """``fault`` is the reason not to use a sheet; ``final`` that the same bytes need not be judged again.

    A month that is too old stays so until it is asked for, which ``OLDER`` tells.
    """

    fault: str | None
    final: bool = True


def judge(
    sheet: SchemeSheet,
    portfolio: Portfolio | None,
    stored: Sequence[Disclosure],
    asked: Asked,
    sha256: str,
    units: tuple[int, float] = (0, 1.0),
) -> Verdict:
    """Whether a sheet of the file with these bytes may be used.

    ``stored`` are the portfolios in use of its scheme, ``units`` is its ``nav_ratio``.
    """
    if sheet.quarantined is not None or portfolio is None:
        return Verdict(sheet.quarantined or "names no scheme")
    if not all(math.isfinite(line.value) and math.isfinite(line.weight) for line in sheet.lines):
        return Verdict("holds values beyond all bounds")
    fault = expectation_fault(
        sheet, today=asked.today, month=asked.month, scheme=asked.scheme, last_total=_last_total(sheet, stored)
    )
    fault = fault or _house_fault(portfolio, asked.house) or nav_fault(*units)
    if fault is not None:
        return Verdict(fault, final=False)
    return Verdict(older_fault(sheet, stored, asked, sha256))


def nav_ratio(sheet: SchemeSheet, portfolio: Portfolio | None, units: Mapping[str, AmfiScheme]) -> tuple[int, float]:
    """How many fund units of a sheet can be compared with their NAV, and the middle of value a unit over NAV (or 1).

    ``units`` are AMFI's rows by ISIN, whose newest NAV counts for ``COMPARABLE``. A scheme that prints its own ISIN
    beside what it holds says nothing.
    """
    if portfolio is None or sheet.as_on is None:
        return 0, 1.0
    ratios = [
        line.value / line.quantity / found.nav
        for line in sheet.lines
        if line.kind is LineKind.FUND_UNIT and line.quantity and line.value > 0
        if (found := units.get(line.isin or "")) and found.nav and found.amfi_code != portfolio.amfi_code
        if found.nav_date is not None and abs(found.nav_date - sheet.as_on) <= COMPARABLE
    ]
    return len(ratios), median(ratios or [1.0])


def nav_fault(count: int, ratio: float) -> str | None:
    """Why the values can't be in the unit stated, by ``nav_ratio``. A single unit may have been split since."""
    if count < 2 or 1 / UNIT_APART < ratio < UNIT_APART:
        return None
    return f"values are not in the unit stated: units of funds would cost {ratio:,.4g} times their NAV"


def nav_note(count: int, ratio: float) -> str | None:
    """The warning where the only unit of a fund costs other than its NAV by far."""
    if count != 1 or 1 / UNIT_APART < ratio < UNIT_APART:
        return None
    return f"the unit of a fund would cost {ratio:,.4g} times its NAV: values are in another unit, or it was split"


def older_fault(sheet: SchemeSheet, stored: Iterable[Disclosure], asked: Asked, sha256: str) -> str | None:
    """Why a sheet comes too late: a newer month of its scheme was stored before the command that brings it.

    Yahoo's positions count for no month, and bytes that are in use already, read again, bring nothing old.
    """
    before = [one for one in stored if one.source is not Source.YAHOO]
    if asked.wants_older or sheet.as_on is None or any(one.sha256 == sha256 for one in before):
        return None
    newest = max(
        (one.as_on for one in before if asked.loaded is None or one.disclosure_id <= asked.loaded), default=None
    )
    if newest is None or _month(sheet.as_on) >= _month(newest):
        return None
    return f"{OLDER}: it is of {sheet.as_on}, and {newest} is stored. Import it as an older month to keep it as history"


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
        if line.kind is LineKind.UNIDENTIFIED or (line.kind in SECURITIES and line.isin is None)
    )


def partial_note(share: float) -> str | None:
    """The warning on a portfolio with too much that has no ISIN; None for any other."""
    if share <= PARTIAL_ABOVE:
        return None
    return f"{share:.1f} % is in securities without a valid ISIN: the look-through is partial"


def issuer_weights(lines: Iterable[DisclosureLine]) -> dict[str, float]:
    """Percent of the portfolio by issuer: of shares and units so far as a split changes their ISIN, and of debt, which
    matures and is rolled over, by company.
    """
    weights: dict[str, float] = defaultdict(float)
    for line in lines:
        if line.kind in SECURITIES and line.isin is not None:
            code = company_code if line.kind is LineKind.DEBT else issuer_code
            weights[code(line.isin)] += line.weight
    return dict(weights)


def turnover_note(other: Mapping[str, float], own: Mapping[str, float], day: date) -> str | None:
    """The warning on a portfolio whose issuers are mostly others than those of another ``day``.

    Turnover is half the sum of all changes of weight, both sides weighing 100 percent.
    """
    old, new = sum(other.values()), sum(own.values())
    if min(old, new) < FEWEST_SECURITIES:
        return None
    names = other.keys() | own.keys()
    turnover = 50 * sum(abs(own.get(name, 0.0) / new - other.get(name, 0.0) / old) for name in names)
    if turnover <= TURNOVER_ABOVE:
        return None
    return f"{turnover:.0f} % of its securities are others than on {day}: is it another scheme's file?"


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


def neighbour(sheet: SchemeSheet, stored: Iterable[Disclosure]) -> Disclosure | None:
    """The portfolio of the nearest other month, to compare with: the month before where it is stored."""
    as_on = sheet.as_on
    if as_on is None:
        return None
    others = [one for one in stored if _month(one.as_on) != _month(as_on) and one.source is not Source.YAHOO]
    nearest = min(others, key=lambda one: (abs(one.as_on - as_on), one.as_on), default=None)
    return nearest if nearest is not None and abs(nearest.as_on - as_on) <= NEIGHBOUR else None


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


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
