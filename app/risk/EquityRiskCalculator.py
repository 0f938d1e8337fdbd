"""Risk of the shares in the book: volatility, beta, VaR, drawdown, concentration and liquidity over three windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Lock

from sqlalchemy import Connection

from app.Boilerplate import Boilerplate
from app.domain.backtests import BacktestReport
from app.domain.days import check_days
from app.domain.feeds import feed_issues
from app.domain.hedges import HedgeBase
from app.domain.holdings import HoldingsSnapshot
from app.domain.live import LiveRisk
from app.domain.market_hours import last_final_day, trading_day
from app.domain.prices import DailyBars
from app.domain.risk_reports import WINDOWS, EquityRiskReport, EquitySeries
from app.domain.risk_runs import Asked, BooksUsed, Computed, Keeper, keep_nothing
from app.risk.equity_history import computed_run, load_long_panel, return_history
from app.risk.equity_loading import (
    ROWS,
    Loaded,
    growing_host_symbols,
    host_symbols,
    own_sources,
    traded_days,
    wanted_symbols,
    with_bars,
)
from app.risk.equity_measures import RiskOptions
from app.risk.equity_report import Book, compute_report, compute_series
from app.risk.hedge_base import build_base
from app.risk.live import LiveBook, live_prices, live_ticks, prepare, revalue
from app.risk.positions import index_master, merge_positions
from app.risk.price_loading import benchmark_names, newest_price_day
from app.risk.price_panel import build_panel, merge_bars, same_prices
from app.risk.report_windows import ask, check_windows
from app.risk.var_backtest import backtest_report
from app.store.feeds import load_feeds
from app.store.holdings import load_book, load_run_book
from app.store.host_prices import load_host_bars
from app.store.imports import changes_since
from app.store.prices import load_actions, load_bars
from app.store.securities import load_host_scrips, load_master
from app.store.ticks import load_ticks

HISTORY = timedelta(days=550)
"""Calendar days read: the longest window and, before it, what the price guard compares with."""
HOST_RELOAD = timedelta(minutes=10)
"""How long a correction of an older price in the dashboard's table may go unseen."""


