"""The rows under a header as what they are: headings, positions, subtotals, the grand total."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from app.sources.amc.cells import REMEMBERED, is_nil, number, squeeze, weight_number, words
from app.sources.amc.header import Cells, Header, Role
from app.sources.amc.isins import isin_in, looks_like_isin, valid_isin

_TOTAL = re.compile(r"\b(?:sub ?)?totals?\b")
_GRAND = re.compile(
    r"\bgrand totals?\b|\btotal (?:net assets?|assets|aum|portfolio)\b|^(?:closing )?(?:net assets?|aum)\b"
    r"|\bportfolio total\b"
)
_ONLY_TOTAL = re.compile(r"^(?:sub ?|grand ?)?totals?\b|\btotals?$")
_TOTAL_OF = re.compile(r"^totals?\b\s*(.+)$")
_SHORT = re.compile(r"\b(?:short|sell|sold)\b")
_LONG = re.compile(r"\b(?:long|buy|bought)\b")
_LONGEST_LABEL = 300
FIELDS = (Role.ISIN, Role.NAME, Role.INDUSTRY, Role.VALUE, Role.WEIGHT, Role.QUANTITY, Role.SIDE)
NO_COLUMN = -1
"""The place of a field that the header does not name: an empty cell is put at the end of every row."""


class RowKind(Enum):
    """What a row is. A LINE carries a value and may still turn out to be a subtotal without the word."""

    BLANK = "blank"
    HEADING = "heading"
    LINE = "line"
    TOTAL = "total"
    GRAND = "grand total"


class Row(NamedTuple):
    """One row, as printed. ``code`` is the text of the ISIN column, ``side`` -1 for short, 1 for long, else 0.

    A tuple like all that is made for each line of a file: a frozen dataclass takes three times as long to make.
    """

    at: int
    kind: RowKind
    label: str
    code: str = ""
    industry: str = ""
    quantity: float | None = None
    value: float | None = None
    weight: float | None = None
    side: int = 0

    @property
    def identified(self) -> bool:
        """True where a security or a contract stands in the row: an ISIN or a quantity, which no subtotal has."""
        return looks_like_isin(self.code) or bool(self.quantity)


def read_rows(cells: Cells, header: Header, scheme: str | None = None) -> Iterator[Row]:
    """The rows under a header to the end of the sheet, each classified by its own words."""
    key = words(scheme or "")
    columns = [header.columns.get(role, NO_COLUMN) for role in FIELDS]
    pick, width = itemgetter(*columns), max(columns) + 1
    for at in range(header.row + 1, len(cells)):
        row = cells[at]
        if any(row):
            padded = [*row, *[""] * (width - len(row)), ""]
            yield _read_row(at, row, pick(padded), key)
        else:
            yield Row(at, RowKind.BLANK, "")


def _read_row(at: int, cells: Sequence[str], fields: Sequence[str], scheme: str) -> Row:
    """A row from its cells under the header's columns, in the order of FIELDS."""
    code_text, name_text, industry, value_text, weight, quantity_text, side_text = fields
    code, name, value = isin_in(squeeze(code_text).upper()), squeeze(name_text), number(value_text)
    quantity, side = _quantity_and_side(quantity_text, side_text)
    label = (name if not is_nil(name) else _first_text(cells))[:_LONGEST_LABEL]
    if value is None and (valid_isin(code) or quantity) and value_text and is_nil(value_text):
        value = 0.0
    own_code = "" if is_nil(code) or code == label.upper() else code
    kind = _kind(label, own_code, quantity, value, scheme)
    return Row(at, kind, label, own_code, squeeze(industry), quantity, value, weight_number(weight), side)


def _quantity_and_side(quantity: str, side: str) -> tuple[float | None, int]:
    """The quantity and the side; a column headed ``Long / (Short)`` may hold signed quantities instead of words."""
    if not side:
        return number(quantity), 0
    signed = number(side)
    if signed is not None:
        return signed, (signed > 0) - (signed < 0)
    said = words(side)
    return number(quantity), -1 if _SHORT.search(said) else int(bool(_LONG.search(said)))


def _first_text(cells: Iterable[str]) -> str:
    texts = (squeeze(cell) for cell in cells if cell)
    return next((text for text in texts if number(text) is None and not is_nil(text)), "")


def _kind(label: str, code: str, quantity: float | None, value: float | None, scheme: str) -> RowKind:
    if not label and not value:
        return RowKind.BLANK
    if looks_like_isin(code):
        return RowKind.LINE
    total = _total_kind(words(label), bool(quantity), scheme)
    if total is not None:
        return total
    if value is None:
        return RowKind.HEADING
    return RowKind.LINE if label else RowKind.TOTAL


@lru_cache(REMEMBERED)
def _says_total(said: str) -> bool:
    return bool(_TOTAL.search(said) or _GRAND.search(said))


def _total_kind(said: str, has_quantity: bool, scheme: str) -> RowKind | None:
    """What kind of total a label says. A quantity beside a label that only contains the word makes it a company."""
    if not _says_total(said):
        return None
    if has_quantity and not _ONLY_TOTAL.search(said):
        return None
    of = _TOTAL_OF.match(said)
    grand = _GRAND.search(said) or (of and scheme and of[1] == scheme)
    return RowKind.GRAND if grand else RowKind.TOTAL
