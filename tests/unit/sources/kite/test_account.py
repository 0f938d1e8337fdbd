from __future__ import annotations

import json
import math
from datetime import date, datetime
from typing import Any

import pytest

from app.domain.kite_errors import KiteDataError
from app.domain.market_hours import IST
from app.sources.kite.account import (
    read_fund_holdings,
    read_holdings,
    read_margins,
    read_positions,
    read_profile,
    read_session,
)
from tests.fakes.kite.market import empty_segment, holding_row
from tests.shared_data import shared_file

GARBAGE_PRICES = [math.nan, math.inf, -math.inf, -5.0, "161.0", 1e308, True, [], {}, 10**400]
POSITION = {
    "tradingsymbol": "NIFTY26NOVFUT",
    "exchange": "NFO",
    "instrument_token": 15736578,
    "product": "NRML",
    "quantity": -65,
    "overnight_quantity": -65,
    "multiplier": 1,
    "average_price": 26000.0,
    "last_price": 26150.0,
    "close_price": 26100.0,
    "pnl": -9750.0,
}
FUND = {
    "folio": "3108290884",
    "average_price": 78.43,
    "last_price": 84.86,
    "last_price_date": "2026-11-20",
    "pledged_quantity": 0,
    "fund": "INVESCO INDIA TAX PLAN - DIRECT PLAN",
    "tradingsymbol": "INF205K01NT8",
    "pnl": 0,
    "quantity": 382.488,
}


def mock(name: str) -> Any:
    return json.loads(shared_file(f"kite-mocks/{name}.json").read_bytes())["data"]


def infy(**changed: object) -> dict[str, object]:
    priced = {"instrument_token": 408065, "last_price": 1515.0, "close_price": 1500.0}
    return {**holding_row("INFY", "NSE", "INE009A01021", 10, 1400.0), **priced, **changed}


def sbin(**changed: object) -> dict[str, object]:
    return {**infy(), "tradingsymbol": "SBIN", "isin": "INE062A01020", **changed}


def test_the_official_holdings_are_read_as_they_are() -> None:
    read = read_holdings(mock("holdings"))
    assert read.rejected == ()
    assert [(h.symbol, h.exchange, h.quantity, h.last_price, h.mtf_quantity) for h in read.rows] == [
        ("AARON", "NSE", 1, 352.95, 1000),
        ("SBIN", "BSE", 16, 762.45, 0),
    ]
    assert read.rows[1].instrument_token == 128028676


def test_the_official_margins_positions_funds_profile_and_session_are_read_as_they_are() -> None:
    margins = read_margins(mock("margins"))
    assert margins.equity is not None
    assert (margins.equity.net, margins.equity.cash, margins.equity.used) == (99725.05000000002, 245431.6, 145706.55)
    positions = read_positions(mock("positions"))
    assert [(p.symbol, p.quantity, p.multiplier) for p in positions.net.rows] == [
        ("LEADMINI17DECFUT", 1, 1000),
        ("GOLDGUINEA17DECFUT", 0, 1),
        ("SBIN", 0, 1),
    ]
    assert positions.day.rows[0].quantity == -3
    assert positions.net.rows[0].close_price is None
    funds = read_fund_holdings(mock("mf_holdings"))
    assert next((f.isin, f.units, f.nav, f.nav_as_of) for f in funds.rows) == ("INF205K01NT8", 382.488, 84.86, None)
    assert read_profile(mock("profile")).user_id == "AB1234"
    session = read_session(mock("generate_session"))
    assert session.logged_in_at == datetime(2021, 1, 1, 16, 15, 14, tzinfo=IST)
    assert session.expires_at == datetime(2021, 1, 2, 6, 0, tzinfo=IST)


@pytest.mark.parametrize("price", [*GARBAGE_PRICES, None])
def test_a_garbage_last_price_costs_the_price_and_never_the_shares(price: object) -> None:
    read = read_holdings([infy(last_price=price), sbin()])
    assert [(h.symbol, h.quantity, h.last_price) for h in read.rows] == [("INFY", 10, None), ("SBIN", 10, 1515.0)]
    assert len(read.rejected) == 1
    assert "INFY" in read.rejected[0]


@pytest.mark.parametrize("price", [*GARBAGE_PRICES, None])
def test_holdings_without_a_single_price_are_an_error(price: object) -> None:
    with pytest.raises(KiteDataError):
        read_holdings([infy(last_price=price), sbin(last_price=price)])


def test_a_last_price_of_zero_is_an_honest_none() -> None:
    read = read_holdings([infy(last_price=0)])
    assert read.rows[0].last_price is None
    assert read.rejected == ()


def test_a_null_average_price_is_missing_and_no_complaint() -> None:
    read = read_holdings([infy(average_price=None)])
    assert read.rows[0].average_price is None
    assert read.rejected == ()


@pytest.mark.parametrize("quantity", [math.nan, math.inf, -1, "10", None, 1e308, True])
@pytest.mark.parametrize("field", ["quantity", "t1_quantity", "collateral_quantity"])
def test_a_row_whose_quantity_is_garbage_is_rejected_and_named(field: str, quantity: object) -> None:
    read = read_holdings([infy(**{field: quantity}), sbin()])
    assert [holding.symbol for holding in read.rows] == ["SBIN"]
    assert len(read.rejected) == 1


def test_pledged_and_undelivered_shares_are_owned() -> None:
    read = read_holdings([infy(quantity=0, t1_quantity=4, collateral_quantity=6)])
    assert read.rows[0].owned_quantity == 10


