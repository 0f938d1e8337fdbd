"""Prices from NSE's archive and Yahoo, over real sockets, into a real database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from app.Boilerplate import Boilerplate
from app.domain.feeds import Feed, FeedStatus
from app.domain.market_hours import IST
from app.ingest.eod_prices import PricesRunning, fetch_prices, needs_prices
from app.ingest.price_sources import SOURCES
from app.sources.yahoo import INDICES
from app.store.feeds import PRICES_LOCK, load_feeds, lock_sync
from tests.fakes.kite import FakeKite
from tests.fakes.nse import FakeNse, index_file, share_file
from tests.fakes.yahoo import FakeYahoo
from tests.integration.importing import bring_holdings, bring_prices, bring_securities, rows
from tests.integration.ingest.kite_run import KiteRun, kite_market, share_isin
from tests.integration.ingest.public_prices import (
    EVENING,
    FRIDAY,
    PublicPrices,
    close_on,
    month,
    nifty_on,
    trade,
    yahoo_rows,
)
from tests.integration.input_files import ISINS, book, index_list, kite_json, kite_row

SHARES = ("INFY", "TCS", "ITC")
HELD = ("INFY", "TCS")
MONDAY_EVENING = datetime(2026, 11, 23, 18, 30, tzinfo=IST)


@pytest.fixture
def prices(database: Boilerplate, tmp_path: Path) -> Iterator[PublicPrices]:
    """INFY and TCS are held; NSE has a month of three shares, Yahoo the same of INFY and Nifty."""
    bring_holdings(database, book(HELD))
    charts = {ticker: yahoo_rows(month(), 0, 100) for ticker in INDICES.values() if ticker}
    charts["INFY.NS"] = yahoo_rows(month(), 0)
    with FakeNse() as nse, FakeYahoo(charts) as yahoo:
        trade(nse, SHARES, month())
        yield PublicPrices(database, nse, yahoo, tmp_path / "yahoo")


def share_path(day: date) -> str:
    return f"/content/cm/BhavCopy_NSE_CM_0_0_0_{day:%Y%m%d}_F_0000.csv.zip"


def index_path(day: date) -> str:
    return f"/content/indices/ind_close_all_{day:%d%m%Y}.csv"


def test_every_share_and_index_of_the_archive_is_stored_as_traded(prices: PublicPrices) -> None:
    feeds = prices.fetch()
    assert (feeds["nse_prices"].status, feeds["nse_prices"].as_of) == (FeedStatus.OK, FRIDAY)
    assert prices.closes("TCS", "bhavcopy") == {day: close_on(day, 1) for day in month()}
    assert prices.closes("NIFTY50", "bhavcopy") == {day: nifty_on(day)["Nifty 50"] for day in month()}
    assert len(prices.closes("ITC", "bhavcopy")) == 20, "not held: it may be tomorrow, or through a fund"
    assert rows(prices.database, "SELECT DISTINCT price_basis, volume_basis FROM risk_price_series") == [
        ("as_traded", "as_traded")
    ]
    assert "nothing to ask for" in feeds["yahoo_prices"].detail
    assert prices.yahoo.asked == []


def test_progress_is_told_day_by_day(prices: PublicPrices) -> None:
    prices.fetch()
    steps = [step for step in prices.steps if step.name == "nse_prices" and step.total]
    assert [step.done for step in steps[:-1]] == list(range(1, 29))
    assert {step.total for step in steps} == {28}


def test_a_second_run_asks_for_nothing(prices: PublicPrices) -> None:
    prices.fetch()
    assert prices.fetch()["nse_prices"].status is FeedStatus.OK
    assert (prices.nse.asked, prices.yahoo.charts()) == ([], [])


def test_the_next_day_only_what_is_new_is_asked_for(prices: PublicPrices) -> None:
    prices.fetch()
    monday = date(2026, 11, 23)
    trade(prices.nse, SHARES, [monday])
    prices.at = MONDAY_EVENING
    prices.fetch()
    weekend = [share_path(monday - timedelta(days=back)) for back in (1, 2)]
    assert prices.nse.asked == [share_path(monday), index_path(monday), *weekend]
    assert list(prices.closes("INFY", "bhavcopy"))[-1] == monday


def test_a_holiday_is_asked_for_once_when_it_is_past_and_again_while_its_file_may_come(prices: PublicPrices) -> None:
    past, recent = date(2026, 11, 10), date(2026, 11, 19)
    for day in (past, recent):
        del prices.nse.files[share_path(day)]
    assert prices.fetch()["nse_prices"].status is FeedStatus.OK
    assert share_path(past) in prices.nse.asked
    assert index_path(past) not in prices.nse.asked, "no session: there is no other file"
    prices.fetch()
    assert prices.nse.asked == [share_path(recent)]
    trade(prices.nse, SHARES, [recent])
    prices.fetch()
    assert recent in prices.closes("INFY", "bhavcopy")


def test_a_session_on_a_weekend_counts(prices: PublicPrices) -> None:
    muhurat = date(2026, 11, 8)
    trade(prices.nse, SHARES, [muhurat])
    prices.fetch()
    assert prices.closes("INFY", "bhavcopy")[muhurat] == close_on(muhurat, 0)


@pytest.mark.parametrize(
    ("path", "spoilt", "reason"),
    [
        (share_path(FRIDAY), share_file(FRIDAY, {"INFY": 1.0})[:-30], "BhavCopy_NSE_CM_0_0_0_20261120_F_0000.csv.zip"),
        (share_path(date(2026, 11, 16)), share_file(date(2026, 11, 16), {"INFY": 1.0}), "1 rows where 3 are usual"),
        (share_path(date(2026, 11, 16)), share_file(FRIDAY, {"INFY": 1.0}), "holds prices of 2026-11-20"),
        (index_path(FRIDAY), index_file(FRIDAY, {"Nifty Bank": 1.0}), "has no Nifty 50"),
    ],
    ids=["cut zip", "half the rows", "another day", "no Nifty"],
)
def test_a_file_that_cannot_be_right_is_held_back_and_costs_nothing_else(
    prices: PublicPrices, path: str, spoilt: bytes, reason: str
) -> None:
    good, prices.nse.files[path] = prices.nse.files[path], spoilt
    feed = prices.fetch("nse")["nse_prices"]
    assert feed.status is FeedStatus.HELD_BACK
    assert reason in feed.notes[0]
    issue = feed.issue()
    assert issue is not None
    assert "Kite" not in issue.remedy
    assert len(prices.closes("TCS", "bhavcopy")) == (20 if path == index_path(FRIDAY) else 19)
    kept = rows(prices.database, "SELECT file_name, rejected FROM risk_imports WHERE kind = 'held_back'")
    assert kept == [(path.rpartition("/")[2], list(feed.notes))]
    prices.nse.files[path] = good
    assert prices.fetch("nse")["nse_prices"].status is FeedStatus.OK
    assert prices.nse.asked == [path]
    assert len(prices.closes("TCS", "bhavcopy")) == len(prices.closes("NIFTY50", "bhavcopy")) == 20


def test_a_web_page_instead_of_a_file_stops_the_run_and_loses_nothing(prices: PublicPrices) -> None:
    prices.nse.files[share_path(date(2026, 11, 16))] = b"<html>Access Denied</html>"
    feed = prices.fetch("nse")["nse_prices"]
    assert feed.status is FeedStatus.FAILED
    assert "web page" in feed.detail
    assert (feed.done, feed.total) == (4, 28)
    assert len(prices.closes("INFY", "bhavcopy")) == 4


def test_a_run_that_was_killed_goes_on_where_it_stopped(prices: PublicPrices) -> None:
    def stop_half_way(feed: Feed) -> None:
        if feed.done == 10:
            raise KeyboardInterrupt

    prices.steps = _Hook(stop_half_way)
    with pytest.raises(KeyboardInterrupt):
        prices.fetch()
    with prices.database.transaction() as connection:
        (left,) = load_feeds(connection)
    asked = len(prices.nse.asked)
    assert (left.status, left.detail) == (FeedStatus.FAILED, "it was stopped after 9 of 28 steps")
    prices.steps = []
    feed = prices.fetch()["nse_prices"]
    assert feed.status is FeedStatus.OK
    assert asked + len(prices.nse.asked) <= 20 + 28 + 2, "weekends of the last days are asked for again"
    assert len(prices.closes("TCS", "bhavcopy")) == 20


class _Hook(list[Feed]):
    def __init__(self, hear: object) -> None:
        super().__init__()
        self.append = hear  # type: ignore[assignment, method-assign]


def test_two_runs_at_once_are_refused_and_a_running_feed_is_seen_as_such(prices: PublicPrices) -> None:
    seen: list[FeedStatus] = []

    def look(_feed: Feed) -> None:
        with prices.database.transaction() as connection:
            seen.extend(feed.status for feed in load_feeds(connection) if feed.name == "nse_prices")

    prices.steps = _Hook(look)
    with prices.database.transaction() as other:
        assert lock_sync(other, PRICES_LOCK)
        with pytest.raises(PricesRunning):
            prices.fetch()
    prices.fetch("nse")
    assert set(seen[:-1]) == {FeedStatus.RUNNING}


def test_yahoo_fills_what_the_archive_does_not_give_when_it_is_down(prices: PublicPrices) -> None:
    prices.nse.status = 503
    feeds = prices.fetch()
    assert (feeds["nse_prices"].status, feeds["yahoo_prices"].status) == (FeedStatus.FAILED, FeedStatus.OK)
    assert prices.closes("INFY", "yahoo") == {day: close_on(day, 0) for day in month()}
    assert len(prices.closes("NIFTY50", "yahoo")) == 20
    assert any("Yahoo has nothing for" in note and "TCS" in note for note in feeds["yahoo_prices"].notes)
    assert rows(prices.database, "SELECT DISTINCT source, price_basis, volume_basis FROM risk_price_series") == [
        ("yahoo", "adjusted", "adjusted")
    ]


def test_each_share_comes_from_the_best_source_that_has_it(prices: PublicPrices) -> None:
    """TCS from the person's own file, INFY from the archive, a share of BSE and one NSE lost from Yahoo."""
    bring_holdings(
        prices.database,
        kite_json(
            kite_row("INFY"),
            kite_row("TCS"),
            kite_row("LOST", isin=""),
            kite_row("ELSEWHERE", isin="", exchange="BSE"),
        ),
    )
    own = "symbol,date,open,high,low,close,volume\n" + "".join(
        f"TCS,{day},1,999,1,{close_on(day, 1)},5\n" for day in month()
    )
    bring_prices(prices.database, own.encode())
    prices.yahoo.bars |= {"LOST.NS": yahoo_rows(month(), 5), "ELSEWHERE.BO": yahoo_rows(month(), 6)}
    prices.fetch()
    charts = set(prices.yahoo.charts())
    assert {"LOST.NS", "ELSEWHERE.BO"} <= charts
    assert not {"INFY.NS", "TCS.NS", "^NSEI", "ELSEWHERE.NS"} & charts
    assert prices.sources("LOST") == {("NSE", "yahoo")}
    assert prices.sources("ELSEWHERE") == {("BSE", "yahoo")}
    assert prices.sources("INFY") == {("NSE", "bhavcopy")}
    assert prices.sources("TCS") == {("NSE", "csv"), ("NSE", "bhavcopy")}


