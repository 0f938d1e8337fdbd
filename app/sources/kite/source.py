"""The door to Kite: typed questions, read only, every failure a KiteError."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from typing import Any

from app.domain.holdings import Holding
from app.domain.kite import (
    CandleSeries,
    FundHolding,
    Instrument,
    KiteProfile,
    KiteRows,
    KiteSession,
    Margins,
    Positions,
    Quote,
)
from app.domain.kite_errors import LoginNeeded
from app.sources.kite import account, candles, market
from app.sources.kite.client import GatedClient, KiteAddress
from app.sources.kite.gate import Gate, GatedSession, Pacing
from app.sources.kite.transport import HttpTransport, Transport

QUOTES_A_CALL = 500
PRICES_A_CALL = 1000
"""Kite's limits of instruments in one call of quote, and of ohlc or ltp."""

FOREVER = float("inf")
_CLIENT_TROUBLE = (LookupError, TypeError, ValueError, OverflowError)
"""What the client raises when a login answer lacks a member it reads."""


class KiteSource:
    """What the app may ask Kite. One for a process: the rate limits are counted in here. Thread-safe.

    ``access_token`` is asked for before every call and gives None while nobody is logged in. Once Kite refuses a token,
    no call leaves with that token again, except ``profile``, by which a person checks.

    Every call raises LoginNeeded, PermissionRefused, RateLimited, KiteUnavailable, KiteUntrusted, KiteDataError or
    BadRequest, and nothing else.
    """

    def __init__(
        self,
        api_key: str,
        access_token: Callable[[], str | None],
        address: KiteAddress = KiteAddress(),  # noqa: B008  frozen
        transport: Transport | None = None,
        pacing: Pacing = Pacing(),  # noqa: B008  frozen
    ) -> None:
        """Raises SettingsError for an API address that is not https."""
        self._api_key = api_key
        self._access_token = access_token
        self._address = address
        self._gate = Gate(transport or HttpTransport(address.api_root), pacing)
        self._refused: set[str] = set()
        self._end = FOREVER

    def within(self, seconds: float) -> KiteSource:
        """The same source, all of whose calls together must be over ``seconds`` from now (a monitoring cycle: 20)."""
        limited = object.__new__(KiteSource)
        limited.__dict__.update(self.__dict__, _end=min(self._end, self._gate.now() + seconds))
        return limited

    def login_url(self, state: str) -> str:
        """The page on which a person logs in; ``state`` comes back to the callback beside the request token."""
        return self._client(None).login_address(state)

    def generate_session(self, request_token: str, api_secret: str) -> KiteSession:
        """Finishes a login. The secret goes out only inside the official client's SHA-256 checksum."""
        try:
            answer = self._client(None).generate_session(request_token, api_secret)
        except LoginNeeded:
            raise LoginNeeded(
                "Kite refuses this login: used before, too late, or not for this key and secret."
            ) from None
        except _CLIENT_TROUBLE:
            answer = {}
        return account.read_session(answer)

    def invalidate_access_token(self) -> None:
        """Logs out at Kite; nothing to do without a token."""
        token = self._access_token()
        if token is not None:
            self._refused.add(token)
            self._client(token).invalidate_access_token(token)

    def profile(self) -> KiteProfile:
        """Whose login it is. Asks even with a token refused before, and trusts it again if Kite does."""
        token = self._usable_token()
        self._refused.discard(token)
        return account.read_profile(self._call(lambda client: client.profile()))

    def margins(self) -> Margins:
        """Funds of the account."""
        return account.read_margins(self._call(lambda client: client.margins()))

    def holdings(self) -> KiteRows[Holding]:
        """Owned shares. Empty only where Kite says so in a sound answer."""
        return account.read_holdings(self._call(lambda client: client.holdings()))

    def positions(self) -> Positions:
        """Net and day positions, derivatives included."""
        return account.read_positions(self._call(lambda client: client.positions()))

    def mf_holdings(self) -> KiteRows[FundHolding]:
        """Fund units by folio."""
        return account.read_fund_holdings(self._call(lambda client: client.mf_holdings()))

    def instruments(self, exchange: str) -> KiteRows[Instrument]:
        """All instruments of an exchange (NSE, BSE, NFO). Kite answers this without a login too."""
        return market.read_instruments(self._client(None).instruments(exchange))

    def quote(self, keys: Sequence[str]) -> KiteRows[Quote]:
        """Full quotes for keys like ``NSE:INFY`` or ``NSE:NIFTY 50``, any number of them, in calls of 500."""
        return self._quotes(keys, QUOTES_A_CALL, lambda client, some: client.quote(*some))

    def ohlc(self, keys: Sequence[str]) -> KiteRows[Quote]:
        """Last price and the day's bar, in calls of 1,000."""
        return self._quotes(keys, PRICES_A_CALL, lambda client, some: client.ohlc(*some))

    def ltp(self, keys: Sequence[str]) -> KiteRows[Quote]:
        """Last price, in calls of 1,000."""
        return self._quotes(keys, PRICES_A_CALL, lambda client, some: client.ltp(*some))

    def daily_candles(self, instrument_token: int, first: date, last: date, now: datetime) -> CandleSeries:
        """Daily candles from ``first`` to ``last``, both included; ``now`` (aware) tells which bar is still partial."""
        spans = [self._candles(instrument_token, span, now) for span in candles.split_days(first, last)]
        return candles.join_spans(instrument_token, spans)

    def _candles(self, instrument_token: int, span: candles.Span, now: datetime) -> candles.Span:
        since, until = datetime.combine(span.first, time.min), datetime.combine(span.last, time(23, 59, 59))
        data = self._call(lambda client: client.historical_data(instrument_token, since, until, "day"))
        return candles.read_candles(data, span, now)

    def _quotes(
        self, keys: Sequence[str], at_once: int, ask: Callable[[GatedClient, Sequence[str]], Any]
    ) -> KiteRows[Quote]:
        answers = [
            market.read_quotes(self._call(lambda client, some=keys[at : at + at_once]: ask(client, some)))  # type: ignore[misc]
            for at in range(0, len(keys), at_once)
        ]
        return KiteRows(
            tuple(quote for answer in answers for quote in answer.rows),
            tuple(message for answer in answers for message in answer.rejected),
        )

    def _call(self, ask: Callable[[GatedClient], Any]) -> Any:
        token = self._usable_token()
        if token in self._refused:
            raise LoginNeeded()
        try:
            return ask(self._client(token))
        except LoginNeeded:
            self._refused.add(token)
            raise

    def _usable_token(self) -> str:
        token = self._access_token()
        if not token or not (token.isascii() and token.isprintable()):
            raise LoginNeeded("Nobody is logged in to Kite.")
        return token

    def _client(self, token: str | None) -> GatedClient:
        return GatedClient(self._address, self._api_key, token, GatedSession(self._gate, self._end))
