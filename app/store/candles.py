"""The state of each candle series: when it was asked for, and what the newest stored bar says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from app.domain.kite import Candle

SOURCE = "kite"
"""Of the series in ``risk_price_series``."""
ANCHOR_DAYS = 365
"""Calendar days before the newest bar, where the bar lies that shows a late restatement."""


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """Bars from ``first_day`` to ``last.day``; ``anchor`` is the oldest of the last year. The whole series was last
    read at ``whole_at``.
    """

    exchange: str
    symbol: str
    instrument_token: int
    fetched_at: datetime
    whole_at: datetime
    first_day: date
    anchor: Candle
    last: Candle


def load_series(connection: Connection) -> dict[tuple[str, str], StoredSeries]:
    """Every candle series with bars, by exchange and symbol."""
    rows = connection.execute(
        text("""SELECT s.exchange, s.symbol, c.instrument_token, c.fetched_at, c.whole_at, r.first_day,
                       ARRAY[a.open, a.high, a.low, a.close, a.volume] AS anchor, a.bar_date AS anchor_day,
                       ARRAY[b.open, b.high, b.low, b.close, b.volume] AS last, b.bar_date AS last_day
                FROM risk_candle_series c JOIN risk_price_series s USING (series_id)
                CROSS JOIN LATERAL (SELECT min(bar_date) AS first_day, max(bar_date) AS last_day
                                    FROM risk_daily_bars WHERE series_id = c.series_id) r
                CROSS JOIN LATERAL (SELECT * FROM risk_daily_bars
                                    WHERE series_id = c.series_id AND bar_date >= r.last_day - :days
                                    ORDER BY bar_date LIMIT 1) a
                JOIN risk_daily_bars b ON b.series_id = c.series_id AND b.bar_date = r.last_day"""),
        {"days": ANCHOR_DAYS},
    )
    return {
        (row.exchange, row.symbol): StoredSeries(
            row.exchange,
            row.symbol,
            row.instrument_token,
            row.fetched_at,
            row.whole_at,
            row.first_day,
            _candle(row.anchor_day, *row.anchor),
            _candle(row.last_day, *row.last),
        )
        for row in rows
    }


def save_series_state(
    connection: Connection, exchange: str, tokens: dict[str, int], whole: Iterable[str], fetched_at: datetime
) -> None:
    """Note that the series of these symbols (with their tokens) were read, those in ``whole`` from the beginning."""
    connection.execute(
        text("""INSERT INTO risk_candle_series AS kept (series_id, instrument_token, fetched_at, whole_at)
                SELECT s.series_id, new.token, CAST(:at AS timestamptz), CAST(:at AS timestamptz)
                FROM unnest(CAST(:symbols AS text[]), CAST(:tokens AS bigint[])) AS new (symbol, token)
                JOIN risk_price_series s ON s.symbol = new.symbol AND s.exchange = :exchange AND s.source = :source
                ON CONFLICT (series_id) DO UPDATE
                SET instrument_token = excluded.instrument_token, fetched_at = excluded.fetched_at,
                    whole_at = CASE WHEN kept.series_id IN (SELECT series_id FROM risk_price_series
                                                            WHERE symbol = ANY(:whole) AND exchange = :exchange)
                                    THEN excluded.whole_at ELSE kept.whole_at END"""),
        {
            "at": fetched_at,
            "symbols": list(tokens),
            "tokens": list(tokens.values()),
            "exchange": exchange,
            "source": SOURCE,
            "whole": list(whole),
        },
    )


def delete_other_days(
    connection: Connection, exchange: str, symbol: str, days: Sequence[date]
) -> tuple[int, date | None]:
    """Remove the bars of a series on all other days; returns how many they were and the oldest of them."""
    found = connection.execute(
        text("""WITH gone AS (
                    DELETE FROM risk_daily_bars b USING risk_price_series s
                    WHERE b.series_id = s.series_id AND s.symbol = :symbol AND s.exchange = :exchange
                      AND s.source = :source AND b.bar_date <> ALL(CAST(:days AS date[])) RETURNING b.bar_date)
                SELECT count(*), min(bar_date) FROM gone"""),
        {"exchange": exchange, "symbol": symbol, "source": SOURCE, "days": list(days)},
    ).one()
    return int(found[0]), found[1]


def missing_days(connection: Connection, calendar: str) -> dict[str, int]:
    """Symbol -> number of days on which the ``calendar`` series has a candle and the share has none.

    From the share's first candle up to the calendar's last, so that a series that stopped is named.
    """
    rows = connection.execute(
        text("""WITH series AS (
                    SELECT s.series_id, s.symbol, s.exchange, min(b.bar_date) AS first
                    FROM risk_candle_series c JOIN risk_price_series s USING (series_id)
                    JOIN risk_daily_bars b USING (series_id) GROUP BY 1, 2, 3),
                days AS (SELECT bar_date FROM risk_daily_bars JOIN series USING (series_id)
                         WHERE symbol = :calendar AND exchange = 'NSE')
                SELECT symbol, count(*) FROM series JOIN days ON bar_date >= first
                WHERE NOT EXISTS (SELECT FROM risk_daily_bars b
                                  WHERE b.series_id = series.series_id AND b.bar_date = days.bar_date)
                GROUP BY symbol ORDER BY symbol"""),
        {"calendar": calendar},
    )
    return {row[0]: int(row[1]) for row in rows}


def load_closes(connection: Connection, exchange: str, symbols: Iterable[str]) -> dict[str, dict[date, float]]:
    """Symbol -> close of every day of its candle series, rupees."""
    rows = connection.execute(
        text("""SELECT s.symbol, array_agg(b.bar_date) AS days, array_agg(b.close) AS closes
                FROM risk_price_series s JOIN risk_daily_bars b USING (series_id)
                WHERE s.symbol = ANY(:symbols) AND s.exchange = :exchange AND s.source = :source GROUP BY s.symbol"""),
        {"symbols": list(symbols), "exchange": exchange, "source": SOURCE},
    )
    return {row.symbol: dict(zip(row.days, row.closes, strict=True)) for row in rows}


def weekend_sessions(connection: Connection, calendar: str) -> set[date]:
    """Saturdays and Sundays on which the ``calendar`` series has a candle: budget days, Muhurat, rehearsals."""
    return set(
        connection.scalars(
            text("""SELECT bar_date FROM risk_daily_bars JOIN risk_price_series USING (series_id)
                    WHERE symbol = :calendar AND exchange = 'NSE' AND source = :source
                      AND extract(isodow FROM bar_date) > 5"""),
            {"calendar": calendar, "source": SOURCE},
        )
    )


def newest_closes(connection: Connection, symbols: Iterable[str]) -> dict[str, float]:
    """Symbol -> newest close stored from any source, rupees; the generated sample doesn't count."""
    rows = connection.execute(
        text("""SELECT DISTINCT ON (s.symbol) s.symbol, b.close
                FROM risk_price_series s
                CROSS JOIN LATERAL (SELECT bar_date, close FROM risk_daily_bars d WHERE d.series_id = s.series_id
                                    ORDER BY bar_date DESC LIMIT 1) b
                WHERE s.symbol = ANY(:symbols) AND s.source <> 'sample' ORDER BY s.symbol, b.bar_date DESC"""),
        {"symbols": list(symbols)},
    )
    return {row.symbol: float(row.close) for row in rows}


def count_candles(connection: Connection) -> tuple[int, int]:
    """Number of candle series and of candles in them."""
    row = connection.execute(
        text("SELECT count(DISTINCT c.series_id), count(b.bar_date) FROM risk_candle_series c "
             "LEFT JOIN risk_daily_bars b USING (series_id)")
    ).one()  # fmt: skip
    return int(row[0]), int(row[1])


def _candle(day: date, *bar: float | None) -> Candle:
    start, high, low, close, volume = bar
    return Candle(day, start, high, low, close or 0.0, volume or 0.0)
