"""Bytes in and out: one HTTPS request with a deadline that holds even against a server that trickles.

requests limits the time between two reads, not the whole answer. Here every read of the socket gets the time that is
left and nothing more. Connecting, the TLS handshake and sending have total limits in Python's socket layer already.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from app.domain.errors import SettingsError
from app.domain.kite_errors import KiteDataError, KiteError, KiteUnavailable, KiteUntrusted
from app.sources.deadlines import DeadlineReader
from app.sources.kite.endpoints import Endpoint

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
CHUNK = 1 << 16
CONNECT_SECONDS = 5.0

_END: ContextVar[float] = ContextVar("_END", default=float("inf"))
"""Monotonic instant at which the request of this thread must be over."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the Kite client wants sent. Left out of ``repr``: the address, parameters and headers hold the token."""

    method: str
    url: str
    headers: Mapping[str, str]
    params: Mapping[str, Any] | None = None
    form: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        return f"Request({self.method} {self.path})"

    @property
    def path(self) -> str:
        """The path without host and query."""
        return urlsplit(self.url).path


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it came, unpacked (gzip). ``content_type`` and ``retry_after`` are "" where absent."""

    status: int
    content_type: str
    body: bytes
    retry_after: str = ""


class Transport(Protocol):
    """Sends one request within ``seconds``; raises KiteUnavailable, KiteUntrusted or KiteDataError (too large)."""

    def send(self, request: Request, endpoint: Endpoint, seconds: float) -> RawAnswer:
        """The answer, whatever its status."""


class HttpTransport:
    """Over requests with kept-alive connections. Proxies and certificates from the environment are honoured, .netrc
    and cookies are not; no redirect is followed; certificates are always verified. Thread-safe.
    """

    def __init__(self, api_root: str) -> None:
        """Raises SettingsError for an address that is neither https nor on this machine."""
        parts = urlsplit(api_root)
        on_this_machine = parts.hostname in LOOPBACK
        if parts.hostname is None or not (parts.scheme == "https" or (parts.scheme == "http" and on_this_machine)):
            raise SettingsError("KITE_API_ROOT must start with https:// (http:// only on this machine).")
        self._session = requests.Session()
        self._session.trust_env = not on_this_machine
        self._session.auth = _keep_headers
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _DeadlineAdapter())

    def send(self, request: Request, endpoint: Endpoint, seconds: float) -> RawAnswer:
        """See Transport."""
        token = _END.set(time.monotonic() + seconds)
        try:
            return self._exchange(request, endpoint, seconds)
        except requests.exceptions.SSLError:
            failure: KiteError = KiteUntrusted()
        except requests.exceptions.ChunkedEncodingError:
            failure = KiteUnavailable(endpoint.name, "the connection broke off")
        except (requests.exceptions.RequestException, OSError) as error:
            failure = KiteUnavailable(endpoint.name, _reason(error, _END.get()))
        finally:
            _END.reset(token)
        raise failure  # outside the handler: the library's exception quotes the address with the token

    def close(self) -> None:
        """Give back the connections."""
        self._session.close()

    def _exchange(self, request: Request, endpoint: Endpoint, seconds: float) -> RawAnswer:
        with self._session.request(
            request.method,
            request.url,
            params=request.params,
            data=request.form,
            headers=request.headers,
            timeout=(min(CONNECT_SECONDS, seconds), seconds),
            allow_redirects=False,
            verify=True,
            stream=True,
        ) as response:
            self._session.cookies.clear()
            return RawAnswer(
                status=response.status_code,
                content_type=response.headers.get("Content-Type", ""),
                body=_read_capped(response, endpoint),
                retry_after=response.headers.get("Retry-After", ""),
            )


def _read_capped(response: requests.Response, endpoint: Endpoint) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(CHUNK):
        body += chunk
        if len(body) > endpoint.max_bytes:
            raise KiteDataError(endpoint.name, f"it is larger than {endpoint.max_bytes >> 20} MB")
    return bytes(body)


def _reason(error: Exception, end: float) -> str:
    slow = isinstance(error, requests.exceptions.Timeout) or time.monotonic() >= end
    return "no answer in time" if slow else "the connection failed"


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """An ``auth`` that changes nothing; without one, requests would let a .netrc entry replace the token."""
    return request


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(DeadlineReader(self.fp.detach(), sock, _END.get()))


class _Connection(HTTPConnection):
    response_class = _DeadlineResponse


class _TlsConnection(HTTPSConnection):
    response_class = _DeadlineResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}


class _DeadlineAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
