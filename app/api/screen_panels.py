"""What each panel of the risk tab shows: pure functions from one computed report to the words and numbers of a panel.

Templates do no arithmetic: every choice, order and bar width is made here. All values come from the one report of the
request, so that two panels never disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.api.formats import count, decimal, maybe, measure_value, percent_beside
from app.api.measure_words import LEVELS, MEASURES, NOT_COMPUTED, VAR_METHODS, MeasureWords, var_key, words_for
from app.domain.data_issues import DataIssue, Severity
from app.domain.fund_reports import MFRiskReport
from app.domain.money import format_rupees
from app.domain.risk_reports import (
    Concentration,
    EquityRiskReport,
    Liquidity,
    Measure,
    PositionLiquidity,
    Share,
    WindowReport,
)
from app.domain.securities import UNCLASSIFIED

SHOWN_HOLDINGS = 8
_SEVERITIES = {
    Severity.CRITICAL: ("critical", "critical issue", "The numbers can't be trusted until these are mended."),
    Severity.WARNING: ("warning", "warning", "The numbers are usable, with the limits named here."),
    Severity.INFO: ("info", "note", "Handled; told so that you can check."),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One large number; ``reason`` stands in for it where there is none. A push finds it by its ``key``."""

    key: str
    title: str
    value: str
    notes: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class IssueGroup:
    """The issues of one severity; ``title`` counts them."""

    tone: str
    title: str
    meaning: str
    issues: tuple[DataIssue, ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether the numbers can be trusted: the worst severity as ``tone``, the count, and the first issue."""

    tone: str
    title: str
    rest: str
    note: str


@dataclass(frozen=True, slots=True)
class Hero:
    """The strip on top."""

    trust: Trust
    figures: tuple[Figure, ...]
    report: EquityRiskReport
    window: WindowReport


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One measure with everything that makes it honest."""

    key: str
    words: MeasureWords
    measure: Measure


@dataclass(frozen=True, slots=True)
class Measures:
    """All measures of the window but the other ways to compute VaR, which the loss panel compares."""

    rows: tuple[MeasureRow, ...]
    report: EquityRiskReport | MFRiskReport
    window: WindowReport


@dataclass(frozen=True, slots=True)
class Bar:
    """A share of the portfolio; ``width`` is the length of its bar, percent of the longest."""

    name: str
    value: float
    width: float
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Concentrations:
    """The largest shares and the bars behind them, on one scale."""

    totals: Concentration
    sectors: tuple[Bar, ...]
    holdings: tuple[Bar, ...]
    more_holdings: tuple[Bar, ...]
    unpriced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LiquidityRow:
    """One position as text, near the limit with enough digits to stand on its side of it."""

    position: PositionLiquidity
    volume: str
    to_volume: str
    days: str


@dataclass(frozen=True, slots=True)
class Liquidities:
    """Flagged positions first, then by size against the market's trading."""

    totals: Liquidity
    slowest_days: str
    rows: tuple[LiquidityRow, ...]
    flagged: int


def issue_groups(issues: Sequence[DataIssue]) -> tuple[IssueGroup, ...]:
    """Issues by severity, the worst first."""
    groups = []
    for severity, (tone, noun, meaning) in _SEVERITIES.items():
        found = tuple(issue for issue in issues if issue.severity is severity)
        if found:
            groups.append(IssueGroup(tone, _counted(len(found), noun), meaning, found))
    return tuple(groups)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def trust(issues: Sequence[DataIssue]) -> Trust:
    """The headline about the data behind the numbers."""
    groups = issue_groups(issues)
    if not groups:
        return Trust("ok", "No data issues", "Nothing is known against these numbers", "")
    worst, *rest = groups
    title = f"{worst.title.replace(' ', ' data ', 1)}"
    first = worst.issues[0]
    return Trust(worst.tone, title, " · ".join(group.title for group in rest), f"{first.subject}: {first.message}")


def hero(report: EquityRiskReport, window: WindowReport, today: tuple[str, str] | None = None) -> Hero:
    """Value, bad-day loss, average worse day and deepest fall; ``today`` is the day's gain with its note, if known."""
    losses = tuple(_figure(key, window) for key in ("var_historical_95", "cvar_95", "max_drawdown"))
    gain = () if today is None else (Figure("today", "Today", today[0], (today[1],)),)
    return Hero(trust(report.data_issues), (_value_figure(report), *gain, *losses), report, window)


def _value_figure(report: EquityRiskReport) -> Figure:
    held = f"{_counted(len(report.holdings), 'holding')}, equity"
    if report.value is None:
        return Figure("value", "Portfolio value", "", (held,), "No holding has a price.")
    return Figure("value", "Portfolio value", format_rupees(report.value), (held,))


def _figure(key: str, window: WindowReport) -> Figure:
    words, measure = words_for(key), window.measures.get(key)
    if measure is None or measure.value is None:
        return Figure(key, words.name, "", (words.term,), measure.unavailable or "" if measure else NOT_COMPUTED)
    if measure.rupees is None:
        return Figure(key, words.name, measure_value(measure), (words.gist, words.term))
    gist = f"{measure_value(measure)} · {words.gist}"
    return Figure(key, words.name, format_rupees(measure.rupees), (gist, words.term))


def measures(report: EquityRiskReport | MFRiskReport, window: WindowReport) -> Measures:
    """Known measures in the order of the words, then any the words don't know."""
    compared = {var_key(method, level) for method in VAR_METHODS for level in LEVELS} - MEASURES.keys()
    known = [key for key in MEASURES if key in window.measures]
    others = [key for key in window.measures if key not in MEASURES and key not in compared]
    rows = tuple(MeasureRow(key, words_for(key), window.measures[key]) for key in [*known, *others])
    return Measures(rows, report, window)


def concentration(report: EquityRiskReport) -> Concentrations:
    """Bars by sector and by holding, on one scale: the longest bar is the largest share of both."""
    weighed = [Share(holding.symbol, holding.weight) for holding in report.holdings if holding.weight is not None]
    holdings = sorted(weighed, key=lambda share: -share.value)
    sectors = report.concentration.sectors
    longest = max((share.value for share in [*holdings, *sectors]), default=0.0)
    bars = _bars(holdings, longest)
    return Concentrations(
        totals=report.concentration,
        sectors=_bars(sectors, longest),
        holdings=bars[:SHOWN_HOLDINGS],
        more_holdings=bars[SHOWN_HOLDINGS:],
        unpriced=tuple(holding.symbol for holding in report.holdings if holding.weight is None),
    )


def _bars(shares: Sequence[Share], longest: float) -> tuple[Bar, ...]:
    return tuple(
        Bar(
            name=share.name,
            value=share.value,
            width=round(100 * share.value / longest, 2) if longest else 0.0,
            quiet=share.name == UNCLASSIFIED,
        )
        for share in shares
    )


def liquidity(report: EquityRiskReport) -> Liquidities:
    """Every position against its 30-day volume."""
    totals = report.liquidity
    ordered = sorted(totals.positions, key=lambda row: (not row.flagged, -(row.position_to_volume or 0.0)))
    rows = tuple(_liquidity_row(position, totals.flag_above) for position in ordered)
    slowest = maybe(small_days, totals.days_to_liquidate)
    return Liquidities(totals, slowest, rows, sum(position.flagged for position in totals.positions))


def _liquidity_row(position: PositionLiquidity, limit: float) -> LiquidityRow:
    return LiquidityRow(
        position,
        maybe(lambda shares: count(round(shares)), position.average_volume),
        maybe(lambda value: small_percent(value, limit), position.position_to_volume),
        maybe(small_days, position.days_to_liquidate),
    )


def small_percent(value: float, limit: float) -> str:
    """Percent beside a limit; a positive value too small to print reads ``< 0.01%``, not zero."""
    return "< 0.01%" if 0 < value < 0.01 else percent_beside(value, limit, 2)


def small_days(value: float) -> str:
    """Trading days with one decimal; less than a tenth reads ``< 0.1``."""
    return "< 0.1" if 0 < value < 0.1 else decimal(value, 1)
