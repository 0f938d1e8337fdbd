"""When the exchange trades: effective-dated rows, India time. Instants are stored in UTC and thought of here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum

IST = timezone(timedelta(hours=5, minutes=30), "IST")
OLDEST_DAY = date(1990, 1, 1)
"""Before the first trade of NSE: no day of any file or question lies before it."""


class MarketPhase(StrEnum):
    """What shares in the closing auction do now. Only in CONTINUOUS must their prices and the index move."""

    CLOSED = "closed"
    PRE_OPEN = "pre_open"
    CONTINUOUS = "continuous"
    CLOSING_AUCTION = "closing_auction"
    POST_CLOSE = "post_close"


PRE_OPEN_STARTS = time(9, 0)


@dataclass(frozen=True, slots=True)
class TradingHours:
    """Hours in force from ``effective`` on; at ``closing_auction_end`` the official close of auction stocks is set."""

    effective: date
    opens: time
    continuous_end: time
    closing_auction_end: time
    post_close_end: time


EQUITY_HOURS = (
    TradingHours(date.min, time(9, 15), time(15, 30), time(15, 30), time(16, 0)),
    TradingHours(date(2026, 8, 3), time(9, 15), time(15, 15), time(15, 35), time(16, 0)),
    TradingHours(date(2026, 12, 7), time(9, 15), time(15, 30), time(15, 40), time(16, 0)),
)
"""Stocks in the closing auction (NSE circulars of 2026). Newest last."""


def hours_on(day: date) -> TradingHours:
    """The hours in force on a day."""
    return next(hours for hours in reversed(EQUITY_HOURS) if hours.effective <= day)


def trading_day(now: datetime) -> date:
    """The date in India at an aware instant."""
    return now.astimezone(IST).date()


def last_final_day(now: datetime) -> date:
    """The newest date whose daily bar can be final: today only once post-close trading has ended."""
    local = now.astimezone(IST)
    return local.date() if local.time() >= hours_on(local.date()).post_close_end else local.date() - timedelta(days=1)


def market_phase(now: datetime) -> MarketPhase:
    """The phase at an aware instant, by the clock and the days of the week: holidays are not known here."""
    local = now.astimezone(IST)
    hours, at = hours_on(local.date()), local.time()
    if local.weekday() >= 5 or not PRE_OPEN_STARTS <= at < hours.post_close_end:
        return MarketPhase.CLOSED
    for end, phase in (
        (hours.opens, MarketPhase.PRE_OPEN),
        (hours.continuous_end, MarketPhase.CONTINUOUS),
        (hours.closing_auction_end, MarketPhase.CLOSING_AUCTION),
    ):
        if at < end:
            return phase
    return MarketPhase.POST_CLOSE
