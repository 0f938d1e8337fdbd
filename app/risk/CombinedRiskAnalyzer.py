"""Risk of shares and funds together: what is really owned, how bad it can get, and whose risk it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from threading import Lock

from app.Boilerplate import Boilerplate
from app.domain.backtests import BacktestReport
from app.domain.combined_reports import CombinedRiskReport
from app.domain.market_hours import last_final_day, trading_day
from app.domain.risk_reports import WINDOWS
from app.domain.risk_runs import Asked, BooksUsed, Computed, Keeper, inputs_by_field, keep_nothing
from app.domain.scenarios import Scenario, ScenarioEntry, UnclearScenario, check_scenario, merged
from app.risk.combined_book import CombinedBook
from app.risk.combined_books import CombinedBooks
from app.risk.combined_history import load_joint_history, tested_units
from app.risk.combined_report import compute_combined
from app.risk.equity_history import share_inputs
from app.risk.equity_measures import RiskOptions
from app.risk.EquityRiskCalculator import EquityRiskCalculator
from app.risk.MFRiskCalculator import MFRiskCalculator
from app.risk.report_windows import ask, check_windows
from app.risk.var_backtest import backtest_report, chosen_methods
from app.store.scenarios import delete_scenario, load_scenarios, save_scenario
from app.store.securities import load_sectors


class CombinedRiskAnalyzer:
    """Builds combined reports out of the books of both calculators. Safe to call from threads."""

    def __init__(
        self,
        database: Boilerplate,
        options: RiskOptions,
        equity: EquityRiskCalculator,
        funds: MFRiskCalculator,
        benchmark: str | None,
        now: Callable[[], datetime],
        keep: Keeper = keep_nothing,
    ) -> None:
        self._database = database
        self._options = options
        self._equity = equity
        self._funds = funds
        self._benchmark = benchmark
        self._now = now
        self._keep = keep
        self._books = CombinedBooks(benchmark)
        self._testing = Lock()
        self._tested: tuple[object, BacktestReport] | None = None

    def report(
        self, windows: Sequence[str] | None = None, as_of: date | None = None, horizon_days: int = 1
    ) -> CombinedRiskReport:
        """The report over the named windows (all by default), on prices, NAVs and portfolios up to ``as_of``.

        It is handed to the keeper of runs, unless live prices have re-marked it.

        Raises:
            UnknownWindow: for a window that is not 60d, 90d or 1y.
            WrongDay: for an ``as_of`` that has not come yet.
            DatabaseUnavailable: when Postgres can't be reached.
        """
        asked = ask(windows, as_of, self._now(), horizon_days)
        book = self.book(as_of)
        report = self._report(book, asked)
        if not book.shares.live:
            self._keep(self._run_of(book, report, asked))
        return report

    def run(self, asked: Asked) -> Computed:
        """The report that is asked for, without live prices, and everything that went into it. Raises as ``report``."""
        book = self.book(asked.book_day(trading_day(self._now())), asked.books)
        book = replace(book, shares=replace(book.shares, live=()))
        return self._run_of(book, self._report(book, asked), asked)

    def backtest(self, windows: Sequence[str] | None = None, as_of: date | None = None) -> BacktestReport:
        """VaR tested on all days that both books have, over the named windows.

        Computed once a day. Raises as ``report``.
        """
        names = check_windows(windows)
        found = self._backtest_of(self.book(as_of), as_of)
        return replace(found, windows={name: found.windows[name] for name in names})

    def _run_of(self, book: CombinedBook, report: CombinedRiskReport, asked: Asked) -> Computed:
        preferred = chosen_methods(report.windows)
        given = {"settings": self._options, "question": asked, "preferred methods": preferred}
        return Computed(report, asked, _inputs(book) | given, BooksUsed(book.shares.used, book.funds.used))

    def _report(self, book: CombinedBook, asked: Asked) -> CombinedRiskReport:
        now = self._now()
        return compute_combined(
            book,
            self._options,
            asked.windows,
            horizon_days=asked.horizon_days,
            today=asked.until,
            computed_at=_stamp(now),
            as_of=asked.as_of,
            tested=self._backtest_of(book, asked.book_day(trading_day(now))),
        )

    def _backtest_of(self, book: CombinedBook, as_of: date | None) -> BacktestReport:
        """A newer close of the newest day asks for no new test, an earlier ``as_of`` is tested afresh."""
        shares = book.shares
        with self._testing, self._database.transaction() as connection:
            newest = shares.panel.days[-1:].tolist()
            key = (shares.restated, shares.positions, newest, *tested_units(connection, book.funds))
            if as_of is None and self._tested and self._tested[0] == key:
                return self._tested[1]
            history = load_joint_history(connection, shares, book.funds, self._benchmark)
            found = backtest_report(history, tuple(WINDOWS), _stamp(self._now()))
            if as_of is None:
                self._tested = key, found
            return found

    def book(self, as_of: date | None = None, books: BooksUsed | None = None) -> CombinedBook:
        """Both books up to a day with what lies behind them: the newest are kept, an earlier day is read afresh.

        So are the ``books`` of a kept run.

        Raises:
            WrongDay: for a day that has not come yet.
            UnknownRun: for ``books`` that are no longer stored.
            DatabaseUnavailable: when Postgres can't be reached.
        """
        shares, funds = self._equity.book(as_of, books), self._funds.book(as_of, books)
        until = last_final_day(self._now())
        with self._database.transaction() as connection:
            if as_of is None and books is None:
                return self._books.newest(connection, shares, funds, until)
            return self._books.afresh(connection, shares, funds, min(as_of or until, until), as_of)

    def scenarios(self) -> tuple[ScenarioEntry, ...]:
        """Every stress scenario as it counts now."""
        with self._database.transaction() as connection:
            return merged(load_scenarios(connection))

    def write_scenario(self, scenario: Scenario) -> None:
        """Keep a scenario, in place of the default of its key where there is one. Raises UnclearScenario."""
        today = trading_day(self._now())
        with self._database.transaction() as connection:
            save_scenario(connection, check_scenario(scenario, today, load_sectors(connection)))

    def delete_scenario(self, key: str) -> None:
        """Forget what was written under a key; a default is as it was again. Raises UnclearScenario for none."""
        with self._database.transaction() as connection:
            if not delete_scenario(connection, key):
                raise UnclearScenario(f"No scenario was written under {key!r}.", "The defaults can't be deleted.")


def _inputs(book: CombinedBook) -> dict[str, object]:
    """The parts of the book, the shares taken apart: live prices are no input."""
    inputs = inputs_by_field(book) | share_inputs(book.shares)
    del inputs["shares"]
    return inputs


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="seconds")
