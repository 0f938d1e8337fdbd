"""One portfolio: title, positions, contracts and totals put together, and judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.domain.disclosures import DisclosureLine, LineKind, SchemeSheet
from app.sources.amc import checks
from app.sources.amc.blocks import Block
from app.sources.amc.derivatives import (
    Entry,
    Table,
    contract_tables,
    has_hedge_column,
    hedge_contracts,
    lists_unvalued_contracts,
    printed_once,
    signed_value,
)
from app.sources.amc.header import FEWEST_ISINS, Role
from app.sources.amc.isins import is_share
from app.sources.amc.kinds import CONTRACTS
from app.sources.amc.reconcile import CLOSE, Body, Reading, best_reading, subtotal_misfits
from app.sources.amc.rows import RowKind, read_rows
from app.sources.amc.sections import Position, positions
from app.sources.amc.weights import PERCENTS, Weighed, scale_of_total, weigh

NOTICEABLE_GAP = 0.0002
_SHARES = frozenset({LineKind.EQUITY, LineKind.FOREIGN_EQUITY})


@dataclass(frozen=True, slots=True)
class _Content:
    """What a block holds: positions ``placed`` above the total, contracts ``outside`` it.

    ``total`` is in rupees, ``misfits`` counts the subtotals that do not add up.
    """

    body: Body
    unit: float
    total: float
    placed: tuple[Position, ...]
    reading: Reading
    outside: tuple[Entry, ...]
    misfits: int


def read_block(block: Block, beside: Sequence[Table]) -> SchemeSheet:
    """The scheme sheet of a block. ``beside`` are tables of its contracts found on sheets of their own."""
    name, days = block.scheme, block.days
    sheet = SchemeSheet(block.file, block.sheet, name, days[0] if days else None, (), None, None, None, None, (), None)
    content = _content(block, beside)
    faults = list(_title_faults(block, sheet))
    if content is None:
        return replace(sheet, quarantined="; ".join(faults))
    lines, weighed = _lines(content)
    judged = (
        _gap_fault(content.reading),
        _below_fault(block, content),
        checks.unit_fault(lines),
        checks.hedge_fault(name, lines),
        checks.sign_fault(lines),
    )
    faults += [fault for fault in judged if fault]
    return replace(
        sheet,
        lines=lines,
        stated_total=content.total,
        sum_of_weights=sum(line.weight for line in lines if line.in_total),
        gross_equity=sum(line.weight for line in lines if line.kind in _SHARES),
        net_equity=sum(line.weight for line in lines if line.kind in _SHARES or line.kind is LineKind.DERIVATIVE),
        warnings=tuple(_warnings(block, sheet, content, lines, weighed)),
        quarantined="; ".join(faults) or None,
    )


def _title_faults(block: Block, sheet: SchemeSheet) -> Iterator[str]:
    if sheet.as_on is None:
        yield "names no as-on date"
    elif fault := checks.frequency_fault(sheet.as_on, (block.file, block.sheet, *block.title_texts)):
        yield fault
    if sheet.name is None:
        yield "names no scheme"
    if block.header.is_double:
        yield "shows two portfolios side by side"
    missing = _missing_columns(block)
    if Role.VALUE.value in missing:
        yield f"has no column of {', '.join(missing)}"
    elif block.unit is None:
        yield "does not say in which unit its values are"
    elif block.body is None:
        yield "has no grand total to hold its lines against"
    elif not block.body.total.value or block.body.total.value < 0:
        yield "has a grand total that is not above zero"


def _missing_columns(block: Block) -> list[str]:
    wanted = (Role.ISIN, Role.INDUSTRY, Role.QUANTITY, Role.VALUE)
    return [role.value for role in wanted if role not in block.header.columns]


def _content(block: Block, beside: Sequence[Table]) -> _Content | None:
    body, unit = block.body, block.unit
    if body is None or unit is None or not body.total.value or body.total.value < 0:
        return None
    placed = positions(body)
    futures = frozenset(position.row.at for position in placed if position.contract and not position.option)
    options = frozenset(position.row.at for position in placed if position.option)
    reading = best_reading(body, futures, options)
    tables = _tables(block, body, unit, placed, beside)
    contracts = tuple(contract for table in tables for contract in table.contracts)
    if not contracts and not futures | options:
        scale = scale_of_total(body.total.weight) or PERCENTS
        contracts = hedge_contracts(body.rows, block.cells, block.header, body.total.value * unit, scale)
    misfits = len(subtotal_misfits(body.rows, (futures | options) - reading.counted))
    misfits += sum(table.misfits for table in tables)
    return _Content(body, unit, body.total.value * unit, placed, reading, contracts, misfits)


def _tables(block: Block, body: Body, unit: float, placed: Sequence[Position], beside: Sequence[Table]) -> list[Table]:
    """Tables of contracts that are not the ones above the total printed again."""
    inside = [_entry(position, unit) for position in placed if position.contract]
    after = contract_tables(block.cells, block.headers, body.total.at + 1, block.end, unit)
    return printed_once([*after, *beside], inside)


def _entry(position: Position, unit: float) -> Entry:
    """A position above the total as a line; only a contract's sign may come from its words or quantity."""
    row = position.row
    value = (signed_value(row) if position.contract else row.value or 0.0) * unit
    return Entry(
        row.label, position.isin, row.industry, row.quantity, value, row.weight, position.kind, position.section
    )


