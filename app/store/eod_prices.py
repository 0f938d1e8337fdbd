"""What is stored of daily prices, and which files of an archive were read, so that a run asks only for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy import Connection, text

from app.domain.prices import PriceFile

READ, NO_SESSION, HELD_BACK = "prices", "no_session", "held_back"
"""Kinds of ``risk_imports`` that say how a file of an archive ended."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Bars of a series: the first and last day, and how many there are."""

    first: date
    last: date
    days: int


def load_coverage(connection: Connection, symbols: Iterable[str]) -> dict[tuple[str, str, str], Stored]:
    """(exchange, symbol, source) -> what is stored, of every own series of these symbols that has bars."""
    rows = connection.execute(
        text("""SELECT s.exchange, s.symbol, s.source, r.first, r.last, r.days
                FROM risk_price_series s
                CROSS JOIN LATERAL (SELECT min(bar_date) AS first, max(bar_date) AS last, count(*) AS days
                                    FROM risk_daily_bars b WHERE b.series_id = s.series_id) r
                WHERE s.symbol = ANY(:symbols) AND r.days > 0"""),
        {"symbols": list(symbols)},
    )
    return {(row.exchange, row.symbol, row.source): Stored(row.first, row.last, int(row.days)) for row in rows}


def load_finished(connection: Connection, names: Sequence[str]) -> Mapping[str, int]:
    """File name -> rows read, of the files that need not be asked for again; 0 rows where there was no session."""
    rows = connection.execute(
        text("""SELECT file_name, max(rows_read) AS rows FROM risk_imports
                WHERE file_name = ANY(:names) AND kind = ANY(:kinds) GROUP BY file_name"""),
        {"names": list(names), "kinds": [READ, NO_SESSION]},
    )
    return {row.file_name: int(row.rows) for row in rows}


def delete_other_bars(connection: Connection, prices: PriceFile, source: str, exchange: str) -> tuple[int, date | None]:
    """Remove bars of the series in ``prices`` on days it does not have; returns how many, and their oldest day."""
    found = connection.execute(
        text("""WITH kept AS (SELECT * FROM unnest(CAST(:symbols AS text[]), CAST(:days AS date[])) AS k (symbol, day)),
                     gone AS (
                    DELETE FROM risk_daily_bars b USING risk_price_series s
                    WHERE b.series_id = s.series_id AND s.source = :source AND s.exchange = :exchange
                      AND s.symbol IN (SELECT symbol FROM kept)
                      AND (s.symbol, b.bar_date) NOT IN (SELECT symbol, day FROM kept) RETURNING b.bar_date)
                SELECT count(*), min(bar_date) FROM gone"""),
        {
            "symbols": prices.symbols.tolist(),
            "days": np.datetime_as_string(prices.days, "D").tolist(),
            "source": source,
            "exchange": exchange,
        },
    ).one()
    return int(found[0]), found[1]
