"""Keeping secrets out of logs: a filter for logging handlers that blanks them in messages and tracebacks alike."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable

BLANK = "[redacted]"
CHATTY_LOGGERS = ("kiteconnect", "urllib3", "werkzeug", "autobahn", "twisted")
"""Libraries that write request lines, headers or addresses with a token in them."""
SHORTEST_SECRET = 4

_NAMES = "access_token|request_token|refresh_token|public_token|enctoken|api_secret|api_key|password"
_PATTERNS = (
    re.compile(rf"(?P<keep>(?:{_NAMES})\\*[\"']?\s*(?:=|:|%3D)\s*b?\\*[\"']?)[^\s&\"',;)}}\]>\\]+", re.IGNORECASE),
    re.compile(r"(?P<keep>\btoken\s+)[^\s:\"']+:[^\s\"',;)}\]]+", re.IGNORECASE),
    re.compile(r"(?P<keep>\bauthorization\\*[\"']?\s*[:=]\s*b?\\*[\"']?)[^\"'\r\n]+", re.IGNORECASE),
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without the given secrets and without whatever stands where a secret usually does."""
    for secret in secrets:
        text = text.replace(secret, BLANK)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<keep>{BLANK}", text)
    return text


class RedactingFilter(logging.Filter):
    """Put on a handler (not on a logger: records of child loggers pass those by). Blanks, never drops a record."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets: tuple[str, ...] = ()
        self._lock = threading.Lock()
        for secret in secrets:
            self.add(secret)

    def __repr__(self) -> str:
        return f"RedactingFilter({len(self._secrets)} secrets)"

    def add(self, secret: str) -> None:
        """Blank this value too from now on, wherever it appears. Ignores one too short to be a secret."""
        if len(secret) >= SHORTEST_SECRET:
            with self._lock:
                self._secrets = tuple(sorted({*self._secrets, secret}, key=len, reverse=True))

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites the record in place; message arguments and the exception become text first."""
        record.msg, record.args = redact(_message(record), self._secrets), None
        if record.exc_info:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
            record.exc_info = None
        if record.exc_text:
            record.exc_text = redact(record.exc_text, self._secrets)
        if record.stack_info:
            record.stack_info = redact(record.stack_info, self._secrets)
        return True


def _message(record: logging.LogRecord) -> str:
    """The formatted message; of a record whose arguments don't fit, the parts: a filter must not raise."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return f"{record.msg} {record.args!r}"


def guard_logging(blank: RedactingFilter, loggers: Iterable[str] = CHATTY_LOGGERS) -> None:
    """Put the filter on every handler of the root logger and of the chatty libraries. Call after handlers are made."""
    for logger in (logging.getLogger(), *map(logging.getLogger, loggers)):
        for handler in logger.handlers:
            handler.addFilter(blank)
    if logging.lastResort is not None:
        logging.lastResort.addFilter(blank)
