"""The account as Kite shows it, into our own snapshots and into the dashboard's tables where there is no dashboard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from app.Boilerplate import Boilerplate
from app.bootstrap import Services
from app.domain.feeds import Feed, FeedStatus
from app.domain.holdings import HoldingsSnapshot
from app.domain.kite_errors import LoginNeeded
from app.ingest.kite_holdings import SLOT
from app.ingest.kite_sync import Part, SyncRunning
from app.ingest.sample_book import load_sample
from app.store.account_snapshots import held_back, newest_good
from app.store.feeds import load_feeds, lock_sync, save_feed
from app.store.holdings import load_book
from app.store.instruments import load_derivatives
from app.store.migrations import migrate
from tests.fakes.kite import BAD_ANSWERS, BadAnswer, FakeKite
from tests.fakes.kite.market import holding_row
from tests.host_database import fill, lay_out
from tests.integration.importing import bring_holdings, bring_prices, contents, rows
from tests.integration.ingest.kite_run import (
    MORNING,
    KiteRun,
    fund_row,
    kite_market,
    own,
    share_isin,
    share_names,
)
from tests.integration.input_files import book as book_file
from tests.integration.input_files import price_csv, random_closes

FEW = share_names(5)
HOST_TABLES = ("holdings", "mf_holdings", "positions", "margins", "instruments")
BAD = sorted(name for name, answer in BAD_ANSWERS.items() if answer.trouble is None)
"""What the network does is tested with the source."""


@pytest.fixture
def run(database: Boilerplate) -> Iterator[KiteRun]:
    """Five shares of ten pieces each; today is Monday, 23 November 2026, 08:45 in India."""
    with FakeKite(kite_market(FEW)) as kite:
        yield KiteRun(kite, database)


def kept_book(run: KiteRun) -> HoldingsSnapshot:
    with run.database.transaction() as connection:
        book = load_book(connection)
    assert book is not None
    return book


def owned(run: KiteRun) -> dict[str, float]:
    return {holding.symbol: holding.owned_quantity for holding in kept_book(run).holdings}


def ten_of(*symbols: str) -> list[dict[str, Any]]:
    return [holding_row(symbol, "NSE", share_isin(symbol), 10, 400.0) for symbol in symbols]


def answer_once(run: KiteRun, *holdings: dict[str, Any]) -> None:
    """The next question for holdings gets these rows, priced, whatever is in them."""
    priced = [
        row | {"last_price": 500.0, "close_price": 500.0, "instrument_token": 1000 + number}
        for number, row in enumerate(holdings)
    ]
    body = json.dumps({"status": "success", "data": priced}).encode()
    run.kite.fail("/portfolio/holdings", BadAnswer(0, "odd rows", body=body))


def holdings_feed(run: KiteRun, *, accept: bool = False) -> Feed:
    return run.sync(Part.HOLDINGS, accept=accept)["kite_holdings"]


def test_the_book_is_what_kite_shows(run: KiteRun) -> None:
    feed = holdings_feed(run)
    book = kept_book(run)
    assert (feed.status, feed.detail, feed.as_of) == (FeedStatus.OK, "5 shares", MORNING.date())
    assert (book.source, book.as_of) == ("kite", MORNING.date())
    assert owned(run) == dict.fromkeys(FEW, 10.0)


def test_the_sample_book_leaves(run: KiteRun) -> None:
    with run.database.transaction() as connection:
        assert load_sample(connection, MORNING.date())
    holdings_feed(run)
    assert rows(run.database, "SELECT DISTINCT source FROM risk_holding_snapshots") == [("kite",)]
    assert rows(run.database, "SELECT DISTINCT tradingsymbol FROM mf_holdings") == [("INF879O01027",)]


def test_pledged_undelivered_and_unpriced_shares_count_in_full(run: KiteRun) -> None:
    pledged = {**ten_of("S00")[0], "quantity": 0, "collateral_quantity": 10}
    bought = {**ten_of("S01")[0], "quantity": 0, "t1_quantity": 10}
    unpriced = {**ten_of("S02")[0], "average_price": None}
    answer_once(run, pledged, bought, unpriced)
    holdings_feed(run)
    book = {holding.symbol: holding for holding in kept_book(run).holdings}
    assert owned(run) == {"S00": 10.0, "S01": 10.0, "S02": 10.0}
    assert book["S02"].average_price is None
    assert rows(run.database, "SELECT pnl FROM holdings WHERE trading_symbol = 'S02'") == [(None,)]


def test_an_answer_without_shares_never_replaces_a_book(run: KiteRun) -> None:
    holdings_feed(run)
    before = kept_book(run)
    own(run.kite.market)
    feed = holdings_feed(run)
    assert feed.status is FeedStatus.HELD_BACK
    assert feed.detail == "Kite's answer is not believed: it is empty and the last one had 5 names"
    assert kept_book(run) == before
    with run.database.transaction() as connection:
        issues = [feed.issue() for feed in load_feeds(connection)]
    (issue,) = [issue for issue in issues if issue]
    assert (issue.code, issue.subject) == ("feed_held_back", "kite_holdings")
    assert "the last good one is of 2026-11-23" in issue.message
    assert "--accept" in issue.remedy


def slot_later(run: KiteRun) -> None:
    run.at += SLOT


def test_it_is_believed_when_kite_says_it_again_a_slot_later_and_a_person_agrees(run: KiteRun) -> None:
    holdings_feed(run)
    own(run.kite.market)
    assert holdings_feed(run, accept=True).status is FeedStatus.HELD_BACK, "the first time nobody can agree yet"
    run.at += SLOT - timedelta(seconds=1)
    soon = holdings_feed(run, accept=True)
    assert (soon.status, "first said at 08:45:00" in soon.detail) == (FeedStatus.HELD_BACK, True)
    slot_later(run)
    twice = holdings_feed(run)
    assert twice.status is FeedStatus.HELD_BACK, "nobody agreed"
    assert "twice" in twice.detail
    assert holdings_feed(run, accept=True).status is FeedStatus.OK
    assert kept_book(run).holdings == ()
    with run.database.transaction() as connection:
        assert held_back(connection, "holdings") is None


def priced(run: KiteRun, factor: float) -> list[dict[str, Any]]:
    """The account's rows with every price multiplied."""
    return [
        {**row, "last_price": factor * row["last_price"], "close_price": factor * row["close_price"]}
        for row in run.kite.market.holdings
    ]


