"""Risk of shares and funds together: what is really owned, how bad it can get, and whose risk it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from threading import Lock

import numpy as np
from sqlalchemy import Connection

from app.Boilerplate import Boilerplate
from app.domain.backtests import BacktestReport
from app.domain.combined_reports import CombinedRiskReport
from app.domain.market_hours import last_final_day, trading_day
from app.domain.risk_reports import WINDOWS
from app.domain.risk_runs import Computed, inputs_by_field
from app.domain.scenarios import Scenario, ScenarioEntry, UnclearScenario, check_scenario, merged
from app.measures.conventions import IntArray
from app.risk.combined_book import CombinedBook, Constituents, Episode, with_direct
from app.risk.combined_history import load_joint_history
from app.risk.combined_loading import load_constituents, load_episodes
from app.risk.combined_report import compute_combined
from app.risk.equity_measures import RiskOptions
from app.risk.equity_report import Book
from app.risk.EquityRiskCalculator import EquityRiskCalculator
from app.risk.fund_book import FundBook
from app.risk.MFRiskCalculator import MFRiskCalculator
from app.risk.positions import Position
from app.risk.report_windows import check_windows
from app.risk.var_backtest import backtest_report, chosen_methods
from app.store.imports import changes_since, newest_of
from app.store.scenarios import delete_scenario, load_scenarios, save_scenario

ROWS = max(WINDOWS.values())


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What is kept between reports, and what it was read for."""

    newest_import: int
    until: date
    shares: tuple[Position, ...]
    own_funds: FundBook
    scenarios: tuple[ScenarioEntry, ...]
    funds: FundBook
    places: IntArray
    constituents: Constituents
    episodes: tuple[Episode, ...]


