"""Opening: the bytes of an uploaded file become text or sheets, and a table found by its column names.

The content decides what a file is, never its name: gzip, zip, workbook, text in any common encoding. Columns are found
by header name, regardless of case, spaces, punctuation, a byte order mark or lines above the header; never by place.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import lzma
import math
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import IO

from app.domain.errors import InputFileError
from app.domain.market_hours import OLDEST_DAY
from app.sources.workbooks import WorkbookRefused, read_sheets

MAX_UNPACKED = 200 << 20
MAX_NESTING = 3
MAX_QUOTED = 200
HEADER_SEARCH_ROWS = 60
MAX_NAMED_ROWS = 50
DELIMITERS = (",", "\t", ";", "|")
IST = timezone(timedelta(hours=5, minutes=30))

MISSING_TEXTS = frozenset({"", "-", "--", "na", "n/a", "nan", "null", "none"})
_ZIP, _GZIP, _OLE = b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOK_MEMBER = "xl/workbook.xml"
_UNPACK_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
)
_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{2,3})*,\d{3})?(?:\.\d*)?(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
DAY_FORMS = "2025-09-30, 2025/09/30, 20250930, 30-09-2025, 30/09/2025, 30.09.2025, 30-Sep-2025 or 30-September-2025"
_DAY_FORMATS = (
    "%Y-%m-%d",
    "%d-%m-%Y",
    "%d-%b-%Y",
    "%d/%m/%Y",
    "%d %b %Y",
    "%d-%b-%y",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%d-%B-%Y",
    "%d %B %Y",
)
_EIGHT_DIGITS = re.compile(r"\d{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Layout:
    """A file layout: field name -> header names it may have, in order of preference, as ``header_key`` writes them.

    ``shown`` is the header as a person is told it; empty for a layout that is recognised only to be refused.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    shown: str


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of text cells; ``sheet`` is empty for a text file, ``delimiter`` for a workbook."""

    rows: Sequence[Sequence[str]]
    sheet: str = ""
    delimiter: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A grid whose header was recognised: ``header`` is its 0-based row, ``positions`` field -> column index."""

    grid: Grid
    layout: Layout
    header: int
    positions: Mapping[str, int]

    def records(self) -> Iterator[tuple[int, dict[str, str]]]:
        """(1-based row in the file, field -> trimmed text) of every row below the header that is not blank."""
        for number, row in enumerate(self.grid.rows[self.header + 1 :], start=self.header + 2):
            record = {field: row[at].strip() if at < len(row) else "" for field, at in self.positions.items()}
            if any(record.values()):
                yield number, record


Content = str | tuple[Grid, ...]


def read_content(data: bytes, name: str) -> Content:
    """Text, or the sheets of a workbook. Raises InputFileError for what is neither."""
    unpacked = _unpack(data, name)
    if unpacked.startswith((_OLE, _ZIP)):
        return _read_workbook(unpacked, name)
    return _decode(unpacked, name)


