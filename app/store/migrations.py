"""Brings the schema up to date: safe on an empty database, on one with host tables, twice, and from two processes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

VERSION_TABLE = "risk_schema_migrations"
SCRIPTS = Path(__file__).resolve().parents[2] / "migrations"
MIGRATION_LOCK = 7_241_000_001
"""Advisory lock key: the second of two processes waits for the first, then finds nothing to do."""


def migrate(connection: Connection, schema: str) -> tuple[str, ...]:
    """Apply what is missing, in the caller's transaction; returns the revisions applied, oldest first."""
    connection.execute(text("SET LOCAL lock_timeout = '30s'"))
    connection.execute(text("SET LOCAL statement_timeout = '5min'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    if connection.scalar(text("SELECT to_regnamespace(:schema)"), {"schema": schema}) is None:
        connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    before = current_revision(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return _revisions_after(before)


def current_revision(connection: Connection) -> str | None:
    """The revision the database is at; None before the first migration."""
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()


@cache
def newest_revision() -> str:
    """The revision this code needs."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _config() -> Config:
    """Alembic reads its options from here; a percent sign in the path would be read as interpolation."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config


def _revisions_after(before: str | None) -> tuple[str, ...]:
    script = ScriptDirectory.from_config(_config())
    found = [revision.revision for revision in script.walk_revisions("base", "heads")][::-1]
    return tuple(found[found.index(before) + 1 :] if before in found else found)
