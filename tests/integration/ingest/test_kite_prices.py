"""Candles from the fake Kite, over real sockets, into a real database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest

from app.Boilerplate import Boilerplate
from app.domain.feeds import Feed, FeedStatus
from app.domain.kite_errors import LoginNeeded
from app.domain.market_hours import IST
from app.ingest.candle_targets import INDICES
from app.ingest.kite_sync import Part, Sync, run_sync
from app.sources.kite.gate import Pacing
from app.store.feeds import load_feeds
from tests.fakes.kite import FakeKite
from tests.fakes.kite.market import Bar, FakeInstrument, holding_row
from tests.integration.importing import bring_actions, contents, rows
from tests.integration.ingest.kite_run import (
    FRIDAY,
    MORNING,
    KiteRun,
    StubLogin,
    instrument,
    kite_market,
    own,
    share_isin,
    share_names,
)

FEW = share_names(3)
CLOSES = """SELECT bar_date, close FROM risk_daily_bars JOIN risk_price_series USING (series_id)
            WHERE symbol = '{}' AND source = 'kite' ORDER BY 1"""
NEXT_MORNING = MORNING + timedelta(days=1)
YEAR_BEFORE = "2025-11-20"
"""The bar a year before the newest one of the first run."""


@pytest.fixture
def few(database: Boilerplate) -> Iterator[KiteRun]:
    """Three shares of ten pieces each."""
    with FakeKite(kite_market(FEW)) as kite:
        yield KiteRun(kite, database)


def share(run: KiteRun, symbol: str) -> FakeInstrument:
    return run.kite.market.by_key[f"NSE:{symbol}"]


def scaled(one: FakeInstrument, factor: float, before: date = date.max) -> tuple[Bar, ...]:
    """The history with all prices before a day multiplied: what Kite does after a corporate action."""
    return tuple(
        (day, o * factor, h * factor, low * factor, close * factor, volume) if day < before else bar
        for bar in one.bars
        for day, o, h, low, close, volume in (bar,)
    )


def closes(run: KiteRun, symbol: str) -> list[tuple[object, ...]]:
    return rows(run.database, CLOSES.format(symbol))


def test_sixty_shares_and_the_indices_come_with_three_years_within_every_rate_limit(database: Boilerplate) -> None:
    with FakeKite(kite_market(share_names(60))) as kite:
        run = KiteRun(kite, database)
        started = run.login.clock.now()
        feeds = run.sync()
        seconds = run.login.clock.now() - started
        busiest = run.login.transport.busiest_second()
    assert {feed.status for feed in feeds.values()} == {FeedStatus.OK}
    series, candles = rows(database, "SELECT count(DISTINCT series_id), count(*) FROM risk_daily_bars")[0]
    assert series == 60 + len(INDICES)
    assert int(str(candles)) >= 60_000
    assert busiest["HISTORICAL"] <= 3
    assert busiest["OTHER"] <= 10
    assert (60 + len(INDICES)) / 3 <= seconds < 90
    assert rows(database, "SELECT price_basis, volume_basis FROM risk_price_series GROUP BY 1, 2") == [
        ("adjusted", "adjusted")
    ]


def test_the_limits_hold_in_real_time_as_the_server_counts_them(few: KiteRun) -> None:
    few.login = StubLogin(few.kite, pacing=Pacing())
    few.sync(Part.HOLDINGS)
    few.sync(Part.PRICES)  # three shares and Nifty: the other indices are not known yet
    assert len([call for call in few.kite.calls if call.group == "historical"]) == len(FEW) + 1
    assert few.kite.busiest_second("historical") <= 3
    assert few.kite.busiest_second("other") <= 10


def test_what_is_stored_is_what_kite_has(few: KiteRun) -> None:
    few.sync()
    kept = [(day, close) for day, *_, close, _ in share(few, "S01").bars if day >= FRIDAY - timedelta(days=1096)]
    stored = closes(few, "S01")
    assert stored[-1] == kept[-1]
    assert set(stored) <= set(kept)
    assert len(stored) >= 780
    assert closes(few, "NIFTY50")[-1][0] == FRIDAY


def test_a_second_run_of_the_morning_asks_for_no_candle_again(few: KiteRun) -> None:
    few.sync()
    before = closes(few, "S00")
    few.login.transport.sent.clear()
    assert few.sync()["kite_prices"].status is FeedStatus.OK
    assert few.login.transport.candle_spans() == []
    assert closes(few, "S00") == before


def test_a_run_that_was_killed_goes_on_where_it_stopped(database: Boilerplate) -> None:
    with FakeKite(kite_market(share_names(20))) as kite:
        run = KiteRun(kite, database)
        run.sync(Part.HOLDINGS)
        run.sync(Part.INSTRUMENTS)

        def stop_half_way(feed: Feed) -> None:
            if feed.done == 20:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run_sync(Sync(run.login, database, lambda: MORNING, tell=stop_half_way), Part.PRICES)
        (stored,) = rows(database, "SELECT count(DISTINCT series_id) FROM risk_candle_series")[0]
        with database.transaction() as connection:
            (left,) = [feed for feed in load_feeds(connection) if feed.name == "kite_prices"]
        run.login.transport.sent.clear()
        feed = run.sync(Part.PRICES)["kite_prices"]
        asked = len(run.login.transport.candle_spans())
    assert stored == 10, "a batch is stored as a whole or not at all"
    assert (left.status, left.detail) == (FeedStatus.FAILED, "it was stopped after 10 of 42 steps")
    assert asked == 20 + len(INDICES) - 10
    assert (feed.status, feed.total) == (FeedStatus.OK, asked)
    (series,) = rows(database, "SELECT count(DISTINCT series_id) FROM risk_daily_bars")[0]
    assert series == 20 + len(INDICES)


def test_the_next_day_the_last_year_is_asked_for_and_what_is_new_is_stored(few: KiteRun) -> None:
    few.sync()
    few.trade_until(date(2026, 11, 23))
    few.move_to(NEXT_MORNING)
    few.sync()
    spans = few.login.transport.candle_spans()
    assert {(first, last) for _, first, last in spans} == {(YEAR_BEFORE, "2026-11-23")}
    assert len(spans) == len(FEW) + len(INDICES)
    assert [day for day, _ in closes(few, "S00")][-2:] == [FRIDAY, date(2026, 11, 23)]


def test_a_restated_history_is_read_again_as_a_whole(few: KiteRun) -> None:
    few.sync()
    few.trade_until(date(2026, 11, 23))
    halved = share(few, "S01")
    halved.bars = scaled(halved, 0.5)
    before = closes(few, "S01")
    few.move_to(NEXT_MORNING)
    few.sync()
    after = closes(few, "S01")
    assert [close for _, close in after[:-1]] == [float(str(close)) / 2 for _, close in before]
    asked = [first for token, first, _ in few.login.transport.candle_spans() if token == halved.token]
    assert len(asked) == 2
    assert asked[0] == YEAR_BEFORE
    assert asked[1] < "2024"


def test_a_corporate_action_since_means_the_whole_series_again(few: KiteRun) -> None:
    few.sync()
    few.trade_until(date(2026, 11, 23))
    bring_actions(few.database, "S02,2026-11-24,5,split_or_bonus")
    few.move_to(NEXT_MORNING)
    few.sync()
    first = {token: first for token, first, _ in few.login.transport.candle_spans()}
    assert first[share(few, "S02").token] < "2024"
    assert first[share(few, "S01").token] == YEAR_BEFORE


def test_a_late_restatement_of_the_last_year_is_found_the_next_morning(few: KiteRun) -> None:
    few.sync()
    few.trade_until(date(2026, 11, 23))
    demerged = share(few, "S00")
    demerged.bars = scaled(demerged, 0.8, before=date(2026, 6, 1))
    few.move_to(NEXT_MORNING)
    few.sync()
    known = [(bar[0], bar[4]) for bar in demerged.bars]
    assert set(closes(few, "S00")) <= set(known)


def test_an_older_restatement_is_found_within_a_week(few: KiteRun) -> None:
    few.sync()
    few.trade_until(date(2026, 11, 30))
    demerged = share(few, "S00")
    demerged.bars = scaled(demerged, 0.8, before=date(2025, 6, 1))
    few.move_to(MORNING + timedelta(days=8))
    few.sync()
    known = [(bar[0], bar[4]) for bar in demerged.bars]
    assert set(closes(few, "S00")) <= set(known)


WEEK_LATER = MORNING + timedelta(days=8)
CUTS = {"newest": slice(None, -60), "oldest": slice(60, None), "every other": slice(None, None, 2)}


def week_later_without(run: KiteRun, part: slice, *symbols: str) -> None:
    """A week on, when the whole series is due, these shares come without the newest, the oldest or other bars."""
    run.trade_until(date(2026, 11, 27))
    for symbol in symbols:
        kept = [bar for bar in share(run, symbol).bars if bar[0] >= FRIDAY - timedelta(days=1096)]
        share(run, symbol).bars = tuple(kept[part])
    run.move_to(WEEK_LATER)


@pytest.mark.parametrize("part", CUTS)
def test_a_whole_series_that_came_cut_short_keeps_what_is_stored_and_says_so(few: KiteRun, part: str) -> None:
    few.sync()
    before = closes(few, "S00")
    week_later_without(few, CUTS[part], "S00")
    feed = few.sync(Part.PRICES)["kite_prices"]
    assert feed.status is FeedStatus.HELD_BACK
    assert "1 series are not believed, what is stored stays: S00: only " in feed.detail
    assert set(before) <= set(closes(few, "S00"))
    assert len(closes(few, "S01")) == len(before) + 5, "the others go on"


def test_all_shares_cut_short_while_nifty_is_whole_keep_what_is_stored(few: KiteRun) -> None:
    few.sync()
    before = {symbol: closes(few, symbol) for symbol in FEW}
    week_later_without(few, CUTS["newest"], *FEW)
    feed = few.sync(Part.PRICES)["kite_prices"]
    assert feed.status is FeedStatus.HELD_BACK
    assert {symbol: closes(few, symbol) for symbol in FEW} == before
    assert [note for note in feed.notes if "market traded" in note] == [
        f"{symbol}: no candle on 5 days on which the market traded" for symbol in FEW
    ]


def test_a_series_cut_at_its_old_end_still_gets_its_new_days(few: KiteRun) -> None:
    few.sync()
    before = closes(few, "S00")
    week_later_without(few, CUTS["oldest"], "S00")
    few.sync(Part.PRICES)
    assert closes(few, "S00")[: len(before)] == before
    assert closes(few, "S00")[-1][0] == date(2026, 11, 27)


def test_a_series_held_back_is_asked_for_again_and_accepted_on_word(few: KiteRun) -> None:
    few.sync()
    week_later_without(few, CUTS["oldest"], "S00")
    few.sync(Part.PRICES)
    few.login.transport.sent.clear()
    assert few.sync(Part.PRICES)["kite_prices"].status is FeedStatus.HELD_BACK
    assert [token for token, *_ in few.login.transport.candle_spans()] == [share(few, "S00").token]
    assert few.sync(Part.PRICES, accept=True)["kite_prices"].status is FeedStatus.OK
    assert closes(few, "S00") == [(bar[0], bar[4]) for bar in share(few, "S00").bars]


def test_a_series_in_paise_never_replaces_one_in_rupees(few: KiteRun) -> None:
    few.sync()
    before = closes(few, "S00")
    few.trade_until(date(2026, 11, 23))
    share(few, "S00").bars = scaled(share(few, "S00"), 100.0)
    few.move_to(NEXT_MORNING)
    feed = few.sync(Part.PRICES)["kite_prices"]
    assert "S00: its prices are 100 times the stored ones" in feed.detail
    assert closes(few, "S00") == before


def test_bars_that_cannot_be_are_left_out_and_named(few: KiteRun) -> None:
    bars = list(share(few, "S00").bars)
    day, start, high, low, close, volume = bars[-20]
    bars[-20] = (day, start, low, high, close, volume)
    high_day, *_ = bars[-10]
    bars[-10] = (high_day, *(100 * price for price in bars[-10][1:5]), 5)  # type: ignore[assignment]
    sunday = date(2026, 11, 15)
    bars.append((sunday, close, close, close, close, 5))
    share(few, "S00").bars = tuple(sorted(bars))
    feed = few.sync()["kite_prices"]
    stored = {day for day, _ in closes(few, "S00")}
    assert not stored & {day, high_day, sunday}
    notes = [note for note in feed.notes if note.startswith("S00: left out")]
    assert [str(gone) in note for gone, note in zip((day, sunday, high_day), notes, strict=True)] == [True] * 3


def test_a_sunday_on_which_the_market_traded_is_stored(few: KiteRun) -> None:
    few.sync(Part.INSTRUMENTS)
    muhurat = date(2026, 11, 8)
    for one in (share(few, "S00"), few.kite.market.by_key["NSE:NIFTY 50"]):
        extra: Bar = (muhurat, *one.bars[-9][1:])
        one.bars = tuple(sorted([*one.bars, extra]))
    few.sync()
    assert muhurat in {day for day, _ in closes(few, "S00")}


def test_when_not_one_series_can_be_read_the_feed_has_failed(few: KiteRun) -> None:
    few.sync(Part.HOLDINGS)
    few.sync(Part.INSTRUMENTS)
    few.kite.market.by_token.clear()
    feed = few.sync(Part.PRICES)["kite_prices"]
    assert (feed.status, "none of 25 series can be read" in feed.detail) == (FeedStatus.FAILED, True)


def test_the_bar_of_a_day_that_is_not_over_is_never_stored(few: KiteRun) -> None:
    few.at = datetime(2026, 11, 23, 13, 0, tzinfo=IST)
    few.sync()
    assert closes(few, "S00")[-1][0] == FRIDAY
    few.trade_until(date(2026, 11, 23))
    few.move_to(datetime(2026, 11, 23, 16, 5, tzinfo=IST))
    few.sync()
    assert closes(few, "S00")[-1][0] == date(2026, 11, 23)


def test_a_day_that_kite_lost_is_named(few: KiteRun) -> None:
    lost = share(few, "S01").bars[-10][0]
    share(few, "S01").bars = tuple(bar for bar in share(few, "S01").bars if bar[0] != lost)
    assert few.sync()["kite_prices"].notes == ("S01: no candle on 1 days on which the market traded",)


def test_a_share_on_both_exchanges_is_asked_for_once_under_its_token_on_nse(few: KiteRun) -> None:
    on_bse = instrument("S00", 500_001 * 256 + 4, exchange="BSE")
    few.kite.market.instruments.append(on_bse)
    few.kite.market.by_key[on_bse.key] = few.kite.market.by_token[on_bse.token] = on_bse
    own(
        few.kite.market,
        holding_row("S00", "BSE", share_isin("S00"), 5, 1.0),
        holding_row("S00", "NSE", share_isin("S00"), 7, 1.0),
    )
    few.sync()
    tokens = [token for token, *_ in few.login.transport.candle_spans()]
    assert tokens.count(share(few, "S00").token) == 1
    assert on_bse.token not in tokens


def test_a_share_that_trades_on_bse_alone_is_asked_for_under_its_own_token(few: KiteRun) -> None:
    alone = instrument("S09", 500_001 * 256 + 4, exchange="BSE")
    few.kite.market.instruments.append(alone)
    few.kite.market.by_key[alone.key] = few.kite.market.by_token[alone.token] = alone
    own(few.kite.market, holding_row("S09", "BSE", share_isin("S09"), 5, 1.0))
    few.sync()
    assert alone.token in [token for token, *_ in few.login.transport.candle_spans()]
    assert rows(few.database, "SELECT exchange FROM risk_price_series WHERE symbol = 'S09'") == [("BSE",)]


def test_one_series_that_kite_refuses_does_not_cost_the_others(few: KiteRun) -> None:
    gone = share(few, "S01")
    few.sync(Part.HOLDINGS)
    few.sync(Part.INSTRUMENTS)
    del few.kite.market.by_token[gone.token]
    feed = few.sync(Part.PRICES)["kite_prices"]
    assert feed.status is FeedStatus.OK
    assert [note.partition(":")[0] for note in feed.notes] == ["S01"]
    assert len(closes(few, "S02")) > 700


def test_a_plan_without_candles_is_no_failure_and_says_so(few: KiteRun) -> None:
    few.kite.api.market_data = False
    feeds = few.sync()
    assert feeds["kite_prices"].status is FeedStatus.NOT_ALLOWED
    assert "does not allow" in feeds["kite_prices"].detail
    assert {feed.status for name, feed in feeds.items() if name != "kite_prices"} == {FeedStatus.OK}
    assert len(few.login.transport.candle_spans()) == 1
    assert few.login.refused == []


def test_a_token_that_ends_in_the_middle_stops_everything_at_once(few: KiteRun) -> None:
    few.sync(Part.HOLDINGS)

    def end_it(feed: Feed) -> None:
        if feed.name == "kite_prices" and feed.done == 10:
            few.kite.logins.end()

    with pytest.raises(LoginNeeded):
        run_sync(Sync(few.login, few.database, lambda: MORNING, tell=end_it))
    assert len(few.login.refused) == 1
    calls = len(few.kite.calls)
    with pytest.raises(LoginNeeded):
        few.sync()
    assert len(few.kite.calls) == calls
    states = rows(few.database, "SELECT feed, status FROM risk_feeds WHERE status <> 'ok' ORDER BY 1")
    assert ("kite_prices", "login_needed") in states
    assert len(closes(few, "NIFTY50")) > 700, "what was stored before stays"


def test_without_a_login_nothing_is_asked_or_changed_but_the_state(few: KiteRun) -> None:
    few.sync()
    before = contents(few.database)
    few.login.is_over = True
    calls = len(few.kite.calls)
    with pytest.raises(LoginNeeded):
        few.sync()
    after = contents(few.database)
    assert len(few.kite.calls) == calls
    assert {t for t, c in after.checksums.items() if c != before.checksums[t]} == {"risk_feeds"}
    kept = rows(few.database, "SELECT DISTINCT status, good_at IS NULL FROM risk_feeds ORDER BY 1")
    assert kept == [("login_needed", False), ("ok", False)], "the instruments of today need no login"


def test_progress_can_be_read_while_candles_come(few: KiteRun) -> None:
    few.sync()
    steps = [step for step in few.steps if step.name == "kite_prices" and step.status is FeedStatus.RUNNING]
    assert [(step.done, step.total) for step in steps if step.total] == [(0, 25), (10, 25), (20, 25), (25, 25)]
    half = steps[-2]
    assert half.seconds_left(half.tried_at + timedelta(seconds=8)) == pytest.approx(2.0)
