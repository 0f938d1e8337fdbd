"""Opening a workbook safely: a look at its packing here, the reading in a child process with limits."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

from app.sources.workbook_reader import REFUSED

MAX_WORKBOOK = 20 << 20
MAX_UNPACKED = 200 << 20
MAX_MEMBERS = 2_000
MAX_RATIO = 100
RATIO_MATTERS_ABOVE = 16 << 20
"""Small sheets of repeated rows pack better than 100 to 1; only a large unpacked size makes that suspicious."""
SECONDS = 30

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, LookupError)
UNREADABLE = "is a workbook that can't be read: damaged, protected by a password or far too large"

_READER = Path(__file__).with_name("workbook_reader.py")
_LONGEST_REASON = 200

Sheets = list[tuple[str, list[list[str]]]]


class WorkbookRefused(Exception):
    """A workbook that is not opened. The message is the reason, as it follows the file's name: ``is damaged``."""


def read_sheets(data: bytes) -> Sheets:
    """(sheet name, rows of text cells) of an .xlsx, .xlsb or .xls, in order.

    Numbers come as they print, whole ones without a point, days in ISO form. Raises WorkbookRefused beyond 20 MB,
    200 MB unpacked, 2,000 members, 20,000 rows, 200 columns, 1 GB of memory, 20 s of processor or 30 s of time, and
    for what is no workbook. Only the child process ever dies.
    """
    check_size(data)
    if data.startswith(ZIP):
        check_packing(data)
    return _read_in_child(data)


def check_size(data: bytes) -> None:
    """Raises WorkbookRefused for more than 20 MB."""
    if len(data) > MAX_WORKBOOK:
        raise WorkbookRefused(f"is larger than {MAX_WORKBOOK >> 20} MB")


def check_packing(data: bytes) -> tuple[zipfile.ZipInfo, ...]:
    """The members of an archive by its directory alone. Raises WorkbookRefused for a damaged or oversized one."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = tuple(archive.infolist())
    except ZIP_ERRORS as error:
        raise WorkbookRefused("is a damaged archive: cut short or changed on the way") from error
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS:
        raise WorkbookRefused(f"holds {len(members)} members, more than {MAX_MEMBERS}")
    if unpacked > MAX_UNPACKED:
        raise WorkbookRefused(f"unpacks to {unpacked >> 20} MB, more than {MAX_UNPACKED >> 20} MB")
    if unpacked > max(RATIO_MATTERS_ABOVE, MAX_RATIO * len(data)):
        raise WorkbookRefused(f"unpacks to more than {MAX_RATIO} times its size")
    return members


def _read_in_child(data: bytes) -> Sheets:
    command = [sys.executable, "-I", str(_READER)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise WorkbookRefused(f"is a workbook that takes longer than {SECONDS} s to read") from error
    if done.returncode == REFUSED:
        raise WorkbookRefused(done.stderr.decode("utf-8", "replace")[:_LONGEST_REASON])
    if done.returncode != 0:
        raise WorkbookRefused(UNREADABLE)
    sheets: Sheets = [(name, rows) for name, rows in json.loads(done.stdout)]
    return sheets
