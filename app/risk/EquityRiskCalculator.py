"""Risk of the shares in the book: volatility, beta, VaR, drawdown, concentration and liquidity over three windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from threading import Lock

from sqlalchemy import Connection

from app.Boilerplate import Boilerplate
from app.domain.errors import UnknownWindow
from app.domain.holdings import HoldingsSnapshot
from app.domain.live import LiveRisk
from app.domain.market_hours import last_final_day, trading_day
from app.domain.prices import CorporateAction, DailyBars
from app.domain.risk_reports import WINDOWS, EquityRiskReport, EquitySeries
from app.risk.equity_measures import RiskOptions
from app.risk.equity_report import Book, compute_report, compute_series
from app.risk.live import LiveBook, live_prices, live_ticks, prepare, revalue
from app.risk.positions import MasterIndex, Position, index_master, merge_positions
from app.risk.price_panel import BENCHMARKS, SOURCES, build_panel, merge_bars
from app.store.holdings import load_book
from app.store.imports import changes_since
from app.store.prices import host_benchmark, load_actions, load_bars, load_host_bars, newest_day
from app.store.securities import load_host_scrips, load_master
from app.store.ticks import load_ticks

ROWS = max(WINDOWS.values())
HISTORY = timedelta(days=550)
"""Calendar days read: the longest window and, before it, what the price guard compares with."""
HOST_RELOAD = timedelta(minutes=10)
"""How long a correction of an older price in the dashboard's table may go unseen."""


@dataclass(frozen=True, slots=True, eq=False)
class _Loaded:
    """What is kept between reports, and what it was read from: days ``since`` to ``until``."""

    newest_import: int
    read_at: datetime
    since: date
    until: date
    snapshot: HoldingsSnapshot | None
    index: MasterIndex
    positions: tuple[Position, ...]
    benchmarks: tuple[str, ...]
    actions: tuple[CorporateAction, ...]
    bars: DailyBars
    host_bars: DailyBars
    book: Book


