"""How well the book is spread, 0 to 100, from stated parts. Pure."""

from __future__ import annotations

from math import isfinite

import numpy as np

from app.domain.combined_reports import DiversificationReport, ScorePart
from app.domain.disclosures import LineKind
from app.domain.fund_reports import FundOverlap
from app.measures import diversification as scoring
from app.measures.lookthrough import by_group
from app.measures.window_measures import WindowMeasures
from app.risk.combined_book import CombinedBook, Values
from app.risk.combined_exposure import Owned
from app.risk.equity_measures import Portfolio
from app.risk.fund_exposure import UNRESOLVED

PART_METHODS = {
    "holdings": "effective number of what is owned after look-through; 30 equal ones earn 100",
    "ratio": "mean volatility of the holdings over that of the book; 2 earns 100",
    "overlap": "mean overlap of all pairs of funds, by value; none earns 100",
    "sectors": "effective number of sectors and kinds of assets; 10 equal ones earn 100",
}


def diversify(
    book: CombinedBook,
    values: Values,
    owned: Owned,
    overlap: FundOverlap,
    window: str,
    portfolio: Portfolio,
    arrays: WindowMeasures,
) -> DiversificationReport:
    """The score over ``window``, the longest and so the last of ``arrays``.

    What is not seen through counts as one holding and one sector: not seen is not diversified. So does all cash.
    """
    if not values.total:
        return DiversificationReport(None, (), None, "nothing in the book has a value")
    table, net = owned.table, owned.exposure.net
    unseen, cash = table.of_kind(*UNRESOLVED), table.of_kind(LineKind.CASH)
    rest = float(net[unseen].sum() + owned.exposure.remainder.sum())
    holdings = np.maximum([*net[~unseen & ~cash], net[cash].sum(), rest], 0.0)
    groups = np.maximum(by_group(np.where(unseen, 0.0, net), owned.groups, len(owned.names))[:-1], 0.0)
    ratio, shared = _ratio(values, portfolio, arrays), _mean_overlap(book, values, overlap)
    score = scoring.diversification(holdings, np.append(groups, max(rest, 0.0)), ratio, shared)
    parts = tuple(
        ScorePart(name, _known(part.figure), _known(part.points), method)
        for (name, method), part in zip(
            PART_METHODS.items(), (score.holdings, score.ratio, score.overlap, score.sectors), strict=True
        )
    )
    reason = None if isfinite(score.score) else "too few parts are known"
    return DiversificationReport(_known(score.score), parts, window, reason)


def _ratio(values: Values, portfolio: Portfolio, arrays: WindowMeasures) -> float:
    if portfolio.unavailable:
        return float("nan")
    row, count = len(arrays.volatility) - 1, len(portfolio.included)
    own = np.where(portfolio.included, arrays.volatility[row, :count], np.nan)
    return scoring.diversification_ratio(own, values.both, float(arrays.volatility[row, count + row]))


def _mean_overlap(book: CombinedBook, values: Values, overlap: FundOverlap) -> float:
    amounts = np.where(book.held.disclosure >= 0, values.both[book.held.columns], 0.0)
    return scoring.mean_overlap(np.nan_to_num(overlap.matrix) / 100, amounts)


def _known(figure: float) -> float | None:
    return figure if isfinite(figure) else None
