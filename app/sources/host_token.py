"""The Kite token of a dashboard beside us, out of its Redis. Two keys are read with GET; nothing is ever written."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

TOKEN_KEY = "kite_access_token"  # noqa: S105  the name of a key
TIME_KEY = "kite_access_token_timestamp"
SECONDS = 2.0
"""For connecting and for an answer: what a Redis that is gone may cost."""
KEEP = timedelta(seconds=5)
"""How long an answer counts: the token is looked at before every call to Kite."""


@dataclass(frozen=True, slots=True)
class HostToken:
    """``logged_in_at`` is None where the dashboard noted no readable time. The token is left out of ``repr``."""

    access_token: str = field(repr=False)
    logged_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """``token`` None with the ``reason`` in a sentence."""

    token: HostToken | None
    reason: str = ""


class HostTokenReader:
    """Asks the dashboard's Redis; one a process. Thread-safe: of two at once the later answer is kept."""

    def __init__(self, url: str, now: Callable[[], datetime]) -> None:
        """``url`` is redis://, rediss:// or unix://; nothing connects before the first ``read``."""
        self._now = now
        self._kept: tuple[datetime, HostAnswer] | None = None
        self._client = Redis.from_url(
            url,
            socket_connect_timeout=SECONDS,
            socket_timeout=SECONDS,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
            encoding_errors="replace",
        )

    def read(self) -> HostAnswer:
        """The dashboard's token as it was at most some seconds ago. Never raises: no token is a state."""
        now = self._now()
        if self._kept is None or not timedelta() <= now - self._kept[0] < KEEP:
            self._kept = (now, self._ask())
        return self._kept[1]

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()

    def _ask(self) -> HostAnswer:
        try:
            token, noted = self._client.get(TOKEN_KEY), self._client.get(TIME_KEY)
        except RedisError as error:
            return HostAnswer(None, f"The dashboard's Redis can't be read ({type(error).__name__}).")
        if not isinstance(token, str) or not token.strip():
            return HostAnswer(None, "The dashboard has no Kite token either.")
        return HostAnswer(HostToken(token.strip(), _instant(noted)))


def _instant(epoch: object) -> datetime | None:
    """Seconds since 1970 as text; None for anything else."""
    try:
        seconds = float(str(epoch))
        return datetime.fromtimestamp(seconds, UTC) if math.isfinite(seconds) else None
    except (ValueError, OverflowError, OSError):
        return None