def sync_with_kite(prices: PublicPrices, symbol: str) -> None:
    """The share is all that is held, and Kite has given its candles and those of the indices."""
    bring_holdings(prices.database, kite_json(kite_row(symbol, isin=share_isin(symbol))))
    with FakeKite(kite_market([symbol])) as kite:
        assert KiteRun(kite, prices.database, at=prices.at).sync()["kite_prices"].status is FeedStatus.OK


def test_what_kite_gave_since_the_close_is_not_asked_for(prices: PublicPrices) -> None:
    sync_with_kite(prices, "S00")
    feeds = prices.fetch()
    assert prices.nse.asked == []
    assert "nothing to ask for" in feeds["nse_prices"].detail


def test_after_days_without_a_login_only_the_days_that_kite_did_not_give_are_asked_for(prices: PublicPrices) -> None:
    sync_with_kite(prices, "S00")
    monday = date(2026, 11, 23)
    trade(prices.nse, ["S00"], [monday])
    prices.at = MONDAY_EVENING
    prices.fetch("nse")
    assert {path.split("_")[-3] for path in prices.nse.asked if "BhavCopy" in path} == {
        f"{monday - timedelta(days=back):%Y%m%d}" for back in range(4)
    }, "from the newest candle on, so that the levels can be compared"


