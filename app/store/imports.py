"""The log of imports. A reader that remembers the newest import it saw knows what to read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

IMPORT_LOCK = 7_241_000_002
"""Advisory lock key: imports run one after another, so that their ids are seen in order."""


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """One finished import. ``oldest_day`` is the first price day that changed, None where days do not matter."""

    kind: str
    file_name: str
    sha256: str
    rows_read: int
    rows_changed: int
    oldest_day: date | None = None
    rejected: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since a reader last looked; ``prices_from`` None means no price changed."""

    newest_import: int
    prices_from: date | None
    book_changed: bool
    reference_changed: bool


def lock_imports(connection: Connection) -> None:
    """Wait until no other import runs; held until the transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": IMPORT_LOCK})


def record_import(connection: Connection, record: ImportRecord) -> int:
    """Log an import and tell listeners; returns its id."""
    import_id = connection.scalar(
        text("""INSERT INTO risk_imports (kind, file_name, sha256, rows_read, rows_changed, oldest_day, rejected)
                VALUES (:kind, :file_name, :sha256, :rows_read, :rows_changed, :oldest_day, :rejected)
                RETURNING import_id"""),
        {
            "kind": record.kind,
            "file_name": record.file_name,
            "sha256": record.sha256,
            "rows_read": record.rows_read,
            "rows_changed": record.rows_changed,
            "oldest_day": record.oldest_day,
            "rejected": list(record.rejected),
        },
    )
    connection.execute(text("SELECT pg_notify('risk_imports', :id)"), {"id": str(import_id)})
    return int(import_id or 0)


def newest_of(connection: Connection, kind: str) -> int:
    """The id of the newest import of a kind that changed anything, 0 without any."""
    query = text("SELECT coalesce(max(import_id), 0) FROM risk_imports WHERE kind = :kind AND rows_changed > 0")
    return int(connection.scalar(query, {"kind": kind}) or 0)


def changes_since(connection: Connection, seen: int) -> Changes:
    """Everything imported after ``seen``, in one query."""
    row = connection.execute(
        text("""SELECT coalesce(max(import_id), :seen) AS newest,
                       min(oldest_day) FILTER (WHERE kind = 'prices') AS prices_from,
                       coalesce(bool_or(kind = 'holdings'), false) AS book,
                       coalesce(bool_or(kind IN ('securities', 'actions')), false) AS reference
                FROM risk_imports WHERE import_id > :seen AND rows_changed > 0"""),
        {"seen": seen},
    ).one()
    return Changes(int(row.newest), row.prices_from, row.book, row.reference)
