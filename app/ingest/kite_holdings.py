"""Kite's account into the store: shares, funds, positions and margins. A doubtful answer never replaces a good one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.domain.fund_holdings import FundBook
from app.domain.holdings import Holding, HoldingsSnapshot
from app.domain.kite import FundHolding, KiteRows, Margins, Position, Positions
from app.domain.market_hours import IST, trading_day
from app.domain.securities import issuer_code, strip_series
from app.ingest.sample_book import remove_sample
from app.ingest.snapshot_checks import Doubt, Owned, fingerprint, why_doubtful
from app.sources.fund_holdings_files import fund_holding
from app.store.account_snapshots import AccountSnapshot, held_back, newest_good, save_account_snapshot
from app.store.candles import newest_closes
from app.store.fund_holdings import save_fund_book
from app.store.holdings import load_book, save_snapshot
from app.store.host_writes import is_ours, write_funds, write_holdings, write_margins, write_positions
from app.store.imports import ImportRecord, lock_imports, record_import

SOURCE = "kite"
SLOT = timedelta(minutes=5)
"""Two answers that are this far apart say the same twice; sooner they may be one answer from somebody's cache."""
Keep = Callable[[], tuple[str, ...]]
"""Stores an answer; returns what is to be noted."""


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

    ``accept`` is a person's word that a doubtful answer is right; it counts when Kite says the same as a slot before.
    """
    lock_imports(connection)
    before = load_book(connection)
    held = before.holdings if before and not before.is_sample else ()
    found = _Answer("holdings", answer.rows, [_share(one) for one in answer.rows], len(answer.rows), answer.rejected)
    closes = newest_closes(connection, {strip_series(one.symbol) for one in (*held, *answer.rows)})
    by_key = {_key(one): closes[name] for one in answer.rows if (name := strip_series(one.symbol)) in closes}
    doubt = why_doubtful([_share(one) for one in held], found.owned, len(found.notes), by_key)
    return _judged(connection, found, doubt, now, accept, lambda: _keep_holdings(connection, answer, now))


def store_funds(connection: Connection, answer: KiteRows[FundHolding], now: datetime, *, accept: bool) -> Stored:
    """Keep the fund units, by folio. ``accept`` as in ``store_holdings``."""
    last = newest_good(connection, "mf_holdings")
    known = [Owned(_fund_key(row), row["units"], row["nav"]) for row in last.content] if last else []
    owned = [_fund(fund) for fund in answer.rows]
    found = _Answer("mf_holdings", answer.rows, owned, len(answer.rows), answer.rejected)

    def keep() -> tuple[str, ...]:
        holdings = tuple(fund_holding(fund) for fund in answer.rows)
        save_fund_book(connection, FundBook(holdings, SOURCE, trading_day(now)))
        return (*answer.notices, *fill_host(connection, lambda: write_funds(connection, answer.rows, now)))

    doubt = why_doubtful(known, owned, len(found.notes))
    return _judged(connection, found, doubt, now, accept, keep)


def store_positions(connection: Connection, answer: Positions, now: datetime) -> Stored:
    """Keep the positions. They come and go within a day: only unreadable or repeated rows make them doubtful."""
    notes = (*answer.net.rejected, *answer.day.rejected)
    content = {"net": answer.net.rows, "day": answer.day.rows}
    owned = [_position(position) for position in answer.net.rows]
    found = _Answer("positions", content, owned, len(answer.net.rows), notes)
    doubt = Doubt(f"{len(notes)} of its rows can't be read") if notes else why_doubtful((), owned, 0)
    if doubt:
        return _hold(connection, found, now, now, doubt.reason)
    _save(connection, found, now, None)
    return Stored(found.rows, notes=fill_host(connection, lambda: write_positions(connection, answer, now)))


def store_margins(connection: Connection, margins: Margins, now: datetime) -> Stored:
    """Keep the funds of the account."""
    _save(connection, _Answer("margins", margins, (), 1, ()), now, None)
    notes = fill_host(connection, lambda: write_margins(connection, margins, now))
    return Stored(sum(segment is not None for segment in (margins.equity, margins.commodity)), notes=notes)


def _judged(
    connection: Connection, answer: _Answer, doubt: Doubt | None, now: datetime, accept: bool, keep: Keep
) -> Stored:
    """Kept when there is no doubt, or when Kite has said so a slot ago and a person agrees. A doubt that ``passes``
    needs only one of the two.
    """
    if doubt is not None:
        waiting = held_back(connection, answer.part)
        known = waiting is not None and waiting.fingerprint == fingerprint(answer.owned)
        since = waiting.fetched_at if waiting and known else now
        twice = now - since >= SLOT
        agreed = (twice or (accept and known)) if doubt.passes else (twice and accept)
        if not agreed:
            return _hold(connection, answer, since, now, doubt.reason)
    _save(connection, answer, now, None)
    return Stored(answer.rows, notes=(*answer.notes, *keep()))


def _hold(connection: Connection, answer: _Answer, since: datetime, now: datetime, reason: str) -> Stored:
    """Keep it apart, under the time at which it was first seen."""
    _save(connection, answer, since, reason)
    again = "Kite has said so twice" if now - since >= SLOT else f"first said at {since.astimezone(IST):%H:%M:%S}"
    return Stored(answer.rows, reason if now == since else f"{reason}; {again}", answer.notes)


def _save(connection: Connection, answer: _Answer, at: datetime, reason: str | None) -> None:
    save_account_snapshot(
        connection,
        AccountSnapshot(answer.part, trading_day(at), at, fingerprint(answer.owned), answer.content, reason),
    )


def _keep_holdings(connection: Connection, answer: KiteRows[Holding], now: datetime) -> tuple[str, ...]:
    changed = save_snapshot(connection, HoldingsSnapshot(answer.rows, SOURCE, trading_day(now)))
    remove_sample(connection)
    rows = len(answer.rows)
    rows_changed = max(rows, 1) if changed else 0  # an emptied book is a change as well
    record_import(connection, ImportRecord("holdings", SOURCE, "", rows, rows_changed, None, answer.rejected))
    return fill_host(connection, lambda: write_holdings(connection, answer.rows, now))


def fill_host(connection: Connection, write: Callable[[], Iterable[str]]) -> tuple[str, ...]:
    """Fill the dashboard's tables where they are ours to fill; returns the rows that have no room in them.

    Their columns are another program's: what it refuses must not cost our own copy.
    """
    if not is_ours(connection):
        return ()
    try:
        with connection.begin_nested():
            return tuple(write())
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return (f"the dashboard's tables were not filled: {type(error.orig).__name__}",)


def _share(holding: Holding) -> Owned:
    places = (f"{holding.exchange} {holding.symbol}", f"{holding.exchange} token {holding.instrument_token}")
    named = places if holding.instrument_token is not None else places[:1]
    return Owned(_key(holding), holding.owned_quantity, holding.last_price or holding.close_price, named)


def _key(holding: Holding) -> str:
    return issuer_code(holding.isin) if holding.isin else holding.symbol


def _position(position: Position) -> Owned:
    place = f"{position.exchange}:{position.symbol} {position.product}"
    return Owned(place, position.quantity, position.last_price, (place,))


def _fund(fund: FundHolding) -> Owned:
    place = f"{fund.isin} {fund.folio or ''}"
    return Owned(place, fund.units, fund.nav, (place,))


def _fund_key(row: dict[str, Any]) -> str:
    return f"{row['isin']} {row['folio'] or ''}"
