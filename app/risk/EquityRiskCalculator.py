"""Risk of the shares in the book: volatility, beta, VaR, drawdown, concentration and liquidity over three windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Lock

from sqlalchemy import Connection

from app.Boilerplate import Boilerplate
from app.domain.backtests import BacktestReport
from app.domain.feeds import feed_issues
from app.domain.hedges import HedgeBase
from app.domain.live import LiveRisk
from app.domain.market_hours import last_final_day, trading_day
from app.domain.prices import DailyBars
from app.domain.risk_reports import WINDOWS, EquityRiskReport, EquitySeries
from app.domain.risk_runs import Computed
from app.risk.equity_history import benchmark_names, load_long_panel, report_inputs, return_history
from app.risk.equity_loading import Loaded, missing_symbols, own_sources, wanted_symbols
from app.risk.equity_measures import RiskOptions
from app.risk.equity_report import Book, compute_report, compute_series
from app.risk.hedge_base import build_base
from app.risk.live import LiveBook, live_prices, live_ticks, prepare, revalue
from app.risk.positions import index_master, merge_positions
from app.risk.price_panel import build_panel, merge_bars, same_prices
from app.risk.report_windows import check_windows
from app.risk.var_backtest import backtest_report
from app.store.feeds import load_feeds
from app.store.holdings import load_book
from app.store.imports import changes_since
from app.store.prices import load_actions, load_bars, load_host_bars, newest_day
from app.store.securities import load_host_scrips, load_master
from app.store.ticks import load_ticks

ROWS = max(WINDOWS.values())
HISTORY = timedelta(days=550)
"""Calendar days read: the longest window and, before it, what the price guard compares with."""
HOST_RELOAD = timedelta(minutes=10)
"""How long a correction of an older price in the dashboard's table may go unseen."""


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
        self._loaded: Loaded | None = None
        self._live: LiveBook | None = None
        self._testing = Lock()
        self._tested: tuple[object, BacktestReport] | None = None

    def report(
        self, windows: Sequence[str] | None = None, as_of: date | None = None, horizon_days: int = 1
    ) -> EquityRiskReport:
        """The report over the named windows (all by default), on prices up to ``as_of`` (the newest by default).

        Raises:
            UnknownWindow: for a window that is not 60d, 90d or 1y.
            DatabaseUnavailable: when Postgres can't be reached.
        """
        return self._report(self.book(as_of), check_windows(windows), as_of, horizon_days)

    def hedge_base(self, as_of: date | None = None) -> HedgeBase:
        """What there is to hedge, with the measures of every window. Raises as ``report``."""
        book = self.book(as_of)
        return build_base(self._report(book, check_windows(None), as_of), book.panel)

    def run(self, until: date) -> Computed:
        """The report over all windows as of ``until``, with everything that went into it. Raises as ``report``."""
        book = self.book(until)
        report = self._report(book, tuple(WINDOWS), until)
        return Computed(report, report_inputs(book, report, self._options, until))

    def _report(
        self, book: Book, windows: Sequence[str], as_of: date | None, horizon_days: int = 1
    ) -> EquityRiskReport:
        now = self._now()
        return compute_report(
            book,
            self._options,
            windows,
            horizon_days=horizon_days,
            today=trading_day(now),
            computed_at=_stamp(now),
            as_of=as_of,
            tested=self._backtest_of(book, as_of),
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
                panel = load_long_panel(connection, book, benchmark_names(connection, self._benchmark))
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
            feeds = () if book.is_sample else feed_issues(load_feeds(connection))
            return replace(book, live=live_prices(live_ticks(book, load_ticks(connection))), feed_issues=feeds)

    def _newest_book(self, connection: Connection, now: datetime) -> Book:
        with self._lock:
            self._loaded = self._refreshed(connection, now, last_final_day(now))
            return self._loaded.book

    def _refreshed(self, connection: Connection, now: datetime, until: date) -> Loaded:
        kept = self._loaded
        if kept is None or kept.until != until or not (kept.bars.series or kept.host_bars.series):
            return self._load(connection, now, until, None)
        changes = changes_since(connection, kept.newest_import)
        if changes.reference_changed or load_book(connection) != kept.snapshot:
            return self._load(connection, now, until, None)
        bars = kept.bars
        if changes.prices_from is not None:
            if not len(bars.days) or changes.prices_from < bars.days[-1].astype(object):
                kept = replace(kept, restated=object())
            since = max(changes.prices_from, kept.since)
            bars = merge_bars(bars, self._own_bars(connection, kept, since), since)
        host_bars, kept = self._refreshed_host(connection, kept, now)
        kept = replace(kept, newest_import=changes.newest_import)
        unchanged = changes.prices_from is None and same_prices(host_bars, kept.host_bars)
        return kept if unchanged else self._with_bars(kept, bars, host_bars)

    def _refreshed_host(self, connection: Connection, kept: Loaded, now: datetime) -> tuple[DailyBars, Loaded]:
        """The dashboard's bars of shares we have none of: the newest day each time, all of them now and then.

        The dashboard notes nowhere what it corrected.
        """
        missing = missing_symbols(kept)
        if not missing:
            return kept.host_bars, kept
        if now - kept.read_at >= HOST_RELOAD:
            bars = load_host_bars(connection, missing, kept.since, kept.until)
            restated = kept.restated if same_prices(bars, kept.host_bars) else object()
            return bars, replace(kept, read_at=now, restated=restated)
        since: date = max(bars.days[-1] for bars in (kept.bars, kept.host_bars) if len(bars.days)).astype(object)
        newest = load_host_bars(connection, missing, since, kept.until)
        return merge_bars(kept.host_bars, newest, since), kept

    def _load(self, connection: Connection, now: datetime, until: date, as_of: date | None) -> Loaded:
        newest = changes_since(connection, 0).newest_import
        snapshot = load_book(connection, as_of)
        index = index_master(load_master(connection), load_host_scrips(connection))
        positions = merge_positions(snapshot.holdings if snapshot else (), index)
        names = benchmark_names(connection, self._benchmark)
        empty = load_bars(connection, (), ())
        book = Book((), None, "none", False, build_panel(empty, (), (), (), ROWS)[0], ())
        loaded = Loaded(newest, object(), now, until, until, snapshot, index, positions, names, (), empty, empty, book)
        wanted = wanted_symbols(loaded)
        since = (newest_day(connection, wanted, own_sources(snapshot), until) or until) - HISTORY
        loaded = replace(loaded, since=since, actions=load_actions(connection, wanted))
        loaded = replace(loaded, bars=self._own_bars(connection, loaded, since))
        host_bars = load_host_bars(connection, missing_symbols(loaded), since, until)
        return self._with_bars(loaded, loaded.bars, host_bars)

    def _own_bars(self, connection: Connection, loaded: Loaded, since: date) -> DailyBars:
        sources = own_sources(loaded.snapshot)
        return load_bars(connection, wanted_symbols(loaded), sources, since, loaded.until, ("NSE", "BSE"))

    def _with_bars(self, loaded: Loaded, bars: DailyBars, host_bars: DailyBars) -> Loaded:
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
            restated=loaded.restated,
        )
        return replace(loaded, bars=bars, host_bars=host_bars, book=book)


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="seconds")
