"""The dashboard's daily prices: its own price table, and the official closes that its holdings snapshots keep.

Any column may be absent: an unqualified name inside a LATERAL subquery means the table's column where there is one,
else that of ``ABSENT`` beside it, which is NULL.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from app.domain.prices import Basis, DailyBars, SeriesKey
from app.store.bar_copy import BAR_RECORD, EPOCH, copied_rows, scatter, together

ISO_DAY = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"
ABSENT = """(SELECT CAST(NULL AS text) AS scrip_id, CAST(NULL AS text) AS price_date, CAST(NULL AS text) AS yahoo_code,
                    CAST(NULL AS float8) AS price_open, CAST(NULL AS float8) AS price_high,
                    CAST(NULL AS float8) AS price_low, CAST(NULL AS float8) AS price_close,
                    CAST(NULL AS float8) AS volume, CAST(NULL AS date) AS run_date,
                    CAST(NULL AS text) AS trading_symbol, CAST(NULL AS bigint) AS instrument_token,
                    CAST(NULL AS float8) AS close_price, CAST(NULL AS float8) AS last_price) AS absent"""
SNAPSHOT = np.dtype([("day", ">i4"), ("close_price", ">f8"), ("last_price", ">f8")])
NSE_SEGMENT = 1
"""The lowest byte of Kite's tokens of NSE's shares."""
HOST, SNAPSHOTS = "host", "holdings"
SATURDAY = 5


def load_host_bars(
    connection: Connection, symbols: Iterable[str], since: date, until: date, calendar: NDArray[np.datetime64]
) -> DailyBars:
    """The dashboard's bars of the symbols (source ``host``), and closes out of its holdings (source ``holdings``).

    A snapshot's ``close_price`` is the official close of the trading day before, with paise; the newest one's
    ``last_price`` stands for the close of its own day. Trading days are those of ``calendar`` (C,) and of the bars; a
    snapshot of any other day says nothing.

    Dates of bars are text and are compared as text. Rows whose date is none, or whose close is missing or not above
    zero, are left out; an open, high, low or volume of zero is missing.
    """
    names, blobs = _read(connection, list(symbols), since, until)
    written, of_bar = together([np.frombuffer(blob, BAR_RECORD) for blob in blobs[HOST]], BAR_RECORD)
    taken, of_snapshot = together([np.frombuffer(blob, SNAPSHOT) for blob in blobs[SNAPSHOTS]], SNAPSHOT)
    bars, real = _host_bars(written)
    bars, of_bar = bars[real], of_bar[real]
    closes, places = _official(taken, _sessions(bars, of_bar, calendar), since)
    keys = [SeriesKey(name, HOST, Basis.ADJUSTED, Basis.AS_TRADED) for name in names[HOST]]
    keys += [SeriesKey(name, SNAPSHOTS, Basis.AS_TRADED, Basis.AS_TRADED) for name in names[SNAPSHOTS]]
    present, columns = np.unique(np.concatenate([of_bar, len(names[HOST]) + of_snapshot[places]]), return_inverse=True)
    return scatter(tuple(keys[place] for place in present.tolist()), np.concatenate([bars, closes]), columns)


def newest_host_day(connection: Connection, symbols: Iterable[str], until: date) -> date | None:
    """About the day of the newest of the dashboard's bars up to ``until``; None without any."""
    newest: str | None = connection.scalar(
        text(f"""
        SELECT max(newest.price_date) FROM unnest(CAST(:symbols AS text[])) AS symbol
        CROSS JOIN {ABSENT} CROSS JOIN LATERAL (
            SELECT max(kept.price_date) AS price_date FROM (
                SELECT price_date FROM rt_intraday_price
                WHERE scrip_id = symbol AND price_close > 0 AND price_date <= :until AND price_date ~ :iso) AS kept
        ) AS newest"""),  # noqa: S608
        {"symbols": list(symbols), "until": until.isoformat(), "iso": ISO_DAY},
    )
    return date(int(newest[:4]), int(newest[5:7]), min(int(newest[8:]), 28)) if newest else None


def host_benchmark(connection: Connection) -> tuple[str, ...]:
    """Ids under which the dashboard may keep Nifty 50, the one with most prices first."""
    return tuple(
        connection.scalars(
            text(f"""
        SELECT m.id
        FROM {ABSENT}
        CROSS JOIN LATERAL (SELECT scrip_id AS id FROM master_scrips WHERE yahoo_code = '^NSEI') AS m
        CROSS JOIN LATERAL (SELECT count(*) AS bars FROM rt_intraday_price WHERE scrip_id = m.id) AS c
        WHERE m.id IS NOT NULL ORDER BY c.bars DESC, m.id""")  # noqa: S608
        )
    )


