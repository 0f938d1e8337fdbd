"""How far funds hold the same: overlap of every pair, and the distance of a fund from its benchmark.

Weights are fractions of net assets. Only long positions can be shared: a net weight of 0 or below is held by nobody.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.measures._kernels import compiled
from app.measures.conventions import FloatArray, IntArray
from app.measures.lookthrough import Compositions


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """``weight`` (F, F): sum over securities of the smaller weight; ``names`` (F, F): securities that both hold.

    Both are symmetric. The diagonal is a fund against itself: its own long weight and number of names.
    """

    weight: FloatArray
    names: IntArray


def fund_overlap(held: Compositions) -> Overlap:
    """Overlap of all F funds at once.

    0 where two funds share nothing; never above the long weight of either, so 1 for identical funds of which all is
    known. Nothing is scaled up: cash and unknown lines lower the overlap (leave cash out of ``held``, or two funds
    share it). A fund without lines has overlap 0 with all, which says nothing: ask for its coverage first.
    """
    weight = np.zeros((held.fund_count, held.fund_count))
    names = np.zeros((held.fund_count, held.fund_count), np.int64)
    # unsigned, as in lookthrough
    _add_shared(held.starts, held.funds.view(np.uint64), held.net, weight, names)
    return Overlap(np.maximum(weight, weight.T), np.maximum(names, names.T))


def _add_shared_loop(
    starts: IntArray, funds: NDArray[np.uint64], weights: FloatArray, overlap: FloatArray, names: IntArray
) -> None:
    """Fill the lower triangles of ``overlap`` and ``names`` (F, F), zero on entry, security by security."""
    for security in range(starts.size - 1):
        first = starts[security]
        for one in range(first, starts[security + 1]):
            weight, shared, count = weights[one], overlap[funds[one]], names[funds[one]]
            if weight <= 0.0:
                continue
            for other in range(first, one + 1):
                if weights[other] > 0.0:
                    shared[funds[other]] += min(weight, weights[other])
                    count[funds[other]] += 1


_add_shared = compiled(_add_shared_loop)


def active_share(held: Compositions, benchmark: FloatArray) -> FloatArray:
    """Half the sum of all differences between the weights of each fund and of ``benchmark`` (S,): (F,).

    0 for a copy of the benchmark, 1 for a long fund without any of it; more with short positions. What the weights of
    either leave up to 1 (cash, lines without an identity) counts as one more position, so unknown lines of a fund that
    may well be in the benchmark count as active: the true figure is lower by at most their weight. NaN for a fund
    without lines. Raises ValueError for a missing or negative weight of the benchmark. Source: Cremers and Petajisto
    (2009).
    """
    if benchmark.shape != (held.security_count,) or not (benchmark >= 0.0).all():
        raise ValueError(f"a benchmark has {held.security_count} weights, known and not negative")
    passed_over = benchmark.sum() - np.bincount(held.funds, benchmark[held.securities], held.fund_count)
    differing = np.bincount(held.funds, np.abs(held.net - benchmark[held.securities]), held.fund_count)
    rest = np.abs(np.bincount(held.funds, held.net, held.fund_count) - benchmark.sum())
    disclosed = np.bincount(held.funds, minlength=held.fund_count) > 0
    return np.where(disclosed, (passed_over + differing + rest) / 2.0, math.nan)
