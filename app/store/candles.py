"""The state of each candle series: when it was asked for, and what the newest stored bar says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from app.domain.kite import Candle

SOURCE = "kite"
"""Of the series in ``risk_price_series``."""


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """``days`` bars from ``first_day`` to ``last.day``; the whole series was last read at ``whole_at``."""

    exchange: str
    symbol: str
    instrument_token: int
    fetched_at: datetime
    whole_at: datetime
    first_day: date
    days: int
    last: Candle


def load_series(connection: Connection) -> dict[tuple[str, str], StoredSeries]:
    """Every candle series with bars, by exchange and symbol."""
    rows = connection.execute(
        text("""SELECT s.exchange, s.symbol, c.instrument_token, c.fetched_at, c.whole_at, r.first_day, r.days,
                       b.bar_date, b.open, b.high, b.low, b.close, b.volume
                FROM risk_candle_series c JOIN risk_price_series s USING (series_id)
                CROSS JOIN LATERAL (SELECT min(bar_date) AS first_day, max(bar_date) AS last_day, count(*) AS days
                                    FROM risk_daily_bars WHERE series_id = c.series_id) r
                JOIN risk_daily_bars b ON b.series_id = c.series_id AND b.bar_date = r.last_day""")
    )
    return {
        (row.exchange, row.symbol): StoredSeries(
            row.exchange,
            row.symbol,
            row.instrument_token,
            row.fetched_at,
            row.whole_at,
            row.first_day,
            row.days,
            Candle(row.bar_date, row.open, row.high, row.low, row.close, row.volume or 0.0),
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
    """Symbol -> number of days on which the ``calendar`` series has a candle and the share, listed then, has none."""
    rows = connection.execute(
        text("""WITH series AS (
                    SELECT s.series_id, s.symbol, s.exchange, min(b.bar_date) AS first, max(b.bar_date) AS last
                    FROM risk_candle_series c JOIN risk_price_series s USING (series_id)
                    JOIN risk_daily_bars b USING (series_id) GROUP BY 1, 2, 3),
                days AS (SELECT bar_date FROM risk_daily_bars JOIN series USING (series_id)
                         WHERE symbol = :calendar AND exchange = 'NSE')
                SELECT symbol, count(*) FROM series JOIN days ON bar_date BETWEEN first AND last
                WHERE NOT EXISTS (SELECT FROM risk_daily_bars b
                                  WHERE b.series_id = series.series_id AND b.bar_date = days.bar_date)
                GROUP BY symbol ORDER BY symbol"""),
        {"calendar": calendar},
    )
    return {row[0]: int(row[1]) for row in rows}


def count_candles(connection: Connection) -> tuple[int, int]:
    """Number of candle series and of candles in them."""
    row = connection.execute(
        text("SELECT count(DISTINCT c.series_id), count(b.bar_date) FROM risk_candle_series c "
             "LEFT JOIN risk_daily_bars b USING (series_id)")
    ).one()  # fmt: skip
    return int(row[0]), int(row[1])