def answer_with(run: KiteRun, rows: list[dict[str, Any]], path: str = "/portfolio/holdings") -> None:
    """The next question gets exactly these rows."""
    run.kite.fail(path, BadAnswer(0, "odd rows", body=json.dumps({"status": "success", "data": rows}).encode()))


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (lambda run: run.kite.market.holdings * 2, "5 of its rows came before, NSE S00 for one"),
        (lambda run: priced(run, 100.0), "prices of 5 of 5 names are more than 3 times the last ones"),
        (lambda run: priced(run, 0.01), "prices of 5 of 5 names are less than a third of the last ones"),
        (lambda run: priced(run, 0.0), "5 of 5 names have no price any more"),
    ],
)
def test_an_implausible_book_never_replaces_a_good_one_however_often_it_comes(
    run: KiteRun, odd: Callable[[KiteRun], list[dict[str, Any]]], said: str
) -> None:
    holdings_feed(run)
    before = kept_book(run)
    for _ in range(2):
        answer_with(run, odd(run))
        feed = holdings_feed(run)
        assert (feed.status, said in feed.detail) == (FeedStatus.HELD_BACK, True)
        slot_later(run)
    assert kept_book(run) == before
    answer_with(run, odd(run))
    assert holdings_feed(run, accept=True).status is FeedStatus.OK


def test_a_price_that_rose_with_the_stored_candles_is_believed(run: KiteRun) -> None:
    holdings_feed(run)
    for one in run.kite.market.instruments:
        one.bars = tuple((day, *(4 * price for price in prices), volume) for day, *prices, volume in one.bars)  # type: ignore[misc]
    run.sync(Part.PRICES)
    answer_with(run, priced(run, 4.0))
    assert holdings_feed(run).status is FeedStatus.OK


