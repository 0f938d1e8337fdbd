from __future__ import annotations

import json

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.prices import FloatArray
from app.risk.trading_days import trading_days
from tests.shared_data import shared_file

NAN = float("nan")
FRIDAY = np.datetime64("2026-11-20")
DAYS = np.array([FRIDAY - 2, FRIDAY - 1, FRIDAY, FRIDAY + 1, FRIDAY + 3])
"""Wednesday to Saturday, and Monday."""
WEEK = [True, True, True, False, False]


def counted(*series: list[float], index: list[float] | None = None, days: NDArray[np.datetime64] = DAYS) -> list[bool]:
    closes: FloatArray = np.array(series).T.reshape(len(days), len(series))
    found: list[bool] = trading_days(days, closes, np.array(index or [NAN] * len(days))).tolist()
    return found


def test_one_stray_bar_on_a_saturday_makes_no_trading_day() -> None:
    whole, stray = [1, 1, 1, NAN, NAN], [1, 1, 1, 1, NAN]
    assert counted(stray, whole, whole, index=whole) == WEEK
    assert counted(stray, index=whole) == WEEK
    assert counted(stray, stray) == WEEK


def test_a_weekend_session_counts_with_the_index_or_the_majority() -> None:
    every, whole = [1, 1, 1, 1, NAN], [1, 1, 1, NAN, NAN]
    assert counted(whole, whole, index=every)[3]
    assert counted(every, every, every, whole, index=whole)[3]
    assert not counted(every, every, every, *[whole] * 4, index=whole)[3]


def test_a_file_of_one_share_makes_no_trading_day_while_the_others_live() -> None:
    whole = [1, 1, 1, NAN, NAN]
    assert counted([1, 1, 1, NAN, 1], whole, index=whole) == WEEK
    assert counted([1, 1, 1, NAN, 1], [1, 1, 1, NAN, 1], whole, whole, index=whole)[4]


def test_one_share_alone_goes_on_by_itself_on_weekdays() -> None:
    assert counted([1, 1, 1, NAN, 1], index=[1, 1, 1, NAN, NAN]) == [True, True, True, False, True]


def test_a_series_that_ended_long_ago_has_no_say() -> None:
    days = np.array([FRIDAY - 40, FRIDAY - 39, FRIDAY])
    assert counted([1, 1, 1], [1, 1, NAN], [1, 1, NAN], days=days) == [True, True, True]
    days = np.array([FRIDAY - 20, FRIDAY - 19, FRIDAY])
    assert counted([1, 1, 1], [1, 1, NAN], [1, 1, NAN], days=days) == [True, True, False]


def test_nothing_stored_has_no_days() -> None:
    assert trading_days(DAYS[:0], np.empty((0, 0)), np.empty(0)).tolist() == []


def test_without_the_index_the_shares_alone_give_nse_its_calendar_weekend_sessions_included() -> None:
    rows = pd.read_csv(shared_file("market/nse_daily.csv.gz"))
    closes = rows[~rows["symbol"].str.startswith("NIFTY")].pivot(index="date", columns="symbol", values="close")
    calendar = json.loads(shared_file("market/nse_calendar.json").read_text())["trading_days_observed"]["nse_index"]
    known = [day for day in calendar if closes.index[0] <= day <= closes.index[-1]]
    weekdays = pd.bdate_range(closes.index[0], closes.index[-1]).strftime("%Y-%m-%d")
    every = closes.reindex(sorted({*closes.index, *weekdays}))
    holidays = every.index.difference(closes.index)
    every.loc[holidays, ["RELIANCE", "TCS"]] = 1.0
    days = every.index.to_numpy(dtype="datetime64[D]")
    found = days[trading_days(days, every.to_numpy(), np.full(len(days), NAN))]
    assert found.astype(str).tolist() == known
    assert sum(day.weekday() >= 5 for day in found.astype(object)) >= 5
