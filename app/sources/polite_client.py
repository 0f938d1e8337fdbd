"""Downloads from public sites: one request at a time to a host, said who asks, never more than a file of sane size.

Nothing here trusts an answer: a redirect is a new address to be checked, a length is a claim, packed bytes may unfold
without end. Proxies, cookies and passwords of the environment are not used.
"""

from __future__ import annotations

import http.client
import io
import random
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from types import MappingProxyType
from typing import Any
from urllib.parse import urljoin

from app import __version__
from app.domain.fetching import AddressRefused, Fetched, NotPublished, Seen, SiteRefused, SiteUnavailable
from app.sources.deadlines import DeadlineReader
from app.sources.kite.rate_limits import RateLimit
from app.sources.public_sites import Address, Opener, check_url, open_public

USER_AGENT = f"kite-portfolio-risk/{__version__} (self-hosted; fetches a fund's monthly disclosure once)"
MAX_BYTES = 20 << 20
SECONDS = 120.0
"""For one request with its whole answer: 20 MB at 170 kB/s."""
PER_SECOND = 1.0
"""Requests to one host."""
TRIES = 3
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
"""Seconds between tries. A site that asks for a longer pause is left alone until the next run."""
MAX_REDIRECTS = 3
CHUNK = 1 << 16
GZIP = 31
"""zlib's window bits for "gzip and nothing else"."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
GONE = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Question:
    """A request: a GET, or with ``body`` a POST of that content type."""

    address: Address
    headers: Mapping[str, str]
    body: bytes | None = None

    @property
    def method(self) -> str:
        """GET or POST."""
        return "GET" if self.body is None else "POST"


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock of the client. ``now`` is monotonic seconds, ``sleep`` waits for seconds, ``jitter`` is 0 to 1."""

    per_second: float = PER_SECOND
    seconds: float = SECONDS
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random


