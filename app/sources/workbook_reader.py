"""Reads one workbook in a process of its own: bytes on standard input, ``[[sheet, rows], ...]`` as JSON on output.

A workbook of 1.4 kB with one far cell makes the reader ask for 512 GB and abort, one of 760 kB can unpack to 12 million
rows. Here that ends this process and not the server. Run as a script, so it imports nothing of the app.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import date
from io import BytesIO

from python_calamine import CalamineSheet, CalamineWorkbook

MAX_MEMORY = 1 << 30
MAX_CPU_SECONDS = 20
MAX_ROWS = 20_000
MAX_COLUMNS = 200


def _limit_resources() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))


def _cell_text(value: object) -> str:
    """A whole number without its ``.0``, a date in ISO form, everything else as it prints."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value)


def _sheet_rows(sheet: CalamineSheet) -> list[list[str]]:
    if sheet.total_height > MAX_ROWS or sheet.total_width > MAX_COLUMNS:
        raise SystemExit(f"more than {MAX_ROWS} rows or {MAX_COLUMNS} columns")
    return [[_cell_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]


def main() -> None:
    """Read, convert, print; any failure ends the process with a status other than 0."""
    _limit_resources()
    workbook = CalamineWorkbook.from_filelike(BytesIO(sys.stdin.buffer.read()))
    sheets = [[name, _sheet_rows(workbook.get_sheet_by_name(name))] for name in workbook.sheet_names]
    json.dump(sheets, sys.stdout)


if __name__ == "__main__":
    main()
