"""What each position is worth: live price times live quantity, a missing price never being zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from app.domain.data_issues import DataIssue, Severity
from app.domain.prices import FloatArray, PricePanel
from app.measures.concentration import weights
from app.risk.positions import Position


@dataclass(frozen=True, slots=True)
class Price:
    """A price in rupees with its day and where it is from; value None when there is none."""

    value: float | None
    as_of: date | None
    source: str


NO_PRICE = Price(None, None, "no price")


@dataclass(frozen=True, slots=True, eq=False)
class Valuation:
    """Prices and values of N positions. ``weights`` (N,) shares of the total, NaN where a position has no value."""

    prices: tuple[Price, ...]
    values: tuple[float | None, ...]
    total: float | None
    weights: FloatArray
    issues: tuple[DataIssue, ...]


def value_positions(
    positions: Sequence[Position],
    panel: PricePanel,
    book_as_of: date | None,
    as_of: date | None = None,
    live: Sequence[Price | None] = (),
) -> Valuation:
    """Value every position at the newer of the book's own price and the last close; at closes only for an ``as_of``.

    ``live`` has an entry for each position, or none at all: a price there takes the place of the others.
    """
    closes = _last_closes(panel)
    prices = tuple(
        _price(position, close, book_as_of, as_of) for position, close in zip(positions, closes, strict=True)
    )
    if live and as_of is None:
        prices = tuple(new or price for new, price in zip(live, prices, strict=True))
    values = tuple(
        None if price.value is None else price.value * position.quantity
        for position, price in zip(positions, prices, strict=True)
    )
    known = np.array([np.nan if value is None else value for value in values])
    total = float(np.nansum(known)) if np.isfinite(known).any() else None
    return Valuation(prices, values, total, weights(known), tuple(_issues(positions, prices)))


def _price(position: Position, close: Price, book_as_of: date | None, as_of: date | None) -> Price:
    quoted = Price(position.last_price or position.close_price or None, book_as_of, "holdings report")
    if quoted.value is None or (as_of is not None and (close.value is not None or _is_later(book_as_of, as_of))):
        return close
    if close.value is None or close.as_of is None or book_as_of is None:
        return quoted
    if not position.last_price:
        return close
    return quoted if book_as_of >= close.as_of else close


def _is_later(book_as_of: date | None, as_of: date) -> bool:
    """A price of a later book, or of an unknown day, says nothing about ``as_of``."""
    return book_as_of is None or book_as_of > as_of


def _last_closes(panel: PricePanel) -> list[Price]:
    """The last close of each column with its day."""
    known = np.isfinite(panel.closes)
    if not len(known):
        return [NO_PRICE] * len(panel.sources)
    rows = len(known) - 1 - known[::-1].argmax(axis=0)
    columns = np.arange(len(rows))
    return [
        Price(close, day, f"close, {source}") if present else NO_PRICE
        for present, close, day, source in zip(
            known[rows, columns].tolist(),
            panel.closes[rows, columns].tolist(),
            panel.days[rows].tolist(),
            panel.sources,
            strict=True,
        )
    ]


def _issues(positions: Sequence[Position], prices: Sequence[Price]) -> list[DataIssue]:
    return [
        DataIssue(
            "not_valued",
            Severity.CRITICAL,
            position.symbol,
            "No price from the holdings report or a price file: it is not in the value, weights or any measure.",
            "Import holdings with prices, or a price file that has it.",
        )
        for position, price in zip(positions, prices, strict=True)
        if price.value is None
    ]
