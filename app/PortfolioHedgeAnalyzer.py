"""The hedge desk: beta of the book against its index and what protects it, in whole lots at prices that exist.

How a plan comes about is in ``app.hedge_plans``; docs/hedging.md gives the rules.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from app.domain import hedges as hd
from app.domain.derivatives import DerivativesMarket, NoDerivatives
from app.domain.errors import RiskError
from app.domain.risk_reports import WINDOWS, Measure
from app.hedge_plans import answer, open_case
from app.measures.conventions import PERIODS_PER_YEAR, RISK_FREE, check_horizon

LONGEST = "1y"
"""The only window with enough returns for a historical 99 % VaR."""

NO_MARGIN = "the exchange's margin for sold contracts changes daily: only the broker knows it"

BaseSource = Callable[[date | None], hd.HedgeBase]
"""The book as it stands, or as it stood on a day."""
MarketSource = Callable[[str | None, hd.HedgeRequest], DerivativesMarket]
"""Quotes of the contracts on a benchmark that a request could use; may raise NoDerivatives."""


class PortfolioHedgeAnalyzer:
    """Sizes hedges for the book that ``base`` gives, out of the contracts that ``market`` gives.

    Both are asked anew at every call. ``rate`` is the continuous interest rate a year, a fraction.
    """

    def __init__(self, base: BaseSource, market: MarketSource, rate: float = RISK_FREE) -> None:
        self._base, self._market, self._rate = base, market, rate

    def base(self) -> hd.HedgeBase:
        """What there is to protect: value, index and the betas of every window."""
        return self._base(None)

    def plan(self, request: hd.HedgeRequest, base: hd.HedgeBase | None = None) -> hd.HedgePlan:
        """Every strategy asked for, either as a hedge or with the reason why it is not offered.

        ``base`` as had from ``base`` before, None to read it. No quote is asked for where there is nothing to hedge.

        Raises UnknownWindow for a window that the risk report does not have.
        """
        return self._plan(base or self._base(request.as_of), request)

    def calculate_portfolio_beta(self, lookback_days: int = 60) -> dict[str, object]:
        """Beta, correlation and daily volatilities (percent) of the risk report's window of 60, 90 or 252 returns.

        The host dashboard's keys; None where unknown, ``error`` with the reason where there is no beta. Raises
        UnknownWindow for other days.
        """
        base = self._base(None)
        name = next((name for name, days in WINDOWS.items() if days == lookback_days), f"{lookback_days}d")
        measures = base.measures(name)
        beta = measures["beta"]
        found: dict[str, object] = {
            "beta": beta.value,
            "correlation": measures["correlation_nifty"].value,
            "portfolio_value": base.value,
            "equity_value": base.equity_value,
            "mf_value": base.mf_value,
            "days_analyzed": beta.observations,
            "portfolio_volatility": _daily(measures["volatility"]),
            "nifty_volatility": _daily(measures.get("benchmark_volatility")),
            "note": f"{beta.method}; {beta.coverage:.0f} % of the value has enough history",
        }
        return found if beta.unavailable is None else found | {"error": beta.unavailable}

    def calculate_var(self, confidence_level: float = 0.95, time_horizon: int = 1) -> dict[str, object]:
        """Historical VaR of the risk report over one year in positive rupees, times sqrt(``time_horizon`` days).

        ``confidence_level`` is only echoed: both levels are always given. None with ``error`` where there is none;
        raises ValueError for a horizon below one day.
        """
        check_horizon(time_horizon)
        base = self._base(None)
        measures = base.measures(LONGEST)
        found: dict[str, object] = {
            "portfolio_value": base.value,
            "portfolio_volatility": _daily(measures["volatility"]),
            "confidence_level": confidence_level,
            "time_horizon": time_horizon,
        }
        for level in ("95", "99"):
            var = measures[f"var_historical_{level}"]
            found[f"var_{level}"] = None if var.rupees is None else var.rupees * math.sqrt(time_horizon)
            if var.unavailable is not None:
                found["error"] = var.unavailable
        return found

    def suggest_hedge(self, target_hedge_ratio: float = 0.5, strategy_type: str = "all") -> dict[str, object]:
        """Hedges that take away the share ``target_hedge_ratio`` (0 to 1] of the one-year beta, in the host's keys.

        ``strategy_type`` is all or a comma list of futures, puts, spreads, collars and calls; calls gives nothing, for
        index calls sold against shares are no hedge. Raises RiskError for any other word or ratio.
        """
        if not 0.0 < target_hedge_ratio <= 1.0:
            raise RiskError(f"A hedge ratio of {target_hedge_ratio} is not possible.", "Use more than 0 and up to 1.")
        base, strategies = self._base(None), hd.host_strategies(strategy_type)
        measures = base.measures(LONGEST)
        goal = hd.TargetBeta(max(measures["beta"].value or 0.0, 0.0) * (1.0 - target_hedge_ratio))
        plan = self._plan(base, hd.HedgeRequest(goal, LONGEST, strategies=strategies))
        return _host_answer(plan, measures["correlation_nifty"].value, target_hedge_ratio)

    def _plan(self, base: hd.HedgeBase, request: hd.HedgeRequest) -> hd.HedgePlan:
        reason = base.why_unknown(request.window)
        reason = reason or request.why_needless(base.value or 0.0, base.windows[request.window]["beta"].value or 0.0)
        if reason:
            return _refusal(base, request, reason)
        try:
            case = open_case(base, request, self._market(base.benchmark, request), self._rate)
        except NoDerivatives as error:
            return _refusal(base, request, error.message, error.remedy)
        outcomes = [answer(case, strategy) for strategy in request.strategies]
        return replace(
            _refusal(base, request, ""),
            index_level=case.need.level,
            quotes=case.origin(),
            hedges=tuple(_with_margin(outcome) for outcome in outcomes if isinstance(outcome, hd.Hedge)),
            not_offered=tuple(outcome for outcome in outcomes if isinstance(outcome, hd.NoHedge)),
        )


def _with_margin(hedge: hd.Hedge) -> hd.Hedge:
    """The hedge with its margin, or why it is unknown. Bought options are paid in full: they need none."""
    is_bought = all(leg.side is hd.Side.BUY for leg in hedge.legs)
    return replace(hedge, margin=0.0) if is_bought else replace(hedge, margin_unavailable=NO_MARGIN)


def _refusal(base: hd.HedgeBase, request: hd.HedgeRequest, reason: str, advice: str = "") -> hd.HedgePlan:
    """The plan that offers nothing, for one reason."""
    return hd.HedgePlan(
        request=request,
        value=base.value,
        beta=base.windows[request.window]["beta"].value,
        index_level=base.level,
        benchmark=base.benchmark,
        betas=base.betas(),
        book_as_of=base.as_of,
        sample_data=base.is_sample,
        quotes=None,
        hedges=(),
        not_offered=tuple(hd.NoHedge(strategy, reason, advice) for strategy in request.strategies),
    )


def _daily(volatility: Measure | None) -> float | None:
    """Percent a day of a yearly volatility."""
    value = None if volatility is None else volatility.value
    return None if value is None else value / math.sqrt(PERIODS_PER_YEAR)


def _host_answer(plan: hd.HedgePlan, correlation: float | None, ratio: float) -> dict[str, object]:
    """A plan under the host dashboard's keys. Strategies are alternatives: totals are given for a single one only."""
    exposure = None if plan.value is None or plan.beta is None else plan.value * plan.beta
    only = plan.hedges[0] if len(plan.hedges) == 1 else None
    refused = {no.strategy.value: f"{no.reason}. {no.advice}".strip() for no in plan.not_offered}
    answer: dict[str, object] = {
        "strategies": [hd.host_item(hedge, exposure or 0.0) for hedge in plan.hedges],
        "total_strategies": len(plan.hedges),
        "portfolio_value": plan.value,
        "portfolio_beta": plan.beta,
        "portfolio_correlation": correlation,
        "target_hedge_ratio": ratio,
        "total_hedge_value": None if exposure is None else exposure * ratio,
        "total_premium_cost": only and only.premium(hd.Side.BUY),
        "total_premium_income": only and only.premium(hd.Side.SELL),
        "net_hedging_cost": only and only.cost,
        "total_margin_required": only and only.margin,
        "hedge_effectiveness_score": None if correlation is None else correlation * 100,
        "nifty_current_price": plan.index_level,
        "diagnostics": refused,
    }
    message = " ".join(refused.values()) or "Index calls sold against shares are no hedge."
    return answer if plan.hedges else answer | {"diagnostic_message": message}