def test_a_share_held_on_bse_is_asked_for_on_nse_where_the_lists_say_so(prices: PublicPrices) -> None:
    bring_securities(prices.database, index_list([("ITC", ISINS["ITC"], "FMCG")]), "ind_nifty500list.csv")
    bring_holdings(prices.database, kite_json(kite_row("ITC", exchange="BSE")))
    prices.nse.status = 503
    prices.fetch()
    assert "ITC.NS" in prices.yahoo.charts()
    assert "ITC.BO" not in prices.yahoo.charts()


def test_a_history_that_yahoo_restated_replaces_the_older_one(prices: PublicPrices) -> None:
    prices.order = ("yahoo",)
    prices.fetch()
    gone = month()[10]
    halved = [row for row in yahoo_rows([*month()[:-1], date(2026, 11, 23)], 0, 0.5) if row[0] != gone]
    prices.yahoo.bars["INFY.NS"] = halved
    prices.at = MONDAY_EVENING
    prices.fetch()
    stored = prices.closes("INFY", "yahoo")
    assert stored == {row[0]: row[4] for row in halved}
    (oldest,) = rows(prices.database, "SELECT min(oldest_day) FROM risk_imports WHERE kind = 'prices'")[0]
    assert oldest == min(month())


def test_a_history_that_came_cut_short_is_not_believed(prices: PublicPrices) -> None:
    prices.order = ("yahoo",)
    prices.fetch()
    before = prices.closes("INFY", "yahoo")
    prices.yahoo.bars["INFY.NS"] = yahoo_rows(month()[:5], 0)
    prices.at = MONDAY_EVENING
    feed = prices.fetch()["yahoo_prices"]
    assert prices.closes("INFY", "yahoo") == before
    assert "INFY: only 5 days came, 20 are stored and kept" in feed.notes


