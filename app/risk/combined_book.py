"""The combined book: shares, funds, what the funds hold with prices of their own, and past crises. Plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.domain.disclosures import LineKind
from app.domain.prices import FloatArray
from app.domain.scenarios import ScenarioEntry
from app.measures.conventions import IntArray
from app.risk.equity_report import Book
from app.risk.fund_book import FundBook, SecurityTable, texts, with_shares
from app.risk.positions import Position
from app.risk.valuation import Valuation, value_positions

FUND_UNITS, GOLD_BOND, GOVERNMENT = "INF", "SGB", "IN0"


@dataclass(frozen=True, slots=True, eq=False)
class Constituents:
    """Daily ``returns`` (T - 1, P) on ``days`` (T,) of the securities ``places`` (P,) that funds hold, NaN for none."""

    days: NDArray[np.datetime64]
    returns: FloatArray
    places: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """A past crisis as far as prices reach: ``returns`` (T, N + F) of shares and funds and ``market`` (T,) of Nifty 50.

    ``days`` (T,) are the days of the returns; none where the index itself does not reach.
    """

    key: str
    days: NDArray[np.datetime64]
    returns: FloatArray
    market: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class CombinedBook:
    """``funds`` have the directly held shares among their securities, at ``places`` (N,)."""

    shares: Book
    funds: FundBook
    places: IntArray
    constituents: Constituents
    episodes: tuple[Episode, ...]
    scenarios: tuple[ScenarioEntry, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """Rupees: ``shares`` (N,) and ``funds`` (F,), NaN where unknown; ``weights`` (N + F,) of ``total``.

    ``total`` is None where nothing has a value, ``weights`` are then NaN.
    """

    valuation: Valuation
    shares: FloatArray
    funds: FloatArray
    weights: FloatArray
    total: float | None

    @property
    def both(self) -> FloatArray:
        """(N + F,) rupees, an unknown value as 0."""
        return np.asarray(np.nan_to_num(np.concatenate([self.shares, self.funds])))


def with_direct(funds: FundBook, shares: Sequence[Position]) -> tuple[FundBook, IntArray]:
    """As ``with_shares``, with the kind of what is held in the demat account without being a share."""
    book, places = with_shares(funds, shares)
    new = places >= len(funds.securities)
    if not new.any():
        return book, places
    kinds, sectors = book.securities.kinds.copy(), book.securities.sectors.copy()
    for place, share in zip(places[new].tolist(), (shares[at] for at in np.flatnonzero(new).tolist()), strict=True):
        kind = kind_held(share)
        if kind is not LineKind.EQUITY:
            kinds[place], sectors[place] = str(kind), None
    return replace(book, securities=replace(book.securities, kinds=kinds, sectors=sectors)), places


def kind_held(position: Position) -> LineKind:
    """Most holdings of a demat account are shares; ETFs, gold bonds and government paper lie there too."""
    isin = position.isin or ""
    if isin.startswith(FUND_UNITS):
        return LineKind.FUND_UNIT
    if isin.startswith(GOVERNMENT):
        return LineKind.GOLD if position.symbol.startswith(GOLD_BOND) else LineKind.DEBT
    return LineKind.EQUITY


def known_sectors(book: CombinedBook, unknown: str) -> SecurityTable:
    """The securities, a sector that lists of funds leave open filled from the holding of the same share."""
    table = book.funds.securities
    sectors = table.sectors.tolist()
    for place, share in zip(book.places.tolist(), book.shares.positions, strict=True):
        if sectors[place] == unknown:
            sectors[place] = share.sector
    return replace(table, sectors=texts(sectors))


def value_book(book: CombinedBook, as_of: date | None) -> Values:
    """What everything is worth, shares as in their own report."""
    shares = book.shares
    valuation = value_positions(shares.positions, shares.panel, shares.as_of, as_of, shares.live)
    own = np.array([np.nan if value is None else value for value in valuation.values], dtype=float)
    funds = book.funds.values
    both = np.concatenate([own, funds])
    known = np.isfinite(both).any()
    total = float(np.nansum(both)) if known else None
    weights = both / total if total else np.full(both.shape, np.nan)
    return Values(valuation, own, funds, weights, total)
