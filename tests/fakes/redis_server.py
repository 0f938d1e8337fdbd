"""A Redis of a few commands over a real socket: enough for the official client to connect and read, noting all it is
asked. It speaks RESP2 until HELLO 3, then RESP3.
"""

from __future__ import annotations

import socketserver
from collections.abc import Callable
from io import BufferedIOBase

from tests.serving import Serving

PONG, OK = b"+PONG\r\n", b"+OK\r\n"


class FakeRedis(Serving):
    """Use as a context manager. ``values`` are what GET answers; ``commands`` every command that came, upper case.

    With a ``password`` nothing but AUTH and HELLO is answered before it was given. ``failure`` is an error that GET
    answers instead (``LOADING Redis is loading the dataset in memory``).
    """

    def __init__(self, password: str | None = None) -> None:
        self.values: dict[str, str] = {}
        self.commands: list[tuple[str, ...]] = []
        self.password = password
        self.failure: str | None = None
        super().__init__(_Server(("127.0.0.1", 0), self))

    @property
    def url(self) -> str:
        """redis:// with the password, database 0."""
        secret = f":{self.password}@" if self.password else ""
        return f"redis://{secret}127.0.0.1:{self.port}/0"

    def asked(self) -> set[str]:
        """The names of all commands that came."""
        return {command[0] for command in self.commands}


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], redis: FakeRedis) -> None:
        super().__init__(address, _Connection)
        self.redis = redis


class _Connection(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self._trusted = self.server.redis.password is None
        self._version = 2
        while words := _read_command(self.rfile):
            self.server.redis.commands.append((words[0].upper(), *words[1:]))
            self.wfile.write(self._answer(words[0].upper(), words[1:]))

    def _answer(self, name: str, arguments: list[str]) -> bytes:
        commands: dict[str, Callable[[list[str]], bytes]] = {
            "HELLO": self._hello,
            "AUTH": self._auth,
            "SELECT": lambda _: OK,
            "PING": lambda _: PONG,
            "GET": self._get,
            "CLIENT": lambda words: OK if words[0].upper() == "SETINFO" else _error("ERR unknown subcommand"),
        }
        if name not in commands:
            return _error(f"ERR unknown command '{name}'")
        if not self._trusted and name not in {"HELLO", "AUTH"}:
            return _error("NOAUTH Authentication required.")
        return commands[name](arguments)

    def _hello(self, arguments: list[str]) -> bytes:
        if "AUTH" in (upper := [word.upper() for word in arguments]):
            answer = self._auth(arguments[upper.index("AUTH") + 1 :][:2])
            if answer != OK:
                return answer
        if not self._trusted:
            return _error("NOAUTH HELLO must be called with the client already authenticated")
        self._version = int(arguments[0]) if arguments else self._version
        pairs: list[tuple[str, str | int]] = [("server", "redis"), ("version", "7.4.0"), ("proto", self._version)]
        head = f"%{len(pairs)}\r\n" if self._version == 3 else f"*{2 * len(pairs)}\r\n"
        return head.encode() + b"".join(_value(part) for pair in pairs for part in pair)

    def _auth(self, arguments: list[str]) -> bytes:
        self._trusted = arguments[-1] == self.server.redis.password
        return OK if self._trusted else _error("WRONGPASS invalid username-password pair or user is disabled.")

    def _get(self, arguments: list[str]) -> bytes:
        if self.server.redis.failure:
            return _error(self.server.redis.failure)
        found = self.server.redis.values.get(arguments[0])
        if found is not None:
            return _value(found)
        return b"_\r\n" if self._version == 3 else b"$-1\r\n"


def _read_command(stream: BufferedIOBase) -> list[str]:
    """The words of the next command; empty at the end of the connection."""
    head = stream.readline()
    if not head.startswith(b"*"):
        return []
    words = []
    for _ in range(int(head[1:])):
        size = int(stream.readline()[1:])
        words.append(stream.read(size + 2)[:-2].decode())
    return words


def _value(value: str | int) -> bytes:
    if isinstance(value, int):
        return f":{value}\r\n".encode()
    data = value.encode()
    return f"${len(data)}\r\n".encode() + data + b"\r\n"


def _error(text: str) -> bytes:
    return f"-{text}\r\n".encode()