def test_both_sources_down_is_told_for_each(prices: PublicPrices) -> None:
    prices.nse.status, prices.yahoo.status = 503, 429
    feeds = prices.fetch()
    assert {feed.status for feed in feeds.values()} == {FeedStatus.FAILED}
    assert "no more questions" in feeds["yahoo_prices"].detail


def test_from_a_day_on_everything_is_asked_for_whoever_has_it(prices: PublicPrices) -> None:
    prices.fetch()
    older = date(2026, 9, 21)
    trade(prices.nse, SHARES, [older])
    prices.fetch("nse", since=older)
    assert prices.nse.asked[-2:] == [share_path(older), index_path(older)]
    assert prices.closes("INFY", "bhavcopy")[older] == close_on(older, 0)


def test_an_empty_book_asks_for_nothing(database: Boilerplate, prices: PublicPrices) -> None:
    bring_holdings(database, kite_json(), allow_empty=True)
    feeds = prices.fetch()
    assert (prices.nse.asked, prices.yahoo.asked) == ([], [])
    assert {feed.status for feed in feeds.values()} == {FeedStatus.OK}


def test_a_book_needs_prices_until_it_has_some(prices: PublicPrices) -> None:
    with prices.database.transaction() as connection:
        assert needs_prices(connection, EVENING)
    prices.fetch()
    with prices.database.transaction() as connection:
        assert not needs_prices(connection, EVENING)


def test_the_names_of_the_sources_are_those_of_the_settings() -> None:
    from app.settings import PRICE_SOURCES

    assert tuple(source.name for source in SOURCES) == PRICE_SOURCES


def test_no_source_in_the_order_is_no_work(prices: PublicPrices) -> None:
    prices.order = ()
    assert fetch_prices(prices.run()) == ()
