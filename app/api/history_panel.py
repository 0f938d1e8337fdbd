"""Risk over time: what the panel and its chart show of one measure of the kept reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import orjson

from app.api.formats import day, decimal, maybe, percent, sentence
from app.api.history import USUAL_MEASURE
from app.api.measure_words import VAR_METHODS, words_for
from app.domain.money import format_rupees
from app.domain.risk_reports import Unit
from app.domain.risk_runs import HistoryPoint, HistorySeries

SCOPE_NAMES = {"equity": "Shares", "mf": "Funds", "combined": "Shares and funds"}
USUAL_SCOPE = "equity"
FEWEST_DRAWN = 2
"""A line needs two days."""


class HistoryDesk(Protocol):
    """The part of the history that the panel asks."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """Names of what is kept."""
        ...

    def measures(self, scope: str) -> tuple[str, ...]:
        """Measures that are kept; may raise RiskError."""
        ...

    def series(self, scope: str, measure: str, window: str) -> HistorySeries:
        """One measure over time; may raise RiskError."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a select."""

    key: str
    name: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class HistoryDay:
    """A day as text; ``reason`` stands in for a missing figure."""

    day: str
    value: str
    rupees: str
    reason: str


@dataclass(frozen=True, slots=True)
class HistoryView:
    """The panel. ``days`` has the newest first; ``is_drawn`` says whether they make a line, ``sample_data`` whose."""

    scopes: tuple[Choice, ...]
    measures: tuple[Choice, ...]
    scope: str
    measure: str
    name: str
    term: str
    starts: str
    days: tuple[HistoryDay, ...]
    is_drawn: bool
    sample_data: bool


def history_view(history: HistoryDesk, window: str, question: Mapping[str, str]) -> HistoryView:
    """The panel over a window; ``question`` may name a ``scope`` and a ``measure``, else the usual ones are shown.

    Raises RiskError.
    """
    scope = question.get("scope", USUAL_SCOPE)
    kept = history.measures(scope)
    wanted = question.get("measure", USUAL_MEASURE)
    series = history.series(scope, wanted if wanted in kept else USUAL_MEASURE, window)
    words = words_for(series.measure)
    return HistoryView(
        scopes=tuple(Choice(name, SCOPE_NAMES.get(name, name), name == series.scope) for name in history.scopes),
        measures=_measure_choices(kept, series.measure),
        scope=series.scope,
        measure=series.measure,
        name=words.name,
        term=words.term,
        starts=day(series.starts) if series.starts else "",
        days=tuple(_day(point, series.unit) for point in reversed(series.points)),
        is_drawn=sum(point.value is not None for point in series.points) >= FEWEST_DRAWN,
        sample_data=series.sample_data,
    )


def history_json(history: HistoryDesk, window: str, question: Mapping[str, str]) -> bytes:
    """The chart's data: ISO ``days``, ``values`` in the unit of the measure, ``rupees``; missing is null."""
    measure = question.get("measure", USUAL_MEASURE)
    series = history.series(question.get("scope", USUAL_SCOPE), measure, window)
    return orjson.dumps(
        {
            "days": [point.as_of for point in series.points],
            "values": [point.value for point in series.points],
            "rupees": [point.rupees for point in series.points],
            "percent": series.unit is Unit.PERCENT,
            "name": words_for(series.measure).name,
        }
    )


def _measure_choices(kept: tuple[str, ...], chosen: str) -> tuple[Choice, ...]:
    """By name; those of a VaR method that has no words of its own by the method's."""
    names = {key: _name_of(key) for key in (kept or (chosen,))}
    return tuple(Choice(key, name, key == chosen) for key, name in sorted(names.items(), key=lambda item: item[1]))


def _name_of(key: str) -> str:
    for method, (name, _) in VAR_METHODS.items():
        if key.startswith(f"var_{method}_"):
            return f"VaR {key[-2:]}%, {name.lower()}"
    words = words_for(key)
    return words.term or words.name


def _day(point: HistoryPoint, unit: Unit | None) -> HistoryDay:
    show = percent if unit is Unit.PERCENT else decimal
    return HistoryDay(
        day(point.as_of), maybe(show, point.value), maybe(format_rupees, point.rupees), sentence(point.unavailable)
    )
