"""Imports in a transaction of their own, as the command line runs them, and what is stored after."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text

from app.Boilerplate import Boilerplate
from app.domain.imports import ImportResult
from app.domain.prices import Basis
from app.ingest.holdings import import_holdings
from app.ingest.prices import import_actions, import_prices
from app.ingest.securities import import_securities
from tests.host_database import Layout, look_at
from tests.integration.conftest import TODAY


def bring_prices(
    database: Boilerplate,
    data: bytes,
    name: str = "prices.csv",
    price_basis: Basis | None = None,
    volume_basis: Basis | None = None,
) -> ImportResult:
    with database.transaction() as connection:
        return import_prices(
            connection,
            data,
            name,
            TODAY,
            price_basis=price_basis,
            volume_basis=volume_basis,
            progress=lambda _done, _total: None,
        )


def bring_holdings(
    database: Boilerplate, data: bytes, name: str = "holdings.json", today: date = TODAY, *, allow_empty: bool = False
) -> ImportResult:
    with database.transaction() as connection:
        return import_holdings(connection, data, name, today, allow_empty=allow_empty)


def bring_securities(database: Boilerplate, data: bytes, name: str, today: date = TODAY) -> ImportResult:
    with database.transaction() as connection:
        return import_securities(connection, data, name, today)


def bring_actions(database: Boilerplate, *rows: str, name: str = "actions.csv") -> ImportResult:
    """Rows are symbol,ex_date,volume_factor,kind."""
    data = "\n".join(["symbol,ex_date,volume_factor,kind", *rows, ""]).encode()
    with database.transaction() as connection:
        return import_actions(connection, data, name)


def contents(database: Boilerplate) -> Layout:
    """Everything stored now, to compare with later."""
    with database.transaction() as connection:
        return look_at(connection)


def changed_tables(before: Layout, after: Layout) -> set[str]:
    """The tables whose rows are not what they were."""
    return {table for table, checksum in after.checksums.items() if before.checksums.get(table) != checksum}


def rows(database: Boilerplate, query: str) -> list[tuple[object, ...]]:
    with database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query))]
