"""Where the portfolios of a sheet stand: one, or many under each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from app.sources.amc.header import FEWEST_ISINS, Cells, Header, Role
from app.sources.amc.isins import valid_isin
from app.sources.amc.reconcile import CLOSE, Body, find_body
from app.sources.amc.rows import RowKind, read_rows
from app.sources.amc.titles import (
    announces_scheme,
    as_on_days,
    distinct,
    names_scheme,
    scheme_key,
    scheme_name,
    value_unit,
)

TITLE_ROWS = 100


@dataclass(frozen=True, slots=True)
class Block:
    """A portfolio's place in a sheet.

    Its titles begin at row ``start``, the tables after its total end before row ``end`` (0-based). ``scheme`` and
    ``days`` (nearest to the header first) are what the titles say, ``unit`` is rupees in one unit of the value column,
    None where the sheet does not say. ``body`` is None where no row is a grand total or no column holds values.
    """

    file: str
    sheet: str
    cells: Cells
    headers: Sequence[Header]
    header: Header
    start: int
    end: int
    scheme: str | None
    days: tuple[date, ...]
    unit: float | None
    body: Body | None

    @property
    def title_texts(self) -> list[str]:
        """The texts above the header, each once a row."""
        return [text for row in _titles(self.cells, self.start, self.header) for text in distinct(row)]


def find_blocks(file: str, sheet: str, cells: Cells, headers: Sequence[Header]) -> Iterator[Block]:
    """The portfolios of a sheet in order.

    A header with the columns of the one before it is the same one printed again. A portfolio without a total before the
    next header gives way to that one. After a total a header under the title or the name of another scheme begins a
    portfolio, and so does such a name with securities below it and no header of its own.
    """
    leading = deque(header for header in headers if header.portfolio)
    start, pending, hopeless = 0, None, 0
    while leading:
        header = leading.popleft()
        titles = _titles(cells, start, header)
        if header.row < max(start, hopeless):
            continue
        announced = pending is None or _announces_scheme(titles, header)
        if not announced and not _names_scheme(titles, header, pending):
            continue
        stop = _stop(header, leading, len(cells))
        block = _block(file, sheet, cells, headers, header, start, stop)
        if not announced and not _is_whole(block):
            continue
        if block.body is None and stop < len(cells):
            hopeless = stop
            continue
        if pending is not None:
            yield replace(pending, end=header.row)
            block = replace(
                block,
                days=block.days if announced else pending.days,
                unit=block.unit or pending.unit,
            )
        pending = block
        start = block.body.total.at + 1 if block.body else len(cells)
        next_header = min((other.row for other in leading if other.row >= start), default=stop)
        further = _named_below(cells, header, start, next_header, block.scheme)
        if further is not None:
            leading.appendleft(further)
    if pending is not None:
        yield pending


def is_disclosure(block: Block) -> bool:
    """False for a table of names and percents alone that no title calls a portfolio as of a day (top-ten lists)."""
    return bool({Role.VALUE, Role.ISIN} & block.header.columns.keys()) or bool(block.days)


def _titles(cells: Cells, start: int, header: Header) -> Cells:
    """The rows above a header, at most the nearest hundred."""
    return cells[max(start, header.row - TITLE_ROWS) : header.row + header.is_name]


def _stop(first: Header, others: Iterable[Header], end: int) -> int:
    """The row of the next header with other columns, or the end of the sheet."""
    return next((header.row for header in others if header.columns != first.columns), end)


def _block(
    file: str, sheet: str, cells: Cells, headers: Sequence[Header], header: Header, start: int, stop: int
) -> Block:
    titles = _titles(cells, start, header)
    scheme, days, unit = scheme_name(titles), tuple(as_on_days(titles)), value_unit(header, titles)
    rows = islice(read_rows(cells, header, scheme), stop - header.row - 1)
    body = find_body(rows) if Role.VALUE in header.columns else None
    return Block(file, sheet, cells, headers, header, start, len(cells), scheme, days, unit, body)


def _announces_scheme(titles: Cells, header: Header) -> bool:
    return Role.ISIN in header.columns and announces_scheme(titles)


def _names_scheme(titles: Cells, header: Header, before: Block | None) -> bool:
    """True for the name of another scheme above the columns of the portfolio before."""
    if before is None or Role.ISIN not in header.columns or header.columns != before.header.columns:
        return False
    return _is_other(names_scheme(titles), before.scheme)


def _is_whole(block: Block) -> bool:
    """True where a name alone is sure to lead a portfolio: its lines are securities and add up to its total."""
    body = block.body
    if body is None or not body.total.value or body.total.value < 0:
        return False
    lines = [row for row in body.rows if row.kind is RowKind.LINE and row.value is not None]
    known = sum(1 for row in lines if valid_isin(row.code))
    off = abs(sum(row.value or 0.0 for row in lines) - body.total.value)
    return known >= FEWEST_ISINS and off <= CLOSE * body.total.value


def _is_other(name: str | None, scheme: str | None) -> bool:
    return name is not None and scheme_key(name) != scheme_key(scheme or "")


def _named_below(cells: Cells, header: Header, start: int, stop: int, scheme: str | None) -> Header | None:
    """The name of another scheme below a total, with its securities under it in the same columns, as a header."""
    named = None
    for row in islice(read_rows(cells[:stop], replace(header, row=start - 1)), TITLE_ROWS):
        if row.kind is RowKind.HEADING and _is_other(names_scheme(cells[row.at : row.at + 1]), scheme):
            named = row.at
        elif named is not None and row.value and valid_isin(row.code):
            return replace(header, row=named, is_name=True)
    return None
