"""The server: what to answer is set by host and path; what was asked is kept."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType, TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. ``hangs`` never comes; ``trickles`` sends its bytes one by one until the client has had enough;
    ``cut`` ends the body that many bytes early. With ``etag`` a client that has it gets 304.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    etag: str | None = None
    hangs: bool = False
    trickles: bool = False
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that arrived."""

    method: str
    host: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def url(self) -> str:
        return f"{self.host}{self.path}"


class FakeSites:
    """Use as a context manager. ``replies`` by host and path: ``www.sbimf.com/portfolios``; a list is used up one by
    one, its last entry stays. Anything else is 404. With ``tls`` the port speaks TLS.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.replies: dict[str, Reply | list[Reply]] = {}
        self.asked: list[Asked] = []
        self.stopping = threading.Event()
        self._server = _Server(self, port, tls)
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(poll_interval=0.02), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def root(self) -> str:
        """FUND_SITES_ROOT."""
        return f"http://127.0.0.1:{self.port}"

    def put(self, url: str, *replies: Reply | bytes | str) -> None:
        """What to answer at a host and path, in turn."""
        made = [_reply(reply) for reply in replies]
        self.replies[url] = made[0] if len(made) == 1 else made

    def urls(self) -> list[str]:
        """What was asked for, in order."""
        return [asked.url for asked in self.asked]

    def times(self, url: str) -> int:
        """How often something was asked for."""
        return self.urls().count(url)

    def next_reply(self, url: str) -> Reply:
        """The answer to a request; the query counts only where an answer was set with it."""
        found = self.replies.get(url) or self.replies.get(url.split("?", 1)[0]) or Reply(b"no such page", 404)
        if isinstance(found, Reply):
            return found
        return found.pop(0) if len(found) > 1 else found[0]


def _reply(reply: Reply | bytes | str) -> Reply:
    if isinstance(reply, Reply):
        return reply
    return Reply(reply.encode() if isinstance(reply, str) else reply)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, sites: FakeSites, port: int, tls: ssl.SSLContext | None) -> None:
        self.sites = sites
        self.tls = tls
        super().__init__(("127.0.0.1", port), _Handler)

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        plain, address = super().get_request()
        if self.tls is None:
            return plain, address
        return self.tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up on answers that are too long or too slow."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Quiet."""

    def _answer(self) -> None:
        sites = self.server.sites
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.command, self.headers.get("Host", ""), self.path, dict(self.headers), body)
        sites.asked.append(asked)
        reply = sites.next_reply(asked.url)
        if reply.hangs:
            sites.stopping.wait(30)
            return
        if reply.etag is not None and self.headers.get("If-None-Match") == reply.etag:
            self._head(reply, 304, 0)
            return
        self._head(reply, reply.status, len(reply.body))
        if reply.trickles:
            self._trickle(reply.body)
        else:
            self.wfile.write(reply.body[: len(reply.body) - reply.cut])

    def _head(self, reply: Reply, status: int, length: int) -> None:
        self.send_response(status)
        headers = {"Content-Length": str(length), "Content-Type": "text/html", "Connection": "close", **reply.headers}
        if reply.etag is not None:
            headers["ETag"] = reply.etag
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True

    def _trickle(self, body: bytes) -> None:
        for byte in body:
            self.wfile.write(bytes([byte]))
            if self.server.sites.stopping.wait(0.02):
                return
