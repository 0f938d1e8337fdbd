"""Prices as they arrive while the exchange trades, and the figures they re-mark. Instants are aware."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from app.domain.market_hours import trading_day
from app.domain.risk_reports import Concentration

NIFTY = ("NSE", "NIFTY 50")
NIFTY_TOKEN = 256265
"""Nifty 50 as Kite names and numbers it."""
TICKS_CHANNEL = "risk_ticks"
"""Postgres channel on which each stored batch of ticks is announced."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The newest trade of an instrument. Rupees; ``previous_close`` is None where the exchange sent none."""

    exchange: str
    symbol: str
    last_price: float
    previous_close: float | None
    exchange_time: datetime
    received_at: datetime

    @property
    def key(self) -> tuple[str, str]:
        """Exchange and symbol."""
        return self.exchange, self.symbol

    @property
    def day(self) -> date:
        """The trading day in India."""
        return trading_day(self.exchange_time)


@dataclass(frozen=True, slots=True)
class LiveMeasure:
    """A measure at live weights: ``value`` in percent or as a ratio, as in the report; ``rupees`` of the live value.

    ``value`` is None exactly when ``unavailable`` gives the reason.
    """

    value: float | None
    rupees: float | None
    unavailable: str | None


@dataclass(frozen=True, slots=True)
class LiveWindow:
    """One window. ``drawdown_today`` counts today's move so far, percent below the window's highest wealth."""

    measures: dict[str, LiveMeasure]
    drawdown_today: float | None


@dataclass(frozen=True, slots=True)
class LiveHolding:
    """One position: rupees and percent. ``as_of`` is the exchange time of a live price (ISO), else None."""

    symbol: str
    price: float | None
    value: float | None
    weight: float | None
    day_pnl: float | None
    day_change: float | None
    as_of: str | None


@dataclass(frozen=True, slots=True)
class LiveRisk:
    """The book at the newest prices.

    ``as_of`` is the newest exchange time (ISO, UTC), None without a live price; ``priced_live`` of ``held`` positions
    have one. ``day_pnl`` is rupees and ``day_change`` percent since the previous closes, over the positions for which
    both prices are known (``day_coverage`` percent of value). ``nifty_change`` percent. ``kept`` names the measures
    whose percentage is that of the last full report, because only its rupees follow the price.
    """

    phase: str
    as_of: str | None
    value: float | None
    day_pnl: float | None
    day_change: float | None
    day_coverage: float
    nifty: float | None
    nifty_change: float | None
    held: int
    priced_live: int
    windows: dict[str, LiveWindow]
    kept: tuple[str, ...]
    concentration: Concentration
    holdings: tuple[LiveHolding, ...]
