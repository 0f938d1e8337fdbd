"""Monte Carlo VaR and expected shortfall of a portfolio: seeded, the same in every process, several levels per draw.

The portfolio is held at constant weights (rebalanced daily), so each day's scenario is one number: it is projected to
the portfolio first and days are compounded. Both methods keep the sample's mean return: no drift is added or removed.
One bootstrapped day is not drawn at all: its law is the scenarios themselves, each equally likely.
Only days count on which half of the weight has a return (see ``portfolio_returns``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from app.measures._kernels import ewma_variance, prepared
from app.measures.conventions import (
    EWMA_DECAY,
    LEVELS,
    MIN_FIT,
    SEED,
    FloatArray,
    check_horizon,
    check_level,
    has_tail,
)
from app.measures.moments import mean, observations, standard_deviation
from app.measures.returns import portfolio_returns
from app.measures.tail import tail_of_sorted

PATHS = 10_000
"""Default number of paths: the standard error of a 99 % VaR is then about 1.6 % of it."""

_FREEDOM_BOUNDS = (2.1, 1000.0)


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedTail:
    """Tail of the simulated portfolio return over the horizon, losses positive, at each of ``levels`` (L,).

    ``observations`` counts the historical days behind the simulation. ``degrees_of_freedom`` is NaN where the method
    has none.
    """

    levels: FloatArray
    value_at_risk: FloatArray
    expected_shortfall: FloatArray
    observations: int
    degrees_of_freedom: float = math.nan


def filtered_bootstrap(
    returns: FloatArray,
    weights: FloatArray,
    *,
    levels: tuple[float, ...] = LEVELS,
    horizon: int = 1,
    paths: int = PATHS,
    seed: int = SEED,
) -> SimulatedTail:
    """Filtered historical simulation (Barone-Adesi, Giannopoulos and Vosper 1999; Hull and White 1998).

    ``returns`` (T, N), ``weights`` (N,). Whole days are drawn with replacement from ``filtered_scenarios``, so tails
    and dependence stay as they were. Of a horizon of one day the tail is that of the scenarios, exactly and whatever
    the seed, by the conventions of ``historical_var`` and ``expected_shortfall``: draws would jump between two of few
    scenarios. A level is NaN where the days give it no tail: days * (1 - level) < 1.
    Raises ValueError for a bad level, horizon or weight.
    """
    _check(levels, horizon)
    scenarios, _ = portfolio_returns(filtered_scenarios(returns), weights)
    known = scenarios[~np.isnan(scenarios)]
    allowed = [bool(has_tail(known.size, level)) for level in levels]
    if not any(allowed):
        return _unknown(levels, known.size)
    days = known[None, :] if horizon == 1 else _drawn(known, (horizon, paths), seed)
    return _summary(days, levels, allowed, known.size, math.nan)


def _drawn(scenarios: FloatArray, shape: tuple[int, int], seed: int) -> FloatArray:
    return np.asarray(scenarios[_generator(seed).integers(0, scenarios.size, size=shape)])


def filtered_scenarios(returns: FloatArray, decay: float = EWMA_DECAY) -> FloatArray:
    """Past returns (T, N) rescaled to today's volatility: r_t / sigma_t * sigma_now, NaN where a return is missing.

    sigma_t is the exponentially weighted volatility known before day t (mean 0, RiskMetrics 1996), started at the
    root mean square of the series and unchanged over missing days; sigma_now is the one known after the last day.
    """
    squares = prepared(returns**2)
    variance = ewma_variance(squares, mean(squares), decay)
    scale = np.sqrt(variance[-1] / np.where(variance[:-1] > 0.0, variance[:-1], 1.0))
    return np.asarray(returns * scale)


def multivariate_t(
    returns: FloatArray,
    weights: FloatArray,
    *,
    levels: tuple[float, ...] = LEVELS,
    horizon: int = 1,
    paths: int = PATHS,
    seed: int = SEED,
    degrees_of_freedom: float | None = None,
) -> SimulatedTail:
    """Multivariate Student t projected to the portfolio, where it is a univariate t with the same degrees of freedom.

    Location and variance are the sample's (divisor n - 1); the degrees of freedom are fitted to the portfolio's returns
    by ``fit_degrees_of_freedom`` unless given. NaN below 20 returns or for a constant series. Raises ValueError for a
    bad level, horizon or weight, and for degrees of freedom of 2 or less (no variance).
    """
    _check(levels, horizon)
    series, _ = portfolio_returns(returns, weights)
    freedom = fit_degrees_of_freedom(series) if degrees_of_freedom is None else degrees_of_freedom
    if freedom <= 2.0:
        raise ValueError(f"a t law has a variance above 2 degrees of freedom, not at {freedom}")
    count = int(observations(series))
    if count < MIN_FIT or math.isnan(freedom):
        return _unknown(levels, count)
    scale = float(standard_deviation(series)) * math.sqrt(1.0 - 2.0 / freedom)
    draws = float(mean(series)) + scale * _generator(seed).standard_t(freedom, size=(horizon, paths))
    return _summary(draws, levels, [True] * len(levels), count, freedom)


def fit_degrees_of_freedom(series: FloatArray) -> float:
    """Degrees of freedom, 2.1 to 1000, of a Student t with the mean and variance of ``series`` (T,).

    Maximum likelihood in the reciprocal, with the scale tied to the variance; 1000 is as good as normal. NaN below 20
    returns or for a constant series.
    """
    deviation = standard_deviation(series)
    if observations(series) < MIN_FIT or deviation == 0.0:
        return math.nan
    scores = (series[~np.isnan(series)] - mean(series)) / deviation

    low, high = _FREEDOM_BOUNDS
    found = minimize_scalar(
        lambda reciprocal: -_t_likelihood(scores, 1.0 / reciprocal),
        bounds=(1.0 / high, 1.0 / low),
        method="bounded",
        options={"xatol": 1e-8},
    )
    return 1.0 / float(found.x)


def _t_likelihood(scores: FloatArray, freedom: float) -> float:
    """Log likelihood of ``scores`` under the Student t law of mean 0 and variance 1."""
    half, spread = (freedom + 1.0) / 2.0, freedom - 2.0
    constant = gammaln(half) - gammaln(freedom / 2.0) - 0.5 * math.log(math.pi * spread)
    return float(scores.size * constant - half * np.log1p(scores**2 / spread).sum())


def _check(levels: tuple[float, ...], horizon: int) -> None:
    check_horizon(horizon)
    for level in levels:
        check_level(level)


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(seed))


def _summary(
    daily: FloatArray, levels: tuple[float, ...], allowed: list[bool], days: int, freedom: float
) -> SimulatedTail:
    """Compound ``daily`` (horizon, paths), where no day loses more than everything, and read the tail."""
    limited = np.maximum(daily, -1.0)
    total = limited[0] if len(limited) == 1 else np.prod(1.0 + limited, axis=0) - 1.0
    total.sort()
    tails = [tail_of_sorted(total, a) if ok else (math.nan, math.nan) for a, ok in zip(levels, allowed)]
    losses, shortfalls = np.array(tails).T
    return SimulatedTail(np.array(levels), losses, shortfalls, days, freedom)


def _unknown(levels: tuple[float, ...], days: int) -> SimulatedTail:
    missing = np.full(len(levels), math.nan)
    return SimulatedTail(np.array(levels), missing, missing.copy(), days)
