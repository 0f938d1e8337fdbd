"""Runs: reports that are kept, with what they were computed from, so that risk can be followed over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from app.domain.data_issues import DataIssue
from app.domain.errors import RiskError
from app.domain.fingerprints import fingerprint
from app.domain.risk_reports import Measure, Unit


class RunKind(StrEnum):
    """``daily``: the end-of-day snapshot; ``on_demand``: somebody asked."""

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
class Computed:
    """A report and everything that it was computed from, by a name for the reader."""

    report: Report
    inputs: Mapping[str, object]


def inputs_by_field(book: Any) -> dict[str, object]:
    """The fields of a book as inputs, by their names."""
    return {field.name: getattr(book, field.name) for field in fields(book)}


@dataclass(frozen=True, slots=True)
class Scope:
    """A kind of report that is kept day by day. ``compute`` gives it over all windows, as of a day."""

    name: str
    compute: Callable[[date], Computed]


@dataclass(frozen=True, slots=True)
class RunMeasure:
    """One measure of a run, as the report had it."""

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
    """A kept report. It was asked for ``until`` and rests on prices of ``as_of``; ``report`` is its JSON.

    ``inputs`` are fingerprints by name; empty for a report that was kept before they were noted.
    """

    scope: str
    kind: RunKind
    as_of: date
    until: date
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
    """Days that runs are kept; None is for ever."""

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
    """A measure over time, one point a day that has a run. ``starts`` is the first day kept of the scope."""

    scope: str
    measure: str
    window: str
    unit: Unit | None
    starts: date | None
    points: tuple[HistoryPoint, ...]


@dataclass(frozen=True)
class Difference:
    """A measure that came out otherwise; None where one side has no figure."""

    window: str
    measure: str
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
    """No run is kept under this number, scope or measure."""

    exit_code = 2
