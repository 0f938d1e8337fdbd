"""Hedges of a book: what is to be protected, what is asked, and the answer in whole lots of index contracts.

Rupees are rupees, percent is percent, losses are positive.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.domain.derivatives import FutureContract, OptionContract, PriceBasis
from app.domain.errors import RiskError, UnknownWindow
from app.domain.money import format_rupees, format_rupees_compact
from app.domain.risk_reports import Measure

EXPIRY_SPAN = timedelta(days=92)
"""A hedge expires no later than this after the day it must last to."""
USUAL_FALL = 10.0
"""Percent that the index falls where a loss budget names no other."""


class Side(StrEnum):
    """What is done with a leg."""

    BUY = "BUY"
    SELL = "SELL"


class Strategy(StrEnum):
    """The hedges that are offered."""

    FUTURES_SHORT = "FUTURES_SHORT"
    PROTECTIVE_PUT = "PROTECTIVE_PUT"
    PUT_SPREAD = "PUT_SPREAD"
    COLLAR = "COLLAR"


class Rounding(StrEnum):
    """DOWN never hedges more than asked; NEAREST may, by up to half a lot."""

    DOWN = "down"
    NEAREST = "nearest"


@dataclass(frozen=True, slots=True)
class HedgeBase:
    """What is to be protected: shares and equity funds, without debt and liquid funds.

    ``value`` rupees, None when unknown (``equity_value`` + ``mf_value`` where both are known); ``level`` of the
    ``benchmark`` index on ``level_as_of``. ``windows`` holds the measures of the risk report of this very book by
    window, over one day: ``beta``, ``correlation_nifty``, ``volatility``, ``var_historical_95``, ``_99``; where known
    also ``benchmark_volatility``. ``as_of`` is the day of the newest close behind them.
    """

    value: float | None
    equity_value: float | None
    mf_value: float | None
    benchmark: str | None
    level: float | None
    level_as_of: date | None
    windows: Mapping[str, Mapping[str, Measure]]
    as_of: date | None = None
    is_sample: bool = False

    def measures(self, window: str) -> Mapping[str, Measure]:
        """The measures of a window; raises UnknownWindow where the report has none of this name."""
        if window not in self.windows:
            raise UnknownWindow(f"The risk report has no window {window}.", f"Use one of {', '.join(self.windows)}.")
        return self.windows[window]

    def betas(self) -> dict[str, Measure]:
        """The beta of every window."""
        return {name: measures["beta"] for name, measures in self.windows.items()}

    def why_unknown(self, window: str) -> str | None:
        """Why the book has no known index exposure over a window; None when it has."""
        beta = self.measures(window)["beta"]
        if beta.value is None:
            return f"the book has no beta: {beta.unavailable}"
        if self.value is None or self.value <= 0:
            return "the value of the book is unknown or zero"
        return f"there is no level of {self.benchmark or 'the index'}" if self.level is None else None


@dataclass(frozen=True, slots=True)
class TargetBeta:
    """Bring the book's beta down to ``beta``. Below 0 would be a bet on a fall: raises ValueError."""

    beta: float

    def __post_init__(self) -> None:
        if not self.beta >= 0:
            raise ValueError(f"a target beta is 0 or more, not {self.beta}")


@dataclass(frozen=True, slots=True)
class LossBudget:
    """Lose at most ``rupees`` when the index stands ``index_fall`` percent lower at expiry.

    Raises ValueError for a negative budget or a fall outside (0, 100).
    """

    rupees: float
    index_fall: float

    def __post_init__(self) -> None:
        if not (self.rupees >= 0 and 0 < self.index_fall < 100):
            raise ValueError(f"no loss budget: {self.rupees} rupees at a fall of {self.index_fall} percent")


Goal = TargetBeta | LossBudget


class UnclearGoal(RiskError):
    """A question for a hedge that names no goal, two of them, or one that can't be."""

    exit_code = 2


def hedge_goal(target_beta: float | None, loss_budget: float | None, fall: float | None = None) -> Goal:
    """The goal of a question in which everything is optional; a budget without a ``fall`` means ``USUAL_FALL`` percent.

    Raises UnclearGoal unless exactly one of the two is given, finite and possible.
    """
    if (target_beta is None) == (loss_budget is None) or (target_beta is not None and fall is not None):
        raise UnclearGoal(
            "A hedge needs one goal: a target beta, or a loss budget with the fall of the index it is for.",
            "Give target_beta, or loss_budget and perhaps fall.",
        )
    numbers = (target_beta, loss_budget, fall)
    try:
        if not all(math.isfinite(number) for number in numbers if number is not None):
            raise ValueError("a goal is a finite number")
        if target_beta is not None:
            return TargetBeta(target_beta)
        return LossBudget(loss_budget or 0.0, USUAL_FALL if fall is None else fall)
    except ValueError as error:
        raise UnclearGoal(
            f"This is no goal: {error}.", "A beta is 0 or more, a budget 0 rupees or more, a fall between 0 and 100 %."
        ) from None


