from __future__ import annotations

import json
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import InputFileError
from app.sources.fund_holdings_files import parse_fund_holdings
from tests.shared_data import shared_file
from tests.unit.sources.workbooks import workbook

HEADER = ["Symbol", "ISIN", "Instrument Type", "Quantity Available", "Quantity Pledged (Margin)", "Average Price"]
ROW = ["A FUND - DIRECT PLAN", "INF205K01NT8", "Equity", "10.5", "2", "80"]
ROWS = {"tradingsymbol": "INF205K01NT8", "fund": "A FUND", "folio": "1/2", "quantity": 10.5, "average_price": 80}


def csv(*rows: list[str]) -> bytes:
    return "\n".join(",".join(row) for row in [HEADER, *rows]).encode()


def test_kites_published_answer_is_read_whole() -> None:
    file = shared_file("mf/reference/kite/mf_holdings.json")
    read = parse_fund_holdings(file.read_bytes(), file.name)
    rows = json.loads(file.read_text())["data"]
    assert [(one.isin, one.folio, one.quantity) for one in read.holdings] == [
        (row["tradingsymbol"], row["folio"], row["quantity"]) for row in rows if row["quantity"]
    ]
    assert read.skipped == ()


def test_pledged_units_of_the_console_statement_are_owned() -> None:
    (holding,) = parse_fund_holdings(csv(ROW), "holdings.csv").holdings
    assert (holding.quantity, holding.pledged, holding.average_price, holding.nav) == (12.5, 2.0, 80.0, None)


def test_both_sources_count_units_that_are_pledged_apart() -> None:
    answer = json.dumps([ROWS | {"pledged_quantity": 12.5, "quantity": 10.0}]).encode()
    kite, console = parse_fund_holdings(answer, "x"), parse_fund_holdings(csv([*ROW[:3], "10", "12.5", "80"]), "x")
    assert [(one.quantity, one.pledged) for one in (*kite.holdings, *console.holdings)] == [(22.5, 12.5)] * 2
    assert (len(kite.notices), kite.skipped) == (1, ())


def test_shares_and_rows_without_units_are_left_out_and_bad_rows_are_named() -> None:
    rows = [
        ROW, ["INFY", "INE009A01021", "", "5", "0", "1"], [*ROW[:3], "0", "0", "1"], [*ROW[:3], "x", "", "1"],
        ["B", "INF205K01NT9", "", "5", "", "1"],
    ]  # fmt: skip
    read = parse_fund_holdings(csv(*rows), "holdings.csv")
    assert len(read.holdings) == 1
    assert len(read.skipped) == 2


def test_of_a_workbook_the_funds_sheet_is_read() -> None:
    title = ["", "Holdings as on 2026-11-18"]
    data = workbook(
        {"Equity": [["Symbol", "ISIN"]], "Mutual Funds": [title, HEADER, ROW], "Combined": [HEADER, ROW, ROW]}
    )
    read = parse_fund_holdings(data, "holdings.xlsx")
    assert (len(read.holdings), read.as_of) == (1, date(2026, 11, 18))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Symbol,ISIN\nA,B\n",
        b'{"status": "error", "message": "Token is invalid"}',
        b'{"status": "success", "data": null}',
        json.dumps([ROWS | {"quantity": "many"}]).encode(),
        csv(["A", "INF205K01NT8", "", "-3", "", "1"]),
    ],
)
def test_a_report_without_a_readable_fund_is_refused(data: bytes) -> None:
    with pytest.raises(InputFileError) as error:
        parse_fund_holdings(data, "x")
    assert error.value.remedy


def test_an_empty_list_is_an_empty_book() -> None:
    assert parse_fund_holdings(b"[]", "x").holdings == ()


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("INF205K01NT8")


@settings(max_examples=80)
@given(st.lists(st.dictionaries(st.sampled_from(list(ROWS)), VALUES, max_size=5), max_size=4))
def test_any_answer_is_read_or_refused_and_units_are_always_sound(rows: list[dict[str, object]]) -> None:
    with suppress(InputFileError):
        read = parse_fund_holdings(json.dumps({"status": "success", "data": rows}).encode(), "x")
        assert all(0 < one.quantity < 1e13 for one in read.holdings)
