"""European index options by Black (1976), and which of their quotes deserve belief.

Everything broadcasts. ``forward`` and ``strike`` are index points, ``years`` to expiry calendar days / 365,
``volatility`` and ``rate`` fractions a year (``rate`` continuous), ``is_call`` True for calls; values are points a
unit. Inputs that cannot be (a forward or strike <= 0, a negative time or volatility, NaN) give NaN.
Source: F. Black (1976), "The pricing of commodity contracts"; J. Hull, "Options, Futures, and Other Derivatives",
chapters on options on futures and on the Greek letters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import elementwise
from scipy.special import ndtr

from app.measures.conventions import BoolArray, FloatArray, quotient

DAYS_PER_YEAR = 365.0
"""Calendar days a year: option time runs on holidays too."""

VOLATILITY_BRACKET = (1e-6, 10.0)
"""Implied volatilities are searched between these, fractions a year."""

RESOLUTION = 1e-10
"""Time value, a share of the forward, below which rounding leaves no implied volatility to read."""

MAX_VOLATILITY = 1.0
"""A quote whose implied volatility is above this (100 %) is junk."""

MAX_SPREAD = 0.10
"""Widest spread between bid and ask that is accepted, a share of their middle."""

STALE_SECONDS = 900.0
"""A quote this much older than the newest one is stale."""

PARITY_PAIRS = 5
"""The forward is the median over this many strikes next to the money."""


class QuoteFlaw(StrEnum):
    """Why a quote is refused, in words."""

    EXPIRY_DAY = "expires within a day"
    STALE = "stale"
    NO_PRICE = "no price"
    NO_TRADE = "no trade"
    NO_BID = "no bid"
    NO_ASK = "no ask"
    CROSSED = "bid above ask"
    WIDE = "spread too wide"
    BELOW_INTRINSIC = "price not above intrinsic value"
    ABOVE_BOUND = "price not below its upper bound"
    VOLATILITY_TOO_HIGH = "implied volatility above 100 %"
    NO_VOLATILITY = "no implied volatility"


@dataclass(frozen=True, slots=True, eq=False)
class Greeks:
    """Sensitivities a unit: ``delta`` per point of the forward, ``gamma`` delta's change per point of the forward,
    ``vega`` per 1.00 (100 points) of volatility, ``theta`` per calendar day that passes (mostly negative).
    """

    delta: FloatArray
    gamma: FloatArray
    vega: FloatArray
    theta: FloatArray


def black76_price(
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
    is_call: ArrayLike,
    rate: ArrayLike,
) -> FloatArray:
    """exp(-rT) s (F N(s d1) - K N(s d2)), s = 1 for a call and -1 for a put; the discounted intrinsic at expiry."""
    market = _Market.of(forward, strike, years, volatility, is_call, rate)
    s = market.sign
    undiscounted = market.forward * ndtr(s * market.d1) - market.strike * ndtr(s * market.d2)
    return np.asarray(market.discount * s * undiscounted)


def black76_greeks(
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
    is_call: ArrayLike,
    rate: ArrayLike,
) -> Greeks:
    """The derivatives of ``black76_price``; NaN at expiry and at zero volatility, where the value has a kink."""
    market = _Market.of(forward, strike, years, volatility, is_call, rate)
    smooth = np.where(market.deviation > 0, market.deviation, math.nan)
    density = market.discount * np.exp(-0.5 * market.d1**2) / math.sqrt(2.0 * math.pi)
    vega = market.forward * density * np.sqrt(market.years)
    decay = quotient(vega * smooth, 2.0 * market.years * np.sqrt(market.years))
    price = black76_price(forward, strike, years, volatility, is_call, rate)
    return Greeks(
        delta=np.asarray(np.where(smooth > 0, market.discount * market.sign * ndtr(market.sign * market.d1), math.nan)),
        gamma=np.asarray(density / (market.forward * smooth)),
        vega=np.asarray(np.where(smooth > 0, vega, math.nan)),
        theta=np.asarray((np.asarray(rate) * price - decay) / DAYS_PER_YEAR),
    )


def price_bounds(
    forward: ArrayLike, strike: ArrayLike, years: ArrayLike, is_call: ArrayLike, rate: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """No-arbitrage bounds of a European option: discounted intrinsic value; discounted forward (call) or strike."""
    discount = np.exp(-np.asarray(rate) * np.asarray(years))
    sign = np.where(is_call, 1.0, -1.0)
    lower = np.maximum(sign * (np.asarray(forward) - np.asarray(strike)), 0.0)
    return np.asarray(discount * lower), np.asarray(discount * np.where(is_call, forward, strike))


def implied_volatility(
    price: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    is_call: ArrayLike,
    rate: ArrayLike,
) -> FloatArray:
    """The volatility at which ``black76_price`` is ``price``; NaN unless the price lies strictly inside its bounds.

    Chandrupatla's bracketed method (1997) over ``VOLATILITY_BRACKET``, on the out-of-the-money option of the same
    strike: by put-call parity it has the same time value and, unlike an option deep in the money, nothing besides.
    NaN also below ``RESOLUTION`` and when the answer lies outside the bracket.
    """
    target, f, k, t, r, call = np.broadcast_arrays(price, forward, strike, years, rate, is_call)
    lower, upper = price_bounds(f, k, t, call, r)
    inside = (target - lower > RESOLUTION * f) & (target < upper) & (f > 0) & (k > 0) & (t > 0)
    time_value = np.where(inside, target - lower, math.nan)
    return _solve(time_value, f, k, t, r)


def implied_forward(strikes: FloatArray, calls: FloatArray, puts: FloatArray, years: float, rate: float) -> float:
    """Forward by put-call parity, F = K + (C - P) exp(rT): the median of the ``PARITY_PAIRS`` strikes (n,) where call
    and put (n,) lie closest; NaN prices are left out, NaN when no strike has both.
    """
    gap = calls - puts
    nearest = np.argsort(np.abs(gap))[: min(PARITY_PAIRS, int(np.isfinite(gap).sum()))]
    if not len(nearest):
        return math.nan
    return float(np.median(strikes[nearest] + gap[nearest] * math.exp(rate * years)))


@dataclass(frozen=True, slots=True, eq=False)
class Quotes:
    """Columns (n,) of quotes of one expiry, NaN where absent: points a unit, ``age_seconds`` behind the newest quote.

    Without ``has_depth`` there are no bids and asks: ``last``, the close, stands for both.
    """

    bid: FloatArray
    ask: FloatArray
    last: FloatArray
    volume: FloatArray
    open_interest: FloatArray
    age_seconds: FloatArray
    has_depth: bool

    @property
    def buy(self) -> FloatArray:
        """What a unit costs."""
        return self.ask if self.has_depth else self.last

    @property
    def sell(self) -> FloatArray:
        """What a unit brings."""
        return self.bid if self.has_depth else self.last

    @property
    def middle(self) -> FloatArray:
        """What a unit is taken to be worth."""
        return (self.buy + self.sell) / 2.0


def quote_flaws(quotes: Quotes, years: float) -> NDArray[np.str_]:
    """The first ``QuoteFlaw`` of each quote (n,) that shows without a model, empty where there is none.

    With depth a price is bid and ask, and a quote with neither volume nor open interest has no trade. Without it the
    price is ``last``, and only volume proves that it was traded on the day. NaN counts as absent.
    """
    depth, bid, ask = quotes.has_depth, quotes.bid, quotes.ask
    traded = (quotes.volume > 0) | ((quotes.open_interest > 0) & depth)
    rules = {
        QuoteFlaw.EXPIRY_DAY: np.full(bid.shape, years < 1.0 / DAYS_PER_YEAR),
        QuoteFlaw.STALE: ~(quotes.age_seconds <= STALE_SECONDS),
        QuoteFlaw.NO_TRADE: ~traded,
        QuoteFlaw.NO_PRICE: ~(quotes.last > 0) & (not depth),
        QuoteFlaw.NO_BID: ~(bid > 0) & depth,
        QuoteFlaw.NO_ASK: ~(ask > 0) & depth,
        QuoteFlaw.CROSSED: (bid > ask) & depth,
        QuoteFlaw.WIDE: (ask - bid > MAX_SPREAD * quotes.middle) & depth,
    }
    return _first(rules)


def price_flaws(
    price: FloatArray, forward: float, strike: FloatArray, years: float, is_call: BoolArray, rate: float
) -> tuple[NDArray[np.str_], FloatArray]:
    """The first flaw (n,) that shows against the forward, empty where there is none; implied volatility (n,)."""
    lower, upper = price_bounds(forward, strike, years, is_call, rate)
    volatility = implied_volatility(price, forward, strike, years, is_call, rate)
    rules = {
        QuoteFlaw.BELOW_INTRINSIC: price <= lower,
        QuoteFlaw.ABOVE_BOUND: price >= upper,
        QuoteFlaw.VOLATILITY_TOO_HIGH: volatility > MAX_VOLATILITY,
        QuoteFlaw.NO_VOLATILITY: np.isnan(volatility),
    }
    return _first(rules), volatility


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """The options of one expiry: arrays (n,), one row an option in ascending order of strike, points a unit.

    ``buy`` is paid and ``sell`` received for a unit; ``volatility`` implied, fractions a year; ``flaws`` (n,) the
    ``QuoteFlaw`` of each quote, empty where it may be used. ``forward`` NaN where none is known.
    """

    strike: FloatArray
    is_call: BoolArray
    buy: FloatArray
    sell: FloatArray
    volatility: FloatArray
    flaws: NDArray[np.str_]
    forward: float
    years: float
    rate: float

    @property
    def usable(self) -> BoolArray:
        """(n,) rows without a flaw."""
        return np.asarray(self.flaws == "")


def screen_chain(
    strike: FloatArray, is_call: BoolArray, quotes: Quotes, years: float, rate: float, listed_forward: float
) -> Chain:
    """The chain with every flaw named; ``listed_forward`` is the future's price, NaN to imply it by parity."""
    seen = quote_flaws(quotes, years)
    believed = np.where(seen == "", quotes.middle, math.nan)
    forward = listed_forward
    if math.isnan(forward):
        forward = implied_forward(*_pairs(strike, is_call, believed), years, rate)
    against, volatility = price_flaws(believed, forward, strike, years, is_call, rate)
    flaws = np.where(seen == "", against, seen)
    return Chain(strike, is_call, quotes.buy, quotes.sell, volatility, flaws, forward, years, rate)


