"""The transport against real sockets, with servers that misbehave below HTTP."""

from __future__ import annotations

import gzip
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.domain.errors import SettingsError
from app.domain.kite_errors import KiteDataError, KiteError, KiteUnavailable, KiteUntrusted
from app.sources.deadlines import DeadlineReader
from app.sources.kite.endpoints import find_endpoint
from app.sources.kite.transport import HttpTransport, RawAnswer, Request

HOLDINGS = find_endpoint("GET", "/portfolio/holdings")
CANARY = "c4n4ryT0ken"
OPEN_ENDED = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
Serve = Callable[[socket.socket], None]


@contextmanager
def server(serve: Serve, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """``host:port`` of a server that hands each connection to ``serve``, in a thread of its own, until it returns."""
    listening = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=handle, args=(connection,), daemon=True).start()

    def handle(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) if context else connection as opened:
                serve(opened)
        except OSError:
            return  # the client hung up, as it should

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def answers(data: bytes) -> Serve:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(data)

    return serve


class Trickle:
    """Sends ``start`` and then one byte at a time for about 20 seconds; ``finished`` unless the client hangs up."""

    def __init__(self, start: bytes) -> None:
        self._start = start
        self.finished = False

    def __call__(self, connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(self._start)
        for _ in range(1000):
            connection.sendall(b" ")
            time.sleep(0.02)
        self.finished = True


def fetch(host: str, seconds: float = 5.0, scheme: str = "http", max_bytes: int = 1 << 20) -> RawAnswer:
    transport = HttpTransport(f"{scheme}://{host}")
    url, headers = f"{scheme}://{host}/portfolio/holdings", {"Authorization": f"token key:{CANARY}"}
    request = Request("GET", url, headers, {"access_token": CANARY})
    try:
        return transport.send(request, replace(HOLDINGS, max_bytes=max_bytes), seconds)
    finally:
        transport.close()


def failure(host: str, seconds: float = 5.0, scheme: str = "http") -> KiteError:
    with pytest.raises(KiteError) as caught:
        fetch(host, seconds, scheme)
    return caught.value


def test_an_answer_comes_as_it_is_with_its_status() -> None:
    body = gzip.compress(b"a,b")
    head = b"HTTP/1.1 418 Teapot\r\nContent-Type: text/csv\r\nContent-Encoding: gzip\r\nRetry-After: 7\r\n"
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    with server(answers(head + length + body)) as host:
        assert fetch(host) == RawAnswer(418, "text/csv", b"a,b", "7")


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX-Pad: ", OPEN_ENDED], ids=["status", "head", "body"])
def test_a_server_that_trickles_is_left_at_the_deadline(start: bytes) -> None:
    trickle = Trickle(start)
    with server(trickle) as host:
        error = failure(host, seconds=0.4)
    assert isinstance(error, KiteUnavailable)
    assert "in time" in str(error)
    assert not trickle.finished


def test_each_read_gets_what_is_left_of_the_deadline_and_no_more() -> None:
    given: list[float] = []

    class Quiet(socket.socket):
        def settimeout(self, value: float | None, /) -> None:
            given.append(float("inf") if value is None else value)

    with Quiet() as quiet:
        reader = DeadlineReader(io.BytesIO(b"xy"), quiet, time.monotonic() + 100.0)  # type: ignore[arg-type]
        assert (reader.read(1), reader.read(1)) == (b"x", b"y")
        late = DeadlineReader(io.BytesIO(b"z"), quiet, time.monotonic())  # type: ignore[arg-type]
        with pytest.raises(TimeoutError):
            late.read(1)
    assert 0.0 < given[1] <= given[0] <= 100.0


def test_an_endless_answer_is_cut_at_its_size() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
    with server(answers(head + b"x" * 300_000)) as host, pytest.raises(KiteDataError):
        fetch(host, max_bytes=1000)


def test_a_gzip_bomb_is_cut_at_its_unpacked_size() -> None:
    body = gzip.compress(b"0" * 50_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with server(answers(head + body)) as host, pytest.raises(KiteDataError):
        fetch(host)


def test_a_full_queue_of_connections_is_a_connect_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
        error = failure(f"127.0.0.1:{listening.getsockname()[1]}", seconds=0.3)
        for one in waiting:
            one.close()
    assert isinstance(error, KiteUnavailable)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(200)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
    ],
)
def test_whatever_is_no_http_is_unavailable_and_quotes_no_secret(data: bytes) -> None:
    with server(answers(data)) as host:
        error = failure(host)
    assert isinstance(error, KiteUnavailable)
    assert CANARY not in str(error)
    assert error.__context__ is None
    assert error.__cause__ is None


def test_nobody_listening_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host = f"127.0.0.1:{listening.getsockname()[1]}"
    error = failure(host)
    assert isinstance(error, KiteUnavailable)
    assert error.__context__ is None


def test_a_redirect_is_not_followed() -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/steal\r\nContent-Length: 0\r\n\r\n"
    with server(answers(head)) as host:
        assert fetch(host).status == 302


def test_connections_are_kept_and_each_answer_has_its_own_deadline() -> None:
    connections = []

    def serve(connection: socket.socket) -> None:
        connections.append(connection)
        for _ in range(3):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")

    with server(serve) as host:
        transport = HttpTransport(f"http://{host}")
        for seconds in (0.2, 5.0, 5.0):
            assert (
                transport.send(Request("GET", f"http://{host}/portfolio/holdings", {}), HOLDINGS, seconds).body == b"[]"
            )
            time.sleep(0.15)
        transport.close()
    assert len(connections) == 1


@pytest.mark.parametrize(
    "root", ["http://api.kite.trade", "ftp://x", "", "api.kite.trade", "https://", "http://127.0.0.1.evil.example"]
)
def test_an_address_without_tls_is_refused_unless_it_is_this_machine(root: str) -> None:
    with pytest.raises(SettingsError):
        HttpTransport(root)


def test_a_certificate_nobody_vouches_for_is_a_hard_failure_before_anything_is_sent(tmp_path: Path) -> None:
    heard = []

    def serve(connection: socket.socket) -> None:
        heard.append(connection.recv(65536))

    with server(serve, self_signed(tmp_path)) as host:
        error = failure(host, scheme="https")
    assert type(error) is KiteUntrusted
    assert not error.retryable
    assert heard == []


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate that this machine trusts, as if this server were elsewhere."""
    context = self_signed(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "cert.pem"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("app.sources.kite.transport.LOOPBACK", frozenset())
    return context


def test_the_deadline_holds_under_tls_too(trusted: ssl.SSLContext) -> None:
    trickle = Trickle(OPEN_ENDED)
    with server(trickle, trusted) as host:
        assert isinstance(failure(host, 0.5, "https"), KiteUnavailable)
    assert not trickle.finished


def test_a_netrc_entry_does_not_replace_the_token(
    trusted: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []

    def serve(connection: socket.socket) -> None:
        heard.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")

    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login x password y\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with server(serve, trusted) as host:
        assert fetch(host, scheme="https").body == b"[]"
    assert f"Authorization: token key:{CANARY}".encode() in heard[0]


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
