"""Reward per unit of risk, a year. ``risk_free_daily`` is the riskless return of one trading day, a fraction."""

from __future__ import annotations

import math

import numpy as np

from app.measures.conventions import PERIODS_PER_YEAR, RISK_FREE_DAILY, FloatArray, quotient
from app.measures.moments import mean, observations, standard_deviation


def sharpe(returns: FloatArray, risk_free_daily: float = RISK_FREE_DAILY) -> FloatArray:
    """Mean excess return / its standard deviation * sqrt(252) (Sharpe 1994).

    NaN below two returns and for a constant series.
    """
    excess = mean(returns) - risk_free_daily
    return quotient(excess, standard_deviation(returns)) * math.sqrt(PERIODS_PER_YEAR)


def sortino(returns: FloatArray, risk_free_daily: float = RISK_FREE_DAILY) -> FloatArray:
    """Mean excess return * 252 / (downside deviation * sqrt(252)), the deviation over all n (Sortino and Price 1994).

    NaN where no return is below the risk-free one: there is no downside to divide by.
    """
    excess = mean(returns) - risk_free_daily
    return quotient(excess, downside_deviation(returns, risk_free_daily)) * math.sqrt(PERIODS_PER_YEAR)


def downside_deviation(returns: FloatArray, target: float = RISK_FREE_DAILY) -> FloatArray:
    """sqrt(mean(min(r - target, 0)^2)) over all n returns, per day; NaN without a return."""
    shortfall = np.fmin(returns - target, 0.0)  # a missing return becomes 0 and adds nothing
    return np.sqrt(quotient(np.sum(shortfall**2, axis=0), observations(returns)))