@dataclass(frozen=True, slots=True)
class HedgeRequest:
    """What the user asks. ``days`` calendar days that the hedge must last; ``window`` of the risk report.

    ``as_of`` asks what it would have been on an earlier day, at that day's closes.
    """

    goal: Goal
    window: str = "1y"
    days: int = 30
    rounding: Rounding = Rounding.DOWN
    strategies: tuple[Strategy, ...] = tuple(Strategy)
    as_of: date | None = None

    def __post_init__(self) -> None:
        if self.days < 1:
            raise ValueError(f"a hedge lasts a day or more, not {self.days}")

    def expiries(self, today: date) -> tuple[date, date]:
        """First and last day on which contracts for it may expire."""
        first = today + timedelta(days=self.days)
        return first, first + EXPIRY_SPAN

    def why_needless(self, value: float, beta: float) -> str | None:
        """Why a book of ``value`` rupees and ``beta`` needs no hedge to reach the goal; None when it does."""
        if beta <= 0:
            return f"the beta is {beta:.2f}: the book does not fall with the index"
        if isinstance(self.goal, TargetBeta):
            return f"the beta is {beta:.2f}, not above {self.goal.beta:.2f}" if beta <= self.goal.beta else None
        alone = value * beta * self.goal.index_fall / 100
        if alone > self.goal.rupees:
            return None
        fall, loss = f"{self.goal.index_fall:g} %", format_rupees_compact(alone)
        return f"at a fall of {fall} the book alone loses {loss}, within the budget"

    def share_to_sell(self, value: float, beta: float) -> float:
        """Share of the book (0 to 1) whose sale reaches the goal without a hedge."""
        if isinstance(self.goal, TargetBeta):
            return 1.0 - self.goal.beta / beta
        return 1.0 - self.goal.rupees / (value * beta * self.goal.index_fall / 100)


@dataclass(frozen=True, slots=True)
class HedgeLeg:
    """One order of a hedge. ``price`` in points a unit, ``value`` = price x units in rupees, both positive.

    ``implied_volatility`` percent a year; None for a future.
    """

    instrument: FutureContract | OptionContract
    side: Side
    lots: int
    units: int
    price: float
    value: float
    implied_volatility: float | None


@dataclass(frozen=True, slots=True)
class ShockLoss:
    """Losses in rupees (a gain is negative) when the index moves ``index_change`` percent.

    ``book`` alone moves by beta times the index. ``hedged_at_expiry`` and ``hedged_now`` include the hedge and its
    cost, now with every option at its present implied volatility. ``protected_share``: percent of ``book`` that the
    hedge takes away at expiry.
    """

    index_change: float
    book: float
    hedged_at_expiry: float
    hedged_now: float
    protected_share: float


@dataclass(frozen=True, slots=True)
class Hedge:
    """A hedge in whole lots, all figures for the whole position.

    ``cost`` premium paid less premium received, rupees (negative: received); ``margin`` rupees to be blocked besides,
    None exactly when ``margin_unavailable`` says why. ``break_even`` index level at expiry below which the hedge has
    paid for itself, None if there is none. ``residual_beta`` of book and hedge now, ``residual_beta_in_fall`` at expiry
    while the index falls from 10 to 20 percent. ``protected_share`` percent of the
    book's index exposure that the hedge's units stand for. ``theta`` rupees gained (lost: negative) by the options in
    a calendar day. ``max_profit`` and ``max_loss`` of the hedge alone at expiry, rupees; ``max_loss`` None: no limit.
    ``meets_budget`` None when the goal is a beta.
    """

    strategy: Strategy
    expiry: date
    legs: tuple[HedgeLeg, ...]
    cost: float
    margin: float | None
    margin_unavailable: str | None
    break_even: float | None
    residual_beta: float
    residual_beta_in_fall: float
    protected_share: float
    theta: float
    max_profit: float
    max_loss: float | None
    shocks: tuple[ShockLoss, ...]
    meets_budget: bool | None
    explanation: str
    notes: tuple[str, ...]

    def premium(self, side: Side) -> float:
        """Rupees paid (BUY) or received (SELL) for its options."""
        options = (leg for leg in self.legs if isinstance(leg.instrument, OptionContract))
        return sum(leg.value for leg in options if leg.side is side)


@dataclass(frozen=True, slots=True)
class NoHedge:
    """Why a strategy is not offered, and what would be honest instead (empty: nothing).

    ``below_one_lot``: what is asked for rounds to no lot at all.
    """

    strategy: Strategy
    reason: str
    advice: str = ""
    below_one_lot: bool = False


