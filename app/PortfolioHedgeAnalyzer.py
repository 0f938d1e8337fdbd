"""The hedge desk: beta of the book against its index and what protects it, in whole lots at prices that exist.

The arithmetic is in ``app.measures.hedging`` and ``app.measures.options``; docs/hedging.md gives the rules.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import numpy as np

from app.domain import derivatives as dv
from app.domain.errors import RiskError
from app.domain.market_hours import IST
from app.domain.money import format_rupees_compact as rupees
from app.domain.risk_reports import WINDOWS, Measure
from app.measures import hedging
from app.measures.conventions import PERIODS_PER_YEAR, RISK_FREE, check_horizon
from app.measures.options import DAYS_PER_YEAR, Chain, Quotes, quote_flaws, screen_chain

SHOCKS = np.array([0.05, 0.10, 0.20])
"""Falls of the index, fractions, at which losses are shown."""
EXPIRY_SPAN = timedelta(days=92)
"""A hedge expires no later than this after the day asked for."""
EXPIRES_AT = time(15, 30)
"""When index contracts expire, India time."""
LEVEL_FIT = 0.05
"""A discounted forward farther than this share from the index level is of another day than the level."""
LONGEST = "1y"
"""The only window with enough returns for a historical 99 % VaR."""

RowChoice = Callable[[Chain, hedging.Need, int], tuple[int, ...] | None]
ROWS: dict[dv.Strategy, RowChoice] = {
    dv.Strategy.PROTECTIVE_PUT: hedging.put_rows,
    dv.Strategy.PUT_SPREAD: hedging.spread_rows,
    dv.Strategy.COLLAR: hedging.collar_rows,
}
"""Which options make a strategy."""

MarginSource = Callable[[tuple[dv.HedgeLeg, ...]], float | None]
"""Asks a broker for the margin of all legs together, rupees; None when it does not say."""


class PortfolioHedgeAnalyzer:
    """Sizes hedges for the book that ``base`` gives, out of the contracts that ``market`` gives.

    Both are asked anew at every call. ``rate`` is the continuous interest rate a year, a fraction.
    """

    def __init__(
        self,
        base: Callable[[], dv.HedgeBase],
        market: Callable[[], dv.DerivativesMarket],
        margin: MarginSource | None = None,
        rate: float = RISK_FREE,
    ) -> None:
        self._base, self._market, self._margin, self._rate = base, market, margin, rate

    def plan(self, request: dv.HedgeRequest) -> dv.HedgePlan:
        """Every strategy asked for, either as a hedge or with the reason why it is not offered.

        Raises UnknownWindow for a window that the risk report does not have.
        """
        return self._plan(self._base(), request)

    def calculate_portfolio_beta(self, lookback_days: int = 60) -> dict[str, object]:
        """Beta, correlation and daily volatilities (percent) of the risk report's window of 60, 90 or 252 returns.

        The host dashboard's keys; None where unknown, ``error`` with the reason where there is no beta. Raises
        UnknownWindow for other days.
        """
        base = self._base()
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
        base = self._base()
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
        base, strategies = self._base(), dv.host_strategies(strategy_type)
        measures = base.measures(LONGEST)
        goal = dv.TargetBeta(max(measures["beta"].value or 0.0, 0.0) * (1.0 - target_hedge_ratio))
        plan = self._plan(base, dv.HedgeRequest(goal, LONGEST, strategies=strategies))
        return _host_answer(plan, measures["correlation_nifty"].value, target_hedge_ratio)

    def _plan(self, base: dv.HedgeBase, request: dv.HedgeRequest) -> dv.HedgePlan:
        beta = base.measures(request.window)["beta"].value
        bare = dv.HedgePlan(request, base.value, beta, base.level, None, (), ())
        reason = base.why_unknown(request.window) or request.why_needless(base.value or 0.0, beta or 0.0)
        if reason:
            return replace(bare, not_offered=tuple(dv.NoHedge(strategy, reason) for strategy in request.strategies))
        case = _Case.of(base, request, self._market(), self._rate)
        outcomes = [self._outcome(case, strategy) for strategy in request.strategies]
        return replace(
            bare,
            as_of=case.market.as_of,
            hedges=tuple(outcome for outcome in outcomes if isinstance(outcome, dv.Hedge)),
            not_offered=tuple(outcome for outcome in outcomes if isinstance(outcome, dv.NoHedge)),
        )

    def _outcome(self, case: _Case, strategy: dv.Strategy) -> dv.Hedge | dv.NoHedge:
        """The hedge of the earliest expiry that has what the strategy needs, or why there is none."""
        refused: Counter[str] = Counter()
        offers = _options(case, ROWS[strategy], refused) if strategy in ROWS else _futures(case, refused)
        offer = next(offers, None)
        if offer is None:
            return dv.NoHedge(strategy, _why_no_contract(case, refused))
        lots = hedging.lots(case.need, offer.structure, offer.unit, offer.lot)
        if not lots:
            return _below_one_lot(case, strategy, offer)
        hedge = _hedge(case, strategy, offer, lots)
        margin, unavailable = _ask_margin(hedge.legs, self._margin)
        return replace(hedge, margin=margin, margin_unavailable=unavailable)


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """A request for a book whose value, beta and index level are known, and the market to fill it from.

    Contracts may expire from ``first`` to ``last``.
    """

    request: dv.HedgeRequest
    need: hedging.Need
    base: dv.HedgeBase
    market: dv.DerivativesMarket
    first: date
    last: date
    rate: float

    @classmethod
    def of(cls, base: dv.HedgeBase, request: dv.HedgeRequest, market: dv.DerivativesMarket, rate: float) -> _Case:
        known = (base.value, base.windows[request.window]["beta"].value, base.level)
        value, beta, level = (math.nan if number is None else number for number in known)
        nearest, goal = request.rounding is dv.Rounding.NEAREST, request.goal
        if isinstance(goal, dv.TargetBeta):
            need = hedging.Need(value, beta, level, nearest=nearest, target=goal.beta)
        else:
            need = hedging.Need(value, beta, level, nearest=nearest, budget=goal.rupees, fall=goal.index_fall / 100)
        first = market.as_of.astimezone(IST).date() + timedelta(days=request.days)
        return cls(request, need, base, market, first, first + EXPIRY_SPAN, rate)


@dataclass(frozen=True, slots=True, eq=False)
class _Offer:
    """One unit of a hedge: ``contracts`` go with the structure's legs, all of the same lot.

    ``unit`` is the index exposure of one unit in points: the future's price, the index for options.
    """

    contracts: tuple[dv.Contract, ...]
    lot: int
    structure: hedging.Structure
    unit: float


def _daily(volatility: Measure | None) -> float | None:
    """Percent a day of a yearly volatility."""
    value = None if volatility is None else volatility.value
    return None if value is None else value / math.sqrt(PERIODS_PER_YEAR)


def _futures(case: _Case, refused: Counter[str]) -> Iterator[_Offer]:
    """Futures at believable prices, the earliest first; ``refused`` counts why others are not."""
    for expiry, listed in case.market.by_expiry(case.market.futures, case.first, case.last):
        quotes, years = _columns(case, listed), _years(case, expiry)
        price, middle = float(quotes.sell[0]), float(quotes.middle[0])
        flaw = str(quote_flaws(quotes, years)[0]) or _misfit(case, middle, years)
        refused.update([flaw] if flaw else [])
        if not flaw:
            contract, structure = listed[0].contract, hedging.short_future(price, middle, years, case.rate)
            yield _Offer((contract,), contract.lot_size, structure, price)


def _options(case: _Case, choose: RowChoice, refused: Counter[str]) -> Iterator[_Offer]:
    """Options of one expiry that make the strategy, the earliest first; ``refused`` counts why quotes are not used."""
    for expiry, listed in case.market.by_expiry(case.market.options, case.first, case.last):
        chain = _chain(case, expiry, listed)
        misfit = _misfit(case, chain.forward, chain.years)
        refused.update([misfit] if misfit else [str(flaw) for flaw in chain.flaws if flaw])
        lot = listed[0].contract.lot_size
        rows = None if misfit else choose(chain, case.need, lot)
        if rows is not None:
            contracts = tuple(listed[row].contract for row in rows)
            yield _Offer(contracts, lot, hedging.combine(chain, *rows), case.need.level)


def _chain(case: _Case, expiry: date, listed: Sequence[dv.OptionQuote]) -> Chain:
    """Screened options of one expiry, on its future where one is listed at a believable price."""
    years = _years(case, expiry)
    futures = [quote for _, group in case.market.by_expiry(case.market.futures, expiry, expiry) for quote in group]
    quotes = _columns(case, futures)
    prices = quotes.middle[quote_flaws(quotes, years) == ""]
    return screen_chain(
        np.array([quote.contract.strike for quote in listed]),
        np.array([quote.contract.kind is dv.OptionKind.CALL for quote in listed]),
        _columns(case, listed),
        years,
        case.rate,
        float(prices[0]) if len(prices) else math.nan,
    )


def _columns(case: _Case, listed: Sequence[dv.FutureQuote | dv.OptionQuote]) -> Quotes:
    rows = [(q.bid, q.ask, q.last, q.volume, q.open_interest) for q in (one.quote for one in listed)]
    age = np.array([(case.market.as_of - one.quote.quoted_at).total_seconds() for one in listed])
    bid, ask, last, volume, interest = np.array(rows, dtype=float).reshape(-1, 5).T
    return Quotes(bid, ask, last, volume, interest, age, has_depth=case.market.basis is dv.PriceBasis.LIVE)


def _years(case: _Case, expiry: date) -> float:
    return (datetime.combine(expiry, EXPIRES_AT, IST) - case.market.as_of) / timedelta(days=DAYS_PER_YEAR)


def _misfit(case: _Case, forward: float, years: float) -> str:
    """A sentence where a forward can't be of the same day as the index level, empty where it can or is unknown."""
    if not abs(forward * math.exp(-case.rate * years) / case.need.level - 1.0) > LEVEL_FIT:
        return ""
    return f"a forward of {forward:,.1f} and an index of {case.need.level:,.1f} are not of the same day"


