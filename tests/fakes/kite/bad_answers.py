"""The 29 bad answers that a Kite client must survive, by number and name, as bytes and as trouble with the socket."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

JSON = "application/json"
HTML = "text/html"
_PAGE = b"<!doctype html><html><body><h1>Bad gateway</h1></body></html>"


class Trouble(Enum):
    """What happens to the connection instead of an answer."""

    CONNECT_TIMEOUT = auto()
    READ_TIMEOUT = auto()
    CONNECTION_ERROR = auto()
    BROKEN_CHUNK = auto()
    TRICKLED_HEAD = auto()
    TRICKLED_BODY = auto()


@dataclass(frozen=True, slots=True)
class BadAnswer:
    """``content_type`` None sends no such header. With ``trouble`` the rest is not sent."""

    number: int
    name: str
    status: int = 200
    body: bytes = b""
    content_type: str | None = JSON
    trouble: Trouble | None = None


_ANSWERS = (
    BadAnswer(1, "empty body"),
    BadAnswer(2, "null", body=b"null"),
    BadAnswer(3, "list", body=b"[]"),
    BadAnswer(4, "string", body=b'"x"'),
    BadAnswer(5, "empty object", body=b"{}"),
    BadAnswer(6, "no data", body=b'{"status": "success"}'),
    BadAnswer(7, "null data", body=b'{"status": "success", "data": null}'),
    BadAnswer(8, "html 200", body=_PAGE, content_type=HTML),
    BadAnswer(9, "html 502", 502, _PAGE, HTML),
    BadAnswer(10, "429 without error_type", 429, b'{"status": "error", "message": "Too many requests"}'),
    BadAnswer(
        11,
        "429 NetworkException",
        429,
        b'{"status": "error", "message": "Too many requests", "error_type": "NetworkException", "data": null}',
    ),
    BadAnswer(12, "429 html", 429, _PAGE, HTML),
    BadAnswer(
        13,
        "403 TokenException",
        403,
        b'{"status": "error", "message": "Incorrect `api_key` or `access_token`.", "error_type": "TokenException"}',
    ),
    BadAnswer(14, "403 without error_type", 403, b'{"status": "error", "message": "Forbidden"}'),
    BadAnswer(15, "403 list", 403, b"[]"),
    BadAnswer(
        16,
        "400 TokenException",
        400,
        b'{"status": "error", "message": "Session expired", "error_type": "TokenException"}',
    ),
    BadAnswer(
        17, "503 unknown error_type", 503, b'{"status": "error", "message": "Down", "error_type": "MoonException"}'
    ),
    BadAnswer(18, "500 without message", 500, b'{"status": "error", "error_type": "GeneralException"}'),
    BadAnswer(19, "500 success and empty", 500, b'{"status": "success", "data": []}'),
    BadAnswer(20, "500 error_type number", 500, b'{"status": "error", "message": "x", "error_type": 42}'),
    BadAnswer(21, "500 error_type __doc__", 500, b'{"status": "error", "message": "x", "error_type": "__doc__"}'),
    BadAnswer(
        22,
        "NaN and Infinity",
        body=b'{"status": "success", "data": [{"tradingsymbol": "INFY", "exchange": "NSE", "isin": "INE009A01021", '
        b'"instrument_token": 408065, "quantity": 10, "average_price": Infinity, "last_price": NaN, '
        b'"close_price": -Infinity}]}',
    ),
    BadAnswer(23, "truncated", body=b'{"status": "success", "data": [{"tradingsymbol": "INF'),
    BadAnswer(24, "no content type", body=b'{"status": "success", "data": []}', content_type=None),
    BadAnswer(25, "302 html", 302, _PAGE, HTML),
    BadAnswer(26, "connect timeout", trouble=Trouble.CONNECT_TIMEOUT),
    BadAnswer(27, "read timeout", trouble=Trouble.READ_TIMEOUT),
    BadAnswer(28, "connection error", trouble=Trouble.CONNECTION_ERROR),
    BadAnswer(29, "broken chunk", trouble=Trouble.BROKEN_CHUNK),
)
BAD_ANSWERS: dict[str, BadAnswer] = {answer.name: answer for answer in _ANSWERS}
