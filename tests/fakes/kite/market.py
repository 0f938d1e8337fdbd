"""What the fake knows: instruments with their prices and history, and one account. Plain data; ``step`` moves it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

Bar = tuple[date, float, float, float, float, int]
"""Day, open, high, low, close, volume."""

CSV_HEADER = (
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,"
    "instrument_type,segment,exchange"
)
STEP_VOLATILITY = 0.0004
"""Standard deviation of one step, as a fraction of the price, of the market and of each share's own part."""


@dataclass(slots=True)
class FakeInstrument:
    """Rupees, shares. ``beta`` is how far a step of the market moves it; ``bars`` end with yesterday's session.

    ``follows`` prices what has no price of its own (a derivative, the same share on another exchange).
    """

    token: int
    exchange: str
    symbol: str
    last: float
    previous_close: float
    name: str = ""
    segment: str = "NSE"
    kind: str = "EQ"
    lot: int = 1
    tick: float = 0.05
    expiry: date | None = None
    strike: float = 0.0
    beta: float = 1.0
    volume: int = 0
    bars: tuple[Bar, ...] = ()
    follows: Callable[[], float] | None = None
    open: float = field(default=0.0)
    high: float = field(default=0.0)
    low: float = field(default=0.0)

    def __post_init__(self) -> None:
        self.open = self.open or self.last
        self.high, self.low = max(self.high, self.last), min(self.low or self.last, self.last)

    @property
    def key(self) -> str:
        """``NSE:INFY``."""
        return f"{self.exchange}:{self.symbol}"

    def move(self, fraction: float) -> None:
        """A trade at a price that far from the last, on the tick."""
        self.trade(on_tick(self.last * (1.0 + fraction), self.tick))

    def trade(self, price: float) -> None:
        """A trade at this price."""
        self.last = price
        self.high, self.low = max(self.high, price), min(self.low, price)
        self.volume += self.lot

    def csv_row(self) -> str:
        """The row of the instruments file, which carries no price."""
        expiry = self.expiry.isoformat() if self.expiry else ""
        parts = (self.token, self.token >> 8, self.symbol, self.name, "0.0", expiry, self.strike, self.tick, self.lot)
        return ",".join(map(str, (*parts, self.kind, self.segment, self.exchange)))


def on_tick(price: float, tick: float) -> float:
    """The price rounded to the tick, one tick at least."""
    return max(tick, round(round(price / tick) * tick, 2))


class FakeMarket:
    """Instruments by token and by key, and the account's rows as Kite writes them. Thread-safe for ``step``."""

    def __init__(
        self,
        instruments: Iterable[FakeInstrument],
        holdings: Iterable[Mapping[str, Any]] = (),
        mf_holdings: Iterable[Mapping[str, Any]] = (),
        positions: Iterable[Mapping[str, Any]] = (),
        margins: Mapping[str, Any] | None = None,
        seed: int = 1,
    ) -> None:
        self.instruments = list(instruments)
        self.by_token = {instrument.token: instrument for instrument in self.instruments}
        self.by_key = {instrument.key: instrument for instrument in self.instruments}
        self.mf_holdings = [dict(row) for row in mf_holdings]
        self.positions = [dict(row) for row in positions]
        self.margins: dict[str, Any] = dict(margins or {"equity": empty_segment(100_000.0)})
        self._holdings = [dict(row) for row in holdings]
        self._rng = np.random.default_rng(seed)
        self.lock = threading.RLock()

    @property
    def holdings(self) -> list[dict[str, Any]]:
        """The book at the newest prices."""
        return [{**row, **self._marks(row)} for row in self._holdings]

    def step(self) -> None:
        """Everything trades once: the market's move times its beta plus a move of its own."""
        with self.lock:
            market = self._rng.standard_normal()
            own = self._rng.standard_normal(len(self.instruments))
            for instrument, noise in zip(self.instruments, own, strict=True):
                if instrument.follows is None:
                    alone = float(noise) if instrument.segment in ("NSE", "BSE") else 0.0
                    instrument.move(STEP_VOLATILITY * (instrument.beta * float(market) + alone))
            for instrument in self.instruments:
                if instrument.follows is not None:
                    instrument.trade(instrument.follows())

    def instruments_csv(self, exchange: str | None) -> str:
        """The instruments file of one exchange, or of all."""
        rows = (row.csv_row() for row in self.instruments if exchange in (None, row.exchange))
        return "\n".join((CSV_HEADER, *rows)) + "\n"

    def _marks(self, row: Mapping[str, Any]) -> dict[str, float]:
        instrument = self.by_key.get(f"{row['exchange']}:{row['tradingsymbol']}")
        if instrument is None:
            return {}
        change = instrument.last - instrument.previous_close
        return {
            "instrument_token": instrument.token,
            "last_price": instrument.last,
            "close_price": instrument.previous_close,
            "pnl": (instrument.last - float(row["average_price"])) * float(row["quantity"]),
            "day_change": change,
            "day_change_percentage": 100.0 * change / instrument.previous_close,
        }


def empty_segment(cash: float) -> dict[str, Any]:
    """Margins of a segment with this cash and no use of it."""
    available = dict.fromkeys(("adhoc_margin", "collateral", "intraday_payin"), 0)
    utilised = ("debits", "exposure", "m2m_realised", "m2m_unrealised", "option_premium", "payout", "span", "turnover")
    return {
        "enabled": True,
        "net": cash,
        "available": {**available, "cash": cash, "opening_balance": cash, "live_balance": cash},
        "utilised": dict.fromkeys(utilised, 0),
    }


def holding_row(symbol: str, exchange: str, isin: str, quantity: float, average_price: float) -> dict[str, Any]:
    """A row of GET /portfolio/holdings; prices come from the market when it is asked for."""
    return {
        "tradingsymbol": symbol,
        "exchange": exchange,
        "instrument_token": 0,
        "isin": isin,
        "product": "CNC",
        "price": 0,
        "quantity": quantity,
        "used_quantity": 0,
        "t1_quantity": 0,
        "realised_quantity": quantity,
        "authorised_quantity": 0,
        "authorised_date": "2026-11-23 00:00:00",
        "authorisation": {},
        "opening_quantity": quantity,
        "short_quantity": 0,
        "collateral_quantity": 0,
        "collateral_type": "",
        "discrepancy": False,
        "average_price": average_price,
        "last_price": 0,
        "close_price": 0,
        "pnl": 0,
        "day_change": 0,
        "day_change_percentage": 0,
        "mtf": {"quantity": 0, "used_quantity": 0, "average_price": 0, "value": 0, "initial_margin": 0},
    }
