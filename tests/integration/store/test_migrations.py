from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from app.Boilerplate import Boilerplate
from app.domain.errors import RiskError
from app.store.migrations import SCRIPTS, current_revision, migrate, newest_revision
from tests.host_database import COLUMNS, fill, lay_out, look_at
from tests.integration.conftest import TODAY

REPOSITORY = SCRIPTS.parent
HOST_TABLES = (
    "holdings", "mf_holdings", "positions", "margins", "rt_intraday_price", "master_scrips", "mf_nav_history",
    "instruments",
)  # fmt: skip
PLAN_COLUMNS = {
    "risk_config": (
        "id", "config_key", "config_value", "threshold_type", "warning_level", "created_at", "updated_at",
    ),
    "risk_alerts": (
        "id", "alert_type", "alert_level", "metric_name", "current_value", "threshold_value", "message",
        "recommendation", "created_at", "acknowledged", "acknowledged_at",
    ),
    "mf_underlying_holdings": (
        "id", "mf_symbol", "mf_scheme_name", "stock_symbol", "stock_name", "weight_pct", "quantity", "value",
        "as_on_date", "created_at",
    ),
}  # fmt: skip
PLAN_INDEXES = {
    "risk_config": {"config_key"},
    "risk_alerts": {"alert_level", "created_at", "acknowledged"},
    "mf_underlying_holdings": {"mf_symbol", "as_on_date", "stock_symbol"},
}
UPSERT_KEYS = (
    ("holdings", "instrument_token, run_date", "1, '2026-11-20'"),
    ("mf_holdings", "folio, tradingsymbol, run_date", "'f', 'INF879O01027', '2026-11-20'"),
    ("rt_intraday_price", "scrip_id, price_date", "'INFY', '2026-11-20'"),
    ("mf_nav_history", "mf_symbol, nav_date", "'INF879O01027', '2026-11-20'"),
    ("positions", "position_type, instrument_token", "'net', 1"),
    ("margins", "margin_type", "'equity'"),
    ("master_scrips", "scrip_id, scrip_country", "'INFY', 'IN'"),
)
ALERT = "INSERT INTO risk_alerts (alert_type, alert_level, metric_name, message, current_value, threshold_value)"


def apply(database: Boilerplate) -> tuple[str, ...]:
    with database.transaction() as connection:
        return migrate(connection, database.schema)


@contextmanager
def refused(connection: Connection) -> Iterator[None]:
    """The block must be refused by a rule of the database; the transaction goes on."""
    with pytest.raises(IntegrityError), connection.begin_nested():
        yield


def columns_of(connection: Connection, table: str) -> list[str]:
    rows = connection.scalars(
        text("""SELECT column_name FROM information_schema.columns
                WHERE table_schema = current_schema() AND table_name = :table ORDER BY ordinal_position"""),
        {"table": table},
    )
    return list(rows)


def test_an_empty_database_gets_every_table(empty_database: Boilerplate) -> None:
    applied = apply(empty_database)
    assert applied == tuple(sorted(path.name[:4] for path in (SCRIPTS / "versions").glob("[0-9]*.py")))
    with empty_database.transaction() as connection:
        assert current_revision(connection) == newest_revision() == applied[-1]
        for table in (*HOST_TABLES, *PLAN_COLUMNS):
            assert connection.scalar(text("SELECT to_regclass(:table)"), {"table": f"my_schema.{table}"}), table


@pytest.mark.parametrize("table", PLAN_COLUMNS)
def test_a_table_of_the_plan_has_exactly_its_columns_and_indexes(database: Boilerplate, table: str) -> None:
    with database.transaction() as connection:
        found = columns_of(connection, table)
        indexed = connection.scalars(
            text("SELECT indexdef FROM pg_indexes WHERE schemaname = 'my_schema' AND tablename = :table"),
            {"table": table},
        ).all()
    assert found == list(PLAN_COLUMNS[table])
    assert {line.rpartition("(")[2].rstrip(")") for line in indexed} == PLAN_INDEXES[table] | {"id"}


