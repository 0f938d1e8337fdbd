"""Runs: reports that are kept, with what they were computed from, so that risk can be followed over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from app.domain.data_issues import DataIssue
from app.domain.errors import RiskError
from app.domain.fingerprints import fingerprint
from app.domain.risk_reports import WINDOWS, Measure, Unit

NO_WINDOW = ""
"""The window of a figure that is of the whole report."""


class RunKind(StrEnum):
    """``daily``: the end-of-day snapshot; ``on_demand``: somebody asked, on a screen, over the API or by a command."""

    DAILY = "daily"
    ON_DEMAND = "on_demand"


class MeasuredWindow(Protocol):
    """What every report's window has."""

    @property
    def measures(self) -> dict[str, Measure]:
        """Measures by name."""
        ...


class Report(Protocol):
    """What the report of any scope has."""

    @property
    def scope(self) -> str:
        """Its name."""
        ...

    @property
    def as_of(self) -> date | None:
        """The day of the newest price used."""
        ...

    @property
    def value(self) -> float | None:
        """Rupees."""
        ...

    @property
    def sample_data(self) -> bool:
        """Whether it is of the generated book."""
        ...

    @property
    def windows(self) -> Mapping[str, MeasuredWindow]:
        """Measures by window."""
        ...

    @property
    def data_issues(self) -> tuple[DataIssue, ...]:
        """What is wrong with the data."""
        ...


@dataclass(frozen=True, slots=True)
class BookUsed:
    """A book of shares or of funds: our snapshot of this number, or without one the dashboard's of the day."""

    as_of: date
    snapshot_id: int | None = None


@dataclass(frozen=True, slots=True)
class BooksUsed:
    """The books that a report was computed from; None where there was none."""

    shares: BookUsed | None = None
    funds: BookUsed | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is asked for: ``windows`` in order of length, VaR over ``horizon_days`` trading days.

    ``until`` is the day that somebody named: the book is valued at its closes. With ``is_newest`` nobody named one:
    it is the day of asking, and the newer of the close and the price that came with the holdings counts.

    ``books`` are those of a kept run that is computed again; None for the ones that count for the day.
    """

    until: date
    windows: tuple[str, ...] = tuple(WINDOWS)
    horizon_days: int = 1
    is_newest: bool = False
    books: BooksUsed | None = field(default=None, compare=False)

    @property
    def as_of(self) -> date | None:
        """The day that was named, None for the newest."""
        return None if self.is_newest else self.until

    def book_day(self, today: date) -> date | None:
        """The day to read the book for; None for the newest book there is."""
        return None if self.is_newest and self.until >= today else self.until


@dataclass(frozen=True, slots=True)
class Computed:
    """A report, what was asked, and everything that it was computed from, by a name for the reader."""

    report: Report
    asked: Asked
    inputs: Mapping[str, object]
    books: BooksUsed


Keeper = Callable[[Computed], None]
"""Takes every report that was computed for somebody, and returns at once."""


def keep_nothing(_computed: Computed) -> None:
    """The keeper of a calculator that nobody gave one."""


def inputs_by_field(book: Any) -> dict[str, object]:
    """The fields of a book as inputs, by their names; those that do not count when two are compared are none."""
    return {one.name: getattr(book, one.name) for one in fields(book) if one.compare}


@dataclass(frozen=True, slots=True)
class Scope:
    """A kind of report that is kept day by day."""

    name: str
    compute: Callable[[Asked], Computed]


@dataclass(frozen=True, slots=True)
class RunMeasure:
    """One measure of a run, as the report had it; what is of the whole report has the window ``NO_WINDOW``."""

    window: str
    name: str
    value: float | None
    unit: Unit
    rupees: float | None
    observations: int
    coverage: float
    unavailable: str | None


@dataclass(frozen=True, slots=True)
class RiskRun:
    """A kept report, which rests on prices of ``as_of``; ``report`` is its JSON.

    ``inputs`` are fingerprints by name; empty for a report that was kept before they were noted.
    """

    scope: str
    kind: RunKind
    as_of: date
    asked: Asked
    books: BooksUsed
    computed_at: datetime
    value: float | None
    is_sample: bool
    code_version: str
    inputs: Mapping[str, str]
    measures: tuple[RunMeasure, ...]
    issues: bytes
    report: bytes

    @property
    def inputs_hash(self) -> str:
        """One fingerprint of all inputs: equal means an equal report."""
        return fingerprint(self.inputs)


@dataclass(frozen=True, slots=True)
class Retention:
    """Days that runs are kept, None for ever: the end-of-day snapshot of each day, and everything else."""

    daily: int | None = None
    on_demand: int | None = 90


@dataclass(frozen=True)
class HistoryPoint:
    """A measure on a day; ``portfolio`` is the value in rupees of what it is about."""

    as_of: date
    value: float | None
    rupees: float | None
    observations: int
    coverage: float
    unavailable: str | None
    portfolio: float | None
    run_id: int
    kind: RunKind


@dataclass(frozen=True)
class HistorySeries:
    """A measure over time, one point a day that has a run. ``starts`` is the first day kept of the scope.

    ``sample_data``: the points are of the generated book.
    """

    scope: str
    measure: str
    window: str
    unit: Unit | None
    starts: date | None
    points: tuple[HistoryPoint, ...]
    sample_data: bool = False


@dataclass(frozen=True)
class Difference:
    """A figure that came out otherwise, by its place in the report; None where one side has none."""

    figure: str
    kept: float | None
    now: float | None


@dataclass(frozen=True)
class Recomputation:
    """Whether a kept run can be computed again. ``changed`` names the inputs that are no longer what they were."""

    run_id: int
    scope: str
    until: date
    reproduced: bool
    compared: int
    changed: tuple[str, ...]
    differences: tuple[Difference, ...]
    inputs_noted: bool


class UnknownRun(RiskError):
    """No run is kept under this number, scope or measure, or the book of it is gone."""

    exit_code = 2
