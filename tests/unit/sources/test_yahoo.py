"""Daily bars by the real yfinance from a server that answers as Yahoo's chart service does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.domain.prices import Basis, PriceFile
from app.ingest.candle_targets import INDICES
from app.sources.yahoo import INDICES as YAHOO_INDICES
from app.sources.yahoo import Yahoo, YahooBars, YahooRateLimited, YahooUnavailable, read_frame, yahoo_ticker
from tests.fakes.yahoo import FakeYahoo, Split, weekday_rows

FRIDAY = date(2026, 11, 20)
SINCE = date(2026, 11, 2)


@pytest.fixture
def yahoo() -> Iterator[FakeYahoo]:
    """Ten weekdays of a share and fifteen of Nifty, up to Friday."""
    with FakeYahoo({"INFY.NS": weekday_rows(FRIDAY, 10), "^NSEI": weekday_rows(FRIDAY, 15, 25_000)}) as server:
        yield server


@pytest.fixture
def door(yahoo: FakeYahoo, tmp_path: Path) -> Yahoo:
    return Yahoo(yahoo.root, tmp_path / "yahoo")


def ask(door: Yahoo, *symbols: str, exchange: str = "NSE", until: date = FRIDAY) -> YahooBars:
    return door.daily_bars(exchange, symbols, SINCE, until)


def of(prices: PriceFile, symbol: str) -> list[tuple[date, float, float]]:
    """(day, close, volume) of a symbol."""
    rows = prices.symbols == symbol
    return list(zip(prices.days[rows].astype(object), prices.ohlc[rows, 3].tolist(), prices.volume[rows].tolist()))


def test_all_symbols_come_in_one_download_each_asked_for_once(door: Yahoo, yahoo: FakeYahoo) -> None:
    bars = ask(door, "INFY", "NIFTY50")
    assert sorted(yahoo.charts()) == ["INFY.NS", "^NSEI"]
    assert len(yahoo.asked) == 2, "the time zone of NSE is known: no question for it"
    assert of(bars.prices, "INFY") == [(day, close, volume) for day, *_, close, volume in yahoo.bars["INFY.NS"]]
    assert len(of(bars.prices, "NIFTY50")) == 15
    assert (bars.without, bars.notes) == ((), ())


def test_prices_are_split_adjusted_and_still_hold_the_dividends(door: Yahoo, yahoo: FakeYahoo) -> None:
    yahoo.splits["INFY.NS"] = Split(date(2026, 11, 16), 2, 1)
    prices = ask(door, "INFY").prices
    assert (prices.price_basis, prices.volume_basis) == (Basis.ADJUSTED, Basis.ADJUSTED)
    assert of(prices, "INFY")[0][1:] == (100.0, 10_000.0), "neither scaled by Adj Close nor by the split a second time"
    assert prices.ohlc[0].tolist() == [99.0, 101.0, 98.0, 100.0]


def test_a_symbol_that_yahoo_does_not_know_costs_the_others_nothing(door: Yahoo, yahoo: FakeYahoo) -> None:
    bars = ask(door, "GONE", "INFY", "NIFTYPVTBANK")
    assert bars.without == ("GONE", "NIFTYPVTBANK")
    assert "NIFTYPVTBANK.NS" not in yahoo.charts(), "an index that it does not keep"
    assert set(bars.prices.symbols) == {"INFY"}


def test_only_unknown_symbols_are_no_failure_of_yahoo(door: Yahoo) -> None:
    bars = ask(door, "GONE")
    assert (len(bars.prices.symbols), bars.without) == (0, ("GONE",))


def test_an_empty_history_is_no_history(door: Yahoo, yahoo: FakeYahoo) -> None:
    yahoo.bars["NEW.NS"] = []
    assert ask(door, "NEW", "INFY").without == ("NEW",)


def test_rows_without_a_close_are_left_out(door: Yahoo, yahoo: FakeYahoo) -> None:
    rows = yahoo.bars["INFY.NS"]
    rows[3] = (rows[3][0], None, None, None, None, None)
    days = [day for day, *_ in of(ask(door, "INFY", "NIFTY50").prices, "INFY")]
    assert rows[3][0] not in days
    assert len(days) == 9


def test_a_holiday_filled_with_the_close_before_is_left_out_and_counted(door: Yahoo, yahoo: FakeYahoo) -> None:
    rows = yahoo.bars["INFY.NS"]
    close = rows[3][4]
    rows[4] = (rows[4][0], close, close, close, close, 0)
    bars = ask(door, "INFY")
    assert len(of(bars.prices, "INFY")) == 9
    assert bars.notes == ("INFY: 1 days without a trade left out",)


def test_an_index_has_no_volume_and_is_kept(door: Yahoo, yahoo: FakeYahoo) -> None:
    yahoo.bars["^NSEI"] = [(*row[:5], 0) for row in yahoo.bars["^NSEI"]]
    assert len(of(ask(door, "NIFTY50").prices, "NIFTY50")) == 15


def test_no_bar_comes_of_a_day_after_the_last_one_asked_for(door: Yahoo, yahoo: FakeYahoo) -> None:
    until = FRIDAY - timedelta(days=1)
    assert of(ask(door, "INFY", until=until).prices, "INFY")[-1][0] == until


def test_nothing_is_remembered_from_one_download_to_the_next(door: Yahoo, yahoo: FakeYahoo) -> None:
    yahoo.status = 500
    with pytest.raises(YahooUnavailable, match="HTTP 500"):
        ask(door, "INFY")
    yahoo.status = 200
    assert len(of(ask(door, "INFY").prices, "INFY")) == 10


def test_too_many_questions_is_an_error_of_its_own(door: Yahoo, yahoo: FakeYahoo) -> None:
    yahoo.status = 429
    with pytest.raises(YahooRateLimited):
        ask(door, "INFY", "NIFTY50")


@pytest.mark.parametrize(("status", "told"), [(403, "HTTP 403"), (502, "HTTP 502"), (200, "no JSON")])
def test_an_answer_that_is_no_chart_is_yahoos_trouble(door: Yahoo, yahoo: FakeYahoo, status: int, told: str) -> None:
    yahoo.status, yahoo.body = status, b"<html>Will be right back secretcanary</html>"
    with pytest.raises(YahooUnavailable, match=told) as error:
        ask(door, "INFY")
    assert "canary" not in str(error.value)


def test_a_yahoo_that_cannot_be_reached_is_its_trouble(tmp_path: Path) -> None:
    with pytest.raises(YahooUnavailable, match="Error"):
        ask(Yahoo("http://127.0.0.1:1", tmp_path), "INFY")


def test_a_download_that_was_broken_off_keeps_what_came_and_says_so(door: Yahoo, yahoo: FakeYahoo) -> None:
    chart = yahoo.chart

    def broken(ticker: str, first: float, last: float) -> tuple[int, dict[str, object]]:
        return (429, {}) if ticker == "TCS.NS" else chart(ticker, first, last)

    yahoo.chart = broken  # type: ignore[method-assign]
    bars = ask(door, "INFY", "TCS")
    assert bars.without == ("TCS",)
    assert bars.notes == ("not all questions were answered (HTTP 429)",)


@pytest.mark.parametrize(
    ("exchange", "symbol", "ticker"),
    [
        ("NSE", "M&M", "M&M.NS"), ("BSE", "ELSEWHERE", "ELSEWHERE.BO"), ("NSE", "NIFTY50", "^NSEI"),
        ("NSE", "NIFTYFINSERVICE", "NIFTY_FIN_SERVICE.NS"), ("MCX", "GOLD", None),
    ],
)  # fmt: skip
def test_symbols_are_yahoos(exchange: str, symbol: str, ticker: str | None) -> None:
    assert yahoo_ticker(exchange, symbol) == ticker


def test_every_index_that_is_wanted_has_a_name_or_none() -> None:
    assert set(YAHOO_INDICES) == {name.replace(" ", "") for name in INDICES}


def test_nonsense_in_a_frame_is_no_price() -> None:
    days = pd.DatetimeIndex([FRIDAY - timedelta(days=back) for back in (4, 3, 2, 1, 0)])
    fields = {
        "Open": [1.0, -1.0, 5.0, 5.0, 5.0], "High": [2.0, np.inf, 4.0, 6.0, 6.0], "Low": [0.5, 0.0, 4.5, 4.0, 4.0],
        "Close": [1.5, 2.0, 4.6, np.inf, -3.0], "Volume": [10.0, 10.0, 10.0, 10.0, 10.0],
    }  # fmt: skip
    frame = pd.DataFrame({("A.NS", name): values for name, values in fields.items()}, index=days)
    prices = read_frame(frame, {"A": "A.NS"}, SINCE, FRIDAY).prices
    assert prices.ohlc[:, 3].tolist() == [1.5, 2.0, 4.6], "a close that is no price is no bar"
    assert np.isnan(prices.ohlc[1:, :3]).all(), "an infinite high, a high below its low"
    assert prices.ohlc[0].tolist() == [1.0, 2.0, 0.5, 1.5]
