"""What every tab draws alike: its page, one panel of it alone, and what the shell around them needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus

from flask import Response, render_template, request

from app.api.assets import load_assets
from app.api.errors import refused, status_of
from app.api.measure_words import NOT_COMPUTED
from app.api.panel_kinds import DEFAULT_WINDOW, WINDOW_NAMES, Panel, PanelKind, R, chosen_window, read_panel
from app.domain.errors import RiskError

Drawn = Response | tuple[str, int]
"""A page or fragment with its status."""


def asked_window() -> str:
    """The window that the request asks for. Raises UnknownWindow."""
    return chosen_window(request.args.get("window", DEFAULT_WINDOW))


def shell_words() -> dict[str, object]:
    """What the templates of a tab use besides its panels."""
    return {"assets": load_assets(), "window_names": WINDOW_NAMES, "not_computed": NOT_COMPUTED}


def draw_tab(template: str, tab: str, reading: R, kinds: Iterable[PanelKind[R]], status: int = HTTPStatus.OK) -> Drawn:
    """The page of a tab with its panels; one page for all of them where there is no report to draw."""
    if (error := reading.error) is not None:
        return refused(status_of(error, HTTPStatus.SERVICE_UNAVAILABLE), error.message, error.remedy, tab)
    panels = [read_panel(kind, reading) for kind in kinds]
    return render_template(template, tab=tab, reading=reading, panels=panels), status


def draw_panel(kind: PanelKind[R], reading: R, status: int = HTTPStatus.OK) -> Drawn:
    """One panel as a fragment, with ``status`` unless it can't be had."""
    return _drawn(read_panel(kind, reading), reading, status)


def draw_error(kind: PanelKind[R], window: str, error: RiskError) -> Drawn:
    """The panel with an error in its place."""
    return _drawn(Panel(kind, "error", error=error), {"window": window})


def _drawn(panel: Panel[R], reading: object, status: int = HTTPStatus.OK) -> Drawn:
    if panel.error is not None:
        status = status_of(panel.error, HTTPStatus.SERVICE_UNAVAILABLE)
    return render_template("risk/_panel.html", panel=panel, reading=reading), status


def draw_named(kinds: Mapping[str, PanelKind[R]], name: str, read: Callable[[], R]) -> Drawn:
    """The panel of that name as a fragment; nothing is read for a name that no panel has."""
    if name not in kinds:
        return render_template("risk/_refused.html", message=f"There is no panel “{name}”.", remedy=""), 404
    return draw_panel(kinds[name], read())
