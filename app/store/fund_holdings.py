"""The fund book: own snapshots, and the dashboard's ``mf_holdings`` table read with its quirks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection

from app.domain.fund_holdings import SAMPLE_FUND_PREFIX, FundBook, FundHolding
from app.domain.risk_runs import BookUsed
from app.domain.securities import is_isin
from app.store.book_snapshots import (
    BookTables,
    counting_book,
    load_host_day,
    load_own_book,
    load_used_book,
    positive,
    save_book,
)

TABLES = BookTables("risk_fund_snapshots", "risk_fund_holdings", FundHolding, FundBook)


def save_fund_book(connection: Connection, book: FundBook) -> bool:
    """Keep a snapshot; False when the newest one already says the same for that day."""
    return save_book(connection, TABLES, book)


def load_fund_book(connection: Connection, as_of: date | None = None) -> FundBook | None:
    """The newest fund book, own or the dashboard's, at or before a day; None when there is none.

    Of the same day the own import counts; the sample counts only while there is nothing else. Before the first snapshot
    the oldest one is taken. A fund in several folios has as many rows.
    """
    return counting_book(load_own_book(connection, TABLES, as_of), _load_host(connection, as_of), as_of)


def load_run_funds(connection: Connection, used: BookUsed | None) -> FundBook | None:
    """The very book that a run was computed from. Raises UnknownRun for one that is gone."""
    return load_used_book(connection, TABLES, used, _load_host)


def held_isins(connection: Connection) -> tuple[str, ...]:
    """The ISINs of the newest fund book, each once."""
    book = load_fund_book(connection)
    return tuple(dict.fromkeys(holding.isin for holding in book.holdings)) if book else ()


def _load_host(connection: Connection, as_of: date | None) -> FundBook | None:
    """The dashboard's newest day. It has the ISIN in ``tradingsymbol``, and no day of the NAV."""
    day = load_host_day(connection, "mf_holdings", ("tradingsymbol", "folio"), as_of)
    if day is None:
        return None
    holdings = [holding for row in day.rows if (holding := _host_holding(row))]
    real = [holding for holding in holdings if not holding.isin.startswith(SAMPLE_FUND_PREFIX)]
    is_sample = bool(holdings) and not real
    return FundBook(tuple(real or holdings), "sample" if is_sample else "host", day.as_of, is_sample)


def _host_holding(row: Mapping[str, Any]) -> FundHolding | None:
    """One of the dashboard's rows; None for one without an ISIN or without units."""
    isin = next((code for code in (row.get("tradingsymbol"), row.get("isin")) if code and is_isin(code)), None)
    quantity = positive(row.get("quantity"))
    if isin is None or quantity is None:
        return None
    return FundHolding(
        isin=isin,
        folio=row.get("folio") or None,
        name=row.get("fund") or isin,
        quantity=quantity,
        average_price=positive(row.get("average_price")),
        nav=positive(row.get("last_price")),
    )
