from __future__ import annotations

import contextlib
import json
import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InputFileError
from app.domain.holdings import Holding, HoldingsFile
from app.sources.holdings_files import holdings_kind, parse_holdings
from tests.shared_data import shared_file
from tests.unit.sources.unhurried import unhurried
from tests.unit.sources.workbooks import workbook

ROW: dict[str, Any] = {
    "tradingsymbol": "INFY",
    "exchange": "NSE",
    "instrument_token": 408065,
    "isin": "INE009A01021",
    "quantity": 10,
    "t1_quantity": 2,
    "collateral_quantity": 3,
    "average_price": 1400.5,
    "last_price": 1500,
    "close_price": 1490.25,
    "mtf": {"quantity": 7},
}
INFY = Holding("INFY", "NSE", "INE009A01021", 10.0, 2.0, 3.0, 7.0, 1400.5, 1500.0, 1490.25, 408065)
CONSOLE_HEADER = [
    None,
    "Symbol",
    "ISIN",
    "Sector",
    "Quantity Available",
    "Quantity Discrepant",
    "Quantity Long Term",
    "Quantity Pledged (Margin)",
    "Quantity Pledged (Loan)",
    "Average Price",
    "Previous Closing Price",
    "Unrealized P&L",
    "Unrealized P&L Pct.",
]
CONSOLE_ROWS: list[list[object]] = [
    [],
    [None, "Client ID", "AB1234"],
    [],
    [None, "Equity Holdings Statement as on 2025-09-17"],
    [None, "Summary"],
    [None, "Invested Value", 412560.5],
    [None, "Unrealized P&L Pct.", 10.34],
    [],
    [*CONSOLE_HEADER],
    [None, "INFY", "INE009A01021", "IT", 10, 1, 8, 4, 2, 1400.5, 1490.25, 1, 0.1],
    [None, "TCS", "INE467B01029", "IT", 0, 0, 0, 5, 0, "1,23,456.78", 0, 1, 0.1],
    [None, "SOLD", "INE467B01029", "IT", 0, 0, 0, 0, 0, 10, 11, 0, 0],
    [],
    [None, "Total", None, None, 9999],
]
WEB = b'"Instrument","Qty.","Avg. cost","LTP","Invested","Cur. val","P&L","Net chg.","Day chg.",""\n'


def console_csv() -> bytes:
    cells = [[f'"{c}"' if isinstance(c, str) else "" if c is None else str(c) for c in row] for row in CONSOLE_ROWS]
    return "\n".join(",".join(row) for row in cells).encode()


def answer(*rows: object) -> bytes:
    return json.dumps({"status": "success", "data": list(rows)}).encode()


def parse(data: bytes) -> HoldingsFile:
    return parse_holdings(data, "h.json")


def test_every_field_of_a_kite_row_is_carried_over() -> None:
    assert parse(answer(ROW)) == HoldingsFile((INFY,))
    assert INFY.owned_quantity == 15


def test_a_bare_list_is_read_like_the_whole_answer() -> None:
    assert parse(json.dumps([ROW]).encode()) == HoldingsFile((INFY,))


def test_a_compact_row_has_only_quantities() -> None:
    compact = {key: ROW[key] for key in ("exchange", "tradingsymbol", "instrument_token", "t1_quantity", "quantity")}
    assert parse(answer(compact)).holdings == (Holding("INFY", "NSE", None, 10.0, 2.0, instrument_token=408065),)


