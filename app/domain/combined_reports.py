"""The report of shares and funds together: the same shape as that of the shares, and what is really owned.

As in ``risk_reports``: percent is percent, rupees are rupees, losses are positive, missing is None with the reason
beside it. Percentages of exposure, concentration and coverage are of the value of everything that has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.data_issues import DataIssue
from app.domain.fund_reports import FundOverlap, FundPart
from app.domain.limits import LimitKind, LimitLevel
from app.domain.risk_reports import Measure, RiskReport, Share, WindowReport


@dataclass(frozen=True)
class LookThroughRisk:
    """The measures of a window with each fund replaced by what it says it holds.

    Shares and index futures in funds move by their own prices, cash not at all, everything else by the fund's NAV; on a
    day without one as the rest of the fund does, if that is half of it. ``difference`` is the measure less that of the
    NAVs, in its unit, None where the two are not of the same holdings. ``priced`` is the percent of the value in the
    window that moves by prices of its own, shares held directly included. ``coverage`` is the percent of all value that
    prices, cash or NAVs tell; ``left_out`` names the holdings of which too little is known.
    """

    measures: dict[str, Measure]
    difference: dict[str, float | None]
    priced: float
    coverage: float
    left_out: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class CombinedWindow(WindowReport):
    """Measures of the joint series: shares by closes and funds by NAVs, on the days that both have.

    ``several_days`` counts returns over more than one trading day, because a fund has no NAV in between.
    """

    several_days: int
    look_through: LookThroughRisk


@dataclass(frozen=True)
class ValueSplit:
    """Rupees and percent; None where nothing of the kind has a value."""

    shares: float | None
    funds: float | None
    shares_percent: float | None
    funds_percent: float | None
    shares_as_of: date | None
    funds_as_of: date | None
    positions_without_value: tuple[str, ...]


@dataclass(frozen=True)
class StockExposure:
    """One company: ``direct`` + ``through_funds`` = ``total``, percent, net of futures.

    ``gross`` adds up the sizes of long and short lines; ``funds`` is each fund's part of ``through_funds``.
    """

    isin: str | None
    symbol: str | None
    name: str
    sector: str | None
    direct: float
    through_funds: float
    total: float
    gross: float
    rupees: float
    funds: tuple[FundPart, ...]


@dataclass(frozen=True)
class GroupTotal:
    """A sector or a kind of asset; ``direct`` + ``through_funds`` = ``total``, percent."""

    name: str
    direct: float
    through_funds: float
    total: float
    gross: float
    rupees: float


@dataclass(frozen=True)
class CombinedExposure:
    """What is really owned. ``stocks`` are shares and units of trusts, the largest first.

    ``sectors`` add up Indian shares. ``assets`` are equity (with index futures), foreign, trusts, debt, gold, silver,
    cash, other and unresolved; they add up to 100, what no disclosure explains being unresolved.
    ``held_both_ways`` names the stocks that are held directly and through funds.
    """

    stocks: tuple[StockExposure, ...]
    sectors: tuple[GroupTotal, ...]
    assets: tuple[GroupTotal, ...]
    top5: Share | None
    top10: Share | None
    held_both_ways: tuple[str, ...]
    unavailable: str | None


@dataclass(frozen=True)
class OverConcentration:
    """A stock or sector above one of the plan's limits, direct and indirect together. Percent; ``rupees`` above it."""

    kind: LimitKind
    name: str
    isin: str | None
    total: float
    direct: float
    through_funds: float
    limit: float
    level: LimitLevel
    rupees: float


class ContributionKind(StrEnum):
    """What the risk is divided among; those of one kind add up to all of it."""

    HOLDING = "holding"
    SECTOR = "sector"
    FUND = "fund"
    FUND_CONSTITUENT = "fund_constituent"
    STOCK = "stock"


