"""The reader's front: the bytes of a file, whatever its name and packing, become scheme sheets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from app.domain.disclosures import SchemeSheet
from app.sources.amc import checks
from app.sources.amc.blocks import Block, find_blocks, is_disclosure
from app.sources.amc.derivatives import Table, contract_tables, names_scheme
from app.sources.amc.header import Cells, Header, find_headers
from app.sources.amc.index_sheets import completed
from app.sources.amc.isins import valid_isin
from app.sources.amc.opening import Workbook, open_workbooks
from app.sources.amc.portfolio import read_block
from app.sources.amc.titles import scheme_key
from app.sources.workbooks import WorkbookReader

PARSER_VERSION = 2
"""Raised with every change that reads a file differently, so that stored portfolios can be read again."""


def read_disclosure(data: bytes, name: str, reader: WorkbookReader | None = None) -> tuple[SchemeSheet, ...]:
    """Every scheme sheet of a disclosure: an .xlsx, .xlsb or .xls workbook, or a zip of them, by content.

    A sheet that can't be trusted comes with its reason in ``quarantined``; a file or member that can't be opened is one
    such sheet. Sheets without a portfolio (index, notes, risk-o-meter) are left out. Reads no clock and no network; the
    workbook is opened in a child process, that of ``reader`` where many files follow each other. Raises nothing,
    whatever the bytes.
    """
    with ExitStack() as stack:
        reader = reader or stack.enter_context(WorkbookReader())
        return read_workbooks(open_workbooks(data, name, reader), name)


def read_workbooks(workbooks: Iterable[Workbook], name: str) -> tuple[SchemeSheet, ...]:
    """The scheme sheets of the workbooks of one file ``name``; see ``read_disclosure``."""
    found = [sheet for workbook in workbooks for sheet in read_workbook(workbook)]
    if not found:
        return (_refused(name, "", "holds no scheme portfolio"),)
    outliers = checks.month_outliers(found)
    note = "its day differs from that of most sheets of the file"
    return tuple(
        replace(sheet, warnings=(*sheet.warnings, note)) if at in outliers else sheet for at, sheet in enumerate(found)
    )


def read_workbook(workbook: Workbook) -> Iterator[SchemeSheet]:
    """The scheme sheets of one opened workbook, in order."""
    if workbook.fault is not None:
        yield _refused(workbook.file, "", workbook.fault)
        return
    blocks: list[Block] = []
    beside: list[_ContractSheet] = []
    others: list[Cells] = []
    for sheet, cells in workbook.sheets:
        headers = find_headers(cells)
        here = [block for block in find_blocks(workbook.file, sheet, cells, headers) if is_disclosure(block)]
        blocks += here
        if not here:
            others.append(cells)
        if headers and not here:
            beside.append(_ContractSheet(sheet, cells, headers))
        if not here and _holds_isin(cells):
            reason = "lists securities under no header that names instruments, values and weights"
            yield _refused(workbook.file, sheet, reason)
    for block in (completed(block, others) for block in blocks):
        yield read_block(block, _tables_beside(block, beside, alone=len(blocks) == 1))


@dataclass(frozen=True, slots=True)
class _ContractSheet:
    """A sheet with headers but no portfolio: it may hold contracts."""

    name: str
    cells: Cells
    headers: Sequence[Header]


def _holds_isin(cells: Cells) -> bool:
    return any(len(cell) == 12 and valid_isin(cell) for row in cells for cell in row)


def _tables_beside(block: Block, sheets: Sequence[_ContractSheet], *, alone: bool) -> list[Table]:
    key, unit = scheme_key(block.scheme or ""), block.unit
    if unit is None or not key:
        return []
    mine = [sheet for sheet in sheets if alone or names_scheme(sheet.cells, sheet.headers[0], sheet.name, key)]
    return [table for sheet in mine for table in contract_tables(sheet.cells, sheet.headers, 0, len(sheet.cells), unit)]


def _refused(file: str, sheet: str, reason: str) -> SchemeSheet:
    return SchemeSheet(file, sheet, None, None, (), None, None, None, None, (), reason)
