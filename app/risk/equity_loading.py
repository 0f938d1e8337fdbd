"""What the equity calculator keeps between reports, and what it reads for a book."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from app.domain.holdings import HoldingsSnapshot
from app.domain.prices import CorporateAction, DailyBars
from app.domain.risk_reports import WINDOWS
from app.domain.risk_runs import BookUsed
from app.risk.equity_report import Book
from app.risk.positions import MasterIndex, Position
from app.risk.price_loading import price_sources, short_symbols
from app.risk.price_panel import build_panel, merge_bars

ROWS = max(WINDOWS.values())
"""Returns of the longest window."""


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """What is kept between reports, and what it was read from: days ``since`` to ``until``.

    ``restated`` as in ``Book``.
    """

    newest_import: int
    restated: object
    read_at: datetime
    since: date
    until: date
    snapshot: HoldingsSnapshot | None
    index: MasterIndex
    positions: tuple[Position, ...]
    benchmarks: tuple[str, ...]
    actions: tuple[CorporateAction, ...]
    bars: DailyBars
    host_bars: DailyBars
    book: Book


def own_sources(snapshot: HoldingsSnapshot | None) -> tuple[str, ...]:
    """The price sources that a book may be valued with."""
    return price_sources(is_sample=snapshot is not None and snapshot.is_sample)


def wanted_symbols(loaded: Loaded) -> list[str]:
    """Every symbol whose bars count: of the holdings, then of the index."""
    return [
        *dict.fromkeys(symbol for position in loaded.positions for symbol in position.price_symbols),
        *loaded.benchmarks,
    ]


def host_symbols(loaded: Loaded) -> list[str]:
    """Symbols whose bars of the dashboard may count; none for the sample book, which lives in its own market."""
    if loaded.snapshot is not None and loaded.snapshot.is_sample:
        return []
    return short_symbols(wanted_symbols(loaded), loaded.bars, loaded.since)


def growing_host_symbols(loaded: Loaded) -> list[str]:
    """Those of ``host_symbols`` of which the dashboard has bars, or is alone to have them: it may write new ones."""
    own = {key.symbol for key in loaded.bars.series if key.exchange == "NSE"}
    known = {key.symbol for key in loaded.host_bars.series}
    return [symbol for symbol in host_symbols(loaded) if symbol in known or symbol not in own]


def traded_days(loaded: Loaded) -> NDArray[np.datetime64]:
    """Days of any bar."""
    return np.union1d(loaded.bars.days, loaded.host_bars.days)


def with_bars(loaded: Loaded, bars: DailyBars, host_bars: DailyBars) -> Loaded:
    """The same with other prices, and the book that they make."""
    merged = merge_bars(bars, host_bars)
    panel, issues = build_panel(merged, loaded.positions, loaded.benchmarks, loaded.actions, ROWS)
    snapshot = loaded.snapshot
    book = Book(
        loaded.positions,
        snapshot.as_of if snapshot else None,
        snapshot.source if snapshot else "none",
        snapshot.is_sample if snapshot else False,
        panel,
        issues,
        restated=loaded.restated,
        used=BookUsed(snapshot.as_of, snapshot.snapshot_id) if snapshot else None,
    )
    return replace(loaded, bars=bars, host_bars=host_bars, book=book)
