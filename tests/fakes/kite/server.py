"""The fake itself: one port on this machine for the API, the login page and the ticker's WebSocket."""

from __future__ import annotations

import gzip
import json
import socket
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.fakes.kite import websocket
from tests.fakes.kite.answers import Csv, FakeApi, Refused
from tests.fakes.kite.bad_answers import BadAnswer, Trouble
from tests.fakes.kite.logins import FakeLogins
from tests.fakes.kite.market import FakeMarket
from tests.fakes.kite.ticker import FakeTicker

KITE_VERSION = "3"
BAD_TOKEN = Refused(403, "TokenException", "Incorrect `api_key` or `access_token`.")


@dataclass(frozen=True, slots=True)
class Call:
    """One request that arrived; ``at`` in monotonic seconds."""

    method: str
    path: str
    at: float

    @property
    def group(self) -> str:
        """quote, historical or other: what Kite counts together."""
        if self.path.startswith("/quote"):
            return "quote"
        return "historical" if self.path.startswith("/instruments/historical/") else "other"


class FakeKite:
    """Use as a context manager, or ``start`` and ``stop``. Everything a test may steer is an attribute or a method."""

    def __init__(
        self,
        market: FakeMarket,
        api_key: str = "fakekey",
        api_secret: str = "fakesecret",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        redirect_url: str = "http://127.0.0.1:5000/kite/callback",
        port: int = 0,
    ) -> None:
        self.now = now
        self.market = market
        self.redirect_url = redirect_url
        self.logins = FakeLogins(api_key, api_secret, self._time)
        self.api = FakeApi(market, self.logins, self._time)
        self.ticker = FakeTicker(market, self._time)
        self.calls: list[Call] = []
        self.stopping = threading.Event()
        self._failures: defaultdict[str, deque[BadAnswer]] = defaultdict(deque)
        self._threads: list[threading.Thread] = []
        self._server = _Server(self, port)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """``127.0.0.1:port``."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def api_root(self) -> str:
        """KITE_API_ROOT."""
        return f"http://{self.address}"

    @property
    def ws_root(self) -> str:
        """KITE_WS_ROOT."""
        return f"ws://{self.address}"

    @property
    def login_root(self) -> str:
        """The login page."""
        return f"{self.api_root}/connect/login"

    def start(self, live_seconds: float | None = None) -> None:
        """Serves in the background; with ``live_seconds`` the market trades at this interval."""
        self._run(lambda: self._server.serve_forever(poll_interval=0.05))
        if live_seconds is not None:
            self._run(lambda: self._trade(live_seconds))

    def stop(self) -> None:
        """Closes every connection and frees the port."""
        self.stopping.set()
        self.ticker.drop_all()
        self._server.shutdown()
        self._server.server_close()
        self._server.cut_connections()
        for thread in self._threads:
            thread.join(timeout=5)

    def fail(self, path: str, answer: BadAnswer, times: int = 1) -> None:
        """Gives this answer to the next calls of a path."""
        self._failures[path].extend([answer] * times)

    def next_failure(self, path: str) -> BadAnswer | None:
        """The bad answer that is due on a path."""
        queue = self._failures.get(path)
        return queue.popleft() if queue else None

    def busiest_second(self, group: str) -> int:
        """The most calls of a group that arrived within any one second."""
        times = sorted(call.at for call in self.calls if call.group == group)
        return max((sum(1 for at in times if start <= at < start + 1.0) for start in times), default=0)

    def _time(self) -> datetime:
        return self.now()

    def _trade(self, seconds: float) -> None:
        while not self.stopping.wait(seconds):
            self.market.step()
            self.ticker.publish()
            self.ticker.heartbeat()

    def _run(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        thread.start()
        self._threads.append(thread)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, kite: FakeKite, port: int) -> None:
        self.kite = kite
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        if isinstance(request, socket.socket):
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        if isinstance(request, socket.socket):
            self._open.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # closed in the meantime

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is not worth a traceback; anything else is a fault of the fake."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Silent: addresses hold tokens."""

    def do_GET(self) -> None:
        path, query = self._arrive("GET")
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self._open_ticker(query)
        elif path == "/connect/login":
            self._log_in(query)
        elif not self._fail(path):
            self._reply(lambda: self._authorised(path, query))

    def do_POST(self) -> None:
        path, _ = self._arrive("POST")
        form = dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()))
        if not self._fail(path):
            self._reply(lambda: self._exchange(path, form))

    def do_DELETE(self) -> None:
        path, query = self._arrive("DELETE")
        if not self._fail(path):
            self._reply(lambda: self._log_out(path, query))

    def do_PUT(self) -> None:
        self._arrive("PUT")
        self._reply(self._trading_refused)

    @property
    def _kite(self) -> FakeKite:
        return self.server.kite

    def _arrive(self, method: str) -> tuple[str, dict[str, list[str]]]:
        address = urlsplit(self.path)
        self._kite.calls.append(Call(method, address.path, time.monotonic()))
        return address.path, parse_qs(address.query)

    def _authorised(self, path: str, query: dict[str, list[str]]) -> object:
        self._check_version()
        kind, _, pair = self.headers.get("Authorization", "").partition(" ")
        key, _, token = pair.partition(":")
        public = path.startswith("/instruments") and "/historical/" not in path
        if not public and not (kind == "token" and self._kite.logins.accepts(key, token)):
            raise BAD_TOKEN
        return self._kite.api.answer(path, query)

    def _exchange(self, path: str, form: dict[str, str]) -> object:
        self._check_version()
        if path != "/session/token":
            self._trading_refused()
        logins = self._kite.logins
        token = logins.exchange(form.get("request_token", ""), form.get("checksum", ""))
        if token is None or form.get("api_key") != logins.api_key:
            raise Refused(403, "TokenException", "Token is invalid or has expired.")
        return self._kite.api.session(token)

    def _log_out(self, path: str, query: dict[str, list[str]]) -> object:
        self._check_version()
        if path != "/session/token":
            self._trading_refused()
        if not self._kite.logins.accepts(query["api_key"][0], query["access_token"][0]):
            raise BAD_TOKEN
        self._kite.logins.end()
        return True

    def _check_version(self) -> None:
        if self.headers.get("X-Kite-Version") != KITE_VERSION:
            raise Refused(400, "InputException", "Invalid API version")

    def _trading_refused(self) -> object:
        raise Refused(405, "GeneralException", "The fake does not trade")

    def _log_in(self, query: dict[str, list[str]]) -> None:
        """The person at the login page agrees at once."""
        token = self._kite.logins.new_request_token()
        extra = dict(parse_qsl(query.get("redirect_params", [""])[0]))
        address = f"{self._kite.redirect_url}?" + urlencode(
            {"request_token": token, "action": "login", "status": "success", **extra}
        )
        self._send(302, b"", "text/html", {"Location": address})

    def _reply(self, answer: Callable[[], object]) -> None:
        try:
            data = answer()
        except Refused as refused:
            body = {"status": "error", "message": refused.message, "error_type": refused.error_type, "data": None}
            self._send(refused.status, json.dumps(body).encode(), "application/json")
            return
        if isinstance(data, Csv):
            self._send(200, gzip.compress(data.text.encode()), "text/csv", {"Content-Encoding": "gzip"})
        else:
            self._send(200, json.dumps({"status": "success", "data": data}).encode(), "application/json")

    def _send(self, status: int, body: bytes, content_type: str | None, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {"Content-Length": str(len(body)), **(more or {})}
        for name, value in (headers if content_type is None else {"Content-Type": content_type, **headers}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _fail(self, path: str) -> bool:
        bad = self._kite.next_failure(path)
        if bad is None:
            return False
        if bad.trouble is None:
            self._send(bad.status, bad.body, bad.content_type)
        else:
            self.close_connection = True
            self._make_trouble(bad.trouble)
        return True

    def _make_trouble(self, trouble: Trouble) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        match trouble:
            case Trouble.CONNECT_TIMEOUT | Trouble.READ_TIMEOUT:
                self._kite.stopping.wait()
            case Trouble.CONNECTION_ERROR:
                self.connection.shutdown(socket.SHUT_RDWR)
            case Trouble.BROKEN_CHUNK:
                self.wfile.write(head + b"Transfer-Encoding: chunked\r\n\r\nff\r\nhalf a chunk")
            case Trouble.TRICKLED_HEAD:
                self._trickle(b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 1000)
            case Trouble.TRICKLED_BODY:
                self.wfile.write(head + b"Content-Length: 1000\r\n\r\n")
                self._trickle(b" " * 1000)

    def _trickle(self, data: bytes) -> None:
        """One byte every tenth of a second until the fake stops or the client hangs up."""
        for byte in data:
            self.wfile.write(bytes([byte]))
            if self._kite.stopping.wait(0.1):
                return

    def _open_ticker(self, query: dict[str, list[str]]) -> None:
        self.close_connection = True
        kite = self._kite
        key, token = (query.get(name, [""])[0] for name in ("api_key", "access_token"))
        if not (kite.api.market_data and kite.logins.accepts(key, token)):
            kite.ticker.refused_at.append(time.monotonic())
            self._send(403, b"Forbidden", "text/plain")
            return
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", websocket.accept_key(self.headers["Sec-WebSocket-Key"]))
        self.end_headers()
        self.wfile.flush()
        kite.ticker.serve(self.connection, self.rfile)  # type: ignore[arg-type]