def test_many_names_gone_at_once_are_believed_when_seen_again_a_slot_later(database: Boilerplate) -> None:
    with FakeKite(kite_market(share_names(18))) as kite:
        many = KiteRun(kite, database)
        holdings_feed(many)
        own(kite.market, *ten_of(*share_names(10)))
        feed = holdings_feed(many)
        assert (feed.status, "8 of 18 names are gone at once" in feed.detail) == (FeedStatus.HELD_BACK, True)
        assert holdings_feed(many).status is FeedStatus.HELD_BACK, "twice within seconds is once"
        slot_later(many)
        assert holdings_feed(many).status is FeedStatus.OK
    assert len(kept_book(many).holdings) == 10


def test_a_much_larger_quantity_is_believed_on_word_when_seen_again(run: KiteRun) -> None:
    holdings_feed(run)
    own(run.kite.market, {**ten_of("S00")[0], "quantity": 3_000_000_000}, *ten_of(*FEW[1:]))
    assert holdings_feed(run).status is FeedStatus.HELD_BACK
    feed = holdings_feed(run, accept=True)
    assert feed.status is FeedStatus.OK
    assert owned(run)["S00"] == 3e9
    assert feed.notes == ("S00 does not fit into the dashboard's table holdings",)
    assert rows(run.database, "SELECT quantity FROM holdings WHERE trading_symbol = 'S00'") == [(10,)]


def test_a_token_beyond_the_dashboards_column_costs_that_row_there_alone(run: KiteRun) -> None:
    rows_sent = [{**row, "instrument_token": 2**31 + number} for number, row in enumerate(run.kite.market.holdings)]
    answer_with(run, rows_sent[:1] + run.kite.market.holdings[1:])
    feed = holdings_feed(run)
    assert (feed.status, len(feed.notes)) == (FeedStatus.OK, 1)
    assert len(kept_book(run).holdings) == 5
    assert rows(run.database, "SELECT count(*) FROM holdings") == [(4,)]


def test_a_dashboards_table_that_refuses_our_rows_does_not_cost_our_own_copy(run: KiteRun) -> None:
    with run.database.transaction() as connection:
        connection.execute(text("ALTER TABLE holdings ALTER trading_symbol TYPE varchar(1)"))
    feed = holdings_feed(run)
    assert feed.status is FeedStatus.OK
    assert feed.notes == ("the dashboard's tables were not filled: StringDataRightTruncation",)
    assert owned(run) == dict.fromkeys(FEW, 10.0)


def test_a_feed_that_cannot_be_stored_fails_alone(run: KiteRun) -> None:
    with run.database.transaction() as connection:
        connection.execute(text("ALTER TABLE risk_holdings DROP COLUMN sector"))
    feeds = run.sync()
    failed = {name: feed.detail for name, feed in feeds.items() if feed.status is FeedStatus.FAILED}
    assert set(failed) == {"kite_holdings"}
    assert "it could not be stored (ProgrammingError in " in failed["kite_holdings"]


def test_a_fund_sent_twice_and_a_position_sent_twice_are_held_back(run: KiteRun) -> None:
    answer_with(run, run.kite.market.mf_holdings * 2, "/mf/holdings")
    run.kite.market.positions = [dict(position_row(-65)), dict(position_row(-65))]
    feeds = run.sync(Part.HOLDINGS)
    assert feeds["kite_mf_holdings"].status is feeds["kite_positions"].status is FeedStatus.HELD_BACK
    assert "came before" in feeds["kite_positions"].detail


@pytest.mark.parametrize("changed", [{"quantity": 5_000_000_000}, {"instrument_token": 2**31 + 5}])
def test_a_position_beyond_the_dashboards_columns_is_noted(run: KiteRun, changed: dict[str, Any]) -> None:
    run.kite.market.positions = [{**position_row(-65), **changed}]
    feed = run.sync(Part.HOLDINGS)["kite_positions"]
    assert feed.status is FeedStatus.OK
    assert feed.notes == ("NIFTY26NOVFUT does not fit into the dashboard's table positions",) * 2
    assert rows(run.database, "SELECT count(*) FROM positions") == [(0,)]


def test_two_different_doubtful_answers_are_not_the_same_said_twice(run: KiteRun) -> None:
    holdings_feed(run)
    own(run.kite.market)
    holdings_feed(run)
    own(run.kite.market, *ten_of("S00"))
    assert holdings_feed(run, accept=True).status is FeedStatus.HELD_BACK
    assert owned(run) == dict.fromkeys(FEW, 10.0)


