"""From bytes to sheets by content: a workbook of any kind, or an archive of workbooks."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath
from time import monotonic

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

MAX_CELLS = 1_000_000
"""The largest disclosures, of some 130 schemes in a workbook, have a third of this."""
_WORKBOOK_PARTS = frozenset({"xl/workbook.xml", "xl/workbook.bin"})


@dataclass(frozen=True, slots=True)
class Workbook:
    """An opened workbook, or the ``fault`` why it was not. ``file`` goes on inside an archive: ``a.zip/b.xlsx``."""

    file: str
    sheets: Sheets
    fault: str | None = None


def open_workbooks(data: bytes, name: str, reader: WorkbookReader) -> Iterator[Workbook]:
    """Each workbook in the bytes. What can't be opened comes as a workbook with a fault; nothing is raised."""
    try:
        check_size(data)
        members = check_packing(data) if data.startswith(ZIP) else ()
    except WorkbookRefused as refusal:
        yield Workbook(name, [], str(refusal))
        return
    if members and not _WORKBOOK_PARTS & {member.filename for member in members}:
        yield from _open_archive(data, members, name, reader)
    else:
        yield _open_workbook(data, name, reader)


def _open_archive(
    data: bytes, members: Sequence[zipfile.ZipInfo], name: str, reader: WorkbookReader
) -> Iterator[Workbook]:
    """The members in order, all within the time that a workbook has."""
    end = monotonic() + SECONDS
    files = [m for m in members if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
    if not files:
        yield Workbook(name, [], "is an empty archive")
    with zipfile.ZipFile(BytesIO(data)) as archive:
        for member in files:
            path = f"{name}/{PurePosixPath(member.filename).name}"
            try:
                with archive.open(member) as stream:
                    inner = stream.read(MAX_WORKBOOK + 1)
            except ZIP_ERRORS:
                yield Workbook(path, [], "is damaged or locked inside its archive")
            else:
                yield _open_workbook(inner, path, reader, end - monotonic())


def _open_workbook(data: bytes, name: str, reader: WorkbookReader, seconds: float = SECONDS) -> Workbook:
    fault = _no_workbook(data) if seconds > 0 else f"is in an archive that takes longer than {SECONDS} s to read"
    if fault is not None:
        return Workbook(name, [], fault)
    try:
        sheets = reader.read(data, seconds)
    except WorkbookRefused as refusal:
        return Workbook(name, [], str(refusal))
    if sum(len(row) for _, rows in sheets for row in rows) > MAX_CELLS:
        return Workbook(name, [], f"is far too large: more than {MAX_CELLS} cells")
    return Workbook(name, sheets)


def _no_workbook(data: bytes) -> str | None:
    start = data[:1024].lstrip()
    if not start:
        return "is empty"
    if start.startswith(b"%PDF"):
        return "is a PDF document, not a workbook"
    if start.startswith((b"<", b"\xef\xbb\xbf<")):
        return "is a web page or XML text, not a workbook"
    return None if data.startswith((ZIP, OLE)) else "is not a workbook"
