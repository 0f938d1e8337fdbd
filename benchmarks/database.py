"""A real Postgres for the length of a run, filled with a generated market."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Connection, text

from app.Boilerplate import Boilerplate
from app.domain.securities import SecurityList
from app.embedded_postgres import EmbeddedPostgres
from app.store.holdings import save_snapshot
from app.store.imports import ImportRecord, record_import
from app.store.migrations import migrate
from app.store.prices import save_bars
from app.store.securities import save_security_list
from benchmarks.market import LAST_DAY, Market, holdings, price_file, securities

SCHEMA = "my_schema"
DAYS_AN_IMPORT = 21
"""Prices come month by month, so that a share's bars do not lie side by side on the disk, as in a real installation."""


@contextmanager
def temporary_database() -> Iterator[Boilerplate]:
    """An empty, migrated database that leaves nothing behind."""
    home = Path(tempfile.mkdtemp(prefix="risk-benchmarks-"))
    home.chmod(0o755)  # as root the server runs as another account
    server = EmbeddedPostgres(home / "postgres")
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home)
        stack.callback(server.release)
        database = Boilerplate(server.start(), SCHEMA, home)
        stack.callback(database.close)
        with database.transaction() as connection:
            migrate(connection, SCHEMA)
        yield database


def fill(database: Boilerplate, market: Market, held: int) -> None:
    """Store the market, its securities and a book of its first ``held`` shares."""
    with database.transaction() as connection:
        save_security_list(connection, SecurityList(securities(market)), LAST_DAY, "generated")
        save_snapshot(connection, holdings(market, held))
    for start in range(0, len(market.days), DAYS_AN_IMPORT):
        with database.transaction() as connection:
            store_prices(connection, market, slice(start, start + DAYS_AN_IMPORT))
    with database.transaction() as connection:
        connection.execute(text("ANALYZE"))


def store_prices(connection: Connection, market: Market, rows: slice) -> None:
    """Import some days into our own bars, and the same into the dashboard's table that the peers read."""
    prices = price_file(market, rows)
    changed, oldest = save_bars(connection, prices, "csv", "NSE", lambda _: None)
    record_import(connection, ImportRecord("prices", "generated", "", len(prices.symbols), changed, oldest))
    connection.execute(
        text("""
        INSERT INTO rt_intraday_price (scrip_id, price_date, price_open, price_high, price_low, price_close, volume,
                                       country)
        SELECT symbol, to_char(bar_date, 'YYYY-MM-DD'), open, high, low, close, volume, 'IN'
        FROM risk_daily_bars JOIN risk_price_series USING (series_id) WHERE bar_date >= :oldest
        ORDER BY bar_date, symbol
        ON CONFLICT (scrip_id, price_date) DO UPDATE
        SET price_open = excluded.price_open, price_high = excluded.price_high, price_low = excluded.price_low,
            price_close = excluded.price_close, volume = excluded.volume"""),
        {"oldest": oldest},
    )