def _legs(offer: _Offer, lots: int) -> tuple[dv.HedgeLeg, ...]:
    structure, units = offer.structure, lots * offer.lot
    sides = [dv.Side.BUY if side > 0 else dv.Side.SELL for side in structure.side]
    volatilities = [None if math.isnan(percent) else percent for percent in (structure.volatility * 100).tolist()]
    return tuple(
        dv.HedgeLeg(contract, side, lots, units, price, price * units, volatility)
        for contract, side, price, volatility in zip(
            offer.contracts, sides, structure.price.tolist(), volatilities, strict=True
        )
    )


def _ask_margin(legs: tuple[dv.HedgeLeg, ...], source: MarginSource | None) -> tuple[float | None, str | None]:
    """Margin besides the premium, or why it is unknown. Bought options are paid in full: they need none."""
    if all(leg.side is dv.Side.BUY for leg in legs):
        return 0.0, None
    if source is None:
        return None, "the exchange's margin for sold contracts changes daily: only the broker knows it"
    margin = source(legs)
    return margin, "the broker gave no margin" if margin is None else None


def _hedge(case: _Case, strategy: dv.Strategy, offer: _Offer, lots: int) -> dv.Hedge:
    """The hedge with everything but its margin."""
    need, legs = case.need, _legs(offer, lots)
    found = hedging.figures(offer.structure, legs[0].units, need, offer.unit, np.append(SHOCKS, need.fall))
    return dv.Hedge(
        strategy=strategy,
        expiry=legs[0].instrument.expiry,
        legs=legs,
        cost=found.cost,
        margin=None,
        margin_unavailable=None,
        break_even=None if math.isnan(found.break_even) else found.break_even,
        residual_beta=found.beta,
        residual_beta_in_fall=found.beta_in_fall,
        protected_share=found.covered * 100,
        theta=found.decay,
        max_profit=found.most_gained,
        max_loss=None if math.isinf(found.most_lost) else found.most_lost,
        shocks=_shocks(found),
        meets_budget=bool(found.loss_at_expiry[-1] < need.budget + 0.01) if need.has_budget else None,
        explanation=_explanation(legs, need, found),
        notes=tuple(_notes(case, strategy, offer, found)),
    )