@dataclass(frozen=True)
class Contribution:
    """``risk`` percent of the volatility and ``tail_risk`` of the CVaR 95 come from this; ``value`` percent of value.

    ``rupees`` and ``tail_rupees`` are the same of what stands at risk. A negative one is a hedge. None where too little
    history leaves it out of the window's measures; a book that does not move has no percentages.
    """

    kind: ContributionKind
    key: str
    name: str
    value: float
    risk: float | None
    rupees: float | None
    tail_risk: float | None
    tail_rupees: float | None


@dataclass(frozen=True)
class ScorePart:
    """``figure`` is the part's own measure, ``points`` what it earns, 0 to 100."""

    name: str
    figure: float | None
    points: float | None
    method: str


@dataclass(frozen=True)
class DiversificationReport:
    """``score`` 0 to 100 is the plain mean of the points of the known parts."""

    score: float | None
    parts: tuple[ScorePart, ...]
    window: str | None
    unavailable: str | None


class StressMethod(StrEnum):
    """How a scenario was worked out."""

    REPLAY = "replay"
    BETA_AND_SECTOR = "beta_and_sector"


@dataclass(frozen=True)
class StressResult:
    """What a scenario would cost: ``loss`` percent of all value.

    ``coverage`` is the percent of exposure that the scenario says something about, ``proxied`` of it by a beta that is
    not its own. ``assumed`` is the percent of which nothing is known: it is in the loss, at the mean rate of what is
    known and at least that of Nifty 50. Bonds and metals that the scenario does not name are in neither. ``worst`` and
    ``worst_day`` are the deepest point of a replay.
    """

    key: str
    name: str
    method: StressMethod
    detail: str
    loss: float | None
    rupees: float | None
    shares_rupees: float | None
    funds_rupees: float | None
    worst: float | None
    worst_day: date | None
    coverage: float
    proxied: float
    assumed: float
    source: str
    unavailable: str | None


@dataclass(frozen=True)
class ReverseStress:
    """The smallest fall of the market, percent, at which the book passes a limit; 0 when it is passed already.

    ``coverage`` is the percent of all value that it speaks of, by size: of a loss what has an answer to a fall, the
    rest falling as the mean of it and at least as the market; of a weight what is seen through.
    """

    kind: LimitKind
    level: LimitLevel
    limit: float
    name: str | None
    fall: float | None
    meaning: str
    coverage: float
    unavailable: str | None


@dataclass(frozen=True)
class DisclosureAge:
    """How old the portfolio of a fund is."""

    isin: str
    as_on: date | None
    age_days: int | None


@dataclass(frozen=True)
class CombinedCoverage:
    """Percent of value: ``prices`` with history for the longest window, ``look_through`` direct or in known lines.

    ``sectors`` is the percent of Indian shares, direct and indirect, whose sector is known, ``constituents`` of the
    shares in funds that have prices of their own.
    """

    prices: float
    look_through: float
    sectors: float | None
    constituents: float | None
    disclosures: tuple[DisclosureAge, ...]


@dataclass(frozen=True)
class CombinedFund:
    """One fund of the book; ``weight`` percent of all value, ``equity`` net percent of the fund."""

    isin: str
    mf_symbol: str
    name: str
    category: str | None
    value: float | None
    weight: float | None
    nav_date: date | None
    as_on: date | None
    age_days: int | None
    equity: float | None
    unresolved: float
    unavailable: str | None


@dataclass(frozen=True, eq=False)
class CombinedRiskReport(RiskReport):
    """The combined report. ``as_of`` is the day of the newest price or NAV used.

    ``contribution_window`` is the window whose risk ``contributions`` divide; their sum is that of its measures.
    """

    value_split: ValueSplit
    windows: dict[str, CombinedWindow]
    exposure: CombinedExposure
    over_concentrations: tuple[OverConcentration, ...]
    overlap: FundOverlap
    contribution_window: str | None
    contributions: tuple[Contribution, ...]
    diversification: DiversificationReport
    stress: tuple[StressResult, ...]
    reverse_stress: tuple[ReverseStress, ...]
    coverage: CombinedCoverage
    funds: tuple[CombinedFund, ...]
    data_issues: tuple[DataIssue, ...]
