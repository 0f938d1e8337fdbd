"""What the panels of the Funds tab show: pure functions from one report of the funds to words and numbers.

Templates do no arithmetic: every choice, order and step of colour is made here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isnan

from app.api.formats import coverage, day, decimal, maybe, percent, price, sentence
from app.api.issues_panel import Flaws
from app.api.measure_words import NOT_COMPUTED
from app.api.screen_panels import Figure as Headline
from app.api.summaries import Fact, Summary, age_words, counted, summary
from app.domain.fund_fetches import STALE_DAYS
from app.domain.fund_reports import (
    Figure,
    FundOverlap,
    FundPart,
    FundReport,
    FundWindow,
    SecurityExposure,
    Style,
)
from app.domain.mf_reports import FundCoverage, MFRiskReport
from app.domain.money import format_rupees
from app.domain.risk_reports import Measure
from app.domain.schemes import Plan

SHOWN_FUNDS = 8
"""Funds in the overlap matrix: more columns can't be read."""
SHOWN_PAIRS = 5
SHOWN_SHARED, MOST_SHARED = 12, 60
HEAT_STEP = 10.0
"""Percent of overlap from one step of colour to the next."""
HEAT_STEPS = 6
_STYLE_WORDS = {Style.INDEX: "follows an index", Style.ACTIVE: "run by a manager"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of a table as text, a few words under it, or the reason why there is none. ``tone`` marks a warning."""

    value: str
    note: str = ""
    reason: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class FundRow:
    """One fund. ``own`` are volatility, beta and bad-day loss; ``why`` is the reason where none of them is known.

    ``method`` says how its figures came about, name by name.
    """

    isin: str
    name: str
    kind: str
    value: Cell
    nav: Cell
    portfolio: Cell
    matched: Cell
    closeness: Cell
    cost: Cell
    own: tuple[Cell, ...]
    why: str
    method: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class OverlapCell:
    """Percent that two funds hold alike, as text; ``step`` of colour from 0 to 6, -1 for none."""

    text: str
    step: int


@dataclass(frozen=True, slots=True)
class OverlapRow:
    """One fund against all others; ``number`` stands for it above its column."""

    number: int
    name: str
    cells: tuple[OverlapCell, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two funds with what they hold alike."""

    one: str
    other: str
    percent: str
    names: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """The matrix, the pairs that share most, and which funds can't be compared. ``more`` funds are not drawn."""

    rows: tuple[OverlapRow, ...]
    pairs: tuple[Pair, ...]
    left_out: tuple[str, ...]
    more: int
    method: str
    reason: str


@dataclass(frozen=True, slots=True)
class SharedRow:
    """One company that several funds hold; ``parts`` name each fund with its part."""

    name: str
    sector: str
    funds: str
    weight: str
    rupees: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """Companies in several funds, the largest first; ``more`` behind a fold, ``rest`` not drawn."""

    rows: tuple[SharedRow, ...]
    more: tuple[SharedRow, ...]
    rest: int
    total: str
    reason: str


def funds_summary(report: MFRiskReport) -> Summary:
    """Value, cost a year, what direct plans would save, and how much is looked through."""
    figures = (_value(report), *_costs(report), _looked_through(report.coverage))
    fresh = (
        Fact("NAVs", day(report.as_of) if report.as_of else "none"),
        Fact("Holdings", day(report.book_as_of) if report.book_as_of else "undated"),
        Fact("Oldest portfolio", day(report.coverage.oldest) if report.coverage.oldest else "none"),
        Fact("NAV history for the window", f"{coverage(report.coverage.navs)} of value"),
    )
    return summary(fund_flaws(report), figures, fresh)


def fund_flaws(report: MFRiskReport) -> Flaws:
    """The flaws of the data, funds by their names and what they are worth."""
    return Flaws(report.data_issues, {fund.isin: fund.value for fund in report.funds}, fund_names(report))


def fund_names(report: MFRiskReport) -> dict[str, str]:
    """Name by ISIN."""
    return {fund.isin: fund.name for fund in report.funds}


def _value(report: MFRiskReport) -> Headline:
    held = counted(len(report.funds), "fund")
    if report.value is None:
        return Headline("funds-value", "Value of funds", "", (held,), "no fund has a NAV")
    spread = report.concentration.effective_funds
    alike = f"as spread as {decimal(spread, 1)} funds of equal size" if spread else ""
    return Headline("funds-value", "Value of funds", format_rupees(report.value), (held, alike))


def _costs(report: MFRiskReport) -> Iterator[Headline]:
    costs = report.costs
    why = costs.unavailable or ""
    if costs.rupees is None or costs.percent is None:
        yield Headline("funds-cost", "Cost a year", "", (), why)
        yield Headline("funds-saving", "Direct plans would save", "", (), why)
        return
    known = f"expense ratios of {coverage(costs.coverage)} of the value"
    yield Headline(
        "funds-cost", "Cost a year", format_rupees(costs.rupees), (f"{percent(costs.percent)} a year", known)
    )
    saved = costs.saved_by_direct or 0.0
    direct = all(fund.plan == Plan.DIRECT for fund in report.funds)
    none = "you hold direct plans only" if direct else "no regular plan with known ratios is held"
    note = "a year, at today's value" if saved else none
    yield Headline("funds-saving", "Direct plans would save", format_rupees(saved), (note,))


def _looked_through(known: FundCoverage) -> Headline:
    seen = coverage(known.identified)
    uncovered = f"{counted(len(known.uncovered), 'fund')} without a portfolio" if known.uncovered else ""
    oldest = f"oldest portfolio {day(known.oldest)}" if known.oldest else "no portfolio is stored"
    return Headline("funds-coverage", "Looked through", seen, (oldest, uncovered))


def fund_rows(report: MFRiskReport, window: str) -> tuple[FundRow, ...]:
    """The funds in the order of the report, the largest first."""
    return tuple(_row(fund, window, report) for fund in report.funds)


def _row(fund: FundReport, window: str, report: MFRiskReport) -> FundRow:
    own = fund.windows.get(window)
    return FundRow(
        isin=fund.isin,
        name=fund.name,
        kind=" · ".join(filter(None, (category_words(fund.category), fund.plan, fund.option, fund.index))),
        value=Cell(format_rupees(fund.value), maybe(_tenth, fund.weight)) if fund.value is not None else _no_value(),
        nav=_nav(fund, report),
        portfolio=_portfolio(fund),
        matched=_matched(fund),
        closeness=_closeness(fund),
        cost=_cost(fund),
        own=_own(own),
        why=_why(own),
        method=tuple(_methods(fund)),
    )


def _no_value() -> Cell:
    return Cell("", reason="Not counted")


def _tenth(value: float) -> str:
    return percent(value, 1)


def category_words(category: str | None) -> str:
    """``Open Ended Schemes(Equity Scheme - Flexi Cap Fund)`` -> ``Flexi Cap Fund``."""
    name = (category or "").rpartition("(")[2].removesuffix(")")
    return (name.partition(" - ")[2] or name).strip()


def _nav(fund: FundReport, report: MFRiskReport) -> Cell:
    if fund.nav is None or fund.nav_date is None:
        return Cell("", reason="No NAV known")
    late = age_words(fund.nav_date, report.as_of)
    return Cell(price(fund.nav), f"{day(fund.nav_date)}{f', {late}' if late else ''}", tone="warning" * bool(late))


def _portfolio(fund: FundReport) -> Cell:
    known = fund.disclosure
    if known is None:
        return Cell("", reason="No portfolio yet")
    old = known.age_days > STALE_DAYS
    part = ", the largest positions only" if known.partial else ""
    return Cell(
        day(known.as_on), f"{counted(known.age_days, 'day')} old{part}", tone="warning" * (old or known.partial)
    )


def _matched(fund: FundReport) -> Cell:
    known = fund.disclosure
    if known is None:
        return Cell("", reason="Not seen through")
    rest = f"{percent(known.unresolved, 1)} unexplained" if known.unresolved >= 0.05 else ""
    return Cell(coverage(min(known.identified, 100.0)), rest or counted(known.lines, "line"))


def _closeness(fund: FundReport) -> Cell:
    """Tracking error for a fund that follows an index, active share for any other."""
    if fund.style is Style.INDEX:
        return _figure(fund.tracking.error, f"off {fund.index or 'its index'} a year")
    return _figure(fund.active_share, f"unlike {fund.index or 'its index'}")


def _figure(figure: Figure, note: str) -> Cell:
    if figure.value is None:
        return Cell("", reason=sentence(figure.unavailable))
    return Cell(percent(figure.value), note)


def _cost(fund: FundReport) -> Cell:
    own = fund.expense.own
    if own.value is None:
        return Cell("", reason=sentence(own.unavailable))
    return Cell(percent(own.value), f"{format_rupees(own.rupees)} a year" if own.rupees is not None else "")


def _own(window: FundWindow | None) -> tuple[Cell, ...]:
    found: Mapping[str, Measure] = window.measures if window else {}
    return (
        _measured(found.get("volatility"), _tenth),
        _measured(found.get("beta"), decimal),
        _measured(found.get("var_historical_95"), percent, with_rupees=True),
    )


def _measured(measure: Measure | None, show: Callable[[float], str], *, with_rupees: bool = False) -> Cell:
    if measure is None or measure.value is None:
        return Cell("", reason=sentence(measure.unavailable if measure else NOT_COMPUTED))
    return Cell(show(measure.value), maybe(format_rupees, measure.rupees) if with_rupees else "")


def _why(window: FundWindow | None) -> str:
    if window is None:
        return sentence(NOT_COMPUTED)
    volatility = window.measures.get("volatility")
    return sentence(volatility.unavailable) if volatility else sentence(NOT_COMPUTED)


def _methods(fund: FundReport) -> Iterator[Fact]:
    yield Fact("Kind", f"{_STYLE_WORDS[fund.style].capitalize()}, by {fund.style_source}.")
    figures = (
        ("Active share", fund.active_share),
        ("Tracking error", fund.tracking.error),
        ("Tracking error by AMFI", fund.tracking.official_error),
        ("Expense", fund.expense.own),
    )
    for name, figure in figures:
        if figure.value is not None:
            since = f", as of {day(figure.as_of)}" if figure.as_of else ""
            yield Fact(name, f"{percent(figure.value)}: {figure.method}{since}.")
    agreement = fund.tracking.agreement
    if agreement and agreement.own is not None and agreement.band and agreement.own_as_of:
        low, high = agreement.band
        verdict = "within" if agreement.within else "outside"
        own = f"{percent(agreement.own)} up to {day(agreement.own_as_of)}"
        yield Fact("Tracking error beside AMFI's", f"{own}, {verdict} {low:+.2f} to {high:+.2f} points of it.")
    if fund.disclosure:
        yield Fact("Portfolio", f"{fund.disclosure.file}, by {fund.disclosure.source}.")
    yield Fact("NAV", f"from {fund.nav_source}.")


def fund_overlap(report: MFRiskReport) -> Overlap:
    """The largest funds with a portfolio against each other, and the pairs of all of them that share most."""
    found = report.overlap
    covered = _covered(report)
    left_out = tuple(_label(found, isin) for isin in found.left_out)
    if len(covered) < 2:
        reason = "it takes two funds with a portfolio to compare them"
        return Overlap((), (), left_out, 0, found.method, reason)
    shown = covered[:SHOWN_FUNDS]
    rows = tuple(
        OverlapRow(number, found.labels[one], tuple(_overlap_cell(found, one, other) for other in shown))
        for number, one in enumerate(shown, 1)
    )
    return Overlap(rows, _pairs(found, covered), left_out, len(covered) - len(shown), found.method, "")


def _covered(report: MFRiskReport) -> list[int]:
    """Places in the matrix of the funds that can be compared, the largest fund first."""
    values = {fund.isin: fund.value or 0.0 for fund in report.funds}
    known = set(report.overlap.funds) - set(report.overlap.left_out)
    places = [at for at, isin in enumerate(report.overlap.funds) if isin in known]
    return sorted(places, key=lambda at: -values.get(report.overlap.funds[at], 0.0))


def _label(found: FundOverlap, isin: str) -> str:
    return found.labels[found.funds.index(isin)]


def _overlap_cell(found: FundOverlap, one: int, other: int) -> OverlapCell:
    value = float(found.matrix[one, other])
    if one == other or isnan(value):
        return OverlapCell("–", -1)
    return OverlapCell(decimal(value, 0), min(int(value // HEAT_STEP), HEAT_STEPS))


def _pairs(found: FundOverlap, covered: Sequence[int]) -> tuple[Pair, ...]:
    ranked = sorted(combinations(covered, 2), key=lambda pair: -float(found.matrix[pair]))
    return tuple(
        Pair(
            found.labels[one],
            found.labels[other],
            percent(float(found.matrix[one, other]), 1),
            counted(int(found.names[one, other]), "name"),
        )
        for one, other in ranked[:SHOWN_PAIRS]
    )


def shared_stocks(report: MFRiskReport) -> Shared:
    """Companies that come through several funds."""
    exposure = report.exposure
    if exposure.unavailable:
        return Shared((), (), 0, "", exposure.unavailable)
    names = fund_names(report)
    wanted = set(exposure.shared)
    found = [one for one in exposure.securities if one.key in wanted]
    rows = tuple(_shared(one, names) for one in found[:MOST_SHARED])
    total = percent(sum(one.net for one in found), 1)
    reason = "" if rows else "no share is in two funds at once"
    return Shared(rows[:SHOWN_SHARED], rows[SHOWN_SHARED:], max(len(found) - MOST_SHARED, 0), total, reason)


def _shared(one: SecurityExposure, names: Mapping[str, str]) -> SharedRow:
    parts = sorted(one.funds, key=lambda part: -part.value)
    return SharedRow(
        name=one.name,
        sector=one.sector or "",
        funds=counted(one.held_by, "fund"),
        weight=percent(one.net),
        rupees=format_rupees(one.rupees),
        parts=tuple(part_words(part, names) for part in parts),
    )


def part_words(part: FundPart, names: Mapping[str, str]) -> str:
    """``Some Fund 1.63%``."""
    return f"{names.get(part.isin, part.isin)} {percent(part.value)}"