class CombinedRiskAnalyzer:
    """Builds combined reports out of the books of both calculators. Safe to call from threads.

    The prices of what funds hold and of past crises are kept until an import, another book or a new day.
    """

    def __init__(
        self,
        database: Boilerplate,
        options: RiskOptions,
        equity: EquityRiskCalculator,
        funds: MFRiskCalculator,
        benchmark: str | None,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._options = options
        self._equity = equity
        self._funds = funds
        self._benchmark = benchmark
        self._now = now
        self._lock = Lock()
        self._kept: _Kept | None = None
        self._testing = Lock()
        self._tested: dict[str, tuple[object, BacktestReport]] = {}

    def report(
        self, windows: Sequence[str] | None = None, as_of: date | None = None, horizon_days: int = 1
    ) -> CombinedRiskReport:
        """The report over the named windows (all by default), on prices, NAVs and portfolios up to ``as_of``.

        Raises:
            UnknownWindow: for a window that is not 60d, 90d or 1y.
            DatabaseUnavailable: when Postgres can't be reached.
        """
        return self._report(self.book(as_of), check_windows(windows), as_of, horizon_days)

    def run(self, until: date) -> Computed:
        """The report over all windows as of ``until``, with everything that went into it. Raises as ``report``."""
        book = self.book(until)
        report = self._report(book, tuple(WINDOWS), until)
        preferred = chosen_methods(report.windows)
        given = inputs_by_field(book) | {"settings": self._options, "day": until, "preferred methods": preferred}
        return Computed(report, given)

    def backtest(
        self, windows: Sequence[str] | None = None, as_of: date | None = None, scope: str = "combined"
    ) -> BacktestReport:
        """VaR tested on all days that both books have, over the named windows; of the scope mf on the funds alone.

        Computed once a day. Raises as ``report``.
        """
        names = check_windows(windows)
        found = self._backtest_of(self.book(as_of), as_of, scope)
        return replace(found, windows={name: found.windows[name] for name in names})

    def _report(
        self, book: CombinedBook, names: Sequence[str], as_of: date | None, horizon_days: int = 1
    ) -> CombinedRiskReport:
        now = self._now()
        return compute_combined(
            book,
            self._options,
            names,
            horizon_days=horizon_days,
            today=trading_day(now),
            computed_at=_stamp(now),
            as_of=as_of,
            tested=self._backtest_of(book, as_of, "combined"),
        )

    def _backtest_of(self, book: CombinedBook, as_of: date | None, scope: str) -> BacktestReport:
        """A newer close of the newest day asks for no new test, an earlier ``as_of`` is tested afresh."""
        with self._testing, self._database.transaction() as connection:
            key = (newest_of(connection, "navs"), *_tested_on(book))
            if as_of is None and scope in self._tested and self._tested[scope][0] == key:
                return self._tested[scope][1]
            history = load_joint_history(connection, scope, book.shares, book.funds, self._benchmark)
            found = backtest_report(history, tuple(WINDOWS), _stamp(self._now()))
            if as_of is None:
                self._tested[scope] = key, found
            return found

    def book(self, as_of: date | None = None) -> CombinedBook:
        """Both books up to a day with what lies behind them: the newest are kept, an earlier day is read afresh.

        Raises:
            DatabaseUnavailable: when Postgres can't be reached.
        """
        shares, funds = self._equity.book(as_of), self._funds.book(as_of)
        until = last_final_day(self._now())
        with self._database.transaction() as connection:
            if as_of is not None:
                kept = self._load(connection, shares, funds, min(as_of, until), None)
            else:
                with self._lock:
                    self._kept = kept = self._load(connection, shares, funds, until, self._kept)
        return CombinedBook(shares, kept.funds, kept.places, kept.constituents, kept.episodes, kept.scenarios)

    def scenarios(self) -> tuple[ScenarioEntry, ...]:
        """Every stress scenario as it counts now."""
        with self._database.transaction() as connection:
            return merged(load_scenarios(connection))

    def write_scenario(self, scenario: Scenario) -> None:
        """Keep a scenario, in place of the default of its key where there is one. Raises UnclearScenario."""
        check_scenario(scenario)
        with self._database.transaction() as connection:
            save_scenario(connection, scenario)

    def delete_scenario(self, key: str) -> None:
        """Forget what was written under a key; a default is as it was again. Raises UnclearScenario for none."""
        with self._database.transaction() as connection:
            if not delete_scenario(connection, key):
                raise UnclearScenario(f"No scenario was written under {key!r}.", "The defaults can't be deleted.")

    def _load(
        self, connection: Connection, shares: Book, own_funds: FundBook, until: date, kept: _Kept | None
    ) -> _Kept:
        """What is kept where nothing behind it changed, read anew in the parts that did."""
        newest = changes_since(connection, 0).newest_import
        scenarios = merged(load_scenarios(connection))
        current = kept is not None and (kept.newest_import, kept.until) == (newest, until)
        same_books = current and kept is not None and kept.own_funds is own_funds and kept.shares == shares.positions
        if kept is not None and same_books and kept.scenarios == scenarios:
            return kept
        funds, places = with_direct(own_funds, shares.positions)
        constituents, episodes = None, None
        if current and kept is not None:
            constituents = kept.constituents if _same_inside(kept.funds, funds) else None
            episodes = kept.episodes if _same_names(kept, shares, funds, scenarios) else None
        if constituents is None:
            constituents = load_constituents(connection, funds, self._benchmark, until, ROWS)
        if episodes is None:
            wanted = [entry.scenario for entry in scenarios]
            episodes = load_episodes(connection, shares.positions, funds, wanted, self._benchmark)
        return _Kept(newest, until, shares.positions, own_funds, scenarios, funds, places, constituents, episodes)


def _tested_on(book: CombinedBook) -> tuple[object, ...]:
    """What a backtest rests on, but for NAVs older than those of the book."""
    shares, funds = book.shares, book.funds
    units = [(one.isin, one.quantity) for one in funds.positions]
    navs = funds.days.tobytes(), funds.navs.tobytes()
    return shares.restated, shares.positions, shares.panel.days[-1:].tolist(), units, *navs


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="seconds")


def _same_inside(one: FundBook, other: FundBook) -> bool:
    """Whether funds hold the same securities, numbered alike."""
    held = one.compositions, other.compositions
    return np.array_equal(one.securities.keys, other.securities.keys) and np.array_equal(held[0].starts, held[1].starts)


def _same_names(kept: _Kept, shares: Book, funds: FundBook, scenarios: Sequence[ScenarioEntry]) -> bool:
    """Whether the same shares and funds go through the same episodes."""
    return (
        [one.price_symbols for one in kept.shares] == [one.price_symbols for one in shares.positions]
        and [one.isin for one in kept.funds.positions] == [one.isin for one in funds.positions]
        and kept.scenarios == tuple(scenarios)
    )
