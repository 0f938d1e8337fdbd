"""Is this answer believable after the last one? Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

FALL = 0.6
"""A book that is worth so much less at once, with quantities gone, is more likely a bad answer than a sale."""
LEVEL = 3.0
"""A price this many times the last one, with no stored close near it, is on another footing (paise for rupees)."""
LEVEL_NAMES = 3
"""So many names, half of the book, sink no deeper than a third of their prices on one day."""
UNPRICED = 0.5
"""Share of the earlier value whose prices may be missing from an answer."""
GONE, GONE_NAMES = 1 / 3, 5
"""This share of the names, and so many of them, gone between two answers is no usual day."""
MORE, MORE_OF_BOOK = 5.0, 0.25
"""A name worth so many times what it was, and so much of the book more, was bought today or is a bad row."""


@dataclass(frozen=True, slots=True)
class Owned:
    """So many of something. ``key`` survives a change of exchange or face value; ``price`` in rupees, None unknown.

    ``places`` are the words by which a listing names the row; two rows of one answer never share one.
    """

    key: str
    quantity: float
    price: float | None
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why an answer is not believed. ``passes``: it is once it is seen again, for a slow reader may have been right."""

    reason: str
    passes: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    """A key before and now: quantities, and prices where both are known."""

    key: str
    was: float
    quantity: float
    old_price: float | None
    price: float | None

    @property
    def level(self) -> float | None:
        """The new price over the old one; None where one is unknown."""
        return None if self.old_price is None or self.price is None else self.price / self.old_price

    @property
    def old_value(self) -> float:
        """What it was worth, rupees; 0 where nobody knows."""
        return self.was * (self.old_price or 0.0)

    @property
    def growth(self) -> float:
        """The value over the earlier one: a split or bonus leaves it. Unknown prices count as unchanged."""
        return self.quantity / self.was * (self.level or 1.0)


def why_doubtful(
    before: Sequence[Owned], now: Sequence[Owned], rejected: int, closes: Mapping[str, float] | None = None
) -> Doubt | None:
    """Why ``now`` should not replace ``before`` unasked; None when it may. ``rejected`` rows could not be read, and
    ``closes`` are the newest stored ones by key, rupees: they bear out a price that moved far.

    A fall in the prices of a few names is no reason. Value is counted at the older prices where the new answer has
    none, and by names where nothing has a price.
    """
    repeated = _repeated(now)
    if repeated:
        return Doubt(f"{len(repeated)} of its rows came before, {repeated[0].places[0]} for one")
    if not _totals(before):
        return None
    lines = _lines(before, now)
    return _lost(before, now, rejected) or _mispriced(lines, closes or {}) or _vanished(lines) or _grown(lines)


def fingerprint(rows: Iterable[Owned]) -> str:
    """Equal for answers that own the same, whatever the prices."""
    return sha256(repr(sorted(_totals(rows).items())).encode()).hexdigest()


def _repeated(rows: Iterable[Owned]) -> list[Owned]:
    """The rows one of whose places an earlier row has."""
    seen: set[str] = set()
    repeated = []
    for row in rows:
        if not seen.isdisjoint(row.places):
            repeated.append(row)
        seen.update(row.places)
    return repeated


def _lost(before: Sequence[Owned], now: Sequence[Owned], rejected: int) -> Doubt | None:
    """Something is gone, and the answer is empty, unreadable in part, or worth far less."""
    held, holds = _totals(before), _totals(now)
    gone = [key for key, quantity in held.items() if holds.get(key, 0.0) < quantity]
    if not gone:
        return None
    if not holds:
        return Doubt(f"it is empty and the last one had {len(held)} names")
    if rejected:
        return Doubt(f"{rejected} of its rows can't be read and {len(gone)} of {len(held)} names have less than before")
    fall = 1.0 - _worth(now, before) / _worth(before, before)
    reason = f"its value is {fall:.0%} less, with {len(gone)} of {len(held)} names gone or fewer"
    return Doubt(reason) if fall > FALL else None


def _mispriced(lines: Iterable[_Line], closes: Mapping[str, float]) -> Doubt | None:
    """Prices that are missing from names that had one, or far from both the last one and the stored close.

    A split or consolidation moves the price and not the value. One that falls alone may be a split whose new shares
    have not come yet.
    """
    priced = [line for line in lines if line.old_price is not None and line.quantity > 0]
    bare = [line for line in priced if line.price is None]
    if sum(line.old_value for line in bare) > UNPRICED * sum(line.old_value for line in priced):
        return Doubt(f"{len(bare)} of {len(priced)} names have no price any more")
    moved = [line for line in priced if not _bears_out(line, closes.get(line.key))]
    risen = [line for line in moved if min(line.level or 1.0, line.growth) > LEVEL]
    if risen:
        return Doubt(f"prices of {len(risen)} of {len(priced)} names are more than {LEVEL:g} times the last ones")
    sunk = [line for line in moved if max(line.level or 1.0, line.growth) < 1 / LEVEL]
    if len(sunk) >= max(LEVEL_NAMES, len(priced) / 2):
        return Doubt(f"prices of {len(sunk)} of {len(priced)} names are less than a third of the last ones")
    return None


def _bears_out(line: _Line, close: float | None) -> bool:
    return close is not None and line.price is not None and 1 / LEVEL <= line.price / close <= LEVEL


def _vanished(lines: Sequence[_Line]) -> Doubt | None:
    gone = sum(line.quantity <= 0 for line in lines)
    many = gone >= max(GONE_NAMES, GONE * len(lines))
    return Doubt(f"{gone} of {len(lines)} names are gone at once", passes=True) if many else None


def _grown(lines: Sequence[_Line]) -> Doubt | None:
    least = MORE_OF_BOOK * sum(line.old_value for line in lines)
    grown = [
        line
        for line in lines
        if line.quantity > line.was and line.growth > MORE and (line.growth - 1.0) * line.old_value > least
    ]
    if not grown:
        return None
    return Doubt(f"{len(grown)} of {len(lines)} names are worth more than {MORE:g} times what they were", passes=True)


def _lines(before: Sequence[Owned], now: Sequence[Owned]) -> list[_Line]:
    """What was owned, and what became of it."""
    holds, old_prices, prices = _totals(now), _prices(before), _prices(now)
    return [
        _Line(key, was, holds.get(key, 0.0), old_prices.get(key), prices.get(key))
        for key, was in _totals(before).items()
    ]


def _totals(rows: Iterable[Owned]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for row in rows:
        totals[row.key] = totals.get(row.key, 0.0) + row.quantity
    return {key: quantity for key, quantity in totals.items() if quantity > 0}


def _prices(rows: Iterable[Owned]) -> dict[str, float]:
    return {row.key: row.price for row in rows if row.price is not None and row.quantity > 0}


def _worth(rows: Iterable[Owned], before: Iterable[Owned]) -> float:
    """Rupees; with no price at all, names."""
    known = _prices(before)
    if not known:
        return float(len(_totals(rows)))
    return sum(row.quantity * (row.price or known.get(row.key, 0.0)) for row in rows)
