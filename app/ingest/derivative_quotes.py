"""The market a hedge is made from: Kite while it trades and somebody is logged in, else the newest end-of-day file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from app.Boilerplate import Boilerplate
from app.domain.derivatives import (
    EXPIRES_AT,
    DerivativesMarket,
    ListedIndex,
    NoDerivatives,
    PriceBasis,
    listed_index,
)
from app.domain.hedges import HedgeRequest
from app.domain.kite_errors import KiteError, LoginNeeded
from app.domain.kite_login import LoginState
from app.domain.market_hours import IST, trading_day
from app.ingest.kite_derivatives import fetch_market
from app.sources.kite import KiteSource
from app.store.derivatives import load_closes, newest_closes
from app.store.instruments import load_derivatives

FRESH = timedelta(minutes=15)
"""Quotes of which the newest is older are not live."""
OLDEST = timedelta(days=7)
"""Closes from longer before the day asked for are not used: a week has a trading day."""
ASK_SECONDS = 20.0
GET_QUOTES = (
    "Log in to Kite while the exchange trades, or import NSE's F&O bhavcopy of the last trading day: "
    "python -m app import derivatives FILE"
)


class KiteLogin(Protocol):
    """What is needed of the login."""

    def state(self) -> LoginState:
        """Whether Kite may be asked."""

    def source(self) -> KiteSource:
        """Raises LoginNeeded when nobody is logged in."""

    def rejected(self, error: KiteError) -> None:
        """Kite refused the token."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a hedge would be made from if it were asked for now; nothing is asked of Kite to know.

    ``basis`` None: there are no quotes. ``closes_of`` is the day of the newest stored closes, usable or not.
    """

    basis: PriceBasis | None
    closes_of: date | None
    why_not_live: str


@dataclass(frozen=True, slots=True)
class DerivativeQuotes:
    """Asks Kite and the store. Thread-safe."""

    login: KiteLogin
    database: Boilerplate
    now: Callable[[], datetime]

    def market(self, benchmark: str | None, request: HedgeRequest) -> DerivativesMarket:
        """The contracts on a benchmark that the request could use, with quotes that deserve to be called prices.

        Raises NoDerivatives where there are none, with what to do about it.
        """
        index = listed_index(benchmark)
        if request.as_of is not None:
            return self._closes(index, request, request.as_of, "an earlier day was asked for")
        now = self.now()
        try:
            return self._live(index, request, now)
        except NoDerivatives as error:
            return self._closes(index, request, trading_day(now), error.message)

    def outlook(self, benchmark: str | None) -> Outlook:
        """Where quotes would come from now. Raises NoDerivatives for a benchmark without contracts."""
        index, today, state = listed_index(benchmark), trading_day(self.now()), self.login.state()
        with self.database.transaction() as connection:
            day = newest_closes(connection, index.underlying, today)
        if state.is_logged_in:
            return Outlook(PriceBasis.LIVE, day, "")
        usable = day is not None and today - day <= OLDEST
        return Outlook(PriceBasis.END_OF_DAY if usable else None, day, state.reason)

    def _live(self, index: ListedIndex, request: HedgeRequest, now: datetime) -> DerivativesMarket:
        state, (first, last) = self.login.state(), request.expiries(trading_day(now))
        if not state.is_logged_in:
            raise NoDerivatives(state.reason)
        with self.database.transaction() as connection:
            known = load_derivatives(connection, index.underlying, first)
        listed = [one for one in known if one.expiry and one.expiry <= last]
        if not listed:
            raise NoDerivatives(f"Kite's list of instruments here has no {index.underlying} contract of these months.")
        try:
            market = fetch_market(self.login.source().within(ASK_SECONDS), index, listed, request, now)
        except KiteError as error:
            if isinstance(error, LoginNeeded):
                self.login.rejected(error)
            raise NoDerivatives(error.message) from error
        if now - market.as_of > FRESH:
            raise NoDerivatives(f"Kite's newest quote is of {market.as_of.astimezone(IST):%d %b %Y, %H:%M}.")
        return market

    def _closes(self, index: ListedIndex, request: HedgeRequest, until: date, why_not_live: str) -> DerivativesMarket:
        """The newest closes up to a day, as seen at the end of that day or now."""
        first, last = request.expiries(until)
        with self.database.transaction() as connection:
            day = newest_closes(connection, index.underlying, until)
            if day is None:
                raise NoDerivatives(f"There are no quotes of {index.underlying} contracts. {why_not_live}", GET_QUOTES)
            if until - day > OLDEST:
                raise _too_old(index.underlying, day, until, why_not_live)
            market = load_closes(connection, index.underlying, day, first, last)
        if any(market.left_out.values()) and not (market.futures or market.options):
            raise NoDerivatives(
                f"The closes of {day:%d %b %Y} come without lot sizes, and Kite's list does not have these contracts.",
                "Import a file in the UDiFF layout, or run: python -m app kite sync --only instruments",
            )
        asked = self.now() if request.as_of is None else datetime.combine(until, EXPIRES_AT, IST)
        return replace(market, asked_at=asked, why_not_live=why_not_live)


def _too_old(underlying: str, day: date, until: date, why_not_live: str) -> NoDerivatives:
    age = (until - day).days
    return NoDerivatives(
        f"The newest closes of {underlying} contracts are of {day:%d %b %Y}, {age} days before {until:%d %b %Y}: "
        f"nobody trades at them any more. {why_not_live}",
        f"{GET_QUOTES}. What a hedge would have been on that day: ask as of {day}.",
    )