def test_a_good_answer_settles_a_doubtful_one(run: KiteRun) -> None:
    holdings_feed(run)
    own(run.kite.market)
    holdings_feed(run)
    own(run.kite.market, *ten_of(*FEW))
    assert holdings_feed(run).status is FeedStatus.OK
    own(run.kite.market)
    assert holdings_feed(run, accept=True).status is FeedStatus.HELD_BACK


def test_most_of_the_value_gone_with_the_shares_is_doubtful(run: KiteRun) -> None:
    holdings_feed(run)
    own(run.kite.market, *ten_of("S00"))
    feed = holdings_feed(run)
    assert feed.status is FeedStatus.HELD_BACK
    assert "with 4 of 5 names gone or fewer" in feed.detail


def test_selling_some_of_it_is_believed(run: KiteRun) -> None:
    holdings_feed(run)
    own(run.kite.market, *ten_of(*FEW[:4]))
    assert holdings_feed(run).status is FeedStatus.OK
    assert set(owned(run)) == set(FEW[:4])


def test_a_row_that_cannot_be_read_never_costs_a_share_that_was_owned(run: KiteRun) -> None:
    holdings_feed(run)
    answer_once(run, *ten_of(*FEW[:4]), {**ten_of("S04")[0], "quantity": "ten"})
    feed = holdings_feed(run)
    assert feed.status is FeedStatus.HELD_BACK
    assert "1 of its rows can't be read" in feed.detail
    assert len(feed.notes) == 1
    assert owned(run) == dict.fromkeys(FEW, 10.0)


@pytest.mark.parametrize("name", BAD)
def test_no_bad_answer_touches_the_book(run: KiteRun, name: str) -> None:
    holdings_feed(run)
    before = kept_book(run)
    run.kite.fail("/portfolio/holdings", BAD_ANSWERS[name], times=3)
    with suppress(LoginNeeded):
        holdings_feed(run)
    (status,) = rows(run.database, "SELECT status FROM risk_feeds WHERE feed = 'kite_holdings'")[0]
    assert status in {"failed", "login_needed"}
    assert kept_book(run) == before


def test_funds_positions_and_margins_are_kept_by_day(run: KiteRun) -> None:
    feeds = run.sync(Part.HOLDINGS)
    assert [feed.detail for feed in feeds.values()] == ["5 shares", "1 fund holdings", "0 positions", "1 segments"]
    with run.database.transaction() as connection:
        funds, margins = newest_good(connection, "mf_holdings"), newest_good(connection, "margins")
    assert funds is not None
    assert margins is not None
    assert (funds.as_of, funds.content[0]["isin"], funds.content[0]["units"]) == (
        MORNING.date(),
        "INF879O01027",
        100.0,
    )
    assert margins.content["equity"]["cash"] == 250_000.0


def test_a_note_on_pledged_units_holds_nothing_back(run: KiteRun) -> None:
    run.kite.market.mf_holdings = [{**fund_row("INF879O01027", 40.0), "pledged_quantity": 60.0}]
    run.sync(Part.HOLDINGS)
    run.kite.market.mf_holdings = [{**fund_row("INF879O01027", 35.0), "pledged_quantity": 60.0}]
    feed = run.sync(Part.HOLDINGS)["kite_mf_holdings"]
    with run.database.transaction() as connection:
        funds = newest_good(connection, "mf_holdings")
    assert funds is not None
    assert funds.content[0]["units"] == 95.0
    assert any("more is pledged" in note for note in feed.notes)


def test_fund_units_that_vanish_are_held_back_and_accepted_on_word(run: KiteRun) -> None:
    run.sync(Part.HOLDINGS)
    run.kite.market.mf_holdings = []
    assert run.sync(Part.HOLDINGS)["kite_mf_holdings"].status is FeedStatus.HELD_BACK
    assert rows(run.database, "SELECT quantity FROM mf_holdings") == [(100.0,)]
    slot_later(run)
    assert run.sync(Part.HOLDINGS, accept=True)["kite_mf_holdings"].status is FeedStatus.OK
    assert rows(run.database, "SELECT quantity FROM mf_holdings") == [(0.0,)]


