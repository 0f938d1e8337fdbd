"""Every measure of the report written a second time, from the published definitions and with other libraries.

Imports nothing of ``app``. Results are in percent where the report is, losses positive.
"""

from __future__ import annotations

from collections.abc import Iterable

import empyrical
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

Floats = npt.NDArray[np.float64]
RISK_FREE_DAILY = 0.06 / 252
LEVELS = {"95": 0.95, "99": 0.99}


def measures(returns: pd.DataFrame, weights: pd.Series, market: pd.Series) -> dict[str, float]:
    """All measures of a book of complete series held at constant ``weights``, NaN where our rules give none."""
    series = returns @ weights
    found = {
        "volatility": 100 * empyrical.annual_volatility(series),
        "volatility_ewma": weighted_volatility(series),
        "beta": empyrical.beta(series, market),
        "correlation_nifty": stats.pearsonr(series, market).statistic,
        "r_squared": stats.linregress(market, series).rvalue ** 2,
        "max_drawdown": -100 * empyrical.max_drawdown(series),
        "sharpe": empyrical.sharpe_ratio(series, risk_free=RISK_FREE_DAILY),
        "sortino": empyrical.sortino_ratio(series, required_return=RISK_FREE_DAILY),
    }
    losses = np.sort(-series.to_numpy())[::-1]
    scenarios = filtered(returns.to_numpy()) @ weights.to_numpy()
    simulated = np.maximum(scenarios, -1.0)
    for name, level in LEVELS.items():
        thin = len(series) * (1 - level) < 1 - 1e-9
        found[f"var_historical_{name}"] = np.nan if thin else -100 * empyrical.value_at_risk(series, 1 - level)
        found[f"cvar_{name}"] = np.nan if thin else 100 * tail_mean(losses, 1 - level)
        found[f"var_monte_carlo_{name}"] = np.nan if thin else -100 * np.percentile(simulated, 100 * (1 - level))
        found[f"var_parametric_{name}"] = -100 * stats.norm(series.mean(), series.std(ddof=1)).ppf(1 - level)
        found[f"var_cornish_fisher_{name}"] = 100 * cornish_fisher(series, level)
    return found


def chosen_vars(series: pd.Series, level: float, found: dict[str, float]) -> dict[str, float]:
    """What each of the methods that a backtest chooses from gives over one day, by the words its text begins with.

    RiskMetrics' recursion starts at the mean square of the window; the filtered quantile is of returns over the
    deviation known the evening before (Hull and White 1998). ``found`` are the other figures of the same window.
    """
    name = f"{100 * level:g}"
    variances = [float((series**2).mean())]
    for past in series:
        variances.append(0.94 * variances[-1] + 0.06 * past**2)
    deviations = np.sqrt(variances)
    scores = series.to_numpy() / deviations[:-1]
    return {
        "historical": found[f"var_historical_{name}"],
        "parametric": found[f"var_parametric_{name}"],
        "Cornish-Fisher": found[f"var_cornish_fisher_{name}"],
        "exponentially weighted": -100 * stats.norm.ppf(1 - level) * deviations[-1],
        "filtered historical": -100 * np.percentile(scores, 100 * (1 - level)) * deviations[-1],
    }


def tail_mean(losses: Iterable[float], share: float) -> float:
    """Acerbi and Tasche: the mean of the worst ``share`` of equally likely losses, largest first."""
    ordered = list(losses)
    left, total = len(ordered) * share, 0.0
    for loss in ordered:
        part = min(1.0, left)
        total += part * loss
        left -= part
        if left <= 0:
            break
    return total / (len(ordered) * share)


def cornish_fisher(series: pd.Series, level: float) -> float:
    """VaR as a fraction with the expansion's quantile; NaN where that falls as z grows from 0.1 % to 99.9 %."""
    skew, kurtosis = stats.skew(series), stats.kurtosis(series)

    def corrected(z: Floats) -> Floats:
        return np.asarray(
            z + (z**2 - 1) * skew / 6 + (z**3 - 3 * z) * kurtosis / 24 - (2 * z**3 - 5 * z) * skew**2 / 36
        )

    grid = stats.norm.ppf(0.999) * np.linspace(-1, 1, 20_001)
    if (np.diff(corrected(grid)) < 0).any():
        return float("nan")
    quantile = corrected(np.array([stats.norm.ppf(1 - level)]))[0]
    return float(-(series.mean() + quantile * series.std(ddof=1)))


