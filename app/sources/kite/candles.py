"""Daily candles: spans within Kite's limit that overlap, and their answers joined without losing or doubling a day.

Kite refuses more than 2,000 days in a call. Spans overlap by ten days, longer than any closure of the exchange, so each
edge has trading days in both answers: a day that one of them lost, or a history restated between two calls, shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from app.domain.kite import Candle, CandleSeries
from app.domain.kite_errors import KiteDataError
from app.domain.market_hours import last_final_day, trading_day
from app.sources.kite import fields
from app.sources.kite.fields import Row, RowError

MAX_SPAN_DAYS = 2000
OVERLAP_DAYS = 10
FEWEST_MEMBERS = 6
"""Of a candle: time, open, high, low, close, volume."""


@dataclass(frozen=True, slots=True)
class Span:
    """Calendar days ``first`` to ``last``, both included, and the candles that Kite has for them."""

    first: date
    last: date
    candles: tuple[Candle, ...] = ()
    rejected: tuple[str, ...] = ()


def split_days(first: date, last: date) -> Iterator[Span]:
    """Spans of at most 2,000 days that cover first to last, oldest first."""
    start = first
    while (last - start).days >= MAX_SPAN_DAYS:
        end = start + timedelta(days=MAX_SPAN_DAYS - 1)
        yield Span(start, end)
        start = end - timedelta(days=OVERLAP_DAYS - 1)
    yield Span(start, last)


def read_candles(data: Row, span: Span, now: datetime) -> Span:
    """The span with its candles. A day is the one in India at the candle's time; bars not yet final are ``partial``.

    Raises KiteDataError for an answer without a list of candles, or with rows and none readable.
    """
    rows = data.get("candles")
    if not isinstance(rows, list):
        raise KiteDataError("candles", "it has no list of candles")
    read = fields.read_rows(({"candle": row} for row in rows), lambda row: _candle(row["candle"], span, now), "candles")
    return Span(span.first, span.last, read.rows, read.rejected)


def join_spans(instrument_token: int, spans: Sequence[Span]) -> CandleSeries:
    """One series. A day with equal bars is kept once; a day with different bars is left out and named."""
    by_day: dict[date, set[Candle]] = {}
    for candle in (candle for span in spans for candle in span.candles):
        by_day.setdefault(candle.day, set()).add(candle)
    return CandleSeries(
        instrument_token=instrument_token,
        candles=tuple(next(iter(bars)) for _, bars in sorted(by_day.items()) if len(bars) == 1),
        rejected=tuple(message for span in spans for message in span.rejected),
        conflicting=tuple(day for day, bars in sorted(by_day.items()) if len(bars) > 1),
        edge_holes=tuple(day for older, newer in pairwise(spans) for day in _edge_holes(older, newer)),
    )


def _edge_holes(older: Span, newer: Span) -> list[date]:
    """Days in the overlap of two spans that only one of the answers holds."""
    mine, theirs = ({c.day for c in span.candles if newer.first <= c.day <= older.last} for span in (older, newer))
    return sorted(mine ^ theirs)


def _candle(value: object, span: Span, now: datetime) -> Candle:
    if not isinstance(value, list) or len(value) < FEWEST_MEMBERS:
        raise RowError("is not a candle")
    moment = fields.instant(value[0])
    if moment is None:
        raise RowError("has no time")
    day = moment.date()
    if not span.first <= day <= min(span.last, trading_day(now)):
        raise RowError(f"{day} was not asked for or lies ahead")
    row = dict(zip(("open", "high", "low", "close", "volume"), value[1:]))
    try:
        return _bar(row, day, now)
    except RowError as error:
        raise RowError(f"{day}: {error}") from None


def _bar(row: Row, day: date, now: datetime) -> Candle:
    return Candle(
        day=day,
        open=fields.optional_price(row, "open"),
        high=fields.optional_price(row, "high"),
        low=fields.optional_price(row, "low"),
        close=fields.required_price(row, "close"),
        volume=fields.quantity(row, "volume"),
        partial=day > last_final_day(now),
    )
