from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Connection

from app.Boilerplate import Boilerplate
from app.domain.holdings import Holding, HoldingsSnapshot
from app.store.holdings import load_book, save_snapshot
from app.store.migrations import migrate
from tests.host_database import HOLDINGS, HostHolding, fill, insert_holdings, lay_out
from tests.integration.conftest import TODAY

YESTERDAY = TODAY - timedelta(days=1)
HOST_INFY = HostHolding(408065, "INFY", "INE009A01021", 10)


def own(connection: Connection, as_of: date, symbol: str, *, sample: bool = False) -> None:
    holdings = (Holding(symbol, "NSE", None, 1.0),)
    save_snapshot(connection, HoldingsSnapshot(holdings, "sample" if sample else "kite_json", as_of, is_sample=sample))


def symbols(connection: Connection, as_of: date | None = None) -> list[str]:
    book = load_book(connection, as_of)
    return [holding.symbol for holding in book.holdings] if book else []


def test_without_any_book_there_is_none(database: Boilerplate) -> None:
    with database.transaction() as connection:
        assert load_book(connection) is None
        assert load_book(connection, YESTERDAY) is None


@pytest.mark.parametrize(
    ("own_day", "host_day", "expected"),
    [(TODAY, YESTERDAY, "MINE"), (YESTERDAY, TODAY, "INFY"), (TODAY, TODAY, "MINE")],
)
def test_the_newest_book_counts_and_of_the_same_day_the_own_one(
    database: Boilerplate, own_day: date, host_day: date, expected: str
) -> None:
    with database.transaction() as connection:
        own(connection, own_day, "MINE")
        insert_holdings(connection, host_day, [HOST_INFY])
        assert symbols(connection) == [expected]


@pytest.mark.parametrize(
    ("own_day", "host_day", "as_of", "expected"),
    [
        (TODAY, date(2026, 11, 2), date(2026, 11, 10), "INFY"),
        (date(2026, 11, 2), TODAY, date(2026, 11, 10), "MINE"),
        (date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 10), "INFY"),
        (date(2026, 11, 12), TODAY, date(2026, 11, 10), "MINE"),
        (TODAY, date(2026, 11, 12), date(2026, 11, 10), "INFY"),
    ],
)
def test_a_book_of_before_the_day_counts_more_than_a_later_one(
    database: Boilerplate, own_day: date, host_day: date, as_of: date, expected: str
) -> None:
    with database.transaction() as connection:
        own(connection, own_day, "MINE")
        insert_holdings(connection, host_day, [HOST_INFY])
        assert symbols(connection, as_of) == [expected]


def test_before_the_dashboards_first_day_its_oldest_book_is_taken(database: Boilerplate) -> None:
    with database.transaction() as connection:
        insert_holdings(connection, YESTERDAY, [HOST_INFY])
        insert_holdings(connection, TODAY, [HostHolding(408066, "TCS", "INE467B01029", 10)])
        assert symbols(connection, date(2026, 1, 2)) == ["INFY"]


def test_the_later_of_two_imports_of_one_day_counts(database: Boilerplate) -> None:
    with database.transaction() as connection:
        own(connection, TODAY, "FIRST")
        own(connection, TODAY, "SECOND")
        assert symbols(connection) == ["SECOND"]


def test_going_back_to_an_earlier_book_of_the_same_day_is_a_change(database: Boilerplate) -> None:
    with database.transaction() as connection:
        for symbol in ("FIRST", "SECOND", "FIRST"):
            own(connection, TODAY, symbol)
        assert symbols(connection) == ["FIRST"]


def test_an_import_of_an_older_statement_does_not_replace_a_newer_book(database: Boilerplate) -> None:
    with database.transaction() as connection:
        own(connection, TODAY, "NEW")
        own(connection, YESTERDAY, "OLD")
        assert symbols(connection) == ["NEW"]


def test_an_earlier_day_gets_the_book_of_that_day_or_else_the_oldest(database: Boilerplate) -> None:
    with database.transaction() as connection:
        own(connection, YESTERDAY, "OLD")
        own(connection, TODAY, "NEW")
        assert symbols(connection, YESTERDAY) == ["OLD"]
        assert symbols(connection, date(2026, 1, 2)) == ["OLD"]


@pytest.mark.parametrize("host_day", [YESTERDAY, TODAY])
def test_the_sample_counts_only_while_there_is_nothing_else(database: Boilerplate, host_day: date) -> None:
    with database.transaction() as connection:
        own(connection, TODAY, "SAMPLE", sample=True)
        assert symbols(connection) == ["SAMPLE"]
        insert_holdings(connection, host_day, [HOST_INFY])
        assert symbols(connection) == ["INFY"]
        own(connection, YESTERDAY - timedelta(days=9), "MINE")
        assert symbols(connection) == ["INFY"]


def test_the_dashboards_quirks_are_read_as_what_they_mean(database: Boilerplate) -> None:
    with database.transaction() as connection:
        insert_holdings(connection, TODAY, HOLDINGS)
        book = load_book(connection)
    assert book is not None
    found = {holding.symbol: holding for holding in book.holdings}
    assert set(found) == {"INFY", "M&M", "CENTRALBK-BE", "BAJAJ-AUTO", "SOLDOUT"}
    assert found["M&M"].owned_quantity == 5
    central = found["CENTRALBK-BE"]
    assert (central.isin, central.average_price, central.last_price, central.close_price) == (None, None, None, 38.0)
    bajaj = found["BAJAJ-AUTO"]
    assert (bajaj.owned_quantity, bajaj.last_price, bajaj.close_price) == (5, None, None)
    assert found["SOLDOUT"].owned_quantity == 0


def test_a_row_without_a_symbol_is_known_by_its_isin(database: Boilerplate) -> None:
    with database.transaction() as connection:
        insert_holdings(connection, TODAY, [HostHolding(1, None, "INE009A01021", 10)])
        assert symbols(connection) == ["INE009A01021"]


def test_an_older_dashboard_without_some_columns_is_read(empty_database: Boilerplate) -> None:
    older = {"holdings": ("t1_quantity", "authorised_quantity", "collateral_type")}
    with empty_database.transaction() as connection:
        lay_out(connection, older=older, extra={"holdings": "broker_note text"})
        migrate(connection, "my_schema")
        connection.exec_driver_sql(
            "INSERT INTO holdings (run_date, trading_symbol, instrument_token, quantity, collateral_quantity)"
            " VALUES ('2026-11-20', 'INFY', 1, 4, 5)"
        )
        book = load_book(connection)
    assert book is not None
    assert book.holdings[0].owned_quantity == 9


def test_only_the_newest_snapshot_of_the_dashboard_counts(empty_database: Boilerplate) -> None:
    with empty_database.transaction() as connection:
        lay_out(connection)
        fill(connection, TODAY)
        migrate(connection, "my_schema")
        now, before = load_book(connection), load_book(connection, YESTERDAY)
    assert now is not None
    assert before is not None
    assert (now.as_of, len(now.holdings)) == (TODAY, 5)
    assert (before.as_of, len(before.holdings)) == (YESTERDAY, 3)
