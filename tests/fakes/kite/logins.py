"""Who is logged in to the fake: request tokens used once, one access token at a time, dead at 06:00 India time."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from app.domain.kite import token_expiry
from app.domain.market_hours import IST

REQUEST_TOKEN_LIFE = timedelta(minutes=5)


class FakeLogins:
    """``now`` gives aware instants: time passes here as the test says."""

    def __init__(self, api_key: str, api_secret: str, now: Callable[[], datetime]) -> None:
        self.api_key, self.api_secret, self.now = api_key, api_secret, now
        self.access_token: str | None = None
        self._dies_at = datetime.min.replace(tzinfo=IST)
        self._requested: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def new_request_token(self) -> str:
        """What the login page hands to the callback."""
        token = secrets.token_hex(16)
        self._requested[token] = self.now() + REQUEST_TOKEN_LIFE
        return token

    def exchange(self, request_token: str, checksum: str) -> str | None:
        """The access token for a right checksum over a fresh request token; None otherwise. Ends the login before."""
        with self._lock:
            good_until = self._requested.pop(request_token, None)
            wanted = hashlib.sha256((self.api_key + request_token + self.api_secret).encode()).hexdigest()
            if good_until is None or self.now() > good_until or checksum != wanted:
                return None
            return self.issue()

    def issue(self) -> str:
        """A login without the ceremony."""
        self.access_token = secrets.token_hex(16)
        self._dies_at = token_expiry(self.now())
        return self.access_token

    def end(self) -> None:
        """Logout, or a login elsewhere."""
        self.access_token = None

    def accepts(self, api_key: str, access_token: str) -> bool:
        """Whether this pair is good now."""
        current = self.access_token is not None and access_token == self.access_token
        return api_key == self.api_key and current and self.now() < self._dies_at
