"""The server's half of RFC 6455: the handshake key and frames, as far as a ticker needs them."""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass
from typing import BinaryIO

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
LARGEST = 1 << 20


class ProtocolError(Exception):
    """The peer sent something that is no WebSocket frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, unmasked."""

    opcode: int
    payload: bytes


def accept_key(key: str) -> str:
    """Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455, 4.2.2)."""
    return base64.b64encode(hashlib.sha1((key + GUID).encode(), usedforsecurity=False).digest()).decode()


def encode(opcode: int, payload: bytes) -> bytes:
    """A whole, unmasked frame, as a server sends it (5.2)."""
    size = len(payload)
    if size < 126:
        head = struct.pack(">BB", 0x80 | opcode, size)
    elif size < 1 << 16:
        head = struct.pack(">BBH", 0x80 | opcode, 126, size)
    else:
        head = struct.pack(">BBQ", 0x80 | opcode, 127, size)
    return head + payload


def read(stream: BinaryIO) -> Frame | None:
    """The next frame of a client; None at the end of the stream. Raises ProtocolError for an unmasked or huge one."""
    head = stream.read(2)
    if len(head) < 2:
        return None
    opcode, size, masked = head[0] & 0x0F, head[1] & 0x7F, head[1] & 0x80
    if size == 126:
        (size,) = struct.unpack(">H", stream.read(2))
    elif size == 127:
        (size,) = struct.unpack(">Q", stream.read(8))
    if not masked or size > LARGEST:
        raise ProtocolError("unmasked or too large")
    mask, payload = stream.read(4), stream.read(size)
    if len(payload) < size:
        return None
    return Frame(opcode, bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)))
