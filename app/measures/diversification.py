"""How well a book is spread, as a score from 0 to 100 whose parts are all shown.

Each part is a figure of its own and maps to points that never fall when the figure improves. The score is the plain
mean of the parts that are known: it is a reading aid, the parts are the measure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.measures.concentration import effective_number
from app.measures.conventions import FloatArray, has_coverage, quotient

FULL_HOLDINGS = 30.0
"""So many equal holdings earn all points: beyond some thirty little specific risk is left (Statman 1987)."""

FULL_SECTORS = 10.0
"""So many equal sectors earn all points."""

FULL_RATIO = 2.0
"""A diversification ratio of 2, volatility half of what it would be without diversification, earns all points."""

MIN_PARTS = 2
"""A score needs this many known parts."""


@dataclass(frozen=True, slots=True)
class Part:
    """One aspect: its figure and its points, 0 to 100. Both NaN where unknown."""

    figure: float
    points: float


@dataclass(frozen=True, slots=True)
class Diversification:
    """``score`` is the mean of the points of the known parts, NaN below ``MIN_PARTS`` of them."""

    score: float
    holdings: Part
    ratio: Part
    overlap: Part
    sectors: Part


def diversification(holdings: FloatArray, sectors: FloatArray, ratio: float, overlap: float) -> Diversification:
    """Score of a book of ``holdings`` (N,) after look-through and ``sectors`` (G,), amounts that are not negative.

    - holdings: effective number n; 100 ln n / ln 30
    - ratio: ``diversification_ratio`` d; 100 (1 - 1/d^2) / (1 - 1/4), the share of variance that diversification took
      away
    - overlap: ``mean_overlap`` o; 100 (1 - o)
    - sectors: effective number g; 100 ln g / ln 10

    All are cut to 0 to 100. What a caller cannot see through, it puts in as one holding and one sector: not seen is not
    diversified. NaN ratio or overlap (a book of one fund or none) leaves that part out.
    """
    number, spread = effective_number(holdings), effective_number(sectors)
    parts = (
        Part(number, _points(math.log(number) / math.log(FULL_HOLDINGS))),
        Part(ratio, _points((1.0 - float(np.maximum(ratio, 1.0)) ** -2) / (1.0 - FULL_RATIO**-2))),
        Part(overlap, _points(1.0 - overlap)),
        Part(spread, _points(math.log(spread) / math.log(FULL_SECTORS))),
    )
    known = [part.points for part in parts if not math.isnan(part.points)]
    return Diversification(sum(known) / len(known) if len(known) >= MIN_PARTS else math.nan, *parts)


def _points(share: float) -> float:
    return share if math.isnan(share) else 100.0 * min(max(share, 0.0), 1.0)


def diversification_ratio(volatilities: FloatArray, amounts: FloatArray, portfolio_volatility: float) -> float:
    """Weighted mean of the holdings' volatilities (N,) over that of the portfolio: 1 without diversification.

    Holdings of unknown volatility are left out while the others are half of the amount; NaN otherwise, and for a
    portfolio that does not move. Source: Choueifaty and Coignard (2008), "Toward maximum diversification".
    """
    known = ~np.isnan(volatilities)
    weight = amounts[known].sum()
    if not has_coverage(quotient(np.asarray(weight), np.asarray(amounts.sum()))):
        return math.nan
    return float(quotient(amounts[known] @ volatilities[known], np.asarray(weight * portfolio_volatility)))


def mean_overlap(overlap: FloatArray, amounts: FloatArray) -> float:
    """Mean of the overlaps (F, F) of all pairs of different funds, each pair weighted by both ``amounts`` (F,).

    NaN below two funds with an amount.
    """
    pairs = np.outer(amounts, amounts)
    np.fill_diagonal(pairs, 0.0)
    return float(quotient(np.asarray(np.sum(pairs * overlap)), np.asarray(pairs.sum())))