class PoliteClient:
    """Fetches from the given hosts and no other. Thread-safe.

    ``opener`` makes the connections: the public network with TLS unless a test or a rehearsal passes its own.
    """

    def __init__(
        self,
        hosts: Iterable[str],
        *,
        opener: Opener = open_public,
        timing: Timing = Timing(),
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._hosts = frozenset(hosts)
        self._opener = opener
        self._timing = timing
        self._max_bytes = max_bytes
        self._paces: dict[str, RateLimit] = {}
        self._lock = threading.Lock()

    def get(self, url: str, seen: Seen | None = None, headers: Mapping[str, str] = MappingProxyType({})) -> Fetched:
        """The file at an address, or word that it is as it was when ``seen``. Up to three redirects are followed.

        Raises:
            AddressRefused: the address, or one that it leads to, may not be fetched.
            NotPublished: there is no such file.
            SiteRefused: the site answers otherwise than with a file of sane size.
            SiteUnavailable: no answer after three tries.
        """
        known = {"If-None-Match": seen and seen.etag, "If-Modified-Since": seen and seen.last_modified}
        conditions = {name: value for name, value in known.items() if value}
        return self._persist(Question(check_url(url, self._hosts), {**headers, **conditions}))

    def post(
        self, url: str, body: bytes, content_type: str, headers: Mapping[str, str] = MappingProxyType({})
    ) -> Fetched:
        """The answer to a query that a site takes by POST. No redirect is followed. Raises as ``get``."""
        question = Question(check_url(url, self._hosts), {**headers, "Content-Type": content_type}, body)
        return self._persist(question)

    def _persist(self, question: Question) -> Fetched:
        """Ask, and again after a pause while the site is only busy."""
        pause = FIRST_PAUSE
        for _ in range(TRIES - 1):
            try:
                return self._follow(question)
            except SiteUnavailable as busy:
                wait = max(busy.retry_after or 0.0, pause * (0.5 + self._timing.jitter()))
                if wait > LONGEST_PAUSE:
                    raise
            self._timing.sleep(wait)
            pause *= 2.0
        return self._follow(question)

    def _follow(self, question: Question) -> Fetched:
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._ask(question)
            if isinstance(answer, Fetched):
                return answer
            if question.body is not None:
                raise AddressRefused(question.address.host, "answers a query with a redirect")
            question = replace(question, address=check_url(_joined(question.address, answer), self._hosts))
        raise AddressRefused(question.address.host, f"redirects more than {MAX_REDIRECTS} times")

    def _ask(self, question: Question) -> Fetched | str:
        """The answer to one request, or the address it redirects to."""
        host = question.address.host
        self._pace(host).take(float("inf"))
        try:
            return self._exchange(question, time.monotonic() + self._timing.seconds)
        except ssl.SSLCertVerificationError as error:
            raise SiteRefused(host, f"its certificate is not valid ({error.verify_message})") from None
        except TimeoutError:
            raise SiteUnavailable(host, "no answer in time") from None
        except zlib.error:
            raise SiteRefused(host, "the answer is not packed as it says") from None
        except (http.client.HTTPException, OSError) as error:
            raise SiteUnavailable(host, _why_unreachable(error)) from None

    def _exchange(self, question: Question, end: float) -> Fetched | str:
        host = question.address.host
        connection = http.client.HTTPConnection(host)
        connection.response_class = partial(_Answer, end=end)  # type: ignore[assignment]  # a factory
        connection.sock = self._opener(host, end - time.monotonic())
        try:
            connection.sock.settimeout(max(end - time.monotonic(), 0.001))
            headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", "Connection": "close"}
            connection.request(question.method, question.address.target, question.body, {**headers, **question.headers})
            with connection.getresponse() as response:
                return self._judge(question, response)
        finally:
            connection.close()

    def _judge(self, question: Question, response: http.client.HTTPResponse) -> Fetched | str:
        host, status = question.address.host, response.status
        if status in REDIRECTS:
            return response.getheader("Location", "")
        if 200 <= status < 300 or status == 304:
            return self._fetched(question, response)
        if status in GONE:
            raise NotPublished(host, f"has no such file (HTTP {status})")
        if status in BUSY:
            raise SiteUnavailable(host, f"is busy (HTTP {status})", _seconds(response.getheader("Retry-After", "")))
        raise SiteRefused(host, f"refuses (HTTP {status})")

    def _fetched(self, question: Question, response: http.client.HTTPResponse) -> Fetched:
        return Fetched(
            url=question.address.url,
            status=response.status,
            body=_read(response, question.address.host, self._max_bytes),
            content_type=response.getheader("Content-Type", ""),
            seen=Seen(response.getheader("ETag"), response.getheader("Last-Modified")),
            not_modified=response.status == 304,
        )

    def _pace(self, host: str) -> RateLimit:
        with self._lock:
            return self._paces.setdefault(
                host, RateLimit(self._timing.per_second, self._timing.now, self._timing.sleep)
            )


def _joined(address: Address, location: str) -> str:
    try:
        return urljoin(address.url, location)
    except ValueError:
        raise AddressRefused(address.host, "redirects to what is no address") from None


def _why_unreachable(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "its name could not be looked up: is this machine connected?"
    return "it refused the connection" if isinstance(error, ConnectionRefusedError) else "the connection broke off"


class _Answer(http.client.HTTPResponse):
    """An answer that is over by ``end``, its head included."""

    def __init__(self, sock: socket.socket, *args: Any, end: float, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(DeadlineReader(self.fp.detach(), sock, end))


def _read(response: http.client.HTTPResponse, host: str, limit: int) -> bytes:
    """The unpacked body; neither what comes nor what it unfolds to is ever held beyond ``limit`` bytes."""
    packing = response.getheader("Content-Encoding", "identity").strip().lower()
    if packing not in {"identity", "gzip", "x-gzip", ""}:
        raise SiteRefused(host, "the answer is packed in a way that was not asked for")
    unpack = zlib.decompressobj(wbits=GZIP) if "gzip" in packing else None
    body, came = bytearray(), 0
    while chunk := response.read(CHUNK):
        came += len(chunk)
        body += unpack.decompress(chunk, limit + 1 - len(body)) if unpack else chunk
        if max(came, len(body)) > limit:
            raise SiteRefused(host, f"the file is larger than {limit >> 20} MB")
    if response.length or (unpack and came and not unpack.eof):
        raise SiteUnavailable(host, "the answer broke off")
    return bytes(body)


def _seconds(retry_after: str) -> float | None:
    """Seconds of a Retry-After header, which holds them or a date; None where it holds neither."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max((parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