def test_an_empty_list_is_an_empty_book() -> None:
    assert parse(answer()) == HoldingsFile(())
    assert parse(b"[]") == HoldingsFile(())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "is empty"),
        (b"null", "is not a list of holdings"),
        (b'"x"', "is not a list of holdings"),
        (b"7", "is not a list of holdings"),
        (b"{}", "does not say"),
        (b'{"data": []}', "does not say"),
        (b'{"status": "success"}', '"data" that is null or absent'),
        (b'{"status": "success", "data": null}', '"data" that is null or absent'),
        (b'{"status": "success", "data": {}}', '"data" that is not a list'),
        (b'{"status": "success", "data": {"net": [], "day": []}}', '"data" that is not a list'),
        (b'{"status": "success", "data": "x"}', '"data" that is not a list'),
        (b'{"status": "success", "data": 5}', '"data" that is not a list'),
        (
            b'{"status": "error", "message": "Incorrect access_token.", "error_type": "TokenException"}',
            "Incorrect access",
        ),
        (b'{"status": "error", "error_type": "NetworkException"}', "Kite answered: NetworkException"),
        (b'{"status": "error", "message": null, "data": []}', "no reason given"),
        (b'{"status": "error", "message": 5}', "Kite answered: 5"),
        (b'{"status": 5, "data": []}', "does not say"),
        (b'{"status": ["success"], "data": []}', "does not say"),
        (b'{"status": "success", "data": [{"tradingsymbol": "INFY"', "not valid JSON"),
        (b'{"status": "success", "data": [] } extra', "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"<html><body>502 Bad Gateway</body></html>", "web page"),
        (b"Bad Gateway", "no known header"),
        (b"\x00\x01\x02", "not a text table"),
        (b'{"status": "success", "data": [null]}', "row 1: is not an object"),
        (b'{"status": "success", "data": ["INFY", 5, []]}', "row 3: is not an object"),
        (b'{"status": "success", "data": [{}]}', "row 1: has no usable symbol"),
        (b'[{"tradingsymbol": "INFY"}]', "row 1: INFY: exchange is not NSE or BSE"),
        (b'[{"tradingsymbol": "INFY", "exchange": "NSE"}]', "row 1: INFY: quantity is not a number of shares"),
        (
            b'[{"tradingsymbol": "INFY", "exchange": "NSE", "quantity": 1, "transaction_type": "BUY"}]',
            "an order or a trade",
        ),
    ],
)
def test_a_body_that_is_no_holdings_answer_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(InputFileError, match=reason) as refused:
        parse(body)
    assert refused.value.remedy


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "null", "-1", '"5"', "1e308", "9" * 400, "true", "[]"]
)
@pytest.mark.parametrize("field", ["average_price", "last_price", "close_price"])
def test_a_price_that_is_no_price_is_none_and_never_zero(field: str, number: str) -> None:
    text = answer({**ROW, field: "@"}).decode().replace('"@"', number)
    (holding,) = parse(text.encode()).holdings
    assert getattr(holding, field) is None
    assert holding.quantity == 10


@pytest.mark.parametrize("field", ["average_price", "last_price", "close_price"])
def test_a_price_of_zero_or_none_at_all_is_none(field: str) -> None:
    without = {key: value for key, value in ROW.items() if key != field}
    prices = [getattr(holding, field) for holding in parse(answer({**ROW, field: 0}, without)).holdings]
    assert prices == [None, None]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "null", "-1", '"5"', "1e308", "9" * 400, "true", "{}"])
@pytest.mark.parametrize("field", ["quantity", "t1_quantity", "collateral_quantity"])
def test_a_quantity_that_is_none_rejects_its_row_and_no_other(field: str, number: str) -> None:
    text = answer(ROW, {**ROW, "tradingsymbol": "TCS", field: "@"}).decode().replace('"@"', number)
    parsed = parse(text.encode())
    assert parsed.holdings == (INFY,)
    assert parsed.skipped == (f"h.json, row 2: TCS: {field} is not a number of shares",)


def test_a_fully_pledged_and_a_t1_only_position_count_in_full() -> None:
    pledged = {**ROW, "quantity": 0, "t1_quantity": 0, "collateral_quantity": 50}
    bought = {**ROW, "quantity": 0, "t1_quantity": 20, "collateral_quantity": 0}
    assert [holding.owned_quantity for holding in parse(answer(pledged, bought)).holdings] == [50.0, 20.0]


