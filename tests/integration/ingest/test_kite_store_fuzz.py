"""10,000 odd answers of Kite go all the way into the database: each is a typed error, held back or stored.

No statement may fail: a hundred bodies share one transaction, which the first refused value would end.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from app.Boilerplate import Boilerplate
from app.domain.kite import Instrument, KiteRows
from app.domain.kite_errors import KiteError
from app.ingest.kite_holdings import Stored, store_funds, store_holdings, store_margins, store_positions
from app.ingest.kite_instruments import store_instruments
from app.sources.kite import KiteSource
from app.sources.kite.transport import RawAnswer
from tests.integration.ingest.kite_run import MORNING
from tests.unit.sources.kite.stubs import always, source_of, success
from tests.unit.sources.kite.test_fuzz import CSV_BODY, bases, damaged_answer, damaged_bytes

BODIES_A_KIND, FILES, TOGETHER = 1_500, 4_000, 100
MISFITS: tuple[Any, ...] = (
    2**31,
    2**32 - 1,
    3_000_000_000,
    5e9,
    -5e9,
    1e12,
    1e15,
    1e308,
    1e-320,
    0.5,
    0,
    "",
    "A\0B",
    "IN\ud800",
    "X" * 30,
    "X" * 60,
    "X" * 300,
    "ŉ" * 50,
    "\\N\t",
    "0001-01-01",
)
"""Values that a JSON reader lets through and a column may not."""
CSV_MISFITS = (
    "9999999999",
    "2147483648",
    "4294967295",
    "1e300",
    "1e-60",
    "\0",
    "X" * 21,
    "X" * 5000,
    "0001-01-01",
    "\\.",
)
Store = Callable[[Connection, Any, Any, bool], Stored]
STORES: dict[str, tuple[Callable[[KiteSource], object], Store]] = {
    "holdings": (KiteSource.holdings, lambda c, rows, now, accept: store_holdings(c, rows, now, accept=accept)),
    "funds": (KiteSource.mf_holdings, lambda c, rows, now, accept: store_funds(c, rows, now, accept=accept)),
    "positions": (KiteSource.positions, lambda c, answer, now, _: store_positions(c, answer, now)),
    "margins": (KiteSource.margins, lambda c, margins, now, _: store_margins(c, margins, now)),
}


def misfit_value(value: Any, rng: random.Random) -> Any:
    """The value with one of its leaves replaced."""
    if isinstance(value, dict) and value:
        key = rng.choice(sorted(value))
        return {**value, key: misfit_value(value[key], rng)}
    if isinstance(value, list) and value:
        at = rng.randrange(len(value))
        return [*value[:at], misfit_value(value[at], rng), *value[at + 1 :]]
    return rng.choice(MISFITS)


def misfit_line(line: str, rng: random.Random) -> str:
    cells = line.split(",")
    cells[rng.randrange(len(cells))] = rng.choice(CSV_MISFITS)
    return ",".join(cells)


def odd_answer(origin: bytes, rng: random.Random) -> RawAnswer:
    if rng.random() < 0.5:
        return damaged_answer(origin, rng)
    return success(misfit_value(json.loads(origin)["data"], rng))


def odd_file(rng: random.Random) -> RawAnswer:
    header, *lines = CSV_BODY.decode().split("\n")
    future = "15736578,61471,NIFTY26NOVFUT,NIFTY,0.0,2026-11-23,0.0,0.1,65,FUT,NFO-FUT,NFO"
    body = "\n".join(
        [header, *(misfit_line(line, rng) if line else line for line in (*lines, future, future))]
    ).encode()
    return RawAnswer(200, "text/csv", damaged_bytes(body, rng) if rng.random() < 0.3 else body)


def outcome(stored: Stored) -> str:
    assert not any("were not filled" in note for note in stored.notes), stored.notes
    return "held back" if stored.held_back else "stored"


@pytest.mark.parametrize("kind", STORES)
def test_an_odd_answer_is_refused_held_back_or_stored_and_never_breaks_the_database(
    database: Boilerplate, kind: str
) -> None:
    rng, outcomes = random.Random(f"store {kind}"), Counter[str]()
    ask, store = STORES[kind]
    origins = bases(kind)
    for first in range(0, BODIES_A_KIND, TOGETHER):
        with database.transaction() as connection:
            for number in range(first, first + TOGETHER):
                now = MORNING + timedelta(minutes=number)
                try:
                    answer = ask(source_of(always(odd_answer(rng.choice(origins), rng))))
                except KiteError:
                    outcomes["refused"] += 1
                    continue
                outcomes[outcome(store(connection, answer, now, rng.random() < 0.5))] += 1
    assert min(outcomes["refused"], outcomes["stored"]) > BODIES_A_KIND * 0.05, outcomes
    assert outcomes.total() == BODIES_A_KIND


def test_odd_instruments_files_are_refused_or_stored_and_never_break_the_database(database: Boilerplate) -> None:
    rng, read = random.Random("store instruments"), list[Instrument]()
    for number in range(FILES):
        with suppress(KiteError):
            read += (told_apart(row, number) for row in source_of(always(odd_file(rng))).instruments("NFO").rows)
    assert len(read) > FILES
    for exchange in ("NSE", "NFO"):
        with database.transaction() as connection:
            stored = store_instruments(connection, exchange, KiteRows(tuple(read)), MORNING, accept=True)
        assert (outcome(stored), stored.rows) == ("stored", sum(row.exchange == exchange for row in read))


def told_apart(row: Instrument, number: int) -> Instrument:
    """The row under a token of its own on the same side of 31 bits: rows of one token would hide each other."""
    side = 2**31 if row.instrument_token >= 2**31 else 0
    return replace(row, instrument_token=side + 2**16 * number + row.instrument_token % 2**16)
