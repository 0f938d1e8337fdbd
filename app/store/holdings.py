"""The book: own snapshots, and the dashboard's ``holdings`` table read with its quirks."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, text

from app.domain.holdings import Holding, HoldingsSnapshot

COLUMNS = (
    "symbol", "exchange", "isin", "quantity", "t1_quantity", "collateral_quantity", "mtf_quantity", "average_price",
    "last_price", "close_price", "instrument_token", "sector",
)  # fmt: skip


def save_snapshot(connection: Connection, snapshot: HoldingsSnapshot) -> bool:
    """Keep a snapshot; False when the newest one already says the same for that day."""
    content = sha256(repr(snapshot.holdings).encode()).hexdigest()
    newest = connection.execute(
        text("SELECT as_of, content_hash, source FROM risk_holding_snapshots ORDER BY snapshot_id DESC LIMIT 1")
    ).one_or_none()
    if newest is not None and tuple(newest) == (snapshot.as_of, content, snapshot.source):
        return False
    snapshot_id = connection.scalar(
        text("""INSERT INTO risk_holding_snapshots (as_of, source, is_sample, content_hash)
                VALUES (:as_of, :source, :is_sample, :content) RETURNING snapshot_id"""),
        {"as_of": snapshot.as_of, "source": snapshot.source, "is_sample": snapshot.is_sample, "content": content},
    )
    if snapshot.holdings:
        names = ", ".join(COLUMNS)
        values = ", ".join(f":{name}" for name in COLUMNS)
        connection.execute(
            text(f"INSERT INTO risk_holdings (snapshot_id, line, {names}) VALUES (:snapshot_id, :line, {values})"),  # noqa: S608
            [
                {"snapshot_id": snapshot_id, "line": line} | {name: getattr(holding, name) for name in COLUMNS}
                for line, holding in enumerate(snapshot.holdings, start=1)
            ],
        )
    return True


def load_book(connection: Connection, as_of: date | None = None) -> HoldingsSnapshot | None:
    """The newest book, own or the dashboard's, at or before a day; None when there is none.

    Of the same day the own import counts. The sample book counts only while there is nothing else. Before the first
    snapshot the oldest one is taken: current holdings applied to an earlier day.
    """
    own = _load_own(connection, as_of)
    host = _load_host(connection, as_of)
    if own is None or host is None:
        return own or host
    return host if own.is_sample or host.as_of > own.as_of else own


def delete_sample_book(connection: Connection) -> None:
    """Remove the generated snapshot."""
    connection.execute(text("DELETE FROM risk_holding_snapshots WHERE is_sample"))


def has_host_book(connection: Connection) -> bool:
    """True when the dashboard keeps holdings here."""
    return bool(connection.scalar(text("SELECT EXISTS (SELECT FROM holdings)")))


def has_any_book(connection: Connection) -> bool:
    """True when a snapshot of ours exists, or a row of the dashboard's, shares or funds."""
    tables = ("risk_holding_snapshots", "risk_fund_snapshots", "mf_holdings")
    query = " OR ".join(f"EXISTS (SELECT FROM {table})" for table in tables)
    return has_host_book(connection) or bool(connection.scalar(text(f"SELECT {query}")))


def _load_own(connection: Connection, as_of: date | None) -> HoldingsSnapshot | None:
    head = connection.execute(
        text("""SELECT snapshot_id, as_of, source, is_sample FROM risk_holding_snapshots
                ORDER BY is_sample, (as_of <= coalesce(:as_of, as_of)) DESC,
                         CASE WHEN as_of <= coalesce(:as_of, as_of) THEN as_of END DESC, as_of, snapshot_id DESC
                LIMIT 1"""),
        {"as_of": as_of},
    ).one_or_none()
    if head is None:
        return None
    names = ", ".join(COLUMNS)
    rows = connection.execute(
        text(f"SELECT {names} FROM risk_holdings WHERE snapshot_id = :id ORDER BY line"),  # noqa: S608
        {"id": head.snapshot_id},
    )
    return HoldingsSnapshot(tuple(Holding(**row._mapping) for row in rows), head.source, head.as_of, head.is_sample)


def _load_host(connection: Connection, as_of: date | None) -> HoldingsSnapshot | None:
    rows = connection.execute(
        text("""SELECT run_date, to_jsonb(h) AS fields FROM holdings h
                WHERE run_date = (SELECT max(run_date) FROM holdings WHERE run_date <= coalesce(:as_of, run_date))
                ORDER BY trading_symbol, instrument_token"""),
        {"as_of": as_of},
    ).all()
    holdings = tuple(_host_holding(row.fields) for row in rows if row.fields["trading_symbol"] or row.fields["isin"])
    return HoldingsSnapshot(holdings, "host", rows[0].run_date) if rows else None


def _host_holding(row: dict[str, Any]) -> Holding:
    """One of the dashboard's rows; an older dashboard has not every column."""
    return Holding(
        symbol=row["trading_symbol"] or row["isin"],
        exchange="NSE",
        isin=row["isin"] or None,
        quantity=row.get("quantity") or 0,
        t1_quantity=row.get("t1_quantity") or 0,
        collateral_quantity=row.get("collateral_quantity") or 0,
        average_price=_price(row.get("average_price")),
        last_price=_price(row.get("last_price")),
        close_price=_price(row.get("close_price")),
        instrument_token=row["instrument_token"],
    )


def _price(value: float | str | None) -> float | None:
    """None for what is no price: missing, zero, negative, NaN or infinite (both are words in JSON)."""
    return float(value) if value is not None and 0 < float(value) < float("inf") else None
