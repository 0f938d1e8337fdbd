"""The header row: which column holds what, by the words above it, verified on the data below it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from itertools import islice, zip_longest

from app.sources.amc.cells import LONGEST_TEXT, days_in, is_nil, number, squeeze, words
from app.sources.amc.isins import isin_in, looks_like_isin

Cells = Sequence[Sequence[str]]
SAMPLE_ROWS = 200
MAX_HEADERS = 200
FEWEST_ISINS = 3
ROWS_TO_SHOW_ISINS = 60


class Role(StrEnum):
    """What a column holds.

    ``HEDGE`` is a percent column that shows derivatives on the holding's own row, ``UNHEDGED`` what is left without.
    """

    NAME = "name"
    ISIN = "ISIN"
    INDUSTRY = "industry or rating"
    QUANTITY = "quantity"
    VALUE = "market value"
    WEIGHT = "percent of net assets"
    SIDE = "long or short"
    HEDGE = "hedged percent of net assets"
    UNHEDGED = "unhedged percent of net assets"


_ASSETS = r"\b(?:net assets?|nav|aum|assets|corpus|portfolio|weight(?:age)?|holdings?)\b"
_PERCENT_OF_ASSETS = rf"(?:(?:%|percent)(?:age)?.*{_ASSETS}|{_ASSETS}.*(?:%|\bpercent))"
_MONEY = r"\b(?:rs|inr|lakhs?|lacs?|crores?)\b"
_VALUE = rf"\b(?:market|mkt|fair|exposure|mtm)\b.*\bval(?:ue)?\b|\b(?:value|valuation|amount|exposure)\b.*{_MONEY}"
_HEDGES = r"derivative|hedged|\bfutures?\b|\bshort\b"
_NAME = (
    r"^name\b|\b(?:instruments?|securit(?:y|ies)|company|issuer|scrip|holdings?|underlying|particulars)\b"
    r"|^disclosure in derivatives?\b"
)
_SIDE = re.compile(r"(?:long|short|buy|sell|bought|sold)(?: position)?")
_MONEY_WORD = re.compile(_MONEY)
_ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = tuple(
    (role, re.compile(pattern))
    for role, pattern in (
        (Role.ISIN, r"\bisin\b"),
        (Role.SIDE, r"\blong\b.*\bshort\b|\bbuy\b.*\bsell\b"),
        (Role.UNHEDGED, rf"unhedged.*{_PERCENT_OF_ASSETS}|{_PERCENT_OF_ASSETS}.*unhedged"),
        (Role.HEDGE, rf"(?:{_HEDGES}).*{_PERCENT_OF_ASSETS}|{_PERCENT_OF_ASSETS}.*(?:{_HEDGES})"),
        (Role.WEIGHT, _PERCENT_OF_ASSETS),
        (Role.VALUE, _VALUE),
        (Role.QUANTITY, r"\b(?:quantity|qty|no of (?:shares|units)|number of (?:shares|units))\b"),
        (Role.INDUSTRY, r"\b(?:industry|industries|sectors?|ratings?)\b"),
        (Role.NAME, _NAME),
    )
)
_PART_OF_NAME = re.compile(r"name|instrument|securit|company|issuer|scrip|holding|underlying|particulars|derivative")
"""In all that ``_NAME`` matches, once the text is plain."""
_NOT_A_NAME = re.compile(r"\b(?:yield|ytm|ytc|coupon|maturity|price|margin|scheme|code|type)\b")
_NOT_A_VALUE = re.compile(
    r"\b(?:price|margin|face|notional|when purchased|acquisition|cost|book|purchase|previous|last month)\b"
)
_NOT_A_WEIGHT = re.compile(r"\b(?:yield|ytm|ytc|coupon)\b")
_EXCLUDED = {Role.NAME: _NOT_A_NAME, Role.VALUE: _NOT_A_VALUE, Role.WEIGHT: _NOT_A_WEIGHT}
"""Words that make a header cell another column than its first words say."""
_LONGEST_HEADER = 120


@dataclass(frozen=True, slots=True)
class Header:
    """A header row (0-based; the lower one of two) with its labels and the column of each role they name.

    ``unnamed_isins`` tells that the ISIN column was found by its contents, its header not saying so. ``is_name`` tells
    that the header stands further up: in ``row`` is the name of one more scheme under it. ``is_double`` tells of a
    second column of ISINs: two portfolios stand side by side.
    """

    row: int
    columns: Mapping[Role, int]
    labels: tuple[str, ...]
    unnamed_isins: bool = False
    is_name: bool = False
    is_double: bool = False

    @property
    def portfolio(self) -> bool:
        """True where it can lead a portfolio: names, percent of net assets, and something to tell the names by."""
        told = {Role.ISIN, Role.VALUE, Role.QUANTITY, Role.INDUSTRY} & self.columns.keys()
        return {Role.NAME, Role.WEIGHT} <= self.columns.keys() and bool(told) and Role.SIDE not in self.columns

    @property
    def text(self) -> str:
        """All labels in a row."""
        return " ".join(label for label in self.labels if label)

    def cell(self, row: Sequence[str], role: Role) -> str:
        """The text of a role's cell in a row; empty where the header has no such column."""
        at = self.columns.get(role)
        if at is None:
            return ""
        return row[at] if at < len(row) else ""


