"""Databases for tests: statements outside a transaction, and copies of a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text


@contextmanager
def copied_database(server: str, template: str) -> Iterator[str]:
    """The address of a new database on ``server``, a copy of ``template``; dropped in the end."""
    name = f"test_{uuid4().hex[:12]}"
    execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield address_of(server, name)
    execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def address_of(server: str, name: str) -> str:
    """The address of a database on the server."""
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def execute(url: str, statement: str) -> None:
    """Run one statement that may not stand in a transaction."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
