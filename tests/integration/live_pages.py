"""A page with its WebSocket open, as far as the server can tell, and ticks to move what it shows."""

from __future__ import annotations

import json
import socket
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Event, Request, TextMessage

from app.Boilerplate import Boilerplate
from app.domain.live import Tick
from app.store.ticks import save_ticks

PATIENCE = 20.0
ADDRESS = "/socket.io/?EIO=4&transport=websocket"


class LivePage:
    """Speaks Engine.IO 4 and Socket.IO 5 by hand. For a page that is refused see ``answer_to_handshake``."""

    def __init__(self, root: str, source: str = "127.0.0.1") -> None:
        """``source`` is the address of this machine to come from."""
        address = urlsplit(root)
        self._socket = socket.create_connection((address.hostname, address.port), PATIENCE, (source, 0))
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._events: deque[Event] = deque()
        self._send(Request(host=address.netloc, target=ADDRESS, extra_headers=[(b"Origin", root.encode())]))
        assert isinstance(self._next(), AcceptConnection), "refused"
        assert self._text().startswith("0{"), "no Engine.IO handshake"
        self.send("40")
        self._early: deque[str] = deque()
        while not (text := self._text()).startswith("40{"):
            self._early.append(text)  # news may overtake the answer to the handshake; browsers keep it as well

    def event(self) -> tuple[str, Any]:
        """The next event."""
        name, content = json.loads((self._early.popleft() if self._early else self._text()).removeprefix("42"))
        return name, content

    def send(self, text: str) -> None:
        """Any frame."""
        self._send(TextMessage(data=text))

    def is_cut(self) -> bool:
        """Waits for the server to close the connection; False where it leaves it open."""
        try:
            while not isinstance(self._next(), CloseConnection):
                continue
        except TimeoutError:
            return False
        except (ConnectionError, EOFError):
            return True
        return True

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def _text(self) -> str:
        text = ""
        while True:
            part = self._next()
            assert isinstance(part, TextMessage), part
            text += part.data
            if not part.message_finished:
                continue
            if text != "2":
                return text
            self.send("3")
            text = ""

    def _next(self) -> Event:
        while not self._events:
            data = self._socket.recv(65536)
            if not data:
                raise EOFError
            self._protocol.receive_data(data)
            self._events.extend(self._protocol.events())
        return self._events.popleft()

    def _send(self, event: Event) -> None:
        self._socket.sendall(self._protocol.send(event))


def tick(symbol: str, price: float, previous: float | None = None, at: datetime | None = None) -> Tick:
    """A trade on NSE, now unless told otherwise."""
    moment = at or datetime.now(UTC)
    return Tick("NSE", symbol, price, previous, moment, moment)


def trade(database: Boilerplate, ticks: Sequence[Tick]) -> int:
    """Store and announce a batch; how many were news."""
    with database.transaction() as connection:
        return save_ticks(connection, ticks)


def answer_to_handshake(root: str, origin: str | None = None) -> int:
    """The HTTP status with which a new WebSocket is answered: 101 where it is let in. It is closed at once."""
    connection = HTTPConnection(urlsplit(root).netloc, timeout=PATIENCE)
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    connection.request(
        "GET", ADDRESS, headers=headers | {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Origin": origin or root}
    )
    status = connection.getresponse().status
    connection.close()
    return status
