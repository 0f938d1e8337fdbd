"""The header row: which column holds what, by the words above it, verified on the data below it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import islice, zip_longest

from app.sources.amc.cells import LONGEST_TEXT, is_nil, number, squeeze, words
from app.sources.amc.isins import looks_like_isin

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


_PERCENT_OF_ASSETS = r"(?:%|percent)(?:age)?.*\b(?:net assets?|nav|aum|assets|corpus|portfolio)\b"
_VALUE = (
    r"\b(?:market|mkt|fair|exposure|mtm)\b.*\bval(?:ue)?\b"
    r"|\b(?:value|amount)\b.*\b(?:rs|inr|lakhs?|lacs?|crores?)\b"
)
_NAME = (
    r"^name\b|\b(?:instruments?|securit(?:y|ies)|company|issuer|scrip|holdings?|underlying|particulars)\b"
    r"|^disclosure in derivatives?\b"
)
_ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = tuple(
    (role, re.compile(pattern))
    for role, pattern in (
        (Role.ISIN, r"\bisin\b"),
        (Role.SIDE, r"\blong\b.*\bshort\b|\bbuy\b.*\bsell\b"),
        (Role.UNHEDGED, rf"unhedged.*{_PERCENT_OF_ASSETS}|{_PERCENT_OF_ASSETS}.*unhedged"),
        (Role.HEDGE, rf"(?:derivative|hedged).*{_PERCENT_OF_ASSETS}|{_PERCENT_OF_ASSETS}.*(?:derivative|hedged)"),
        (Role.WEIGHT, _PERCENT_OF_ASSETS),
        (Role.VALUE, _VALUE),
        (Role.QUANTITY, r"\b(?:quantity|qty|no of (?:shares|units)|number of (?:shares|units))\b"),
        (Role.INDUSTRY, r"\b(?:industry|industries|sectors?|ratings?)\b"),
        (Role.NAME, _NAME),
    )
)
_NOT_A_NAME = re.compile(r"\b(?:yield|ytm|ytc|coupon|maturity|price|margin|scheme|code|type)\b")
_NOT_A_VALUE = re.compile(r"\b(?:price|margin|face|notional|when purchased)\b")
_LONGEST_HEADER = 120


@dataclass(frozen=True, slots=True)
class Header:
    """A header row (0-based; the lower one of two) with its labels and the column of each role they name.

    ``unnamed_isins`` tells that the ISIN column was found by its contents, its header not saying so.
    """

    row: int
    columns: Mapping[Role, int]
    labels: tuple[str, ...]
    unnamed_isins: bool = False

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


def role_of(text: str) -> Role | None:
    """The role a header cell names, None for any other text."""
    return _role_of(text) if text and len(text) <= _LONGEST_HEADER else None


@lru_cache(maxsize=4096)
def _role_of(text: str) -> Role | None:
    said = words(text)
    found = next((role for role, pattern in _ROLES if pattern.search(said)), None)
    if (found is Role.NAME and _NOT_A_NAME.search(said)) or (found is Role.VALUE and _NOT_A_VALUE.search(said)):
        return None
    return found


def find_headers(rows: Cells) -> list[Header]:
    """The rows that name an instrument column and a value or a percent column, in order; of very many the first."""
    found = (_header(rows, at) for at, row in enumerate(rows) if _may_be_header(row))
    return list(islice((header for header in found if header is not None), MAX_HEADERS))


def _may_be_header(row: Sequence[str]) -> bool:
    joined = "\t".join(row).casefold()
    return "%" in joined or "value" in joined or "percent" in joined


def _header(rows: Cells, at: int) -> Header | None:
    """The header in a row, or in it and the next one where only both together lead a portfolio."""
    alone = _header_of(rows[at], rows, at)
    if (alone is None or not alone.portfolio) and at + 1 < len(rows) and _continues_header(rows[at + 1]):
        both = [" ".join(pair).strip() for pair in zip_longest(rows[at], rows[at + 1], fillvalue="")]
        joined = _header_of(both, rows, at + 1)
        return joined if joined is not None and joined.portfolio and Role.VALUE in joined.columns else alone
    return alone


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
    columns = {role: _best_column(role, [s for r, s in spans if r is role], sample) for role in roles}
    texts = tuple(squeeze(label[:LONGEST_TEXT]) for label in labels)
    by_contents = None if Role.SIDE in roles else _isin_column(columns.get(Role.ISIN), sample)
    if by_contents is None:
        return Header(at, columns, texts)
    taken = {role: column for role, column in columns.items() if column != by_contents}
    return Header(at, {**taken, Role.ISIN: by_contents}, texts, unnamed_isins=True)


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
    Role.ISIN: lambda cell: looks_like_isin(squeeze(cell).upper()),
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
