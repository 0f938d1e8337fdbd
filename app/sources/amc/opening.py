"""From bytes to sheets by content: a workbook of any kind, or an archive of workbooks."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath
from time import monotonic

from app.sources.workbook_reader import MAX_CONTENT, content_size
from app.sources.workbooks import (
    MAX_WORKBOOK,
    OLE,
    SECONDS,
    ZIP,
    ZIP_ERRORS,
    Sheets,
    WorkbookReader,
    WorkbookRefused,
    check_packing,
    check_size,
)

_WORKBOOK_PARTS = frozenset({"xl/workbook.xml", "xl/workbook.bin"})
_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".zip"})
"""A member so named is meant as a workbook: what is wrong with it is told. What accompanies them is passed over."""
_DEEP = "is an archive inside an archive inside the file: one level is read, unpack it"


@dataclass(frozen=True, slots=True)
class Workbook:
    """An opened workbook, or the ``fault`` why it was not. ``file`` goes on inside an archive: ``a.zip/b.xlsx``."""

    file: str
    sheets: Sheets
    fault: str | None = None

    @property
    def size(self) -> int:
        """What its sheets cost, by ``content_size``."""
        return sum(content_size(rows) for _, rows in self.sheets)


@dataclass(slots=True)
class _Visit:
    """What all workbooks of a file share: the reader, the time (``end``, monotonic seconds) and the room left."""

    reader: WorkbookReader
    end: float
    room: int


def open_workbooks(data: bytes, name: str, reader: WorkbookReader) -> Iterator[Workbook]:
    """Each workbook in the bytes. What can't be opened comes as a workbook with a fault; nothing is raised."""
    return _open(data, name, _Visit(reader, monotonic() + SECONDS, MAX_CONTENT), depth=0)


def _open(data: bytes, name: str, visit: _Visit, depth: int) -> Iterator[Workbook]:
    try:
        check_size(data)
        members = check_packing(data) if data.startswith(ZIP) else ()
    except WorkbookRefused as refusal:
        yield Workbook(name, [], str(refusal))
        return
    if not members or _WORKBOOK_PARTS & {member.filename for member in members}:
        yield _open_workbook(data, name, visit, depth)
    elif depth > 1:
        yield Workbook(name, [], _DEEP)
    else:
        yield from _open_archive(data, members, name, visit, depth)


def _open_archive(
    data: bytes, members: Sequence[zipfile.ZipInfo], name: str, visit: _Visit, depth: int
) -> Iterator[Workbook]:
    """The members in order, all within the time and the room that a workbook has."""
    files = [m for m in members if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
    found, others = False, [] if files else [Workbook(name, [], "is an empty archive")]
    with zipfile.ZipFile(BytesIO(data)) as archive:
        for member in files:
            path = PurePosixPath(member.filename.replace("\\", "/"))
            content = _unpacked(archive, member)
            opened = _open_member(content, f"{name}/{path.name}", visit, depth + 1)
            if path.suffix.lower() in _SUFFIXES or (content or b"").startswith((ZIP, OLE)):
                found = True
                yield from opened
            else:
                others += opened
    if not found:
        yield from others


def _open_member(content: bytes | None, name: str, visit: _Visit, depth: int) -> Iterator[Workbook]:
    if content is None:
        yield Workbook(name, [], "is damaged or locked inside its archive")
    else:
        yield from _open(content, name, visit, depth)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes | None:
    """The member, cut where it is too large; None where it can't be read."""
    try:
        with archive.open(member) as stream:
            return stream.read(MAX_WORKBOOK + 1)
    except ZIP_ERRORS:
        return None


def _open_workbook(data: bytes, name: str, visit: _Visit, depth: int) -> Workbook:
    seconds = visit.end - monotonic()
    fault = _no_workbook(data) if seconds > 0 else f"is in an archive that takes longer than {SECONDS} s to read"
    if fault is not None:
        return Workbook(name, [], fault)
    try:
        workbook = Workbook(name, visit.reader.read(data, seconds, visit.room))
    except WorkbookRefused as refusal:
        return Workbook(name, [], str(refusal))
    visit.room -= workbook.size if depth else 0
    return workbook


def _no_workbook(data: bytes) -> str | None:
    start = data[:1024].lstrip()
    if not start:
        return "is empty"
    if start.startswith(b"%PDF"):
        return "is a PDF document, not a workbook"
    if start.startswith((b"<", b"\xef\xbb\xbf<")):
        return "is a web page or XML text, not a workbook"
    return None if data.startswith((ZIP, OLE)) else "is not a workbook"