def with_sides(header: Header, rows: Cells) -> Header:
    """The header with the column whose cells say long or short, where it names none: ``Position``."""
    if Role.SIDE in header.columns:
        return header
    width = max((len(row) for row in rows), default=0)
    said = [[words(row[at]) for row in rows if at < len(row) and row[at]] for at in range(width)]
    sides = [sum(bool(_SIDE.fullmatch(word)) for word in column) for column in said]
    best = max(range(width), key=sides.__getitem__, default=0)
    if not width or not sides[best] or 2 * sides[best] < len(said[best]):
        return header
    return replace(header, columns={**header.columns, Role.SIDE: best})


def role_of(text: str) -> Role | None:
    """The role a header cell names, None for any other text."""
    return _role_of(text) if text and len(text) <= _LONGEST_HEADER else None


@lru_cache(maxsize=4096)
def _role_of(text: str) -> Role | None:
    said = words(text)
    found = next((role for role, pattern in _ROLES if pattern.search(said)), None)
    excluded = _EXCLUDED.get(found) if found else None
    return None if excluded is not None and excluded.search(said) else found


def find_headers(rows: Cells) -> list[Header]:
    """The rows that name an instrument column and a value or a percent column, in order; of very many the first."""
    found = (_header(rows, at) for at in range(len(rows)) if _may_be_header(rows, at))
    return list(islice((header for header in found if header is not None), MAX_HEADERS))


def _may_be_header(rows: Cells, at: int) -> bool:
    """False for most rows at a glance; among those with a percent sign most name a bond by its coupon."""
    joined = "\t".join(rows[at]).casefold()
    if "%" not in joined and "value" not in joined and "percent" not in joined:
        return False
    both = joined + "\t" + "\t".join(rows[at + 1]).casefold() if at + 1 < len(rows) else joined
    return not both.isascii() or _PART_OF_NAME.search(both) is not None


def _header(rows: Cells, at: int) -> Header | None:
    """The header in a row, or in it and the next one where only both together lead a portfolio."""
    alone = _header_of(rows[at], rows, at)
    if (alone is None or not alone.portfolio) and at + 1 < len(rows) and _continues_header(rows[at + 1]):
        both = [" ".join(pair).strip() for pair in zip_longest(rows[at], rows[at + 1], fillvalue="")]
        joined = _header_of(both, rows, at + 1)
        return joined if joined is not None and joined.portfolio and Role.VALUE in joined.columns else alone
    return _with_unit_below(alone, rows[at + 1]) if alone is not None and at + 1 < len(rows) else alone


def _with_unit_below(header: Header, below: Sequence[str]) -> Header:
    """The header, its value column's label with the words that stand right under it: ``(Rs. in Lakhs)``."""
    unit = header.cell(below, Role.VALUE)
    if is_nil(unit) or number(unit) is not None or not _MONEY_WORD.search(words(unit)):
        return header
    column = header.columns[Role.VALUE]
    return replace(
        header,
        labels=(*header.labels[:column], squeeze(f"{header.labels[column]} {unit}"), *header.labels[column + 1 :]),
    )


