"""What the panels on what is really owned show: pure functions from one combined report to words, numbers and bars.

Templates do no arithmetic. Bars of one panel share one scale: the longest is the largest share shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.api.formats import coverage, day, decimal, maybe, measure_value, percent, percent_beside, sentence
from app.api.issues_panel import Flaws
from app.api.measure_words import NOT_COMPUTED
from app.api.screen_panels import Figure
from app.api.summaries import Fact, Summary, counted, loss_figure, returns_fact, summary
from app.domain.combined_reports import (
    CombinedCoverage,
    CombinedRiskReport,
    CombinedWindow,
    DiversificationReport,
    GroupTotal,
    OverConcentration,
    ScorePart,
    StockExposure,
    ValueSplit,
)
from app.domain.fund_fetches import STALE_DAYS
from app.domain.limits import LimitKind, LimitLevel, limits_of
from app.domain.money import format_rupees, format_rupees_compact
from app.domain.risk_reports import Measure

SHOWN, MOST = 12, 60
"""Companies in view, and those drawn at all."""
ASSET_WORDS = {
    "equity": "Indian shares and index futures",
    "foreign": "Foreign shares",
    "trusts": "REITs and InvITs",
    "debt": "Bonds and bills",
    "gold": "Gold",
    "silver": "Silver",
    "cash": "Cash",
    "other": "Other",
    "unresolved": "Not explained by any portfolio",
}
_PARTS = {
    "holdings": ("How many things", "{} equal positions would be as spread"),
    "ratio": ("How little they move together", "the holdings swing {} times as much as the book"),
    "overlap": ("How different the funds are", "{} of two funds is the same on average"),
    "sectors": ("How many sectors", "{} equal sectors would be as spread"),
}


@dataclass(frozen=True, slots=True)
class SplitBar:
    """A share of everything, direct and through funds: ``direct_width`` and ``funds_width`` percent of the bar."""

    name: str
    about: str
    total: str
    rupees: str
    direct: str
    through_funds: str
    direct_width: float
    funds_width: float
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Warned:
    """An over-concentration in words; ``tone`` is warning or critical."""

    tone: str
    words: str


@dataclass(frozen=True, slots=True)
class Companies:
    """Companies by size, the ``rest`` counted; ``above`` says which pass a limit, else ``within``; ``unseen`` warns."""

    top: tuple[Fact, ...]
    rows: tuple[SplitBar, ...]
    more: tuple[SplitBar, ...]
    rest: str
    both_ways: str
    above: tuple[Warned, ...]
    within: str
    unseen: str
    reason: str


@dataclass(frozen=True, slots=True)
class Groups:
    """Sectors and kinds of assets, each on its own scale."""

    sectors: tuple[SplitBar, ...]
    assets: tuple[SplitBar, ...]
    classified: str
    reason: str


@dataclass(frozen=True, slots=True)
class SpreadPart:
    """One part of the score: ``points`` of 100 as text, ``width`` of its bar in percent."""

    name: str
    figure: str
    points: str
    width: float
    method: str


@dataclass(frozen=True, slots=True)
class Spread:
    """How well the money is spread."""

    score: str
    parts: tuple[SpreadPart, ...]
    window: str
    reason: str


@dataclass(frozen=True, slots=True)
class Disclosed:
    """The age of what a fund was looked through with."""

    name: str
    weight: str
    as_on: str
    age: str
    is_old: bool
    unexplained: str


@dataclass(frozen=True, slots=True)
class Covered:
    """How much of the value each step rests on, and who is left out."""

    facts: tuple[Fact, ...]
    funds: tuple[Disclosed, ...]
    left_out: str
    without_value: str
    several_days: int


def own_summary(report: CombinedRiskReport, window: CombinedWindow) -> Summary:
    """Value, bad-day loss, average worse day, deepest fall and both betas."""
    losses = (loss_figure(key, window.measures) for key in ("var_historical_95", "cvar_95", "max_drawdown"))
    split = report.value_split
    fresh = (
        Fact("Valued at", f"prices of {_day(split.shares_as_of)}, NAVs of {_day(split.funds_as_of)}"),
        Fact("Closes", _day(window.to_date)),
        Fact("Benchmark", report.benchmark or "none"),
        Fact("Looked through", coverage(report.coverage.look_through)),
        Fact("Prices for the window", f"{coverage(window.coverage)} of value"),
        returns_fact(window),
    )
    return summary(own_flaws(report), (_value(report.value, split), *losses, _betas(window.measures)), fresh)


def _day(known: date | None) -> str:
    return day(known) if known else "no day"


def own_flaws(report: CombinedRiskReport) -> Flaws:
    """The flaws of the data, funds by their names, with what each share and fund is worth."""
    held = {
        one.symbol: one.rupees * one.direct / one.total for one in report.exposure.stocks if one.symbol and one.total
    }
    sizes = held | {fund.isin: fund.value for fund in report.funds}
    return Flaws(report.data_issues, sizes, {fund.isin: fund.name for fund in report.funds})


def _value(value: float | None, split: ValueSplit) -> Figure:
    if value is None:
        return Figure("own-value", "Everything you own", "", (), "nothing has a price or a NAV")
    shares = f"shares {maybe(format_rupees_compact, split.shares)} ({maybe(_tenth, split.shares_percent)})"
    funds = f"funds {maybe(format_rupees_compact, split.funds)} ({maybe(_tenth, split.funds_percent)})"
    return Figure("own-value", "Everything you own", format_rupees(value), (shares, funds))


def _betas(measures: Mapping[str, Measure]) -> Figure:
    title = "Move for 1% of the market"
    joint, weighted = measures.get("beta"), measures.get("beta_weighted")
    if joint is None or joint.value is None:
        return Figure("own-beta", title, "", (), (joint.unavailable or "") if joint else NOT_COMPUTED)
    other = f"{measure_value(weighted)} as the average of the holdings" if weighted and weighted.value else ""
    return Figure("own-beta", title, measure_value(joint), ("beta of all together", other))


def _tenth(value: float) -> str:
    return percent(value, 1)


def own_companies(report: CombinedRiskReport) -> Companies:
    """The companies really owned, whichever way."""
    exposure = report.exposure
    top = tuple(
        Fact(name, _tenth(share.value))
        for name, share in (("Five largest companies", exposure.top5), ("Ten largest companies", exposure.top10))
        if share
    )
    longest = max((one.total for one in exposure.stocks), default=0.0)
    names = {fund.isin: fund.name for fund in report.funds}
    rows = tuple(_company(one, longest, names) for one in exposure.stocks[:MOST])
    count = len(exposure.held_both_ways)
    held = "is held directly and through funds" if count == 1 else "are held directly and through funds"
    both = f"{counted(count, 'company')} {held}." if count else ""
    above = tuple(map(_above, report.over_concentrations))
    why = exposure.unavailable or ""
    rest = _rest(exposure.stocks[MOST:])
    return Companies(top, rows[:SHOWN], rows[SHOWN:], rest, both, above, _within(report), _unseen(report), why)


def _rest(stocks: Sequence[StockExposure]) -> str:
    """What is not drawn, in words; "" where all is."""
    if not stocks:
        return ""
    held = "company is" if len(stocks) == 1 else "companies are"
    return f"{len(stocks)} smaller {held} not drawn: together {_tenth(sum(one.total for one in stocks))}."


def _company(one: StockExposure, longest: float, names: Mapping[str, str]) -> SplitBar:
    parts = sorted(one.funds, key=lambda part: -part.value)
    through = tuple(f"{names.get(part.isin, part.isin)} {percent(part.value)}" for part in parts)
    return _split_bar(one.name, one.sector or "", one, longest, through)


def _split_bar(
    name: str, about: str, one: StockExposure | GroupTotal, longest: float, parts: tuple[str, ...] = ()
) -> SplitBar:
    """What is short through funds shortens the direct part, so that the bar is as long as the total."""
    direct = max(min(one.direct, one.total), 0.0)
    return SplitBar(
        name,
        about,
        _tenth(one.total),
        format_rupees_compact(one.rupees),
        _tenth(one.direct),
        _tenth(one.through_funds),
        _width(direct, longest),
        _width(max(one.total - direct, 0.0), longest),
        parts,
    )


def _width(value: float, longest: float) -> float:
    return round(100 * value / longest, 2) if longest > 0 else 0.0


def _above(one: OverConcentration) -> Warned:
    total = percent_beside(one.total, one.limit)
    words = (
        f"{one.name} is {total} of everything you own: {_tenth(one.direct)} directly, "
        f"{_tenth(one.through_funds)} through funds. The limit is {_tenth(one.limit)}; "
        f"{format_rupees_compact(one.rupees)} is above it."
    )
    return Warned("critical" if one.level is LimitLevel.CRITICAL else "warning", words)


def _within(report: CombinedRiskReport) -> str:
    """What no company or sector passes, of what is seen through; "" where the unseen part could pass every limit."""
    limits = {"company": limits_of(LimitKind.STOCK)[0].value, "sector": limits_of(LimitKind.SECTOR)[0].value}
    seen = min(report.coverage.look_through, 100.0)
    said = [f"no {what} is above {percent(limit, 0)}" for what, limit in limits.items() if 100.0 - seen < limit]
    if not said:
        return ""
    of = "" if round(seen, 1) >= 100.0 else f"Of the {coverage(seen)} that is seen through, "
    words = f"{of}{' and '.join(said)} of everything you own."
    return words[0].upper() + words[1:]


def _unseen(report: CombinedRiskReport) -> str:
    """What is not seen through, where it alone could pass a limit; else ""."""
    unseen, smallest = 100.0 - report.coverage.look_through, limits_of(LimitKind.STOCK)[0].value
    if report.exposure.unavailable or unseen < smallest:
        return ""
    share = _tenth(unseen)
    return f"{share} of everything you own is not seen through: it could hold a company or a sector above a limit."


def own_groups(report: CombinedRiskReport) -> Groups:
    """Sectors of the Indian shares, and kinds of assets."""
    exposure, known = report.exposure, report.coverage.sectors
    classified = f"{coverage(known)} of Indian shares have a sector." if known is not None else ""
    return Groups(
        _group_bars(exposure.sectors, {}), _group_bars(exposure.assets, ASSET_WORDS), classified,
        exposure.unavailable or "",
    )  # fmt: skip


def _group_bars(groups: Sequence[GroupTotal], words: Mapping[str, str]) -> tuple[SplitBar, ...]:
    longest = max((one.total for one in groups), default=0.0)
    return tuple(
        _split_bar(words.get(one.name, one.name), format_rupees_compact(one.rupees), one, longest) for one in groups
    )


def own_spread(found: DiversificationReport, windows: Mapping[str, str]) -> Spread:
    """The score with its parts; ``windows`` are their names in words."""
    score = maybe(lambda value: decimal(value, 0), found.score)
    window = windows.get(found.window or "", "")
    return Spread(score, tuple(map(_part, found.parts)), window, found.unavailable or "")


def _part(part: ScorePart) -> SpreadPart:
    name, says = _PARTS.get(part.name, (part.name.replace("_", " ").capitalize(), "{}"))
    figure = maybe(_part_figure(part.name), part.figure)
    return SpreadPart(
        name=name,
        figure=says.format(figure) if part.figure is not None else "not known",
        points=maybe(lambda points: decimal(points, 0), part.points),
        width=round(part.points or 0.0, 2),
        method=sentence(part.method),
    )


def _part_figure(name: str) -> Callable[[float], str]:
    """The overlap is a fraction, the others are plain numbers."""
    return (lambda share: percent(100 * share, 0)) if name == "overlap" else (lambda value: decimal(value, 1))


def own_coverage(report: CombinedRiskReport, window: CombinedWindow) -> Covered:
    """What the numbers of this tab rest on."""
    names = {fund.isin: fund.name for fund in report.funds}
    return Covered(
        facts=tuple(_coverage_facts(report.coverage)),
        funds=tuple(_disclosed(report)),
        left_out=", ".join(names.get(key, key) for key in window.left_out),
        without_value=", ".join(names.get(key, key) for key in report.value_split.positions_without_value),
        several_days=window.several_days,
    )


def _coverage_facts(known: CombinedCoverage) -> Iterator[Fact]:
    yield Fact("Of value, with prices or NAVs for the longest window", coverage(known.prices))
    yield Fact("Of value, held directly or seen through", coverage(known.look_through))
    yield Fact("Of Indian shares, with a known sector", maybe(coverage, known.sectors))
    yield Fact("Of shares in funds, with prices of their own", maybe(coverage, known.constituents))


def _disclosed(report: CombinedRiskReport) -> Iterator[Disclosed]:
    for fund in report.funds:
        known = fund.as_on is not None and fund.age_days is not None
        yield Disclosed(
            name=fund.name,
            weight=maybe(_tenth, fund.weight),
            as_on=day(fund.as_on) if fund.as_on else "",
            age=counted(fund.age_days, "day") if fund.age_days is not None else sentence(fund.unavailable),
            is_old=(fund.age_days or 0) > STALE_DAYS,
            unexplained=_tenth(fund.unresolved) if known else _tenth(100.0),
        )
