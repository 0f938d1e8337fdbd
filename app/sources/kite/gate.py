"""The one way out to Kite: allow-list, rate limit, time budget, retries and judgement, whichever call comes along."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.kite_errors import KiteError, KiteUnavailable, RateLimited
from app.sources.kite.answers import read_answer
from app.sources.kite.endpoints import CALLS_PER_SECOND, Endpoint, find_endpoint
from app.sources.kite.rate_limits import RateLimit
from app.sources.kite.transport import Request, Transport

TRIES = 3
FIRST_WAIT = 0.5
"""Seconds; the mean wait doubles with every try."""


@dataclass(frozen=True, slots=True)
class Pacing:
    """Time and chance, replaceable in tests: ``clock`` monotonic seconds, ``chance`` uniform in [0, 1)."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


class Gate:
    """Shared by everything in a process that talks to Kite, so that the rate limits hold for all of it together."""

    def __init__(self, transport: Transport, pacing: Pacing) -> None:
        self._transport = transport
        self._pacing = pacing
        self._limits = {
            rate: RateLimit(per_second, pacing.clock, pacing.sleep) for rate, per_second in CALLS_PER_SECOND.items()
        }

    def now(self) -> float:
        """Monotonic seconds."""
        return self._pacing.clock()

    def ask(self, request: Request, end: float) -> object:
        """The judged answer. Raises a KiteError, at the latest at the monotonic instant ``end``.

        Only reading is tried again: a login consumes its request token with the first try.
        """
        endpoint = find_endpoint(request.method, request.path)
        end = min(end, self.now() + endpoint.call_seconds)
        tries = TRIES if request.method == "GET" else 1
        for left in reversed(range(tries)):
            try:
                return self._once(request, endpoint, end)
            except KiteError as error:
                wait = self._wait(error, tries - left)
                if not (error.retryable and left) or self.now() + wait >= end:
                    raise
            self._pacing.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _once(self, request: Request, endpoint: Endpoint, end: float) -> object:
        limit = self._limits[endpoint.rate]
        if not limit.take(end):
            raise KiteUnavailable(endpoint.name, "the time for this run is used up")
        try:
            seconds = min(endpoint.attempt_seconds, end - self.now())
            return read_answer(endpoint, self._transport.send(request, endpoint, seconds))
        except RateLimited:
            limit.halve()
            raise

    def _wait(self, error: KiteError, tried: int) -> float:
        """Seconds before the next try: what Kite asked for, else between half and one and a half of the mean."""
        wished = error.retry_after if isinstance(error, RateLimited) else None
        mean = FIRST_WAIT * 2.0 ** (tried - 1)
        return (0.0 if wished is None else wished) + mean * (0.5 + self._pacing.chance())


@dataclass(frozen=True, slots=True)
class JudgedResponse:
    """The part of ``requests.Response`` that the Kite client reads; made only of answers found sound."""

    data: object
    status_code: int = 200

    @property
    def headers(self) -> Mapping[str, str]:
        """The content type that makes the client take the right turn."""
        return {"content-type": "text/csv" if isinstance(self.data, bytes) else "application/json"}

    @property
    def content(self) -> object:
        """The CSV body."""
        return self.data

    def json(self) -> dict[str, object]:
        """The envelope, rebuilt."""
        return {"status": "success", "data": self.data}


@dataclass(frozen=True, slots=True)
class GatedSession:
    """Takes the place of the client's ``requests.Session`` for one call that must be over at ``end``."""

    gate: Gate
    end: float

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> JudgedResponse:
        """Everything else the client passes (time limit, redirects, verification, proxies) is the transport's."""
        return JudgedResponse(self.gate.ask(Request(method, url, headers or {}, params, data), self.end))
