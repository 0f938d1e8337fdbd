"""What an owner of shares and funds really owns: exposure to every security, direct and through each fund.

Weights are fractions of a fund's net assets, signed (a short future is negative); amounts are rupees or any other unit.
Securities and funds are numbered 0 to S - 1 and 0 to F - 1; whatever shall not be lost (cash, bonds, lines without an
identity) is a security of its own. Nothing is taken for granted about a fund without lines: all of it is remainder.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from app.measures._kernels import compiled, prepared
from app.measures.conventions import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Compositions:
    """What F funds hold in S securities: one entry (E,) a pair, ordered by security and within it by fund.

    ``net`` is the sum of the fund's lines in the security, ``gross`` the sum of their sizes: a share held against its
    own future has net 0. The entries of security s are ``starts[s] : starts[s + 1]``, ``starts`` (S + 1,).
    """

    funds: IntArray
    securities: IntArray
    net: FloatArray
    gross: FloatArray
    starts: IntArray
    fund_count: int

    @property
    def security_count(self) -> int:
        """S."""
        return len(self.starts) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """Amounts. Per security (S,): ``direct``, ``through_funds``, ``net`` = both, ``gross`` = sizes added up.

    ``entries`` (E,) is what the owner has through each entry of the compositions; ``remainder`` (F,) what the lines of
    a fund leave of its amount, all of it for a fund without lines. Net exposure and remainder add up to all that is
    owned.
    """

    direct: FloatArray
    through_funds: FloatArray
    net: FloatArray
    gross: FloatArray
    entries: FloatArray
    remainder: FloatArray


def compositions(
    funds: IntArray, securities: IntArray, weights: FloatArray, fund_count: int, security_count: int
) -> Compositions:
    """Lines (L,) of all funds, several of one security added up.

    Raises ValueError for a missing weight or a number out of range: a line that cannot be placed is left out by the
    caller and so becomes remainder.
    """
    if not np.isfinite(weights).all():
        raise ValueError("weights must be known: leave the line out, it becomes remainder")
    _check_range("fund", funds, fund_count)
    _check_range("security", securities, security_count)
    pairs, places = np.unique(securities.astype(np.int64) * fund_count + funds, return_inverse=True)
    net, gross = (np.asarray(np.bincount(places, part, len(pairs)), float) for part in (weights, np.abs(weights)))
    of_security, of_fund = np.divmod(pairs, max(fund_count, 1))
    starts = np.searchsorted(of_security, np.arange(security_count + 1))
    return Compositions(of_fund, of_security, net, gross, starts, fund_count)


def _check_range(kind: str, numbers: IntArray, count: int) -> None:
    if numbers.size and (numbers.min() < 0 or numbers.max() >= count):
        raise ValueError(f"a {kind} is numbered 0 to {count - 1}, not {numbers.min()} to {numbers.max()}")


def look_through(held: Compositions, amounts: FloatArray, direct: FloatArray) -> Exposure:
    """Exposure of an owner of ``amounts`` (F,) in the funds and ``direct`` (S,) in the securities (negative = short).

    Raises ValueError for shapes that do not fit, a missing amount or a negative amount of a fund.
    """
    if amounts.shape != (held.fund_count,) or direct.shape != (held.security_count,):
        raise ValueError(f"{held.fund_count} funds in {held.security_count} securities were disclosed")
    if not (np.isfinite(direct).all() and np.isfinite(amounts).all() and (amounts >= 0.0).all()):
        raise ValueError("amounts must be known, those of funds not negative")
    entries, placed = np.empty(len(held.funds)), np.zeros(held.fund_count)
    through, sizes = np.zeros(held.security_count), np.zeros(held.security_count)
    own = prepared(amounts)
    # unsigned, because a compiled loop would ask of every signed number whether it counts from the end
    _spread(held.starts, held.funds.view(np.uint64), held.net, held.gross, own, entries, placed, through, sizes)
    return Exposure(direct, through, direct + through, np.abs(direct) + sizes, entries, amounts - placed)


def _spread_loop(
    starts: IntArray,
    funds: NDArray[np.uint64],
    net: FloatArray,
    gross: FloatArray,
    amounts: FloatArray,
    entries: FloatArray,
    placed: FloatArray,
    through: FloatArray,
    sizes: FloatArray,
) -> None:
    """Fill ``entries`` (E,), and with sums of them ``placed`` (F,), ``through`` (S,) and, gross, ``sizes`` (S,)."""
    for security in range(starts.size - 1):
        for entry in range(starts[security], starts[security + 1]):
            owned = amounts[funds[entry]]
            entries[entry] = net[entry] * owned
            placed[funds[entry]] += entries[entry]
            through[security] += entries[entry]
            sizes[security] += gross[entry] * owned


_spread = compiled(_spread_loop)


def by_group(amounts: FloatArray, groups: IntArray, count: int) -> FloatArray:
    """Sums of ``amounts`` (S,) over ``groups`` (S,), 0 to G - 1: (G + 1,), its last what has group -1 (unknown).

    For sectors, issuers or asset classes. Raises ValueError for a group out of range.
    """
    _check_range("group", groups + 1, count + 1)
    return np.asarray(np.bincount(np.where(groups < 0, count, groups), amounts, count + 1), float)


def resolve_nested(held: Compositions, parents: IntArray, children: IntArray, weights: FloatArray) -> Compositions:
    """The same with funds of funds resolved: fund ``parents[i]`` has the weight ``weights[i]`` in fund ``children[i]``.

    Each fund's composition becomes its own lines plus weight times the (resolved) composition of its children, at any
    depth. What a child leaves as remainder is remainder of the parent. Raises ValueError for a missing or negative
    weight, a number out of range, and funds that hold each other in a circle.
    """
    if not (weights >= 0.0).all():
        raise ValueError("weights of a fund in a fund must be known and not negative")
    _check_range("fund", parents, held.fund_count)
    _check_range("fund", children, held.fund_count)
    reach = _reach(parents, children, weights, held.fund_count)
    both = held.net + 1j * held.gross  # so that one product carries both
    own = sparse.csr_array((both, held.funds, held.starts), shape=(held.security_count, held.fund_count))
    resolved = sparse.csr_array(own @ reach.T)
    resolved.sort_indices()
    funds, starts = resolved.indices.astype(np.int64), resolved.indptr.astype(np.int64)
    securities = np.repeat(np.arange(held.security_count), np.diff(starts))
    return Compositions(
        funds, securities, resolved.data.real.copy(), resolved.data.imag.copy(), starts, held.fund_count
    )


def _reach(parents: IntArray, children: IntArray, weights: FloatArray, size: int) -> sparse.csr_array:
    """Weight of each fund in each other at any depth, 1 in itself: I + C + C^2 + ..., endless only in a circle."""
    step = sparse.csr_array((weights, (parents, children)), shape=(size, size))
    step.eliminate_zeros()
    total = power = sparse.csr_array(sparse.eye_array(size))
    for _ in range(size):
        power = sparse.csr_array(power @ step)
        if not power.nnz:
            return total
        total = sparse.csr_array(total + power)
    raise ValueError("funds hold each other in a circle")
