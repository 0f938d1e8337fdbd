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
ASK = struct.Struct(">dQQ")
"""The seconds that the workbook may take, the room for its content, and the length that follows."""
REPLY = struct.Struct(">??Q")
"""Whether the workbook is refused (the reason follows), whether this process ends now, and the length that follows."""
MAX_ROWS = 20_000
MAX_COLUMNS = 200
MAX_SHEETS = 500
"""Four times as many as a file of all schemes of a large house has."""
MAX_CONTENT = 40 << 20
"""Bytes by ``content_size``: four times the largest file of all schemes of a house."""
CELL, TEXT, LETTER = 24, 64, 2
"""Bytes that a cell costs whoever asks, a cell with text beside that, and each letter, which comes once as JSON."""
WIDEST_LETTER = 4

_CHUNK = 1 << 20
_LONGEST_CELL_START = 512
_FAR_PLACE = rb'"(?:(?:[A-Z]{3,}|[H-Z][A-Z]|G[S-Z])[0-9]+|[A-Z]+(?:[2-9][0-9]{4}|[0-9]{6,}))"'
_FAR_CELL = re.compile(rb"<c\s[^>]{0,200}?\br=" + _FAR_PLACE + rb"[^>]{0,200}>\s{0,20}<(?:v|is|f)\b")
"""A cell with a value; formats alone reach to the last row in honest files."""
_FAR_REFERENCE = re.compile(rb'r="(?:[A-Z]{3}|[H-Z][A-Z]|G[S-Z]|[A-Z]+(?:[2-9][0-9]{4}|[0-9]{6}))')
"""In every far cell, and quick to look for: nearly no honest sheet has one."""


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
            seen = tail + piece
            if sheet and _FAR_REFERENCE.search(seen) and _FAR_CELL.search(seen):
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
    return _trimmed([[_cell_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)])


def _trimmed(rows: list[list[str]]) -> list[list[str]]:
    """The rows, all of one length, without the empty ones and the empty columns at their end."""
    while rows and not any(rows[-1]):
        rows.pop()
    width = len(rows[0]) if rows else 0
    while width and not any(row[width - 1] for row in rows):
        width -= 1
    return [row[:width] for row in rows] if rows and width < len(rows[0]) else rows


def content_size(rows: list[list[str]]) -> int:
    """About the most bytes that the process asking spends on the rows of a sheet."""
    return sum(map(_row_size, rows))


def _row_size(row: list[str]) -> int:
    text = "".join(row)
    letters = len(text) if text.isascii() else WIDEST_LETTER * len(text)
    return CELL * len(row) + TEXT * (len(row) - row.count("")) + LETTER * letters


def _all_sheets(data: bytes, room: int) -> list[tuple[str, list[list[str]]]]:
    workbook = CalamineWorkbook.from_filelike(BytesIO(data))
    if len(workbook.sheet_names) > MAX_SHEETS:
        _refuse(f"is far too large: it has {len(workbook.sheet_names)} sheets, more than {MAX_SHEETS}")
    sheets = []
    for name in workbook.sheet_names:
        rows = _sheet_rows(workbook.get_sheet_by_name(name))
        room -= content_size(rows)
        if room < 0:
            _refuse(f"is far too large: its cells and texts need more than {MAX_CONTENT >> 20} MB")
        sheets.append((name, rows))
    return sheets


def _peak() -> int:
    """The most memory in kilobytes that this process had, or the one that started it: the system passes that on."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _answer(data: bytes, room: int) -> tuple[bool, bytes]:
    """Whether the workbook is refused, and its sheets or the reason."""
    try:
        _check_members(data)
        return False, orjson.dumps(_all_sheets(data, room))
    except _Refused as refusal:
        return True, str(refusal).encode()


def main() -> None:
    """Read, convert, reply, until no more comes. A workbook that can't be read ends the process without a reply."""
    _limit_resources()
    retire_above = max(RETIRE_ABOVE, _peak())
    while head := sys.stdin.buffer.read(ASK.size):
        seconds, room, length = ASK.unpack(head)
        _limit_time(seconds)
        refused, content = _answer(sys.stdin.buffer.read(length), room)
        signal.setitimer(signal.ITIMER_REAL, 0)
        ends = _peak() > retire_above
        sys.stdout.buffer.write(REPLY.pack(refused, ends, len(content)))
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        if ends:
            return


if __name__ == "__main__":
    main()