def read_json(text: str, name: str) -> object:
    """The JSON value of a text. NaN and Infinity come through as floats: the caller judges numbers."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = f"is not valid JSON ({brief(str(error))})."
        raise InputFileError(name, reason, "Save the whole answer again.") from error
    return value


def find_table(content: Content, layouts: Sequence[Layout], name: str) -> Table:
    """The first table whose header has every required column of a layout; earlier layouts are preferred.

    Raises InputFileError naming the missing columns of the nearest layout, what was found and what is accepted.
    """
    grids = content if isinstance(content, tuple) else text_grids(content)
    heads = ((grid, index, row) for grid in grids for index, row in enumerate(grid.rows[:HEADER_SEARCH_ROWS]))
    candidates = ((*head, layout) for head in heads for layout in layouts)
    nearest: tuple[tuple[int, int], Layout, Sequence[str]] | None = None
    for grid, index, row, layout in candidates:
        positions = _positions(layout, row)
        missing = len([field for field in layout.required if field not in positions])
        if not missing:
            _refuse_twins(row, positions, name)
            return Table(grid, layout, index, positions)
        score = (len(positions), -missing)
        if nearest is None or score > nearest[0]:
            nearest = (score, layout, row)
    raise _no_table(nearest, layouts, name)


def text_grids(text: str) -> Iterator[Grid]:
    """The text cut at each delimiter in turn; the caller takes the one that shows a known header."""
    for delimiter in DELIMITERS:
        try:
            yield Grid(list(csv.reader(io.StringIO(text), delimiter=delimiter)), delimiter=delimiter)
        except csv.Error:
            continue


def header_key(text: str) -> str:
    """``" Avg. cost "`` -> ``avgcost``: letters and digits only, lower case."""
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def is_missing(text: str) -> bool:
    """True for a blank cell and for the words that mean one (``-``, ``NA``, ``null``)."""
    return text.strip().casefold() in MISSING_TEXTS


def parse_number(text: str) -> float | None:
    """A finite number, with or without Indian or western digit groups (``1,23,456.78``); None for anything else."""
    cleaned = text.strip().removeprefix("₹").strip().replace("\u2212", "-")
    if not any(character.isdigit() for character in cleaned) or not _NUMBER.fullmatch(cleaned):
        return None
    try:
        value = float(cleaned.replace(",", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def parse_day(text: str) -> date | None:
    """A day since 1990 in one of ``DAY_FORMS``, or an ISO timestamp; None for anything else.

    Of two numbers the day comes first: see ``day_order`` for columns that may have the month first. A timestamp with an
    offset is taken to India: 18:30Z is the next day there.
    """
    cleaned = text.strip()
    day = _written_day(cleaned) or _day_of_moment(cleaned)
    return None if day is None or day < OLDEST_DAY else day


def _written_day(text: str) -> date | None:
    for pattern in _DAY_FORMATS:
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007  a day has no time zone
        except ValueError:
            continue
    return None


def _day_of_moment(text: str) -> date | None:
    if len(text) <= len("2025-01-01") and not _EIGHT_DIGITS.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment.astimezone(IST) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError):
        return None


def cap_messages(messages: Sequence[str], total: int | None = None) -> tuple[str, ...]:
    """The first 50 messages and "and N more"; ``total`` where not all were written out."""
    count = len(messages) if total is None else total
    more = [f"and {count - MAX_NAMED_ROWS} more rows"] if count > MAX_NAMED_ROWS else []
    return (*messages[:MAX_NAMED_ROWS], *more)


def _unpack(data: bytes, name: str) -> bytes:
    for _ in range(MAX_NESTING):
        if data.startswith(_GZIP):
            data = _gunzip(data, name)
        elif data.startswith(_ZIP) and not _is_workbook(data, name):
            data = _unzip(data, name)
        else:
            return data
    raise InputFileError(name, "is packed more than twice.", "Unpack it and bring the table inside.")


def _gunzip(data: bytes, name: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            return _read_capped(stream, name)
    except _UNPACK_ERRORS as error:
        raise _damaged(name, error) from error


def _unzip(data: bytes, name: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(_only_member(archive, name)) as stream:
            return _read_capped(stream, name)
    except _UNPACK_ERRORS as error:
        raise _damaged(name, error) from error


def _only_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    files = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
    if len(files) != 1:
        raise InputFileError(name, f"holds {len(files)} files where one is expected.", "Unpack it, bring them singly.")
    return files[0]


def _is_workbook(data: bytes, name: str) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _WORKBOOK_MEMBER in archive.namelist()
    except _UNPACK_ERRORS as error:
        raise _damaged(name, error) from error


def _read_capped(stream: IO[bytes] | gzip.GzipFile, name: str) -> bytes:
    data = stream.read(MAX_UNPACKED + 1)
    if len(data) > MAX_UNPACKED:
        raise InputFileError(name, f"unpacks to more than {MAX_UNPACKED >> 20} MB.", "Split it into smaller files.")
    return data


def _damaged(name: str, error: Exception) -> InputFileError:
    return InputFileError(name, f"is a damaged archive ({brief(str(error) or 'cut short')}).", "Download it again.")


def _read_workbook(data: bytes, name: str) -> tuple[Grid, ...]:
    try:
        sheets = read_sheets(data)
    except WorkbookRefused as refusal:
        raise InputFileError(name, f"{refusal}.", "Open it, save it again as .xlsx or CSV.") from refusal
    return tuple(Grid(rows, sheet=sheet) for sheet, rows in sheets)


def _decode(data: bytes, name: str) -> str:
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    _refuse_other_documents(text, name)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _refuse_other_documents(text: str, name: str) -> None:
    start = text[:200].lstrip()
    if not text.strip():
        raise InputFileError(name, "is empty.", "Download it again.")
    if start.startswith("%PDF"):
        raise InputFileError(name, "is a PDF document.", "Download the CSV or Excel form of the report.")
    if start.startswith("<"):
        raise InputFileError(name, "is a web page, not a table.", "Sign in, or wait, and download it again.")
    if "\x00" in text:
        raise InputFileError(name, "is not a text table.", "Bring CSV, .gz, .zip, .xlsx, .xls or JSON.")


def _positions(layout: Layout, row: Sequence[str]) -> dict[str, int]:
    keys: dict[str, int] = {}
    for at, cell in enumerate(row):
        keys.setdefault(header_key(cell), at)
    found = {field: [keys[key] for key in names if key in keys] for field, names in layout.columns.items()}
    return {field: places[0] for field, places in found.items() if places}


def _refuse_twins(row: Sequence[str], positions: Mapping[str, int], name: str) -> None:
    keys = [header_key(cell) for cell in row]
    twins = [row[at].strip() for at in positions.values() if keys.count(keys[at]) > 1]
    if twins:
        raise InputFileError(name, f"has the column {twins[0]} twice.", "Keep the right one and remove the other.")


def _no_table(
    nearest: tuple[tuple[int, int], Layout, Sequence[str]] | None, layouts: Sequence[Layout], name: str
) -> InputFileError:
    accepted = "Accepted: " + "; ".join(f"{layout.name} ({layout.shown})" for layout in layouts if layout.shown) + "."
    if nearest is None or not nearest[0][0]:
        return InputFileError(name, f"has no known header in its first {HEADER_SEARCH_ROWS} rows.", accepted)
    _, layout, row = nearest
    positions = _positions(layout, row)
    missing = ", ".join(field for field in layout.required if field not in positions)
    found = brief(", ".join(cell.strip() for cell in row if cell.strip()))
    return InputFileError(name, f"lacks the columns {missing} of the layout {layout.name}; found: {found}.", accepted)


def brief(text: str) -> str:
    """At most 200 printable characters: what a message may quote of a file."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return printable if len(printable) <= MAX_QUOTED else printable[: MAX_QUOTED - 1] + "…"