def position_row(quantity: object) -> Mapping[str, Any]:
    return {
        "tradingsymbol": "NIFTY26NOVFUT", "exchange": "NFO", "product": "NRML", "instrument_token": 12_800_258,
        "quantity": quantity, "overnight_quantity": 0, "multiplier": 1, "average_price": 26_000.0,
        "last_price": 26_100.0, "close_price": 25_900.0, "pnl": 6500.0,
    }  # fmt: skip


def test_positions_reach_the_dashboards_table_and_close_there(run: KiteRun) -> None:
    stored = "SELECT position_type, quantity, value, run_date FROM positions ORDER BY 1 DESC"
    run.kite.market.positions = [dict(position_row(-65))]
    run.sync(Part.HOLDINGS)
    assert rows(run.database, stored)[0] == ("net", -65, -65 * 26_100.0, MORNING.date())
    run.kite.market.positions = []
    run.sync(Part.HOLDINGS)
    assert rows(run.database, stored)[0] == ("net", 0, 0.0, MORNING.date())


def test_positions_with_an_unreadable_row_are_held_back(run: KiteRun) -> None:
    run.sync(Part.HOLDINGS)
    run.kite.market.positions = [dict(position_row(-65)), dict(position_row("many"))]
    feed = run.sync(Part.HOLDINGS)["kite_positions"]
    assert feed.status is FeedStatus.HELD_BACK
    assert rows(run.database, "SELECT count(*) FROM positions") == [(0,)]


def test_the_dashboards_tables_get_one_snapshot_a_day_under_its_own_keys(run: KiteRun) -> None:
    run.sync()
    run.sync()
    run.move_to(MORNING + timedelta(days=1))
    run.sync()
    counted = {table: rows(run.database, f"SELECT run_date, count(*) FROM {table} GROUP BY 1 ORDER BY 1")
               for table in HOST_TABLES}  # fmt: skip
    days = [(MORNING.date(),), (date(2026, 11, 24),)]
    assert counted["holdings"] == [(*day, 5) for day in days]
    assert counted["mf_holdings"] == [(*day, 1) for day in days]
    assert counted["instruments"] == [(date(2026, 11, 24), 1)]
    first = "SELECT DISTINCT fetch_timestamp::text FROM holdings WHERE run_date = '2026-11-23'"
    assert rows(run.database, first) == [("2026-11-23 08:45:00",)], "naive India time of the day's first fetch"


def test_a_share_sold_today_stays_in_todays_rows_without_quantity(run: KiteRun) -> None:
    holdings_feed(run)
    own(run.kite.market, *ten_of(*FEW[1:]))
    holdings_feed(run)
    assert rows(run.database, "SELECT quantity FROM holdings WHERE trading_symbol = 'S00'") == [(0,)]
    assert "S00" not in owned(run)


def test_where_a_dashboard_lives_its_tables_are_left_exactly_as_they_are(empty_database: Boilerplate) -> None:
    with empty_database.transaction() as connection:
        connection.execute(text("CREATE SCHEMA my_schema"))
        lay_out(connection)
        fill(connection, MORNING.date() - timedelta(days=1))
        migrate(connection, "my_schema")
    before = contents(empty_database).of(HOST_TABLES)
    with FakeKite(kite_market(FEW)) as kite:
        run = KiteRun(kite, empty_database)
        run.sync(accept=True)
        assert run.sync(accept=True)["kite_holdings"].status is FeedStatus.OK
    assert contents(empty_database).of(HOST_TABLES) == before


def test_a_seeded_dashboard_that_never_fetched_is_left_alone_too(run: KiteRun) -> None:
    with run.database.transaction() as connection:
        connection.execute(text("INSERT INTO master_scrips (scrip_id, scrip_country) VALUES ('INFY', 'IN')"))
    run.sync(Part.HOLDINGS)
    assert rows(run.database, "SELECT count(*) FROM holdings") == [(0,)]
    assert owned(run) == dict.fromkeys(FEW, 10.0)


