"""Where the portfolios of a sheet stand: one, or many under each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from app.sources.amc.header import Cells, Header, Role
from app.sources.amc.reconcile import Body, find_body
from app.sources.amc.rows import read_rows
from app.sources.amc.titles import announces_scheme, as_on_days, distinct, scheme_name, value_unit

TITLE_ROWS = 100


@dataclass(frozen=True, slots=True)
class Block:
    """A portfolio's place in a sheet.

    Its titles begin at row ``start``, the tables after its total end before row ``end`` (0-based). ``body`` is None
    where no row is a grand total or no column holds values.
    """

    file: str
    sheet: str
    cells: Cells
    headers: Sequence[Header]
    header: Header
    start: int
    end: int
    body: Body | None

    @property
    def titles(self) -> Cells:
        """The rows above the header, at most the nearest hundred."""
        return _titles(self.cells, self.start, self.header)

    @property
    def title_texts(self) -> list[str]:
        """The texts above the header, each once a row."""
        return [text for row in self.titles for text in distinct(row)]

    @property
    def unit(self) -> float | None:
        """Rupees in one unit of the value column, None where the sheet does not say."""
        return value_unit(self.header, self.titles)


def find_blocks(file: str, sheet: str, cells: Cells, headers: Sequence[Header]) -> Iterator[Block]:
    """The portfolios of a sheet in order.

    A header with the columns of the one before it is the same one printed again. A portfolio without a total before the
    next header gives way to that one. After a total only a header under the title of another scheme begins a portfolio.
    """
    leading = [header for header in headers if header.portfolio]
    start, pending, hopeless = 0, None, 0
    for at, header in enumerate(leading):
        titles = _titles(cells, start, header)
        if header.row < max(start, hopeless) or (pending is not None and not _starts_scheme(titles, header)):
            continue
        stop = _stop(leading[at:], len(cells))
        block = _block(file, sheet, cells, headers, header, start, stop)
        if block.body is None and stop < len(cells):
            hopeless = stop
            continue
        if pending is not None:
            yield replace(pending, end=header.row)
        pending = block
        start = block.body.total.at + 1 if block.body else len(cells)
    if pending is not None:
        yield pending


def is_disclosure(block: Block) -> bool:
    """False for a table of names and percents alone that no title calls a portfolio as of a day (top-ten lists)."""
    return bool({Role.VALUE, Role.ISIN} & block.header.columns.keys()) or bool(as_on_days(block.titles))


def _titles(cells: Cells, start: int, header: Header) -> Cells:
    return cells[max(start, header.row - TITLE_ROWS) : header.row]


def _stop(headers: Sequence[Header], end: int) -> int:
    """The row of the next header with other columns, or the end of the sheet."""
    first, *others = headers
    return next((header.row for header in others if header.columns != first.columns), end)


def _block(
    file: str, sheet: str, cells: Cells, headers: Sequence[Header], header: Header, start: int, stop: int
) -> Block:
    rows = islice(read_rows(cells, header, scheme_name(_titles(cells, start, header))), stop - header.row - 1)
    body = find_body(rows) if Role.VALUE in header.columns else None
    return Block(file, sheet, cells, headers, header, start, len(cells), body)


def _starts_scheme(titles: Cells, header: Header) -> bool:
    return Role.ISIN in header.columns and announces_scheme(titles)
