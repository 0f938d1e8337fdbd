"""A fund's monthly portfolio as its house discloses it, with what the reader found wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


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


class Source(StrEnum):
    """How a portfolio came here; ``YAHOO`` is a house's largest positions only."""

    UPLOAD = "upload"
    FOLDER = "folder"
    FETCH = "fetch"
    YAHOO = "yahoo"


class Outcome(StrEnum):
    """What became of a file. ``PROVISIONAL``: it was refused for what was asked for or for the day of the import, so
    that the same bytes may be taken another time.
    """

    STORED = "stored"
    REFUSED = "refused"
    PROVISIONAL = "provisional"


OLDER = "is older than loaded"
"""How the reason begins for a month older than the newest stored; the same bytes are taken when it is wanted."""


@dataclass(frozen=True, slots=True)
class DisclosureFile:
    """Where portfolios were read from: the bytes by their SHA-256, and the version of the reader."""

    name: str
    size: int
    sha256: str
    parser_version: int


@dataclass(frozen=True, slots=True)
class ImportedSheet:
    """What an import made of one scheme sheet.

    ``lines`` is their number, ``sum_of_weights``, ``gross_equity`` and ``net_equity`` are percent of the file's own
    total, ``stated_total`` is in rupees. ``amfi_code`` is None where AMFI's list is not imported or does not know the
    scheme. ``quarantined`` is the reason why the sheet is not used, or None.
    """

    file: str
    sheet: str
    name: str | None
    amfi_code: int | None
    as_on: date | None
    lines: int
    sum_of_weights: float | None
    stated_total: float | None
    gross_equity: float | None
    net_equity: float | None
    warnings: tuple[str, ...]
    quarantined: str | None


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A stored portfolio without its lines. Weights are percent of ``stated_total``, which is in rupees.

    ``partial`` tells that more than a tenth of it is in securities without a valid ISIN, or that the source gives the
    largest positions alone.
    """

    disclosure_id: int
    portfolio_id: int
    mf_symbol: str
    name: str
    as_on: date
    file: str
    sheet: str
    sha256: str
    parser_version: int
    source: Source
    partial: bool
    stated_total: float | None
    sum_of_weights: float | None
    gross_equity: float | None
    net_equity: float | None
    warnings: tuple[str, ...]
    imported_at: datetime


Texts = NDArray[np.object_]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PortfolioLines:
    """The lines of several portfolios as columns of equal length, those of a portfolio together, largest value first.

    ``portfolio`` is the index into ``disclosures`` (portfolios without a disclosure are absent there). ``weight`` is
    percent of the portfolio's stated total and ``value`` rupees, both signed: a short is negative; ``quantity`` is NaN
    where the file gives none. ``isin``, ``symbol`` (of NSE), ``sector`` (of NSE) and ``industry`` (the file's) are None
    where unknown; ``kind`` is a ``LineKind``. The file's total contains the lines with ``in_total``.
    """

    disclosures: tuple[Disclosure, ...]
    portfolio: NDArray[np.int64]
    isin: Texts
    symbol: Texts
    name: Texts
    sector: Texts
    industry: Texts
    kind: Texts
    weight: Numbers
    value: Numbers
    quantity: Numbers
    sign: NDArray[np.int64]
    in_total: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.portfolio)
