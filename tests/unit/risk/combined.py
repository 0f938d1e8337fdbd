"""A small world for the combined book: eight shares in four sectors, and funds that hold them at fixed weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.domain.backtests import BacktestReport
from app.domain.combined_reports import CombinedRiskReport
from app.domain.disclosures import LineKind
from app.domain.prices import FloatArray
from app.domain.scenarios import Scenario, ScenarioEntry, merged
from app.domain.securities import UNCLASSIFIED, HostScrips, Security, SecurityMaster
from app.measures.returns import simple_returns
from app.risk.combined_book import CombinedBook, Constituents, Episode, with_direct
from app.risk.combined_report import compute_combined
from app.risk.fund_book import DirectUnits, FundBook
from app.risk.fund_lines import hold, of_funds, place_lines
from app.risk.fund_units import resolve_units
from app.risk.positions import Position, index_master
from tests.unit.risk.books import OPTIONS, book_of, panel_of, position
from tests.unit.risk.funds import cash, fund_book, fund_position, lines_of, share

TODAY = date(2026, 11, 20)
ROWS = 300
SECTORS = ("Financial Services", "Information Technology", "Power", "Realty")
NAMES = ("ALPHA", "BETA", "GAMMA", "DELTA", "EPSILON", "ZETA", "ETA", "THETA")
FULL = {"EPSILON": "Epsilon Bank Limited"}
SECURITIES = tuple(
    Security(f"INE{100 + at}A01010", FULL.get(name, f"{name.title()} Limited"), "NSE", name, sector=SECTORS[at % 4])
    for at, name in enumerate(NAMES)
)
MASTER = index_master(SecurityMaster(SECURITIES, ()), HostScrips())
DAYS: NDArray[np.datetime64] = np.busday_offset(np.datetime64("2026-11-19"), np.arange(1 - ROWS, 1))


def _world() -> tuple[FloatArray, FloatArray]:
    """Returns (299, 8) of a one-factor market and of its index (299,)."""
    rng = np.random.default_rng(5)
    index = 0.008 * rng.standard_normal(ROWS - 1)
    own = 0.01 * rng.standard_normal((ROWS - 1, len(NAMES)))
    return index[:, None] * np.linspace(0.4, 1.8, len(NAMES)) + own, index


RETURNS, INDEX_RETURNS = _world()


def levels(returns: FloatArray) -> FloatArray:
    """100 and what the returns (T, ...) make of it."""
    start = np.ones((1, *returns.shape[1:]))
    return np.asarray(100.0 * np.concatenate([start, np.cumprod(1.0 + returns, axis=0)]))


INDEX = levels(INDEX_RETURNS)


@dataclass(frozen=True)
class Fund:
    """``weights`` percent by share; the rest is cash. ``rupees`` None for no NAV.

    Without ``navs`` the NAV moves as the weights say, cash earning nothing. ``disclosed`` False: no portfolio.
    """

    weights: Mapping[str, float]
    rupees: float | None
    number: int
    navs: FloatArray | None = None
    disclosed: bool = True
    extra: Sequence[tuple[str | None, str, LineKind, float]] = ()

    @property
    def levels(self) -> FloatArray:
        """(300,) rupees."""
        if self.navs is not None:
            return self.navs
        own = np.array([self.weights.get(name, 0.0) / 100 for name in NAMES])
        return levels(RETURNS @ own)


def book(
    shares: Mapping[str, float] | Sequence[tuple[str, float]] = (),
    funds: Sequence[Fund] = (),
    *,
    closes: FloatArray | None = None,
    episodes: tuple[Episode, ...] = (),
    scenarios: Mapping[str, Scenario] | None = None,
    entries: tuple[ScenarioEntry, ...] | None = None,
    units: Sequence[Fund] = (),
    classes: Mapping[str, LineKind] | None = None,
) -> CombinedBook:
    """Shares as (symbol, rupees); a symbol may come twice. ``units`` are funds held in the demat account."""
    owned = list(shares.items()) if isinstance(shares, Mapping) else list(shares)
    columns = [NAMES.index(name) for name, _ in owned]
    prices = levels(RETURNS)[:, columns] if closes is None else closes
    prices = np.column_stack([prices, *(one.levels for one in units)])
    positions = tuple(_position(column, rupees) for column, (_, rupees) in zip(columns, owned, strict=True))
    positions += tuple(_unit(one) for one in units)
    panel = panel_of(prices, INDEX, days=DAYS, symbols=tuple(one.symbol for one in positions))
    equity = replace(book_of(panel, positions), as_of=date(2026, 11, 19))
    own, direct = _funds(funds, units, classes or {})
    combined, places, held = with_direct(own, positions, direct if units else None)
    return CombinedBook(equity, combined, places, held, _constituents(combined.securities.keys.tolist()), episodes,
                        merged(scenarios or {}) if entries is None else entries)  # fmt: skip


def report_of(
    book: CombinedBook,
    windows: Sequence[str] = ("60d", "90d", "1y"),
    horizon: int = 1,
    tested: BacktestReport | None = None,
) -> CombinedRiskReport:
    return compute_combined(
        book, OPTIONS, windows, horizon_days=horizon, today=TODAY, computed_at="2026-11-20T00:00:00Z", as_of=None,
        tested=tested,
    )  # fmt: skip


def _position(column: int, rupees: float) -> Position:
    security = SECURITIES[column]
    return position(
        security.symbol, isin=security.isin, name=security.name, sector=str(security.sector), quantity=rupees / 100,
        last_price=100.0,
    )  # fmt: skip


def _unit(fund: Fund) -> Position:
    """A unit of a fund in the demat account, priced as its NAV moves."""
    price = float(fund.levels[-1])
    return position(
        f"ETF{fund.number}", isin=f"INF{fund.number}", name=f"Fund {fund.number}", sector=UNCLASSIFIED,
        quantity=(fund.rupees or 0.0) / price, last_price=price,
    )  # fmt: skip


def _funds(
    funds: Sequence[Fund], units: Sequence[Fund], classes: Mapping[str, LineKind]
) -> tuple[FundBook, DirectUnits]:
    shown = [one for one in (*funds, *units) if one.disclosed]
    lines = lines_of(*(_lines(one) for one in shown), names=[f"Fund {one.number}" for one in shown])
    at = iter(range(1, len(shown) + 1))
    positions = [fund_position(one.number, one.rupees, next(at) if one.disclosed else None) for one in funds]
    navs = np.column_stack([one.levels for one in funds]) if funds else np.empty((ROWS, 0))
    made = fund_book(positions, lines, navs, master=MASTER)
    direct = [fund_position(one.number, None, next(at)) for one in units if one.disclosed]
    seen = np.concatenate([made.disclosure, np.array([one.portfolio_id or 0 for one in direct], dtype=np.int64) - 1])
    placed = place_lines(lines, MASTER)
    held = of_funds(hold(lines, placed, resolve_units(lines, {})), seen)
    book = replace(made, benchmark=INDEX, benchmark_returns=simple_returns(INDEX))
    return book, DirectUnits(tuple(direct), seen, held, classes)


def _lines(fund: Fund) -> list[tuple[str | None, str, LineKind, float]]:
    held = [share(SECURITIES[NAMES.index(name)], weight) for name, weight in fund.weights.items()]
    left = 100.0 - sum(line[3] for line in (*held, *fund.extra))
    return [*held, *fund.extra, *([cash(left)] if left else [])]


def _constituents(keys: Sequence[str]) -> Constituents:
    of = {security.isin: column for column, security in enumerate(SECURITIES)}
    known = [(at, of[key]) for at, key in enumerate(keys) if key in of]
    places = np.array([at for at, _ in known], dtype=np.int64)
    return Constituents(DAYS, RETURNS[:, [column for _, column in known]], places)