def _pairs(strike: FloatArray, is_call: BoolArray, price: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Strikes that have a call and a put, with both prices."""
    strikes, calls, puts = np.intersect1d(strike[is_call], strike[~is_call], return_indices=True)
    return strikes, price[is_call][calls], price[~is_call][puts]


@dataclass(frozen=True, slots=True, eq=False)
class _Market:
    """Broadcast inputs, cleaned of what cannot be, with the terms that every formula shares."""

    forward: FloatArray
    strike: FloatArray
    years: FloatArray
    discount: FloatArray
    sign: FloatArray
    deviation: FloatArray
    d1: FloatArray
    d2: FloatArray

    @classmethod
    def of(
        cls,
        forward: ArrayLike,
        strike: ArrayLike,
        years: ArrayLike,
        volatility: ArrayLike,
        is_call: ArrayLike,
        rate: ArrayLike,
    ) -> _Market:
        f, k, t, v, r, call = np.broadcast_arrays(forward, strike, years, volatility, rate, is_call)
        possible = (f > 0) & (k > 0) & (t >= 0) & (v >= 0)
        f, k, t, v = (np.where(possible, x, math.nan) for x in (f, k, t, v))
        deviation = v * np.sqrt(t)
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = np.log(f / k) / deviation
        distance = np.where((deviation == 0) & (f == k), 0.0, distance)
        d1 = distance + deviation / 2.0
        return cls(f, k, t, np.exp(-r * t), np.where(call, 1.0, -1.0), deviation, d1, d1 - deviation)


def _solve(
    time_value: FloatArray, forward: FloatArray, strike: FloatArray, years: FloatArray, rate: FloatArray
) -> FloatArray:
    """Volatility of the out-of-the-money options worth ``time_value``; NaN where there is none."""

    def excess(volatility: FloatArray, target: FloatArray, *terms: FloatArray) -> FloatArray:
        f, k, t, r = terms
        return black76_price(f, k, t, volatility, k >= f, r) - target

    arguments = (time_value, forward, strike, years, rate)
    found = elementwise.find_root(excess, VOLATILITY_BRACKET, args=tuple(np.asarray(a, dtype=float) for a in arguments))
    return np.asarray(np.where(found.success, found.x, math.nan))


def _first(rules: dict[QuoteFlaw, BoolArray]) -> NDArray[np.str_]:
    return np.select(list(rules.values()), [np.full(1, flaw.value) for flaw in rules], default="")
