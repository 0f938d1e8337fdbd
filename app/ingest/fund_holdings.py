"""Reports of fund units into the fund book. The sample book leaves the moment real holdings come."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection

from app.domain.errors import InputFileError
from app.domain.fund_holdings import FundBook
from app.domain.imports import ImportResult
from app.domain.market_hours import trading_day
from app.ingest.book_notes import notes_on_book, rows_changed
from app.ingest.navs import store_latest_navs
from app.ingest.sample_book import remove_sample
from app.sources.fund_holdings_files import parse_fund_holdings
from app.sources.holdings_files import holdings_kind
from app.store.fund_holdings import load_fund_book, save_fund_book
from app.store.imports import ImportRecord, lock_imports, record_import
from app.store.schemes import load_families

KIND = "fund_holdings"


def import_fund_holdings(
    connection: Connection, data: bytes, name: str, now: datetime, *, allow_empty: bool = False
) -> ImportResult:
    """Store a report of fund units as the fund book of the day printed in it, else of today.

    Raises:
        InputFileError: when the file is unusable, dated in the future or empty without ``allow_empty``.
    """
    parsed = parse_fund_holdings(data, name)
    today = trading_day(now)
    if not parsed.holdings and not allow_empty:
        remedy = "The last book is kept. If you really own no funds, import it again with --allow-empty."
        raise InputFileError(name, "it holds no fund units", remedy)
    if parsed.as_of is not None and parsed.as_of > today:
        raise InputFileError(name, f"it is dated {parsed.as_of}, after today", "Check the file's date and your clock.")
    lock_imports(connection)
    book = FundBook(parsed.holdings, holdings_kind(data, name), parsed.as_of or today)
    before = load_fund_book(connection)
    changed = rows_changed(book, before) if save_fund_book(connection, book) else 0
    remove_sample(connection)
    store_latest_navs(connection, now)
    rows = len(parsed.holdings)
    record_import(
        connection, ImportRecord(KIND, name, sha256(data).hexdigest(), rows, changed, rejected=parsed.skipped)
    )
    notes = (*parsed.notices, *notes_on_book(book, load_fund_book(connection)), *_unknown(connection, book))
    return ImportResult(KIND, name, rows, changed, parsed.skipped, notes)


def _unknown(connection: Connection, book: FundBook) -> tuple[str, ...]:
    names = {holding.isin: holding.name for holding in book.holdings}
    known = {isin for scheme in load_families(connection, list(names)) for isin in scheme.isins}
    return tuple(
        f"{name} ({isin}) is not in AMFI's list: it has no NAV history yet. Import NAVAll.txt with 'import navall'"
        for isin, name in names.items()
        if isin not in known
    )
