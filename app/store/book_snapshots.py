"""Books as they were brought in, of shares or of funds: own snapshots, and the newest day of a dashboard's table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from hashlib import sha256
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Row, text

from app.domain.fund_holdings import FundBook
from app.domain.holdings import HoldingsSnapshot
from app.domain.risk_runs import BookUsed, UnknownRun

B = TypeVar("B", HoldingsSnapshot, FundBook)


@dataclass(frozen=True, slots=True)
class BookTables(Generic[B]):
    """Where a kind of book is kept. ``lines`` has a column for every field of ``line``, a dataclass."""

    snapshots: str
    lines: str
    line: type[Any]
    book: Callable[[tuple[Any, ...], str, date, bool, int], B]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a line."""
        return tuple(field.name for field in fields(self.line))


@dataclass(frozen=True, slots=True)
class HostDay:
    """The rows of one day in a table of the dashboard's, each with whatever columns that dashboard has."""

    as_of: date
    rows: tuple[dict[str, Any], ...]


def save_book(connection: Connection, tables: BookTables[B], book: B) -> bool:
    """Keep a snapshot; False when the newest one already says the same for that day."""
    content = sha256(repr(book.holdings).encode()).hexdigest()
    newest = connection.execute(
        text(f"SELECT as_of, content_hash, source FROM {tables.snapshots} ORDER BY snapshot_id DESC LIMIT 1")  # noqa: S608
    ).one_or_none()
    if newest is not None and tuple(newest) == (book.as_of, content, book.source):
        return False
    snapshot_id = connection.scalar(
        text(f"""INSERT INTO {tables.snapshots} (as_of, source, is_sample, content_hash)
                 VALUES (:as_of, :source, :is_sample, :content) RETURNING snapshot_id"""),  # noqa: S608
        {"as_of": book.as_of, "source": book.source, "is_sample": book.is_sample, "content": content},
    )
    _save_lines(connection, tables, book, int(snapshot_id or 0))
    return True


def load_own_book(connection: Connection, tables: BookTables[B], as_of: date | None) -> B | None:
    """The newest snapshot at or before a day, else the oldest; a sample only where there is nothing else."""
    head = connection.execute(
        text(f"""SELECT snapshot_id, as_of, source, is_sample FROM {tables.snapshots}
                 ORDER BY is_sample, (as_of <= coalesce(:as_of, as_of)) DESC,
                          CASE WHEN as_of <= coalesce(:as_of, as_of) THEN as_of END DESC, as_of, snapshot_id DESC
                 LIMIT 1"""),  # noqa: S608
        {"as_of": as_of},
    ).one_or_none()
    return None if head is None else _read(connection, tables, head)


def load_used_book(
    connection: Connection,
    tables: BookTables[B],
    used: BookUsed | None,
    load_host: Callable[[Connection, date], B | None],
) -> B | None:
    """The very book that a run was computed from; None for a run without one.

    Of the dashboard's book the rows of that day as they are now. Raises UnknownRun for a snapshot that is gone.
    """
    if used is None:
        return None
    if used.snapshot_id is None:
        return load_host(connection, used.as_of)
    head = connection.execute(
        text(f"SELECT snapshot_id, as_of, source, is_sample FROM {tables.snapshots} WHERE snapshot_id = :id"),  # noqa: S608
        {"id": used.snapshot_id},
    ).one_or_none()
    if head is None:
        raise UnknownRun(
            f"The holdings of {used.as_of} are no longer stored.", "Import them again, and keep a new run."
        )
    return _read(connection, tables, head)


def _read(connection: Connection, tables: BookTables[B], head: Row[Any]) -> B:
    rows = connection.execute(
        text(f"SELECT {', '.join(tables.columns)} FROM {tables.lines} WHERE snapshot_id = :id ORDER BY line"),  # noqa: S608
        {"id": head.snapshot_id},
    )
    lines = tuple(tables.line(**row._mapping) for row in rows)
    return tables.book(lines, head.source, head.as_of, head.is_sample, head.snapshot_id)


def load_host_day(connection: Connection, table: str, order: Sequence[str], as_of: date | None) -> HostDay | None:
    """The newest day of the dashboard's ``table`` at or before a day, else its oldest; rows by the columns ``order``.

    A table without ``run_date`` has none: inside LATERAL the name then means the NULL beside it.
    """
    by = ", ".join(f"fields ->> '{column}'" for column in order)
    days = f"FROM (SELECT run_date FROM {table}) AS days"  # noqa: S608
    rows = connection.execute(
        text(f"""SELECT day.* FROM (SELECT CAST(NULL AS date) AS run_date) AS absent CROSS JOIN LATERAL (
                     SELECT run_date, to_jsonb(h) AS fields FROM {table} h WHERE run_date = coalesce(
                         (SELECT max(days.run_date) {days} WHERE days.run_date <= coalesce(:as_of, days.run_date)),
                         (SELECT min(days.run_date) {days}))) AS day
                 ORDER BY {by}"""),  # noqa: S608
        {"as_of": as_of},
    ).all()
    return HostDay(rows[0].run_date, tuple(row.fields for row in rows)) if rows else None


def counting_book(own: B | None, host: B | None, as_of: date | None = None) -> B | None:
    """The book of a day, or the newest one: a sample counts only where there is nothing else.

    Of books at or before the day the latest, else the earliest; of the same day the own one.
    """
    books = [book for book in (own, host) if book is not None]
    return min(books, key=lambda book: (book.is_sample, *_nearness(book.as_of, as_of)), default=None)


def _nearness(day: date, as_of: date | None) -> tuple[bool, int]:
    """Smaller for a day that tells more about ``as_of``; None is the end of time."""
    is_later = as_of is not None and day > as_of
    return is_later, day.toordinal() if is_later else -day.toordinal()


def positive(value: float | str | None) -> float | None:
    """None for what is missing, zero, negative, NaN or infinite (both are words in JSON)."""
    return float(value) if value is not None and 0 < float(value) < float("inf") else None


def _save_lines(connection: Connection, tables: BookTables[B], book: B, snapshot_id: int) -> None:
    if not book.holdings:
        return
    names, values = ", ".join(tables.columns), ", ".join(f":{name}" for name in tables.columns)
    connection.execute(
        text(f"INSERT INTO {tables.lines} (snapshot_id, line, {names}) VALUES (:snapshot_id, :line, {values})"),  # noqa: S608
        [
            {"snapshot_id": snapshot_id, "line": line} | {name: getattr(holding, name) for name in tables.columns}
            for line, holding in enumerate(book.holdings, start=1)
        ],
    )
