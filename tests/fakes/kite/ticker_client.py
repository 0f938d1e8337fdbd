"""The official KiteTicker, unmodified, as a program: every callback becomes a line of JSON on standard output.

``python -m tests.fakes.kite.ticker_client WS_ROOT API_KEY ACCESS_TOKEN MODE TOKEN...``. A program, because Twisted's
reactor runs once in a process.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence

from kiteconnect import KiteTicker  # type: ignore[import-untyped]


def main(root: str, api_key: str, access_token: str, mode: str, tokens: Sequence[int]) -> None:
    """Runs until killed."""
    ticker = KiteTicker(api_key, access_token, root=root, reconnect_max_delay=5)
    ticker.on_connect = subscriber(mode, list(tokens))
    for name in ("ticks", "close", "error", "message", "order_update", "reconnect"):
        setattr(ticker, f"on_{name}", teller(name))
    ticker.connect()


def subscriber(mode: str, tokens: list[int]) -> Callable[..., None]:
    """Subscribes as soon as the socket is open."""

    def on_connect(ticker: KiteTicker, _: object) -> None:
        tell("connect")
        ticker.subscribe(tokens)
        ticker.set_mode(mode, tokens)

    return on_connect


def teller(event: str) -> Callable[..., None]:
    """A callback that writes its arguments."""
    return lambda _, *values: tell(event, *values)


def tell(event: str, *values: object) -> None:
    """One line; bytes as hex, times as text."""
    written = [value.hex() if isinstance(value, bytes) else value for value in values]
    print(json.dumps([event, *written], default=str), flush=True)


if __name__ == "__main__":
    _, _root, _key, _token, _mode, *_tokens = sys.argv
    main(_root, _key, _token, _mode, [int(token) for token in _tokens])
