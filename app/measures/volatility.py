"""How much a series, or a portfolio of several, moves in a year."""

from __future__ import annotations

import math

from app.measures.conventions import DDOF, PERIODS_PER_YEAR, FloatArray
from app.measures.moments import standard_deviation


def annual_volatility(returns: FloatArray, ddof: int = DDOF) -> FloatArray:
    """Standard deviation of daily returns times sqrt(252), a fraction a year; NaN below 2 returns, 0 when constant."""
    return standard_deviation(returns, ddof) * math.sqrt(PERIODS_PER_YEAR)


def combined_volatility(weights: FloatArray, volatilities: FloatArray, correlations: FloatArray) -> float:
    """Volatility sqrt(w' D R D w) of a portfolio (Markowitz 1952), in the unit of ``volatilities``.

    ``weights`` and ``volatilities`` (N,), ``correlations`` (N, N) positive semi-definite, as ``correlation_matrix``
    gives them. 0 for no series, NaN where anything is missing.
    """
    scaled = weights * volatilities
    variance = float(scaled @ correlations @ scaled)
    return math.sqrt(0.0 if variance < 0.0 else variance)
