"""Kite's daily candles into the store: three years at first, then what is new, the whole series after a restatement.

Kite restates history at about 08:00 on the morning of a split, bonus, rights issue or large special dividend, and weeks
after a demerger. So each run compares the newest stored bar, and one a year older, with what Kite says of them now; a
difference, a corporate action since, another token, or a week without a whole series means the whole series again. A
whole series that lacks stored days never replaces them unasked. Prices are adjusted. Volumes are stored as adjusted
too: Kite does not say what they are (docs/sources.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby

import numpy as np
from sqlalchemy import Connection

from app.Boilerplate import Boilerplate
from app.domain.kite import Candle, CandleSeries
from app.domain.kite_errors import BadRequest, KiteDataError
from app.domain.market_hours import IST, last_final_day, trading_day
from app.domain.prices import Basis, CorporateAction, PriceFile
from app.ingest.candle_checks import believable, why_no_replacement
from app.ingest.candle_targets import NIFTY, CandleTarget, candle_targets, wanted_symbols
from app.sources.kite import KiteSource
from app.store.candles import (
    SOURCE,
    StoredSeries,
    delete_other_days,
    load_closes,
    load_series,
    missing_days,
    save_series_state,
    weekend_sessions,
)
from app.store.holdings import load_book
from app.store.imports import ImportRecord, lock_imports, record_import
from app.store.instruments import find_tokens
from app.store.lookthrough import load_constituents
from app.store.prices import load_actions, save_bars
from app.store.securities import load_master

HISTORY = timedelta(days=3 * 365 + 1)
RESTATED_AT = time(8, 0)
"""India time at which Kite has restated history on the day of a corporate action."""
WHOLE_EVERY = timedelta(days=7)
BATCH = 10
"""Series stored in one transaction: what a killed run loses at most."""
CALENDAR = NIFTY.replace(" ", "")
"""The series whose days are the market's."""
SAME = 1e-6
"""Relative difference of prices that is rounding, not a restatement."""


@dataclass(frozen=True, slots=True)
class PricePlan:
    """What a run has to do: series to ask for, those that are fresh already, and shares without a token."""

    wanted: tuple[CandleTarget, ...]
    fresh: int
    unknown: tuple[str, ...]
    stored: Mapping[tuple[str, str], StoredSeries]
    actions: tuple[CorporateAction, ...]