def _continues_header(row: Sequence[str]) -> bool:
    """True for a row of words alone, more than the one that a section's heading has."""
    filled = [cell for cell in row if not is_nil(cell)]
    return len(filled) > 1 and all(number(cell) is None for cell in filled)


def _header_of(labels: Sequence[str], rows: Cells, at: int) -> Header | None:
    spans = _spans(labels)
    roles = {role for role, _ in spans}
    if Role.NAME not in roles or not roles & {Role.WEIGHT, Role.VALUE} or len(roles) < 3:
        return None
    sample = rows[at + 1 : at + 1 + SAMPLE_ROWS]
    dated = {span: _newest_day(labels[span[0]]) for _, span in spans}
    spans.sort(key=lambda named: dated[named[1]], reverse=True)
    columns = {role: _best_column(role, [s for r, s in spans if r is role], sample) for role in roles}
    texts = tuple(squeeze(label[:LONGEST_TEXT]) for label in labels)
    isins = [span[0] for role, span in spans if role is Role.ISIN]
    is_double = sum(_fitting(Role.ISIN, column, sample) >= FEWEST_ISINS for column in isins) > 1
    by_contents = None if Role.SIDE in roles else _isin_column(columns.get(Role.ISIN), sample)
    if by_contents is None:
        return Header(at, columns, texts, is_double=is_double)
    taken = {role: column for role, column in columns.items() if column != by_contents}
    return Header(at, {**taken, Role.ISIN: by_contents}, texts, unnamed_isins=True)


def _newest_day(label: str) -> date:
    """The day in a label, to put this month's columns before those of the month before; without one it is new."""
    return max(days_in(label), default=date.max)


def _isin_column(named: int | None, sample: Cells) -> int | None:
    """The column that holds ISINs where the named one holds none; None where there is nothing to find or to correct."""
    if named is not None and _fits_anywhere(Role.ISIN, named, sample):
        return None
    first = sample[:ROWS_TO_SHOW_ISINS]
    width = max((len(row) for row in first), default=0)
    counts = [(_fitting(Role.ISIN, column, first), -column) for column in range(width)]
    best, column = max(counts, default=(0, 0))
    return -column if best >= FEWEST_ISINS else None


def _spans(row: Sequence[str]) -> list[tuple[Role, range]]:
    """Each header cell that names a role with its own column and the unnamed ones after it (a merged header)."""
    named = [at for at, cell in enumerate(row) if not is_nil(cell)]
    ends = [*named[1:], len(row)]
    roles = [(role_of(row[at]), range(at, end)) for at, end in zip(named, ends, strict=True)]
    return [(role, span) for role, span in roles if role is not None]


_FITS: Mapping[Role, Callable[[str], bool]] = {
    Role.ISIN: lambda cell: looks_like_isin(isin_in(squeeze(cell).upper())),
    Role.QUANTITY: lambda cell: number(cell) is not None,
    Role.VALUE: lambda cell: number(cell) is not None,
    Role.WEIGHT: lambda cell: number(cell) is not None,
    Role.HEDGE: lambda cell: number(cell) is not None,
    Role.UNHEDGED: lambda cell: number(cell) is not None,
}


def _best_column(role: Role, spans: Sequence[range], sample: Cells) -> int:
    """The first named column whose data fit its header.

    Within a merged header it is the leftmost column with at least half as many fitting cells as the best one.
    """
    for span in spans:
        if len(span) == 1:
            if _fits_anywhere(role, span[0], sample):
                return span[0]
            continue
        counts = [_fitting(role, column, sample) for column in span]
        if max(counts):
            return next(column for column, count in zip(span, counts, strict=True) if 2 * count >= max(counts))
    return spans[0][0]


def _fits_anywhere(role: Role, column: int, sample: Cells) -> bool:
    fits = _FITS.get(role, _is_text)
    return any(column < len(row) and row[column] and fits(row[column]) for row in sample)


def _fitting(role: Role, column: int, sample: Cells) -> int:
    fits = _FITS.get(role, _is_text)
    return sum(map(fits, [row[column] for row in sample if column < len(row) and row[column]]))


def _is_text(cell: str) -> bool:
    return len(squeeze(cell)) > 2 and number(cell) is None