class EquityRiskCalculator:
    """Builds equity reports. History is read once and then refreshed by what changed; safe to call from threads."""

    def __init__(
        self, database: Boilerplate, options: RiskOptions, benchmark: str | None, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._options = options
        self._benchmark = benchmark
        self._now = now
        self._lock = Lock()
        self._loaded: _Loaded | None = None
        self._live: LiveBook | None = None

    def report(
        self, windows: Sequence[str] | None = None, as_of: date | None = None, horizon_days: int = 1
    ) -> EquityRiskReport:
        """The report over the named windows (all by default), on prices up to ``as_of`` (the newest by default).

        Raises:
            UnknownWindow: for a window that is not 60d, 90d or 1y.
            DatabaseUnavailable: when Postgres can't be reached.
        """
        names = check_windows(windows)
        now = self._now()
        return compute_report(
            self.book(as_of),
            self._options,
            names,
            horizon_days=horizon_days,
            today=trading_day(now),
            computed_at=now.astimezone(UTC).isoformat(timespec="seconds"),
            as_of=as_of,
        )

    def series(self, window: str, as_of: date | None = None) -> EquitySeries:
        """Returns, drawdown and histogram of one window, for charts. Raises as ``report``."""
        (name,) = check_windows((window,))
        return compute_series(self.book(as_of), name, as_of)

    def live(self) -> LiveRisk:
        """The book at the newest ticks, from what is kept in memory; see ``app.risk.live`` for what follows a price.

        Raises:
            DatabaseUnavailable: when Postgres can't be reached.
        """
        now = self._now()
        with self._database.transaction() as connection:
            book, ticks = self._newest_book(connection, now), load_ticks(connection)
        kept = self._live
        if kept is None or kept.book is not book:
            self._live = kept = prepare(book, self._options, trading_day(now))
        return revalue(kept, ticks, now)

    def book(self, as_of: date | None = None) -> Book:
        """Positions and prices up to a day: refreshed when it is the newest, read afresh when it is an earlier one.

        The newest one has the live prices as well.
        """
        now = self._now()
        until = last_final_day(now)
        with self._database.transaction() as connection:
            if as_of is not None:
                return self._load(connection, now, min(as_of, until), as_of).book
            book = self._newest_book(connection, now)
            return replace(book, live=live_prices(live_ticks(book, load_ticks(connection))))

    def _newest_book(self, connection: Connection, now: datetime) -> Book:
        with self._lock:
            self._loaded = self._refreshed(connection, now, last_final_day(now))
            return self._loaded.book

    def _refreshed(self, connection: Connection, now: datetime, until: date) -> _Loaded:
        kept = self._loaded
        if kept is None or kept.until != until or not (kept.bars.series or kept.host_bars.series):
            return self._load(connection, now, until, None)
        changes = changes_since(connection, kept.newest_import)
        if changes.reference_changed or load_book(connection) != kept.snapshot:
            return self._load(connection, now, until, None)
        bars = kept.bars
        if changes.prices_from is not None:
            since = max(changes.prices_from, kept.since)
            bars = merge_bars(bars, self._own_bars(connection, kept, since), since)
        host_bars, kept = self._refreshed_host(connection, kept, now)
        kept = replace(kept, newest_import=changes.newest_import)
        unchanged = changes.prices_from is None and _same_bars(host_bars, kept.host_bars)
        return kept if unchanged else self._with_bars(kept, bars, host_bars)

    def _refreshed_host(self, connection: Connection, kept: _Loaded, now: datetime) -> tuple[DailyBars, _Loaded]:
        """The dashboard's bars of shares we have none of: the newest day each time, all of them now and then.

        The dashboard notes nowhere what it corrected.
        """
        missing = _missing(kept)
        if not missing:
            return kept.host_bars, kept
        if now - kept.read_at >= HOST_RELOAD:
            kept = replace(kept, read_at=now)
            return load_host_bars(connection, missing, kept.since, kept.until), kept
        since: date = max(bars.days[-1] for bars in (kept.bars, kept.host_bars) if len(bars.days)).astype(object)
        newest = load_host_bars(connection, missing, since, kept.until)
        return merge_bars(kept.host_bars, newest, since), kept

    def _load(self, connection: Connection, now: datetime, until: date, as_of: date | None) -> _Loaded:
        newest = changes_since(connection, 0).newest_import
        snapshot = load_book(connection, as_of)
        index = index_master(load_master(connection), load_host_scrips(connection))
        positions = merge_positions(snapshot.holdings if snapshot else (), index)
        names = dict.fromkeys((self._benchmark,) if self._benchmark else (*BENCHMARKS, *host_benchmark(connection)))
        empty = load_bars(connection, (), ())
        book = Book((), None, "none", False, build_panel(empty, (), (), (), ROWS)[0], ())
        loaded = _Loaded(newest, now, until, until, snapshot, index, positions, tuple(names), (), empty, empty, book)
        wanted = _wanted(loaded)
        since = (newest_day(connection, wanted, _sources(snapshot), until) or until) - HISTORY
        loaded = replace(loaded, since=since, actions=load_actions(connection, wanted))
        loaded = replace(loaded, bars=self._own_bars(connection, loaded, since))
        host_bars = load_host_bars(connection, _missing(loaded), since, until)
        return self._with_bars(loaded, loaded.bars, host_bars)

    def _own_bars(self, connection: Connection, loaded: _Loaded, since: date) -> DailyBars:
        sources = _sources(loaded.snapshot)
        return load_bars(connection, _wanted(loaded), sources, since, loaded.until, ("NSE", "BSE"))

    def _with_bars(self, loaded: _Loaded, bars: DailyBars, host_bars: DailyBars) -> _Loaded:
        panel, issues = build_panel(
            merge_bars(bars, host_bars), loaded.positions, loaded.benchmarks, loaded.actions, ROWS
        )
        snapshot = loaded.snapshot
        book = Book(
            loaded.positions,
            snapshot.as_of if snapshot else None,
            snapshot.source if snapshot else "none",
            snapshot.is_sample if snapshot else False,
            panel,
            issues,
        )
        return replace(loaded, bars=bars, host_bars=host_bars, book=book)


def check_windows(windows: Sequence[str] | None) -> tuple[str, ...]:
    """The windows asked for, all of them for None. Raises UnknownWindow naming a wrong one."""
    names = tuple(dict.fromkeys(windows or WINDOWS))
    for name in names:
        if name not in WINDOWS:
            raise UnknownWindow(f"There is no window {name!r}.", f"Use one of {', '.join(WINDOWS)}.")
    return names


def _sources(snapshot: HoldingsSnapshot | None) -> tuple[str, ...]:
    """Generated prices belong to the generated book alone, real ones to a real book."""
    return ("sample",) if snapshot is not None and snapshot.is_sample else SOURCES


def _wanted(loaded: _Loaded) -> list[str]:
    return [
        *dict.fromkeys(symbol for position in loaded.positions for symbol in position.price_symbols),
        *loaded.benchmarks,
    ]


def _missing(loaded: _Loaded) -> list[str]:
    """Symbols of which we have no bar of our own; none for the sample book, which lives in its own market."""
    if loaded.snapshot is not None and loaded.snapshot.is_sample:
        return []
    return sorted(set(_wanted(loaded)) - {key.symbol for key in loaded.bars.series if key.exchange == "NSE"})


def _same_bars(one: DailyBars, other: DailyBars) -> bool:
    return one.closes.shape == other.closes.shape and bool(
        ((one.closes == other.closes) | (one.closes != one.closes)).all()
    )
