"""Twelve measures of every series over several windows, as other libraries compute them.

Each peer takes ``returns`` (T, N), ``index`` (T,) and gives, for each window, name -> (N,). What a library lacks is
added in numpy or pandas. A library's own definition is kept where it has one; ``EMPYRICAL`` and ``SKFOLIO`` compute the
figures that differ from ours a second time, for the check of agreement.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import empyrical
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from skfolio import measures as skfolio

from app.domain.prices import FloatArray
from app.measures import drawdown, market, ratios, tail, volatility

RISK_FREE = 0.06 / 252
TAILS = {"95": 0.05, "99": 0.01}
Measured = dict[str, FloatArray]


def over_windows(
    one_window: Callable[..., Measured], returns: Any, index: Any, windows: Sequence[int]
) -> dict[int, Measured]:
    """``one_window`` of the newest rows, for each window."""
    return {length: one_window(returns[-length:], index[-length:]) for length in windows}


def empyrical_of_column(returns: Any, index: Any, correlation: Callable[[Any, Any], float]) -> dict[str, float]:
    """All measures of one column, a Series or an array."""
    mean, deviation = returns.mean(), returns.std(ddof=1)
    values = {
        "volatility": empyrical.annual_volatility(returns),
        "beta": empyrical.beta(returns, index),
        "correlation": correlation(returns, index),
        "max_drawdown": -empyrical.max_drawdown(returns),
        "sharpe": empyrical.sharpe_ratio(returns, RISK_FREE),
        "sortino": empyrical.sortino_ratio(returns, RISK_FREE),
    }
    for part, share in TAILS.items():
        values[f"var_historical_{part}"] = -empyrical.value_at_risk(returns, share)
        values[f"cvar_{part}"] = -empyrical.conditional_value_at_risk(returns, share)
        values[f"var_parametric_{part}"] = -(mean + norm.ppf(share) * deviation)
    return values


def empyrical_on_series(returns: pd.DataFrame, index: pd.Series[float]) -> Measured:
    """Column by column, as its users call it."""
    return _stacked([empyrical_of_column(returns[name], index, pd.Series.corr) for name in returns.columns])


def empyrical_on_columns(returns: FloatArray, index: FloatArray) -> Measured:
    """Column by column on plain arrays, which saves pandas' alignment."""
    return _stacked([empyrical_of_column(column, index, _pearson) for column in returns.T])


def empyrical_on_matrix(returns: FloatArray, index: FloatArray) -> Measured:
    """The whole matrix at once where the library can."""
    mean, deviation = returns.mean(axis=0), returns.std(axis=0, ddof=1)
    values: Measured = {
        "volatility": empyrical.annual_volatility(returns),
        "beta": empyrical.beta_aligned(returns, index),
        "correlation": _correlations(returns, index),
        "max_drawdown": -empyrical.max_drawdown(returns),
        "sharpe": empyrical.sharpe_ratio(returns, RISK_FREE),
        "sortino": empyrical.sortino_ratio(returns, RISK_FREE),
    }
    for part, share in TAILS.items():
        values[f"var_historical_{part}"] = np.array([-empyrical.value_at_risk(r, share) for r in returns.T])
        values[f"cvar_{part}"] = np.array([-empyrical.conditional_value_at_risk(r, share) for r in returns.T])
        values[f"var_parametric_{part}"] = -(mean + norm.ppf(share) * deviation)
    return values


def skfolio_on_matrix(returns: FloatArray, index: FloatArray) -> Measured:
    """The whole matrix at once; beta, correlation and parametric VaR in numpy."""
    mean, deviation = skfolio.mean(returns), skfolio.standard_deviation(returns)
    downside = skfolio.semi_deviation(returns, min_acceptable_return=RISK_FREE, biased=True)
    values: Measured = {
        "volatility": deviation * math.sqrt(252),
        "beta": _betas(returns, index),
        "correlation": _correlations(returns, index),
        "max_drawdown": -skfolio.get_drawdowns(returns, compounded=True).min(axis=0),
        "sharpe": (mean - RISK_FREE) / deviation * math.sqrt(252),
        "sortino": (mean - RISK_FREE) / downside * math.sqrt(252),
    }
    for part, share in TAILS.items():
        values[f"var_historical_{part}"] = np.asarray(skfolio.value_at_risk(returns, 1 - share))
        values[f"cvar_{part}"] = np.asarray(skfolio.cvar(returns, 1 - share))
        values[f"var_parametric_{part}"] = -(mean + norm.ppf(share) * deviation)
    return values


