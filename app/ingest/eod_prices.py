"""A run over the public price sources: each is asked for the series that no better source gives, in their order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy import Connection

from app.Boilerplate import Boilerplate
from app.domain.errors import RiskError
from app.domain.feeds import Feed, FeedStatus
from app.domain.fetching import FetchError
from app.domain.market_hours import last_final_day
from app.ingest.candle_targets import PriceTarget, price_targets, wanted_symbols
from app.ingest.kite_prices import HISTORY
from app.ingest.price_sources import SOURCES, Ask, Gap, Given, PriceSource, Sites
from app.sources.yahoo import YahooError
from app.store.candles import load_series
from app.store.eod_prices import Stored, load_coverage
from app.store.feeds import PRICES_LOCK, lock_sync, save_feed
from app.store.holdings import load_book
from app.store.instruments import find_tokens
from app.store.lookthrough import load_constituents
from app.store.securities import load_master

FEEDS = frozenset(source.feed for source in SOURCES)
BETTER = ("kite", "csv")
"""Sources of prices that come before all public ones: Kite's candles, and what the person brought."""
SLACK = timedelta(days=30)
"""A share may go so long without a trade before another source is asked, when the one before it answered in full."""
Coverage = Mapping[tuple[str, str, str], Stored]


class PricesRunning(RiskError):
    """Another process reads the public price sources."""

    exit_code = 7

    def __init__(self) -> None:
        super().__init__("Another process reads the public price sources just now.", "Wait for it to end.")


@dataclass(frozen=True, slots=True)
class EodRun:
    """``order``: the names of the sources to ask; ``history``: how far back a series without prices is asked for.
    ``tell`` hears of every step of a feed.
    """

    database: Boilerplate
    now: Callable[[], datetime]
    sites: Sites
    order: Sequence[str]
    tell: Callable[[Feed], None] = lambda _feed: None
    history: timedelta = HISTORY


@dataclass(frozen=True, slots=True)
class _Wanted:
    """``fresh`` are the (exchange, symbol) of candles that Kite gave since the last close."""

    targets: tuple[PriceTarget, ...]
    fresh: Collection[tuple[str, str]]


def fetch_prices(run: EodRun, only: str | None = None, since: date | None = None) -> tuple[Feed, ...]:
    """Ask the sources in order, or one of them; returns how each feed ended.

    By default three years for a share without prices, later only what is new. ``since`` asks for everything from that
    day on. Raises PricesRunning when another run is under way.
    """
    with run.database.transaction() as guard:
        if not lock_sync(guard, PRICES_LOCK):
            raise PricesRunning
        wanted = _wanted(guard, run.now())
        return _ask_all(run, wanted, only, since)


def needs_prices(connection: Connection, now: datetime) -> bool:
    """True when a share held, or Nifty 50, has no prices at all."""
    wanted = _wanted(connection, now)
    gaps = _find_gaps(connection, wanted, (*BETTER, *(source.series for source in SOURCES)), date.min, date.min)
    return any(gap.target.is_needed for gap in gaps)


def _wanted(connection: Connection, now: datetime) -> _Wanted:
    book = load_book(connection)
    holdings = book.holdings if book and not book.is_sample else ()
    master, constituents = load_master(connection), load_constituents(connection)
    tokens = find_tokens(connection, wanted_symbols(holdings, master, constituents))
    targets = price_targets(holdings, master, constituents, tokens)
    closed = last_final_day(now)
    fresh = {key for key, series in load_series(connection).items() if last_final_day(series.fetched_at) == closed}
    return _Wanted(targets, fresh)


def _ask_all(run: EodRun, wanted: _Wanted, only: str | None, since: date | None) -> tuple[Feed, ...]:
    by_name = {source.name: source for source in SOURCES}
    sources = [by_name[name] for name in run.order]
    ended: list[Feed] = []
    reach = _last_weekday(last_final_day(run.now()))
    for place, source in enumerate(sources):
        if only not in {None, source.name}:
            continue
        better = (*BETTER, *(other.series for other in sources[:place]))
        feed, given = _ask_one(run, wanted, source, better, reach, since)
        ended.append(feed)
        if given and given.last_session:
            reach = given.last_session - SLACK
    return tuple(ended)


def _ask_one(
    run: EodRun, wanted: _Wanted, source: PriceSource, better: Sequence[str], reach: date, since: date | None
) -> tuple[Feed, Given | None]:
    """A series that a better source has up to ``reach`` is not asked for, unless there is a ``since``."""
    until = last_final_day(run.now())
    first = since or until - run.history
    feed = _keep(run, Feed(source.feed, FeedStatus.RUNNING, f"asking {source.words}", run.now()))
    with run.database.transaction() as connection:
        found = _find_gaps(connection, wanted, better, reach, first) if since is None else _all_from(wanted, since)
        gaps = _of_source(source, found)
    if not gaps:
        words = f"nothing to ask for: {len(wanted.targets)} series have prices from better sources"
        return _keep(run, replace(feed, status=FeedStatus.OK, detail=words, good_at=run.now())), None

    def step(connection: Connection, done: int, total: int) -> None:
        nonlocal feed
        feed = replace(feed, done=done, total=total, detail=f"{done} of {total}")
        save_feed(connection, feed)
        run.tell(feed)

    try:
        given = source.fetch(Ask(run.sites, run.database, gaps, first, until, step))
    except (FetchError, YahooError) as error:
        return _keep(run, replace(feed, status=FeedStatus.FAILED, detail=error.message)), None
    return _keep(run, _ended(feed, given, run.now())), given


def _of_source(source: PriceSource, found: Iterable[Gap]) -> tuple[Gap, ...]:
    """Those it can fill; none where one file has everything and nothing is missing that a report needs."""
    gaps = tuple(gap for gap in found if gap.target.exchange in source.exchanges)
    return gaps if not source.is_whole or any(gap.target.is_needed for gap in gaps) else ()


def _all_from(wanted: _Wanted, since: date) -> tuple[Gap, ...]:
    return tuple(Gap(target, since) for target in wanted.targets)


def _find_gaps(
    connection: Connection, wanted: _Wanted, better: Sequence[str], required: date, first: date
) -> tuple[Gap, ...]:
    coverage = load_coverage(connection, {name for target in wanted.targets for name in target.names})
    return tuple(
        Gap(target, max(last or first, first))
        for target in wanted.targets
        if not any((target.exchange, name) in wanted.fresh for name in target.names)
        for last in (_last_day(target, coverage, better),)
        if last is None or last < required
    )


def _last_day(target: PriceTarget, coverage: Coverage, sources: Iterable[str]) -> date | None:
    found = (coverage.get((target.exchange, name, source)) for name in target.names for source in sources)
    return max((stored.last for stored in found if stored), default=None)


def _last_weekday(day: date) -> date:
    found: date = np.busday_offset(np.datetime64(day), 0, roll="backward").astype(object)
    return found


def _ended(feed: Feed, given: Given, now: datetime) -> Feed:
    held = f"; {len(given.held_back)} files are not believed: {given.held_back[0]}" if given.held_back else ""
    return replace(
        feed,
        status=FeedStatus.HELD_BACK if given.held_back else FeedStatus.OK,
        detail=f"{given.rows:,} prices{held}" if given.rows or held else "nothing new",
        good_at=now,
        as_of=given.last_session,
        notes=(*given.held_back, *given.notes),
    )


def _keep(run: EodRun, feed: Feed) -> Feed:
    with run.database.transaction() as connection:
        save_feed(connection, feed)
    run.tell(feed)
    return feed
