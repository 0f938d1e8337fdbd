"""The pages and fragments of the screen: Risk Management tab, Holdings tab, one fragment a panel, chart data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Protocol, TypeVar

import orjson
from flask import Blueprint, Response, render_template, request

from app.api import chart_panels
from app.api import screen_panels as panels
from app.api.assets import asset_response, load_assets
from app.api.charts import chart_json
from app.api.formats import FILTERS
from app.api.holdings_table import holding_rows
from app.api.live_figures import figure_texts
from app.api.measure_words import NOT_COMPUTED
from app.domain.errors import RiskError, UnknownWindow
from app.domain.live import LiveRisk
from app.domain.risk_reports import WINDOWS, EquityRiskReport, EquitySeries, WindowReport

T = TypeVar("T")

DEFAULT_WINDOW = "1y"
WINDOW_NAMES = {"60d": "60 days", "90d": "90 days", "1y": "1 year"}


class EquityRisk(Protocol):
    """The part of the equity calculator that the screen asks."""

    def report(
        self, windows: tuple[str, ...] | None = None, as_of: date | None = None, horizon_days: int = 1
    ) -> EquityRiskReport:
        """The report over the named windows; may raise RiskError."""
        ...

    def series(self, window: str, as_of: date | None = None) -> EquitySeries:
        """What the charts of a window draw; may raise RiskError."""
        ...

    def live(self) -> LiveRisk:
        """The book at the newest prices; may raise RiskError."""
        ...


class ScreenServices(Protocol):
    """What the screen needs of the app."""

    @property
    def equity(self) -> EquityRisk:
        """The equity calculator."""
        ...


class Reading:
    """The one report and the one series of a request: asked at most once, failures included."""

    def __init__(self, equity: EquityRisk, window: str, *, is_live: bool = False) -> None:
        self._equity = equity
        self.window = window
        self.is_live = is_live

    @property
    def report(self) -> EquityRiskReport:
        """Raises RiskError."""
        return _raise_error(self._report)

    @property
    def window_report(self) -> WindowReport:
        """Raises RiskError."""
        return self.report.windows[self.window]

    @property
    def series(self) -> EquitySeries:
        """Raises RiskError."""
        return _raise_error(self._series)

    @property
    def today(self) -> tuple[str, str] | None:
        """The gain of the day with its note; None where no live price tells it. Raises RiskError."""
        if not self.is_live:
            return None
        live = self._equity.live()
        return figure_texts(live, live.windows[self.window]).get("today")

    @property
    def report_or_none(self) -> EquityRiskReport | None:
        """None where the report can't be had; the panels say why."""
        return None if isinstance(self._report, RiskError) else self._report

    @cached_property
    def _report(self) -> EquityRiskReport | RiskError:
        return _outcome(lambda: self._equity.report((self.window,)))

    @cached_property
    def _series(self) -> EquitySeries | RiskError:
        return _outcome(lambda: self._equity.series(self.window))


def _outcome(ask: Callable[[], T]) -> T | RiskError:
    try:
        return ask()
    except RiskError as error:
        return error


def _raise_error(outcome: T | RiskError) -> T:
    if isinstance(outcome, RiskError):
        raise outcome
    return outcome


@dataclass(frozen=True, slots=True)
class PanelKind:
    """A panel's address, its title for the error state and what it is built from."""

    name: str
    title: str
    build: Callable[[Reading], object]

    @property
    def template(self) -> str:
        """The template that draws the panel when all is well."""
        return f"risk/_{self.name.replace('-', '_')}.html"


