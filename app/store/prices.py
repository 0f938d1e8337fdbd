"""Daily bars in and out of Postgres: one COPY in, one COPY out into one matrix."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from app.domain.prices import Basis, CorporateAction, DailyBars, PriceFile, SeriesKey
from app.store.bar_copy import BAR_RECORD, EPOCH, copied_rows, scatter, together

CHUNK = 50_000
STAGED_ROW = np.dtype(
    [("fields", ">i2")]
    + [
        (f"{name}_size", ">i4") if part == 0 else (name, kind)
        for name, kind in (
            ("series_id", ">i4"),
            ("bar_date", ">i4"),
            ("open", ">f8"),
            ("high", ">f8"),
            ("low", ">f8"),
            ("close", ">f8"),
            ("volume", ">f8"),
        )
        for part in (0, 1)
    ]
)
"""One row of COPY ... (FORMAT binary): field count, then size and big-endian value of each field."""


def save_bars(
    connection: Connection, prices: PriceFile, source: str, exchange: str, progress: Callable[[int], None]
) -> tuple[int, date | None]:
    """Insert or correct bars; returns how many rows changed and the oldest day among them.

    Bars of a series whose basis is corrected have changed as well, because they are read otherwise from now on.
    ``progress`` is called with the number of rows sent so far.
    """
    names, codes = np.unique(prices.symbols.astype(str), return_inverse=True)
    relabelled = _relabelled(connection, names, source, exchange, prices)
    ids = _series_ids(connection, names, source, exchange, prices)
    connection.execute(
        text(
            "CREATE TEMPORARY TABLE staged_bars (series_id int, bar_date date, open float8, high float8, low float8, "
            "close float8, volume float8) ON COMMIT DROP"
        )
    )
    rows = _staged_rows(ids[codes], prices)
    for start in range(0, len(rows), CHUNK):
        _copy_in(connection, rows[start : start + CHUNK])
        progress(min(start + CHUNK, len(rows)))
    changed = connection.execute(
        text("""
        WITH changed AS (
            INSERT INTO risk_daily_bars AS kept (series_id, bar_date, open, high, low, close, volume)
            SELECT series_id, bar_date, nullif(open, 'NaN'), nullif(high, 'NaN'), nullif(low, 'NaN'), close,
                   nullif(volume, 'NaN')
            FROM staged_bars
            ON CONFLICT (series_id, bar_date) DO UPDATE
            SET open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
                volume = excluded.volume
            WHERE (kept.open, kept.high, kept.low, kept.close, kept.volume)
                  IS DISTINCT FROM (excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume)
                  OR kept.series_id = ANY(:relabelled)
            RETURNING bar_date)
        SELECT count(*), least(min(bar_date), (SELECT min(bar_date) FROM risk_daily_bars
                                               WHERE series_id = ANY(:relabelled))) FROM changed"""),
        {"relabelled": relabelled},
    ).one()
    return int(changed[0]), changed[1]


def load_bars(
    connection: Connection,
    symbols: Iterable[str],
    sources: Sequence[str],
    since: date | None = None,
    until: date | None = None,
    exchanges: Sequence[str] = ("NSE",),
) -> DailyBars:
    """All bars of the symbols in the given sources, in one query, as one matrix with a column for each series."""
    cursor = connection.connection.cursor()
    query = cursor.mogrify(
        """COPY (
            SELECT s.symbol, s.source, s.price_basis, s.volume_basis, s.exchange, int4send(
                       (SELECT max(bar_date) FROM risk_daily_bars n WHERE n.series_id = s.series_id)
                       - date '2000-01-01'), b.bars
            FROM risk_price_series s CROSS JOIN LATERAL (
                SELECT string_agg(int4send(bar_date - date '2000-01-01') || float8send(coalesce(open, 'NaN'))
                                  || float8send(coalesce(high, 'NaN')) || float8send(coalesce(low, 'NaN'))
                                  || float8send(close) || float8send(coalesce(volume, 'NaN')), ''::bytea) AS bars
                FROM (SELECT bar_date, open, high, low, close, volume FROM risk_daily_bars d
                      WHERE d.series_id = s.series_id AND bar_date BETWEEN %s AND %s ORDER BY bar_date) ordered) b
            WHERE s.symbol = ANY(%s) AND s.source = ANY(%s) AND s.exchange = ANY(%s) AND b.bars IS NOT NULL
            ORDER BY s.symbol, s.source
        ) TO STDOUT (FORMAT binary)""",
        (since or date(1900, 1, 1), until or date(2999, 12, 31), list(symbols), list(sources), list(exchanges)),
    )
    buffer = io.BytesIO()
    cursor.copy_expert(query, buffer)
    cursor.close()
    rows = copied_rows(buffer.getbuffer())
    keys = tuple(
        SeriesKey(
            str(symbol, "utf-8"),
            str(source, "utf-8"),
            Basis(str(price, "utf-8")),
            Basis(str(volume, "utf-8")),
            str(exchange, "utf-8"),
            (EPOCH + int.from_bytes(newest, "big", signed=True)).astype(object),
        )
        for symbol, source, price, volume, exchange, newest, _ in rows
    )
    return scatter(keys, *together([np.frombuffer(blob, BAR_RECORD) for *_, blob in rows], BAR_RECORD))


def newest_day(connection: Connection, symbols: Iterable[str], sources: Sequence[str], until: date) -> date | None:
    """The day of the newest own bar up to ``until`` of any of the symbols; None without any."""
    newest: date | None = connection.scalar(
        text("""
        SELECT max((SELECT max(bar_date) FROM risk_daily_bars b
                    WHERE b.series_id = s.series_id AND bar_date <= :until))
        FROM risk_price_series s WHERE s.symbol = ANY(:symbols) AND s.source = ANY(:sources)"""),
        {"symbols": list(symbols), "sources": list(sources), "until": until},
    )
    return newest


def save_actions(connection: Connection, actions: Sequence[CorporateAction]) -> int:
    """Insert or correct corporate actions; returns how many rows changed."""
    if not actions:
        return 0
    rows = connection.execute(
        text("""INSERT INTO risk_corporate_actions AS kept (symbol, ex_date, kind, factor)
                SELECT * FROM unnest(CAST(:symbols AS text[]), CAST(:days AS date[]), CAST(:kinds AS text[]),
                                     CAST(:factors AS float8[]))
                ON CONFLICT (symbol, ex_date, kind) DO UPDATE SET factor = excluded.factor
                WHERE kept.factor IS DISTINCT FROM excluded.factor"""),
        {
            "symbols": [a.symbol for a in actions],
            "days": [a.ex_date for a in actions],
            "kinds": [a.kind for a in actions],
            "factors": [a.factor for a in actions],
        },
    )
    return rows.rowcount


def load_actions(connection: Connection, symbols: Iterable[str]) -> tuple[CorporateAction, ...]:
    """Corporate actions of the symbols, oldest first."""
    rows = connection.execute(
        text(
            """SELECT symbol, ex_date, factor, kind FROM risk_corporate_actions
                WHERE symbol = ANY(:symbols) ORDER BY ex_date"""
        ),
        {"symbols": list(symbols)},
    )
    return tuple(CorporateAction(*row) for row in rows)


def delete_sample_prices(connection: Connection) -> None:
    """Remove every generated series with its bars."""
    connection.execute(text("DELETE FROM risk_price_series WHERE source = 'sample'"))


def _relabelled(
    connection: Connection, names: NDArray[np.str_], source: str, exchange: str, prices: PriceFile
) -> list[int]:
    """Stored series of these names whose basis the file corrects."""
    ids = connection.scalars(
        text("""SELECT series_id FROM risk_price_series
                WHERE symbol = ANY(:names) AND exchange = :exchange AND source = :source
                  AND (price_basis, volume_basis) <> (:price_basis, :volume_basis)"""),
        {
            "names": names.tolist(),
            "exchange": exchange,
            "source": source,
            "price_basis": prices.price_basis,
            "volume_basis": prices.volume_basis,
        },
    )
    return list(ids)


def _series_ids(
    connection: Connection, names: NDArray[np.str_], source: str, exchange: str, prices: PriceFile
) -> NDArray[np.int64]:
    rows = connection.execute(
        text("""
        INSERT INTO risk_price_series (exchange, symbol, source, price_basis, volume_basis)
        SELECT :exchange, symbol, :source, :price_basis, :volume_basis FROM unnest(CAST(:names AS text[])) AS symbol
        ON CONFLICT (symbol, exchange, source) DO UPDATE
        SET price_basis = excluded.price_basis, volume_basis = excluded.volume_basis
        RETURNING symbol, series_id"""),
        {
            "exchange": exchange,
            "source": source,
            "names": names.tolist(),
            "price_basis": prices.price_basis,
            "volume_basis": prices.volume_basis,
        },
    )
    ids: dict[str, int] = {row.symbol: row.series_id for row in rows}
    return np.array([ids[name] for name in names.tolist()], dtype=np.int64)


def _staged_rows(series_ids: NDArray[np.int64], prices: PriceFile) -> NDArray[np.void]:
    rows = np.empty(len(series_ids), STAGED_ROW)
    rows["fields"] = 7
    rows["series_id"] = series_ids
    rows["bar_date"] = (prices.days - EPOCH).astype(np.int64)
    for column, name in enumerate(("open", "high", "low", "close")):
        rows[name] = prices.ohlc[:, column]
    rows["volume"] = prices.volume
    for name, size in (
        ("series_id", 4),
        ("bar_date", 4),
        ("open", 8),
        ("high", 8),
        ("low", 8),
        ("close", 8),
        ("volume", 8),
    ):
        rows[f"{name}_size"] = size
    return rows


def _copy_in(connection: Connection, rows: NDArray[np.void]) -> None:
    header = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
    cursor = connection.connection.cursor()
    cursor.copy_expert("COPY staged_bars FROM STDIN (FORMAT binary)", io.BytesIO(header + rows.tobytes() + b"\xff\xff"))
    cursor.close()
