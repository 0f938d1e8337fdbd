"""The only questions this app puts to Kite. What is not listed here never leaves the machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from app.domain.kite_errors import BadRequest

MEGABYTE = 1 << 20


class Rate(Enum):
    """Kite counts calls in these groups, each for itself and for the whole API key."""

    QUOTE = auto()
    HISTORICAL = auto()
    OTHER = auto()


CALLS_PER_SECOND = {Rate.QUOTE: 1.0, Rate.HISTORICAL: 3.0, Rate.OTHER: 10.0}
"""Kite's limits (kite.trade/docs/connect/v3, Exceptions: API rate limit)."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``data`` is the type of the answer's ``data`` member; bytes means a CSV body instead of JSON.

    Seconds: ``attempt_seconds`` for one request with its answer, ``call_seconds`` for all tries and waits together.
    """

    name: str
    method: str
    path: re.Pattern[str]
    data: type
    rate: Rate = Rate.OTHER
    attempt_seconds: float = 7.0
    call_seconds: float = 20.0
    max_bytes: int = 8 * MEGABYTE


def _path(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


ENDPOINTS = (
    Endpoint("the login", "POST", _path("/session/token"), dict),
    Endpoint("the logout", "DELETE", _path("/session/token"), bool),
    Endpoint("the profile", "GET", _path("/user/profile"), dict),
    Endpoint("margins", "GET", _path("/user/margins"), dict),
    Endpoint("holdings", "GET", _path("/portfolio/holdings"), list),
    Endpoint("positions", "GET", _path("/portfolio/positions"), dict),
    Endpoint("fund holdings", "GET", _path("/mf/holdings"), list),
    Endpoint(
        "instruments",
        "GET",
        _path("/instruments/[A-Z]{2,5}"),
        bytes,
        attempt_seconds=60.0,
        call_seconds=90.0,
        max_bytes=64 * MEGABYTE,
    ),
    Endpoint("quotes", "GET", _path("/quote(?:/ohlc|/ltp)?"), dict, Rate.QUOTE),
    Endpoint("candles", "GET", _path(r"/instruments/historical/\d{1,10}/day"), dict, Rate.HISTORICAL),
)


def find_endpoint(method: str, path: str) -> Endpoint:
    """The listed endpoint of a request. Raises BadRequest for any other: it is not sent."""
    for endpoint in ENDPOINTS:
        if endpoint.method == method and endpoint.path.fullmatch(path):
            return endpoint
    raise BadRequest("This app does not use that endpoint of Kite.", "It only reads; it never trades.")
