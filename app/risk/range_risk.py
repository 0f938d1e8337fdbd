"""Volatility from the days' ranges: of each holding by itself, and of the book through its holdings' correlations.

A book has no high and low of its own: its holdings reach theirs at different hours. So its figure is put together,
sigma^2 = w' D R D w, from the holdings' Yang-Zhang volatilities D and the correlations R of their daily returns; see
docs/indicators.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
from numpy.typing import NDArray

from app.domain.prices import FloatArray, PricePanel
from app.domain.risk_reports import HoldingRanges
from app.measures.conventions import MIN_COVERED_WEIGHT, MIN_WINDOW_SHARE, IntArray, has_coverage, has_enough_returns
from app.measures.correlation import complete_days, correlation_matrix
from app.measures.range_volatility import ESTIMATORS, RangeVolatility, volatilities_of_ranges
from app.measures.volatility import combined_volatility
from app.risk.equity_measures import SUSPENDED, BookRange, Portfolio

MIN_CORRELATION_DAYS = 20


@dataclass(frozen=True, slots=True, eq=False)
class OwnRanges:
    """Range volatility of every holding over one window of ``length`` days; fractions, arrays (N,).

    ``figures`` (4, N) in the order of ``ESTIMATORS``, NaN where ``observations`` are too few or the share is suspended.
    """

    length: int
    figures: FloatArray
    observations: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Comovement:
    """Correlations ``matrix`` (K, K) of the holdings ``columns`` (K,) over the ``days`` on which all have a return.

    A holding that never moves has no correlation and is in neither; both are empty when the days are too few.
    """

    columns: NDArray[np.intp]
    matrix: FloatArray
    days: int

    @property
    def unavailable(self) -> str | None:
        """Why there is no matrix."""
        if self.days >= MIN_CORRELATION_DAYS:
            return None
        return f"only {self.days} days on which every holding has a return, {MIN_CORRELATION_DAYS} are needed"


def own_ranges(panel: PricePanel, lengths: Sequence[int]) -> list[OwnRanges]:
    """For each window the holdings' own figures."""
    measured = volatilities_of_ranges(panel.ranges, np.array(lengths, dtype=np.int64))
    return [_own(panel, measured, row, length) for row, length in enumerate(lengths)]


def _own(panel: PricePanel, measured: RangeVolatility, row: int, length: int) -> OwnRanges:
    figures = np.stack([getattr(measured, name)[row] for name in ESTIMATORS])
    seen = measured.observations[row]
    figures[:, ~has_enough_returns(seen, length) | panel.suspended] = np.nan
    return OwnRanges(length, figures, seen)


def holding_ranges(panel: PricePanel, own: OwnRanges) -> list[HoldingRanges]:
    """Every holding's own figures in percent, or the reason why it has none."""
    rows = zip((own.figures * 100).T.tolist(), own.observations.tolist(), panel.suspended.tolist(), strict=True)
    return [_holding(figures, seen, own.length, suspended=suspended) for figures, seen, suspended in rows]


def _holding(figures: list[float], seen: int, length: int, *, suspended: bool) -> HoldingRanges:
    if not isnan(figures[0]):
        yang_zhang, parkinson, garman_klass, rogers_satchell = figures
        return HoldingRanges(yang_zhang, parkinson, garman_klass, rogers_satchell, seen, None)
    days = f"{seen} of {length} days have a usable open, high and low, nine in ten are needed"
    return HoldingRanges(None, None, None, None, seen, SUSPENDED if suspended else days)


def comovement(panel: PricePanel, portfolio: Portfolio) -> Comovement:
    """How the holdings in the portfolio moved with each other."""
    columns = np.flatnonzero(portfolio.included)
    returns = panel.returns[-portfolio.length :, columns]
    days = complete_days(returns)
    if days < MIN_CORRELATION_DAYS:
        return Comovement(columns[:0], np.empty((0, 0)), days)
    matrix = correlation_matrix(returns)
    moves = ~np.isnan(np.diagonal(matrix))
    return Comovement(columns[moves], matrix if moves.all() else matrix[np.ix_(moves, moves)], days)


def book_range(portfolio: Portfolio, own: OwnRanges, moves: Comovement) -> BookRange:
    """The book's figure at the portfolio's weights, scaled to the holdings that have one.

    A holding counts when it has a volatility and a correlation; one that never moves, whose volatility is 0, as well.
    """
    volatilities = own.figures[0]
    correlated = np.zeros(len(volatilities), dtype=bool)
    correlated[moves.columns] = True
    counted = portfolio.included & np.where(correlated, np.isfinite(volatilities), volatilities == 0.0)
    coverage = portfolio.coverage - float(portfolio.weights[portfolio.included & ~counted].sum())
    reason = moves.unavailable or _why_uncovered(coverage, own, found=bool(counted.any()))
    if reason:
        return BookRange(np.nan, max(coverage, 0.0), 0, reason)
    shares = np.where(counted, portfolio.weights, 0.0)[moves.columns] / portfolio.weights[counted].sum()
    sigma = combined_volatility(shares, np.nan_to_num(volatilities[moves.columns]), moves.matrix)
    return BookRange(sigma, coverage, int(own.observations[counted].min()), None)


def _why_uncovered(coverage: float, own: OwnRanges, *, found: bool) -> str | None:
    if found and has_coverage(np.asarray(coverage)):
        return None
    if not own.observations.any():
        return "nothing held has an open, high and low: a fund has only a NAV"
    return (
        f"only {max(coverage, 0.0):.0%} of the value has a usable open, high and low on {MIN_WINDOW_SHARE:.0%} of "
        f"{own.length} days, {MIN_COVERED_WEIGHT:.0%} is needed"
    )