def test_a_book_sold_out_today_is_empty_and_one_with_a_damaged_row_beside_is_not() -> None:
    assert read_holdings([infy(quantity=0)]).rows == ()
    assert read_holdings([]).rows == ()
    with pytest.raises(KiteDataError):
        read_holdings([infy(quantity=0), sbin(quantity=None)])
    with pytest.raises(KiteDataError):
        read_fund_holdings([{**FUND, "quantity": 0}, {**FUND, "quantity": None}])


def test_shares_bought_on_margin_alone_are_left_out_by_name() -> None:
    read = read_holdings([infy(quantity=0, mtf={"quantity": 5}), sbin()])
    assert [holding.symbol for holding in read.rows] == ["SBIN"]
    assert "MTF" in read.rejected[0]


@pytest.mark.parametrize("rows", [[1], [None], [[]], ["x"], [{}], [{"tradingsymbol": "INFY"}]])
def test_rows_of_another_shape_are_never_an_empty_book(rows: list[object]) -> None:
    for read in (read_holdings, read_fund_holdings):
        with pytest.raises(KiteDataError):
            read(rows)


@pytest.mark.parametrize(
    "changed",
    [
        {"exchange": "NYSE"},
        {"tradingsymbol": ""},
        {"tradingsymbol": "X" * 60},
        {"tradingsymbol": "A\nB"},
        {"tradingsymbol": "IN\0FY"},
        {"tradingsymbol": "IN\ud800"},
        {"instrument_token": "408065"},
        {"instrument_token": -1},
    ],
)
def test_a_row_that_names_no_instrument_is_rejected(changed: dict[str, object]) -> None:
    read = read_holdings([infy(**changed), sbin()])
    assert [holding.symbol for holding in read.rows] == ["SBIN"]


def test_a_false_isin_is_dropped_and_named() -> None:
    read = read_holdings([infy(isin="INE009A01022")])
    assert read.rows[0].isin is None
    assert "ISIN" in read.rejected[0]


def test_a_sold_future_keeps_its_sign_and_its_units() -> None:
    position = read_positions({"net": [POSITION], "day": []}).net.rows[0]
    assert (position.quantity, position.multiplier, position.pnl) == (-65, 1, -9750.0)


@pytest.mark.parametrize(
    "changed",
    [
        {"quantity": None},
        {"last_price": math.nan},
        {"multiplier": 0},
        {"product": 5},
        {"product": "X" * 21},
        {"exchange": "X" * 21},
        {"exchange": "N\0"},
    ],
)
def test_a_damaged_position_is_rejected_and_named(changed: dict[str, object]) -> None:
    positions = read_positions({"net": [POSITION, {**POSITION, **changed}], "day": []})
    assert len(positions.net.rows) == len(positions.net.rejected) == 1


@pytest.mark.parametrize("data", [{}, {"net": []}, {"day": []}, {"net": None, "day": []}, {"net": [1], "day": []}])
def test_positions_without_both_lists_are_an_error(data: dict[str, object]) -> None:
    with pytest.raises(KiteDataError):
        read_positions(data)


def test_a_fund_is_keyed_by_isin_and_dated_where_kite_dates_it() -> None:
    fund = read_fund_holdings([FUND]).rows[0]
    assert (fund.isin, fund.units, fund.nav_as_of) == ("INF205K01NT8", 382.488, date(2026, 11, 20))


@pytest.mark.parametrize(
    ("quantity", "pledged", "units", "is_told"),
    [(0, 600, 600, True), (400, 600, 1000, True), (600, 400, 600, False), (600, 600, 600, False), (5, 0, 5, False)],
)
def test_fund_units_that_are_pledged_apart_are_owned_and_told(
    quantity: float, pledged: float, units: float, is_told: bool
) -> None:
    read = read_fund_holdings([{**FUND, "quantity": quantity, "pledged_quantity": pledged}])
    assert [(fund.units, fund.pledged_units) for fund in read.rows] == [(units, pledged)]
    assert read.rejected == ()
    assert len(read.notices) == is_told
    assert all("INF205K01NT8: more is pledged" in notice for notice in read.notices)


def test_a_fund_row_with_neither_free_nor_pledged_units_is_left_out() -> None:
    read = read_fund_holdings([{**FUND, "quantity": 0}])
    assert (read.rows, read.notices) == ((), ())


@pytest.mark.parametrize(
    "changed",
    [
        {"tradingsymbol": "INFY"},
        {"quantity": -1},
        {"last_price": "84"},
        {"fund": ""},
        {"folio": "1" * 300},
        {"folio": "12\0003"},
        {"folio": "12\ud800"},
    ],
)
def test_a_damaged_fund_row_is_rejected_and_named(changed: dict[str, object]) -> None:
    read = read_fund_holdings([FUND, {**FUND, **changed}])
    assert len(read.rows) == len(read.rejected) == 1


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"equity": 5},
        {"equity": {}},
        {"equity": {**empty_segment(1.0), "net": math.nan}},
        {"equity": {**empty_segment(1.0), "net": 1e308}},
        {"equity": None},
    ],
)
def test_unreadable_margins_are_an_error(data: dict[str, object]) -> None:
    with pytest.raises(KiteDataError):
        read_margins(data)


def test_an_account_without_commodities_has_none() -> None:
    margins = read_margins({"equity": empty_segment(5.0)})
    assert margins.commodity is None
    assert margins.equity is not None
    assert margins.equity.net == 5.0


@pytest.mark.parametrize("missing", ["user_id", "access_token", "login_time"])
def test_a_login_answer_that_lacks_something_is_an_error_that_shows_no_token(missing: str) -> None:
    answer = {"user_id": "AB1234", "access_token": "canary", "login_time": datetime(2026, 11, 23, 8, 0)}  # noqa: DTZ001
    with pytest.raises(KiteDataError) as caught:
        read_session({name: value for name, value in answer.items() if name != missing})
    assert "canary" not in str(caught.value)
    assert "canary" not in repr(read_session(answer))
