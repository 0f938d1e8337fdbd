from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from app.Boilerplate import Boilerplate
from app.domain.fund_holdings import FundBook, FundHolding
from app.domain.holdings import Holding, HoldingsSnapshot
from app.domain.risk_runs import BookUsed, UnknownRun
from app.store import fund_holdings, holdings
from app.store.book_snapshots import counting_book, load_own_book, positive, save_book
from tests.integration.conftest import TODAY

SHARE = Holding("INFY", "NSE", "INE009A01021", 10.0, 1.0, 2.0, 3.0, 1400.0, 1515.0, 1500.0, 408065, "IT")
UNITS = FundHolding("INF179K01WM1", "12/3", "HDFC Nifty 50 Index", 500.0, 150.0, 210.5, date(2026, 11, 19), 20.0)
SHARES = HoldingsSnapshot((SHARE,), "kite_json", TODAY)
FUNDS = FundBook((UNITS, replace(UNITS, folio=None)), "console", TODAY)


def test_every_field_of_a_book_comes_back_as_it_was_kept(database: Boilerplate) -> None:
    with database.transaction() as connection:
        assert save_book(connection, holdings.TABLES, SHARES)
        assert save_book(connection, fund_holdings.TABLES, FUNDS)
        assert load_own_book(connection, holdings.TABLES, None) == SHARES
        assert load_own_book(connection, fund_holdings.TABLES, None) == FUNDS


def test_the_same_book_of_the_same_day_is_kept_once(database: Boilerplate) -> None:
    with database.transaction() as connection:
        assert save_book(connection, fund_holdings.TABLES, FUNDS)
        assert not save_book(connection, fund_holdings.TABLES, FUNDS)
        assert save_book(connection, fund_holdings.TABLES, replace(FUNDS, as_of=TODAY + timedelta(days=1)))


def test_the_very_book_of_a_run_is_found_by_its_number_and_the_dashboards_by_its_day(database: Boilerplate) -> None:
    with database.transaction() as connection:
        for book in (SHARES, replace(SHARES, holdings=(replace(SHARE, quantity=5.0),))):
            save_book(connection, holdings.TABLES, book)
        connection.execute(
            text("""INSERT INTO holdings (instrument_token, trading_symbol, isin, quantity, run_date)
                    VALUES (1, 'TCS', 'INE467B01029', 3, :day)"""),
            {"day": TODAY},
        )
        newest = holdings.load_book(connection)
        first = holdings.load_run_book(connection, BookUsed(TODAY, 1))
        host = holdings.load_run_book(connection, BookUsed(TODAY))
        assert holdings.load_run_book(connection, None) is None
        with pytest.raises(UnknownRun, match="no longer stored"):
            holdings.load_run_book(connection, BookUsed(TODAY, 3))
    assert newest is not None
    assert (newest.snapshot_id, newest.holdings[0].quantity) == (2, 5.0)
    assert first is not None
    assert (first, first.snapshot_id) == (SHARES, 1)
    assert host is not None
    assert (host.source, host.snapshot_id, host.holdings[0].symbol) == ("host", None, "TCS")


def test_a_sample_counts_only_while_there_is_nothing_else() -> None:
    older = replace(SHARES, source="host", as_of=TODAY - timedelta(days=9))
    sample = replace(SHARES, source="sample", is_sample=True)
    assert counting_book(sample, older) == older
    assert counting_book(older, sample) == older
    assert counting_book(sample, None) == sample


def test_words_that_json_has_for_no_number_are_no_price() -> None:
    assert [positive(value) for value in (None, 0, -1, "NaN", "Infinity", "12.5")] == [None] * 5 + [12.5]