def test_rows_without_shares_are_left_out_and_margin_positions_named() -> None:
    empty = {**ROW, "quantity": 0, "t1_quantity": 0, "collateral_quantity": 0, "mtf": None}
    parsed = parse(answer(empty, {**empty, "mtf": {"quantity": 5}}))
    assert parsed.holdings == ()
    assert parsed.skipped == ("h.json, INFY: left out, all of it is bought on margin (MTF)",)


def test_a_row_with_a_wrong_isin_is_kept_without_it_and_named() -> None:
    parsed = parse(answer({**ROW, "isin": "INE009A01022"}, {**ROW, "isin": " ine009a01021 "}, {**ROW, "isin": ""}))
    assert [holding.isin for holding in parsed.holdings] == [None, "INE009A01021", None]
    assert parsed.skipped == ("h.json, row 1, INFY: kept without ISIN, 'INE009A01022' is not a valid one",)


@pytest.mark.parametrize("token", [True, "408065", -5, 1.5, 2**40, None])
def test_an_instrument_token_that_is_none_is_none(token: object) -> None:
    assert parse(answer({**ROW, "instrument_token": token})).holdings[0].instrument_token is None


def test_the_console_statement_is_read_from_csv_and_xlsx_alike() -> None:
    expected = (
        Holding("INFY", "NSE", "INE009A01021", 10.0, 0.0, 6.0, average_price=1400.5, close_price=1490.25, sector="IT"),
        Holding("TCS", "NSE", "INE467B01029", 0.0, 0.0, 5.0, average_price=123456.78, sector="IT"),
    )
    for data in (console_csv(), workbook({"Equity": CONSOLE_ROWS}), workbook({"Sheet1": CONSOLE_ROWS})):
        assert parse_holdings(data, "holdings-AB1234.xlsx") == HoldingsFile(expected, date(2025, 9, 17))


def test_of_the_console_workbook_only_the_equity_sheet_counts() -> None:
    fund: list[list[object]] = [
        [None, "Symbol", "ISIN", "Quantity Available", "Average Price"],
        [None, "A FUND", "", 5, 1],
    ]
    sheets = {"Combined": CONSOLE_ROWS, "Mutual Funds": fund, "Equity": CONSOLE_ROWS}
    assert len(parse_holdings(workbook(sheets), "h.xlsx").holdings) == 2
    with pytest.raises(InputFileError, match="no known header"):
        parse_holdings(workbook({"Combined": CONSOLE_ROWS, "Mutual Funds": fund}), "h.xlsx")


def test_a_second_header_ends_the_table_of_shares() -> None:
    funds = b"\n\nMutual Funds\n,Symbol,ISIN,Instrument Type,Quantity Available\n,A FUND,INF879O01027,Equity,250\n"
    parsed = parse_holdings(console_csv() + funds, "h.csv")
    assert [holding.symbol for holding in parsed.holdings] == ["INFY", "TCS"]


@pytest.mark.parametrize(
    ("title", "day"),
    [
        ("as on 2025-09-17", date(2025, 9, 17)),
        ("as on 17-Sep-2025", date(2025, 9, 17)),
        ("As On 17/09/2025", date(2025, 9, 17)),
        ("as on Monday", None),
        ("", None),
    ],
)
def test_the_day_of_a_statement_is_that_of_its_title(title: str, day: date | None) -> None:
    assert parse_holdings(f"Holdings {title}\n".encode() + WEB + b"INFY,1,2,3,,,,,\n", "h.csv").as_of == day


def test_the_csv_of_kite_web_is_read() -> None:
    data = WEB + b'"M&M",10,"1,400.50",1500,14005,15000,995,7.1,0.2,""\n"Total","","","",14005,15000,995,"","",""\n'
    assert parse_holdings(data, "holdings.csv") == HoldingsFile(
        (Holding("M&M", "NSE", None, 10.0, average_price=1400.5, last_price=1500.0),)
    )


