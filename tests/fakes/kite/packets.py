"""Kite's binary tick layouts, big-endian (kite.trade/docs/connect/v3/websocket, "Binary market data").

Prices travel as integers: rupees times 100, except in currency segments. A frame is a count and packets, each behind
its length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from tests.fakes.kite.market import FakeInstrument

HEARTBEAT = b"\x00"
DIVISORS = {3: 10_000_000, 6: 10_000, 12: 10_000}
"""By segment (token & 0xff): CDS, BCD, NCO; 100 for the others."""
INDICES = 9
DEPTH_LEVELS = 5


def encode_frame(packets: Iterable[bytes]) -> bytes:
    """One binary message."""
    listed = list(packets)
    return struct.pack(">H", len(listed)) + b"".join(struct.pack(">H", len(packet)) + packet for packet in listed)


def encode_tick(instrument: FakeInstrument, mode: str, at: int) -> bytes:
    """One packet in mode ltp, quote or full; ``at`` is the exchange time in Unix seconds."""
    divisor = DIVISORS.get(instrument.token & 0xFF, 100)
    if mode == "ltp":
        return _integers(instrument.token, _scaled(instrument.last, divisor))
    if instrument.token & 0xFF == INDICES:
        return _index(instrument, divisor) + (_integers(at) if mode == "full" else b"")
    quote = _quote(instrument, divisor)
    return quote if mode == "quote" else quote + _integers(at, 0, 0, 0, at) + _depth(instrument, divisor)


def _scaled(rupees: float, divisor: int) -> int:
    return round(rupees * divisor)


def _integers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def _index(instrument: FakeInstrument, divisor: int) -> bytes:
    prices = (instrument.last, instrument.high, instrument.low, instrument.open, instrument.previous_close)
    change = _scaled(instrument.last - instrument.previous_close, divisor)
    return _integers(instrument.token, *(_scaled(price, divisor) for price in prices)) + struct.pack(">i", change)


def _quote(instrument: FakeInstrument, divisor: int) -> bytes:
    bar = (instrument.open, instrument.high, instrument.low, instrument.previous_close)
    return _integers(
        instrument.token,
        _scaled(instrument.last, divisor),
        1,
        _scaled(instrument.last, divisor),
        instrument.volume & 0xFFFFFFFF,
        1000,
        1200,
        *(_scaled(price, divisor) for price in bar),
    )


def _depth(instrument: FakeInstrument, divisor: int) -> bytes:
    """Five bids below and five offers from the last price on, a tick apart; orders and padding are 16 bits each."""
    steps = [-level for level in range(1, DEPTH_LEVELS + 1)] + list(range(DEPTH_LEVELS))
    prices = (max(instrument.last + step * instrument.tick, instrument.tick) for step in steps)
    return b"".join(struct.pack(">IIHH", 100, _scaled(price, divisor), 3, 0) for price in prices)
