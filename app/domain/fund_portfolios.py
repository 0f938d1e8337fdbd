"""A fund's portfolio as it is shown: lines, totals, where it comes from and how far it can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from app.domain.data_issues import DataIssue
from app.domain.disclosures import LineKind, Source


@dataclass(frozen=True, slots=True)
class FundLine:
    """One position. ``weight`` is percent of the scheme's stated total and ``value`` rupees; a short is negative.

    ``symbol`` and ``sector`` are NSE's, ``industry`` is the file's industry or rating. ``in_total`` is false for what
    the file lists beside its total, as many list their futures.
    """

    isin: str | None
    symbol: str | None
    name: str
    sector: str | None
    industry: str | None
    kind: LineKind
    weight: float
    value: float
    quantity: float | None
    in_total: bool


@dataclass(frozen=True, slots=True)
class Share:
    """Percent of the scheme's stated total under one name, signed."""

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the portfolio is identified, in percent by size of the weights; None where there is nothing to find.

    ``isin``: securities with a valid ISIN. ``symbol`` and ``sector``: Indian shares that NSE's lists name.
    """

    isin: float | None
    symbol: float | None
    sector: float | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """The file that the portfolio was read from, by its SHA-256, the reader's version and the time of import (UTC)."""

    file: str
    sheet: str
    sha256: str
    parser_version: int
    imported_at: datetime
    source: Source


@dataclass(frozen=True, slots=True)
class FundPortfolio:
    """What a scheme held on a day, under all its plans and options.

    Weights are percent of ``stated_total`` (rupees). ``gross_equity`` is shares, ``net_equity`` adds signed derivatives
    on shares. ``sectors`` and ``industries`` add up Indian shares, ``kinds`` everything. ``age_days`` counts from the
    portfolio's day to today, ``months`` are the days of all portfolios stored. ``partial``: more than a tenth is in
    securities without a valid ISIN, or the source gives the largest positions alone.
    """

    mf_symbol: str
    amfi_code: int | None
    name: str
    house: str | None
    as_on: date
    age_days: int
    stated_total: float | None
    sum_of_weights: float | None
    gross_equity: float | None
    net_equity: float | None
    partial: bool
    coverage: Coverage
    sectors: tuple[Share, ...]
    industries: tuple[Share, ...]
    kinds: tuple[Share, ...]
    lines: tuple[FundLine, ...]
    months: tuple[date, ...]
    provenance: Provenance
    warnings: tuple[str, ...]
    data_issues: tuple[DataIssue, ...]