def _shocks(found: hedging.Figures) -> tuple[dv.ShockLoss, ...]:
    spared = 100 * (1 - found.loss_at_expiry / found.loss_book)
    columns = np.column_stack((found.loss_book, found.loss_at_expiry, found.loss_now, spared))
    return tuple(dv.ShockLoss(-100 * fall, *row) for fall, row in zip(SHOCKS.tolist(), columns.tolist()))


def _explanation(legs: tuple[dv.HedgeLeg, ...], need: hedging.Need, found: hedging.Figures) -> str:
    orders = " and ".join(
        f"{leg.side.value.lower()} {leg.lots} lots ({leg.units} units) of {leg.instrument.symbol} at {leg.price:,.2f}"
        for leg in legs
    )
    return (
        f"{orders[0].upper()}{orders[1:]}: the beta of {need.beta:.2f} becomes {found.beta:.2f} now and "
        f"{found.beta_in_fall:.2f} in a fall from 10 to 20 %. A fall of 10 % by "
        f"{legs[0].instrument.expiry:%d %b %Y} costs {rupees(float(found.loss_at_expiry[1]))} instead of "
        f"{rupees(float(found.loss_book[1]))}."
    )


def _notes(case: _Case, strategy: dv.Strategy, offer: _Offer, found: hedging.Figures) -> Iterator[str]:
    """What the reader must know beside the figures."""
    need, strikes = case.need, offer.structure.strike
    yield dv.LIMITS[strategy].format(*strikes.tolist())
    if need.has_budget and found.loss_at_expiry[-1] >= need.budget + 0.01:
        least = rupees(float(found.loss_at_expiry[-1]))
        yield f"The budget is not kept: with every lot that the book's exposure allows the loss is still {least}."
    if found.covered > 1:
        yield "Over-hedged: rounded to the nearest lot it stands for more than the book's index exposure."
    correlation = case.base.windows[case.request.window]["correlation_nifty"].value
    if correlation is not None:
        yield f"The index explains {correlation**2:.0%} of the book's variance; the rest stays unhedged."
    if case.market.basis is dv.PriceBasis.END_OF_DAY:
        yield f"Prices are closes of {case.market.as_of.astimezone(IST):%d %b %Y}, not offers: see bid and ask first."
    if case.base.level_as_of not in {None, case.market.as_of.astimezone(IST).date()}:
        yield f"The index level is of {case.base.level_as_of:%d %b %Y}, another day than the prices."


