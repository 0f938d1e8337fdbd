from __future__ import annotations

from datetime import date

import pytest

from app.Boilerplate import Boilerplate
from app.domain.errors import InputFileError
from app.store.securities import load_master
from tests.integration.importing import bring_securities, contents, rows
from tests.integration.input_files import ISINS, index_list, isin

OLDER, NEWER = "ind_nifty50list_2025-08.csv", "ind_nifty500list_2026-03-05.csv"
INFY = ISINS["INFY"]


def test_a_list_is_stored_with_the_day_in_its_name(database: Boilerplate) -> None:
    result = bring_securities(database, index_list([("INFY", INFY, "Information Technology")]), NEWER)
    assert (result.rows_read, result.rows_changed > 0) == (1, True)
    stored = rows(database, "SELECT isin, name, sector, as_of FROM risk_securities")
    assert stored == [(INFY, "INFY Limited", "Information Technology", date(2026, 3, 5))]


def test_a_list_without_a_day_counts_as_of_the_import(database: Boilerplate) -> None:
    bring_securities(database, index_list([("INFY", INFY, "IT")]), "mine.csv", date(2026, 10, 1))
    assert rows(database, "SELECT as_of FROM risk_security_symbols") == [(date(2026, 10, 1),)]


def test_the_same_list_again_changes_nothing(database: Boilerplate) -> None:
    listing = index_list([("INFY", INFY, "IT"), ("TCS", ISINS["TCS"], "IT")])
    bring_securities(database, listing, NEWER)
    before = contents(database)
    assert bring_securities(database, listing, NEWER).rows_changed == 0
    after = contents(database)
    assert {name for name, checksum in after.checksums.items() if checksum != before.checksums[name]} == {
        "risk_imports"
    }


def test_an_older_list_never_overwrites_a_newer_one_but_fills_what_it_left_open(database: Boilerplate) -> None:
    bring_securities(database, index_list([("INFY", INFY, "Information Technology"), ("TCS", ISINS["TCS"], "")]), NEWER)
    bring_securities(database, index_list([("INFYOLD", INFY, "Software"), ("TCS", ISINS["TCS"], "Software")]), OLDER)
    stored = rows(database, "SELECT isin, name, sector, as_of FROM risk_securities ORDER BY name")
    assert stored == [
        (INFY, "INFY Limited", "Information Technology", date(2026, 3, 5)),
        (ISINS["TCS"], "TCS Limited", "Software", date(2026, 3, 5)),
    ]


def test_a_list_without_sectors_keeps_the_sector_known(database: Boilerplate) -> None:
    equity_l = (
        f"SYMBOL,NAME OF COMPANY,SERIES,DATE OF LISTING,ISIN NUMBER,FACE VALUE\nINFY,Infosys,EQ,08-FEB-1995,{INFY},5\n"
    )
    bring_securities(database, index_list([("INFY", INFY, "Information Technology")]), OLDER)
    bring_securities(database, equity_l.encode(), "EQUITY_L_2026-04-01.csv")
    stored = rows(database, "SELECT name, sector, face_value, listed_on FROM risk_securities")
    assert stored == [("Infosys", "Information Technology", 5.0, date(1995, 2, 8))]


def test_a_symbol_change_is_kept_with_both_symbols_the_newest_first(database: Boilerplate) -> None:
    bring_securities(database, index_list([("INFOSYS", INFY, "IT")]), OLDER)
    bring_securities(database, index_list([("INFY", INFY, "IT")]), NEWER)
    with database.transaction() as connection:
        master = load_master(connection)
    assert [(security.isin, security.symbol) for security in master.securities] == [(INFY, "INFY"), (INFY, "INFOSYS")]


def test_an_isin_change_is_kept_with_both_isins(database: Boilerplate) -> None:
    split = isin("INE009A0103")
    bring_securities(database, index_list([("INFY", INFY, "IT")]), OLDER)
    bring_securities(database, index_list([("INFY", split, "IT")]), NEWER)
    stored = rows(database, "SELECT isin, symbol, as_of FROM risk_security_symbols ORDER BY as_of")
    assert stored == [(INFY, "INFY", date(2025, 8, 1)), (split, "INFY", date(2026, 3, 5))]


def test_a_list_of_symbol_changes_is_stored_once_and_learns_its_day(database: Boilerplate) -> None:
    header = "old_symbol,new_symbol,effective,source\n"
    assert bring_securities(database, f"{header}ZOMATO,ETERNAL,,NSE\n".encode(), "changes.csv").rows_changed == 1
    dated = f"{header}ZOMATO,ETERNAL,2025-04-09,NSE\n".encode()
    assert bring_securities(database, dated, "changes.csv").rows_changed == 1
    assert bring_securities(database, dated, "changes.csv").rows_changed == 0
    stored = rows(database, "SELECT old_symbol, new_symbol, effective FROM risk_symbol_changes")
    assert stored == [("ZOMATO", "ETERNAL", date(2025, 4, 9))]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"<html>sign in</html>", "is a web page"),
        (b"Symbol,Price\nINFY,5\n", "lacks the columns"),
        (index_list([("INFY", "INE009A01022", "IT")]), "row 2, INFY: 'INE009A01022' is not a valid ISIN"),
    ],
)
def test_a_bad_list_names_itself_and_leaves_everything_as_it_was(
    database: Boilerplate, data: bytes, reason: str
) -> None:
    before = contents(database)
    with pytest.raises(InputFileError, match=rf"list\.csv.*{reason}") as caught:
        bring_securities(database, data, "list.csv")
    assert caught.value.remedy
    assert contents(database) == before


def test_a_bad_row_is_named_and_the_others_are_stored(database: Boilerplate) -> None:
    listing = index_list([("INFY", INFY, "IT"), ("TCS", "INE467B01020", "IT")])
    result = bring_securities(database, listing, "list.csv")
    assert result.rejected == ("list.csv, row 3, TCS: 'INE467B01020' is not a valid ISIN",)
    assert rows(database, "SELECT isin FROM risk_securities") == [(INFY,)]
