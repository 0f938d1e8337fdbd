"""Nothing is timed before its results were found equal: a faster wrong number is no achievement."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

TOLERANCE = 1e-9
"""Largest difference allowed, relative to figures above 1 and absolute below."""


class Disagreement(Exception):
    """Two candidates gave different results."""


def check_equal(peer: str, ours: object, theirs: object, tolerance: float = TOLERANCE) -> int:
    """How many numbers of ours a peer gave as well, within ``tolerance``.

    Both are nested mappings and sequences of the same shape, or arrays. A number that we withhold (None or NaN: too
    few observations) is not compared; text must be equal. Raises Disagreement naming the first difference.
    """
    left, right = dict(_leaves(ours)), dict(_leaves(theirs))
    if left.keys() != right.keys():
        raise Disagreement(f"{peer}: only one side has {sorted(left.keys() ^ right.keys())[:5]}")
    given = {path: value for path, value in left.items() if value is not None and not _is_nan(value)}
    for path, value in given.items():
        if not _close(value, right[path], tolerance):
            raise Disagreement(f"{peer}: {path} is {right[path]!r} there and {value!r} here")
    return len(given)


def _leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, np.ndarray):
        node = node.tolist()
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _leaves(value, f"{path}/{key}")
    elif isinstance(node, list | tuple):
        for place, value in enumerate(node):
            yield from _leaves(value, f"{path}/{place}")
    else:
        yield path, node


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _close(ours: Any, theirs: Any, tolerance: float) -> bool:
    if not isinstance(ours, int | float) or not isinstance(theirs, int | float):
        return bool(ours == theirs)
    return abs(ours - theirs) <= tolerance * max(1.0, abs(ours))
