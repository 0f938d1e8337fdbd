from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import inf, nan
from typing import Any

import pytest

from app.domain.live import Tick
from app.sources.kite_ticks import TickBox, read_tick

NOON = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
NAMES = {token: ("NSE", f"S{token}") for token in range(3000)}


@pytest.fixture(params=["UTC", "Asia/Kolkata", "America/New_York"])
def _zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def row(token: int = 1, price: float = 100.0, at: datetime = NOON, close: float = 99.0) -> dict[str, Any]:
    """As the client decodes a full packet: the time without a zone, in the zone of this machine."""
    naive = datetime.fromtimestamp(at.timestamp())  # noqa: DTZ006  what the client does
    return {"instrument_token": token, "last_price": price, "ohlc": {"close": close}, "exchange_timestamp": naive}


def put(box: TickBox, *rows: dict[str, Any], at: datetime = NOON) -> None:
    box.put(rows, NAMES, at)


@pytest.mark.usefixtures("_zone")
def test_the_clients_local_time_becomes_the_instant_it_came_from() -> None:
    tick = read_tick(row(), NAMES, NOON)
    assert tick == Tick("NSE", "S1", 100.0, 99.0, NOON, NOON)


@pytest.mark.usefixtures("_zone")
@pytest.mark.parametrize("minute", [29, 89])
def test_the_hour_that_comes_twice_when_summer_time_ends_is_told_apart(minute: int) -> None:
    instant = datetime(2026, 11, 1, 5, 0, tzinfo=UTC) + timedelta(minutes=minute)
    tick = read_tick(row(at=instant), NAMES, instant)
    assert tick
    assert tick.exchange_time == instant


@pytest.mark.parametrize("price", [0.0, -1.0, nan, inf])
def test_what_is_no_price_is_no_tick(price: float) -> None:
    assert read_tick(row(price=price), NAMES, NOON) is None


def test_a_missing_previous_close_is_none_and_not_zero() -> None:
    tick = read_tick(row(close=0.0), NAMES, NOON)
    assert tick
    assert tick.previous_close is None


def test_a_packet_without_exchange_time_is_no_tick() -> None:
    assert read_tick({"instrument_token": 1, "last_price": 100.0}, NAMES, NOON) is None
    assert read_tick(row() | {"exchange_timestamp": None}, NAMES, NOON) is None


def test_an_instrument_nobody_asked_for_is_dropped_and_counted() -> None:
    box = TickBox()
    put(box, row(token=99_999))
    assert box.drain() == ()
    assert box.counts.dropped == 1


def test_a_burst_of_three_thousand_instruments_leaves_one_tick_each() -> None:
    box = TickBox()
    for second in range(20):
        put(box, *(row(token, 100.0 + second, NOON + timedelta(seconds=second)) for token in NAMES), at=NOON)
    drained = box.drain()
    assert len(drained) == 3000
    assert {tick.last_price for tick in drained} == {119.0}
    assert box.drain() == ()


def test_duplicates_older_ticks_and_those_of_another_day_are_ignored() -> None:
    box = TickBox()
    put(box, row(), row(), row(price=90.0, at=NOON - timedelta(seconds=1)), row(2, at=NOON - timedelta(days=1)))
    assert [tick.last_price for tick in box.drain()] == [100.0]
    assert (box.counts.taken, box.counts.ignored) == (1, 3)
    put(box, row())
    assert box.drain() == ()


def test_within_the_same_second_a_new_price_is_taken() -> None:
    box = TickBox()
    put(box, row(), row(price=101.0))
    assert [tick.last_price for tick in box.drain()] == [101.0]


def test_a_time_far_in_the_future_is_garbage_and_stops_no_later_tick() -> None:
    box = TickBox()
    put(box, row(at=NOON + timedelta(hours=1)), row(price=101.0))
    assert [tick.last_price for tick in box.drain()] == [101.0]
    assert box.counts.dropped == 1


def test_the_newest_time_never_goes_back() -> None:
    box = TickBox()
    assert box.newest_time is None
    put(box, row(1), row(2, at=NOON - timedelta(seconds=30)))
    assert box.newest_time == NOON


def test_what_could_not_be_stored_waits_unless_a_newer_tick_came() -> None:
    box = TickBox()
    put(box, row(1), row(2))
    failed = box.drain()
    put(box, row(1, 105.0, NOON + timedelta(seconds=1)))
    box.give_back(failed)
    assert {tick.symbol: tick.last_price for tick in box.drain()} == {"S1": 105.0, "S2": 100.0}
