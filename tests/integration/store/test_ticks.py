from __future__ import annotations

import select
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import IntegrityError

from app.Boilerplate import Boilerplate
from app.domain.live import Tick
from app.store.ticks import listening, load_ticks, save_ticks, wait_for_news

NOON = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
INFY = Tick("NSE", "INFY", 1500.5, 1490.0, NOON, NOON)


def save(database: Boilerplate, *ticks: Tick) -> int:
    with database.transaction() as connection:
        return save_ticks(connection, ticks)


def kept(database: Boilerplate) -> dict[tuple[str, str], Tick]:
    with database.transaction() as connection:
        return {tick.key: tick for tick in load_ticks(connection)}


def test_a_tick_comes_back_as_it_went_in_with_its_instant_in_utc(database: Boilerplate) -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    assert save(database, replace(INFY, exchange_time=NOON.astimezone(india), previous_close=None)) == 1
    assert kept(database) == {INFY.key: replace(INFY, previous_close=None)}
    assert kept(database)[INFY.key].exchange_time.utcoffset() == timedelta(0)


def test_a_newer_tick_replaces_an_older_one_and_never_the_other_way(database: Boilerplate) -> None:
    newer = replace(INFY, last_price=1501.0, exchange_time=NOON + timedelta(seconds=1))
    assert save(database, INFY) == 1
    assert save(database, newer) == 1
    assert save(database, INFY) == 0
    assert kept(database)[INFY.key] == newer


def test_within_one_second_another_price_counts_and_the_same_one_does_not(database: Boilerplate) -> None:
    save(database, INFY)
    assert save(database, replace(INFY, received_at=NOON + timedelta(seconds=1))) == 0
    assert save(database, replace(INFY, last_price=1502.0)) == 1


def test_the_same_symbol_on_two_exchanges_is_two_instruments(database: Boilerplate) -> None:
    save(database, INFY, replace(INFY, exchange="BSE", last_price=1499.0))
    assert len(kept(database)) == 2


def test_a_whole_market_is_one_statement(database: Boilerplate) -> None:
    assert save(database, *(replace(INFY, symbol=f"S{number}") for number in range(3000))) == 3000


@pytest.mark.parametrize("price", [0.0, -1.0, float("inf")])
def test_what_is_no_price_is_refused(database: Boilerplate, price: float) -> None:
    with pytest.raises(IntegrityError):
        save(database, replace(INFY, last_price=price))


def test_a_stored_batch_is_announced_at_commit_and_an_old_one_is_not(database: Boilerplate) -> None:
    with listening(database.get_db_connection()) as connection:
        assert not wait_for_news(connection, 0.0)
        save(database, INFY)
        assert wait_for_news(connection, 10.0)
        save(database, INFY)
        assert not wait_for_news(connection, 0.2)


def test_several_batches_are_heard_as_one(database: Boilerplate) -> None:
    with listening(database.get_db_connection()) as connection:
        for second in range(3):
            save(database, replace(INFY, exchange_time=NOON + timedelta(seconds=second)))
        while len(connection.notifies) < 3:  # Postgres may deliver them one by one
            assert select.select([connection], [], [], 10.0)[0]
            connection.poll()
        assert wait_for_news(connection, 10.0)
        assert not wait_for_news(connection, 0.2)


def test_listening_takes_no_place_in_the_pool(database: Boilerplate) -> None:
    held = threading.Barrier(1)
    with listening(database.get_db_connection()) as connection:
        assert database.engine().pool.checkedout() == 0  # type: ignore[attr-defined]
        held.wait()
    assert connection.closed
