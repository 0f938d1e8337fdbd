"""The newest trade of each streamed instrument: one statement a batch, announced to whoever listens."""

from __future__ import annotations

import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from psycopg2.extensions import connection as PostgresConnection  # noqa: N812  a class under a lower-case name
from sqlalchemy import Connection, text
from sqlalchemy.pool import PoolProxiedConnection

from app.domain.fund_fetches import FUNDS_CHANNEL
from app.domain.live import TICKS_CHANNEL, Tick

COLUMNS = {
    "exchange": "text",
    "symbol": "text",
    "last_price": "float8",
    "previous_close": "float8",
    "exchange_time": "timestamptz",
    "received_at": "timestamptz",
}


def save_ticks(connection: Connection, ticks: Sequence[Tick]) -> int:
    """Keep a batch, one tick an instrument, and announce it at commit; returns how many were news.

    A tick older by exchange time than the one kept is ignored, and so is the same one again.
    """
    names = ", ".join(COLUMNS)
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in COLUMNS.items())
    saved = connection.execute(
        text(f"""
        INSERT INTO risk_ticks AS kept ({names}) SELECT * FROM unnest({arrays})
        ON CONFLICT (exchange, symbol) DO UPDATE
        SET last_price = excluded.last_price, previous_close = excluded.previous_close,
            exchange_time = excluded.exchange_time, received_at = excluded.received_at
        WHERE excluded.exchange_time > kept.exchange_time
              OR excluded.exchange_time = kept.exchange_time AND excluded.last_price <> kept.last_price"""),  # noqa: S608
        {name: [getattr(tick, name) for tick in ticks] for name in COLUMNS},
    ).rowcount
    if saved:
        connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": TICKS_CHANNEL})
    return saved


def load_ticks(connection: Connection) -> tuple[Tick, ...]:
    """Every kept tick, however old."""
    rows = connection.execute(text(f"SELECT {', '.join(COLUMNS)} FROM risk_ticks"))  # noqa: S608
    return tuple(Tick(*row) for row in rows)


@contextmanager
def listening(pooled: PoolProxiedConnection) -> Iterator[PostgresConnection]:
    """A connection of its own, taken out of the pool, on which announcements arrive; closed at the end."""
    connection = pooled.driver_connection
    if not isinstance(connection, PostgresConnection):
        raise TypeError("only psycopg2 connections can listen")
    pooled.detach()
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {FUNDS_CHANNEL}")
            cursor.execute(f"LISTEN {TICKS_CHANNEL}")
        yield connection
    finally:
        connection.close()


def wait_for_news(connection: PostgresConnection, seconds: float) -> frozenset[str]:
    """The channels on which something was announced, once or often, as soon as that is; empty after ``seconds``.

    Raises psycopg2.Error when cut.
    """
    if not connection.notifies:
        select.select([connection], [], [], seconds)
        connection.poll()
    announced = frozenset(notice.channel for notice in connection.notifies)
    connection.notifies.clear()
    return announced