class EquityRiskCalculator:
    """Builds equity reports. History is read once and then refreshed by what changed; safe to call from threads."""

    def __init__(
        self,
        database: Boilerplate,
        options: RiskOptions,
        benchmark: str | None,
        now: Callable[[], datetime],
        keep: Keeper = keep_nothing,
    ) -> None:
        self._database = database
        self._options = options
        self._benchmark = benchmark
        self._now = now
        self._keep = keep
        self._lock = Lock()
        self._loaded: Loaded | None = None
        self._live: LiveBook | None = None
        self._testing = Lock()
        self._tested: tuple[object, BacktestReport] | None = None

    def report(
        self, windows: Sequence[str] | None = None, as_of: date | None = None, horizon_days: int = 1
    ) -> EquityRiskReport:
        """The report over the named windows (all by default), on prices up to ``as_of`` (the newest by default).

        It is handed to the keeper of runs, unless live prices have re-marked it.

        Raises:
            UnknownWindow: for a window that is not 60d, 90d or 1y.
            WrongDay: for an ``as_of`` that has not come yet.
            DatabaseUnavailable: when Postgres can't be reached.
        """
        asked = ask(windows, as_of, self._now(), horizon_days)
        book = self.book(as_of)
        report = self._report(book, asked)
        if not book.live:
            self._keep(computed_run(book, report, self._options, asked))
        return report

    def hedge_base(self, as_of: date | None = None) -> HedgeBase:
        """What there is to hedge, with the measures of every window. Raises as ``report``."""
        book = self.book(as_of)
        return build_base(self._report(book, ask(None, as_of, self._now())), book.panel)

    def run(self, asked: Asked) -> Computed:
        """The report that is asked for, without live prices, and everything that went into it. Raises as ``report``."""
        book = replace(self.book(asked.book_day(trading_day(self._now())), asked.books), live=())
        return computed_run(book, self._report(book, asked), self._options, asked)

    def _report(self, book: Book, asked: Asked) -> EquityRiskReport:
        now = self._now()
        return compute_report(
            book,
            self._options,
            asked.windows,
            horizon_days=asked.horizon_days,
            today=asked.until,
            computed_at=_stamp(now),
            as_of=asked.as_of,
            tested=self._backtest_of(book, asked.book_day(trading_day(now))),
        )

    def backtest(self, windows: Sequence[str] | None = None, as_of: date | None = None) -> BacktestReport:
        """VaR tested on all days that are stored, over the named windows. Computed once a day. Raises as ``report``."""
        names = check_windows(windows)
        found = self._backtest_of(self.book(as_of), as_of)
        return replace(found, windows={name: found.windows[name] for name in names})

    def _backtest_of(self, book: Book, as_of: date | None) -> BacktestReport:
        """A newer price of the newest day asks for no new test, an earlier ``as_of`` is tested afresh."""
        key = (book.restated, book.positions, book.panel.days[-1:].tolist())
        with self._testing:
            if as_of is None and self._tested and self._tested[0] == key:
                return self._tested[1]
            with self._database.transaction() as connection:
                names, days = benchmark_names(connection, self._benchmark), book.panel.days
                panel = load_long_panel(connection, book.positions, names, days, is_sample=book.is_sample)
            found = backtest_report(return_history(book, panel), tuple(WINDOWS), _stamp(self._now()))
            if as_of is None:
                self._tested = key, found
            return found

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

    def book(self, as_of: date | None = None, books: BooksUsed | None = None) -> Book:
        """Positions and prices up to a day: refreshed when it is the newest, read afresh when it is an earlier one.

        So are the ``books`` of a kept run. The newest one has the live prices as well. Raises WrongDay for a day that
        has not come yet, UnknownRun for ``books`` that are no longer stored.
        """
        now = self._now()
        check_days(trading_day(now), as_of)
        until = last_final_day(now)
        with self._database.transaction() as connection:
            if as_of is None and books is None:
                book = self._newest_book(connection, now)
            else:
                held = load_run_book(connection, books.shares) if books else load_book(connection, as_of)
                book = self._load(connection, now, min(as_of or until, until), held).book
            if as_of is not None:
                return book
            feeds = () if book.is_sample else feed_issues(load_feeds(connection))
            return replace(book, live=live_prices(live_ticks(book, load_ticks(connection))), feed_issues=feeds)

    def _newest_book(self, connection: Connection, now: datetime) -> Book:
        with self._lock:
            self._loaded = self._refreshed(connection, now, last_final_day(now))
            return self._loaded.book

    def _refreshed(self, connection: Connection, now: datetime, until: date) -> Loaded:
        kept = self._loaded
        if kept is None or kept.until != until or not (kept.bars.series or kept.host_bars.series):
            return self._load(connection, now, until, load_book(connection))
        changes = changes_since(connection, kept.newest_import)
        snapshot = load_book(connection)
        if changes.reference_changed or snapshot != kept.snapshot:
            return self._load(connection, now, until, snapshot)
        bars = kept.bars
        if changes.prices_from is not None:
            if not len(bars.days) or changes.prices_from < bars.days[-1].astype(object):
                kept = replace(kept, restated=object())
            since = max(changes.prices_from, kept.since)
            bars = merge_bars(bars, self._own_bars(connection, kept, since), since)
        host_bars, kept = self._refreshed_host(connection, kept, now)
        kept = replace(kept, newest_import=changes.newest_import)
        unchanged = changes.prices_from is None and same_prices(host_bars, kept.host_bars)
        return kept if unchanged else with_bars(kept, bars, host_bars)

    def _refreshed_host(self, connection: Connection, kept: Loaded, now: datetime) -> tuple[DailyBars, Loaded]:
        """The dashboard's bars where we have none: the newest day each time, all of them now and then.

        The dashboard notes nowhere what it corrected.
        """
        if now - kept.read_at >= HOST_RELOAD and (symbols := host_symbols(kept)):
            bars = load_host_bars(connection, symbols, kept.since, kept.until, traded_days(kept))
            restated = kept.restated if same_prices(bars, kept.host_bars) else object()
            return bars, replace(kept, read_at=now, restated=restated)
        symbols = growing_host_symbols(kept)
        if not symbols:
            return kept.host_bars, kept
        since: date = max(bars.days[-1] for bars in (kept.bars, kept.host_bars) if len(bars.days)).astype(object)
        newest = load_host_bars(connection, symbols, since, kept.until, traded_days(kept))
        return merge_bars(kept.host_bars, newest, since), kept

    def _load(self, connection: Connection, now: datetime, until: date, snapshot: HoldingsSnapshot | None) -> Loaded:
        newest = changes_since(connection, 0).newest_import
        index = index_master(load_master(connection), load_host_scrips(connection))
        positions = merge_positions(snapshot.holdings if snapshot else (), index)
        names = benchmark_names(connection, self._benchmark)
        empty = load_bars(connection, (), ())
        book = Book((), None, "none", False, build_panel(empty, (), (), (), ROWS)[0], ())
        loaded = Loaded(newest, object(), now, until, until, snapshot, index, positions, names, (), empty, empty, book)
        wanted = wanted_symbols(loaded)
        since = (newest_price_day(connection, wanted, own_sources(snapshot), until) or until) - HISTORY
        loaded = replace(loaded, since=since, actions=load_actions(connection, wanted))
        loaded = replace(loaded, bars=self._own_bars(connection, loaded, since))
        host_bars = load_host_bars(connection, host_symbols(loaded), since, until, loaded.bars.days)
        return with_bars(loaded, loaded.bars, host_bars)

    def _own_bars(self, connection: Connection, loaded: Loaded, since: date) -> DailyBars:
        sources = own_sources(loaded.snapshot)
        return load_bars(connection, wanted_symbols(loaded), sources, since, loaded.until, ("NSE", "BSE"))


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="seconds")
