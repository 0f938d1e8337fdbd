"""What a fund is: AMFI's schemes, the plans and options of one, and the portfolio that they share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

STILL_LIVE = timedelta(days=30)
"""A scheme whose NAV is older than its family's newest by more than this is wound up or merged."""


class Plan(StrEnum):
    """Who pays the distributor: plans of a scheme share a portfolio and differ in cost and NAV."""

    DIRECT = "direct"
    REGULAR = "regular"


class Option(StrEnum):
    """What becomes of gains: ``PAYOUT`` is income distribution (IDCW), whose NAV falls by what is paid out."""

    GROWTH = "growth"
    PAYOUT = "payout"
    BONUS = "bonus"


PAYING = frozenset({Option.PAYOUT, Option.BONUS})


class MatchedBy(StrEnum):
    """How the name in a disclosure was tied to AMFI's schemes; anything but ``NAME`` is shown to the user."""

    NAME = "name"
    FORMER_NAME = "former_name"
    TOKENS = "tokens"
    OVERRIDE = "override"
    AMBIGUOUS = "ambiguous"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class AmfiScheme:
    """One row of AMFI's list: one plan and option of a scheme.

    ``isin`` is of growth or of payout, ``other_isin`` of reinvestment; a row may have either, both or none. ``family``
    names the scheme whose portfolio the row shares. ``nav`` is rupees a unit, None where AMFI prints none or zero.
    ``former_keys`` are the keys of names that earlier lists had for the code.
    """

    amfi_code: int
    isin: str | None
    other_isin: str | None
    name: str
    house: str
    category: str
    family: str
    plan: Plan | None
    option: Option | None
    nav: float | None
    nav_date: date | None
    former_keys: tuple[str, ...] = ()

    @property
    def looks_ahead(self) -> bool:
        """Whether the scheme says before a holiday what its NAV will be: liquid and overnight funds alone do."""
        return re.search(r"\b(?:liquid|overnight) fund", self.category, re.IGNORECASE) is not None

    @property
    def isins(self) -> tuple[str, ...]:
        """The ISINs of the row, none to two."""
        return tuple(isin for isin in (self.isin, self.other_isin) if isin)


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What one scheme holds, under all its plans and options.

    ``mf_symbol`` is the ISIN of the direct growth plan where AMFI knows the scheme, else a slug of its name.
    ``amfi_code`` is of the same row of AMFI's, None where there is none. ``matched_by`` is a ``MatchedBy``.
    """

    portfolio_id: int
    mf_symbol: str
    amfi_code: int | None
    name: str
    house: str | None
    matched_by: str


def representative(family: Iterable[AmfiScheme]) -> AmfiScheme | None:
    """The row that stands for a scheme: live before dead, direct before regular, growth first; None without an ISIN."""
    rows = [row for row in family if row.isins]
    newest = max((row.nav_date for row in rows if row.nav_date), default=date.min)
    return min(rows, key=lambda row: (_is_dead(row, newest), *_rank(row), row.amfi_code), default=None)


def one_row_an_isin(rows: Iterable[AmfiScheme]) -> dict[str, AmfiScheme]:
    """The row that speaks for each ISIN: a few stand in two, of which the one with the newer NAV is alive."""
    found: dict[str, AmfiScheme] = {}
    for row in sorted(rows, key=lambda row: (row.nav_date or date.min, -row.amfi_code)):
        found |= dict.fromkeys(row.isins, row)
    return found


def growth_twin(row: AmfiScheme, rows: Iterable[AmfiScheme]) -> AmfiScheme | None:
    """The growth option of the same plan and scheme, whose NAV shows what a payout option earned; may be the row."""
    if row.option not in PAYING:
        return row
    return representative(
        one for one in rows if (one.family, one.plan) == (row.family, row.plan) and one.option not in PAYING
    )


def _is_dead(row: AmfiScheme, newest: date) -> bool:
    return row.nav_date is None or newest - row.nav_date > STILL_LIVE


def _rank(row: AmfiScheme) -> tuple[bool, bool, bool]:
    """A scheme with one option alone does not name it."""
    return row.option in PAYING, row.plan is not Plan.DIRECT, row.option is not Option.GROWTH


@dataclass(frozen=True, slots=True)
class FundIdentity:
    """What an ISIN of a fund is: Kite's symbol of it, AMFI's row, the portfolio it shares.

    ``growth_isin`` is of the growth option of the same plan, whose NAV shows what was earned (its own for a growth
    option); None where AMFI knows none. ``portfolio`` is None while no disclosure of the scheme was ever met.
    """

    isin: str
    scheme: AmfiScheme
    growth_isin: str | None
    portfolio: Portfolio | None


@dataclass(frozen=True, slots=True)
class SchemeList:
    """AMFI's list of one day; ``rejected`` names what of it was not believed."""

    schemes: tuple[AmfiScheme, ...]
    as_of: date
    rejected: tuple[str, ...] = ()
