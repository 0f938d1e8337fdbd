"""Kite's lists of instruments into the store: what each token, lot and expiry is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from app.domain.kite import Instrument, KiteRows
from app.ingest.kite_holdings import Stored, fill_host
from app.store.host_writes import write_derivatives
from app.store.instruments import count_instruments, replace_instruments

EXCHANGES = ("NSE", "BSE", "NFO")
LEAST_SHARE = 0.5
"""A list shorter than this share of the one stored is cut short, not a market that shrank overnight."""


def store_instruments(
    connection: Connection, exchange: str, answer: KiteRows[Instrument], now: datetime, *, accept: bool
) -> Stored:
    """Replace the list of one exchange; held back when it is much shorter than before, unless ``accept``."""
    rows = [row for row in answer.rows if row.exchange == exchange]
    stored = count_instruments(connection).get(exchange, 0)
    if len(rows) < stored * LEAST_SHARE and not accept:
        return Stored(len(rows), f"{exchange} lists {len(rows)} instruments, {stored} before", answer.rejected)
    replace_instruments(connection, exchange, rows)
    notes = fill_host(connection, lambda: write_derivatives(connection, now)) if exchange == "NFO" else ()
    return Stored(len(rows), notes=(*answer.rejected, *notes))
