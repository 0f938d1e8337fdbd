"""The streaming half of the fake: subscriptions of each socket, ticks on demand, and misbehaviour on command."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, BinaryIO

from tests.fakes.kite import websocket
from tests.fakes.kite.market import FakeMarket
from tests.fakes.kite.packets import HEARTBEAT, encode_frame, encode_tick

DEFAULT_MODE = "quote"
CLOSED_NORMALLY = (1000).to_bytes(2, "big")


class Subscriber:
    """One open socket: ``modes`` maps an instrument token to ltp, quote or full."""

    def __init__(self, connection: socket.socket, stream: BinaryIO) -> None:
        self.modes: dict[int, str] = {}
        self._connection, self._stream = connection, stream
        self._sending = threading.Lock()

    def send(self, opcode: int, payload: bytes) -> None:
        """Sends a frame; a peer that has gone is no error."""
        with self._sending:
            try:
                self._connection.sendall(websocket.encode(opcode, payload))
            except OSError:
                self.drop()

    def read(self) -> websocket.Frame | None:
        """The next frame, None when the socket is closed."""
        try:
            return websocket.read(self._stream)
        except (OSError, ValueError):
            return None

    def drop(self) -> None:
        """Cuts the connection without a closing handshake."""
        try:
            self._connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the peer was faster

    def apply(self, message: dict[str, Any]) -> list[int]:
        """Changes the subscriptions; the tokens whose price the peer expects next."""
        action, value = message["a"], message["v"]
        mode, tokens = value if action == "mode" else (DEFAULT_MODE, value)
        if action == "unsubscribe":
            for token in tokens:
                self.modes.pop(token, None)
            return []
        self.modes.update(dict.fromkeys(tokens, mode))
        return list(tokens)


class FakeTicker:
    """All sockets. While ``silent``, sockets open and stay open and carry nothing: no tick, no heartbeat, no pong."""

    def __init__(self, market: FakeMarket, now: Callable[[], datetime]) -> None:
        self._market, self._now = market, now
        self.silent = False
        self.opened_at: list[float] = []
        self.refused_at: list[float] = []
        self._open: set[Subscriber] = set()
        self._lock = threading.Lock()

    @property
    def subscribers(self) -> list[Subscriber]:
        """The sockets that are open."""
        with self._lock:
            return list(self._open)

    def serve(self, connection: socket.socket, stream: BinaryIO) -> None:
        """Serves one socket, after its handshake, until it closes."""
        subscriber = Subscriber(connection, stream)
        with self._lock:
            self._open.add(subscriber)
            self.opened_at.append(time.monotonic())
        try:
            while (frame := subscriber.read()) is not None and frame.opcode != websocket.CLOSE:
                self._handle(subscriber, frame)
            subscriber.send(websocket.CLOSE, CLOSED_NORMALLY)
        finally:
            with self._lock:
                self._open.discard(subscriber)

    def publish(self, tokens: Iterable[int] | None = None) -> None:
        """One frame to each socket with the newest price of its instruments, or of those among ``tokens``."""
        wanted = None if tokens is None else set(tokens)
        for subscriber in self.subscribers:
            self._send_ticks(subscriber, [t for t in list(subscriber.modes) if wanted is None or t in wanted])

    def heartbeat(self) -> None:
        """The one-byte frame that Kite sends when nothing trades."""
        self.send_binary(HEARTBEAT)

    def send_binary(self, payload: bytes) -> None:
        """Any bytes, garbage too, to every socket."""
        self._broadcast(websocket.BINARY, payload)

    def send_text(self, message: dict[str, Any]) -> None:
        """A JSON message: ``{"type": "error", "data": ...}`` or an order update."""
        self._broadcast(websocket.TEXT, json.dumps(message).encode())

    def drop_all(self) -> None:
        """Cuts every socket."""
        for subscriber in self.subscribers:
            subscriber.drop()

    def _broadcast(self, opcode: int, payload: bytes) -> None:
        if not self.silent:
            for subscriber in self.subscribers:
                subscriber.send(opcode, payload)

    def _handle(self, subscriber: Subscriber, frame: websocket.Frame) -> None:
        if self.silent:
            return
        if frame.opcode == websocket.PING:
            subscriber.send(websocket.PONG, frame.payload)
        elif frame.opcode in (websocket.TEXT, websocket.BINARY):
            self._send_ticks(subscriber, subscriber.apply(json.loads(frame.payload)))

    def _send_ticks(self, subscriber: Subscriber, tokens: Iterable[int]) -> None:
        at = int(self._now().timestamp())
        with self._market.lock:
            known = [self._market.by_token[token] for token in tokens if token in self._market.by_token]
            packets = [encode_tick(instrument, subscriber.modes[instrument.token], at) for instrument in known]
        if packets and not self.silent:
            subscriber.send(websocket.BINARY, encode_frame(packets))