def test_host_tables_that_we_make_have_the_columns_of_the_dashboard(database: Boilerplate) -> None:
    with database.transaction() as connection:
        for table in HOST_TABLES:
            assert set(COLUMNS[table]) <= set(columns_of(connection, table)), table


@pytest.mark.parametrize(("table", "key", "values"), UPSERT_KEYS)
def test_a_writer_of_the_dashboard_can_upsert(database: Boilerplate, table: str, key: str, values: str) -> None:
    extra = {"mf_nav_history": (", nav_value", ", 10.5")}.get(table, ("", ""))
    first = key.partition(",")[0]
    statement = text(
        f"INSERT INTO {table} ({key}{extra[0]}) VALUES ({values}{extra[1]}) "
        f"ON CONFLICT ({key}) DO UPDATE SET {first} = excluded.{first}"
    )
    with database.transaction() as connection:
        for _ in range(2):
            connection.execute(statement)
        assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 1


def test_nothing_of_a_filled_dashboard_is_changed(empty_database: Boilerplate) -> None:
    with empty_database.transaction() as connection:
        lay_out(connection, extra={"holdings": "broker_note text DEFAULT 'kept'", "margins": '"Mixed Case" int'})
        fill(connection, TODAY)
        before = look_at(connection)
    apply(empty_database)
    with empty_database.transaction() as connection:
        assert look_at(connection).of(COLUMNS) == before


def test_a_second_run_changes_nothing(empty_database: Boilerplate) -> None:
    with empty_database.transaction() as connection:
        lay_out(connection)
        fill(connection, TODAY)
    apply(empty_database)
    with empty_database.transaction() as connection:
        before = look_at(connection)
    assert apply(empty_database) == ()
    with empty_database.transaction() as connection:
        assert look_at(connection) == before


def test_missing_tables_are_made_and_older_ones_are_left_as_they_are(empty_database: Boilerplate) -> None:
    without = ("mf_holdings", "mf_nav_history", "instruments", "positions")
    older = {"holdings": ("collateral_quantity", "collateral_type"), "master_scrips": ("ownership",)}
    with empty_database.transaction() as connection:
        lay_out(connection, without=without, older=older)
        before = look_at(connection)
    apply(empty_database)
    with empty_database.transaction() as connection:
        after = look_at(connection)
    assert after.of(before.checksums) == before
    assert set(without) <= set(after.checksums)


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty_database: Boilerplate) -> None:
    with empty_database.transaction() as connection:
        connection.execute(text("CREATE SCHEMA my_schema"))
        connection.execute(text("CREATE TABLE risk_holdings (foreign_column int)"))
        before = look_at(connection)
    with pytest.raises(Exception, match="risk_holdings"):
        apply(empty_database)
    with empty_database.transaction() as connection:
        assert look_at(connection) == before


def test_a_risk_config_and_alerts_that_are_already_there_keep_columns_and_rows(empty_database: Boilerplate) -> None:
    with empty_database.transaction() as connection:
        connection.execute(text("CREATE SCHEMA my_schema"))
        connection.execute(text("CREATE TABLE risk_config (config_key varchar(40), config_value text, note text)"))
        connection.execute(text("INSERT INTO risk_config VALUES ('max_stock', 'twenty', 'mine'), (NULL, NULL, NULL)"))
        connection.execute(text("CREATE TABLE risk_alerts (alert_level varchar(10), current_value numeric)"))
        connection.execute(text("INSERT INTO risk_alerts VALUES ('HIGH', 'NaN')"))
    apply(empty_database)
    with empty_database.transaction() as connection:
        kept = connection.execute(text("SELECT config_key, config_value, note FROM risk_config ORDER BY 1")).all()
        assert [tuple(row) for row in kept] == [("max_stock", "twenty", "mine"), (None, None, None)]
        for table, columns in PLAN_COLUMNS.items():
            assert set(columns) <= set(columns_of(connection, table))
        connection.execute(text("UPDATE risk_alerts SET acknowledged = true"))
        assert connection.scalar(text("SELECT acknowledged_at FROM risk_alerts")) is not None


