"""Fund units into the book: own snapshots beside the dashboard's rows."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from app.Boilerplate import Boilerplate
from app.domain.errors import InputFileError
from app.domain.fund_holdings import FundBook
from app.ingest.sample_book import load_sample
from app.store.fund_holdings import load_fund_book
from tests.integration.conftest import NOW, TODAY
from tests.integration.fund_files import DIRECT, OTHER, bring_funds, fund_row, funds_json
from tests.integration.importing import contents, rows
from tests.shared_data import shared_file

CONSOLE = """Mutual Funds Holdings Statement as on 2026-11-18
Symbol,ISIN,Instrument Type,Quantity Available,Quantity Pledged (Margin),Average Price,Previous Closing Price
INVESCO INDIA TAX PLAN - DIRECT PLAN,INF205K01NT8,Equity,100.5,20,78.43,84.86
INFOSYS,INE009A01021,,10,0,1400,1500
"""


def book(database: Boilerplate, as_of: date | None = None) -> FundBook:
    with database.transaction() as connection:
        found = load_fund_book(connection, as_of)
    assert found is not None
    return found


def add_host_rows(database: Boilerplate, day: date, *fields: tuple[str, str, float | str]) -> None:
    """Folio, ISIN and units a row, as the dashboard writes them."""
    with database.transaction() as connection:
        for folio, isin, units in fields:
            connection.execute(
                text("""INSERT INTO mf_holdings (run_date, folio, fund, tradingsymbol, isin, quantity, average_price,
                                                 last_price)
                        VALUES (:day, :folio, 'A FUND', :isin, '', :units, 10, 'NaN')"""),
                {"day": day, "folio": folio, "isin": isin, "units": units},
            )


def test_kites_published_answer_becomes_the_fund_book(database: Boilerplate) -> None:
    file = shared_file("mf/reference/kite/mf_holdings.json")
    result = bring_funds(database, file.read_bytes(), file.name)
    kept = book(database)
    assert (kept.source, kept.as_of, kept.is_sample) == ("kite_json", TODAY, False)
    assert result.rows_read == len(kept.holdings) > 0
    first = kept.holdings[0]
    assert (first.isin, first.folio, first.quantity, first.average_price, first.nav, first.nav_date) == (
        "INF205K01NT8", "3108290884", 382.488, 78.43, 84.86, None,
    )  # fmt: skip
    assert "import navall" in result.warnings[0]


def test_of_consoles_statement_the_funds_are_taken_with_pledged_units(database: Boilerplate) -> None:
    bring_funds(database, CONSOLE.encode(), "holdings.csv")
    (holding,) = book(database).holdings
    assert (holding.isin, holding.quantity, holding.pledged, holding.nav) == ("INF205K01NT8", 120.5, 20, 84.86)
    assert book(database).as_of == date(2026, 11, 18)


def test_fund_units_that_kite_reports_as_pledged_apart_are_kept_with_a_note(database: Boilerplate) -> None:
    result = bring_funds(database, funds_json({**fund_row(), "quantity": 0, "pledged_quantity": 600}))
    (holding,) = book(database).holdings
    assert (holding.quantity, holding.pledged) == (600, 600)
    assert "INF205K01NT8: more is pledged" in result.warnings[0]


def test_the_same_report_again_changes_nothing(database: Boilerplate) -> None:
    assert bring_funds(database, funds_json(fund_row())).rows_changed == 1
    before = contents(database)
    assert bring_funds(database, funds_json(fund_row())).rows_changed == 0
    after = contents(database)
    assert {name for name, sum_ in after.checksums.items() if sum_ != before.checksums[name]} == {"risk_imports"}


def test_folios_stay_apart_and_rows_without_units_are_left_out(database: Boilerplate) -> None:
    bring_funds(database, funds_json(fund_row(folio="1"), fund_row(folio="2"), fund_row(OTHER, 0)))
    assert [(one.isin, one.folio) for one in book(database).holdings] == [(DIRECT, "1"), (DIRECT, "2")]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"status": "error", "message": "x"}', b"a,b\n1,2\n", b'{"status": "success", "data": [{}]}'],
    ids=["nothing", "no funds", "error", "csv", "unreadable"],
)
def test_an_unusable_report_leaves_the_book(database: Boilerplate, body: bytes) -> None:
    bring_funds(database, funds_json(fund_row()))
    before = contents(database)
    with pytest.raises(InputFileError):
        bring_funds(database, body)
    assert contents(database) == before


def test_an_empty_book_is_believed_only_when_said(database: Boilerplate) -> None:
    bring_funds(database, funds_json(fund_row()))
    bring_funds(database, b"[]", allow_empty=True)
    assert book(database).holdings == ()


def test_emptied_funds_are_a_change(database: Boilerplate) -> None:
    bring_funds(database, funds_json(fund_row(folio="1"), fund_row(folio="2")))
    result = bring_funds(database, b"[]", allow_empty=True)
    assert (result.rows_changed, result.warnings) == (2, (f"the book is empty from {TODAY} on",))


def test_an_older_statement_is_said_not_to_be_in_force(database: Boilerplate) -> None:
    bring_funds(database, funds_json(fund_row()))
    (note, *_) = bring_funds(database, CONSOLE.encode(), "holdings.csv").warnings
    assert f"it is of 2026-11-18; the newer book of {TODAY} stays in force" in note


def test_a_statement_of_a_day_to_come_is_refused(database: Boilerplate) -> None:
    with pytest.raises(InputFileError, match="after today"):
        bring_funds(database, CONSOLE.encode(), "holdings.csv", NOW - timedelta(days=5))


def test_the_dashboards_rows_are_read_with_their_quirks(database: Boilerplate) -> None:
    add_host_rows(database, TODAY - timedelta(days=9), ("9", DIRECT, 1.0))
    add_host_rows(
        database, TODAY, ("1", DIRECT, 5.0), ("2", DIRECT, 6.0), ("3", OTHER, 0.0), ("4", "", 7.0), ("5", OTHER, "NaN")
    )
    kept = book(database)
    assert (kept.source, kept.as_of) == ("host", TODAY)
    assert [(one.isin, one.folio, one.quantity, one.nav) for one in kept.holdings] == [
        (DIRECT, "1", 5.0, None),
        (DIRECT, "2", 6.0, None),
    ]


def test_the_newer_book_counts_and_of_one_day_the_own(database: Boilerplate) -> None:
    bring_funds(database, funds_json(fund_row()))
    add_host_rows(database, TODAY, ("1", OTHER, 5.0))
    assert book(database).source == "kite_json"
    add_host_rows(database, TODAY + timedelta(days=1), ("1", OTHER, 5.0))
    assert book(database).source == "host"
    assert book(database, TODAY).source == "kite_json"


def test_a_day_before_the_first_snapshot_has_the_oldest_one(database: Boilerplate) -> None:
    bring_funds(database, funds_json(fund_row()))
    assert book(database, date(2020, 1, 1)).as_of == TODAY


def test_the_sample_funds_are_known_as_such_and_leave_with_real_ones(database: Boilerplate) -> None:
    with database.transaction() as connection:
        assert load_sample(connection, TODAY)
    assert book(database).is_sample
    bring_funds(database, funds_json(fund_row()))
    assert not book(database).is_sample
    assert rows(database, "SELECT count(*) FROM mf_holdings") == [(0,)]
    with database.transaction() as connection:
        assert not load_sample(connection, TODAY)
