"""What the panels on whose risk it is and on all measures show, for shares and funds together. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.api.formats import coverage, decimal, maybe, measure_value, percent, sentence
from app.api.measure_words import MEASURES, MeasureWords, words_for
from app.api.summaries import Fact
from app.domain.combined_reports import (
    CombinedRiskReport,
    CombinedWindow,
    Contribution,
    ContributionKind,
    LookThroughRisk,
)
from app.domain.money import MINUS, format_rupees_compact
from app.domain.risk_reports import Measure, Unit

SHOWN = 10
HEAVY = 1.25
"""Risk over money from which a part is marked."""
KINDS = {
    ContributionKind.HOLDING: "By holding",
    ContributionKind.STOCK: "By company, whichever way it is held",
    ContributionKind.SECTOR: "By sector",
    ContributionKind.FUND: "By fund",
    ContributionKind.FUND_CONSTITUENT: "By what the funds hold",
}


@dataclass(frozen=True, slots=True)
class PairedBar:
    """Percent of the money against percent of the risk, on one scale; widths are percent of the longest bar.

    ``is_heavy``: a quarter more risk than money, or above. ``tail`` is the percent of the worst days; ``reason`` stands
    in for the risk.
    """

    name: str
    money: str
    risk: str
    tail: str
    rupees: str
    money_width: float
    risk_width: float
    is_heavy: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Division:
    """The risk divided one way; ``more`` counts what is not drawn."""

    key: str
    title: str
    rows: tuple[PairedBar, ...]
    more: int


@dataclass(frozen=True, slots=True)
class RiskShares:
    """All ways to divide the risk, the first of them in view."""

    first: Division | None
    others: tuple[Division, ...]
    window: str
    total: str
    reason: str


@dataclass(frozen=True, slots=True)
class LookedThrough:
    """One measure by NAVs and by look-through with the difference; ``facts`` are method, days and coverage of both."""

    key: str
    words: MeasureWords
    value: str
    rupees: str
    reason: str
    through: str
    difference: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class OwnMeasures:
    """All measures of the window; ``priced`` percent of value moves by prices of its own in the look-through."""

    rows: tuple[LookedThrough, ...]
    priced: str
    risk_free: str


def own_risk(report: CombinedRiskReport, windows: dict[str, str]) -> RiskShares:
    """Money against risk; ``windows`` are their names in words."""
    divisions = [_division(report, kind, title) for kind, title in KINDS.items()]
    found = [division for division in divisions if division.rows]
    window = report.contribution_window
    measure = report.windows[window].measures.get("volatility") if window in report.windows else None
    if not found or measure is None:
        return RiskShares(None, (), "", "", "no window has enough history to divide its risk")
    total = f"{measure_value(measure)} a year" + (
        f", {format_rupees_compact(measure.rupees)}" if measure.rupees is not None else ""
    )
    return RiskShares(found[0], tuple(found[1:]), windows.get(window or "", ""), total, "")


def _division(report: CombinedRiskReport, kind: ContributionKind, title: str) -> Division:
    ranked = sorted((one for one in report.contributions if one.kind is kind), key=_size, reverse=True)
    shown = ranked[:SHOWN]
    longest = max((max(one.value, one.risk or 0.0) for one in shown), default=0.0)
    return Division(kind.value, title, tuple(_paired(one, longest) for one in shown), len(ranked) - len(shown))


def _size(one: Contribution) -> float:
    return max(one.value, abs(one.risk or 0.0))


def _paired(one: Contribution, longest: float) -> PairedBar:
    risk = one.risk
    return PairedBar(
        name=one.name,
        money=percent(one.value, 1),
        risk=maybe(_tenth, risk),
        tail=maybe(_tenth, one.tail_risk),
        rupees=maybe(format_rupees_compact, one.rupees),
        money_width=_width(one.value, longest),
        risk_width=_width(risk or 0.0, longest),
        is_heavy=risk is not None and risk > HEAVY * one.value,
        reason="Too little history." if risk is None else "",
    )


def _tenth(value: float) -> str:
    return percent(value, 1)


def _width(value: float, longest: float) -> float:
    return round(100 * max(value, 0.0) / longest, 2) if longest > 0 else 0.0


def own_measures(report: CombinedRiskReport, window: CombinedWindow) -> OwnMeasures:
    """Known measures in the order of the words, then those that no words are known of."""
    keys = [*(key for key in MEASURES if key in window.measures)]
    keys += [key for key in window.measures if key not in MEASURES]
    rows = tuple(_measure(key, words_for(key), window) for key in keys)
    return OwnMeasures(rows, coverage(window.look_through.priced), percent(report.risk_free))


def _measure(key: str, words: MeasureWords, window: CombinedWindow) -> LookedThrough:
    measure, through = window.measures[key], window.look_through
    return LookedThrough(
        key=key,
        words=words,
        value=measure_value(measure),
        rupees=maybe(format_rupees_compact, measure.rupees),
        reason=sentence(measure.unavailable),
        through=measure_value(through.measures[key]) if key in through.measures else "",
        difference=_difference(through, key, measure.unit),
        facts=tuple(_facts(measure, through.measures.get(key))),
    )


def _difference(through: LookThroughRisk, key: str, unit: Unit) -> str:
    """``+0.08 points``: the look-through less the NAVs."""
    value = through.difference.get(key)
    if value is None:
        return ""
    text = decimal(value)
    sign = "" if text.startswith(MINUS) or float(text) == 0 else "+"
    return f"{sign}{text}{' points' if unit is Unit.PERCENT else ''}"


def _facts(measure: Measure, through: Measure | None) -> Iterator[Fact]:
    yield Fact("Method", sentence(measure.method))
    yield Fact("Days", f"{measure.observations} daily returns")
    yield Fact("Coverage", f"{coverage(measure.coverage)} of the value has its own history in this number")
    if through is None:
        yield Fact("Look-through", "Not worked out for this measure.")
    elif through.unavailable:
        yield Fact("Look-through", sentence(through.unavailable))
    else:
        rupees = f" · {format_rupees_compact(through.rupees)}" if through.rupees is not None else ""
        yield Fact("Look-through", f"{measure_value(through)}{rupees}, {through.observations} daily returns")