PANELS: Mapping[str, PanelKind] = {
    kind.name: kind
    for kind in (
        PanelKind("hero", "Summary", lambda read: panels.hero(read.report, read.window_report, read.today)),
        PanelKind("loss", "One-day loss", lambda reading: chart_panels.loss(reading.window_report, reading.series)),
        PanelKind("drawdown", "Drawdown", lambda reading: chart_panels.drawdown(reading.window_report, reading.series)),
        PanelKind("measures", "All measures", lambda reading: panels.measures(reading.report, reading.window_report)),
        PanelKind("concentration", "Concentration", lambda reading: panels.concentration(reading.report)),
        PanelKind("correlation", "Correlation", lambda reading: chart_panels.correlations(reading.window_report)),
        PanelKind("liquidity", "Liquidity", lambda reading: panels.liquidity(reading.report)),
        PanelKind("data-issues", "Data issues", lambda reading: panels.issue_groups(reading.report.data_issues)),
    )
}


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel ready to draw: ``state`` is ready, empty (no holdings) or error."""

    kind: PanelKind
    state: str
    as_of: date | None = None
    view: object = None
    error: RiskError | None = None


def read_panel(kind: PanelKind, reading: Reading) -> Panel:
    """Build one panel; a failure stays inside it."""
    try:
        report = reading.report
        if not report.holdings and kind.name != "data-issues":
            return Panel(kind, "empty", report.as_of)
        return Panel(kind, "ready", report.as_of, kind.build(reading))
    except RiskError as error:
        known = reading.report_or_none
        return Panel(kind, "error", known.as_of if known else None, error=error)


def chosen_window(name: str) -> str:
    """The window of the address. Raises UnknownWindow."""
    if name not in WINDOWS:
        raise UnknownWindow(f"There is no window “{name}”.", f"Choose one of {', '.join(WINDOWS)}.")
    return name


def screen_blueprint(services: ScreenServices, is_live: Callable[[], bool] = lambda: False) -> Blueprint:
    """All routes of the screen; the caller sets the security header. ``is_live``: whether live prices may come."""
    screen = Blueprint("screen", __name__, template_folder="../templates")
    for name, show in FILTERS.items():
        screen.add_app_template_filter(show, name)

    def reading(window: str | None = None) -> Reading:
        chosen = chosen_window(window or request.args.get("window", DEFAULT_WINDOW))
        return Reading(services.equity, chosen, is_live=is_live())

    @screen.context_processor
    def shell() -> dict[str, object]:
        return {"assets": load_assets(), "window_names": WINDOW_NAMES, "not_computed": NOT_COMPUTED}

    @screen.get("/")
    def risk_tab() -> str:
        read = reading()
        drawn = [read_panel(kind, read) for kind in PANELS.values()]
        return render_template("dashboard.html", tab="risk", reading=read, panels=drawn)

    @screen.get("/holdings")
    def holdings_tab() -> str:
        read = reading()
        kind = PanelKind("holdings", "Holdings", lambda book: holding_rows(book.report, book.window))
        drawn = [read_panel(kind, read), read_panel(PANELS["data-issues"], read)]
        return render_template("dashboard.html", tab="holdings", reading=read, panels=drawn)

    @screen.get("/risk/panels/<name>")
    def panel(name: str) -> str | tuple[str, int]:
        if name not in PANELS:
            return render_template("risk/_refused.html", message=f"There is no panel “{name}”.", remedy=""), 404
        read = reading()
        return render_template("risk/_panel.html", panel=read_panel(PANELS[name], read), reading=read)

    @screen.get("/risk/charts/<window>.json")
    def chart_data(window: str) -> Response:
        read = reading(window)
        return Response(chart_json(read.report, read.series), mimetype="application/json")

    @screen.get("/assets/<path:name>")
    def asset_file(name: str) -> Response:
        return asset_response(name)

    screen.register_error_handler(RiskError, refuse)
    return screen


def refuse(error: RiskError) -> tuple[str | Response, int]:
    """An error in the form that was asked for: chart data as JSON, a panel as a fragment, else a page."""
    status = 400 if isinstance(error, UnknownWindow) else 503
    words = {"message": error.message, "remedy": error.remedy}
    if request.path.endswith(".json"):
        return Response(orjson.dumps({"error": words}), mimetype="application/json"), status
    template = "risk/_refused.html" if request.path.startswith("/risk/panels/") else "refused.html"
    return render_template(template, **words), status
