"""A short name for whatever a report is computed from: equal content, equal name, in every process."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from typing import Protocol

import numpy as np


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


def fingerprint(value: object) -> str:
    """SHA-256 in hex over dataclasses, arrays, mappings, sequences, sets, numbers, texts, dates and members of enums.

    By type and order. Fields of a dataclass that do not count when two are compared do not count here.

    Raises:
        TypeError: for anything else, whose content is not known; what only has an identity has none.
    """
    digest = sha256()
    _feed(digest, value)
    return digest.hexdigest()


def _feed(digest: _Digest, value: object) -> None:
    if value is None or isinstance(value, bool | str | int | float | bytes | date | timedelta | Decimal):
        plain = float(value) if isinstance(value, float) else str(value) if isinstance(value, str) else value
        _part(digest, type(plain).__name__, repr(plain))
    elif isinstance(value, Enum):
        _part(digest, type(value).__name__, value.name)
    elif isinstance(value, np.ndarray):
        _feed_array(digest, value)
    elif isinstance(value, np.generic):
        _feed(digest, value.item())
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value) if field.compare]
        _feed_all(digest, type(value).__name__, (part for pair in fields for part in pair))
    elif isinstance(value, Mapping):
        _feed_all(digest, "mapping", sorted(fingerprint(pair) for pair in value.items()))
    elif isinstance(value, AbstractSet):
        _feed_all(digest, "set", sorted(map(fingerprint, value)))
    elif isinstance(value, Sequence):
        _feed_all(digest, "sequence", value)
    else:
        raise TypeError(f"no fingerprint of a {type(value).__name__}")


def _feed_array(digest: _Digest, array: np.ndarray) -> None:
    if array.dtype.hasobject:  # its bytes are addresses
        _feed_all(digest, f"array {array.shape}", array.ravel().tolist())
        return
    _part(digest, f"{array.dtype.str} {array.shape}", "")
    digest.update(np.ascontiguousarray(array).tobytes())


def _feed_all(digest: _Digest, kind: str, parts: Iterable[object]) -> None:
    _part(digest, kind, "(")
    for part in parts:
        _feed(digest, part)
    _part(digest, kind, ")")


def _part(digest: _Digest, kind: str, text: str) -> None:
    digest.update(f"{kind}\0{len(text)}\0{text}\0".encode())
