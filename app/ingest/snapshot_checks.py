"""Is this answer believable after the last one? Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

FALL = 0.6
"""A book that is worth so much less at once, with quantities gone, is more likely a bad answer than a sale."""


@dataclass(frozen=True, slots=True)
class Owned:
    """So many of something. ``key`` survives a change of exchange or face value; ``price`` in rupees, None unknown."""

    key: str
    quantity: float
    price: float | None


def why_doubtful(before: Sequence[Owned], now: Sequence[Owned], rejected: int) -> str | None:
    """Why ``now`` should not replace ``before`` unasked; None when it may. ``rejected`` rows could not be read.

    A fall in prices alone is no reason: something must be gone. Value is counted at the older prices where the new
    answer has none, and by names where nothing has a price.
    """
    held, holds = _totals(before), _totals(now)
    gone = [key for key, quantity in held.items() if holds.get(key, 0.0) < quantity]
    if not held or not gone:
        return None
    if not holds:
        return f"it is empty and the last one had {len(held)} names"
    if rejected:
        return f"{rejected} of its rows can't be read and {len(gone)} of {len(held)} names have less than before"
    fall = 1.0 - _worth(now, before) / _worth(before, before)
    return f"its value is {fall:.0%} less, with {len(gone)} of {len(held)} names gone or fewer" if fall > FALL else None


def fingerprint(rows: Iterable[Owned]) -> str:
    """Equal for answers that own the same, whatever the prices."""
    return sha256(repr(sorted(_totals(rows).items())).encode()).hexdigest()


def _totals(rows: Iterable[Owned]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for row in rows:
        totals[row.key] = totals.get(row.key, 0.0) + row.quantity
    return {key: quantity for key, quantity in totals.items() if quantity > 0}


def _worth(rows: Iterable[Owned], before: Iterable[Owned]) -> float:
    """Rupees; with no price at all, names."""
    known = {row.key: row.price for row in before if row.price is not None and row.quantity > 0}
    if not known:
        return float(len(_totals(rows)))
    return sum(row.quantity * (row.price or known.get(row.key, 0.0)) for row in rows)
