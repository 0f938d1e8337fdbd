"""What Kite tells of an account and of the market. Missing is None, never zero; instants are aware, days India's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Generic, TypeVar

from app.domain.market_hours import IST

TOKEN_DIES_AT = time(6, 0)
"""India time: every access token ends at the first 06:00 after its login."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KiteRows(Generic[T]):
    """A list as Kite sent it, row by row. ``rejected`` names what could not be used, with the reason; ``notices`` how
    rows were read that could be.
    """

    rows: tuple[T, ...]
    rejected: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KiteSession:
    """One login. The token is left out of ``repr`` on purpose."""

    user_id: str
    user_name: str
    logged_in_at: datetime
    access_token: str = field(repr=False)

    @property
    def expires_at(self) -> datetime:
        """The first 06:00 in India after the login."""
        return token_expiry(self.logged_in_at)


def token_expiry(logged_in_at: datetime) -> datetime:
    """The first 06:00 India time strictly after an aware instant."""
    local = logged_in_at.astimezone(IST)
    six = datetime.combine(local.date(), TOKEN_DIES_AT, IST)
    return six if local < six else six + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KiteProfile:
    """Whose account it is and which exchanges it may ask about."""

    user_id: str
    user_name: str
    exchanges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SegmentMargin:
    """One segment of the account, rupees. ``net`` is what can still be used; the others are None where unknown."""

    enabled: bool
    net: float
    cash: float | None
    collateral: float | None
    used: float | None
    span: float | None
    exposure: float | None
    option_premium: float | None


@dataclass(frozen=True, slots=True)
class Margins:
    """Funds of the account; a segment the account lacks is None."""

    equity: SegmentMargin | None
    commodity: SegmentMargin | None


@dataclass(frozen=True, slots=True)
class Position:
    """One row of the day's or the net positions. ``quantity`` is in units, not lots, and negative for a sale.

    Rupee value = last_price * quantity * ``multiplier`` (1 except for commodities).
    """

    symbol: str
    exchange: str
    product: str
    instrument_token: int
    quantity: float
    overnight_quantity: float
    multiplier: float
    average_price: float | None
    last_price: float | None
    close_price: float | None
    pnl: float | None


@dataclass(frozen=True, slots=True)
class Positions:
    """``net`` is what is held now, ``day`` what was traded today. Rows of quantity 0 (closed today) stay in both."""

    net: KiteRows[Position]
    day: KiteRows[Position]


@dataclass(frozen=True, slots=True)
class FundHolding:
    """Units of one fund in one folio, ``pledged_units`` among them; ``nav_as_of`` is None where Kite dates no NAV."""

    isin: str
    name: str
    folio: str | None
    units: float
    pledged_units: float
    average_nav: float | None
    nav: float | None
    nav_as_of: date | None


@dataclass(frozen=True, slots=True)
class Instrument:
    """One row of the instruments file. A token is unique only together with its exchange.

    ``kind`` is EQ, FUT, CE or PE; ``segment`` tells indices (INDICES) from shares. ``lot_size`` and ``tick_size`` are
    None for what can't be traded, ``expiry`` and ``strike`` for what is no derivative.
    """

    instrument_token: int
    exchange_token: int
    symbol: str
    name: str
    exchange: str
    segment: str
    kind: str
    lot_size: int | None
    tick_size: float | None
    expiry: date | None
    strike: float | None


@dataclass(frozen=True, slots=True)
class Quote:
    """The market in one instrument; the calls ltp and ohlc fill fewer fields. Rupees, shares, instants in India time.

    ``previous_close`` is yesterday's official close during the session. ``bid`` and ``ask`` are the best of the book.
    """

    exchange: str
    symbol: str
    instrument_token: int
    last_price: float
    previous_close: float | None = None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    volume: float | None = None
    open_interest: float | None = None
    bid: float | None = None
    ask: float | None = None
    lower_circuit: float | None = None
    upper_circuit: float | None = None
    as_of: datetime | None = None
    last_trade: datetime | None = None


@dataclass(frozen=True, slots=True)
class Candle:
    """One day of one instrument, rupees as Kite adjusts them on the day of asking.

    ``partial`` marks a bar that may still change: its session was not over when Kite was asked.
    """

    day: date
    open: float | None
    high: float | None
    low: float | None
    close: float
    volume: float
    partial: bool = False


@dataclass(frozen=True, slots=True)
class CandleSeries:
    """Daily candles in order of day, one a day.

    ``rejected`` names unreadable rows, ``conflicting`` the days for which Kite sent different bars (left out), and
    ``edge_holes`` the days that only one of two overlapping answers holds (kept: the other answer has lost them).
    """

    instrument_token: int
    candles: tuple[Candle, ...]
    rejected: tuple[str, ...] = ()
    conflicting: tuple[date, ...] = ()
    edge_holes: tuple[date, ...] = ()
