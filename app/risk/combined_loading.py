"""Prices behind the combined book out of the store: of what funds hold, and of past crises. A few queries each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from app.domain.disclosures import LineKind
from app.domain.holdings import Holding
from app.domain.prices import FloatArray, PricePanel
from app.domain.risk_reports import WINDOWS
from app.domain.scenarios import Scenario
from app.domain.schemes import PAYING
from app.domain.securities import UNCLASSIFIED, MatchKind
from app.measures.lookthrough import Compositions
from app.risk.combined_book import Constituents, Episode
from app.risk.fund_book import FundBook, SecurityTable
from app.risk.joint_series import returns_between
from app.risk.nav_panel import nav_returns
from app.risk.positions import MasterIndex, Position, index_master, merge_positions
from app.risk.price_loading import benchmark_names, load_prices, newest_price_day, price_sources
from app.risk.price_panel import BENCHMARKS, build_panel
from app.store.navs import load_navs
from app.store.prices import load_actions
from app.store.securities import load_host_scrips, load_master

HISTORY = timedelta(days=550)
"""Calendar days, as for shares held directly: the same guard must see the same past."""
EDGE = timedelta(days=10)
"""Read before an episode, so that a holiday on its first day still has a close before it."""
SAME_START = 4
"""Calendar days by which the first close of an episode may miss its first day: a long weekend."""
ROWS = max(WINDOWS.values())
PRICED = (LineKind.EQUITY, LineKind.TRUST_UNIT, LineKind.DERIVATIVE)
NOTHING = Constituents(np.empty(0, "datetime64[D]"), np.empty((0, 0)), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class _Market:
    """Which prices count: the own sources asked, and the names that Nifty 50 may have."""

    sources: tuple[str, ...]
    benchmarks: tuple[str, ...]
    is_sample: bool


def load_constituents(
    connection: Connection,
    securities: SecurityTable,
    held: Compositions,
    benchmark: str | None,
    until: date,
    *,
    is_sample: bool,
) -> Constituents:
    """Returns of everything in the funds that has prices under an ISIN or a symbol of NSE, up to ``until``."""
    index = index_master(load_master(connection), load_host_scrips(connection))
    found = _positions(securities, held, index)
    if not found:
        return NOTHING
    places, positions = zip(*found, strict=True)
    market = _market(connection, benchmark, is_sample=is_sample)
    symbols = _symbols(positions, market)
    last = newest_price_day(connection, symbols, market.sources, until) or until
    panel = _panel(connection, positions, market, last - HISTORY, until, ROWS)
    priced = np.isfinite(panel.returns).any(axis=0)
    return Constituents(panel.days, panel.returns[:, priced], np.array(places, dtype=np.int64)[priced])


def load_episodes(
    connection: Connection,
    shares: Sequence[Position],
    funds: FundBook,
    scenarios: Sequence[Scenario],
    benchmark: str | None,
) -> tuple[Episode, ...]:
    """Returns of shares and funds through the days of each scenario that has days."""
    dated = [(one, one.from_day, one.to_day) for one in scenarios if one.from_day and one.to_day]
    if not dated or not (shares or funds.positions):
        return ()
    market = _market(connection, benchmark, is_sample=funds.is_sample)
    growing = [one.isin for one in funds.positions if one.option not in PAYING]
    history = load_navs(connection, growing, min(first for _, first, _ in dated) - EDGE)
    columns = [history.mf_symbols.index(one.isin) if one.isin in growing else -1 for one in funds.positions]
    navs = np.column_stack([history.navs, np.full(len(history.days), np.nan)])[:, np.array(columns, dtype=np.int64)]
    episodes = []
    for scenario, first, last in dated:
        panel = _panel(connection, shares, market, first - EDGE, last, LONGEST)
        episodes.append(_episode(scenario.key, first, last, panel, history.days, navs))
    return tuple(episodes)


LONGEST = 1000
"""Returns of an episode of which flaws would be told; nothing is told of them here."""


def _episode(
    key: str, first: date, last: date, panel: PricePanel, nav_days: NDArray[np.datetime64], navs: FloatArray
) -> Episode:
    """From the last index close up to ``first`` to the last one up to ``last``."""
    start, end = np.datetime64(first), np.datetime64(last)
    known = panel.days[np.isfinite(panel.benchmark) & (panel.days <= end)]
    begins = known[known <= start][-1:]
    days = np.concatenate([begins, known[known > start]])
    edge = np.timedelta64(SAME_START, "D")
    if not len(begins) or begins[0] < start - edge or len(days) < 2 or days[-1] < end - edge:
        return Episode(key, days[:0], np.empty((0, panel.returns.shape[1] + navs.shape[1])), np.empty(0))
    on_days = np.full((len(days), navs.shape[1]), np.nan)
    _, places, rows = np.intersect1d(days, nav_days, return_indices=True)
    on_days[places] = navs[rows]
    own = np.column_stack([returns_between(panel.days, panel.returns, days), _steps(on_days)])
    index = panel.benchmark[np.isin(panel.days, days)]
    return Episode(key, days[1:], own, index[1:] / index[:-1] - 1.0)


def _steps(navs: FloatArray) -> FloatArray:
    """Returns whose product is the fund's from its first to its last NAV: 0 on a day without one in between."""
    known = np.isfinite(navs)
    begun, goes_on = np.maximum.accumulate(known)[:-1], np.maximum.accumulate(known[::-1])[::-1][1:]
    return np.where(begun & goes_on & ~known[1:], 0.0, nav_returns(navs)[0])


def _positions(table: SecurityTable, held: Compositions, index: MasterIndex) -> list[tuple[int, Position]]:
    """Place and price symbols of what funds hold and the market prices."""
    wanted = np.flatnonzero(table.of_kind(*PRICED) & (np.diff(held.starts) > 0)).tolist()
    isins, symbols, kinds = table.isins.tolist(), table.symbols.tolist(), table.kinds.tolist()
    found = []
    for at in wanted:
        if kinds[at] == LineKind.DERIVATIVE:
            if symbols[at]:
                found.append((at, _index_future(symbols[at])))
        elif isins[at] or symbols[at]:
            holding = Holding(symbols[at] or "", "NSE", isins[at], quantity=1.0)
            found += [(at, position) for position in merge_positions((holding,), index) if position.price_symbols]
    return found


def _index_future(symbol: str) -> Position:
    """A future moves as its index does, but for the cost of carry."""
    names = (symbol, *BENCHMARKS) if symbol in BENCHMARKS else (symbol,)
    return Position(
        isin=None,
        symbol=symbol,
        name=symbol,
        sector=UNCLASSIFIED,
        exchanges=("NSE",),
        quantity=1.0,
        mtf_quantity=0.0,
        average_price=None,
        last_price=None,
        close_price=None,
        matched_by=MatchKind.SYMBOL,
        price_symbols=tuple(dict.fromkeys(names)),
    )


def _market(connection: Connection, benchmark: str | None, *, is_sample: bool) -> _Market:
    return _Market(price_sources(is_sample=is_sample), benchmark_names(connection, benchmark), is_sample)


def _symbols(positions: Sequence[Position], market: _Market) -> list[str]:
    own = (symbol for position in positions for symbol in position.price_symbols if symbol)
    return [*dict.fromkeys([*own, *market.benchmarks])]


def _panel(
    connection: Connection, positions: Sequence[Position], market: _Market, since: date, until: date, rows: int
) -> PricePanel:
    symbols = _symbols(positions, market)
    bars = load_prices(connection, symbols, since, until, is_sample=market.is_sample)
    return build_panel(bars, positions, market.benchmarks, load_actions(connection, symbols), rows)[0]
