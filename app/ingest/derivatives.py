"""End-of-day files of index futures and options into the store: all of a file or nothing of it."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

from sqlalchemy import Connection

from app.domain.imports import ImportResult
from app.sources.derivative_files import parse_derivatives
from app.store.derivatives import save_closes
from app.store.imports import ImportRecord, lock_imports, record_import

KIND = "derivatives"


def import_derivatives(connection: Connection, data: bytes, name: str, today: date) -> ImportResult:
    """Store the index contracts of an F&O bhavcopy. Raises InputFileError when it is none; nothing is stored then."""
    file = parse_derivatives(data, name, today)
    lock_imports(connection)
    changed = save_closes(connection, file.closes)
    rows = len(file.closes)
    record_import(connection, ImportRecord(KIND, name, sha256(data).hexdigest(), rows, changed, rejected=file.rejected))
    lots = any(close.lot_size is None for close in file.closes)
    return ImportResult(KIND, name, rows, changed, file.rejected, (NO_LOTS,) if lots else ())


NO_LOTS = (
    "it has no lot sizes, as files before July 2024: a contract can be used only while Kite's list of instruments "
    "has it (python -m app kite sync --only instruments)"
)
