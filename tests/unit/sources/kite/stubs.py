"""Stand-ins for the network and for time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from app.domain.kite_errors import KiteError, KiteUnavailable
from app.sources.kite.endpoints import Endpoint
from app.sources.kite.gate import Pacing
from app.sources.kite.source import KiteSource
from app.sources.kite.transport import RawAnswer, Request
from tests.fakes.kite.bad_answers import BadAnswer

JSON = "application/json"


@dataclass
class ManualTime:
    """Time that passes only by sleeping."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def pacing(self, chance: float = 0.5) -> Pacing:
        return Pacing(self.clock, self.sleep, lambda: chance)


@dataclass
class StubTransport:
    """Answers by ``reply``; keeps the requests and the seconds each was allowed. ``took`` makes each last so long."""

    reply: Callable[[Request], RawAnswer]
    time: ManualTime = field(default_factory=ManualTime)
    took: float = 0.0
    requests: list[Request] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    at: list[float] = field(default_factory=list)

    def send(self, request: Request, endpoint: Endpoint, seconds: float) -> RawAnswer:
        self.requests.append(request)
        self.seconds.append(seconds)
        self.at.append(self.time.now)
        if self.took > seconds:
            self.time.now += seconds
            raise KiteUnavailable(endpoint.name, "no answer in time")
        self.time.now += self.took
        return self.reply(request)


def success(data: object) -> RawAnswer:
    """A sound answer."""
    return RawAnswer(200, JSON, json.dumps({"status": "success", "data": data}).encode())


def raw(bad: BadAnswer) -> RawAnswer:
    """A bad answer as the transport hands it over."""
    return RawAnswer(bad.status, bad.content_type or "", bad.body)


def source_of(transport: StubTransport, token: str | None = "token") -> KiteSource:
    """A source over a stub, with time that costs nothing."""
    return KiteSource("key", lambda: token, transport=transport, pacing=transport.time.pacing())


def always(answer: RawAnswer | KiteError) -> StubTransport:
    """A Kite that answers, or fails, the same way every time."""

    def reply(_: Request) -> RawAnswer:
        if isinstance(answer, KiteError):
            raise answer
        return answer

    return StubTransport(reply)