@dataclass(frozen=True, slots=True)
class QuoteOrigin:
    """Where the prices of a plan are from. ``as_of`` (aware) is the newest quote, ``age_hours`` its age when asked.

    ``contracts`` could have been used by their expiry. ``refused``: number of quotes that deserve no belief, by reason.
    """

    underlying: str
    basis: PriceBasis
    source: str
    as_of: datetime
    age_hours: float
    why_not_live: str
    contracts: int
    refused: dict[str, int]


@dataclass(frozen=True, slots=True)
class HedgePlan:
    """The answer to a request: every strategy asked for is either in ``hedges`` or in ``not_offered``.

    ``value`` rupees of the book and its ``betas`` by window on closes of ``book_as_of``; ``beta`` of the window asked
    for. ``quotes`` None where none were needed or none could be had. ``index_level`` at the moment of the quotes.
    """

    request: HedgeRequest
    value: float | None
    beta: float | None
    index_level: float | None
    benchmark: str | None
    betas: dict[str, Measure]
    book_as_of: date | None
    sample_data: bool
    quotes: QuoteOrigin | None
    hedges: tuple[Hedge, ...]
    not_offered: tuple[NoHedge, ...]


LIMITS = {
    Strategy.FUTURES_SHORT: "What the index gains is lost on the futures as well; they are settled in cash every day.",
    Strategy.PROTECTIVE_PUT: "Down to {0:,.0f} the book bears the fall itself; after expiry nothing is left.",
    Strategy.PUT_SPREAD: "It protects from {0:,.0f} down to {1:,.0f}: below that the book falls with its full beta.",
    Strategy.COLLAR: "Above {1:,.0f} the sold call takes the index's gains, whether or not the book has made them.",
}
"""What a strategy does not do; {0} and {1} are the strikes of its legs."""

HOST_WORDS = {
    "futures": Strategy.FUTURES_SHORT,
    "puts": Strategy.PROTECTIVE_PUT,
    "spreads": Strategy.PUT_SPREAD,
    "collars": Strategy.COLLAR,
}
"""The host dashboard's words for strategies, and one of our own (spreads)."""


def host_strategies(words: str) -> tuple[Strategy, ...]:
    """Strategies of a comma list of ``HOST_WORDS`` or of "all". ``calls`` stands for none: index calls sold against
    shares are no hedge. Raises RiskError for any other word.
    """
    asked = set(HOST_WORDS) if words == "all" else {word.strip() for word in words.split(",")}
    unknown = asked - {*HOST_WORDS, "calls"}
    if unknown:
        raise RiskError(f"No hedge is called {', '.join(sorted(unknown))}.", f"Use all, {', '.join(HOST_WORDS)}.")
    return tuple(strategy for word, strategy in HOST_WORDS.items() if word in asked)


def host_item(hedge: Hedge, exposure: float) -> dict[str, object]:
    """A hedge under the host dashboard's keys; ``exposure`` is value x beta of the book, rupees.

    As there, ``quantity`` is units for futures and lots for options; ``units`` and ``lots`` say which is meant.
    """
    first, future = hedge.legs[0], hedge.strategy is Strategy.FUTURES_SHORT
    option = first.instrument if isinstance(first.instrument, OptionContract) else None
    covered = exposure * hedge.protected_share / 100
    return {
        "strategy_type": hedge.strategy.value,
        "strategy_name": hedge.strategy.value.replace("_", " ").capitalize(),
        **_host_leg(first, future=future),
        "option_type": None if option is None else option.kind.value,
        "strike_price": None if option is None else option.strike,
        "expiry": hedge.expiry,
        "lot_size": first.instrument.lot_size,
        "total_premium" if hedge.strategy is Strategy.PROTECTIVE_PUT else "net_cost": hedge.cost,
        "margin_required": hedge.margin,
        "hedge_value" if future else "coverage_value": covered,
        "coverage_percentage": hedge.protected_share,
        "rationale": " ".join((hedge.explanation, *hedge.notes)),
        "max_profit": format_rupees(hedge.max_profit),
        "max_loss": "no limit" if hedge.max_loss is None else format_rupees(hedge.max_loss),
        "break_even": "none" if hedge.break_even is None else f"{hedge.break_even:,.2f}",
        "instruments": [_host_leg(leg, future=future) for leg in hedge.legs],
    }


def _host_leg(leg: HedgeLeg, *, future: bool) -> dict[str, object]:
    return {
        "instrument": leg.instrument.symbol,
        "instrument_token": leg.instrument.instrument_token,
        "direction": leg.side.value,
        "quantity": leg.units if future else leg.lots,
        "units": leg.units,
        "lots": leg.lots,
        "entry_price": leg.price,
    }
