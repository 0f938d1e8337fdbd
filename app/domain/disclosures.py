"""A fund's monthly portfolio as its house discloses it, with what the reader found wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class LineKind(StrEnum):
    """What a line of a portfolio is.

    ``DERIVATIVE`` is on shares or share indices, ``OTHER_DERIVATIVE`` on commodities, rates or currencies.
    ``TRUST_UNIT`` is a REIT or InvIT, ``FUND_UNIT`` a unit of another fund, an ETF or an AIF. ``CASH`` is also repo,
    deposits, margin and net receivables. ``UNIDENTIFIED`` is a value that the file counts without saying what it is.
    """

    EQUITY = "equity"
    FOREIGN_EQUITY = "foreign_equity"
    DEBT = "debt"
    CASH = "cash"
    DERIVATIVE = "derivative"
    OTHER_DERIVATIVE = "other_derivative"
    FUND_UNIT = "fund_unit"
    TRUST_UNIT = "trust_unit"
    GOLD = "gold"
    SILVER = "silver"
    UNIDENTIFIED = "unidentified"


@dataclass(frozen=True, slots=True)
class DisclosureLine:
    """One position of a scheme.

    ``isin`` is None where the file gives none that is one; ``code`` is then what stood in its column (a repo code, a
    contract symbol). ``industry`` is the file's industry or rating. ``value`` is in rupees and carries the sign of the
    position. ``weight`` is percent of the file's own total, recomputed from the value; ``stated_weight`` is the printed
    one as percent, None where the file prints a mark for "tiny" or nothing. ``sign`` is -1 for a short or a payable,
    else 1. ``in_total`` tells whether the file's own total contains the line (futures are often listed beside it).
    """

    isin: str | None
    code: str | None
    name: str
    industry: str | None
    quantity: float | None
    value: float
    weight: float
    stated_weight: float | None
    kind: LineKind
    sign: int
    section: str
    in_total: bool


@dataclass(frozen=True, slots=True)
class SchemeSheet:
    """One scheme as found in one sheet of one file.

    ``stated_total`` is the file's own grand total in rupees, ``sum_of_weights`` the percent of it that the lines add up
    to. ``gross_equity`` is shares held, ``net_equity`` the same with signed equity derivatives, both percent of the
    total; options count at their market value. None where the file does not tell. ``quarantined`` is the reason not to
    use the sheet, or None.
    """

    file: str
    sheet: str
    name: str | None
    as_on: date | None
    lines: tuple[DisclosureLine, ...]
    stated_total: float | None
    sum_of_weights: float | None
    gross_equity: float | None
    net_equity: float | None
    warnings: tuple[str, ...]
    quarantined: str | None