def _read(
    connection: Connection, symbols: Sequence[str], since: date, until: date
) -> tuple[dict[str, list[str]], dict[str, list[memoryview]]]:
    """Symbols and their records by source, of both tables in one query; a day of bars is a number like 20261120."""
    cursor = connection.connection.cursor()
    query = cursor.mogrify(
        f"""COPY (
            SELECT %(host)s, b.scrip_id, string_agg(
                int4send(CAST(replace(b.price_date, '-', '') AS int))
                || float8send(coalesce(nullif(b.price_open, 0), 'NaN'))
                || float8send(coalesce(nullif(b.price_high, 0), 'NaN'))
                || float8send(coalesce(nullif(b.price_low, 0), 'NaN')) || float8send(b.price_close)
                || float8send(coalesce(nullif(CAST(b.volume AS float8), 0), 'NaN')), ''::bytea)
            FROM {ABSENT} CROSS JOIN LATERAL (
                SELECT scrip_id, price_date, price_open, price_high, price_low, price_close, volume
                FROM rt_intraday_price
                WHERE scrip_id = ANY(%(symbols)s) AND price_date BETWEEN %(since)s AND %(until)s
                  AND price_close > 0 AND price_close < 'Infinity' AND price_date ~ %(iso)s) AS b
            GROUP BY 2
            UNION ALL
            SELECT %(snapshots)s, t.trading_symbol, string_agg(
                int4send(t.run_date - date '2000-01-01') || float8send(coalesce(t.close_price, 'NaN'))
                || float8send(coalesce(t.last_price, 'NaN')), ''::bytea)
            FROM (
                SELECT DISTINCT ON (h.trading_symbol, h.run_date) h.*
                FROM {ABSENT} CROSS JOIN LATERAL (
                    SELECT trading_symbol, run_date, close_price, last_price, instrument_token FROM holdings
                    WHERE trading_symbol = ANY(%(symbols)s)
                      AND run_date BETWEEN CAST(%(since)s AS date) AND CAST(%(until)s AS date)) AS h
                ORDER BY h.trading_symbol, h.run_date, h.instrument_token %% 256 <> {NSE_SEGMENT}) AS t
            GROUP BY 2
        ) TO STDOUT (FORMAT binary)""",  # noqa: S608
        {
            "host": HOST,
            "snapshots": SNAPSHOTS,
            "symbols": list(symbols),
            "since": since.isoformat(),
            "until": until.isoformat(),
            "iso": ISO_DAY,
        },
    )
    buffer = io.BytesIO()
    cursor.copy_expert(query, buffer)
    cursor.close()
    rows = copied_rows(buffer.getbuffer())
    names: dict[str, list[str]] = {HOST: [], SNAPSHOTS: []}
    blobs: dict[str, list[memoryview]] = {HOST: [], SNAPSHOTS: []}
    for symbol, source, blob in sorted((str(b, "utf-8"), str(a, "utf-8"), c) for a, b, c in rows):
        names[source].append(symbol)
        blobs[source].append(blob)
    return names, blobs


def _host_bars(written: NDArray[np.void]) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
    """The bars with days counted from EPOCH, and which are real: no month has a 2026-02-30."""
    bars = written.copy()
    day = written["day"].astype(np.int64)
    months = (day // 10_000 - 1970) * 12 + day // 100 % 100 - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]") + (day % 100 - 1).astype("timedelta64[D]")
    bars["day"] = (days - EPOCH).astype(np.int64)
    return bars, np.asarray(days.astype("datetime64[M]").astype(np.int64) == months)


def _sessions(
    bars: NDArray[np.void], of_series: NDArray[np.intp], calendar: NDArray[np.datetime64]
) -> NDArray[np.int64]:
    """Trading days counted from EPOCH: of the calendar, weekdays with any bar, and others that half of the series have.

    A day too many costs a close; a day too few would date one wrongly.
    """
    days, counts = np.unique(bars["day"].astype(np.int64), return_counts=True)
    weekday = (EPOCH + days.astype("timedelta64[D]")).astype("datetime64[D]").astype(np.int64) + 3
    kept = days[(weekday % 7 < SATURDAY) | (2 * counts >= len(np.unique(of_series)))]
    return np.union1d((calendar - EPOCH).astype(np.int64), kept)


def _official(
    taken: NDArray[np.void], sessions: NDArray[np.int64], since: date
) -> tuple[NDArray[np.void], NDArray[np.intp]]:
    """Closes as bars, each with the place of its snapshot: of the session before, and the newest ones' own."""
    days = taken["day"].astype(np.int64)
    at = np.searchsorted(sessions, days)
    on_session = np.isin(days, sessions)
    before = np.flatnonzero(on_session & (at > 0))
    last = np.flatnonzero(on_session & (days == days.max(initial=0)))
    closes = np.concatenate([taken["close_price"][before], taken["last_price"][last]])
    dated = np.concatenate([sessions[at[before] - 1], days[last]])
    usable = (closes > 0) & np.isfinite(closes) & (dated >= (np.datetime64(since, "D") - EPOCH).astype(np.int64))
    bars = np.zeros(int(usable.sum()), BAR_RECORD)
    for name in ("open", "high", "low", "volume"):
        bars[name] = np.nan
    bars["day"], bars["close"] = dated[usable], closes[usable]
    return bars, np.concatenate([before, last])[usable]
