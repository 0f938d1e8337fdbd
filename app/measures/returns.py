"""From closes to returns, and from the returns of holdings to those of the portfolio."""

from __future__ import annotations

import math

import numpy as np

from app.measures.conventions import FloatArray, has_coverage, quotient


def simple_returns(closes: FloatArray) -> FloatArray:
    """Simple returns ``close / previous close - 1`` of consecutive rows: (T, N) -> (T - 1, N), or (T,) -> (T - 1,).

    NaN unless both closes exist: a missing close takes away two returns and is never bridged. A close of zero or below
    is not a price and counts as missing.
    """
    prices = np.where(closes > 0.0, closes, math.nan)
    return prices[1:] / prices[:-1] - 1.0


def portfolio_returns(returns: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Returns of a portfolio that held today's ``weights`` (N,) on every past day of ``returns`` (T, N).

    Weights need not sum to 1; each day they are scaled to the assets that have a return. Gives ``(series, covered)``,
    both (T,): ``covered`` is the share of all weight behind the day's return, and the return is NaN where that is below
    one half. Raises ValueError for a negative or missing weight. Without any weight both are NaN.
    """
    if not np.all(weights >= 0.0):
        raise ValueError("weights must be known and not negative")
    present = ~np.isnan(returns)
    if present.all() and weights.sum() > 0.0:
        return returns @ weights / weights.sum(), np.ones(len(returns))
    weight = present @ weights
    covered = quotient(weight, np.asarray(weights.sum()))
    series = quotient(np.where(present, returns, 0.0) @ weights, weight)
    return np.where(has_coverage(covered), series, math.nan), covered
