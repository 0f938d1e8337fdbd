"""The named measures of a portfolio over one window, each with its method and, where it can't be honest, the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.prices import FloatArray, PricePanel
from app.domain.risk_reports import Measure, Unit
from app.measures.conventions import MIN_COVERED_WEIGHT, MIN_WINDOW_SHARE, has_enough_returns, has_tail
from app.measures.simulation import SimulatedTail, filtered_bootstrap, multivariate_t
from app.measures.tail import cornish_fisher_var, parametric_var
from app.measures.window_measures import WindowMeasures

PARTS = {"95": 0.95, "99": 0.99}
METHODS = {
    "volatility": "standard deviation (n - 1) of daily returns x sqrt(252)",
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
    "student_t": "multivariate Student t with fitted degrees of freedom, {paths} paths, seed {seed}",
}


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
    0 for those left out; ``coverage`` share of value in it.
    """

    length: int
    series: FloatArray
    included: NDArray[np.bool_]
    weights: FloatArray
    coverage: float

    @property
    def observations(self) -> int:
        """Days with a portfolio return."""
        return int(np.count_nonzero(np.isfinite(self.series)))

    @property
    def unavailable(self) -> str | None:
        """Why no measure of this window can be given, or None."""
        if not self.included.any():
            return f"no holding has {MIN_WINDOW_SHARE:.0%} of the {self.length} returns of this window"
        if self.coverage < MIN_COVERED_WEIGHT:
            return f"only {self.coverage:.0%} of the value has enough history, {MIN_COVERED_WEIGHT:.0%} is needed"
        if not has_enough_returns(self.observations, self.length):
            return f"only {self.observations} of {self.length} returns, {MIN_WINDOW_SHARE:.0%} are needed"
        return None


def portfolio_measures(
    panel: PricePanel,
    portfolio: Portfolio,
    measured: WindowMeasures,
    row: int,
    value: float | None,
    options: RiskOptions,
    horizon: int,
) -> dict[str, Measure]:
    """Every measure of the portfolio column ``row`` of ``measured``, in percent and rupees, by its name on the API."""
    column = len(panel.symbols) + row
    pick: Callable[[str], float] = lambda name: float(getattr(measured, name)[row, column])  # noqa: E731
    make = _Maker(portfolio, value, options, horizon, panel.benchmark_name)
    correlation = pick("correlation")
    index = panel.benchmark_returns[len(panel.benchmark_returns) - len(portfolio.series) :]
    pairs = int(np.count_nonzero(np.isfinite(portfolio.series) & np.isfinite(index)))
    measures = {
        "volatility": make.loss("volatility", pick("volatility"), Unit.PERCENT_A_YEAR),
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
    measures["sharpe"] = make.ratio("sharpe", pick("sharpe"))
    measures["sortino"] = make.ratio("sortino", pick("sortino"))
    return measures


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


@dataclass(frozen=True, slots=True, eq=False)
class _Maker:
    """Turns a fraction into a measure, or into the reason why there is none."""

    portfolio: Portfolio
    value: float | None
    options: RiskOptions
    horizon: int
    benchmark: str | None

    def loss(self, name: str, fraction: float, unit: Unit) -> Measure:
        return self._measure(name, fraction * 100, unit, rupees=True)

    def ratio(self, name: str, value: float) -> Measure:
        return self._measure(name, value, Unit.RATIO, reason="returns do not vary")

    def market(self, name: str, value: float, pairs: int) -> Measure:
        """A measure against the benchmark over ``pairs`` common days; never from too few of them, never 0 for none."""
        if self.benchmark is None:
            reason = "there are no prices of the benchmark Nifty 50"
        elif not has_enough_returns(pairs, self.portfolio.length):
            reason, value = f"only {pairs} of {self.portfolio.length} days in common with the benchmark", float("nan")
        else:
            reason = "portfolio or benchmark returns do not vary"
        return self._measure(name, value, Unit.RATIO, reason=reason, observations=pairs)

    def tail(self, kind: str, level: float, fraction: float) -> Measure:
        reason = "the sample's skewness and kurtosis lie outside the range in which this expansion is a distribution"
        if kind in {"var_historical", "cvar"}:
            reason = self._thin(level)
        suffix = (
            ""
            if self.horizon == 1
            else f"; {self.horizon} days" + (" by square root of time" if kind in {"var_historical", "cvar"} else "")
        )
        return self._measure(kind, fraction * 100, Unit.PERCENT, rupees=True, reason=reason, suffix=suffix)

    def simulated(self, level: float, tail: SimulatedTail | None) -> Measure:
        fraction = float("nan") if tail is None else float(tail.value_at_risk[list(PARTS.values()).index(level)])
        observations = None if tail is None else tail.observations
        suffix = "" if self.horizon == 1 else f"; {self.horizon} days compounded"
        return self._measure(
            self.options.monte_carlo,
            fraction * 100,
            Unit.PERCENT,
            rupees=True,
            reason=self._thin(level),
            suffix=suffix,
            observations=observations,
        )

    def _thin(self, level: float) -> str:
        if has_tail(self.portfolio.observations, level):
            return "too few returns"
        needed = round(1 / (1 - level))
        return f"{level:.0%} needs at least {needed} returns, this window has {self.portfolio.observations}"

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
    ) -> Measure:
        missing = self.portfolio.unavailable or (None if np.isfinite(value) else reason)
        method = METHODS[name].format(
            benchmark=self.benchmark or "Nifty 50",
            risk_free=self.options.risk_free * 100,
            paths=self.options.paths,
            seed=self.options.seed,
        )
        return Measure(
            value=None if missing else value,
            unit=unit,
            rupees=value / 100 * self.value if rupees and not missing and self.value is not None else None,
            unavailable=missing,
            method=method + suffix,
            observations=self.portfolio.observations if observations is None else observations,
            coverage=self.portfolio.coverage * 100,
        )
