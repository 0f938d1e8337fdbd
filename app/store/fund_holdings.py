"""The fund book: own snapshots, and the dashboard's ``mf_holdings`` table read with its quirks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, text

from app.domain.fund_holdings import SAMPLE_FUND_PREFIX, FundBook, FundHolding
from app.domain.securities import is_isin

COLUMNS = ("isin", "folio", "name", "quantity", "pledged", "average_price", "nav", "nav_date")


def save_fund_book(connection: Connection, book: FundBook) -> bool:
    """Keep a snapshot; False when the newest one already says the same for that day."""
    content = sha256(repr(book.holdings).encode()).hexdigest()
    newest = connection.execute(
        text("SELECT as_of, content_hash, source FROM risk_fund_snapshots ORDER BY snapshot_id DESC LIMIT 1")
    ).one_or_none()
    if newest is not None and tuple(newest) == (book.as_of, content, book.source):
        return False
    snapshot_id = connection.scalar(
        text("""INSERT INTO risk_fund_snapshots (as_of, source, is_sample, content_hash)
                VALUES (:as_of, :source, :is_sample, :content) RETURNING snapshot_id"""),
        {"as_of": book.as_of, "source": book.source, "is_sample": book.is_sample, "content": content},
    )
    if book.holdings:
        names, values = ", ".join(COLUMNS), ", ".join(f":{name}" for name in COLUMNS)
        connection.execute(
            text(f"INSERT INTO risk_fund_holdings (snapshot_id, line, {names}) VALUES (:snapshot_id, :line, {values})"),  # noqa: S608
            [
                {"snapshot_id": snapshot_id, "line": line} | {name: getattr(holding, name) for name in COLUMNS}
                for line, holding in enumerate(book.holdings, start=1)
            ],
        )
    return True


def load_fund_book(connection: Connection, as_of: date | None = None) -> FundBook | None:
    """The newest fund book, own or the dashboard's, at or before a day; None when there is none.

    Of the same day the own import counts; the sample counts only while there is nothing else. Before the first snapshot
    the oldest one is taken. A fund in several folios has as many rows.
    """
    own, host = _load_own(connection, as_of), _load_host(connection, as_of)
    if own is None or host is None:
        return own or host
    if own.is_sample != host.is_sample:
        return host if own.is_sample else own
    return host if host.as_of > own.as_of else own


def held_isins(connection: Connection) -> tuple[str, ...]:
    """The ISINs of the newest fund book, each once."""
    book = load_fund_book(connection)
    return tuple(dict.fromkeys(holding.isin for holding in book.holdings)) if book else ()


def _load_own(connection: Connection, as_of: date | None) -> FundBook | None:
    head = connection.execute(
        text("""SELECT snapshot_id, as_of, source, is_sample FROM risk_fund_snapshots
                ORDER BY is_sample, (as_of <= coalesce(:as_of, as_of)) DESC,
                         CASE WHEN as_of <= coalesce(:as_of, as_of) THEN as_of END DESC, as_of, snapshot_id DESC
                LIMIT 1"""),
        {"as_of": as_of},
    ).one_or_none()
    if head is None:
        return None
    rows = connection.execute(
        text(f"SELECT {', '.join(COLUMNS)} FROM risk_fund_holdings WHERE snapshot_id = :id ORDER BY line"),  # noqa: S608
        {"id": head.snapshot_id},
    )
    return FundBook(tuple(FundHolding(**row._mapping) for row in rows), head.source, head.as_of, head.is_sample)


def _load_host(connection: Connection, as_of: date | None) -> FundBook | None:
    """The dashboard's newest day. It has the ISIN in ``tradingsymbol``, and no day of the NAV."""
    rows = connection.execute(
        text("""SELECT run_date, to_jsonb(h) AS fields FROM mf_holdings h
                WHERE run_date = (SELECT max(run_date) FROM mf_holdings WHERE run_date <= coalesce(:as_of, run_date))
                ORDER BY tradingsymbol, folio"""),
        {"as_of": as_of},
    ).all()
    holdings = [holding for row in rows if (holding := _host_holding(row.fields))]
    real = [holding for holding in holdings if not holding.isin.startswith(SAMPLE_FUND_PREFIX)]
    if not rows:
        return None
    is_sample = bool(holdings) and not real
    return FundBook(tuple(real or holdings), "sample" if is_sample else "host", rows[0].run_date, is_sample)


def _host_holding(row: Mapping[str, Any]) -> FundHolding | None:
    """One of the dashboard's rows; None for one without an ISIN or without units."""
    isin = next((code for code in (row.get("tradingsymbol"), row.get("isin")) if code and is_isin(code)), None)
    quantity = _positive(row.get("quantity"))
    if isin is None or quantity is None:
        return None
    return FundHolding(
        isin=isin,
        folio=row.get("folio") or None,
        name=row.get("fund") or isin,
        quantity=quantity,
        average_price=_positive(row.get("average_price")),
        nav=_positive(row.get("last_price")),
    )


def _positive(value: float | str | None) -> float | None:
    """None for what is missing, zero, negative, NaN or infinite (both are words in JSON)."""
    return float(value) if value is not None and 0 < float(value) < float("inf") else None
