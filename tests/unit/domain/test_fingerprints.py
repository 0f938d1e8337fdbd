from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pytest

from app.domain.fingerprints import fingerprint


@dataclass(frozen=True)
class Pair:
    left: object
    right: object


@dataclass(frozen=True)
class Marked:
    content: int
    mark: object = field(compare=False)


@dataclass(frozen=True)
class Couple:
    left: object
    right: object


SAME = [
    (np.array([1.0, np.nan]), np.array([1.0, np.nan])),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({"x", "y"}, frozenset({"y", "x"})),
    ([1, 2], (1, 2)),
    (np.float64(0.1), 0.1),
    (np.arange(6.0).reshape(2, 3).T, np.ascontiguousarray(np.arange(6.0).reshape(2, 3).T)),
    (Pair(date(2026, 1, 1), None), Pair(date(2026, 1, 1), None)),
    (Marked(1, object()), Marked(1, object())),
]
DIFFERENT = [
    (1, 1.0),
    (1, "1"),
    (None, "None"),
    ([1, 2], [2, 1]),
    (["ab", "c"], ["a", "bc"]),
    ([[1], 2], [1, [2]]),
    (Pair(1, 2), Couple(1, 2)),
    (Pair(1, 2), Pair(2, 1)),
    (np.zeros((2, 3)), np.zeros((3, 2))),
    (np.zeros(2), np.zeros(2, dtype=np.int64)),
    (np.array([1.0]), np.array([np.nextafter(1.0, 2.0)])),
    (np.array(["2026-01-01"], "datetime64[D]"), np.array(["2026-01-02"], "datetime64[D]")),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_equal_content_has_one_name(one: object, other: object) -> None:
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_content_has_another_name(one: object, other: object) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_every_process_gives_the_same_name() -> None:
    """Sets and hashes of texts are ordered otherwise in every process."""
    program = "from app.domain.fingerprints import fingerprint; print(fingerprint({'a', 'b', 'c', ('d', 1.5)}))"
    names = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(names) == 1


def test_what_has_no_content_of_its_own_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        fingerprint([object()])
