"""The official ticker, made to survive garbage, to verify the server it talks to, and to leave reconnecting to us."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from autobahn.twisted.websocket import connectWS  # type: ignore[import-untyped]
from kiteconnect import KiteTicker  # type: ignore[import-untyped]
from twisted.internet.ssl import optionsForClientTLS

CONNECT_SECONDS = 10
LARGEST_MESSAGE = 1 << 20
"""Bytes; 3,000 full packets, the most that Kite sends over one connection, are half of it."""
REFUSED = re.compile(r"upgrade failed \((\d{3})")
"""How autobahn words an HTTP answer other than 101."""
UNREADABLE = (struct.error, ValueError, LookupError, AttributeError, TypeError)
"""What the client's decoding raises on a frame that is cut short or is no JSON object."""


class KiteSocket(KiteTicker):  # type: ignore[misc]
    """One connection. Every method but the constructor runs in the reactor's thread; so do the callbacks.

    ``on_rows`` gets the decoded packets of a message, ``on_garbage`` is told of one that can't be decoded, ``on_end``
    of the end of the connection, with the HTTP status if the server refused it.
    """

    def __init__(
        self,
        root: str,
        api_key: str,
        access_token: str,
        tokens: Iterable[int],
        on_rows: Callable[[list[Mapping[str, Any]]], None],
        on_garbage: Callable[[], None],
        on_end: Callable[[int | None], None],
    ) -> None:
        super().__init__(api_key, access_token, root=root, reconnect_max_tries=0, connect_timeout=CONNECT_SECONDS)
        self._connector: Any = None
        self._wanted = list(tokens)
        self._on_garbage = on_garbage
        self._on_end = on_end
        self.on_ticks = lambda _, rows: on_rows(rows)
        self.on_open = lambda _: self._follow(self._wanted)

    def __repr__(self) -> str:
        return "KiteSocket()"

    def open(self) -> None:
        """Connect as the client does, but with the certificate checked against this machine's authorities."""
        self._create_connection(self.socket_url, useragent=self._user_agent(), headers={"X-Kite-Version": "3"})
        self.factory.setProtocolOptions(maxFramePayloadSize=LARGEST_MESSAGE, maxMessagePayloadSize=LARGEST_MESSAGE)
        self.factory.clientConnectionFailed = lambda *_: self._on_end(None)
        tls = optionsForClientTLS(self.factory.host) if self.factory.isSecure else None
        self._connector = connectWS(self.factory, contextFactory=tls, timeout=self.connect_timeout)

    def abandon(self) -> None:
        """Cut the connection without waiting for the other side, which may be silent."""
        self._on_end = lambda _: None
        if self.ws is not None:
            self.ws.dropConnection(abort=True)
        elif self._connector is not None:
            self._connector.disconnect()

    def change(self, tokens: Iterable[int]) -> None:
        """Follow these instruments from now on."""
        before, self._wanted = set(self._wanted), list(tokens)
        if self.is_connected():
            self._follow([token for token in self._wanted if token not in before])
            if gone := sorted(before.difference(self._wanted)):
                self.unsubscribe(gone)

    def _follow(self, tokens: list[int]) -> None:
        if tokens:
            self.subscribe(tokens)
            self.set_mode(self.MODE_FULL, tokens)

    def _on_message(self, ws: object, payload: bytes, is_binary: bool) -> None:
        try:
            super()._on_message(ws, payload, is_binary)
        except UNREADABLE:
            self._on_garbage()

    def _on_close(self, _ws: object, _code: object, reason: object) -> None:
        """In place of the client's own, which logs what the server said."""
        refused = REFUSED.search(str(reason))
        self._on_end(int(refused[1]) if refused else None)

    def _on_error(self, _ws: object, _code: object, _reason: object) -> None:
        """A message of type error, or an unclean end, which ``_on_close`` is told of as well."""
