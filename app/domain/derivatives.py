"""Index futures and options, their quotes, and a hedge made of them.

Rupees are rupees, percent is percent, losses are positive. A lot size is always the contract's own column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from typing import TypeVar

from app.domain.errors import RiskError, UnknownWindow
from app.domain.money import format_rupees, format_rupees_compact
from app.domain.risk_reports import Measure


class Side(StrEnum):
    """What is done with a leg."""

    BUY = "BUY"
    SELL = "SELL"


class OptionKind(StrEnum):
    """The exchange's words for calls and puts."""

    CALL = "CE"
    PUT = "PE"


class Strategy(StrEnum):
    """The hedges that are offered."""

    FUTURES_SHORT = "FUTURES_SHORT"
    PROTECTIVE_PUT = "PROTECTIVE_PUT"
    PUT_SPREAD = "PUT_SPREAD"
    COLLAR = "COLLAR"


class PriceBasis(StrEnum):
    """LIVE quotes carry bid and ask; END_OF_DAY ones a closing price only, at which nobody promises to trade."""

    LIVE = "live"
    END_OF_DAY = "end_of_day"


class Rounding(StrEnum):
    """DOWN never hedges more than asked; NEAREST may, by up to half a lot."""

    DOWN = "down"
    NEAREST = "nearest"


@dataclass(frozen=True, slots=True)
class Contract:
    """One listed contract on an index. ``symbol`` is for the reader and never parsed. ValueError for a lot below 1."""

    underlying: str
    symbol: str
    instrument_token: int
    expiry: date
    lot_size: int

    def __post_init__(self) -> None:
        if self.lot_size < 1:
            raise ValueError(f"{self.symbol}: a lot holds at least one unit, not {self.lot_size}")


@dataclass(frozen=True, slots=True)
class FutureContract(Contract):
    """A future."""


@dataclass(frozen=True, slots=True)
class OptionContract(Contract):
    """A European option; ``strike`` in index points."""

    strike: float
    kind: OptionKind


@dataclass(frozen=True, slots=True)
class Quote:
    """What the exchange says of one contract at ``quoted_at`` (aware). None where it says nothing: never 0.

    Prices in index points; ``last`` is the last trade, for END_OF_DAY the close. ``volume`` of the day and
    ``open_interest`` may be units or contracts: only whether they are above 0 is read.
    """

    last: float | None
    bid: float | None
    ask: float | None
    volume: float | None
    open_interest: float | None
    quoted_at: datetime


@dataclass(frozen=True, slots=True)
class FutureQuote:
    """A future with its quote."""

    contract: FutureContract
    quote: Quote


@dataclass(frozen=True, slots=True)
class OptionQuote:
    """An option with its quote."""

    contract: OptionContract
    quote: Quote


Listed = TypeVar("Listed", FutureQuote, OptionQuote)


@dataclass(frozen=True, slots=True)
class DerivativesMarket:
    """Contracts of one index at one moment; ``as_of`` (aware) is the instant of the newest quote."""

    underlying: str
    as_of: datetime
    basis: PriceBasis
    futures: tuple[FutureQuote, ...]
    options: tuple[OptionQuote, ...]

    def by_expiry(self, listed: Iterable[Listed], first: date, last: date) -> Iterator[tuple[date, list[Listed]]]:
        """Those of ``listed`` on the underlying that expire from ``first`` to ``last``, one group for each expiry and
        lot size, the earliest first, ascending by strike.
        """
        lasting = [
            quote
            for quote in listed
            if quote.contract.underlying == self.underlying and first <= quote.contract.expiry <= last
        ]
        for key, group in groupby(sorted(lasting, key=_order), key=lambda quote: _order(quote)[:2]):
            yield key[0], list(group)


def _order(quote: FutureQuote | OptionQuote) -> tuple[date, int, float]:
    contract = quote.contract
    return contract.expiry, contract.lot_size, contract.strike if isinstance(contract, OptionContract) else 0.0


@dataclass(frozen=True, slots=True)
class HedgeBase:
    """What is to be protected: shares and equity funds, without debt and liquid funds.

    ``value`` rupees, None when unknown (``equity_value`` + ``mf_value`` where both are known); ``level`` of the
    ``benchmark`` index on ``level_as_of``. ``windows`` holds the measures of the risk report of this very book by
    window, over one day: ``beta``, ``correlation_nifty``, ``volatility``, ``var_historical_95``, ``_99``; where known
    also ``benchmark_volatility``.
    """

    value: float | None
    equity_value: float | None
    mf_value: float | None
    benchmark: str | None
    level: float | None
    level_as_of: date | None
    windows: Mapping[str, Mapping[str, Measure]]

    def measures(self, window: str) -> Mapping[str, Measure]:
        """The measures of a window; raises UnknownWindow where the report has none of this name."""
        if window not in self.windows:
            raise UnknownWindow(f"The risk report has no window {window}.", f"Use one of {', '.join(self.windows)}.")
        return self.windows[window]

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


@dataclass(frozen=True, slots=True)
class HedgeRequest:
    """What the user asks. ``days`` calendar days that the hedge must last; ``window`` of the risk report."""

    goal: TargetBeta | LossBudget
    window: str = "1y"
    days: int = 30
    rounding: Rounding = Rounding.DOWN
    strategies: tuple[Strategy, ...] = tuple(Strategy)

    def __post_init__(self) -> None:
        if self.days < 1:
            raise ValueError(f"a hedge lasts a day or more, not {self.days}")

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

    instrument: Contract
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
    """Why a strategy is not offered, and what would be honest instead (empty: nothing)."""

    strategy: Strategy
    reason: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class HedgePlan:
    """The answer to a request: every strategy asked for is either in ``hedges`` or in ``not_offered``."""

    request: HedgeRequest
    value: float | None
    beta: float | None
    index_level: float | None
    as_of: datetime | None
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
