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
from app.measures.lookthrough import Compositions
from app.risk.equity_report import Book
from app.risk.fund_book import (
    DirectUnits,
    FundBook,
    FundPosition,
    SecurityTable,
    SeenThrough,
    texts,
    widened,
    with_shares,
)
from app.risk.fund_measures import nav_price_panel
from app.risk.positions import Position, is_fund_unit
from app.risk.valuation import Valuation, value_positions

GOLD_BOND, GOVERNMENT = "SGB", "IN0"


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
class Held:
    """H holdings that are looked through: the F funds, then units in the demat account whose portfolio is stored.

    ``disclosure`` and ``compositions`` as in ``SeenThrough``; ``columns`` (H,) are their places among all N + F
    holdings. Positions in the demat account have no NAV and no value here: the market tells both.
    """

    positions: tuple[FundPosition, ...]
    disclosure: IntArray
    compositions: Compositions
    columns: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class CombinedBook:
    """``funds`` have the directly held shares among their securities, at ``places`` (N,).

    Units of funds in the demat account stay among the N shares, which price them; ``held`` looks through them too.
    """

    shares: Book
    funds: FundBook
    places: IntArray
    held: Held
    constituents: Constituents
    episodes: tuple[Episode, ...]
    scenarios: tuple[ScenarioEntry, ...]

    @property
    def is_direct(self) -> NDArray[np.bool_]:
        """(N,) False for the shares that are looked through."""
        return np.isin(np.arange(len(self.places)), self.held.columns, invert=True)

    @property
    def seen(self) -> SeenThrough:
        """All H funds that are looked through."""
        held, funds = self.held, self.funds
        return SeenThrough(held.positions, funds.lines, held.disclosure, funds.securities, held.compositions)


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
    def holdings(self) -> FloatArray:
        """(N + F,) rupees, NaN where unknown."""
        return np.concatenate([self.shares, self.funds])

    @property
    def both(self) -> FloatArray:
        """(N + F,) rupees, an unknown value as 0."""
        return np.asarray(np.nan_to_num(self.holdings))


def no_shares(funds: FundBook) -> Book:
    """The shares of a book that is the funds alone."""
    nothing = replace(funds, positions=(), navs=funds.navs[:, :0], returns=funds.returns[:, :0])
    panel = nav_price_panel(nothing)
    return Book((), None, "none", funds.is_sample, panel, ())


def with_direct(
    funds: FundBook, shares: Sequence[Position], units: DirectUnits | None = None
) -> tuple[FundBook, IntArray, Held]:
    """As ``with_shares``, with the kind of what is held in the demat account without being a share; and all funds."""
    book, places = with_shares(funds, shares)
    table = book.securities
    kinds, sectors, assets = (part.copy() for part in (table.kinds, table.sectors, table.assets))
    for place, share in zip(places.tolist(), shares, strict=True):
        kind = kind_held(share)
        if place >= len(funds.securities) and kind is not LineKind.EQUITY:
            kinds[place], sectors[place] = str(kind), None
            assets[place] = str(units.classes.get(share.isin or "", kind) if units else kind)
    book = replace(book, securities=replace(table, kinds=kinds, sectors=sectors, assets=assets))
    return book, places, _held(book, shares, units)


def _held(book: FundBook, shares: Sequence[Position], units: DirectUnits | None) -> Held:
    """The funds of the book at their columns, then the units in the demat account at theirs."""
    funds = len(shares) + np.arange(len(book.positions))
    if units is None:
        return Held(book.positions, book.disclosure, book.compositions, funds)
    at = {share.isin: column for column, share in enumerate(shares)}
    direct = np.array([at[one.isin] for one in units.positions], dtype=np.int64)
    compositions = widened(units.compositions, len(book.securities))
    return Held((*book.positions, *units.positions), units.disclosure, compositions, np.concatenate([funds, direct]))


def kind_held(position: Position) -> LineKind:
    """Most holdings of a demat account are shares; ETFs, gold bonds and government paper lie there too."""
    isin = position.isin or ""
    if is_fund_unit(position):
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
