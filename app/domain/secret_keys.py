"""What counts as a secret key: 32 random bytes, written in base64 or hexadecimal."""

from __future__ import annotations

import base64
import re

KEY_BYTES = 32
FEWEST_DISTINCT = 16
"""Distinct byte values: 32 random bytes practically never have fewer, a placeholder or a word repeated has."""


def parse_secret_key(written: str) -> bytes:
    """The 32 bytes. Raises ValueError for another length or for what was plainly not drawn at random."""
    key = bytes.fromhex(written) if re.fullmatch(r"[0-9a-fA-F]{64}", written) else _from_base64(written)
    if len(key) != KEY_BYTES or len(set(key)) < FEWEST_DISTINCT:
        raise ValueError("not 32 random bytes")
    return key


def _from_base64(written: str) -> bytes:
    standard = written.translate(str.maketrans("-_", "+/")).rstrip("=")
    return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
