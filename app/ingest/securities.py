"""NSE's lists into the security master."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

from sqlalchemy import Connection

from app.domain.imports import ImportResult
from app.ingest.disclosures import relink_symbols
from app.sources.security_lists import parse_security_list
from app.store.imports import ImportRecord, lock_imports, record_import
from app.store.securities import save_security_list


def import_securities(connection: Connection, data: bytes, name: str, today: date) -> ImportResult:
    """Store a list of securities or of symbol changes. A list without a date of its own counts as today's.

    Raises:
        InputFileError: when the file is no such list; nothing is stored then.
    """
    listing = parse_security_list(data, name)
    lock_imports(connection)
    changed = save_security_list(connection, listing, listing.as_of or today, name)
    if changed:
        relink_symbols(connection)
    rows = len(listing.securities) + len(listing.symbol_changes)
    record_import(
        connection,
        ImportRecord("securities", name, sha256(data).hexdigest(), rows, changed, rejected=listing.skipped),
    )
    return ImportResult("securities", name, rows, changed, listing.skipped)
