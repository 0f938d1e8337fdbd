"""The dashboard's price table and the closes in its holdings snapshots, with their quirks."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from sqlalchemy import Connection, text

from app.Boilerplate import Boilerplate
from app.domain.prices import DailyBars, FloatArray
from app.store.fund_holdings import load_fund_book
from app.store.holdings import load_book
from app.store.host_prices import host_benchmark, load_host_bars, newest_host_day
from app.store.migrations import migrate
from app.store.securities import load_host_scrips
from tests.host_database import COLUMNS, HostHolding, fill, insert_holdings, lay_out
from tests.integration.conftest import TODAY

WEEK = [f"2026-11-{day}" for day in (16, 17, 18, 19, 20)]
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 20)
NO_DAYS = np.empty(0, "datetime64[D]")
NSE_TOKEN, BSE_TOKEN = 408065, 128083204


def insert_bars(connection: Connection, symbol: str, closes: dict[str, float | None], volume: int = 100) -> None:
    connection.execute(
        text("""INSERT INTO rt_intraday_price (scrip_id, price_date, price_open, price_high, price_close, volume)
                VALUES (:symbol, :day, :close, 0, :close, :volume)"""),
        [{"symbol": symbol, "day": day, "close": close, "volume": volume} for day, close in closes.items()],
    )


def took(connection: Connection, day: str, close: float | None, last: float | None, token: int = NSE_TOKEN) -> None:
    row = HostHolding(token, "INFY", None, 10, close=close, last=last)
    insert_holdings(connection, date.fromisoformat(day), [row])


def series(bars: DailyBars, source: str, symbol: str = "INFY") -> dict[str, float]:
    """Close by day."""
    column = [(key.source, key.symbol) for key in bars.series].index((source, symbol))
    closes: FloatArray = bars.closes[:, column]
    return {str(day): float(close) for day, close in zip(bars.days, closes, strict=True) if np.isfinite(close)}


def read(connection: Connection, calendar: list[str] | None = None, until: date = LAST) -> DailyBars:
    days = np.array(calendar or [], dtype="datetime64[D]")
    return load_host_bars(connection, ["INFY", "TCS"], FIRST, until, days)


def test_rows_without_a_day_or_a_close_are_left_out_and_zeros_are_missing(database: Boilerplate) -> None:
    with database.transaction() as connection:
        bad: dict[str, float | None] = {"2026-02-30": 1, "2026-13-45": 1, "20261118": 1, "2026-1-5": 1, "garbage": 1}
        insert_bars(connection, "INFY", bad | {"2026-11-16": 0, "2026-11-17": None, "2026-11-18": float("nan")})
        insert_bars(connection, "INFY", {"2026-11-19": 1500, "2027-01-05": 99_999}, volume=0)
        bars = load_host_bars(connection, ["INFY"], date(2026, 1, 1), LAST, NO_DAYS)
    assert series(bars, "host") == {"2026-11-19": 1500}
    assert bars.opens.tolist() == [[1500]]
    assert np.isnan([bars.highs, bars.lows, bars.volumes]).all()


def test_an_empty_table_or_no_symbol_gives_no_series(database: Boilerplate) -> None:
    with database.transaction() as connection:
        assert read(connection).series == ()
        insert_bars(connection, "INFY", {"2026-11-19": 1500})
        assert load_host_bars(connection, [], FIRST, LAST, NO_DAYS).series == ()


def test_a_snapshot_tells_the_official_close_of_the_trading_day_before(database: Boilerplate) -> None:
    with database.transaction() as connection:
        insert_bars(connection, "INFY", dict.fromkeys(WEEK, 1500))
        took(connection, "2026-11-17", 1500.35, 1511.9)
        took(connection, "2026-11-19", 1512.65, 1498.2)
        took(connection, "2026-11-20", 1499.15, 1504.45)
        bars = read(connection)
    assert series(bars, "host") == dict.fromkeys(WEEK, 1500)
    expected = {"2026-11-16": 1500.35, "2026-11-18": 1512.65, "2026-11-19": 1499.15, "2026-11-20": 1504.45}
    assert series(bars, "holdings") == expected


def test_a_close_is_dated_by_the_days_on_which_anything_traded(database: Boilerplate) -> None:
    """INFY's own bar of the 18th is missing; TCS has it, so the close is not that of the 17th."""
    with database.transaction() as connection:
        insert_bars(connection, "INFY", dict.fromkeys(["2026-11-17", "2026-11-19"], 1500))
        insert_bars(connection, "TCS", {"2026-11-18": 3000, "2026-11-14": 3000, "2026-11-20": 3000})
        took(connection, "2026-11-19", 1512.65, None)
        assert series(read(connection), "holdings") == {"2026-11-18": 1512.65}


