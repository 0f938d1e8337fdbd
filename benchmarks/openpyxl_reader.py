"""The peer of the workbook reader: openpyxl opens the file in this process, the same code reads its cells."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from openpyxl import Workbook as NewWorkbook
from openpyxl import load_workbook

from app.domain.disclosures import SchemeSheet
from app.sources.amc.opening import Workbook
from app.sources.amc.reader import read_workbook
from app.sources.workbook_reader import _cell_text

FOLDER = "RISK_BENCH_DISCLOSURES"
"""Environment: a folder of published files to read in place of generated ones; those that are .xlsx inside count."""
File = tuple[str, bytes]
"""Name and bytes."""
AS_ON = "October 31, 2026"
HEADER = (
    "",
    "Name of the Instrument",
    "ISIN",
    "Industry",
    "Quantity",
    "Market Value (Rs. in Lakhs)",
    "% to Net Assets",
)


def read_with_openpyxl(files: Iterable[File], *, read_only: bool) -> list[tuple[SchemeSheet, ...]]:
    """What is read of each file. ``read_only`` is openpyxl's quicker mode."""
    return [tuple(read_workbook(_opened(name, data, read_only=read_only))) for name, data in files]


def published_files() -> list[File]:
    """Name and bytes of every .xlsx in the folder that the environment names, by content; none without it."""
    folder = os.environ.get(FOLDER)
    paths = sorted(Path(folder).rglob("*.xls*")) if folder else []
    found = [(path.name, path.read_bytes()) for path in paths]
    return [(name, data) for name, data in found if data.startswith(b"PK") and b"xl/workbook.xml" in data]


def generated_files(count: int, schemes: int, positions: int) -> list[File]:
    """Workbooks of one house: ``schemes`` sheets each, with ``positions`` shares and a line of cash."""
    return [(f"house{at}.xlsx", _workbook(at, schemes, positions)) for at in range(count)]


def _workbook(house: int, schemes: int, positions: int) -> bytes:
    book = NewWorkbook(write_only=True)
    for scheme in range(schemes):
        sheet = book.create_sheet(f"S{scheme}")
        for row in _rows(f"House{house} Sample {scheme} Fund", positions):
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _rows(scheme: str, positions: int) -> Iterator[Sequence[object]]:
    total = 10.0 * positions
    yield "", scheme
    yield "", f"Monthly Portfolio Statement as on {AS_ON}"
    yield ()
    yield HEADER
    yield ("", "Equity & Equity related")
    for at in range(positions - 1):
        yield "", f"Company {at} Limited", _isin(at), "Banks", 2_000 + at, 10.0, 1 / positions
    yield "", "TREPS", "", "", "", 10.0, 1 / positions
    yield "", "GRAND TOTAL", "", "", "", total, 1.0


def _isin(number: int) -> str:
    """A made-up share's ISIN with its check digit (ISO 6166)."""
    stem = f"INE{number:04d}01" + "01"
    digits = "".join(str(int(character, 36)) for character in stem)
    doubled = (int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return f"{stem}{-sum(value - 9 if value > 9 else value for value in doubled) % 10}"


def _opened(name: str, data: bytes, *, read_only: bool) -> Workbook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # styles and extensions that openpyxl does not know
        book = load_workbook(io.BytesIO(data), read_only=read_only, data_only=True)
        sheets = [
            (sheet.title, [["" if cell is None else _cell_text(cell) for cell in row] for row in sheet.values])
            for sheet in book.worksheets
        ]
    book.close()
    return Workbook(name, sheets)