def test_the_dashboards_snapshot_gives_the_same_book_as_kite(run: KiteRun, services: Services) -> None:
    run.sync()
    from_kite = services.equity.book()
    with run.database.transaction() as connection:
        connection.execute(text("DELETE FROM risk_holding_snapshots"))
    from_host = services.equity.book()
    assert (from_kite.source, from_host.source) == ("kite", "host")
    assert from_host.positions == from_kite.positions
    assert from_host.as_of == from_kite.as_of
    assert np.array_equal(from_host.panel.closes, from_kite.panel.closes)


def test_two_runs_at_once_are_refused(run: KiteRun) -> None:
    with run.database.transaction() as connection:
        assert lock_sync(connection)
        with pytest.raises(SyncRunning):
            run.sync()
        save_feed(connection, Feed("kite_prices", FeedStatus.RUNNING, "asking Kite", MORNING, done=1, total=2))
        assert [feed.status for feed in load_feeds(connection)] == [FeedStatus.RUNNING]
    assert run.kite.calls == []


def test_instruments_are_kept_by_exchange_and_token_with_lots_and_expiries(run: KiteRun) -> None:
    run.sync(Part.INSTRUMENTS)
    with run.database.transaction() as connection:
        (future,) = load_derivatives(connection, "NIFTY", MORNING.date())
    assert (future.lot_size, future.expiry, future.kind) == (65, date(2026, 11, 23), "FUT")
    stored = rows(run.database, "SELECT tradingsymbol, lot_size, strike, run_date FROM instruments")
    assert stored == [("NIFTY26NOVFUT", 65, 0.0, MORNING.date())]
    assert rows(run.database, "SELECT exchange, count(*) FROM risk_instruments GROUP BY 1 ORDER BY 1") == [
        ("BSE", 1), ("NFO", 1), ("NSE", 27),
    ]  # fmt: skip


def test_an_instrument_that_is_no_longer_listed_leaves(run: KiteRun) -> None:
    run.sync(Part.INSTRUMENTS)
    run.kite.market.instruments = [one for one in run.kite.market.instruments if one.symbol != "S00"]
    run.sync(Part.INSTRUMENTS)
    assert rows(run.database, "SELECT count(*) FROM risk_instruments WHERE symbol = 'S00'") == [(0,)]


def test_a_list_of_instruments_cut_short_is_held_back_and_accepted_on_word(run: KiteRun) -> None:
    run.sync(Part.INSTRUMENTS)
    run.kite.market.instruments = run.kite.market.instruments[-4:]
    assert run.sync(Part.INSTRUMENTS)["kite_instruments"].status is FeedStatus.HELD_BACK
    assert rows(run.database, "SELECT count(*) FROM risk_instruments") == [(29,)]
    assert run.sync(Part.INSTRUMENTS, accept=True)["kite_instruments"].status is FeedStatus.OK


def test_the_report_lives_on_kites_candles_before_any_file(run: KiteRun, services: Services) -> None:
    bring_prices(run.database, price_csv(random_closes(symbols=[*FEW, "NIFTY50"])))
    run.sync()
    assert services.equity.book().panel.sources == tuple(f"kite {name}" for name in FEW)
    report = services.equity.report()
    assert report.benchmark == "NIFTY50"
    assert report.windows["1y"].observations == 252
    assert report.value == pytest.approx(sum(10 * run.kite.market.by_key[f"NSE:{name}"].last for name in FEW))


def test_a_book_from_a_file_of_another_account_is_not_replaced_unasked(run: KiteRun) -> None:
    bring_holdings(run.database, book_file(), today=MORNING.date() - timedelta(days=3))
    own(run.kite.market)
    assert holdings_feed(run).status is FeedStatus.HELD_BACK
    assert kept_book(run).source == "kite_json"


def test_more_fund_units_and_another_folio_are_believed(run: KiteRun) -> None:
    run.sync(Part.HOLDINGS)
    run.kite.market.mf_holdings = [fund_row("INF879O01027", 130.0), {**fund_row("INF879O01027", 1.0), "folio": None}]
    assert run.sync(Part.HOLDINGS)["kite_mf_holdings"].status is FeedStatus.OK
    assert rows(run.database, "SELECT folio, quantity FROM mf_holdings ORDER BY 1") == [("", 1.0), ("11/22", 130.0)]
