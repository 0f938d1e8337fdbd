"""The peer of the workbook reader: openpyxl opens the file in this process, the same code reads its cells."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable

from openpyxl import load_workbook

from app.domain.disclosures import SchemeSheet
from app.sources.amc.opening import Workbook
from app.sources.amc.reader import read_workbook
from app.sources.workbook_reader import _cell_text
from benchmarks.disclosure_workbooks import File


def read_with_openpyxl(files: Iterable[File], *, read_only: bool) -> list[tuple[SchemeSheet, ...]]:
    """What is read of each file. ``read_only`` is openpyxl's quicker mode."""
    return [tuple(read_workbook(_opened(name, data, read_only=read_only))) for name, data in files]


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
