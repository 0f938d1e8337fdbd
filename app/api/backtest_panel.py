"""How good is this VaR: what the panel shows of the backtest, in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from app.api.backtest_words import METHOD_NAMES, ZONES, accepted_words, exceptions_words
from app.api.formats import day, sentence
from app.domain.backtests import BacktestReport, MethodBacktest, Preference, WindowBacktest


@dataclass(frozen=True, slots=True)
class Outcome:
    """One method at one level, as text. ``reason`` stands in where nothing was tested."""

    exceptions: str
    accepted: str
    tone: str
    light: str
    verdict: str
    reason: str
    is_preferred: bool


@dataclass(frozen=True, slots=True)
class MethodLine:
    """One method, a cell a level."""

    name: str
    cells: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The method that the evidence speaks for at one level."""

    level: str
    method: str
    reason: str
    doubt: str


@dataclass(frozen=True, slots=True)
class BacktestView:
    """The panel. ``empty`` says why there is no table; ``period`` which days were tested."""

    levels: tuple[str, ...]
    lines: tuple[MethodLine, ...]
    chosen: tuple[Chosen, ...]
    days: int
    period: str
    method: str
    empty: str


def backtest_view(report: BacktestReport, window: str) -> BacktestView:
    """The panel over one window."""
    tested = report.windows[window]
    period = f"{day(tested.from_date)} to {day(tested.to_date)}" if tested.from_date and tested.to_date else ""
    return BacktestView(
        levels=tuple(f"VaR {choice.level:g}%" for choice in tested.preferred),
        lines=tuple(_line(method, tested) for method in METHOD_NAMES),
        chosen=tuple(_chosen(choice, tested.methods) for choice in tested.preferred),
        days=tested.days,
        period=period,
        method=report.method,
        empty="" if tested.days else f"there are {report.returns} days of history, too few for one forecast",
    )


def _line(method: str, tested: WindowBacktest) -> MethodLine:
    cells = [_cell(one, tested.preferred) for one in tested.methods if one.method == method]
    return MethodLine(METHOD_NAMES[method], tuple(cells))


def _cell(one: MethodBacktest, preferred: tuple[Preference, ...]) -> Outcome:
    tone, light = ZONES.get(one.zone or "", ("", ""))
    return Outcome(
        exceptions=exceptions_words(one),
        accepted=accepted_words(one),
        tone=tone,
        light=light,
        verdict=sentence(one.verdict),
        reason=sentence(one.unavailable),
        is_preferred=one.accepted is not None
        and any((choice.level, choice.method) == (one.level, one.method) for choice in preferred),
    )


def _chosen(choice: Preference, methods: tuple[MethodBacktest, ...]) -> Chosen:
    is_tested = any(one.level == choice.level and one.accepted for one in methods)
    doubt = "" if choice.proven else "though the tests reject it" if is_tested else "for want of evidence"
    return Chosen(f"VaR {choice.level:g}%", METHOD_NAMES[choice.method], sentence(choice.reason), doubt)
