from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.domain.kite import Candle
from app.ingest.candle_checks import believable, why_no_replacement

MONDAY = date(2026, 9, 7)
SUNDAY = date(2026, 9, 13)


def bar(day: date, close: float) -> Candle:
    return Candle(day, close, close * 1.01, close * 0.99, close, 1000.0)


def weekdays(closes: Sequence[float], first: date = MONDAY) -> list[Candle]:
    days = (first + timedelta(days=number) for number in range(2 * len(closes) + 7))
    return [bar(day, close) for day, close in zip((day for day in days if day.weekday() < 5), closes)]


def left_out(candles: Sequence[Candle], sessions: Sequence[date] = ()) -> list[date]:
    kept, notes = believable(candles, sessions)
    gone = sorted({candle.day for candle in candles} - {candle.day for candle in kept})
    assert all(any(str(day) in note for note in notes) for day in gone[:5])
    assert bool(gone) is bool(notes)
    return gone


def test_a_usual_series_is_believed_whole() -> None:
    assert left_out(weekdays([100.0, 120.0, 60.0, 61.0, 180.0])) == []
    assert left_out([]) == []
    assert left_out(weekdays([100.0])) == []


def test_a_high_below_the_low_is_left_out() -> None:
    series = weekdays([100.0] * 4)
    series[1] = replace(series[1], high=90.0, low=110.0)
    assert left_out(series) == [series[1].day]


def test_a_bar_without_high_and_low_is_believed() -> None:
    assert left_out([replace(one, high=None, low=None) for one in weekdays([100.0] * 3)]) == []


def test_a_weekend_bar_is_left_out_unless_there_was_a_session() -> None:
    series = sorted([*weekdays([100.0] * 8), bar(SUNDAY, 101.0)], key=lambda one: one.day)
    assert left_out(series) == [SUNDAY]
    assert left_out(series, [SUNDAY]) == []


@pytest.mark.parametrize("factor", [100.0, 0.01])
@pytest.mark.parametrize("length", [1, 5])
def test_bars_on_another_level_from_which_the_price_comes_back_are_left_out(length: int, factor: float) -> None:
    series = weekdays([100.0] * 6 + [100.0 * factor] * length + [101.0] * 6)
    assert left_out(series) == [one.day for one in series[6 : 6 + length]]


def test_a_level_that_stays_is_the_judges_of_moves_to_decide() -> None:
    assert left_out(weekdays([100.0] * 6 + [10.0] * 6 + [101.0] * 6)) == []
    assert left_out(weekdays([100.0] * 6 + [10.0] * 2)) == []


def test_the_newest_bar_on_another_level_waits_for_a_second_one() -> None:
    series = weekdays([100.0] * 6 + [10_000.0])
    assert left_out(series) == [series[-1].day]


def test_the_oldest_bar_on_another_level_is_left_out() -> None:
    series = weekdays([10_000.0] + [100.0] * 6)
    assert left_out(series) == [MONDAY]


def closes_of(series: Sequence[Candle]) -> dict[date, float]:
    return {one.day: one.close for one in series}


def test_the_same_series_and_more_of_it_may_replace_the_stored_one() -> None:
    series = weekdays([100.0] * 20)
    assert why_no_replacement({}, series) is None
    assert why_no_replacement(closes_of(series[5:-5]), series) is None


@pytest.mark.parametrize("part", [slice(4, None), slice(None, -4), slice(None, None, 2)])
def test_a_series_without_more_than_three_stored_days_may_not(part: slice) -> None:
    series = weekdays([100.0] * 20)
    reason = why_no_replacement(closes_of(series), series[part])
    assert reason is not None
    assert reason.startswith(f"only {len(series[part])} candles came, without ")


def test_three_days_taken_back_are_believed() -> None:
    series = weekdays([100.0] * 20)
    assert why_no_replacement(closes_of(series), series[1:-2]) is None


@pytest.mark.parametrize("factor", [0.5, 0.1, 0.55, 10.0])
def test_a_restatement_is_believed(factor: float) -> None:
    series = weekdays([100.0] * 20)
    assert why_no_replacement(closes_of(series), [bar(one.day, one.close * factor) for one in series]) is None


@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_a_series_in_other_units_is_not(factor: float) -> None:
    series = weekdays([100.0] * 20)
    reason = why_no_replacement(closes_of(series), [bar(one.day, one.close * factor) for one in series])
    assert reason == f"its prices are {factor:g} times the stored ones"


def test_a_series_of_other_days_altogether_is_not() -> None:
    assert why_no_replacement({MONDAY: 100.0}, weekdays([100.0] * 5, SUNDAY)) == "it has none of the stored days"
