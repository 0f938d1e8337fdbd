"""Risk of the funds in the book: NAV measures, what they hold together, overlap, activity, tracking and cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from threading import Lock

from sqlalchemy import Connection

from app.Boilerplate import Boilerplate
from app.domain.backtests import BacktestReport
from app.domain.days import check_days
from app.domain.fund_holdings import FundBook as HeldFunds
from app.domain.market_hours import last_final_day, trading_day
from app.domain.mf_reports import MFRiskReport
from app.domain.risk_reports import WINDOWS
from app.domain.risk_runs import Asked, BooksUsed, Computed, Keeper, inputs_by_field, keep_nothing
from app.risk.combined_book import CombinedBook, no_shares
from app.risk.combined_books import CombinedBooks
from app.risk.combined_history import load_fund_history, tested_units
from app.risk.equity_measures import RiskOptions
from app.risk.fund_book import FundBook
from app.risk.fund_loading import FundChoices, load_fund_book
from app.risk.fund_report import compute_mf_report
from app.risk.report_windows import ask, check_windows
from app.risk.var_backtest import backtest_report, chosen_methods
from app.store.fund_holdings import load_fund_book as load_held_funds
from app.store.fund_holdings import load_run_funds
from app.store.imports import changes_since

HOST_RELOAD = timedelta(minutes=10)
"""How long a NAV that the dashboard wrote may go unseen: it notes nowhere what it changed."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The book that is kept, and what it was read from."""

    newest_import: int
    read_at: datetime
    until: date
    held: HeldFunds | None
    book: FundBook


class MFRiskCalculator:
    """Builds fund reports. The book is kept until an import, other holdings or a new day; safe to call from threads."""

    def __init__(
        self,
        database: Boilerplate,
        options: RiskOptions,
        choices: FundChoices,
        now: Callable[[], datetime],
        keep: Keeper = keep_nothing,
    ) -> None:
        self._database = database
        self._options = options
        self._choices = choices
        self._now = now
        self._keep = keep
        self._books = CombinedBooks(choices.benchmark)
        self._lock = Lock()
        self._loaded: _Loaded | None = None
        self._testing = Lock()
        self._tested: tuple[object, BacktestReport] | None = None

    def report(self, windows: Sequence[str] | None = None, as_of: date | None = None) -> MFRiskReport:
        """The report over the named windows (all by default), on NAVs and portfolios up to ``as_of`` (the newest).

        It is handed to the keeper of runs.

        Raises:
            UnknownWindow: for a window that is not 60d, 90d or 1y.
            WrongDay: for an ``as_of`` that has not come yet.
            DatabaseUnavailable: when Postgres can't be reached.
        """
        asked = ask(windows, as_of, self._now())
        book = self._alone(as_of)
        report = self._report(book, asked)
        self._keep(self._run_of(book, report, asked))
        return report

    def run(self, asked: Asked) -> Computed:
        """The report that is asked for, with everything that went into it. Raises as ``report``."""
        book = self._alone(asked.book_day(trading_day(self._now())), asked.books)
        return self._run_of(book, self._report(book, asked), asked)

    def backtest(self, windows: Sequence[str] | None = None, as_of: date | None = None) -> BacktestReport:
        """VaR tested on all stored NAVs, over the named windows. Computed once a day. Raises as ``report``."""
        names = check_windows(windows)
        found = self._backtest_of(self.book(as_of), as_of)
        return replace(found, windows={name: found.windows[name] for name in names})

    def _run_of(self, book: CombinedBook, report: MFRiskReport, asked: Asked) -> Computed:
        preferred, settings = chosen_methods(report.windows), (self._options, self._choices)
        given = {"settings": settings, "question": asked, "preferred methods": preferred}
        behind = {"constituents": book.constituents, "episodes": book.episodes, "scenarios": book.scenarios}
        return Computed(report, asked, inputs_by_field(book.funds) | behind | given, BooksUsed(funds=book.funds.used))

    def _report(self, book: CombinedBook, asked: Asked) -> MFRiskReport:
        now = self._now()
        return compute_mf_report(
            book,
            self._options,
            asked.windows,
            today=asked.until,
            computed_at=_stamp(now),
            as_of=asked.as_of,
            tested=self._backtest_of(book.funds, asked.book_day(trading_day(now))),
        )

    def _backtest_of(self, book: FundBook, as_of: date | None) -> BacktestReport:
        """Only other units or NAVs ask for a new test; an earlier ``as_of`` is tested afresh."""
        with self._testing, self._database.transaction() as connection:
            key = tested_units(connection, book)
            if as_of is None and self._tested and self._tested[0] == key:
                return self._tested[1]
            history = load_fund_history(connection, book, self._choices.benchmark)
            found = backtest_report(history, tuple(WINDOWS), _stamp(self._now()))
            if as_of is None:
                self._tested = key, found
            return found

    def book(self, as_of: date | None = None, books: BooksUsed | None = None) -> FundBook:
        """Funds, NAVs and portfolios up to a day: the newest are kept, an earlier day is read afresh.

        So are the ``books`` of a kept run. Before the first holdings that are known the oldest or, of the dashboard,
        the newest ones are taken.

        Raises:
            WrongDay: for a day that has not come yet.
            UnknownRun: for ``books`` that are no longer stored.
            DatabaseUnavailable: when Postgres can't be reached.
        """
        now = self._now()
        today = trading_day(now)
        check_days(today, as_of)
        with self._database.transaction() as connection:
            if as_of is None and books is None:
                with self._lock:
                    self._loaded = self._refreshed(connection, now)
                    return self._loaded.book
            if books is not None:
                held = load_run_funds(connection, books.funds)
            else:
                held = load_held_funds(connection, as_of) or load_held_funds(connection)
            return load_fund_book(connection, held, min(as_of or today, today), as_of, self._choices)

    def _alone(self, as_of: date | None, books: BooksUsed | None = None) -> CombinedBook:
        """The funds with what lies behind them, without a share. Raises as ``book``."""
        funds, until = self.book(as_of, books), last_final_day(self._now())
        with self._database.transaction() as connection:
            if as_of is None and books is None:
                return self._books.newest(connection, no_shares(funds), funds, until)
            return self._books.afresh(connection, no_shares(funds), funds, min(as_of or until, until), as_of)

    def _refreshed(self, connection: Connection, now: datetime) -> _Loaded:
        kept, until = self._loaded, trading_day(now)
        newest = changes_since(connection, 0).newest_import
        held = load_held_funds(connection)
        if (
            kept is not None
            and (kept.newest_import, kept.until, kept.held) == (newest, until, held)
            and now - kept.read_at < HOST_RELOAD
        ):
            return kept
        return _Loaded(newest, now, until, held, load_fund_book(connection, held, until, None, self._choices))


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="seconds")
