"""How many lots of which contract protect a book against its index, and what the book then loses.

A book of ``value`` rupees moves by ``beta`` times the index's relative move. A ``Structure`` is a hedge of one index
unit: its arrays (L,) hold the legs, all of one expiry. ``levels`` are index levels (n,). Profits are positive in the
functions named pnl; losses are positive where the name says loss. Points are rupees a unit.
Source of the number of futures, (beta - target) x value / futures value: J. Hull, "Options, Futures, and Other
Derivatives", chapter on hedging strategies using futures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.measures.conventions import TOLERANCE, BoolArray, FloatArray
from app.measures.options import Chain, Greeks, black76_greeks, black76_price

PUT_FALL = 0.05
"""A put is bought this far below the index."""

FLOOR_FALL = 0.10
"""The lower put of a spread is sold this far below the index."""

DEEP_FALL = 0.10
"""Falls from here to twice this size show what a hedge leaves of the beta in a crash."""

CALL_RISE = 0.02
"""The call of a collar is sold at least this far above the index."""

STRIKE_REACH = 0.025
"""A strike that lies farther than this share of the index from where it should be is not used."""

FAR = 10.0
"""Beyond this many times the highest strike or price a payoff is followed no farther."""


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """Legs (L,) of one unit: ``side`` +1 bought, -1 sold; ``kind`` +1 call, -1 put, 0 future; ``price`` traded at.

    ``strike`` and ``volatility`` are NaN for a future. ``forward``, ``years`` and ``rate`` as in ``options``.
    """

    side: FloatArray
    kind: FloatArray
    strike: FloatArray
    price: FloatArray
    volatility: FloatArray
    forward: float
    years: float
    rate: float


def short_future(price: float, forward: float, years: float, rate: float) -> Structure:
    """One unit of a future sold at ``price`` while its middle price is ``forward``."""
    one, none = np.ones(1), np.full(1, math.nan)
    return Structure(-one, 0.0 * one, none, price * one, none, forward, years, rate)


def combine(chain: Chain, bought: int, sold: int | None = None) -> Structure:
    """One unit of the option in row ``bought`` of the chain, less one unit of that in row ``sold``."""
    rows = np.array([bought] if sold is None else [bought, sold])
    side = np.array([1.0, -1.0])[: len(rows)]
    return Structure(
        side=side,
        kind=np.where(chain.is_call[rows], 1.0, -1.0),
        strike=chain.strike[rows],
        price=np.where(side > 0, chain.buy[rows], chain.sell[rows]),
        volatility=chain.volatility[rows],
        forward=chain.forward,
        years=chain.years,
        rate=chain.rate,
    )


def premium(structure: Structure) -> float:
    """Points paid less points received for the options of one unit; a future costs nothing."""
    return float(np.sum(structure.side * structure.price * (structure.kind != 0)))


def pnl_at_expiry(structure: Structure, levels: FloatArray) -> FloatArray:
    """Points (n,) that one unit gains when the index ends at ``levels``, premium included, without interest on it."""
    level = levels[:, None]
    payoff = np.where(structure.kind == 0, level, np.maximum(structure.kind * (level - structure.strike), 0.0))
    return np.asarray(np.sum(structure.side * (payoff - structure.price), axis=1))


def pnl_now(structure: Structure, changes: FloatArray) -> FloatArray:
    """Points (n,) that one unit gains when the index moves at once by ``changes`` (fractions).

    The forward moves by the same share and every implied volatility stays: in a crash it rises, so that bought puts
    gain more than this.
    """
    forward = structure.forward * (1.0 + changes)[:, None]
    options = black76_price(
        forward, structure.strike, structure.years, structure.volatility, structure.kind > 0, structure.rate
    )
    return np.asarray(np.sum(structure.side * (np.where(structure.kind == 0, forward, options) - structure.price), 1))


def exposure(structure: Structure) -> float:
    """Points that one unit gains now for a relative index move of 1.0, by delta: negative for a hedge."""
    greeks = _greeks(structure)
    delta = np.where(structure.kind == 0, 1.0, greeks.delta)
    return float(np.sum(structure.side * delta) * structure.forward)


def daily_decay(structure: Structure) -> float:
    """Theta: points that the options of one unit gain (lost: negative) in a calendar day, all else equal."""
    return float(np.sum(structure.side * np.where(structure.kind == 0, 0.0, _greeks(structure).theta)))


def break_even(structure: Structure) -> float:
    """Highest index level at expiry at which one unit does not lose; NaN when it never or always gains.

    Read off the payoff's corners: exact for a hedge, which never gains from a rise.
    """
    corners = np.concatenate([np.zeros(1), np.sort(structure.strike[np.isfinite(structure.strike)])])
    highest = max(float(corners[-1]), float(structure.price.max()))
    levels = np.append(corners, FAR * highest)
    pnl = pnl_at_expiry(structure, levels)
    last = int(np.flatnonzero(pnl >= 0)[-1]) if (pnl >= 0).any() else -1
    if last in (-1, len(levels) - 1):
        return math.nan
    share = pnl[last] / (pnl[last] - pnl[last + 1])
    return float(levels[last] + share * (levels[last + 1] - levels[last]))


def extremes(structure: Structure) -> tuple[float, float]:
    """Largest profit and largest loss of one unit at expiry, points; the loss is infinite where a rise has no end."""
    corners = np.concatenate([np.zeros(1), structure.strike[np.isfinite(structure.strike)]])
    pnl = pnl_at_expiry(structure, corners)
    slope = float(np.sum(structure.side * (structure.kind >= 0)))
    return float(pnl.max()), math.inf if slope < 0 else -float(pnl.min())


@dataclass(frozen=True, slots=True)
class Need:
    """A book of ``value`` rupees and ``beta`` beside an index at ``level``, and what a hedge must reach.

    Either the beta ``target``, or (``target`` NaN) a loss of at most ``budget`` rupees when the index ends lower by
    ``fall``, a fraction. ``nearest`` rounds lots to the nearest instead of down.
    """

    value: float
    beta: float
    level: float
    target: float = math.nan
    budget: float = math.nan
    fall: float = math.nan
    nearest: bool = False

    @property
    def has_budget(self) -> bool:
        """True for a loss budget, False for a target beta."""
        return math.isnan(self.target)

    @property
    def gain(self) -> float:
        """Rupees that the hedge must gain at the fall."""
        return self.value * self.beta * self.fall - self.budget

    @property
    def end(self) -> float:
        """Index level after the fall of the budget, or at ``FLOOR_FALL``."""
        return self.level * (1.0 - (self.fall if self.has_budget else FLOOR_FALL))

    def most_lots(self, unit: float, lot: int) -> int:
        """Lots beyond which the book would be over-hedged, units worth ``unit`` points of the index each."""
        return whole_lots(self.beta * self.value / (unit * lot), nearest=self.nearest)


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """What a hedge does to a book, in rupees; shapes (n,) over the falls asked for.

    ``loss_book`` of the book alone, ``loss_at_expiry`` and ``loss_now`` with the hedge and its cost. ``cost`` premium
    paid less received, ``covered`` the units' share of the book's index exposure, ``decay`` a calendar day. ``beta`` of
    book and hedge now, ``beta_in_fall`` at expiry while the index falls from ``DEEP_FALL`` to twice that.
    ``most_gained`` and ``most_lost`` by the hedge alone at expiry (the loss may be infinite).
    """

    cost: float
    beta: float
    covered: float
    decay: float
    break_even: float
    beta_in_fall: float
    most_gained: float
    most_lost: float
    loss_book: FloatArray
    loss_at_expiry: FloatArray
    loss_now: FloatArray


def figures(structure: Structure, units: int, need: Need, unit: float, falls: FloatArray) -> Figures:
    """Figures of ``units`` of a structure beside the book of a need; ``falls`` (n,) of the index, positive fractions.

    ``unit`` is the index exposure in points that one unit stands for: the future's price, the index for options.
    """
    exposed = need.value * need.beta
    book = exposed * falls
    gained, lost = extremes(structure)
    deep = need.level * (1.0 - np.array([2.0, 1.0]) * DEEP_FALL)
    return Figures(
        cost=units * premium(structure),
        beta=need.beta + units * exposure(structure) / need.value,
        covered=units * unit / exposed,
        decay=units * daily_decay(structure),
        break_even=break_even(structure),
        beta_in_fall=need.beta + units * float(np.diff(pnl_at_expiry(structure, deep))[0]) / (need.value * DEEP_FALL),
        most_gained=units * gained,
        most_lost=units * lost,
        loss_book=book,
        loss_at_expiry=book - units * pnl_at_expiry(structure, need.level * (1.0 - falls)),
        loss_now=book - units * pnl_now(structure, -falls),
    )


def exact_lots(need: Need, structure: Structure, unit: float, lot: int) -> float:
    """Lots, not rounded, that reach the need: (beta - target) x value / (unit x lot), or needed / gain of a lot.

    Infinite when a budget is asked for and the structure gains nothing at its fall.
    """
    if not need.has_budget:
        return (need.beta - need.target) * need.value / (unit * lot)
    gain = float(pnl_at_expiry(structure, np.array([need.end]))[0])
    return need.gain / (gain * lot) if gain > 0 else math.inf


def lots(need: Need, structure: Structure, unit: float, lot: int) -> int:
    """Whole lots: for a beta rounded as the need says, for a budget the fewest that keep it; never an over-hedge."""
    exact = exact_lots(need, structure, unit, lot)
    if not need.has_budget:
        return whole_lots(exact, nearest=need.nearest)
    most = need.most_lots(unit, lot)
    return most if exact > most else math.ceil(exact - TOLERANCE)


def whole_lots(exact: float, *, nearest: bool) -> int:
    """``exact`` rounded down, or to the nearest whole lot (halves up); never below 0."""
    return max(math.floor(exact + (0.5 if nearest else TOLERANCE)), 0)


def put_rows(chain: Chain, need: Need, lot: int) -> tuple[int, ...] | None:
    """Row of the protective put; None where there is none.

    For a beta the strike nearest to ``PUT_FALL`` below the index, for a budget the cheapest that keeps it.
    """
    bought = _bought(chain, need, lot, None)
    return None if bought is None else (bought,)


def spread_rows(chain: Chain, need: Need, lot: int) -> tuple[int, ...] | None:
    """Rows of the put to buy, chosen as for ``put_rows``, and of the lower one to sell; None where one is missing.

    The lower one is nearest to the fall of the budget, for a beta to ``FLOOR_FALL`` below the index.
    """
    sold = nearest_row(chain, _puts(chain, need), need.end)
    bought = None if sold is None else _bought(chain, need, lot, sold)
    if bought is None or sold is None or chain.strike[bought] <= chain.strike[sold]:
        return None
    return bought, sold


def collar_rows(chain: Chain, need: Need, lot: int) -> tuple[int, ...] | None:
    """Rows of the protective put and of the call to sell; None where one is missing.

    The call has the highest strike at which the put's price comes back in full; where none does, the strike nearest to
    ``CALL_RISE`` above the index. It is never below that.
    """
    bought = _bought(chain, need, lot, None)
    if bought is None:
        return None
    lowest = need.level * (1.0 + CALL_RISE)
    above = chain.usable & chain.is_call & (chain.strike >= lowest)
    paying = np.flatnonzero(above & (chain.sell >= chain.buy[bought]))
    sold = int(paying[-1]) if len(paying) else nearest_row(chain, above, lowest)
    return None if sold is None else (bought, sold)


def nearest_row(chain: Chain, among: BoolArray, aim: float) -> int | None:
    """Usable row of those marked, its strike closest to ``aim``; None if none is within ``STRIKE_REACH`` of it."""
    distance = np.where(among & chain.usable, np.abs(chain.strike - aim), math.inf)
    row = int(np.argmin(distance)) if len(distance) else -1
    return row if row >= 0 and distance[row] <= STRIKE_REACH * aim else None


def put_gains(chain: Chain, among: BoolArray, end: float, sold: int | None) -> tuple[FloatArray, FloatArray]:
    """Points (n,) that a put of each row, less the one in row ``sold``, gains at ``end``; and what it costs.

    NaN for rows not marked in ``among`` and, in a spread, for strikes not above the sold one.
    """
    floor = -math.inf if sold is None else chain.strike[sold]
    cost = chain.buy - (0.0 if sold is None else chain.sell[sold])
    payoff = np.maximum(chain.strike - end, 0.0) - max(floor - end, 0.0)
    usable = among & chain.usable & (chain.strike > floor)
    return np.where(usable, payoff - cost, math.nan), np.where(usable, cost, math.nan)


def cheapest_row(gain: FloatArray, cost: FloatArray, needed: float, lot: int, most: int) -> int | None:
    """Row whose whole lots, at most ``most``, gain ``needed`` rupees at the least total cost.

    ``gain`` and ``cost`` (n,) points a unit, NaN for rows that may not be used. Where no row reaches it the one that
    gains most; None when none gains.
    """
    usable = gain > 0
    if not usable.any():
        return None
    wanted = np.ceil(needed / (np.where(usable, gain, math.nan) * lot) - TOLERANCE)
    feasible = wanted <= most
    if feasible.any():
        return int(np.nanargmin(np.where(feasible, wanted * cost, math.nan)))
    return int(np.nanargmax(np.where(usable, gain, math.nan)))


def _puts(chain: Chain, need: Need) -> BoolArray:
    """Puts that start at the index or below."""
    return ~chain.is_call & (chain.strike <= need.level)


def _bought(chain: Chain, need: Need, lot: int, sold: int | None) -> int | None:
    puts = _puts(chain, need)
    if not need.has_budget:
        return nearest_row(chain, puts, need.level * (1.0 - PUT_FALL))
    gain, cost = put_gains(chain, puts, need.end, sold)
    return cheapest_row(gain, cost, need.gain, lot, need.most_lots(need.level, lot))


def _greeks(structure: Structure) -> Greeks:
    return black76_greeks(
        structure.forward,
        structure.strike,
        structure.years,
        structure.volatility,
        structure.kind > 0,
        structure.rate,
    )
