"""Opening a workbook safely: a look at its packing here, the reading in a child process with limits."""

from __future__ import annotations

import re
import signal
import stat
import subprocess
import sys
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import IO, Self

import orjson

from app.sources.workbook_reader import ASK, MAX_CONTENT, REPLY

MAX_WORKBOOK = 20 << 20
MAX_UNPACKED = 200 << 20
MAX_MEMBERS = 2_000
MAX_MARKS = 20 * MAX_MEMBERS
"""Marks of members, counted before the directory is read; workbooks in an archive have marks of their own."""
MAX_RATIO = 100
RATIO_MATTERS_ABOVE = 16 << 20
"""Small sheets of repeated rows pack better than 100 to 1; only a large unpacked size makes that suspicious."""
SECONDS = 25
"""For a whole file, so that reading and whatever surrounds it end within half a minute."""
LONGEST_NAME = 100
"""Characters of a member's name that a refusal quotes."""
SHORTEST = 0.001
"""A time of zero would be no limit."""
PIPE = 1 << 20
"""Bytes on their way at once, where the system lets us: each piece costs a thread its turn among the busy ones."""

_DIRECTORY_MARK = b"PK\x01\x02"
_OUTSIDE = re.compile(r"^(?:[/\\]|[A-Za-z]:[/\\])|(?:^|[/\\])\.\.(?:[/\\]|$)")
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, LookupError)
UNREADABLE = "is a workbook that can't be read: damaged, protected by a password or far too large"

_READER = Path(__file__).with_name("workbook_reader.py")
Sheets = list[tuple[str, list[list[str]]]]


class WorkbookRefused(Exception):
    """A workbook that is not opened. The message is the reason, as it follows the file's name: ``is damaged``."""


class WorkbookReader:
    """Opens workbooks one after another in a child process, which starts with the first.

    Each has memory, processor and time of its own. A child that one of them ends is replaced for the next. For use by
    one thread at a time, within a ``with``.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None

    def read(self, data: bytes, seconds: float = SECONDS, room: int = MAX_CONTENT) -> Sheets:
        """(sheet name, rows of text cells) of an .xlsx, .xlsb or .xls, in order; the rows of a sheet are equally long.

        Numbers come as they print, whole ones without a point, days in ISO form. Raises WorkbookRefused beyond 20 MB,
        200 MB unpacked, 2,000 members, 500 sheets, 20,000 rows, 200 columns, ``room`` by ``content_size``, 1 GB of
        memory, 20 s of processor or ``seconds`` of time, for members outside the archive's own folder, and for what is
        no workbook. Only the child process ever dies.
        """
        check_size(data)
        if data.startswith(ZIP):
            check_packing(data)
        refused, content = self._ask(data, seconds, room)
        if refused:
            raise WorkbookRefused(content.decode())
        sheets: Sheets = [(name, rows) for name, rows in orjson.loads(content)]
        return sheets

    def _ask(self, data: bytes, seconds: float, room: int) -> tuple[bool, bytes]:
        """Whether the child refuses the workbook, and the reason or the sheets."""
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-I", str(_READER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pipesize=PIPE,
            )
        try:
            refused, ends, content = _exchange(self._child, data, seconds, room)
        except (BrokenPipeError, EOFError) as error:
            late = self._child.wait() == -signal.SIGALRM
            self.close()
            reason = f"is a workbook that takes longer than {SECONDS} s to read" if late else UNREADABLE
            raise WorkbookRefused(reason) from error
        if ends:
            self.close()
        return refused, content


def read_sheets(data: bytes) -> Sheets:
    """The sheets of a single workbook; see ``WorkbookReader.read``."""
    with WorkbookReader() as reader:
        return reader.read(data)


def check_size(data: bytes) -> None:
    """Raises WorkbookRefused for more than 20 MB."""
    if len(data) > MAX_WORKBOOK:
        raise WorkbookRefused(f"is larger than {MAX_WORKBOOK >> 20} MB")


def check_packing(data: bytes) -> tuple[zipfile.ZipInfo, ...]:
    """The members of an archive by its directory alone.

    Raises WorkbookRefused for a damaged or oversized one, and for one with a member that is a link or whose name leads
    out of the archive: no honest file has them.
    """
    if data.count(_DIRECTORY_MARK) > MAX_MARKS:
        raise WorkbookRefused(f"holds more than {MAX_MEMBERS} members")
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
    for member in members:
        _check_member(member)
    return members


def _check_member(member: zipfile.ZipInfo) -> None:
    shown = "".join(letter if letter.isprintable() else "?" for letter in member.orig_filename[:LONGEST_NAME])
    if _OUTSIDE.search(member.orig_filename):
        raise WorkbookRefused(f"holds a member that lies outside it: {shown}")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise WorkbookRefused(f"holds a link instead of a file: {shown}")


def _exchange(child: subprocess.Popen[bytes], data: bytes, seconds: float, room: int) -> tuple[bool, bool, bytes]:
    if child.stdin is None or child.stdout is None:
        raise EOFError
    child.stdin.write(ASK.pack(max(seconds, SHORTEST), room, len(data)))
    child.stdin.write(data)
    child.stdin.flush()
    refused, ends, size = REPLY.unpack(_read(child.stdout, REPLY.size))
    return refused, ends, _read(child.stdout, size)


def _read(stream: IO[bytes], size: int) -> bytes:
    """Exactly so many bytes. EOFError where the child ended before."""
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content
