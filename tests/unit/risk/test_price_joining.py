"""Sources of one share, splits between them, and the dashboard's prices before our own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from app.domain.data_issues import DataIssue
from app.domain.prices import Basis, CorporateAction, DailyBars, FloatArray, SeriesKey
from app.risk.price_joining import NO_SPLITS, NSE, Column, by_symbol, join, splits_of
from tests.unit.risk.books import bars_of, position, split, trading_days

NAN = float("nan")
RAW, RESTATED = Basis.AS_TRADED, Basis.ADJUSTED
ROWS = np.arange(12)
LEVEL = np.array([100.0, 101, 99, 102, 100, 103, 101, 100, 102, 101, 103, 102])
SPLIT_DAY = trading_days(12)[8]
BEFORE = ROWS < 8


def part(
    source: str,
    values: FloatArray,
    prices: Basis,
    volumes: Basis,
    volume: FloatArray | float = 1000.0,
    symbol: str = "A",
) -> tuple[SeriesKey, FloatArray, FloatArray]:
    return SeriesKey(symbol, source, prices, volumes), values, np.where(np.isnan(values), NAN, volume)


def stored(*parts: tuple[SeriesKey, FloatArray, FloatArray]) -> DailyBars:
    bars = bars_of({(key.symbol, key.source): values for key, values, _ in parts})
    return replace(bars, series=tuple(key for key, *_ in parts), volumes=np.column_stack([v for *_, v in parts]))


def joined(
    bars: DailyBars, *actions: CorporateAction, symbols: tuple[str, ...] = ("A",)
) -> tuple[Column, list[DataIssue]]:
    issues: list[DataIssue] = []
    splits = splits_of(actions, [position("A", price_symbols=symbols)]).get("A", NO_SPLITS)
    return join(bars, by_symbol(bars), symbols, "A", issues, (NSE,), splits), issues


def until(row: int, values: FloatArray) -> FloatArray:
    return np.where(row > ROWS, values, NAN)


def since(row: int, values: FloatArray) -> FloatArray:
    return np.where(row <= ROWS, values, NAN)


FIVE = split("A", SPLIT_DAY, 5.0)


def check_whole(column: Column) -> None:
    np.testing.assert_allclose(column.closes, LEVEL)
    np.testing.assert_allclose(column.values[4], 5000.0)


@pytest.mark.parametrize("basis", [RAW, RESTATED])
def test_a_split_at_the_seam_of_two_sources_restates_prices_and_volumes_before_it(basis: Basis) -> None:
    bars = stored(
        part("csv", until(8, LEVEL * 5), RESTATED, basis), part("bhavcopy", since(8, LEVEL), RAW, RAW, 5000.0)
    )
    column, issues = joined(bars, FIVE)
    check_whole(column)
    assert (column.source, issues) == ("csv A + bhavcopy A", [])


@pytest.mark.parametrize("first", [3, 8, 9])
def test_a_source_that_ends_before_the_split_is_restated_wherever_the_newer_one_begins(first: int) -> None:
    raw = np.where(BEFORE, LEVEL * 5, LEVEL)
    traded = np.where(BEFORE, 1000.0, 5000.0)
    bars = stored(
        part("csv", until(6, LEVEL * 5), RESTATED, RAW, 1000.0), part("bhavcopy", since(first, raw), RAW, RAW, traded)
    )
    column, issues = joined(bars, FIVE)
    known = np.isfinite(column.closes)
    np.testing.assert_allclose(column.closes[known], LEVEL[known])
    np.testing.assert_allclose(column.values[4][known], 5000.0)
    assert issues == []


def test_a_source_that_was_restated_after_its_last_day_keeps_its_prices_and_not_its_volumes() -> None:
    bars = stored(
        part("csv", until(8, LEVEL), RESTATED, RAW, 1000.0), part("bhavcopy", since(8, LEVEL), RAW, RAW, 5000.0)
    )
    check_whole(joined(bars, FIVE)[0])


def test_three_sources_each_lack_the_splits_behind_them() -> None:
    two = split("A", trading_days(12)[4], 2.0)
    bars = stored(
        part("csv", until(4, LEVEL * 10), RESTATED, RAW, 500.0),
        part("bhavcopy", np.where((ROWS >= 4) & BEFORE, LEVEL * 5, NAN), RAW, RAW, 1000.0),
        part("yahoo", since(8, LEVEL), RESTATED, RESTATED, 5000.0),
    )
    column, issues = joined(bars, two, FIVE)
    check_whole(column)
    assert issues == []


def test_adjusted_prices_that_go_on_behind_a_split_unrestated_are_restated_all_the_same() -> None:
    bars = stored(part("host", np.where(BEFORE, LEVEL * 5, LEVEL), RESTATED, RAW, np.where(BEFORE, 1000.0, 5000.0)))
    check_whole(joined(bars, FIVE)[0])


def test_volumes_follow_prices_that_were_restated_for_a_split_after_the_day_asked_for() -> None:
    later = split("A", np.datetime64("2026-01-05"), 5.0)
    key, closes, volume = part("csv", LEVEL, RESTATED, RAW)
    known = stored((replace(key, stored_until=date(2026, 3, 1)), closes, volume))
    column, _ = joined(known, later)
    np.testing.assert_array_equal(column.closes, LEVEL)
    np.testing.assert_allclose(column.values[4], 5000.0)
    ended = stored((replace(key, stored_until=date(2025, 12, 31)), closes, volume))
    np.testing.assert_allclose(joined(ended, later)[0].values[4], 1000.0)
    raw = stored((replace(key, price_basis=RAW, stored_until=date(2026, 3, 1)), closes, volume))
    np.testing.assert_allclose(joined(raw, later)[0].values[4], 1000.0)


def test_volumes_missing_in_the_better_source_come_from_the_next_on_the_same_level() -> None:
    bars = stored(part("csv", LEVEL, RESTATED, RAW, NAN), part("bhavcopy", LEVEL, RAW, RAW, 7.0))
    column, _ = joined(bars)
    assert column.source == "csv A"
    np.testing.assert_array_equal(column.values[4], 7.0)


def test_the_dashboards_prices_fill_the_days_before_our_first_bar_only() -> None:
    own = np.where((ROWS >= 5) & (ROWS < 9), LEVEL, NAN)
    bars = stored(part("csv", own, RESTATED, RAW, 2.0), part("host", np.round(LEVEL), RESTATED, RAW, 3.0))
    column, issues = joined(bars)
    np.testing.assert_array_equal(column.closes, until(9, LEVEL))
    assert column.values[4][:9].tolist() == [3.0] * 5 + [2.0] * 4
    assert (column.source, issues) == ("csv A + host A", [])


def test_the_dashboards_prices_on_another_level_are_left_out_and_named() -> None:
    bars = stored(part("csv", since(9, LEVEL), RESTATED, RAW), part("host", LEVEL * 3, RESTATED, RAW))
    column, (issue,) = joined(bars)
    np.testing.assert_array_equal(column.closes, since(9, LEVEL))
    assert (issue.code, issue.subject) == ("sources_disagree", "A")
    assert "host are 3 times those from csv A" in issue.message


def test_rounding_to_rupees_is_no_other_level() -> None:
    cheap = LEVEL / 5
    bars = stored(part("csv", since(11, cheap), RESTATED, RAW), part("host", np.round(cheap), RESTATED, RAW))
    assert np.isfinite(joined(bars)[0].closes).all()


def test_official_closes_of_snapshots_win_over_whole_rupees_which_lend_them_their_volume() -> None:
    paise = LEVEL + 0.35
    bars = stored(
        part("holdings", np.where(ROWS % 3 > 0, paise, NAN), RAW, RAW, NAN), part("host", LEVEL, RESTATED, RAW, 9.0)
    )
    column, issues = joined(bars)
    np.testing.assert_allclose(column.closes, np.where(ROWS % 3 > 0, paise, LEVEL))
    np.testing.assert_array_equal(column.values[4], 9.0)
    assert (column.source, issues) == ("holdings A + host A", [])
