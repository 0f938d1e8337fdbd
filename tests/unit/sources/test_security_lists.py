from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InputFileError
from app.domain.securities import Security, SymbolChange
from app.sources.security_lists import parse_security_list
from tests.shared_data import shared_file
from tests.unit.sources.unhurried import unhurried

INDEX = b"Company Name,Industry,Symbol,Series,ISIN Code\nITC Ltd.,Fast Moving Consumer Goods,ITC,EQ,INE154A01025\n"
EQUITY_L = (
    b"SYMBOL,NAME OF COMPANY, SERIES, DATE OF LISTING, PAID UP VALUE, MARKET LOT, ISIN NUMBER, FACE VALUE\n"
    b"ITC,ITC Limited,EQ,23-AUG-1995,1,1,INE154A01025,1\n"
)
MASTER = b"isin,name,type,status,symbol,exchange\r\n"
CHANGES = b"old_symbol,new_symbol,effective,source\n"


def test_an_index_list_gives_the_sector() -> None:
    assert parse_security_list(INDEX, "ind_nifty50list.csv").securities == (
        Security("INE154A01025", "ITC Ltd.", "NSE", "ITC", "EQ", sector="Fast Moving Consumer Goods"),
    )


def test_equity_l_gives_series_listing_day_and_face_value() -> None:
    assert parse_security_list(EQUITY_L, "EQUITY_L.csv").securities == (
        Security("INE154A01025", "ITC Limited", "NSE", "ITC", "EQ", face_value=1.0, listed_on=date(1995, 8, 23)),
    )


def test_of_the_isin_master_only_active_rows_with_a_symbol_are_taken() -> None:
    rows = (
        b"INE154A01025,ITC LIMITED EQ,EQUITY SHARES,ACTIVE,ITC,NSE\r\n"
        b"INE154A01025,ITC OLD,EQUITY SHARES,DELETED,ITCOLD,NSE\r\n"
        b"IN000126C010,A BOND,GOVERNMENT SECURITIES,ACTIVE,,\r\n"
    )
    parsed = parse_security_list(MASTER + rows, "isin.csv")
    assert [security.symbol for security in parsed.securities] == ["ITC"]
    assert parsed.skipped == ()


def test_a_row_with_a_wrong_isin_is_left_out_and_named() -> None:
    parsed = parse_security_list(INDEX + b"X Ltd.,Power,DUMMYX,EQ,INE154A01026\nY,Power,,EQ,INE154A01025\n", "l.csv")
    assert len(parsed.securities) == 1
    assert parsed.skipped == (
        "l.csv, row 3, DUMMYX: 'INE154A01026' is not a valid ISIN",
        "l.csv, row 4, : no symbol",
    )


def test_symbol_changes_take_a_day_a_month_or_no_day() -> None:
    rows = (
        b"TATAMOTORS,TMPV,2025-10-24,circular\n"
        b"ZOMATO,ETERNAL,2025-04 (seen in data),seen\n"
        b"old,new,unknown,-\n"
        b",X,2025-01-01,-\n"
    )
    parsed = parse_security_list(CHANGES + rows, "changes.csv")
    assert parsed.symbol_changes == (
        SymbolChange("TATAMOTORS", "TMPV", date(2025, 10, 24)),
        SymbolChange("ZOMATO", "ETERNAL", date(2025, 4, 1)),
        SymbolChange("OLD", "NEW", None),
    )
    assert parsed.skipped == ("changes.csv, row 5: has no old and new symbol",)


@pytest.mark.parametrize("header", ["", "SYMB_COMPANY_NAME, SM_KEY_SYMBOL, SM_NEW_SYMBOL, SM_APPLICABLE_FROM\n"])
def test_symbolchange_of_nse_is_read_with_and_without_its_header(header: str) -> None:
    data = f"{header}3M India Limited,BIRLA3M,3MINDIA,15-JUN-2004\nEternal,ZOMATO,ETERNAL,09-APR-2025\n\n".encode()
    assert parse_security_list(data, "symbolchange.csv").symbol_changes == (
        SymbolChange("BIRLA3M", "3MINDIA", date(2004, 6, 15)),
        SymbolChange("ZOMATO", "ETERNAL", date(2025, 4, 9)),
    )


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("ind_nifty500list_2026-03-05.csv", date(2026, 3, 5)),
        ("ind_nifty50list_2025-08.csv", date(2025, 8, 1)),
        ("ind_nifty50list.csv", None),
        ("list_2026-13.csv", None),
        ("list_12026-03.csv", None),
    ],
)
def test_the_day_of_a_list_is_that_of_its_file_name(name: str, day: date | None) -> None:
    assert parse_security_list(INDEX, name).as_of == day


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<html>", "web page"),
        (b"a,b\n1,2\n", "no known header"),
        (b"Company Name,Industry,Symbol\nA,B,C\n", "lacks the columns isin of the layout NSE index list"),
        (INDEX.replace(b"INE154A01025", b"INE154A01026"), "no usable row: l.csv, row 2, ITC: 'INE154A01026'"),
        (CHANGES, "no usable row: there is only a header"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(InputFileError, match=reason):
        parse_security_list(data, "l.csv")


@unhurried
@given(st.sampled_from([INDEX, EQUITY_L, CHANGES]), st.integers(0, 200), st.binary(max_size=6))
def test_a_mutated_list_is_read_or_refused(data: bytes, place: int, piece: bytes) -> None:
    with contextlib.suppress(InputFileError):
        parsed = parse_security_list(data[:place] + piece + data[place + len(piece) :], "l_2025-01.csv")
        assert parsed.securities or parsed.symbol_changes


@pytest.mark.parametrize(
    ("name", "count", "day"),
    [
        ("market/ind_nifty50list.csv", 50, None),
        ("market/ind_nifty500list.csv", 500, None),
        ("market/ind_nifty500list_2026-03-05.csv", 500, date(2026, 3, 5)),
        ("market/ind_niftytotalmarket_list.csv", 750, None),
        ("market/EQUITY_L.csv", 2132, None),
        ("mf/reference/EQUITY_L_2026-07-10.csv", 2384, date(2026, 7, 10)),
        ("mf/reference/isin_master_extract.csv", 941, None),
    ],
)
def test_the_real_lists_are_read_whole(name: str, count: int, day: date | None) -> None:
    path = shared_file(name)
    parsed = parse_security_list(path.read_bytes(), path.name)
    assert (len(parsed.securities), parsed.as_of) == (count, day)


def test_the_real_list_of_500_has_20_sectors() -> None:
    parsed = parse_security_list(shared_file("market/ind_nifty500list.csv").read_bytes(), "l.csv")
    sectors = [security.sector for security in parsed.securities]
    assert len(set(sectors)) == 20
    assert sectors.count("Financial Services") == 101


def test_the_real_symbol_changes_are_read_whole() -> None:
    parsed = parse_security_list(shared_file("market/nse_symbol_changes.csv").read_bytes(), "changes.csv")
    assert {c.old_symbol: str(c.effective) for c in parsed.symbol_changes} == {
        "TATAMOTORS": "2025-10-24",
        "LTIM": "2026-02-27",
        "ZOMATO": "2025-04-01",
        "ADANITRANS": "2023-08-01",
    }
