"""A run over everything Kite has for us: one feed after the other, each with its outcome kept for the screen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Protocol

from sqlalchemy import Connection

from app.Boilerplate import DATABASE_FAULTS, Boilerplate
from app.domain.errors import CODE_FAULTS, DatabaseUnavailable, RiskError, place_of
from app.domain.feeds import Feed, FeedStatus
from app.domain.kite_errors import KiteDataError, KiteError, KiteUnavailable, LoginNeeded, PermissionRefused
from app.domain.kite_login import LoginState
from app.domain.market_hours import last_final_day, trading_day
from app.ingest.kite_holdings import Stored, store_funds, store_holdings, store_margins, store_positions
from app.ingest.kite_instruments import EXCHANGES, store_instruments
from app.ingest.kite_prices import calendar_holes, fetch_prices, plan_prices
from app.sources.kite import KiteSource
from app.store.feeds import load_feeds, lock_sync, save_feed

log = logging.getLogger(__name__)


class Part(StrEnum):
    """What a run can be limited to."""

    HOLDINGS = "holdings"
    INSTRUMENTS = "instruments"
    PRICES = "prices"


FEEDS = {
    Part.HOLDINGS: ("kite_holdings", "kite_mf_holdings", "kite_positions", "kite_margins"),
    Part.INSTRUMENTS: ("kite_instruments",),
    Part.PRICES: ("kite_prices",),
}


class KiteLogin(Protocol):
    """What a run needs of the login: a door to Kite, and somebody to tell when Kite refuses the token."""

    def state(self) -> LoginState:
        """Whether Kite may be asked."""

    def source(self) -> KiteSource:
        """Raises LoginNeeded when nobody is logged in."""

    def rejected(self, error: KiteError) -> None:
        """Kite refused the token."""


class SyncRunning(RiskError):
    """Another process is fetching from Kite; two at once would exceed its rate limits."""

    exit_code = 7

    def __init__(self) -> None:
        super().__init__("Kite is being read by another process just now.", "Wait for it to end.")


@dataclass(frozen=True, slots=True)
class Sync:
    """One run. ``accept``: a person says that doubtful answers are right; ``tell`` hears of every step of a feed."""

    login: KiteLogin
    database: Boilerplate
    now: Callable[[], datetime]
    accept: bool = False
    tell: Callable[[Feed], None] = lambda _feed: None


def run_sync(sync: Sync, part: Part | None = None) -> tuple[Feed, ...]:
    """Fetch one part or all; returns how each feed ended. What a plan does not include is no failure.

    Raises:
        LoginNeeded: at once when nobody is logged in or Kite refuses the token; kept as the state of what is left.
        SyncRunning: when another run is under way.
    """
    with sync.database.transaction() as guard:
        if not lock_sync(guard):
            raise SyncRunning
        wanted = [(name, work) for name, work in _works(sync, part) if part or not _is_current(sync, name)]
        return _run_all(sync, wanted)


Work = Callable[[KiteSource, Feed], Feed]


def _works(sync: Sync, part: Part | None) -> list[tuple[str, Work]]:
    works: dict[str, Work] = {
        "kite_holdings": partial(_holdings, sync),
        "kite_mf_holdings": partial(_funds, sync),
        "kite_positions": partial(_positions, sync),
        "kite_margins": partial(_margins, sync),
        "kite_instruments": partial(_instruments, sync),
        "kite_prices": partial(_prices, sync),
    }
    return [(name, works[name]) for kind, names in FEEDS.items() if part in {None, kind} for name in names]


def _is_current(sync: Sync, name: str) -> bool:
    """The instruments come out once a day and are large: a run over everything does not read them twice."""
    if name not in FEEDS[Part.INSTRUMENTS]:
        return False
    with sync.database.transaction() as connection:
        feeds = {feed.name: feed for feed in load_feeds(connection)}
    return name in feeds and feeds[name].status is FeedStatus.OK and feeds[name].as_of == trading_day(sync.now())


def _run_all(sync: Sync, wanted: Sequence[tuple[str, Work]]) -> tuple[Feed, ...]:
    ended: list[Feed] = []
    try:
        source = sync.login.source()
        for name, work in wanted:
            ended.append(_run_one(sync, source, name, work))
    except LoginNeeded as error:
        if sync.login.state().is_logged_in:
            sync.login.rejected(error)
        for name, _ in wanted[len(ended) :]:
            _keep(sync, Feed(name, FeedStatus.LOGIN_NEEDED, error.message, sync.now()))
        raise
    return tuple(ended)


def _run_one(sync: Sync, source: KiteSource, name: str, work: Work) -> Feed:
    feed = _keep(sync, Feed(name, FeedStatus.RUNNING, "asking Kite", sync.now()))
    try:
        return _keep(sync, work(source, feed))
    except (LoginNeeded, DatabaseUnavailable):
        raise
    except PermissionRefused as error:
        return _keep(sync, replace(feed, status=FeedStatus.NOT_ALLOWED, detail=error.message))
    except RiskError as error:
        return _keep(sync, replace(feed, status=FeedStatus.FAILED, detail=error.message))
    except (*DATABASE_FAULTS, *CODE_FAULTS) as error:  # the last line of defence: the other feeds go on
        log.warning("%s failed: %s", name, place_of(error))
        detail = f"it could not be stored ({place_of(error)}); report this, it is a fault of the app"
        return _keep(sync, replace(feed, status=FeedStatus.FAILED, detail=detail))


def _keep(sync: Sync, feed: Feed) -> Feed:
    with sync.database.transaction() as connection:
        save_feed(connection, feed)
    sync.tell(feed)
    return feed


def _holdings(sync: Sync, source: KiteSource, feed: Feed) -> Feed:
    answer = source.holdings()
    with sync.database.transaction() as connection:
        return _ended(sync, feed, store_holdings(connection, answer, sync.now(), accept=sync.accept), "shares")


def _funds(sync: Sync, source: KiteSource, feed: Feed) -> Feed:
    answer = source.mf_holdings()
    with sync.database.transaction() as connection:
        return _ended(sync, feed, store_funds(connection, answer, sync.now(), accept=sync.accept), "fund holdings")


def _positions(sync: Sync, source: KiteSource, feed: Feed) -> Feed:
    answer = source.positions()
    with sync.database.transaction() as connection:
        return _ended(sync, feed, store_positions(connection, answer, sync.now()), "positions")


def _margins(sync: Sync, source: KiteSource, feed: Feed) -> Feed:
    answer = source.margins()
    with sync.database.transaction() as connection:
        return _ended(sync, feed, store_margins(connection, answer, sync.now()), "segments")


def _instruments(sync: Sync, source: KiteSource, feed: Feed) -> Feed:
    feed = _keep(sync, replace(feed, total=len(EXCHANGES)))
    stored: list[Stored] = []
    failed: list[str] = []
    for done, exchange in enumerate(EXCHANGES, start=1):
        try:
            answer = source.instruments(exchange)
        except (KiteDataError, KiteUnavailable) as error:
            failed.append(f"{exchange}: {error.message}")
            continue
        with sync.database.transaction() as connection:
            stored.append(store_instruments(connection, exchange, answer, sync.now(), accept=sync.accept))
        feed = _keep(sync, replace(feed, done=done, detail=f"{exchange}: {stored[-1].rows:,} instruments"))
    if failed:
        return replace(feed, status=FeedStatus.FAILED, detail="; ".join(failed))
    return _ended(sync, feed, _together(stored), "instruments")


def _prices(sync: Sync, source: KiteSource, feed: Feed) -> Feed:
    now = sync.now()
    with sync.database.transaction() as connection:
        plan = plan_prices(connection, now)
    feed = _keep(sync, replace(feed, total=len(plan.wanted), detail=f"{plan.fresh} series are fresh already"))

    def progress(connection: Connection, done: int) -> None:
        step = replace(feed, done=done, detail=f"{done} of {len(plan.wanted)} series")
        save_feed(connection, step)
        sync.tell(step)

    found = fetch_prices(source, sync.database, plan, now, progress, accept=sync.accept)
    with sync.database.transaction() as connection:
        notes = (*found.held_back, *found.notes, *calendar_holes(connection))
    feed = replace(feed, done=len(plan.wanted))
    ended = replace(_ended(sync, feed, Stored(found.rows, notes=notes), "candles"), as_of=last_final_day(now))
    if not found.held_back:
        return ended
    held = f"{len(found.held_back)} series are not believed, what is stored stays: {found.held_back[0]}"
    return replace(ended, status=FeedStatus.HELD_BACK, detail=f"{ended.detail}; {held}")


def _together(stored: Iterable[Stored]) -> Stored:
    parts = list(stored)
    held = [part.held_back for part in parts if part.held_back]
    notes = tuple(note for part in parts for note in part.notes)
    return Stored(sum(part.rows for part in parts), "; ".join(held) or None, notes)


def _ended(sync: Sync, feed: Feed, stored: Stored, what: str) -> Feed:
    if stored.held_back:
        return replace(
            feed,
            status=FeedStatus.HELD_BACK,
            detail=f"Kite's answer is not believed: {stored.held_back}",
            notes=stored.notes,
        )
    now = sync.now()
    return replace(
        feed,
        status=FeedStatus.OK,
        detail=f"{stored.rows:,} {what}",
        good_at=now,
        as_of=trading_day(now),
        notes=stored.notes,
    )
