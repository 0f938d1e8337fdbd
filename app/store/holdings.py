"""The book: own snapshots, and the dashboard's ``holdings`` table read with its quirks."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from app.domain.holdings import Holding, HoldingsSnapshot
from app.domain.risk_runs import BookUsed
from app.store.book_snapshots import (
    BookTables,
    counting_book,
    load_host_day,
    load_own_book,
    load_used_book,
    positive,
    save_book,
)

TABLES = BookTables("risk_holding_snapshots", "risk_holdings", Holding, HoldingsSnapshot)


def save_snapshot(connection: Connection, snapshot: HoldingsSnapshot) -> bool:
    """Keep a snapshot; False when the newest one already says the same for that day."""
    return save_book(connection, TABLES, snapshot)


def load_book(connection: Connection, as_of: date | None = None) -> HoldingsSnapshot | None:
    """The newest book, own or the dashboard's, at or before a day; None when there is none.

    Of the same day the own import counts. The sample book counts only while there is nothing else. Before the first
    snapshot the oldest one is taken: current holdings applied to an earlier day.
    """
    return counting_book(load_own_book(connection, TABLES, as_of), _load_host(connection, as_of), as_of)


def load_run_book(connection: Connection, used: BookUsed | None) -> HoldingsSnapshot | None:
    """The very book that a run was computed from. Raises UnknownRun for one that is gone."""
    return load_used_book(connection, TABLES, used, _load_host)


def delete_sample_book(connection: Connection) -> None:
    """Remove the generated snapshot."""
    connection.execute(text("DELETE FROM risk_holding_snapshots WHERE is_sample"))


def holds_sample_book(connection: Connection) -> bool:
    """Whether the generated snapshot is there; then nobody removes it before this transaction ends."""
    held = text("SELECT 1 FROM risk_holding_snapshots WHERE is_sample FOR KEY SHARE")
    return connection.execute(held).first() is not None


def has_host_book(connection: Connection) -> bool:
    """True when the dashboard keeps holdings here."""
    return bool(connection.scalar(text("SELECT EXISTS (SELECT FROM holdings)")))


def has_any_book(connection: Connection) -> bool:
    """True when a snapshot of ours exists, or a row of the dashboard's, shares or funds."""
    tables = ("risk_holding_snapshots", "risk_fund_snapshots", "mf_holdings")
    query = " OR ".join(f"EXISTS (SELECT FROM {table})" for table in tables)
    return has_host_book(connection) or bool(connection.scalar(text(f"SELECT {query}")))


def _load_host(connection: Connection, as_of: date | None) -> HoldingsSnapshot | None:
    day = load_host_day(connection, "holdings", ("trading_symbol", "instrument_token"), as_of)
    if day is None:
        return None
    holdings = tuple(_host_holding(row) for row in day.rows if row.get("trading_symbol") or row.get("isin"))
    return HoldingsSnapshot(holdings, "host", day.as_of)


def _host_holding(row: dict[str, Any]) -> Holding:
    """One of the dashboard's rows; an older dashboard has not every column."""
    return Holding(
        symbol=row.get("trading_symbol") or row["isin"],
        exchange="NSE",
        isin=row.get("isin") or None,
        quantity=row.get("quantity") or 0,
        t1_quantity=row.get("t1_quantity") or 0,
        collateral_quantity=row.get("collateral_quantity") or 0,
        average_price=positive(row.get("average_price")),
        last_price=positive(row.get("last_price")),
        close_price=positive(row.get("close_price")),
        instrument_token=row.get("instrument_token"),
    )
