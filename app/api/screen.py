"""The pages and fragments of the screen: Risk Management tab, Holdings tab, one fragment a panel, chart data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property, partial
from typing import Protocol

import orjson
from flask import Blueprint, Response, render_template, request

from app.api import chart_panels
from app.api import screen_panels as panels
from app.api.assets import asset_response, load_assets
from app.api.backtest_panel import backtest_view
from app.api.charts import chart_json
from app.api.formats import FILTERS
from app.api.hedge_panel import HedgeDesk, HedgeView, QuoteDesk, hedge_view
from app.api.history_panel import HistoryDesk, HistoryView, history_json, history_view
from app.api.holdings_table import holding_rows
from app.api.live_figures import figure_texts
from app.api.measure_words import NOT_COMPUTED
from app.api.panel_kinds import (
    DEFAULT_WINDOW,
    WINDOW_NAMES,
    PanelKind,
    chosen_window,
    outcome,
    read_panel,
    told,
)
from app.domain.backtests import BacktestReport
from app.domain.errors import RiskError, UnknownWindow
from app.domain.live import LiveRisk
from app.domain.risk_reports import EquityRiskReport, EquitySeries, WindowReport
from app.domain.risk_runs import UnknownRun


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


class Reading:
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
        self._equity = equity
        self.window = window
        self.hedge = hedge
        self.history = history
        self.is_live = is_live

    @property
    def report(self) -> EquityRiskReport:
        """Raises RiskError."""
        return told(self._report)

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

    @property
    def as_of(self) -> date | None:
        """The day of the newest price, where it is known."""
        return self.report_or_none.as_of if self.report_or_none else None

    @property
    def report_or_none(self) -> EquityRiskReport | None:
        """None where the report can't be had; the panels say why."""
        return None if isinstance(self._report, RiskError) else self._report

    @cached_property
    def _report(self) -> EquityRiskReport | RiskError:
        return outcome(lambda: self._equity.report((self.window,)))

    @cached_property
    def _series(self) -> EquitySeries | RiskError:
        return outcome(lambda: self._equity.series(self.window))


HOLDINGS: PanelKind[Reading] = PanelKind(
    "holdings", "Holdings", lambda read: holding_rows(read.report, read.window), updates=""
)
_KINDS: tuple[PanelKind[Reading], ...] = (
    PanelKind("hero", "Summary", lambda read: panels.hero(read.report, read.window_report, read.today)),
    PanelKind("loss", "One-day loss", lambda reading: chart_panels.loss(reading.window_report, reading.series)),
    PanelKind("drawdown", "Drawdown", lambda reading: chart_panels.drawdown(reading.window_report, reading.series)),
    PanelKind("backtest", "How good is this VaR", lambda reading: backtest_view(reading.backtest, reading.window)),
    PanelKind(
        "history", "Risk over time", lambda reading: reading.history(), updates="", frame="card span-12 chart-card"
    ),
    PanelKind("measures", "All measures", lambda reading: panels.measures(reading.report, reading.window_report)),
    PanelKind("concentration", "Concentration", lambda reading: panels.concentration(reading.report)),
    PanelKind("correlation", "Correlation", lambda reading: chart_panels.correlations(reading.window_report)),
    PanelKind("liquidity", "Liquidity", lambda reading: panels.liquidity(reading.report)),
    PanelKind("hedge", "Hedge", lambda reading: reading.hedge(), updates=""),
    PanelKind(
        "data-issues", "Data issues", lambda reading: panels.issue_groups(reading.report.data_issues), when_empty=""
    ),
)
PANELS: Mapping[str, PanelKind[Reading]] = {kind.name: kind for kind in _KINDS}


def screen_blueprint(services: ScreenServices, is_live: Callable[[], bool] = lambda: False) -> Blueprint:
    """All routes of the screen; the caller sets the security header. ``is_live``: whether live prices may come."""
    screen = Blueprint("screen", __name__, template_folder="../templates")
    for name, show in FILTERS.items():
        screen.add_app_template_filter(show, name)

    def reading(window: str | None = None) -> Reading:
        chosen = chosen_window(window or request.args.get("window", DEFAULT_WINDOW))
        hedge = partial(hedge_view, services.hedge, services.derivatives, chosen, request.args)
        history = partial(history_view, services.history, chosen, request.args)
        return Reading(services.equity, chosen, is_live=is_live(), hedge=hedge, history=history)

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
        drawn = [read_panel(HOLDINGS, read), read_panel(PANELS["data-issues"], read)]
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

    @screen.get("/risk/charts/history.json")
    def history_data() -> Response:
        window = chosen_window(request.args.get("window", DEFAULT_WINDOW))
        return Response(history_json(services.history, window, request.args), mimetype="application/json")

    @screen.get("/assets/<path:name>")
    def asset_file(name: str) -> Response:
        return asset_response(name)

    screen.register_error_handler(RiskError, refuse)
    return screen


def refuse(error: RiskError) -> tuple[str | Response, int]:
    """An error in the form that was asked for: chart data as JSON, a panel as a fragment, else a page."""
    status = 400 if isinstance(error, UnknownWindow | UnknownRun) else 503
    words = {"message": error.message, "remedy": error.remedy}
    if request.path.endswith(".json"):
        return Response(orjson.dumps({"error": words}), mimetype="application/json"), status
    template = "risk/_refused.html" if "/panels/" in request.path else "refused.html"
    return render_template(template, **words), status
