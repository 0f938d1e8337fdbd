"""What each panel of the risk tab shows: pure functions from one computed report to the words and numbers of a panel.

Templates do no arithmetic: every choice, order and bar width is made here. All values come from the one report of the
request, so that two panels never disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.api.formats import count, decimal, maybe, measure_value, percent_beside
from app.api.issues_panel import Flaws, Trust, trust
from app.api.measure_words import LEVELS, MEASURES, NOT_COMPUTED, VAR_METHODS, MeasureWords, var_key, words_for
from app.domain.mf_reports import MFRiskReport
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


@dataclass(frozen=True, slots=True)
class Figure:
    """One large number; ``reason`` stands in for it where there is none. A push finds it by its ``key``."""

    key: str
    title: str
    value: str
    notes: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Hero:
    """The strip on top. ``valued_at`` is the day of the newest price behind the value, which no return may rest on."""

    trust: Trust
    figures: tuple[Figure, ...]
    valued_at: date | None
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
    """The measures of the window."""

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


def equity_flaws(report: EquityRiskReport) -> Flaws:
    """The flaws of the data, with what each holding is worth."""
    return Flaws(report.data_issues, {holding.symbol: holding.value for holding in report.holdings})


def hero(report: EquityRiskReport, window: WindowReport, today: tuple[str, str] | None = None) -> Hero:
    """Value, bad-day loss, average worse day and deepest fall; ``today`` is the day's gain with its note, if known."""
    losses = tuple(_figure(key, window) for key in ("var_historical_95", "cvar_95", "max_drawdown"))
    gain = () if today is None else (Figure("today", "Today", today[0], (today[1],)),)
    valued = max((holding.price_as_of for holding in report.holdings if holding.price_as_of), default=None)
    return Hero(trust(equity_flaws(report)), (_value_figure(report), *gain, *losses), valued, report, window)


def _value_figure(report: EquityRiskReport) -> Figure:
    number = len(report.holdings)
    held = f"{count(number)} holding{'' if number == 1 else 's'}, equity"
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
    """Known measures in the order of the words, then the others."""
    keys = sorted(window.measures, key=lambda key: list(MEASURES).index(key) if key in MEASURES else len(MEASURES))
    return Measures(tuple(MeasureRow(key, words_for(key), window.measures[key]) for key in keys), report, window)


def measures_beside_loss(report: EquityRiskReport, window: WindowReport) -> Measures:
    """The same without the other ways to compute VaR, which the loss panel compares."""
    compared = {var_key(method, level) for method in VAR_METHODS for level in LEVELS} - MEASURES.keys()
    found = measures(report, window)
    return replace(found, rows=tuple(row for row in found.rows if row.key not in compared))


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
