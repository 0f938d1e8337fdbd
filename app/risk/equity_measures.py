"""The named measures of a portfolio over one window, each with its method and, where it can't be honest, the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from app.domain.prices import FloatArray, PricePanel
from app.domain.risk_reports import Measure, Unit
from app.measures.conventions import (
    MIN_COVERED_WEIGHT,
    MIN_WINDOW_SHARE,
    has_coverage,
    has_enough_returns,
    has_tail,
)
from app.measures.returns import portfolio_returns
from app.measures.simulation import SimulatedTail, filtered_bootstrap, multivariate_t
from app.measures.tail import cornish_fisher_var, parametric_var
from app.measures.window_measures import WindowMeasures

PARTS = {"95": 0.95, "99": 0.99}
METHODS = {
    "volatility": "standard deviation (n - 1) of daily returns x sqrt(252)",
    "volatility_ewma": "each day's variance is 0.94 of the day before's and 0.06 of its squared return (RiskMetrics), "
    "started at the window's mean square; x sqrt(252)",
    "volatility_range": "Yang-Zhang volatility of each holding from its daily open, high, low and close, put together "
    "by the correlations of daily returns, since the holdings together have no high and low",
    "beta": "covariance with {benchmark} / variance of {benchmark}, common days",
    "correlation_nifty": "Pearson correlation with {benchmark}, common days",
    "r_squared": "squared correlation with {benchmark}",
    "var_historical": "linear quantile (type 7) of past returns",
    "var_parametric": "normal: -(mean + z x standard deviation (n - 1))",
    "var_cornish_fisher": "normal quantile corrected for skewness and excess kurtosis",
    "cvar": "mean of the worst returns beyond the level, fractional tail (Acerbi-Tasche)",
    "max_drawdown": "largest fall from a peak, wealth starting at 1",
    "sharpe": "mean excess return / standard deviation (n - 1) x sqrt(252), risk-free {risk_free:g} % a year",
    "sortino": "mean excess return / downside deviation over all days x sqrt(252), target {risk_free:g} % a year",
    "bootstrap": "whole days drawn with replacement, returns filtered to today's volatility (EWMA 0.94), {paths} "
    "paths, seed {seed}",
    "bootstrap_one_day": "whole days, returns filtered to today's volatility (EWMA 0.94), all equally likely: "
    "their linear quantile (type 7), the same for every seed; horizons of several days are drawn",
    "student_t": "multivariate Student t with fitted degrees of freedom, {paths} paths, seed {seed}",
}


NO_SPREAD = "the returns do not vary"
SUSPENDED = "it looks suspended: its risk can't be measured from prices"
OUTSIDE_DOMAIN = "the sample's skewness and kurtosis lie outside the range in which this expansion is a distribution"


@dataclass(frozen=True, slots=True)
class RiskOptions:
    """What a person may choose. Fractions; ``monte_carlo`` is bootstrap or student_t."""

    risk_free: float
    participation: float
    monte_carlo: str
    paths: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Portfolio:
    """The book as one return series over a window of ``length`` returns.

    ``series`` (length or fewer,) fractions; ``included`` (N,) the holdings in it; ``weights`` (N,) shares of all value,
    0 for those left out; ``coverage`` share of value in it; ``observations`` days with a return; ``unavailable`` says
    why no measure of the window can be given.
    """

    length: int
    series: FloatArray
    included: NDArray[np.bool_]
    weights: FloatArray
    coverage: float
    observations: int
    unavailable: str | None


@dataclass(frozen=True, slots=True, eq=False)
class BookRange:
    """Volatility of the book from its holdings' ranges, a fraction a year, NaN when ``unavailable`` says why.

    ``coverage`` is the share of all value behind it, ``observations`` the fewest days of any holding in it.
    """

    volatility: float
    coverage: float
    observations: int
    unavailable: str | None


def build_portfolio(panel: PricePanel, weights: FloatArray, length: int) -> Portfolio:
    """Current ``weights`` (N,) applied to the newest ``length`` returns of the holdings with enough history."""
    returns = panel.returns[-length:]
    seen = np.isfinite(returns).sum(axis=0)
    owned = weights > 0
    included = has_enough_returns(seen, length) & ~panel.suspended & owned
    coverage, series = 0.0, np.full(len(returns), np.nan)
    if included.any():
        coverage = 1.0 - float(weights[owned & ~included].sum())  # exactly 1 when nothing is left out
        series, _ = portfolio_returns(returns[:, included], weights[included])
    observations = int(np.count_nonzero(np.isfinite(series)))
    reason = _why_unavailable(length, observations, coverage, valued=bool(owned.any()))
    return Portfolio(length, series, included, np.where(included, weights, 0.0), coverage, observations, reason)


def _why_unavailable(length: int, observations: int, coverage: float, *, valued: bool) -> str | None:
    if not valued:
        return "no holding has a value"
    if not coverage:
        return f"no holding has {MIN_WINDOW_SHARE:.0%} of the {length} returns of this window"
    if not has_coverage(np.asarray(coverage)):
        return f"only {coverage:.0%} of the value has enough history, {MIN_COVERED_WEIGHT:.0%} is needed"
    if not has_enough_returns(observations, length):
        return f"only {observations} of {length} returns, {MIN_WINDOW_SHARE:.0%} are needed"
    return None


def why_no_pairs(pairs: int, length: int, benchmark: str | None) -> str | None:
    """Why a series with ``pairs`` of ``length`` days in common with the benchmark has no beta; None when it has."""
    if benchmark is None:
        return "there are no prices of the benchmark Nifty 50"
    if not has_enough_returns(pairs, length):
        return f"only {pairs} of {length} days in common with the benchmark"
    return None


def portfolio_measures(
    panel: PricePanel,
    portfolio: Portfolio,
    measured: WindowMeasures,
    row: int,
    ranged: BookRange,
    value: float | None,
    options: RiskOptions,
    horizon: int,
) -> dict[str, Measure]:
    """Every measure of the portfolio column ``row`` of ``measured``, in percent and rupees, by its name on the API."""
    column = len(panel.symbols) + row
    pick: Callable[[str], float] = lambda name: float(getattr(measured, name)[row, column])  # noqa: E731
    constant = pick("volatility") == 0.0
    methods = _methods(options, panel.benchmark_name)
    thin = {level: _why_thin(portfolio.observations, level, constant=constant) for level in PARTS.values()}
    make = _Maker(portfolio, value, methods, options.monte_carlo, horizon, panel.benchmark_name, constant, thin)
    correlation = pick("correlation")
    index = panel.benchmark_returns[len(panel.benchmark_returns) - len(portfolio.series) :]
    pairs = int(np.count_nonzero(np.isfinite(portfolio.series + index)))
    measures = {
        "volatility": make.loss("volatility", pick("volatility"), Unit.PERCENT),
        "volatility_ewma": make.loss("volatility_ewma", pick("volatility_ewma"), Unit.PERCENT),
        "volatility_range": make.ranged("volatility_range", ranged),
        "beta": make.market("beta", pick("beta"), pairs),
        "correlation_nifty": make.market("correlation_nifty", correlation, pairs),
        "r_squared": make.market("r_squared", correlation**2, pairs),
    }
    values = _tails(portfolio, pick, horizon)
    simulated = _simulate(panel, portfolio, options, horizon)
    for part, level in PARTS.items():
        for kind in ("var_historical", "var_parametric", "var_cornish_fisher"):
            measures[f"{kind}_{part}"] = make.tail(kind, level, values[f"{kind}_{part}"])
        measures[f"var_monte_carlo_{part}"] = make.simulated(level, simulated)
    for part, level in PARTS.items():
        measures[f"cvar_{part}"] = make.tail("cvar", level, values[f"cvar_{part}"])
    measures["max_drawdown"] = make.loss("max_drawdown", pick("max_drawdown"), Unit.PERCENT)
    measures["sharpe"] = make.ratio("sharpe", pick("sharpe"), NO_SPREAD)
    measures["sortino"] = make.ratio("sortino", pick("sortino"), "no return was below the risk-free rate")
    return measures


def _why_thin(observations: int, level: float, *, constant: bool) -> str:
    """Why a quantile of the sample at this level can be missing."""
    if has_tail(observations, level):
        return NO_SPREAD if constant else "too few returns"
    return f"{level:.0%} needs at least {round(1 / (1 - level))} returns, this window has {observations}"


def _tails(portfolio: Portfolio, pick: Callable[[str], float], horizon: int) -> dict[str, float]:
    """VaR and CVaR as fractions over the horizon: the one-day figures of the fast pass, scaled by their own rule."""
    names = [f"{kind}_{part}" for kind in ("var_historical", "cvar") for part in PARTS]
    found = {name: pick(name) * horizon**0.5 for name in names}
    for part, level in PARTS.items():
        for kind, function in (("var_parametric", parametric_var), ("var_cornish_fisher", cornish_fisher_var)):
            name = f"{kind}_{part}"
            found[name] = pick(name) if horizon == 1 else float(function(portfolio.series, level, horizon))
    return found


def _simulate(panel: PricePanel, portfolio: Portfolio, options: RiskOptions, horizon: int) -> SimulatedTail | None:
    if portfolio.unavailable:
        return None
    method = filtered_bootstrap if options.monte_carlo == "bootstrap" else multivariate_t
    returns = panel.returns[-portfolio.length :, portfolio.included]
    return method(
        returns,
        portfolio.weights[portfolio.included],
        levels=tuple(PARTS.values()),
        horizon=horizon,
        paths=options.paths,
        seed=options.seed,
    )


@lru_cache(maxsize=8)
def _methods(options: RiskOptions, benchmark: str | None) -> Mapping[str, str]:
    words = {
        "benchmark": benchmark or "Nifty 50",
        "risk_free": options.risk_free * 100,
        "paths": options.paths,
        "seed": options.seed,
    }
    return {name: text.format(**words) for name, text in METHODS.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _Maker:
    """Turns a fraction into a measure, or into the reason why there is none."""

    portfolio: Portfolio
    value: float | None
    methods: Mapping[str, str]
    monte_carlo: str
    horizon: int
    benchmark: str | None
    constant: bool
    thin: Mapping[float, str]

    def loss(self, name: str, fraction: float, unit: Unit) -> Measure:
        return self._measure(name, fraction * 100, unit, rupees=True)

    def ranged(self, name: str, found: BookRange) -> Measure:
        return self._measure(
            name,
            found.volatility * 100,
            Unit.PERCENT,
            rupees=True,
            reason=found.unavailable or NO_SPREAD,
            observations=found.observations,
            coverage=found.coverage,
        )

    def ratio(self, name: str, value: float, reason: str) -> Measure:
        return self._measure(name, value, Unit.RATIO, reason=reason)

    def market(self, name: str, value: float, pairs: int) -> Measure:
        """A measure against the benchmark over ``pairs`` common days; never from too few of them, never 0 for none."""
        reason = why_no_pairs(pairs, self.portfolio.length, self.benchmark)
        return self._measure(
            name, float("nan") if reason else value, Unit.RATIO, reason=reason or NO_SPREAD, observations=pairs
        )

    def tail(self, kind: str, level: float, fraction: float) -> Measure:
        empirical = kind in {"var_historical", "cvar"}
        reason = self.thin[level] if empirical else NO_SPREAD if self.constant else OUTSIDE_DOMAIN
        suffix = "" if self.horizon == 1 else f"; {self.horizon} days" + " by square root of time" * empirical
        return self._measure(kind, fraction * 100, Unit.PERCENT, rupees=True, reason=reason, suffix=suffix)

    def simulated(self, level: float, tail: SimulatedTail | None) -> Measure:
        fraction = float("nan") if tail is None else float(tail.value_at_risk[list(PARTS.values()).index(level)])
        observations = None if tail is None else tail.observations
        exact = self.horizon == 1 and self.monte_carlo == "bootstrap"
        suffix = "" if self.horizon == 1 else f"; {self.horizon} days compounded"
        return self._measure(
            "bootstrap_one_day" if exact else self.monte_carlo,
            fraction * 100,
            Unit.PERCENT,
            rupees=True,
            reason=self.thin[level],
            suffix=suffix,
            observations=observations,
        )

    def _measure(
        self,
        name: str,
        value: float,
        unit: Unit,
        *,
        rupees: bool = False,
        reason: str = "too few returns",
        suffix: str = "",
        observations: int | None = None,
        coverage: float | None = None,
    ) -> Measure:
        missing = self.portfolio.unavailable or (None if isfinite(value) else reason)
        return Measure(
            value=None if missing else value,
            unit=unit,
            rupees=value / 100 * self.value if rupees and not missing and self.value is not None else None,
            unavailable=missing,
            method=self.methods[name] + suffix,
            observations=self.portfolio.observations if observations is None else observations,
            coverage=(self.portfolio.coverage if coverage is None else coverage) * 100,
        )
