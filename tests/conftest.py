"""One real Postgres for all tests of a run; each test gets a database of its own, copied from a migrated one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from app.Boilerplate import Boilerplate
from app.embedded_postgres import EmbeddedPostgres
from app.store.migrations import migrate
from tests.databases import address_of, copied_database, execute

SCHEMA = "my_schema"
MEMORY, ROOM = Path("/dev/shm"), 2 << 30
"""A file system in memory, and how much room the server of a run must find there: on disk a database costs far more."""


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name cases of bytes by their place: archives carry the time of day, and workers must agree on every name."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Address of a server that ends with the test run."""
    roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    home = Path(tempfile.mkdtemp(prefix="risk-tests-", dir=MEMORY if roomy else None))
    home.chmod(0o755)  # as root the server runs as another account
    server = EmbeddedPostgres(home / "postgres")
    try:
        yield server.start()
    finally:
        server.release()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def template_database(postgres_url: str) -> str:
    """Name of a migrated database to copy."""
    name = f"template_{uuid4().hex[:12]}"
    execute(postgres_url, f'CREATE DATABASE "{name}"')
    database = Boilerplate(address_of(postgres_url, name), SCHEMA, Path())
    with database.transaction() as connection:
        migrate(connection, SCHEMA)
    database.close()
    return name


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """Address of a fresh database without any table."""
    with copied_database(postgres_url, "template0") as url:
        yield url


@pytest.fixture
def database_url(postgres_url: str, template_database: str) -> Iterator[str]:
    """Address of a fresh, migrated database."""
    with copied_database(postgres_url, template_database) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Boilerplate]:
    """The door to a fresh, migrated database."""
    opened = Boilerplate(database_url, SCHEMA, Path())
    yield opened
    opened.close()


os.environ.pop("DATABASE_URL", None)
for _name in list(os.environ):
    if _name.startswith(("PG_", "DB_", "RISK_", "KITE_")) and _name not in {"RISK_REQUIRE_BROWSER", "RISK_SHARED_DATA"}:
        del os.environ[_name]
