"""Kite's account into the store: shares, funds, positions and margins. A doubtful answer never replaces a good one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.domain.fund_holdings import FundBook
from app.domain.holdings import Holding, HoldingsSnapshot
from app.domain.kite import FundHolding, KiteRows, Margins, Position, Positions
from app.domain.market_hours import trading_day
from app.domain.securities import issuer_code
from app.ingest.sample_book import remove_sample
from app.ingest.snapshot_checks import Owned, fingerprint, why_doubtful
from app.sources.fund_holdings_files import fund_holding
from app.store.account_snapshots import AccountSnapshot, held_back, newest_good, save_account_snapshot
from app.store.fund_holdings import save_fund_book
from app.store.holdings import load_book, save_snapshot
from app.store.host_writes import is_ours, write_funds, write_holdings, write_margins, write_positions
from app.store.imports import ImportRecord, lock_imports, record_import

SOURCE = "kite"


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of an answer of ``rows`` rows: stored, or ``held_back`` with the reason. ``notes`` name odd rows."""

    rows: int
    held_back: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Answer:
    part: str
    content: Any
    owned: Sequence[Owned]
    rows: int
    notes: tuple[str, ...]


def store_holdings(connection: Connection, answer: KiteRows[Holding], now: datetime, *, accept: bool) -> Stored:
    """Keep the shares as the book of today; the sample book leaves.

    ``accept`` is a person's word that a doubtful answer is right; it counts when Kite has said the same twice running.
    """
    lock_imports(connection)
    before = load_book(connection)
    known = [_share(holding) for holding in before.holdings] if before and not before.is_sample else []
    owned = [_share(holding) for holding in answer.rows]
    found = _Answer("holdings", answer.rows, owned, len(answer.rows), answer.rejected)
    return _judged(connection, found, known, now, accept, lambda: _keep_holdings(connection, answer, now))


def store_funds(connection: Connection, answer: KiteRows[FundHolding], now: datetime, *, accept: bool) -> Stored:
    """Keep the fund units, by folio. ``accept`` as in ``store_holdings``."""
    last = newest_good(connection, "mf_holdings")
    known = [Owned(_fund_key(row), row["units"], row["nav"]) for row in last.content] if last else []
    owned = [Owned(f"{fund.isin} {fund.folio or ''}", fund.units, fund.nav) for fund in answer.rows]
    found = _Answer("mf_holdings", answer.rows, owned, len(answer.rows), answer.rejected)

    def keep() -> None:
        holdings = tuple(fund_holding(fund) for fund in answer.rows)
        save_fund_book(connection, FundBook(holdings, SOURCE, trading_day(now)))
        if is_ours(connection):
            write_funds(connection, answer.rows, now)

    return _judged(connection, found, known, now, accept, keep)


def store_positions(connection: Connection, answer: Positions, now: datetime) -> Stored:
    """Keep the positions. They come and go within a day, so only unreadable rows make them doubtful."""
    notes = (*answer.net.rejected, *answer.day.rejected)
    content = {"net": answer.net.rows, "day": answer.day.rows}
    owned = [_position(position) for position in answer.net.rows]
    found = _Answer("positions", content, owned, len(answer.net.rows), notes)
    if notes:
        return _hold(connection, found, now, f"{len(notes)} of its rows can't be read")
    _save(connection, found, now, None)
    if is_ours(connection):
        write_positions(connection, answer, now)
    return Stored(found.rows)


def store_margins(connection: Connection, margins: Margins, now: datetime) -> Stored:
    """Keep the funds of the account."""
    _save(connection, _Answer("margins", margins, (), 1, ()), now, None)
    if is_ours(connection):
        write_margins(connection, margins, now)
    return Stored(sum(segment is not None for segment in (margins.equity, margins.commodity)))


def _judged(
    connection: Connection,
    answer: _Answer,
    known: Sequence[Owned],
    now: datetime,
    accept: bool,
    keep: Callable[[], None],
) -> Stored:
    doubt = why_doubtful(known, answer.owned, len(answer.notes))
    if doubt is not None:
        waiting = held_back(connection, answer.part)
        twice = waiting is not None and waiting.fingerprint == fingerprint(answer.owned)
        if not (accept and twice):
            said = "; Kite has said so twice" if twice else ""
            return _hold(connection, answer, now, doubt + said)
    _save(connection, answer, now, None)
    keep()
    return Stored(answer.rows, notes=answer.notes)


def _hold(connection: Connection, answer: _Answer, now: datetime, reason: str) -> Stored:
    _save(connection, answer, now, reason)
    return Stored(answer.rows, reason, answer.notes)


def _save(connection: Connection, answer: _Answer, now: datetime, reason: str | None) -> None:
    save_account_snapshot(
        connection,
        AccountSnapshot(answer.part, trading_day(now), now, fingerprint(answer.owned), answer.content, reason),
    )


def _keep_holdings(connection: Connection, answer: KiteRows[Holding], now: datetime) -> None:
    changed = save_snapshot(connection, HoldingsSnapshot(answer.rows, SOURCE, trading_day(now)))
    remove_sample(connection)
    rows = len(answer.rows)
    record_import(connection, ImportRecord("holdings", SOURCE, "", rows, rows if changed else 0, None, answer.rejected))
    if is_ours(connection):
        write_holdings(connection, answer.rows, now)


def _share(holding: Holding) -> Owned:
    price = holding.last_price or holding.close_price or holding.average_price
    key = issuer_code(holding.isin) if holding.isin else holding.symbol
    return Owned(key, holding.owned_quantity, price)


def _position(position: Position) -> Owned:
    return Owned(f"{position.exchange}:{position.symbol} {position.product}", position.quantity, position.last_price)


def _fund_key(row: dict[str, Any]) -> str:
    return f"{row['isin']} {row['folio'] or ''}"
