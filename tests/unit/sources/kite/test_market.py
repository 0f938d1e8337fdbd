from __future__ import annotations

import json
import math
from datetime import date, datetime

import pytest

from app.domain.kite_errors import KiteDataError
from app.domain.market_hours import IST
from app.sources.kite.market import read_instruments, read_quotes
from tests.fakes.kite.market import CSV_HEADER
from tests.shared_data import shared_file

SHARE = "408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE"
FUTURE = "15736578,61471,NIFTY26NOVFUT,NIFTY,0.0,2026-11-23,0.0,0.1,65,FUT,NFO-FUT,NFO"
INDEX = "256265,1001,NIFTY 50,NIFTY 50,0,,0,0,0,EQ,INDICES,NSE"
QUOTE = {"instrument_token": 408065, "last_price": 1515.0}


def csv(*lines: str, header: str = CSV_HEADER) -> bytes:
    return "\n".join((header, *lines)).encode()


def test_a_share_a_future_and_an_index_are_told_apart() -> None:
    share, future, index = read_instruments(csv(SHARE, FUTURE, INDEX)).rows
    assert (share.instrument_token, share.symbol, share.expiry, share.strike) == (408065, "INFY", None, None)
    assert (future.lot_size, future.expiry, future.kind) == (65, date(2026, 11, 23), "FUT")
    assert (index.segment, index.lot_size, index.tick_size) == ("INDICES", None, None)


@pytest.mark.parametrize(
    "damaged",
    [
        ",,,,,,,,,,,",
        "abc,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE",
        "408065,1594",
        '"408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE',
        "408065,1594,INFY,INFOSYS,0.0,soon,0.0,0.05,1,EQ,NSE,NSE",
        "408065,1594,INFY,INFOSYS,0.0,,-5,0.05,1,EQ,NSE,NSE",
        "408065,1594,INFY,INFOSYS,0.0,,0.0,nan,1,EQ,NSE,NSE",
        "408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1.5,EQ,NSE,NSE",
        "99999999999,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE",
        "408065,1594,,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE",
        "408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,",
        "408065,1594,INFY,INFO\0SYS,0.0,,0.0,0.05,1,EQ,NSE,NSE",
        f"408065,1594,INFY,{'X' * 5000},0.0,,0.0,0.05,1,EQ,NSE,NSE",
        f"408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,{'E' * 21},NSE,NSE",
        "408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,9999999999,EQ,NSE,NSE",
        "408065,1594,INFY,INFOSYS,0.0,,1e300,0.05,1,EQ,NSE,NSE",
        "408065,1594,INFY,INFOSYS,0.0,,0.0,1e-60,1,EQ,NSE,NSE",
    ],
)
def test_a_damaged_line_costs_that_line_alone(damaged: str) -> None:
    read = read_instruments(csv(SHARE, damaged, FUTURE))
    assert [row.symbol for row in read.rows] == ["INFY", "NIFTY26NOVFUT"]
    assert len(read.rejected) == 1
    assert "line 3" in read.rejected[0]


def test_blank_lines_and_windows_line_ends_are_nothing() -> None:
    body = csv(SHARE, "", "   ", FUTURE).replace(b"\n", b"\r\n")
    read = read_instruments(body)
    assert len(read.rows) == 2
    assert read.rejected == ()
    assert read.rows[0].exchange == "NSE"


def test_columns_are_found_by_name() -> None:
    names, cells = CSV_HEADER.split(","), SHARE.split(",")
    turned = csv(",".join([*reversed(cells), "extra"]), header=",".join([*reversed(names), "new_column"]))
    assert read_instruments(turned).rows == read_instruments(csv(SHARE)).rows


@pytest.mark.parametrize(
    "body", [b"", b"\n", b"<html>", csv(), csv("", ","), b"\xff\xfe\x00", csv(SHARE, header="a,b")]
)
def test_a_file_without_one_instrument_is_an_error(body: bytes) -> None:
    with pytest.raises(KiteDataError):
        read_instruments(body)


@pytest.mark.parametrize("name", ["instruments_nse", "instruments_all"])
def test_the_official_files_lose_no_row(name: str) -> None:
    body = shared_file(f"kite-mocks/{name}.csv").read_bytes()
    read = read_instruments(body)
    assert len(read.rows) == len([line for line in body.split(b"\n")[1:] if line.strip()])
    assert read.rejected == ()
    assert all(row.instrument_token >> 8 == row.exchange_token for row in read.rows)


def test_the_official_quotes_are_read_as_they_are() -> None:
    def mock(name: str) -> dict[str, object]:
        data: dict[str, object] = json.loads(shared_file(f"kite-mocks/{name}.json").read_bytes())["data"]
        return data

    full, ohlc, ltp = (read_quotes(mock(name)).rows[0] for name in ("quote", "ohlc", "ltp"))
    assert (full.exchange, full.symbol, full.last_price, full.previous_close) == ("NSE", "INFY", 1412.95, 1389.65)
    assert full.as_of == datetime(2021, 6, 8, 15, 45, 56, tzinfo=IST)
    assert (full.bid, full.ask, full.volume) == (None, 1412.95, 7360198)
    assert (ohlc.last_price, ohlc.open, ohlc.volume) == (1075, 1085.8, None)
    assert (ltp.last_price, ltp.previous_close, ltp.as_of) == (1074.35, None, None)


@pytest.mark.parametrize("price", [None, 0, math.nan, -1, "1515", 1e308])
def test_a_quote_without_a_price_is_rejected(price: object) -> None:
    read = read_quotes({"NSE:INFY": {**QUOTE, "last_price": price}, "NSE:SBIN": QUOTE})
    assert [quote.symbol for quote in read.rows] == ["SBIN"]
    assert len(read.rejected) == 1


@pytest.mark.parametrize(
    ("key", "row"),
    [
        ("INFY", QUOTE),
        ("NSE:", QUOTE),
        ("NSE:INFY", []),
        ("NSE:INFY", {**QUOTE, "ohlc": None}),
        ("NSE:INFY", {**QUOTE, "ohlc": {"close": "x"}}),
    ],
)
def test_only_damaged_quotes_are_an_error(key: str, row: object) -> None:
    with pytest.raises(KiteDataError):
        read_quotes({key: row})


@pytest.mark.parametrize("odd", [None, -1, "many", math.nan])
def test_a_volume_or_open_interest_that_is_none_costs_that_alone(odd: object) -> None:
    (quote,) = read_quotes({"NSE:INFY": {**QUOTE, "volume": odd, "oi": odd}}).rows
    assert (quote.last_price, quote.volume, quote.open_interest) == (1515.0, None, None)


@pytest.mark.parametrize("depth", [None, [], {"buy": None}, {"buy": [None, {"price": 0, "quantity": 0}]}])
def test_a_book_without_orders_has_no_best_price(depth: object) -> None:
    assert read_quotes({"NSE:INFY": {**QUOTE, "depth": depth}}).rows[0].bid is None


def test_an_index_keeps_the_space_in_its_name() -> None:
    assert read_quotes({"NSE:NIFTY 50": QUOTE}).rows[0].symbol == "NIFTY 50"


def test_no_answer_for_any_instrument_is_no_quote() -> None:
    assert read_quotes({}).rows == ()
