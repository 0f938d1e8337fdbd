"""The tab of everything owned: shares and funds together, and the scenarios of its stress test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Protocol

from flask import Blueprint, Response, redirect, render_template, request, url_for

from app.api import combined_panels as panels
from app.api import combined_risk_panels as risk
from app.api import stress_panels as stress
from app.api.assets import load_assets
from app.api.measure_words import NOT_COMPUTED
from app.api.panel_kinds import DEFAULT_WINDOW, WINDOW_NAMES, PanelKind, chosen_window, outcome, read_panel, told
from app.api.screen import refuse
from app.api.screen_panels import issue_groups
from app.domain.combined_reports import CombinedRiskReport, CombinedWindow
from app.domain.errors import RiskError
from app.domain.scenarios import Scenario, ScenarioEntry, UnclearScenario


class CombinedDesk(Protocol):
    """The part of the combined analyzer that the tab asks; each may raise RiskError."""

    def report(
        self, windows: Sequence[str] | None = None, as_of: date | None = None, horizon_days: int = 1
    ) -> CombinedRiskReport:
        """The report over the named windows."""
        ...

    def scenarios(self) -> tuple[ScenarioEntry, ...]:
        """All scenarios as they count now."""
        ...

    def write_scenario(self, scenario: Scenario) -> None:
        """Keep a scenario under its key."""
        ...

    def delete_scenario(self, key: str) -> None:
        """Forget what a person wrote."""
        ...


class CombinedReading:
    """The one report of a request; ``form`` is the scenario that was sent and could not be kept."""

    def __init__(self, desk: CombinedDesk, window: str, scenario: str = "") -> None:
        self._desk = desk
        self.window = window
        self.scenario = scenario
        self.form: stress.ScenarioForm | None = None

    @property
    def report(self) -> CombinedRiskReport:
        """Raises RiskError."""
        return told(self._report)

    @property
    def window_report(self) -> CombinedWindow:
        """Raises RiskError."""
        return self.report.windows[self.window]

    @property
    def report_or_none(self) -> CombinedRiskReport | None:
        """None where the report can't be had; the panels say why."""
        return None if isinstance(self._report, RiskError) else self._report

    @property
    def is_empty(self) -> bool:
        """Whether neither a share nor a fund is held. Raises RiskError."""
        report = self.report
        return report.value is None and not report.funds and not report.value_split.positions_without_value

    @property
    def as_of(self) -> date | None:
        """The day of the newest price or NAV, where it is known."""
        return self.report_or_none.as_of if self.report_or_none else None

    def stress(self) -> stress.Stress:
        """The stress panel with its form. Raises RiskError."""
        entries = self._desk.scenarios()
        chosen = next((entry for entry in entries if entry.scenario.key == self.scenario), None)
        form = self.form or (stress.form_of(chosen) if chosen else stress.ScenarioForm())
        return stress.stress_view(self.report.stress, self.report.reverse_stress, entries, form)

    @cached_property
    def _report(self) -> CombinedRiskReport | RiskError:
        return outcome(lambda: self._desk.report((self.window,)))


def _kind(
    name: str,
    title: str,
    build: Callable[[CombinedReading], object],
    frame: str = "card span-12",
    when_empty: str = "risk/_nothing_owned.html",
) -> PanelKind[CombinedReading]:
    return PanelKind(name, title, build, "combined_screen.panel", "", frame, when_empty)


_KINDS = (
    _kind("own-summary", "Summary", lambda read: panels.own_summary(read.report, read.window_report), "strip"),
    _kind("own-companies", "What I really own", lambda read: panels.own_companies(read.report), "card span-7"),
    _kind("own-groups", "Sectors and kinds", lambda read: panels.own_groups(read.report), "card span-5"),
    _kind("own-risk", "Money against risk", lambda read: risk.own_risk(read.report, WINDOW_NAMES), "card span-7"),
    _kind(
        "own-spread",
        "How well it is spread",
        lambda read: panels.own_spread(read.report.diversification, WINDOW_NAMES),
        "card span-5",
    ),
    _kind("own-stress", "What if", CombinedReading.stress),
    _kind("own-measures", "All measures", lambda read: risk.own_measures(read.report, read.window_report)),
    _kind("own-coverage", "What this rests on", lambda read: panels.own_coverage(read.report, read.window_report)),
    _kind("data-issues", "Data issues", lambda read: issue_groups(panels.own_issues(read.report)), when_empty=""),
)
PANELS: Mapping[str, PanelKind[CombinedReading]] = {kind.name: kind for kind in _KINDS}


def combined_screen_blueprint(desk: CombinedDesk) -> Blueprint:
    """All routes of the tab; the caller sets the security header and guards them."""
    screen = Blueprint("combined_screen", __name__, template_folder="../templates")

    def reading() -> CombinedReading:
        window = chosen_window(request.args.get("window", DEFAULT_WINDOW))
        return CombinedReading(desk, window, request.args.get("scenario", ""))

    def page(read: CombinedReading) -> str:
        drawn = [read_panel(kind, read) for kind in PANELS.values()]
        return render_template("tab.html", tab="combined", reading=read, panels=drawn)

    def back() -> Response:
        return redirect(url_for("combined_screen.tab", window=reading().window) + "#own-stress", 303)  # type: ignore[return-value]

    @screen.context_processor
    def shell() -> dict[str, object]:
        return {"assets": load_assets(), "window_names": WINDOW_NAMES, "not_computed": NOT_COMPUTED}

    @screen.get("/combined")
    def tab() -> str:
        return page(reading())

    @screen.get("/combined/panels/<name>")
    def panel(name: str) -> str | tuple[str, int]:
        if name not in PANELS:
            return render_template("risk/_refused.html", message=f"There is no panel “{name}”.", remedy=""), 404
        read = reading()
        return render_template("risk/_panel.html", panel=read_panel(PANELS[name], read), reading=read)

    @screen.post("/combined/scenarios")
    def write() -> str | Response | tuple[str, int]:
        form = stress.form_sent(request.form)
        try:
            desk.write_scenario(stress.read_form(form))
        except UnclearScenario as error:
            read = reading()
            read.form = replace(form, complaint=f"{error.message} {error.remedy}".strip())
            return page(read), 400
        return back()

    @screen.post("/combined/scenarios/<key>/forget")
    def forget(key: str) -> Response:
        with suppress(UnclearScenario):  # it was forgotten before
            desk.delete_scenario(key)
        return back()

    screen.register_error_handler(RiskError, refuse)
    return screen
