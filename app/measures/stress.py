"""What a book would lose if: shocks to market and sectors, past crises replayed, the fall that breaks a limit.

A shock is a return (-0.10 is a fall of 10 %), a loss is positive and in the unit of ``values`` (N,), which are negative
for short positions. No price falls below zero. A position that a scenario says nothing about (no beta, no sector shock)
has the loss NaN: it is for the caller to add up the rest and to say how much of the book that is (``known_share``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.measures.conventions import BoolArray, FloatArray, IntArray, quotient

TOTAL_LOSS = -1.0


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """A past episode with today's positions, bought at its start and held.

    ``losses`` (N,) at its end. ``worst`` is the largest loss of the whole book on the way, 0 if it never lost, and
    ``worst_day`` the row after which it stood there, -1 for the start. ``proxied`` (N,) marks positions whose own
    returns did not cover every day.
    """

    losses: FloatArray
    worst: float
    worst_day: int
    proxied: BoolArray


def shock_losses(
    values: FloatArray, betas: FloatArray, sectors: IntArray, market: FloatArray, by_sector: FloatArray
) -> FloatArray:
    """Loss of each position in each of K scenarios: (K, N).

    ``market`` (K,) is the shock to the market, which moves a position by its ``betas`` (N,). ``by_sector`` (K, G) goes
    before it for the positions of that sector, NaN where the scenario gives a sector no shock of its own; ``sectors``
    (N,) are 0 to G - 1, -1 for none.
    """
    own = np.column_stack([by_sector, np.full(len(by_sector), math.nan)])[:, sectors]  # -1 is the added column
    shocks = np.where(np.isnan(own), market[:, None] * betas, own)
    return -values * np.maximum(shocks, TOTAL_LOSS)


def known_share(values: FloatArray, losses: FloatArray) -> FloatArray:
    """Share of the book, by size, that ``losses`` (..., N) say something about: (...,). NaN without a position."""
    sizes = np.abs(values)
    return quotient(~np.isnan(losses) @ sizes, np.asarray(sizes.sum()))


def breaking_fall(values: FloatArray, betas: FloatArray, limits: FloatArray) -> FloatArray:
    """Smallest fall of the market, a positive fraction, at which the book loses each of ``limits`` (L,) rupees.

    Linear: limit / sum(value * beta) over positions with a beta. Infinite where no fall up to a total loss of the
    market does it, as with a hedged book; 0 for a limit of 0 or below; NaN where no position has a beta.
    """
    known = ~np.isnan(values * betas)
    if not known.any():
        return np.full(limits.shape, math.nan)
    falls = quotient(limits, np.asarray(max(float(values[known] @ betas[known]), 0.0)))
    reached = np.where(falls <= 1.0, falls, math.inf)
    return np.where(limits > 0.0, reached, np.where(np.isnan(limits), math.nan, 0.0))


def replay(values: FloatArray, returns: FloatArray, market: FloatArray, betas: FloatArray) -> Replay:
    """``values`` (N,) through the ``returns`` (T, N) of a past episode, in which the market returned ``market`` (T,).

    Where a position has no return of its own, it moves by its beta with the market: marked, never silent. Without a
    beta either, or without a return of the market, its loss is NaN and it is left out of ``worst``.
    """
    missing = np.isnan(returns)
    moves = np.where(missing, market[:, None] * betas, returns)
    growth = np.cumprod(1.0 + np.maximum(moves, TOTAL_LOSS), axis=0)
    path = np.concatenate([np.zeros((1, values.size)), values * (1.0 - growth)])
    known = ~np.isnan(path[-1])
    book = path[:, known].sum(axis=1)
    worst = int(book.argmax())
    return Replay(path[-1], float(book[worst]) if known.any() else math.nan, worst - 1, np.asarray(missing.any(axis=0)))
