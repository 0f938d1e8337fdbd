"""Holdings files into the book. The sample book leaves the moment real holdings come."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

from sqlalchemy import Connection

from app.domain.errors import InputFileError
from app.domain.holdings import HoldingsFile, HoldingsSnapshot
from app.domain.imports import ImportResult
from app.ingest.book_notes import notes_on_book, rows_changed
from app.ingest.sample_book import remove_sample
from app.sources.holdings_files import holdings_kind, parse_holdings
from app.store.holdings import load_book, save_snapshot
from app.store.imports import ImportRecord, lock_imports, record_import
from app.store.securities import load_master


def import_holdings(
    connection: Connection, data: bytes, name: str, today: date, *, allow_empty: bool = False
) -> ImportResult:
    """Store a holdings report as the book of the day printed in it, else of ``today``.

    Raises:
        InputFileError: when the file is unusable, dated in the future or empty without ``allow_empty``.
    """
    kind = holdings_kind(data, name)
    parsed = parse_holdings(data, name)
    _check(parsed, name, today, allow_empty)
    lock_imports(connection)
    snapshot = HoldingsSnapshot(parsed.holdings, kind, parsed.as_of or today)
    before = load_book(connection)
    changed = rows_changed(snapshot, before) if save_snapshot(connection, snapshot) else 0
    remove_sample(connection)
    notes = (*notes_on_book(snapshot, load_book(connection)), *_unknown(connection, parsed))
    record_import(
        connection,
        ImportRecord(
            "holdings", name, sha256(data).hexdigest(), len(parsed.holdings), changed, rejected=parsed.skipped
        ),
    )
    return ImportResult("holdings", name, len(parsed.holdings), changed, parsed.skipped, notes)


def _check(parsed: HoldingsFile, name: str, today: date, allow_empty: bool) -> None:
    if not parsed.holdings and not allow_empty:
        reason = "every row was refused: " + "; ".join(parsed.skipped[:3]) if parsed.skipped else "it holds no shares"
        raise InputFileError(
            name, reason, "The last book is kept. If you really own nothing, import it again with --allow-empty."
        )
    if parsed.as_of is not None and parsed.as_of > today:
        raise InputFileError(
            name, f"it is dated {parsed.as_of}, after today", "Check the date in the file and your clock."
        )


def _unknown(connection: Connection, parsed: HoldingsFile) -> tuple[str, ...]:
    master = load_master(connection)
    isins = {security.isin for security in master.securities}
    symbols = {security.symbol for security in master.securities}
    return tuple(
        f"{holding.symbol} is in none of the lists: it has no sector yet. Import NSE's lists with 'import securities'"
        for holding in parsed.holdings
        if holding.isin not in isins and holding.symbol not in symbols
    )
