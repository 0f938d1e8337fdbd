"""What a page shows of the live figures: the texts of the summary, made here for the template and for every push."""

from __future__ import annotations

from datetime import datetime

from app.api.formats import INDIA, coverage, percent
from app.api.holdings_table import signed_rupees
from app.api.measure_words import words_for
from app.domain.live import LiveMeasure, LiveRisk, LiveWindow
from app.domain.money import format_rupees

IN_RUPEES = ("var_historical_95", "cvar_95", "max_drawdown")
WHOLE = 99.95
"""Percent of value from which on a figure is said of all of it."""
Texts = dict[str, tuple[str, str]]
"""Name of a figure -> the large number and the note under it, empty where the note stays as it is."""


def live_figures(live: LiveRisk) -> dict[str, object]:
    """The event ``risk:updated``: texts by window and figure, the time of the prices, and a sentence for the ear."""
    return {
        "as_of": live.as_of,
        "phase": live.phase,
        "when": when(live),
        "say": spoken(live),
        "windows": {name: figure_texts(live, window) for name, window in live.windows.items()},
    }


def figure_texts(live: LiveRisk, window: LiveWindow) -> Texts:
    """The figures that follow the price, as far as there are any."""
    texts: Texts = {}
    if live.value is not None:
        texts["value"] = format_rupees(live.value), ""
    if live.day_pnl is not None and live.day_change is not None:
        texts["today"] = signed_rupees(live.day_pnl), _day_note(live, live.day_change, window.drawdown_today)
    for name in IN_RUPEES:
        if text := _loss(window.measures[name], name):
            texts[name] = text
    return texts


def when(live: LiveRisk) -> str:
    """The exchange time of the newest price, in India; empty without one."""
    if live.as_of is None:
        return ""
    return f"{datetime.fromisoformat(live.as_of).astimezone(INDIA):%H:%M:%S} IST"


def spoken(live: LiveRisk) -> str:
    """One sentence for a screen reader."""
    if live.value is None:
        return ""
    today = "" if live.day_change is None else f", today {percent(live.day_change)}"
    return f"Portfolio value {format_rupees(live.value)}{today}."


def _day_note(live: LiveRisk, change: float, drawdown: float | None) -> str:
    parts = [percent(change)]
    if live.nifty_change is not None:
        parts.append(f"Nifty 50 {percent(live.nifty_change)}")
    if drawdown is not None:
        parts.append(f"{percent(drawdown)} below the high")
    if live.day_coverage < WHOLE:
        parts.append(f"known for {coverage(live.day_coverage)} of value")
    return " · ".join(parts)


def _loss(measure: LiveMeasure, name: str) -> tuple[str, str] | None:
    if measure.value is None or measure.rupees is None:
        return None
    return format_rupees(measure.rupees), f"{percent(measure.value)} · {words_for(name).gist}"
