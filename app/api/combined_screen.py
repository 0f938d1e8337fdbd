"""The tab of everything owned: shares and funds together, and the scenarios of its stress test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from http import HTTPStatus
from typing import Protocol

from flask import Blueprint, make_response, redirect, request, url_for

from app.api import combined_panels as panels
from app.api import combined_risk_panels as risk
from app.api import stress_panels as stress
from app.api.errors import wants_fragment
from app.api.issues_panel import issue_groups
from app.api.panel_kinds import WINDOW_NAMES, PanelKind, TabReading
from app.api.scenario_form import ScenarioForm, form_of, form_sent, read_form
from app.api.screen import refuse
from app.api.tabs import Drawn, asked_window, draw_error, draw_named, draw_panel, draw_tab, shell_words
from app.domain.combined_reports import CombinedRiskReport, CombinedWindow
from app.domain.errors import RiskError, UnknownWindow
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


class CombinedReading(TabReading[CombinedRiskReport]):
    """The one report of a request.

    ``scenario`` is the key of the one to change, ``form`` one that was sent and could not be kept, ``kept`` the key of
    one that was, ``forgotten`` whether one was forgotten.
    """

    def __init__(
        self, desk: CombinedDesk, window: str, scenario: str = "", *, kept: str = "", forgotten: bool = False
    ) -> None:
        super().__init__(lambda: desk.report((window,)), window)
        self._desk = desk
        self.scenario, self.kept, self.forgotten = scenario, kept, forgotten
        self.form: ScenarioForm | None = None

    @property
    def window_report(self) -> CombinedWindow:
        """Raises RiskError."""
        return self.report.windows[self.window]

    @property
    def is_empty(self) -> bool:
        """Whether neither a share nor a fund is held. Raises RiskError."""
        report = self.report
        return report.value is None and not report.funds and not report.value_split.positions_without_value

    def stress(self) -> stress.Stress:
        """The stress panel with its form. Raises RiskError."""
        entries = self._desk.scenarios()
        found = {entry.scenario.key: entry for entry in entries}
        form = self.form or (form_of(found[self.scenario]) if self.scenario in found else ScenarioForm())
        said = f"Kept “{found[self.kept].scenario.name}”: its loss is in the list." if self.kept in found else ""
        said = said or ("Forgotten." if self.forgotten else "")
        return stress.stress_view(self.report.stress, self.report.reverse_stress, entries, form, said)


def _kind(
    name: str,
    title: str,
    build: Callable[[CombinedReading], object],
    frame: str = "card span-12",
    when_empty: str = "risk/_nothing_owned.html",
) -> PanelKind[CombinedReading]:
    return PanelKind(name, title, build, "combined_screen.panel", "", frame, when_empty)


STRESS = _kind("own-stress", "What if", CombinedReading.stress)
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
    STRESS,
    _kind("own-measures", "All measures", lambda read: risk.own_measures(read.report, read.window_report)),
    _kind("own-coverage", "What this rests on", lambda read: panels.own_coverage(read.report, read.window_report)),
    _kind("data-issues", "Data issues", lambda read: issue_groups(panels.own_flaws(read.report)), when_empty=""),
)
PANELS: Mapping[str, PanelKind[CombinedReading]] = {kind.name: kind for kind in _KINDS}


def combined_screen_blueprint(desk: CombinedDesk) -> Blueprint:
    """All routes of the tab; the caller sets the security header and guards them."""
    screen = Blueprint("combined_screen", __name__, template_folder="../templates")

    def reading() -> CombinedReading:
        asked = request.args
        kept, forgotten = asked.get("kept", ""), "forgotten" in asked
        return CombinedReading(desk, asked_window(), asked.get("scenario", ""), kept=kept, forgotten=forgotten)

    def page(read: CombinedReading, status: int = HTTPStatus.OK) -> Drawn:
        return draw_tab("tab.html", "combined", read, PANELS.values(), status)

    @screen.get("/combined")
    def tab() -> Drawn:
        return page(reading())

    @screen.get("/combined/panels/<name>")
    def panel(name: str) -> Drawn:
        return draw_named(PANELS, name, reading)

    @screen.post("/combined/scenarios")
    def write() -> Drawn:
        form = form_sent(request.form)
        try:
            scenario = read_form(form)
            desk.write_scenario(scenario)
        except UnclearScenario as error:
            read = reading()
            read.form = form.refused(error)
            wrong = HTTPStatus.BAD_REQUEST
            return draw_panel(STRESS, read, wrong) if wants_fragment() else page(read, wrong)
        return _changed(desk, kept=scenario.key)

    @screen.post("/combined/scenarios/<key>/forget")
    def forget(key: str) -> Drawn:
        with suppress(UnclearScenario):  # it was forgotten before
            desk.delete_scenario(key)
        return _changed(desk, forgotten=True)

    screen.context_processor(shell_words)
    screen.register_error_handler(RiskError, _refuse_change)
    return screen


def _changed(desk: CombinedDesk, *, kept: str = "", forgotten: bool = False) -> Drawn:
    """The panel after a change; without scripts the page asks for it anew, so that a reload changes nothing."""
    if wants_fragment():
        return draw_panel(STRESS, CombinedReading(desk, asked_window(), kept=kept, forgotten=forgotten))
    told = {"kept": kept or None, "forgotten": 1 if forgotten else None}
    page = url_for("combined_screen.tab", window=asked_window(), _anchor="own-stress", **told)  # type: ignore[arg-type]
    return make_response(redirect(page, HTTPStatus.SEE_OTHER))


def _refuse_change(error: RiskError) -> Drawn:
    in_panel = request.method == "POST" and wants_fragment() and not isinstance(error, UnknownWindow)
    return draw_error(STRESS, asked_window(), error) if in_panel else refuse(error)