@dataclass(frozen=True, slots=True)
class Fetched:
    """Candles to store for a target; ``whole``: from the beginning, so that other stored days are wrong.

    ``held_back`` says why a whole series is not believed; what it has that is newer than the stored ones still is.
    """

    target: CandleTarget
    candles: tuple[Candle, ...]
    whole: bool
    held_back: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Candles stored, the series held back with their reasons, and what else is to be noted."""

    rows: int
    held_back: tuple[str, ...]
    notes: tuple[str, ...]


def plan_prices(connection: Connection, now: datetime) -> PricePlan:
    """Every held share, every constituent of a fund and the indices, less what was read since 08:00 India time."""
    book = load_book(connection)
    holdings = book.holdings if book and not book.is_sample else ()
    master, constituents = load_master(connection), load_constituents(connection)
    tokens = find_tokens(connection, wanted_symbols(holdings, master, constituents))
    targets, unknown = candle_targets(holdings, master, constituents, tokens)
    stored = load_series(connection)
    wanted = tuple(t for t in targets if not _is_fresh(stored.get((t.exchange, t.symbol)), t, now))
    actions = load_actions(connection, {name for target in wanted for name in target.names})
    return PricePlan(wanted, len(targets) - len(wanted), unknown, stored, actions)


def fetch_prices(
    source: KiteSource,
    database: Boilerplate,
    plan: PricePlan,
    now: datetime,
    progress: Callable[[Connection, int], None],
    *,
    accept: bool = False,
) -> Outcome:
    """Ask for and store every planned series, batch by batch.

    ``progress`` gets the number of series done, in the transaction that stores them. A series that Kite answers badly
    is noted and stays as it was. ``accept`` is a person's word that a series held back before is right.

    Raises KiteError for everything that concerns all of them, and where not one of several can be read.
    """
    rows, notes = 0, [f"{symbol}: no token is known, so it has no candles" for symbol in plan.unknown]
    held: list[str] = []
    done = read = 0
    for exchange, batch in _batches(plan.wanted):
        fetched = [one for target in batch if (one := _fetch_or_note(source, plan, target, now, notes))]
        done, read = done + len(batch), read + len(fetched)
        with database.transaction() as connection:
            judged = _judge(connection, exchange, fetched, plan, notes, accept=accept)
            rows += _store(connection, exchange, judged, now)
            progress(connection, done)
        held += [f"{one.target.symbol}: {one.held_back}" for one in judged if one.held_back]
    if done > 1 and not read:
        raise KiteDataError("candles", f"none of {done} series can be read")
    return Outcome(rows, tuple(held), tuple(notes))


def calendar_holes(connection: Connection) -> tuple[str, ...]:
    """Shares that lack candles on days on which Nifty 50 has one: no trade, or a day that Kite lost."""
    missing = missing_days(connection, CALENDAR)
    return tuple(f"{symbol}: no candle on {days} days on which the market traded" for symbol, days in missing.items())


def _is_fresh(stored: StoredSeries | None, target: CandleTarget, now: datetime) -> bool:
    """Read since the last restatement and the last close: a run that was cut short goes on behind it."""
    if stored is None or stored.instrument_token != target.instrument_token:
        return False
    same_day = last_final_day(stored.fetched_at) == last_final_day(now)
    return same_day and stored.fetched_at >= _last(RESTATED_AT, now)


def _last(at: time, now: datetime) -> datetime:
    """The newest instant up to now with this time of day in India."""
    moment = datetime.combine(trading_day(now), at, IST)
    return moment if moment <= now else moment - timedelta(days=1)


def _batches(targets: Iterable[CandleTarget]) -> Iterator[tuple[str, list[CandleTarget]]]:
    ordered = sorted(targets, key=lambda target: target.exchange != "NSE")
    for exchange, group in groupby(ordered, key=lambda target: target.exchange):
        same = list(group)
        for at in range(0, len(same), BATCH):
            yield exchange, same[at : at + BATCH]


def _fetch_or_note(
    source: KiteSource, plan: PricePlan, target: CandleTarget, now: datetime, notes: list[str]
) -> Fetched | None:
    stored = plan.stored.get((target.exchange, target.symbol))
    try:
        series, whole = _ask(source, target, stored, plan.actions, now)
    except (BadRequest, KiteDataError) as error:
        notes.append(f"{target.symbol}: {error.message}")
        return None
    found = _final(series)
    said = (*_notes(series), *(() if found else ("no candle came",)))
    notes.extend(f"{target.symbol}: {note}" for note in said)
    return Fetched(target, found, whole) if found else None


def _ask(
    source: KiteSource,
    target: CandleTarget,
    stored: StoredSeries | None,
    actions: Sequence[CorporateAction],
    now: datetime,
) -> tuple[CandleSeries, bool]:
    """The last year where it agrees with what is stored, else the whole series; and whether it is the whole."""
    until = last_final_day(now)
    if stored and stored.last.day <= until and not _needs_whole(target, stored, actions, now):
        newer = source.daily_candles(target.instrument_token, stored.anchor.day, until, now)
        if _agrees(newer.candles, stored.anchor) and _agrees(newer.candles, stored.last):
            return newer, False
    first = min(until - HISTORY, stored.first_day) if stored else until - HISTORY
    return source.daily_candles(target.instrument_token, first, until, now), True


def _judge(
    connection: Connection,
    exchange: str,
    fetched: Iterable[Fetched],
    plan: PricePlan,
    notes: list[str],
    *,
    accept: bool,
) -> list[Fetched]:
    """Leave out bars that are not believed, and put newer bars in the place of a whole series that is not."""
    fetched = list(fetched)
    nifty = (candle.day for one in fetched if one.target.symbol == CALENDAR for candle in one.candles)
    sessions = weekend_sessions(connection, CALENDAR).union(nifty)
    closes = load_closes(connection, exchange, [one.target.symbol for one in fetched if one.whole and not accept])
    judged = []
    for one in fetched:
        symbol = one.target.symbol
        candles, said = believable(one.candles, sessions)
        notes.extend(f"{symbol}: {note}" for note in said)
        doubt = why_no_replacement(closes.get(symbol, {}), candles)
        stored = plan.stored.get((exchange, symbol))
        if stored and (doubt or not one.whole):
            candles = _newer(candles, stored.last)
        judged.append(replace(one, candles=candles, whole=one.whole and not doubt, held_back=doubt))
    return judged


def _newer(candles: Sequence[Candle], last: Candle) -> tuple[Candle, ...]:
    """From the newest stored bar on; nothing where that bar reads otherwise now."""
    return tuple(candle for candle in candles if candle.day >= last.day) if _agrees(candles, last) else ()


def _needs_whole(target: CandleTarget, stored: StoredSeries, actions: Iterable[CorporateAction], now: datetime) -> bool:
    restated = (datetime.combine(a.ex_date, RESTATED_AT, IST) for a in actions if a.symbol in target.names)
    return (
        stored.instrument_token != target.instrument_token
        or now - stored.whole_at >= WHOLE_EVERY
        or any(stored.whole_at < moment <= now for moment in restated)
    )


def _agrees(candles: Iterable[Candle], stored: Candle) -> bool:
    """Whether the stored bar is among them, at the same prices."""
    return any(
        candle.day == stored.day
        and all(
            abs((getattr(candle, name) or 0.0) - (getattr(stored, name) or 0.0)) <= SAME * stored.close
            for name in ("open", "high", "low", "close")
        )
        for candle in candles
    )


def _final(series: CandleSeries) -> tuple[Candle, ...]:
    return tuple(candle for candle in series.candles if not candle.partial)


def _notes(series: CandleSeries) -> tuple[str, ...]:
    conflicts = [f"left out, Kite sent two different candles for {_days(series.conflicting)}"]
    holes = [f"one of two answers lacks {_days(series.edge_holes)}"]
    return (*series.rejected, *(conflicts if series.conflicting else ()), *(holes if series.edge_holes else ()))


def _days(days: Iterable[date]) -> str:
    return ", ".join(map(str, days))


def _store(connection: Connection, exchange: str, judged: Iterable[Fetched], now: datetime) -> int:
    """Store a batch, all of it or nothing; returns the number of candles that came. A series held back counts as not
    read, so that the next run asks again.
    """
    kept = [one for one in judged if one.candles]
    if not kept:
        return 0
    lock_imports(connection)
    gone = [
        delete_other_days(connection, exchange, one.target.symbol, [candle.day for candle in one.candles])
        for one in kept
        if one.whole
    ]
    bars = _price_file(kept)
    changed, oldest = save_bars(connection, bars, SOURCE, exchange, lambda _rows: None)
    tokens = {one.target.symbol: one.target.instrument_token for one in kept if not one.held_back}
    save_series_state(connection, exchange, tokens, [one.target.symbol for one in kept if one.whole], now)
    changed += sum(rows for rows, _ in gone)
    days = [day for day in (oldest, *(day for _, day in gone)) if day is not None]
    rows = len(bars.symbols)
    record_import(connection, ImportRecord("prices", SOURCE, "", rows, changed, min(days, default=None)))
    return rows


def _price_file(fetched: Sequence[Fetched]) -> PriceFile:
    rows = [
        (one.target.symbol, candle)
        for one in sorted(fetched, key=lambda one: one.target.symbol)
        for candle in one.candles
    ]
    candles = [candle for _, candle in rows]
    ohlc = np.array([[c.open, c.high, c.low, c.close] for c in candles], dtype=np.float64)  # None becomes NaN
    return PriceFile(
        kind=SOURCE,
        symbols=np.array([symbol for symbol, _ in rows], dtype=object),
        days=np.array([candle.day for candle in candles], dtype="datetime64[D]"),
        ohlc=ohlc,
        volume=np.array([candle.volume for candle in candles], dtype=np.float64),
        price_basis=Basis.ADJUSTED,
        volume_basis=Basis.ADJUSTED,
    )