def test_a_snapshot_of_a_holiday_or_a_weekend_says_nothing(database: Boilerplate) -> None:
    with database.transaction() as connection:
        insert_bars(connection, "INFY", dict.fromkeys(["2026-11-13", "2026-11-17"], 1500))
        took(connection, "2026-11-15", 1400.5, 1400.5)
        took(connection, "2026-11-16", 1400.5, 1400.5)
        assert [key.source for key in read(connection).series] == ["host"]
        assert series(read(connection, ["2026-11-16"]), "holdings") == {"2026-11-13": 1400.5, "2026-11-16": 1400.5}


def test_of_two_exchanges_the_close_of_nse_counts_and_a_zero_is_none(database: Boilerplate) -> None:
    with database.transaction() as connection:
        insert_bars(connection, "INFY", dict.fromkeys(WEEK, 1500))
        took(connection, "2026-11-19", 1500.9, None, token=BSE_TOKEN)
        took(connection, "2026-11-19", 1500.35, 0.0)
        took(connection, "2026-11-18", 0.0, None)
        assert series(read(connection), "holdings") == {"2026-11-18": 1500.35}


def test_the_newest_day_survives_a_date_that_no_month_has(database: Boilerplate) -> None:
    with database.transaction() as connection:
        assert newest_host_day(connection, ["INFY"], LAST) is None
        insert_bars(connection, "INFY", {"2026-11-05": 1500, "2026-02-30": 1, "2026-11-31": 1, "2026-19-19": 1})
        assert newest_host_day(connection, ["INFY"], LAST) == date(2026, 11, 5)
        assert newest_host_day(connection, ["INFY"], date(2026, 3, 1)) == date(2026, 2, 28)


def test_the_index_stands_under_the_id_with_most_prices(database: Boilerplate) -> None:
    with database.transaction() as connection:
        rows = [
            {"id": name, "yahoo": code} for name, code in (("Nifty5", "^NSEI"), ("Nifty_50", "^NSEI"), ("X", "X.NS"))
        ]
        connection.execute(text("INSERT INTO master_scrips (scrip_id, yahoo_code) VALUES (:id, :yahoo)"), rows)
        insert_bars(connection, "Nifty_50", dict.fromkeys(WEEK, 25_000))
        assert host_benchmark(connection) == ("Nifty_50", "Nifty5")


READ = {
    "holdings": ("run_date", "trading_symbol", "instrument_token", "isin", "quantity", "t1_quantity",
                 "collateral_quantity", "average_price", "close_price", "last_price"),
    "mf_holdings": ("run_date", "folio", "fund", "tradingsymbol", "isin", "quantity", "average_price", "last_price"),
    "master_scrips": ("scrip_id", "sector_code", "yahoo_code", "scrip_group", "scrip_country"),
    "rt_intraday_price": ("scrip_id", "price_date", "price_open", "price_high", "price_low", "price_close", "volume"),
}  # fmt: skip
"""What we read of the dashboard's."""


@pytest.mark.parametrize("table", READ)
def test_every_column_may_be_missing_and_takes_only_what_it_said_with_it(
    empty_database: Boilerplate, table: str
) -> None:
    with empty_database.transaction() as connection:
        lay_out(connection)
        fill(connection, TODAY)
        migrate(connection, "my_schema")
    for column in READ[table]:
        assert column in COLUMNS[table]
        with empty_database.transaction() as connection, connection.begin_nested() as savepoint:
            connection.execute(text(f'ALTER TABLE {table} DROP COLUMN "{column}" CASCADE'))
            book = load_book(connection)
            load_fund_book(connection)
            load_host_scrips(connection)
            bars = load_host_bars(connection, ["INFY", "M&M", *host_benchmark(connection)], FIRST, TODAY, NO_DAYS)
            newest = newest_host_day(connection, ["INFY"], TODAY)
            savepoint.rollback()
        assert (book is None) == ((table, column) == ("holdings", "run_date"))
        needed = table == "rt_intraday_price" and column in ("scrip_id", "price_date", "price_close")
        assert (newest is None) == needed
        assert ("host" in {key.source for key in bars.series}) == (not needed)
