"""Books of shares and funds put together: what lies behind them is kept between reports, and read where it changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock

import numpy as np
from sqlalchemy import Connection

from app.domain.scenarios import ScenarioEntry, merged
from app.measures.conventions import IntArray
from app.risk.combined_book import CombinedBook, Constituents, Episode, Held, with_direct
from app.risk.combined_loading import load_constituents, load_episodes
from app.risk.direct_units import load_direct_units
from app.risk.equity_report import Book
from app.risk.fund_book import FundBook
from app.risk.positions import Position
from app.store.imports import changes_since
from app.store.scenarios import load_scenarios


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What is kept between reports, and what it was read for."""

    newest_import: int
    until: date
    shares: tuple[Position, ...]
    own_funds: FundBook
    scenarios: tuple[ScenarioEntry, ...]
    funds: FundBook
    places: IntArray
    held: Held
    constituents: Constituents
    episodes: tuple[Episode, ...]


class CombinedBooks:
    """Prices of what funds hold and of past crises are kept until an import, another book or a new day.

    Safe to call from threads.
    """

    def __init__(self, benchmark: str | None) -> None:
        self._benchmark = benchmark
        self._lock = Lock()
        self._kept: _Kept | None = None

    def newest(self, connection: Connection, shares: Book, funds: FundBook, until: date) -> CombinedBook:
        """The newest books with what lies behind them, prices up to ``until``."""
        with self._lock:
            self._kept = kept = self._load(connection, shares, funds, until, None, self._kept)
        return _put_together(shares, kept)

    def afresh(
        self, connection: Connection, shares: Book, funds: FundBook, until: date, as_of: date | None
    ) -> CombinedBook:
        """Other books than the newest, or those of the earlier day ``as_of``; nothing of it is kept."""
        return _put_together(shares, self._load(connection, shares, funds, until, as_of, None))

    def _load(
        self,
        connection: Connection,
        shares: Book,
        own_funds: FundBook,
        until: date,
        as_of: date | None,
        kept: _Kept | None,
    ) -> _Kept:
        """What is kept where nothing behind it changed, read anew in the parts that did."""
        newest = changes_since(connection, 0).newest_import
        scenarios = merged(load_scenarios(connection))
        current = kept is not None and (kept.newest_import, kept.until) == (newest, until)
        same_books = current and kept is not None and kept.own_funds is own_funds and kept.shares == shares.positions
        if kept is not None and same_books and kept.scenarios == scenarios:
            return kept
        wide, units = load_direct_units(connection, own_funds, shares.positions, as_of)
        funds, places, held = with_direct(wide, shares.positions, units)
        constituents, episodes = None, None
        if current and kept is not None:
            constituents = kept.constituents if _same_inside(kept, funds, held) else None
            episodes = kept.episodes if _same_names(kept, shares, funds, scenarios) else None
        if constituents is None:
            constituents = load_constituents(
                connection, funds.securities, held.compositions, self._benchmark, until, is_sample=funds.is_sample
            )
        if episodes is None:
            wanted = [entry.scenario for entry in scenarios]
            episodes = load_episodes(connection, shares.positions, funds, wanted, self._benchmark)
        return _Kept(newest, until, shares.positions, own_funds, scenarios, funds, places, held, constituents, episodes)


def _put_together(shares: Book, kept: _Kept) -> CombinedBook:
    return CombinedBook(shares, kept.funds, kept.places, kept.held, kept.constituents, kept.episodes, kept.scenarios)


def _same_inside(kept: _Kept, funds: FundBook, held: Held) -> bool:
    """Whether funds hold the same securities, numbered alike."""
    same = np.array_equal(kept.funds.securities.keys, funds.securities.keys)
    return same and np.array_equal(kept.held.compositions.starts, held.compositions.starts)


def _same_names(kept: _Kept, shares: Book, funds: FundBook, scenarios: Sequence[ScenarioEntry]) -> bool:
    """Whether the same shares and funds go through the same episodes."""
    return (
        [one.price_symbols for one in kept.shares] == [one.price_symbols for one in shares.positions]
        and [one.isin for one in kept.funds.positions] == [one.isin for one in funds.positions]
        and kept.scenarios == tuple(scenarios)
    )