def test_a_risk_config_with_a_key_twice_is_refused_with_its_name(empty_database: Boilerplate) -> None:
    with empty_database.transaction() as connection:
        connection.execute(text("CREATE SCHEMA my_schema"))
        connection.execute(text("CREATE TABLE risk_config (config_key text)"))
        connection.execute(text("INSERT INTO risk_config VALUES ('max_stock'), ('max_stock')"))
    with pytest.raises(RiskError, match=r"'max_stock' more than once.*Keep one row"):
        apply(empty_database)


def test_another_schema_is_used_when_the_settings_name_it(empty_database_url: str) -> None:
    database = Boilerplate(empty_database_url, "risk_of_mine", Path())
    apply(database)
    with database.transaction() as connection:
        schemas = connection.scalars(text("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename LIKE 'risk%'"))
        assert list(schemas) == ["risk_of_mine"]
        assert current_revision(connection) == newest_revision()
    database.close()


def test_the_version_table_is_our_own(empty_database: Boilerplate) -> None:
    with empty_database.transaction() as connection:
        connection.execute(text("CREATE SCHEMA my_schema"))
        for schema in ("my_schema", "public"):
            connection.execute(text(f"CREATE TABLE {schema}.alembic_version (version_num varchar)"))
            connection.execute(text(f"INSERT INTO {schema}.alembic_version VALUES ('of another program')"))
    apply(empty_database)
    with empty_database.transaction() as connection:
        assert connection.scalar(text("SELECT version_num FROM risk_schema_migrations")) == newest_revision()
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "of another program"


def test_two_processes_at_once_migrate_a_filled_dashboard_once(empty_database: Boilerplate) -> None:
    with empty_database.transaction() as connection:
        lay_out(connection)
        fill(connection, TODAY)
        before = look_at(connection)
    url = empty_database.engine().url.render_as_string(hide_password=False)
    environment = {**os.environ, "DATABASE_URL": url}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "app", "migrate"], cwd=REPOSITORY, env=environment, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    messages = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], messages
    assert sum("Database migrated" in message for message in messages) == 1
    with empty_database.transaction() as connection:
        assert look_at(connection).of(COLUMNS) == before
        assert connection.scalar(text("SELECT count(*) FROM risk_schema_migrations")) == 1


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_an_alert_never_holds_a_value_that_is_no_number(database: Boilerplate, value: str) -> None:
    with database.transaction() as connection:
        for values in ((value, 1), (1, value)):
            with refused(connection):
                connection.execute(
                    text(f"{ALERT} VALUES ('limit', 'warning', 'var', 'm', CAST(:a AS float8), CAST(:b AS float8))"),
                    {"a": values[0], "b": values[1]},
                )
        connection.execute(text(f"{ALERT} VALUES ('limit', 'warning', 'var', 'm', NULL, 1.5)"))


def test_an_alert_level_that_nobody_knows_is_refused(database: Boilerplate) -> None:
    with database.transaction() as connection, refused(connection):
        connection.execute(text(f"{ALERT} VALUES ('limit', 'HIGH', 'var', 'm', 1, 1)"))


def test_acknowledging_an_alert_stamps_the_moment_once(database: Boilerplate) -> None:
    with database.transaction() as connection:
        connection.execute(text(f"{ALERT} VALUES ('limit', 'info', 'var', 'm', 1, 1)"))
        assert connection.scalar(text("SELECT acknowledged_at FROM risk_alerts")) is None
    with database.transaction() as connection:
        connection.execute(text("UPDATE risk_alerts SET acknowledged = true"))
        assert connection.scalar(text("SELECT acknowledged_at = now() FROM risk_alerts"))
        first = connection.scalar(text("SELECT acknowledged_at FROM risk_alerts"))
    with database.transaction() as connection:
        connection.execute(text("UPDATE risk_alerts SET acknowledged = true"))
        assert connection.scalar(text("SELECT acknowledged_at FROM risk_alerts")) == first
