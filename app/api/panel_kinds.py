"""How every tab is drawn: panels that stand or fail on their own, each out of the one reading of its request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

from app.domain.errors import RiskError, UnknownWindow
from app.domain.risk_reports import WINDOWS

DEFAULT_WINDOW = "1y"
STRIP = "strip"
"""The frame of a summary."""
WINDOW_NAMES = {"60d": "60 days", "90d": "90 days", "1y": "1 year"}


class TabReport(Protocol):
    """What every report has."""

    @property
    def as_of(self) -> date | None:
        """The day of the newest price or NAV; None where there is none."""
        ...


T = TypeVar("T")
P = TypeVar("P", bound=TabReport)
R = TypeVar("R", bound="TabReading[Any]")


class TabReading(ABC, Generic[P]):
    """The one report of a request: asked at most once, and a failure is kept and told by each panel."""

    def __init__(self, ask: Callable[[], P], window: str) -> None:
        self._ask = ask
        self.window = window

    @property
    @abstractmethod
    def is_empty(self) -> bool:
        """Whether nothing is held. Raises RiskError."""

    @property
    def report(self) -> P:
        """Raises RiskError."""
        return told(self._report)

    @property
    def report_or_none(self) -> P | None:
        """None where the report can't be had; the panels say why."""
        return None if isinstance(self._report, RiskError) else self._report

    @property
    def error(self) -> RiskError | None:
        """Why the report can't be had; None where it can."""
        return self._report if isinstance(self._report, RiskError) else None

    @property
    def as_of(self) -> date | None:
        """The day of the newest price or NAV, where it is known."""
        return self.report_or_none.as_of if self.report_or_none else None

    @cached_property
    def _report(self) -> P | RiskError:
        return outcome(self._ask)


@dataclass(frozen=True, slots=True)
class PanelKind(Generic[R]):
    """A panel's address, its title for the error state and what it is built from.

    ``route`` is the endpoint that draws it alone, ``updates`` the event on which an open page asks for it again ("" for
    none), ``frame`` its place in the grid, ``when_empty`` what is shown where nothing is held ("" draws it as ever).
    """

    name: str
    title: str
    build: Callable[[R], object]
    route: str = "screen.panel"
    updates: str = "risk:updated"
    frame: str = "card span-12"
    when_empty: str = "risk/_no_holdings.html"

    @property
    def template(self) -> str:
        """The template that draws the panel when all is well."""
        return f"risk/_{self.name.replace('-', '_')}.html"


@dataclass(frozen=True, slots=True)
class Panel(Generic[R]):
    """A panel ready to draw: ``state`` is ready, empty (no holdings) or error."""

    kind: PanelKind[R]
    state: str
    as_of: date | None = None
    view: object = None
    error: RiskError | None = None

    @property
    def frame(self) -> str:
        """The classes of its section: a strip holds figures, what stands in for them is a card."""
        return "card" if self.kind.frame == STRIP and self.state != "ready" else self.kind.frame


def read_panel(kind: PanelKind[R], reading: R) -> Panel[R]:
    """Build one panel; a failure stays inside it."""
    try:
        if kind.when_empty and reading.is_empty:
            return Panel(kind, "empty", reading.as_of)
        return Panel(kind, "ready", reading.as_of, kind.build(reading))
    except RiskError as error:
        return Panel(kind, "error", reading.as_of, error=error)


def chosen_window(name: str) -> str:
    """The window of the address. Raises UnknownWindow."""
    if name not in WINDOWS:
        raise UnknownWindow(f"There is no window “{name}”.", f"Choose one of {', '.join(WINDOWS)}.")
    return name


def outcome(ask: Callable[[], T]) -> T | RiskError:
    """What was asked for, or why it can't be had: kept, so that a request asks once."""
    try:
        return ask()
    except RiskError as error:
        return error


def told(found: T | RiskError) -> T:
    """What was asked for. Raises the RiskError that stands in its place."""
    if isinstance(found, RiskError):
        raise found
    return found
