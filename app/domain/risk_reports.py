"""The risk report: the same fields on the API, the command line and the screen.

Everything here is as the reader sees it: percent is percent, rupees are rupees, losses are positive.
Missing is None, with the reason beside it. The dataclasses have no slots: without them the JSON encoder is three times
faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from app.domain.data_issues import DataIssue

WINDOWS: dict[str, int] = {"60d": 60, "90d": 90, "1y": 252}
"""Window name -> number of daily returns."""


class Unit(StrEnum):
    """How to read a value."""

    PERCENT = "percent"
    RATIO = "ratio"


@dataclass(frozen=True)
class Measure:
    """One number with what makes it honest.

    ``value`` is None exactly when ``unavailable`` gives the reason. ``rupees`` is the value applied to the portfolio
    (None where that has no meaning). ``observations`` counts the returns used, ``coverage`` is the percent of portfolio
    value whose own history is in the number.
    """

    value: float | None
    unit: Unit
    rupees: float | None
    unavailable: str | None
    method: str
    observations: int
    coverage: float


@dataclass(frozen=True, eq=False)
class Correlation:
    """Pairwise correlation of daily returns, rows and columns in the order of ``symbols``."""

    symbols: tuple[str, ...]
    matrix: NDArray[np.float64]
    observations: int
    unavailable: str | None = None


@dataclass(frozen=True)
class Drawdown:
    """The worst fall of the window with its days, and where the book stands now. Percent, positive."""

    max: float
    peak_date: date
    trough_date: date
    recovered_date: date | None
    today: float


@dataclass(frozen=True, eq=False)
class WindowReport:
    """All measures over one window. ``from_date`` is the day of the first return, ``to_date`` of the last."""

    observations: int
    from_date: date | None
    to_date: date | None
    coverage: float
    measures: dict[str, Measure]
    correlation: Correlation
    drawdown: Drawdown | None
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Share:
    """A name with its percent of the portfolio."""

    name: str
    value: float


@dataclass(frozen=True)
class Concentration:
    """Percent of portfolio value; ``effective_holdings`` = 1 / sum of squared weights."""

    largest_stock: Share | None
    largest_sector: Share | None
    top5: Share | None
    effective_holdings: float | None
    sectors: tuple[Share, ...]
    classified: float


@dataclass(frozen=True)
class PositionLiquidity:
    """One position against the market's trading. Volumes in shares a day, ratios in percent.

    ``flagged`` when the position is above the limit share of 30-day average volume.
    """

    symbol: str
    average_volume: float | None
    position_to_volume: float | None
    days_to_liquidate: float | None
    liquid: bool | None
    flagged: bool
    unavailable: str | None


@dataclass(frozen=True)
class Liquidity:
    """``liquid_share`` percent of value in liquid stocks; ``days_to_liquidate`` of the slowest position."""

    liquid_share: float | None
    days_to_liquidate: float | None
    slowest: str | None
    participation: float
    flag_above: float
    days_averaged: int
    unavailable: str | None
    positions: tuple[PositionLiquidity, ...]


@dataclass(frozen=True)
class HoldingRanges:
    """Volatility of one holding from its days' ranges, percent a year; None where ``unavailable`` says why.

    ``observations`` counts the days with a whole open, high, low and close, and a close the day before.
    """

    yang_zhang: float | None
    parkinson: float | None
    garman_klass: float | None
    rogers_satchell: float | None
    observations: int
    unavailable: str | None


@dataclass(frozen=True)
class HoldingMeasures:
    """Own risk of one holding over one window; None where its history is too short (``unavailable`` says so)."""

    volatility: float | None
    volatility_ewma: float | None
    beta: float | None
    correlation_nifty: float | None
    var_historical_95: float | None
    cvar_95: float | None
    max_drawdown: float | None
    observations: int
    unavailable: str | None
    range_volatility: HoldingRanges


@dataclass(frozen=True)
class HoldingReport:
    """One merged position. ``weight`` percent of value; ``price_source`` says where the price is from,
    ``history_source`` the daily prices behind its measures ("" where there are none).
    """

    isin: str | None
    symbol: str
    name: str
    sector: str
    exchanges: tuple[str, ...]
    quantity: float
    average_price: float | None
    price: float | None
    price_as_of: date | None
    price_source: str
    value: float | None
    weight: float | None
    pnl: float | None
    matched_by: str
    windows: dict[str, HoldingMeasures]
    history_source: str = ""


@dataclass(frozen=True, eq=False)
class RiskReport:
    """What every report begins with; ``value`` in rupees, ``risk_free`` percent a year, the horizon in trading days."""

    scope: str
    as_of: date | None
    book_as_of: date | None
    computed_at: str
    currency: str
    value: float | None
    sample_data: bool
    benchmark: str | None
    risk_free: float
    horizon_days: int


@dataclass(frozen=True, eq=False)
class EquityRiskReport(RiskReport):
    """The equity report. ``as_of`` is the day of the newest price used, ``book_as_of`` of the holdings."""

    windows: dict[str, WindowReport]
    concentration: Concentration
    liquidity: Liquidity
    holdings: tuple[HoldingReport, ...]
    data_issues: tuple[DataIssue, ...]


@dataclass(frozen=True, eq=False)
class EquitySeries:
    """What the charts of one window draw, from the same returns as the report. Percent; ``days`` ISO dates.

    ``drawdown`` is the fall from the running peak, positive. ``histogram_edges`` has one entry more than
    ``histogram_counts``. ``benchmark`` is NaN where the index has no bar.
    """

    window: str
    days: tuple[str, ...]
    returns: NDArray[np.float64]
    benchmark: NDArray[np.float64]
    drawdown: NDArray[np.float64]
    histogram_edges: NDArray[np.float64]
    histogram_counts: NDArray[np.int64]
    unavailable: str | None = None
