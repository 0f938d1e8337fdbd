from __future__ import annotations

import itertools
import math
from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.kite import Candle
from app.domain.kite_errors import KiteDataError
from app.sources.kite.candles import MAX_SPAN_DAYS, OVERLAP_DAYS, Span, join_spans, read_candles, split_days

EVENING = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
MIDDAY = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
MONTH = Span(date(2026, 11, 1), date(2026, 11, 30))


def row(day: str, close: object = 100.0, **changed: object) -> list[object]:
    bar = {"open": 99.0, "high": 101.0, "low": 98.0, "close": close, "volume": 1000, **changed}
    return [f"{day}T00:00:00+0530", *bar.values()]


def bar(day: date, close: float = 100.0) -> Candle:
    return Candle(day, close, close, close, close, 10.0)


def read(*rows: object, now: datetime = EVENING) -> Span:
    return read_candles({"candles": list(rows)}, MONTH, now)


@pytest.mark.parametrize(
    ("stamp", "day"),
    [
        ("2026-11-18T00:00:00+0530", date(2026, 11, 18)),
        ("2026-11-18T00:00:00+05:30", date(2026, 11, 18)),
        ("2026-11-17T18:30:00Z", date(2026, 11, 18)),
        ("2026-11-17T18:29:59Z", date(2026, 11, 17)),
        ("2026-11-18T00:00:00", date(2026, 11, 18)),
        ("2026-11-18 05:30:00", date(2026, 11, 18)),
    ],
)
def test_the_day_of_a_candle_is_the_one_in_india(stamp: str, day: date) -> None:
    assert [candle.day for candle in read([stamp, *row("2026-11-18")[1:]]).candles] == [day]


@pytest.mark.parametrize("close", [None, math.nan, math.inf, -1.0, 0, "100", 1e308, True, 10**400])
def test_a_candle_whose_close_is_no_price_is_rejected_and_named(close: object) -> None:
    span = read(row("2026-11-17"), row("2026-11-18", close))
    assert [candle.day.day for candle in span.candles] == [17]
    assert len(span.rejected) == 1
    assert "2026-11-18" in span.rejected[0]


@pytest.mark.parametrize("field", ["open", "high", "low"])
def test_a_zero_in_the_bar_is_missing_and_garbage_rejects_the_row(field: str) -> None:
    zero = read(row("2026-11-18", **{field: 0})).candles[0]
    assert getattr(zero, field) is None
    assert zero.close == 100.0
    assert read(row("2026-11-17"), row("2026-11-18", **{field: -3})).rejected


@pytest.mark.parametrize(
    "value", [[], ["2026-11-18T00:00:00+0530", 1, 2, 3, 4], None, 5, "x", {}, ["no time", 1, 1, 1, 1, 1]]
)
def test_a_short_or_strange_candle_costs_itself_alone(value: object) -> None:
    span = read(row("2026-11-17"), value)
    assert len(span.candles) == 1
    assert len(span.rejected) == 1


@pytest.mark.parametrize("data", [{}, {"candles": None}, {"candles": {}}, {"candles": [[1]]}])
def test_an_answer_without_one_readable_candle_is_an_error(data: dict[str, object]) -> None:
    with pytest.raises(KiteDataError):
        read_candles(data, MONTH, EVENING)


def test_an_empty_list_is_an_instrument_without_trades() -> None:
    assert read().candles == ()


def test_todays_bar_is_partial_until_the_session_is_over() -> None:
    rows = (row("2026-11-19"), row("2026-11-20"))
    assert [candle.partial for candle in read(*rows, now=MIDDAY).candles] == [False, True]
    assert [candle.partial for candle in read(*rows, now=EVENING).candles] == [False, False]


def test_bars_of_tomorrow_or_outside_the_question_are_rejected() -> None:
    span = read(row("2026-11-21"), row("2026-10-31"), row("2026-11-20"))
    assert [candle.day for candle in span.candles] == [date(2026, 11, 20)]
    assert len(span.rejected) == 2


@pytest.mark.parametrize("days", [1, 2, 1999, 2000, 2001, 2010, 5000])
def test_spans_cover_every_day_within_the_limit_and_overlap(days: int) -> None:
    first = date(2010, 1, 1)
    last = first + timedelta(days=days - 1)
    spans = list(split_days(first, last))
    assert (spans[0].first, spans[-1].last) == (first, last)
    assert all((span.last - span.first).days < MAX_SPAN_DAYS for span in spans)
    for older, newer in itertools.pairwise(spans):
        assert (older.last - newer.first).days + 1 == OVERLAP_DAYS


def test_equal_bars_of_a_day_are_one() -> None:
    day = date(2026, 11, 18)
    series = join_spans(5, [Span(day, day, (bar(day), bar(day))), Span(day, day, (bar(day),))])
    assert series.candles == (bar(day),)
    assert series.conflicting == ()


def test_different_bars_of_a_day_are_both_left_out_and_the_day_is_named() -> None:
    day, before = date(2026, 11, 18), date(2026, 11, 17)
    series = join_spans(5, [Span(before, day, (bar(day), bar(before), bar(day, 50.0)))])
    assert series.candles == (bar(before),)
    assert series.conflicting == (day,)


def test_a_day_that_one_answer_lost_at_the_edge_is_kept_and_named() -> None:
    days = [date(2026, 11, n) for n in range(1, 11)]
    older = Span(days[0], days[6], tuple(bar(day) for day in days[:6]))
    newer = Span(days[4], days[9], tuple(bar(day) for day in days[4:]))
    series = join_spans(5, [older, newer])
    assert [candle.day for candle in series.candles] == days
    assert series.edge_holes == (days[6],)


def test_a_history_restated_between_two_calls_shows_as_conflicts_in_the_overlap() -> None:
    days = [date(2026, 11, n) for n in range(1, 11)]
    older = Span(days[0], days[6], tuple(bar(day, 100.0) for day in days[:7]))
    newer = Span(days[4], days[9], tuple(bar(day, 50.0) for day in days[4:]))
    assert join_spans(5, [older, newer]).conflicting == tuple(days[4:7])
