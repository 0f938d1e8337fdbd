"""A generated market: one factor, fat tails, seeded. The same on every machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from app.domain.holdings import Holding, HoldingsSnapshot
from app.domain.prices import Basis, FloatArray, PriceFile
from app.domain.securities import Security

SEED = 20_261_123
INDEX = "NIFTY50"
LAST_DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
"""The instant that all reports are made at: the market is closed and ``LAST_DAY`` is final."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured. ``days`` counts closes; ``held`` of the ``symbols`` are in the book.

    ``books`` are measured at once against other libraries, ``many_books`` to see how the time grows. ``workbooks`` of
    fund houses are read, the smaller ones first.
    """

    symbols: int = 500
    held: int = 50
    days: int = 253
    paths: int = 10_000
    books: int = 1_000
    many_books: int = 1_000_000
    workbooks: int = 15


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """Bars of S symbols, the index first: ``days`` (T,), prices (T, S) rupees, ``volumes`` (T, S)."""

    symbols: tuple[str, ...]
    days: NDArray[np.datetime64]
    opens: FloatArray
    highs: FloatArray
    lows: FloatArray
    closes: FloatArray
    volumes: FloatArray

    def newest(self, growth: float) -> Market:
        """The last day alone, its closes multiplied by ``growth``, in a range that reaches them."""
        closes = np.round(self.closes[-1:] * growth, 2)
        return replace(
            self,
            days=self.days[-1:],
            opens=self.opens[-1:],
            highs=np.maximum(self.highs[-1:], closes),
            lows=np.minimum(self.lows[-1:], closes),
            closes=closes,
            volumes=self.volumes[-1:],
        )


def generate(scale: Scale) -> Market:
    """Closes of returns = beta x factor + noise, both Student t with 5 degrees of freedom; no gaps."""
    generator = np.random.default_rng(SEED)
    shape = (scale.days, scale.symbols + 1)
    factor = generator.standard_t(5, (scale.days, 1)) * 0.006
    noise = generator.standard_t(5, shape) * 0.009
    noise[:, 0] = 0.0
    beta = np.concatenate([[1.0], generator.uniform(0.5, 1.5, scale.symbols)])
    growth = 1.0 + beta * factor + noise
    closes = np.asarray(
        np.round(generator.uniform(200.0, 3000.0, shape[1]) * np.cumprod(growth, axis=0), 2), np.float64
    )
    names = (INDEX, *(f"SHARE{number:03d}" for number in range(scale.symbols)))
    opens = np.round(closes * generator.uniform(0.99, 1.01, shape), 2)
    volumes = generator.integers(10**5, 10**7, shape).astype(float)
    reach = generator.uniform(0.0, 0.01, (2, *shape))
    highs = np.round(np.maximum(opens, closes) * (1.0 + reach[0]), 2)
    lows = np.round(np.minimum(opens, closes) * (1.0 - reach[1]), 2)
    return Market(names, _weekdays(scale.days), opens, highs, lows, closes, volumes)


def price_file(market: Market, rows: slice) -> PriceFile:
    """Some days of the market as an importer would deliver them."""
    days, prices = market.days[rows], (market.opens, market.highs, market.lows, market.closes)
    return PriceFile(
        kind="csv",
        symbols=np.repeat(np.array(market.symbols, dtype=object), len(days)),
        days=np.tile(days, len(market.symbols)),
        ohlc=np.stack([part[rows].T.ravel() for part in prices], axis=1),
        volume=market.volumes[rows].T.ravel(),
        price_basis=Basis.ADJUSTED,
        volume_basis=Basis.ADJUSTED,
    )


def securities(market: Market) -> tuple[Security, ...]:
    """Every share of the market as a list names it, in twelve sectors."""
    return tuple(
        Security(f"INE{number:04d}01010", f"Share {number} Limited", "NSE", symbol, sector=f"Sector {number % 12}")
        for number, symbol in enumerate(market.symbols[1:])
    )


def holdings(market: Market, held: int) -> HoldingsSnapshot:
    """A book of the first ``held`` shares, quantities from 50 up, to be valued at the last close."""
    rows = tuple(
        Holding(security.symbol, "NSE", security.isin, quantity=50.0 + 3.0 * number, average_price=400.0)
        for number, security in enumerate(securities(market)[:held])
    )
    return HoldingsSnapshot(rows, "kite_json", LAST_DAY)


def _weekdays(count: int) -> NDArray[np.datetime64]:
    offsets = np.arange(1 - count, 1)
    return np.busday_offset(np.datetime64(LAST_DAY), offsets)