def test_a_listed_company_named_total_is_no_totals_row() -> None:
    assert parse_holdings(WEB + b"TOTAL,10,80.5,81,,,,,\n", "h.csv").holdings[0].symbol == "TOTAL"


def test_a_table_row_without_a_quantity_is_named() -> None:
    parsed = parse_holdings(WEB + b"INFY,1,2,3\nTCS,-5,1,1\nITC,many,1,1\nDisclaimer\n,4,1,1\n", "h.csv")
    assert [holding.symbol for holding in parsed.holdings] == ["INFY"]
    assert parsed.skipped == (
        "h.csv, row 3: TCS: quantity is not a number of shares",
        "h.csv, row 4: ITC: quantity is not a number of shares",
        "h.csv, row 5: DISCLAIMER: quantity is not a number of shares",
        "h.csv, row 6: has no usable symbol",
    )


def test_missing_columns_of_a_table_are_named() -> None:
    with pytest.raises(InputFileError, match="lacks the columns average_price of the layout Kite") as refused:
        parse_holdings(b"Instrument,Qty.\nINFY,1\n", "h.csv")
    assert "Console holdings statement" in refused.value.remedy


def test_the_kind_of_a_report_is_told_by_its_content() -> None:
    assert holdings_kind(answer(), "h.csv") == "kite_json"
    assert holdings_kind(b"\xef\xbb\xbf [ ]", "h") == "kite_json"
    assert holdings_kind(console_csv(), "h.json") == "console"
    assert holdings_kind(workbook({"Equity": CONSOLE_ROWS}), "h.json") == "console"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ROW]), inner, max_size=6),
    max_leaves=12,
)


@unhurried
@given(st.lists(st.dictionaries(st.sampled_from([*ROW]), JSON), max_size=3))
def test_any_json_rows_give_sound_holdings_or_a_refusal(changes: list[dict[str, object]]) -> None:
    with contextlib.suppress(InputFileError):
        for holding in parse(answer(ROW, *({**ROW, **change} for change in changes))).holdings:
            assert 0 < holding.owned_quantity < math.inf
            assert all(p is None or 0 < p < math.inf for p in (holding.average_price, holding.last_price))


@unhurried
@given(st.one_of(st.binary(max_size=300), JSON.map(lambda value: json.dumps(value).encode())))
def test_no_bytes_make_the_parser_raise_anything_but_its_own_error(data: bytes) -> None:
    with contextlib.suppress(InputFileError):
        assert isinstance(parse(data), HoldingsFile)


@unhurried
@given(st.integers(0, 2000), st.binary(min_size=1, max_size=8))
def test_a_mutated_statement_is_read_or_refused(place: int, piece: bytes) -> None:
    data = console_csv()
    with contextlib.suppress(InputFileError):
        assert isinstance(parse(data[:place] + piece + data[place + len(piece) :]), HoldingsFile)


@pytest.mark.parametrize(("name", "rows", "on_bse"), [("holdings.json", 2, 1), ("holdings_compact.json", 21, 4)])
def test_the_mock_answers_of_kite_are_read_whole(name: str, rows: int, on_bse: int) -> None:
    parsed = parse_holdings(shared_file(f"kite-mocks/{name}").read_bytes(), name)
    assert (len(parsed.holdings), parsed.skipped) == (rows, ())
    assert sum(holding.exchange == "BSE" for holding in parsed.holdings) == on_bse


@pytest.mark.parametrize(
    "name", ["mf_holdings", "positions", "holdings_summary", "orders", "trades", "quote", "margins"]
)
def test_other_answers_of_kite_are_refused(name: str) -> None:
    with pytest.raises(InputFileError):
        parse_holdings(shared_file(f"kite-mocks/{name}.json").read_bytes(), f"{name}.json")
