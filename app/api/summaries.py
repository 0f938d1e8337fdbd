"""The strip on top of a tab: whether the data can be trusted, the large figures, where the data stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.api.formats import count, day, measure_value
from app.api.issues_panel import Flaws, Trust, trust
from app.api.measure_words import NOT_COMPUTED, words_for
from app.api.screen_panels import Figure
from app.domain.money import format_rupees
from app.domain.risk_reports import Measure, WindowReport


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of small print: what it is, and its value as text."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The strip; ``fresh`` says where the data stands."""

    trust: Trust
    figures: tuple[Figure, ...]
    fresh: tuple[Fact, ...]


def summary(flaws: Flaws, figures: Sequence[Figure], fresh: Sequence[Fact]) -> Summary:
    """The strip out of its parts."""
    return Summary(trust(flaws), tuple(figures), tuple(fresh))


def returns_fact(window: WindowReport) -> Fact:
    """How many daily returns the measures rest on, and of which days: prices may end long before the newest one."""
    if window.from_date is None or window.to_date is None:
        return Fact("Daily returns", "none")
    return Fact("Daily returns", f"{window.observations}, {day(window.from_date)} to {day(window.to_date)}")


def loss_figure(key: str, measures: Mapping[str, Measure]) -> Figure:
    """A measure in rupees with its percent beside it, or the reason why there is none."""
    words, measure = words_for(key), measures.get(key)
    if measure is None or measure.value is None:
        reason = (measure.unavailable or "") if measure else NOT_COMPUTED
        return Figure(key, words.name, "", (words.term,), reason)
    if measure.rupees is None:
        return Figure(key, words.name, measure_value(measure), (words.gist, words.term))
    return Figure(
        key, words.name, format_rupees(measure.rupees), (f"{measure_value(measure)} · {words.gist}", words.term)
    )


def counted(number: int, noun: str) -> str:
    """``1 fund``, ``3 funds``, ``2 companies``."""
    if number == 1:
        return f"1 {noun}"
    return f"{count(number)} {noun[:-1]}ies" if re.search("[^aeiou]y$", noun) else f"{count(number)} {noun}s"


def age_words(as_of: date, newest: date | None) -> str:
    """How many days ``as_of`` is behind; empty where it is not."""
    days = (newest - as_of).days if newest else 0
    return f"{counted(days, 'day')} older than the newest" if days > 0 else ""
