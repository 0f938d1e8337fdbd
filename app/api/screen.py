"""The pages and fragments of the screen: Risk Management tab, Holdings tab, one fragment a panel, chart data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property, partial
from http import HTTPStatus
from typing import Protocol

import orjson
from flask import Blueprint, Response, request

from app.api import chart_panels as charts
from app.api import screen_panels as panels
from app.api.assets import asset_response
from app.api.backtest_panel import backtest_view
from app.api.charts import chart_json
from app.api.errors import refused, status_of
from app.api.formats import FILTERS
from app.api.hedge_panel import HedgeDesk, HedgeView, QuoteDesk, hedge_view
from app.api.history_panel import HistoryDesk, HistoryView, history_json, history_view
from app.api.holdings_table import holding_rows
from app.api.issues_panel import issue_groups
from app.api.live_figures import figure_texts
from app.api.panel_kinds import STRIP, PanelKind, TabReading, chosen_window, outcome, told
from app.api.tabs import Drawn, asked_window, draw_named, draw_tab, shell_words
from app.domain.backtests import BacktestReport
from app.domain.errors import RiskError
from app.domain.live import LiveRisk
from app.domain.risk_reports import EquityRiskReport, EquitySeries, WindowReport


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

    def backtest(self, windows: tuple[str, ...] | None = None, as_of: date | None = None) -> BacktestReport:
        """VaR tested on the book's past; may raise RiskError."""
        ...


class ScreenServices(Protocol):
    """What the screen needs of the app."""

    @property
    def equity(self) -> EquityRisk:
        """The equity calculator."""
        ...

    @property
    def hedge(self) -> HedgeDesk:
        """The hedge analyzer."""
        ...

    @property
    def derivatives(self) -> QuoteDesk:
        """Where quotes of index contracts come from."""
        ...

    @property
    def history(self) -> HistoryDesk:
        """The reports that were kept."""
        ...


class Reading(TabReading[EquityRiskReport]):
    """The one report and the one series of a request: asked at most once, failures included."""

    def __init__(
        self,
        equity: EquityRisk,
        window: str,
        *,
        is_live: bool = False,
        hedge: Callable[[], HedgeView],
        history: Callable[[], HistoryView],
    ) -> None:
        super().__init__(lambda: equity.report((window,)), window)
        self._equity = equity
        self.hedge = hedge
        self.history = history
        self.is_live = is_live

    @property
    def window_report(self) -> WindowReport:
        """Raises RiskError."""
        return self.report.windows[self.window]

    @property
    def series(self) -> EquitySeries:
        """Raises RiskError."""
        return told(self._series)

    @property
    def backtest(self) -> BacktestReport:
        """Raises RiskError."""
        return self._equity.backtest((self.window,))

    @property
    def today(self) -> tuple[str, str] | None:
        """The gain of the day with its note; None where no live price tells it. Raises RiskError."""
        if not self.is_live:
            return None
        live = self._equity.live()
        return figure_texts(live, live.windows[self.window]).get("today")

    @property
    def is_empty(self) -> bool:
        """Whether no share is held. Raises RiskError."""
        return not self.report.holdings

    @cached_property
    def _series(self) -> EquitySeries | RiskError:
        return outcome(lambda: self._equity.series(self.window))


HOLDINGS: PanelKind[Reading] = PanelKind(
    "holdings", "Holdings", lambda read: holding_rows(read.report, read.window), updates=""
)


def _kind(name: str, title: str, build: Callable[[Reading], object], frame: str = "card span-12") -> PanelKind[Reading]:
    return PanelKind(name, title, build, frame=frame)


_WIDE, _NARROW = "card span-7", "card span-5"
_KINDS: tuple[PanelKind[Reading], ...] = (
    _kind("hero", "Summary", lambda read: panels.hero(read.report, read.window_report, read.today), STRIP),
    _kind("loss", "One-day loss", lambda read: charts.loss(read.window_report, read.series), f"{_WIDE} chart-card"),
    _kind(
        "drawdown", "Drawdown", lambda read: charts.drawdown(read.window_report, read.series), f"{_NARROW} chart-card"
    ),
    _kind("backtest", "How good is this VaR", lambda read: backtest_view(read.backtest, read.window)),
    PanelKind("history", "Risk over time", lambda read: read.history(), updates="", frame="card span-12 chart-card"),
    _kind("measures", "All measures", lambda read: panels.measures_beside_loss(read.report, read.window_report), _WIDE),
    _kind("concentration", "Concentration", lambda read: panels.concentration(read.report), _NARROW),
    _kind("correlation", "Correlation", lambda read: charts.correlations(read.window_report), f"{_WIDE} chart-card"),
    _kind("liquidity", "Liquidity", lambda read: panels.liquidity(read.report), _NARROW),
    PanelKind("hedge", "Hedge", lambda read: read.hedge(), updates=""),
    PanelKind("data-issues", "Data issues", lambda read: issue_groups(panels.equity_flaws(read.report)), when_empty=""),
)
PANELS: Mapping[str, PanelKind[Reading]] = {kind.name: kind for kind in _KINDS}


def screen_blueprint(services: ScreenServices, is_live: Callable[[], bool] = lambda: False) -> Blueprint:
    """All routes of the screen; the caller sets the security header. ``is_live``: whether live prices may come."""
    screen = Blueprint("screen", __name__, template_folder="../templates")
    for name, show in FILTERS.items():
        screen.add_app_template_filter(show, name)

    def reading(window: str | None = None) -> Reading:
        chosen = chosen_window(window) if window else asked_window()
        hedge = partial(hedge_view, services.hedge, services.derivatives, chosen, request.args)
        history = partial(history_view, services.history, chosen, request.args)
        return Reading(services.equity, chosen, is_live=is_live(), hedge=hedge, history=history)

    @screen.get("/")
    def risk_tab() -> Drawn:
        return draw_tab("dashboard.html", "risk", reading(), PANELS.values())

    @screen.get("/holdings")
    def holdings_tab() -> Drawn:
        return draw_tab("dashboard.html", "holdings", reading(), (HOLDINGS, PANELS["data-issues"]))

    @screen.get("/risk/panels/<name>")
    def panel(name: str) -> Drawn:
        return draw_named(PANELS, name, reading)

    @screen.get("/risk/charts/<window>.json")
    def chart_data(window: str) -> Response:
        read = reading(window)
        return Response(chart_json(read.report, read.series), mimetype="application/json")

    @screen.get("/risk/charts/history.json")
    def history_data() -> Response:
        return Response(history_json(services.history, asked_window(), request.args), mimetype="application/json")

    @screen.get("/assets/<path:name>")
    def asset_file(name: str) -> Response:
        return asset_response(name)

    screen.context_processor(shell_words)
    screen.register_error_handler(RiskError, refuse)
    return screen


def refuse(error: RiskError) -> Response:
    """An error in the form that was asked for: chart data as JSON, a panel as a fragment, else a page."""
    status = status_of(error, HTTPStatus.SERVICE_UNAVAILABLE)
    if request.path.endswith(".json"):
        words = {"message": error.message, "remedy": error.remedy}
        return Response(orjson.dumps({"error": words}), status, mimetype="application/json")
    return refused(status, error.message, error.remedy)
