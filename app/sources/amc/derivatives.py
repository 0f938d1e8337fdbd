"""Contracts listed beside the portfolio: in a second table, on a sheet of their own, or in a column of the holding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.domain.disclosures import LineKind
from app.sources.amc.cells import number, words
from app.sources.amc.header import SAMPLE_ROWS, Cells, Header, Role, with_sides
from app.sources.amc.isins import valid_isin
from app.sources.amc.kinds import CONTRACTS, contract_kind, section_kind
from app.sources.amc.reconcile import subtotal_misfits
from app.sources.amc.rows import Row, RowKind, read_rows
from app.sources.amc.titles import distinct, value_unit

_ROWS_ABOVE = 6
_IDLE_ROWS = 2
"""A table is over after this many rows in a row without a position, a total or a heading of contracts."""


class Entry(NamedTuple):
    """A line before its weight is known: ``value`` in rupees, negative when short; ``weight`` as printed.

    ``isin`` of a contract is that of the underlying share, where the file prints it.
    """

    name: str
    isin: str | None
    industry: str
    quantity: float | None
    value: float
    weight: float | None
    kind: LineKind
    section: str


@dataclass(frozen=True, slots=True)
class Table:
    """The contracts of one table; ``misfits`` counts totals that they do not meet and contracts without a value."""

    contracts: tuple[Entry, ...]
    misfits: int


def signed_value(row: Row) -> float:
    """The value with the sign of the position: the word Short or a negative quantity turns a positive value."""
    value = row.value or 0.0
    if row.side < 0:
        return -abs(value)
    return -value if value > 0 and row.quantity is not None and row.quantity < 0 else value


def contract_tables(cells: Cells, headers: Sequence[Header], start: int, end: int, unit: float) -> list[Table]:
    """All tables of contracts with market values between two rows.

    ``unit`` (rupees) holds where a table's own header names none.
    """
    inside = [header for header in headers if start <= header.row < end and Role.VALUE in header.columns]
    stops = [*(header.row for header in inside[1:]), end]
    announced = [(header, stop, _announced(cells, header, start)) for header, stop in zip(inside, stops, strict=False)]
    return [_table(cells, header, stop, unit, kind) for header, stop, kind in announced if kind is not None]


def lists_unvalued_contracts(cells: Cells, headers: Sequence[Header], start: int, end: int) -> bool:
    """True where a table of contracts on shares between two rows has numbers but no column of values."""
    unvalued = [header for header in headers if start <= header.row < end and Role.VALUE not in header.columns]
    on_shares = [header for header in unvalued if _announced(cells, header, start) is LineKind.DERIVATIVE]
    return any(_has_numbers(cells, header) for header in on_shares)


def _has_numbers(cells: Cells, header: Header) -> bool:
    below = cells[header.row + 1 : header.row + 1 + _ROWS_ABOVE]
    return any(number(header.cell(row, role)) for row in below for role in (Role.QUANTITY, Role.WEIGHT))


def printed_once(tables: Iterable[Table], known: Sequence[Entry]) -> list[Table]:
    """The tables that repeat neither earlier ones nor contracts ``known``: some houses print futures three times."""
    amounts = Counter(round(abs(contract.value)) for contract in known)
    kept: list[Table] = []
    for table in tables:
        own = Counter(round(abs(contract.value)) for contract in table.contracts)
        if 2 * (own & amounts).total() <= own.total():
            kept.append(table)
            amounts += own
    return kept


def hedge_contracts(rows: Iterable[Row], cells: Cells, header: Header, total: float, scale: float) -> tuple[Entry, ...]:
    """Shorts shown only as a percent column on the holding's own row, where the sign is sure.

    It is where the printed percent is negative, or where a column of the unhedged rest shows that it is a hedge.
    ``total`` in rupees; ``scale`` turns a printed weight into percent.
    """
    if Role.HEDGE not in header.columns:
        return ()
    sure = Role.UNHEDGED in header.columns
    hedges = [(row, _hedge(row, cells, header)) for row in rows if row.kind is RowKind.LINE]
    shorts = [(row, -abs(hedge)) for row, hedge in hedges if hedge and (sure or hedge < 0)]
    kind, section = LineKind.DERIVATIVE, "hedge column"
    return tuple(
        Entry(row.label, None, row.industry, None, hedge * scale / 100 * total, hedge, kind, section)
        for row, hedge in shorts
    )


def has_hedge_column(rows: Iterable[Row], cells: Cells, header: Header) -> bool:
    """True where the column of hedges holds any number but zero."""
    hedged = Role.HEDGE in header.columns
    return hedged and any(_hedge(row, cells, header) for row in rows if row.kind is RowKind.LINE)


def names_scheme(cells: Cells, header: Header, sheet: str, key: frozenset[str]) -> bool:
    """True where the rows above a header, its first row or the sheet's name hold all words of a scheme's name."""
    texts = [text for row in cells[: header.row + 2] for text in distinct(row)]
    return key <= set(words(" ".join([*texts, sheet])).split())


def _hedge(row: Row, cells: Cells, header: Header) -> float | None:
    return number(header.cell(cells[row.at], Role.HEDGE))


def _announced(cells: Cells, header: Header, start: int) -> LineKind | None:
    """The kind of contracts that the words around a header announce; None for any other table."""
    above = [text for row in cells[max(start, header.row - _ROWS_ABOVE) : header.row] for text in distinct(row)]
    below = [text for row in cells[header.row + 1 : header.row + 3] for text in distinct(row)[:1]]
    kinds = (section_kind(text) for text in (*reversed(below), header.text, *reversed(above)))
    kind = next((kind for kind in kinds if kind in CONTRACTS), None)
    return kind or (LineKind.DERIVATIVE if Role.SIDE in header.columns else None)


def _table(cells: Cells, header: Header, stop: int, unit: float, kind: LineKind) -> Table:
    sided = with_sides(header, cells[header.row + 1 : min(stop, header.row + 1 + SAMPLE_ROWS)])
    rows = list(_rows_of_table(read_rows(cells, sided), stop))
    own_unit = value_unit(header, ()) or unit
    without_value = sum(1 for row in rows if row.side and row.value is None)
    return Table(tuple(_contracts(rows, own_unit, kind)), len(subtotal_misfits(rows, frozenset())) + without_value)


def _rows_of_table(rows: Iterable[Row], stop: int) -> Iterator[Row]:
    idle = 0
    for row in rows:
        position = row.kind is RowKind.LINE and bool(row.value)
        total = row.kind in {RowKind.TOTAL, RowKind.GRAND}
        heading = row.kind is RowKind.HEADING and section_kind(row.label) in CONTRACTS
        idle = 0 if position or total or heading else idle + 1
        if row.at >= stop or idle > _IDLE_ROWS:
            return
        yield row


def _contracts(rows: Iterable[Row], unit: float, section: LineKind) -> Iterator[Entry]:
    heading = ""
    for row in rows:
        announced = section_kind(row.label) if row.kind is RowKind.HEADING else None
        if announced in CONTRACTS and announced is not None:
            section, heading = announced, row.label
        elif row.kind is RowKind.LINE and row.value:
            isin = row.code if valid_isin(row.code) else None
            value, kind = signed_value(row) * unit, contract_kind(row.label, section)
            yield Entry(row.label, isin, row.industry, row.quantity, value, row.weight, kind, heading)
