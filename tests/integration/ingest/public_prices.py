"""The two public sources, a database and the time, together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from app.Boilerplate import Boilerplate
from app.domain.feeds import Feed
from app.domain.market_hours import IST
from app.ingest.candle_targets import INDICES
from app.ingest.eod_prices import EodRun, fetch_prices
from app.ingest.price_sources import Sites
from app.sources.nse import NseArchive
from app.sources.yahoo import Yahoo
from tests.fakes.nse import FakeNse, weekdays
from tests.fakes.yahoo import FakeYahoo, Row
from tests.integration.importing import rows

FRIDAY = date(2026, 11, 20)
EVENING = datetime(2026, 11, 20, 18, 30, tzinfo=IST)
HISTORY = timedelta(days=27)
"""20 weekdays up to Friday."""
BARS = """SELECT exchange, source, bar_date, close FROM risk_daily_bars JOIN risk_price_series USING (series_id)
          WHERE symbol = '{}' ORDER BY 2, 3"""


@dataclass
class PublicPrices:
    """Runs with everything that matters in reach of the test."""

    database: Boilerplate
    nse: FakeNse
    yahoo: FakeYahoo
    cache: Path
    at: datetime = EVENING
    order: tuple[str, ...] = ("nse", "yahoo")
    history: timedelta = HISTORY
    steps: list[Feed] = field(default_factory=list)

    def run(self) -> EodRun:
        sites = Sites(NseArchive(self.nse.root), Yahoo(self.yahoo.root, self.cache))
        return EodRun(self.database, lambda: self.at, sites, self.order, self.steps.append, self.history)

    def fetch(self, only: str | None = None, since: date | None = None) -> dict[str, Feed]:
        """One run; the feeds by name."""
        self.nse.asked.clear()
        self.yahoo.asked.clear()
        return {feed.name: feed for feed in fetch_prices(self.run(), only, since)}

    def closes(self, symbol: str, source: str) -> dict[date, float]:
        """Stored closes of a symbol by day."""
        found = rows(self.database, BARS.format(symbol))
        return {day: close for _, kept, day, close in found if kept == source}  # type: ignore[misc]

    def sources(self, symbol: str) -> set[tuple[object, object]]:
        """(exchange, source) of the series that have bars of a symbol."""
        return {(exchange, source) for exchange, source, *_ in rows(self.database, BARS.format(symbol))}


def trade(nse: FakeNse, symbols: Iterable[str], days: Iterable[date]) -> None:
    """Sessions in which every share closes at ``close_on`` and Nifty at a hundred times that."""
    names = list(symbols)
    for day in days:
        nse.trade(day, {symbol: close_on(day, place) for place, symbol in enumerate(names)}, nifty_on(day))


def nifty_on(day: date) -> Mapping[str, float]:
    """Closes of every index that is wanted; Nifty 50 the first, as NSE writes it."""
    return {name.title(): (100 + place) * close_on(day, 0) for place, name in enumerate(INDICES)}


def close_on(day: date, place: int) -> float:
    """A close that tells its day and the place of its share."""
    return round(100 + place + (day.toordinal() % 97) / 100, 2)


def yahoo_rows(days: Iterable[date], place: int, factor: float = 1.0) -> list[Row]:
    """The same closes as Yahoo's rows."""
    closes = {day: close_on(day, place) * factor for day in sorted(days)}
    return [(day, close, close, close, close, 50_000) for day, close in closes.items()]


def month() -> list[date]:
    """20 weekdays up to Friday, the newest first."""
    return list(weekdays(FRIDAY, 20))
