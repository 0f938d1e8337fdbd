from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.Boilerplate import Boilerplate
from app.domain.errors import InputFileError
from app.store.holdings import load_book
from app.store.imports import changes_since
from tests.integration.conftest import TODAY
from tests.integration.fund_files import fund_row, funds_json
from tests.integration.importing import bring_holdings, bring_securities, contents, rows
from tests.integration.input_files import ISINS, book, index_list, kite_json, kite_row

CONSOLE = """Holdings Statement as on 2026-11-18
Symbol,ISIN,Sector,Quantity Available,Quantity Pledged (Margin),Average Price,Previous Closing Price
INFY,INE009A01021,IT,10,5,1400,1500
"""


def test_kites_answer_becomes_the_book_of_the_day(database: Boilerplate) -> None:
    row = kite_row("M&M", 5, t1_quantity=2, collateral_quantity=3, last_price=3610.5)
    result = bring_holdings(database, kite_json(row, kite_row("INFY")))
    assert (result.rows_read, result.rows_changed) == (2, 2)
    with database.transaction() as connection:
        kept = load_book(connection)
    assert kept is not None
    assert (kept.source, kept.as_of, kept.is_sample) == ("kite_json", TODAY, False)
    first, second = kept.holdings
    assert (first.symbol, first.owned_quantity, first.last_price) == ("M&M", 10, 3610.5)
    assert second.last_price is None  # Kite's 0 is no price


def test_a_console_statement_counts_for_the_day_printed_in_it(database: Boilerplate) -> None:
    bring_holdings(database, CONSOLE.encode(), "holdings.csv")
    assert rows(database, "SELECT as_of, source FROM risk_holding_snapshots") == [(date(2026, 11, 18), "console")]
    assert rows(database, "SELECT quantity, collateral_quantity FROM risk_holdings") == [(10.0, 5.0)]


def test_the_same_holdings_again_change_nothing(database: Boilerplate) -> None:
    assert bring_holdings(database, book()).rows_changed == 5
    before = contents(database)
    assert bring_holdings(database, book()).rows_changed == 0
    after = contents(database)
    assert {name for name, checksum in after.checksums.items() if checksum != before.checksums[name]} == {
        "risk_imports"
    }


def test_every_import_is_kept_and_the_newest_counts(database: Boilerplate) -> None:
    bring_holdings(database, book(["INFY", "TCS"]), today=TODAY - timedelta(days=1))
    bring_holdings(database, book(["ITC"]))
    assert rows(database, "SELECT count(*) FROM risk_holding_snapshots") == [(2,)]
    with database.transaction() as connection:
        kept = load_book(connection)
    assert kept is not None
    assert [holding.symbol for holding in kept.holdings] == ["ITC"]


FAULTS = {
    "empty": (b"", "is empty"),
    "no shares": (kite_json(), "it holds no shares"),
    "all sold": (kite_json(kite_row("INFY", 0)), "it holds no shares"),
    "an error of Kite": (
        b'{"status": "error", "message": "Incorrect `api_key` or `access_token`.", "error_type": "TokenException"}',
        r"is an error that Kite answered: Incorrect `api_key` or `access_token`\. ",
    ),
    "cut short": (book()[:-20], "is not valid JSON"),
    "data null": (b'{"status": "success", "data": null}', 'has "data" that is null or absent'),
    "every row bad": (kite_json(kite_row("INFY", -5)), "row 1: INFY: quantity is not a number of shares"),
    "orders, not holdings": (
        kite_json(kite_row("INFY", transaction_type="BUY")),
        "is an order or a trade, not a holding",
    ),
    "a future day": (CONSOLE.replace("2026-11-18", "2026-11-23").encode(), "it is dated 2026-11-23, after today"),
    "another table": (b"Symbol,Price\nINFY,5\n", "lacks the columns"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_file_names_itself_and_the_remedy_and_the_last_book_is_kept(database: Boilerplate, fault: str) -> None:
    data, reason = FAULTS[fault]
    bring_holdings(database, book())
    before = contents(database)
    with pytest.raises(InputFileError, match=rf"^bad\.json.*{reason}") as caught:
        bring_holdings(database, data, "bad.json")
    assert caught.value.remedy
    assert contents(database) == before


def test_an_empty_book_is_accepted_when_asked_for(database: Boilerplate) -> None:
    bring_holdings(database, book())
    bring_holdings(database, kite_json(), allow_empty=True)
    with database.transaction() as connection:
        kept = load_book(connection)
    assert kept is not None
    assert kept.holdings == ()


def test_an_emptied_book_is_a_change_that_a_running_report_sees(database: Boilerplate) -> None:
    bring_holdings(database, book())
    seen = rows(database, "SELECT max(import_id) FROM risk_imports")[0][0]
    result = bring_holdings(database, kite_json(), allow_empty=True)
    assert (result.rows_read, result.rows_changed, result.warnings) == (0, 5, (f"the book is empty from {TODAY} on",))
    assert isinstance(seen, int)
    with database.transaction() as connection:
        assert changes_since(connection, seen).book_changed
    assert bring_holdings(database, kite_json(), allow_empty=True).rows_changed == 0


def test_an_older_statement_is_kept_and_said_not_to_be_in_force(database: Boilerplate) -> None:
    bring_holdings(database, book(["ITC"]))
    (note, *_) = bring_holdings(database, CONSOLE.encode(), "holdings.csv").warnings
    assert f"it is of 2026-11-18; the newer book of {TODAY} stays in force" in note
    with database.transaction() as connection:
        older = load_book(connection, date(2026, 11, 18))
    assert older is not None
    assert [holding.symbol for holding in older.holdings] == ["INFY"]


def test_fund_units_among_shares_are_sent_to_their_own_import(database: Boilerplate) -> None:
    with pytest.raises(InputFileError, match="holds fund units, not shares") as caught:
        bring_holdings(database, funds_json(fund_row()), "mf_holdings.json")
    assert "import fund-holdings mf_holdings.json" in caught.value.remedy


def test_a_bad_row_is_named_and_the_others_are_kept(database: Boilerplate) -> None:
    result = bring_holdings(database, kite_json(kite_row("INFY"), kite_row("TCS", "ten")))  # type: ignore[arg-type]
    assert result.rejected == ("holdings.json, row 2: TCS: quantity is not a number of shares",)
    assert rows(database, "SELECT symbol FROM risk_holdings") == [("INFY",)]


def test_a_share_of_no_list_is_noted_with_the_remedy(database: Boilerplate) -> None:
    bring_securities(database, index_list([("INFY", ISINS["INFY"], "IT")]), "list.csv")
    result = bring_holdings(database, book(["INFY", "TCS"]))
    assert len(result.warnings) == 1
    assert result.warnings[0].startswith("TCS is in none of the lists")
    assert "import securities" in result.warnings[0]
