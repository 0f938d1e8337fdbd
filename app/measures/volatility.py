"""How much a series moves in a year."""

from __future__ import annotations

import math

from app.measures.conventions import DDOF, PERIODS_PER_YEAR, FloatArray
from app.measures.moments import standard_deviation


def annual_volatility(returns: FloatArray, ddof: int = DDOF) -> FloatArray:
    """Standard deviation of daily returns times sqrt(252), a fraction a year; NaN below 2 returns, 0 when constant."""
    return standard_deviation(returns, ddof) * math.sqrt(PERIODS_PER_YEAR)
