"""What the equity calculator keeps between reports, and what it reads for a book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from app.domain.holdings import HoldingsSnapshot
from app.domain.prices import CorporateAction, DailyBars
from app.risk.equity_history import price_sources
from app.risk.equity_report import Book
from app.risk.positions import MasterIndex, Position


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


def missing_symbols(loaded: Loaded) -> list[str]:
    """Symbols of which we have no bar of our own; none for the sample book, which lives in its own market."""
    if loaded.snapshot is not None and loaded.snapshot.is_sample:
        return []
    return sorted(set(wanted_symbols(loaded)) - {key.symbol for key in loaded.bars.series if key.exchange == "NSE"})
