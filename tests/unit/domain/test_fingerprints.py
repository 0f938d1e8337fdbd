from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum

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


class Colour(Enum):
    RED = 1
    BLUE = 2


class Word(StrEnum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


def objects(*values: object) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def named_day(*parts: str) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """A row with an object in it, at an address of its own."""
    return np.array([("2026-01-01", "".join(parts))], dtype=[("day", "datetime64[D]"), ("name", object)])


KINDS: dict[str, object] = {
    "nothing": None,
    "a decimal": Decimal("1.50"),
    "a day": date(2026, 11, 20),
    "a moment": datetime(2026, 11, 20, 13, 0, tzinfo=UTC),
    "a member of an enum": Colour.RED,
    "a member of an enum of texts": Word.RED,
    "a member of an enum of numbers": Level.LOW,
    "texts with gaps": objects("a", None, "b"),
    "mixed objects": objects(Decimal(1), Colour.RED, date(2026, 1, 1), None, np.float64(0.5)),
    "an empty column of objects": objects(),
    "an empty table of objects": np.empty((0, 3), dtype=object),
    "rows with objects": named_day("Al", "pha"),
    "an empty array": np.empty(0),
    "days with a gap": np.array(["2026-01-01", "NaT"], "datetime64[D]"),
    "one day of numpy": np.datetime64("2026-01-01"),
    "no day of numpy": np.datetime64("NaT"),
    "a text of numpy": np.str_("a"),
    "a truth of numpy": np.bool_(True),
}
SAME = [
    (np.array([1.0, np.nan]), np.array([1.0, np.nan])),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({"x", "y"}, frozenset({"y", "x"})),
    ([1, 2], (1, 2)),
    (np.float64(0.1), 0.1),
    (np.arange(6.0).reshape(2, 3).T, np.ascontiguousarray(np.arange(6.0).reshape(2, 3).T)),
    (Pair(date(2026, 1, 1), None), Pair(date(2026, 1, 1), None)),
    (Marked(1, object()), Marked(1, object())),
    (np.str_("a"), "a"),
    (Word.RED, "red"),
    (objects("a", None), objects(np.str_("a"), None)),
    (named_day("Al", "pha"), named_day("Alp", "ha")),
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
    (Colour.RED, Colour.BLUE),
    (Colour.RED, 1),
    (Decimal(1), 1),
    (objects("a", None), objects("a", "None")),
    (objects(), np.empty((0, 1), dtype=object)),
    (objects(), np.empty(0)),
    (named_day("Al", "pha"), named_day("Be", "ta")),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_equal_content_has_one_name(one: object, other: object) -> None:
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_content_has_another_name(one: object, other: object) -> None:
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_value_has_a_name(kind: str) -> None:
    assert len(fingerprint(KINDS[kind])) == 64


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
