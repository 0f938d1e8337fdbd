"""Risk of the funds in the book: NAV measures, what they hold together, overlap, activity, tracking and cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from threading import Lock

from sqlalchemy import Connection

from app.Boilerplate import Boilerplate
from app.domain.fund_holdings import FundBook as HeldFunds
from app.domain.fund_reports import MFRiskReport
from app.domain.market_hours import trading_day
from app.domain.risk_reports import WINDOWS
from app.domain.risk_runs import Computed, inputs_by_field
from app.risk.equity_measures import RiskOptions
from app.risk.fund_book import FundBook
from app.risk.fund_loading import FundChoices, load_fund_book
from app.risk.fund_report import compute_mf_report
from app.risk.report_windows import check_windows
from app.store.fund_holdings import load_fund_book as load_held_funds
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
        self, database: Boilerplate, options: RiskOptions, choices: FundChoices, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._options = options
        self._choices = choices
        self._now = now
        self._lock = Lock()
        self._loaded: _Loaded | None = None

    def report(self, windows: Sequence[str] | None = None, as_of: date | None = None) -> MFRiskReport:
        """The report over the named windows (all by default), on NAVs and portfolios up to ``as_of`` (the newest).

        Raises:
            UnknownWindow: for a window that is not 60d, 90d or 1y.
            DatabaseUnavailable: when Postgres can't be reached.
        """
        return self._report(self.book(as_of), check_windows(windows), as_of)

    def run(self, until: date) -> Computed:
        """The report over all windows as of ``until``, with everything that went into it. Raises as ``report``."""
        book = self.book(until)
        given = inputs_by_field(book) | {"settings": (self._options, self._choices), "day": until}
        return Computed(self._report(book, tuple(WINDOWS), until), given)

    def _report(self, book: FundBook, names: Sequence[str], as_of: date | None) -> MFRiskReport:
        now = self._now()
        return compute_mf_report(
            book,
            self._options,
            names,
            today=trading_day(now),
            computed_at=now.astimezone(UTC).isoformat(timespec="seconds"),
            as_of=as_of,
        )

    def book(self, as_of: date | None = None) -> FundBook:
        """Funds, NAVs and portfolios up to a day: the newest are kept, an earlier day is read afresh.

        Before the first holdings that are known the oldest or, of the dashboard, the newest ones are taken.

        Raises:
            DatabaseUnavailable: when Postgres can't be reached.
        """
        now = self._now()
        with self._database.transaction() as connection:
            if as_of is not None:
                held = load_held_funds(connection, as_of) or load_held_funds(connection)
                return load_fund_book(connection, held, min(as_of, trading_day(now)), as_of, self._choices)
            with self._lock:
                self._loaded = self._refreshed(connection, now)
                return self._loaded.book

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