def _below_one_lot(case: _Case, strategy: dv.Strategy, offer: _Offer) -> dv.NoHedge:
    """Why the hedge rounds to no lot, and what to do instead."""
    need, lot_value = case.need, offer.unit * offer.lot
    exposure, exact = need.value * need.beta, hedging.exact_lots(need, offer.structure, offer.unit, offer.lot)
    book = f"{rupees(need.value)} x beta {need.beta:.2f} = {rupees(exposure)}"
    what = (
        f"your book is below one lot: {book}"
        if exposure < lot_value
        else (f"the reduction asked for is below one lot: {exact:.2f} lots")
    )
    reason = f"{what}; one lot of {case.market.underlying} ({offer.lot} units) is {rupees(lot_value)}"
    nearest = hedging.lots(replace(need, nearest=True), offer.structure, offer.unit, offer.lot)
    share = case.request.share_to_sell(need.value, need.beta)
    advice = (
        "Futures and options come in the same lots, so a put or a put spread does not help. Selling "
        f"{rupees(share * need.value)} of the book, every share in proportion, does the same"
        + (f"; rounded to the nearest lot it would be {nearest}, more than asked." if nearest else ".")
    )
    return dv.NoHedge(strategy, reason, advice)


def _why_no_contract(case: _Case, refused: Counter[str]) -> str:
    reasons = ", ".join(f"{count} {flaw}" for flaw, count in refused.most_common())
    why = f"quotes refused: {reasons}" if reasons else "nothing listed or no strike near enough"
    span = f"{case.first:%d %b %Y} to {case.last:%d %b %Y}"
    return f"no {case.market.underlying} contract that expires {span} can be used ({why})"


def _host_answer(plan: dv.HedgePlan, correlation: float | None, ratio: float) -> dict[str, object]:
    """A plan under the host dashboard's keys. Strategies are alternatives: totals are given for a single one only."""
    exposure = None if plan.value is None or plan.beta is None else plan.value * plan.beta
    only = plan.hedges[0] if len(plan.hedges) == 1 else None
    refused = {no.strategy.value: f"{no.reason}. {no.advice}".strip() for no in plan.not_offered}
    answer: dict[str, object] = {
        "strategies": [dv.host_item(hedge, exposure or 0.0) for hedge in plan.hedges],
        "total_strategies": len(plan.hedges),
        "portfolio_value": plan.value,
        "portfolio_beta": plan.beta,
        "portfolio_correlation": correlation,
        "target_hedge_ratio": ratio,
        "total_hedge_value": None if exposure is None else exposure * ratio,
        "total_premium_cost": only and only.premium(dv.Side.BUY),
        "total_premium_income": only and only.premium(dv.Side.SELL),
        "net_hedging_cost": only and only.cost,
        "total_margin_required": only and only.margin,
        "hedge_effectiveness_score": None if correlation is None else correlation * 100,
        "nifty_current_price": plan.index_level,
        "diagnostics": refused,
    }
    message = " ".join(refused.values()) or "Index calls sold against shares are no hedge."
    return answer if plan.hedges else answer | {"diagnostic_message": message}