def filtered(returns: Floats) -> Floats:
    """Filtered historical scenarios (T, N): each return over the volatility known before it, times today's."""
    scenarios = np.empty_like(returns)
    for column in range(returns.shape[1]):
        own = returns[:, column]
        variances = [float(np.mean(own**2))]
        for value in own:
            variances.append(0.94 * variances[-1] + 0.06 * value**2)
        scenarios[:, column] = own / np.sqrt(variances[:-1]) * np.sqrt(variances[-1])
    return scenarios


def worst_fall(series: pd.Series, start: object) -> dict[str, object]:
    """Depth (percent), peak, trough and recovery of the deepest fall, by walking through every day."""
    wealth = high = 1.0
    high_day, worst = start, {"max": 0.0, "peak_date": start, "trough_date": start, "recovered_date": start}
    for day, value in series.items():
        wealth *= 1 + value
        if wealth >= high:
            if worst["recovered_date"] is None and worst["peak_date"] == high_day:
                worst["recovered_date"] = day
            high, high_day = wealth, day
        fall = 100 * (1 - wealth / high)
        if fall > float(str(worst["max"])):
            worst = {"max": fall, "peak_date": high_day, "trough_date": day, "recovered_date": None}
    return {**worst, "today": 100 * (1 - wealth / high)}


def own_measures(own: pd.Series, market: pd.Series) -> dict[str, float]:
    """The figures shown beside each holding."""
    losses = np.sort(-own.to_numpy())[::-1]
    return {
        "volatility": 100 * empyrical.annual_volatility(own),
        "volatility_ewma": weighted_volatility(own),
        "beta": empyrical.beta(own, market),
        "correlation_nifty": stats.pearsonr(own, market).statistic,
        "var_historical_95": -100 * empyrical.value_at_risk(own, 0.05),
        "cvar_95": 100 * tail_mean(losses, 0.05),
        "max_drawdown": -100 * empyrical.max_drawdown(own),
    }


def weighted_volatility(series: pd.Series) -> float:
    """RiskMetrics: pandas' own exponential mean of the squares, after their plain mean as the first of them."""
    squares = pd.concat([pd.Series([(series**2).mean()]), series**2])
    return float(100 * np.sqrt(252 * squares.ewm(alpha=0.06, adjust=False, ignore_na=True).mean().iloc[-1]))


def range_volatilities(bars: pd.DataFrame, length: int) -> dict[str, float]:
    """Percent a year from ``bars`` with the columns open, high, low and close, all present; by the authors' formulas.

    Garman-Klass and Rogers-Satchell in prices relative to the close before, as they were published.
    """
    days = bars.div(bars["close"].shift(1), axis=0).iloc[1:].iloc[-length:].apply(np.log)
    opened, high, low, close = (days[name] for name in ("open", "high", "low", "close"))
    spread, session = high - low, close - opened
    rogers = ((high - close) * (high - opened) + (low - close) * (low - opened)).mean()
    k = 0.34 / (1.34 + (length + 1) / (length - 1))
    daily = {
        "parkinson": (spread**2).mean() / np.log(16),
        "garman_klass": (0.5 * spread**2 - (np.log(4) - 1) * session**2).mean(),
        "rogers_satchell": rogers,
        "yang_zhang": opened.var() + k * session.var() + (1 - k) * rogers,
    }
    return {name: float(100 * np.sqrt(252 * variance)) for name, variance in daily.items()}


def rescaled_volatility(returns: pd.DataFrame, weights: pd.Series, volatilities: pd.Series) -> float:
    """Volatility of the book after every holding's returns were stretched to a volatility of its own.

    The same number as sqrt(w' D R D w), without forming a matrix. Annual volatilities in the unit of the answer.
    """
    scores = (returns - returns.mean()) / returns.std()
    return float((scores * (weights * volatilities)).sum(axis=1).std())