def _lines(content: _Content) -> tuple[tuple[DisclosureLine, ...], Weighed]:
    placed, counted = content.placed, content.reading.counted
    entries = [*(_entry(position, content.unit) for position in placed), *content.outside]
    codes = [position.row.code for position in placed] + [""] * len(content.outside)
    in_total = [position.row.at in counted for position in placed] + [False] * len(content.outside)
    percents = [100 * entry.value / content.total for entry in entries]
    printed, kinds = [entry.weight for entry in entries], [entry.kind for entry in entries]
    weighed = weigh(printed, percents, kinds, content.body.total.weight)
    columns = zip(entries, codes, percents, weighed.percents, in_total, strict=True)
    return tuple(_line(*fields) for fields in columns), weighed


def _line(entry: Entry, code: str, percent: float, stated: float | None, in_total: bool) -> DisclosureLine:
    return DisclosureLine(
        isin=entry.isin,
        code=(code or None) if entry.isin is None else None,
        name=entry.name,
        industry=entry.industry or None,
        quantity=entry.quantity,
        value=entry.value,
        weight=percent,
        stated_weight=stated,
        kind=entry.kind,
        sign=-1 if entry.value < 0 else 1,
        section=entry.section,
        in_total=in_total,
    )


def _gap_fault(reading: Reading) -> str | None:
    return _gap_words(reading) if abs(reading.gap) > CLOSE else None


def _below_fault(block: Block, content: _Content) -> str | None:
    """Why the grand total can't be the end: shares below it that no table of contracts explains."""
    total = content.body.total
    contracts = {contract.name for contract in content.outside}
    below = read_rows(block.cells[: block.end], replace(block.header, row=total.at))
    shares = [
        abs(row.value)
        for row in below
        if row.kind is RowKind.LINE and row.value and row.label not in contracts and is_share(row.code)
    ]
    if len(shares) < FEWEST_ISINS or sum(shares) <= CLOSE * (total.value or 0.0):
        return None
    return f"lists {len(shares)} more shares below its grand total"


def _gap_words(reading: Reading) -> str:
    return f"lines add up to {100 * (1 + reading.gap):.2f} % of the file's own total"


def _warnings(
    block: Block, sheet: SchemeSheet, content: _Content, lines: Sequence[DisclosureLine], weighed: Weighed
) -> Iterator[str]:
    if NOTICEABLE_GAP < abs(content.reading.gap) <= CLOSE:
        yield _gap_words(content.reading)
    yield from checks.weight_notes(lines, weighed)
    if content.misfits:
        yield f"{content.misfits} subtotals or contracts do not add up"
    yield from _column_notes(block)
    rows = content.body.rows
    if valueless := [row for row in rows if row.kind is RowKind.LINE and row.value is None]:
        yield f"{len(valueless)} securities have no value, e.g. {valueless[0].label}"
    if not any(line.kind in CONTRACTS for line in lines):
        yield from _missing_contracts(block, content.body)
    yield from checks.line_notes(lines)
    if sheet.as_on is not None and (doubt := _date_doubt(block, sheet)):
        yield doubt


def _missing_contracts(block: Block, body: Body) -> Iterator[str]:
    if has_hedge_column(body.rows, block.cells, block.header):
        yield "shows derivatives in a column only, without their sign: net equity leaves them out"
    if lists_unvalued_contracts(block.cells, block.headers, body.total.at + 1, block.end):
        yield "lists derivatives without values: net equity leaves them out"


def _column_notes(block: Block) -> Iterator[str]:
    if missing := _missing_columns(block):
        yield f"has no column of {', '.join(missing)}"
    if block.header.unnamed_isins:
        yield "the ISINs stand in a column whose header does not say so"


def _date_doubt(block: Block, sheet: SchemeSheet) -> str | None:
    others = sorted({str(day) for day in block.days} - {str(sheet.as_on)})
    if block.start == 0 and others:
        return f"its titles name {sheet.as_on} and {others[0]}"
    return checks.file_name_doubt(block.file, sheet.name, sheet.as_on) if sheet.as_on else None