def pandas_plain(returns: pd.DataFrame, index: pd.Series[float]) -> Measured:
    """DataFrame methods alone."""
    mean, deviation, excess = returns.mean(), returns.std(), returns - RISK_FREE
    wealth = pd.concat([pd.DataFrame(1.0, index=[-1], columns=returns.columns), (1 + returns).cumprod()])
    values = {
        "volatility": deviation * math.sqrt(252),
        "beta": returns.apply(lambda column: column.cov(index)) / index.var(),
        "correlation": returns.corrwith(index),
        "max_drawdown": (1 - wealth / wealth.cummax()).max(),
        "sharpe": excess.mean() / deviation * math.sqrt(252),
        "sortino": excess.mean() / (excess.clip(upper=0) ** 2).mean() ** 0.5 * math.sqrt(252),
    }
    for part, share in TAILS.items():
        values[f"var_historical_{part}"] = -returns.quantile(share)
        values[f"cvar_{part}"] = returns.apply(lambda column, share=share: acerbi_tasche(column.to_numpy(), share))
        values[f"var_parametric_{part}"] = -(mean + norm.ppf(share) * deviation)
    return {name: value.to_numpy() for name, value in values.items()}


def own_plain(returns: FloatArray, index: FloatArray) -> Measured:
    """This app's own functions, one call a measure."""
    values: Measured = {
        "volatility": volatility.annual_volatility(returns),
        "beta": market.beta(returns, index),
        "correlation": market.correlation(returns, index),
        "max_drawdown": drawdown.max_drawdown(returns),
        "sharpe": ratios.sharpe(returns, RISK_FREE),
        "sortino": ratios.sortino(returns, RISK_FREE),
    }
    for part, share in TAILS.items():
        values[f"var_historical_{part}"] = tail.historical_var(returns, 1 - share)
        values[f"cvar_{part}"] = tail.expected_shortfall(returns, 1 - share)
        values[f"var_parametric_{part}"] = tail.parametric_var(returns, 1 - share)
    return values


def acerbi_tasche(returns: NDArray[np.floating[Any]], share: float) -> float:
    """Mean loss of the worst ``share`` of the mass, its last observation counted by its fraction."""
    ordered, mass = np.sort(returns), share * len(returns)
    whole = int(mass)
    return float(-(ordered[:whole].sum() + (mass - whole) * ordered[whole]) / mass)


def _whole_observations(returns: FloatArray, share: float) -> FloatArray:
    """empyrical's CVaR: the mean of the floor((n - 1) x share) + 1 smallest returns."""
    count = int((len(returns) - 1) * share) + 1
    return np.asarray(-np.sort(returns, axis=0)[:count].mean(axis=0))


def _order_statistic(returns: FloatArray, share: float) -> FloatArray:
    """skfolio's VaR: an observation, nothing between two of them."""
    return np.asarray(np.quantile(-returns, 1 - share, axis=0, method="inverted_cdf"))


Definitions = Mapping[str, Callable[[FloatArray], FloatArray]]
EMPYRICAL: Definitions = {
    f"cvar_{part}": lambda returns, share=share: _whole_observations(returns, share)  # type: ignore[misc]
    for part, share in TAILS.items()
}
SKFOLIO: Definitions = {
    f"var_historical_{part}": lambda returns, share=share: _order_statistic(returns, share)  # type: ignore[misc]
    for part, share in TAILS.items()
}


def _stacked(columns: list[dict[str, float]]) -> Measured:
    return {name: np.array([column[name] for column in columns]) for name in columns[0]}


def _pearson(returns: FloatArray, index: FloatArray) -> float:
    return float(np.corrcoef(returns, index)[0, 1])


def _betas(returns: FloatArray, index: FloatArray) -> FloatArray:
    centred = index - index.mean()
    return np.asarray(centred @ (returns - returns.mean(axis=0)) / (centred @ centred))


def _correlations(returns: FloatArray, index: FloatArray) -> FloatArray:
    deviations, centred = returns - returns.mean(axis=0), index - index.mean()
    return np.asarray(centred @ deviations / np.sqrt((centred @ centred) * (deviations**2).sum(axis=0)))
