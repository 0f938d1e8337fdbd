"""Reads workbooks in a process of its own, one after another: each comes on standard input behind an ``ASK``, and its
``[[sheet, rows], ...]`` goes out as JSON behind a ``REPLY``.

A workbook of 1.4 kB with one far cell makes the reader ask for 512 GB and abort, one of 760 kB can unpack to 12 million
rows. Here that ends this process and not the server. Run as a script, so it imports nothing of the app.
"""

from __future__ import annotations

import math
import re
import resource
import signal
import struct
import sys
import zipfile
from datetime import date
from io import BytesIO
from time import process_time

import orjson
from python_calamine import CalamineSheet, CalamineWorkbook

MAX_MEMORY = 1 << 30
MAX_CPU_SECONDS = 20
RETIRE_ABOVE = 256 << 10
"""Kilobytes: a process that once grew beyond it makes room for a fresh one, so that no workbook pays for another."""
ASK = struct.Struct(">dQ")
"""The seconds that the workbook may take, and the length that follows."""
REPLY = struct.Struct(">??Q")
"""Whether the workbook is refused (the reason follows), whether this process ends now, and the length that follows."""
MAX_ROWS = 20_000
MAX_COLUMNS = 200
MAX_CELLS = 4_000_000
MAX_TEXT = 32 << 20

_CHUNK = 1 << 20
_LONGEST_CELL_START = 512
_FAR_PLACE = rb'"(?:(?:[A-Z]{3,}|[H-Z][A-Z]|G[S-Z])[0-9]+|[A-Z]+(?:[2-9][0-9]{4}|[0-9]{6,}))"'
_FAR_CELL = re.compile(rb"<c\s[^>]{0,200}?\br=" + _FAR_PLACE + rb"[^>]{0,200}>\s{0,20}<(?:v|is|f)\b")
"""A cell with a value; formats alone reach to the last row in honest files."""


class _Refused(Exception):
    """The workbook is beyond a limit; the message says which."""


def _limit_resources() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def _limit_time(seconds: float) -> None:
    """From now on so many seconds, and ``MAX_CPU_SECONDS`` of processor, which are counted from the process's start.

    The system ends the process then; nothing here could hold it up.
    """
    signal.setitimer(signal.ITIMER_REAL, seconds)
    until = math.ceil(process_time()) + MAX_CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _refuse(reason: str) -> None:
    raise _Refused(reason)


def _check_members(data: bytes) -> None:
    """Reads each member of a zipped workbook once, in pieces, before the reader makes room for it.

    A changed byte shows in the checksum, which the reader itself ignores, a cell beyond the limits in the sheets' XML.
    """
    if not data.startswith(b"PK"):
        return
    with zipfile.ZipFile(BytesIO(data)) as archive:
        for member in archive.infolist():
            _scan(archive, member)


def _scan(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    sheet = member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml")
    with archive.open(member) as stream:
        tail = b""
        while piece := stream.read(_CHUNK):
            if sheet and _FAR_CELL.search(tail + piece):
                _refuse(f"is far too large: a cell lies beyond {MAX_ROWS} rows or {MAX_COLUMNS} columns")
            tail = piece[-_LONGEST_CELL_START:]


def _cell_text(value: object) -> str:
    """A whole number without its ``.0``, a date in ISO form, text without NUL, everything else as it prints."""
    if isinstance(value, str):
        return value.replace("\0", "") if "\0" in value else value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value)


def _sheet_rows(sheet: CalamineSheet) -> list[list[str]]:
    if sheet.total_height > MAX_ROWS or sheet.total_width > MAX_COLUMNS:
        _refuse(f"is far too large: a sheet has more than {MAX_ROWS} rows or {MAX_COLUMNS} columns")
    return [[_cell_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]


def _all_sheets(data: bytes) -> list[tuple[str, list[list[str]]]]:
    workbook = CalamineWorkbook.from_filelike(BytesIO(data))
    sheets, cells, text = [], 0, 0
    for name in workbook.sheet_names:
        rows = _sheet_rows(workbook.get_sheet_by_name(name))
        cells += sum(len(row) for row in rows)
        text += sum(len(cell) for row in rows for cell in row)
        if cells > MAX_CELLS or text > MAX_TEXT:
            _refuse(f"is far too large: more than {MAX_CELLS} cells or {MAX_TEXT >> 20} MB of text")
        sheets.append((name, rows))
    return sheets


def _peak() -> int:
    """The most memory in kilobytes that this process had, or the one that started it: the system passes that on."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _answer(data: bytes) -> tuple[bool, bytes]:
    """Whether the workbook is refused, and its sheets or the reason."""
    try:
        _check_members(data)
        return False, orjson.dumps(_all_sheets(data))
    except _Refused as refusal:
        return True, str(refusal).encode()


def main() -> None:
    """Read, convert, reply, until no more comes. A workbook that can't be read ends the process without a reply."""
    _limit_resources()
    retire_above = max(RETIRE_ABOVE, _peak())
    while head := sys.stdin.buffer.read(ASK.size):
        seconds, length = ASK.unpack(head)
        _limit_time(seconds)
        refused, content = _answer(sys.stdin.buffer.read(length))
        signal.setitimer(signal.ITIMER_REAL, 0)
        ends = _peak() > retire_above
        sys.stdout.buffer.write(REPLY.pack(refused, ends, len(content)))
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        if ends:
            return


if __name__ == "__main__":
    main()
