"""Workbooks to read: published ones from a folder, or generated ones of the sizes that published ones have."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from random import Random

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from app.domain.securities import is_isin
from benchmarks.market import SEED

FOLDER = "RISK_BENCH_DISCLOSURES"
"""Environment: a folder of published files to read in place of generated ones; those that are .xlsx inside count."""
SHEETS = (1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 6, 18, 30, 100)
"""Sheets of each file. Of 48 published ones half have one, a quarter two, a tenth 30 or more, the largest 128."""
ROWS = (65, 40, 89, 122, 89, 65, 177, 89, 122, 330)
"""Rows of the sheets, in turn: the tenths and quarters of 606 published sheets, and a large one."""
POSITIONS = 0.55
"""Share of the rows that are positions; the others are titles, headings, totals, notes and blanks."""
WIDTH, WIDE = 12, 54
"""Columns with a format. Half of the published sheets have up to 12, and a quarter, all of large workbooks, 54."""
LARGE = 30
"""Sheets from which on a workbook counts as large."""
FILLED = 10
"""Cells of a row with a format: some 900 a sheet, two thirds of them empty."""
AS_ON = "October 31, 2026"
HEADER = (
    "",
    "Name of the Instrument",
    "ISIN",
    "Industry / Rating",
    "Quantity",
    "Market/Fair Value (Rs. in Lacs)",
    "% to Net Assets",
    "YTM",
)
INDUSTRIES = ("Banks", "IT - Software", "Petroleum Products", "Pharmaceuticals & Biotechnology", "Automobiles", "Power")
NOTE = "Note {}: Securities are valued as the valuation policy of the fund has it; below 0.01 % is shown as such."
NUMBER_FORMATS = ("General", "@", "#,##0", "#,##0.00", "0.00%", "#,##0.00;(#,##0.00)", "0.0000")
Row = Sequence[object]
File = tuple[str, bytes]
"""Name and bytes."""


def published_files() -> list[File]:
    """Name and bytes of every .xlsx in the folder that the environment names, by content; none without it."""
    folder = os.environ.get(FOLDER)
    paths = sorted(Path(folder).rglob("*.xls*")) if folder else []
    found = [(path.name, path.read_bytes()) for path in paths]
    return [(name, data) for name, data in found if data.startswith(b"PK") and b"xl/workbook.xml" in data]


def generated_files(houses: int) -> list[File]:
    """One workbook a house, as many sheets in each as ``SHEETS`` says, of as many houses."""
    random, rows = Random(SEED), cycle(ROWS)
    return [
        (f"house{house}.xlsx", _workbook(house, list(islice(rows, sheets)), random))
        for house, sheets in enumerate(SHEETS[:houses])
    ]


def _workbook(house: int, rows_of_sheets: Sequence[int], random: Random) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    width = WIDE if len(rows_of_sheets) >= LARGE else WIDTH
    for scheme, count in enumerate(rows_of_sheets):
        sheet = book.create_sheet(f"S{scheme}")
        for row in _rows(f"House{house} Sample {scheme} Fund", count, random):
            sheet.append((*row, *[None] * (width - len(row))))
        _give_formats(sheet, house, width)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _give_formats(sheet: Worksheet, house: int, width: int) -> None:
    """Borders, fonts and number formats cell by cell, widths, merged titles, a print area: as published ones have."""
    bold, plain = ([_format(sheet, house + at, bold=bold) for at in range(FILLED)] for bold in (True, False))
    for row in sheet.iter_rows(max_col=FILLED):
        for cell, style in zip(row, bold if row[2].value == HEADER[2] else plain, strict=True):
            cell._style = style._style
    for column in range(1, width + 1):
        sheet.column_dimensions[get_column_letter(column)].width = 8 + column % 5
    for row_number in (1, 2):
        sheet.merge_cells(start_row=row_number, end_row=row_number, start_column=2, end_column=8)
    sheet.print_area = f"A1:{get_column_letter(FILLED)}{sheet.max_row}"
    if width > FILLED:
        sheet.cell(4, width).border = Border(right=Side(style="thin"))


def _format(sheet: Worksheet, number: int, *, bold: bool) -> WriteOnlyCell:
    """A cell to take the format of: some 50 in a workbook."""
    cell = WriteOnlyCell(sheet)
    lines = Side(style=("thin", "medium", "hair")[number % 3])
    cell.border, cell.font = Border(left=lines, right=lines, top=lines, bottom=lines), Font(bold=bold)
    cell.number_format = NUMBER_FORMATS[number % len(NUMBER_FORMATS)]
    return cell


def _rows(scheme: str, count: int, random: Random) -> Iterator[Row]:
    """A sheet of ``count`` rows: titles, shares, a bond, cash, the total, and notes to the end."""
    lines = [*_shares(int(count * POSITIONS), random), _bond(random)]
    values = [value for *_, value in lines]
    cash = round(sum(values) * 0.04, 2)
    total = sum(values) + cash
    head: list[Row] = [
        ("", f"{scheme} (An open ended equity scheme)"),
        ("", f"Monthly Portfolio Statement as on {AS_ON}"),
        (),
        HEADER,
        ("", "Equity & Equity related"),
        ("", "(a) Listed / awaiting listing on Stock Exchanges"),
    ]
    held: list[Row] = [("", *line, line[-1] / total) for line in lines]
    subtotal = sum(values[:-1])
    parts: list[Row] = [
        *head,
        *held[:-1],
        ("", "Sub Total", "", "", "", subtotal, subtotal / total),
        (),
        ("", "Debt Instruments"),
        held[-1],
        ("", "TREPS", "", "", "", cash, cash / total),
        ("", "GRAND TOTAL", "", "", "", total, 1.0),
        (),
    ]
    yield from parts
    for at in range(count - len(parts)):
        yield "", NOTE.format(at + 1)


def _shares(count: int, random: Random) -> Iterator[tuple[str, str, str, int, float]]:
    for number in sorted(random.sample(range(2_000), count)):
        value = round(random.uniform(50.0, 9_000.0), 2)
        quantity = int(value * 1e5 / random.uniform(200.0, 2_000.0))
        yield f"Company {number} Limited", _isin(f"INE{number:04d}0101"), INDUSTRIES[number % 6], quantity, value


def _bond(random: Random) -> tuple[str, str, str, int, float]:
    value = round(random.uniform(100.0, 900.0), 2)
    return "7.18% GOI 14-Aug-2033", "IN0020230085", "Sovereign", int(value * 1e5 / 101), value


def _isin(stem: str) -> str:
    """A made-up share's ISIN: the stem and the one digit that fits."""
    return next(code for digit in range(10) if is_isin(code := f"{stem}{digit}"))
