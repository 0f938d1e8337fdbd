from __future__ import annotations

import json

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from app.Boilerplate import Boilerplate
from app.store.migrations import SCRIPTS, migrate
from app.store.risk_runs import load_series

BEFORE = "0013"
MEASURES: dict[str, dict[str, object]] = {
    "beta": {"value": 1.1, "unit": "ratio", "unavailable": None},
    "cvar_99": {"value": None, "unit": "percent", "unavailable": "too thin"},
}
COUNTED: dict[str, object] = {"rupees": None, "observations": 60, "coverage": 99.5, "method": "m"}
REPORT = {
    "scope": "equity",
    "value": 1000.5,
    "sample_data": False,
    "windows": {"60d": {"measures": {name: found | COUNTED for name, found in MEASURES.items()}}},
    "data_issues": [{"code": "stale_prices"}],
}


def migrate_to(database: Boilerplate, revision: str) -> None:
    with database.transaction() as connection:
        connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{database.schema}"'))
        config = Config()
        config.set_main_option("script_location", str(SCRIPTS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_reports_that_were_kept_before_become_runs_with_their_measures(empty_database: Boilerplate) -> None:
    migrate_to(empty_database, BEFORE)
    with empty_database.transaction() as connection:
        for day in ("2026-11-19", "2026-11-20"):
            connection.execute(
                text("""INSERT INTO risk_reports (scope, run_date, inputs_hash, code_version, report)
                        VALUES ('equity', :day, 'same', '0.1.0', CAST(:report AS jsonb))"""),
                {"day": day, "report": json.dumps(REPORT)},
            )
    with empty_database.transaction() as connection:
        assert "0014" in migrate(connection, empty_database.schema)
        series = load_series(connection, "equity", "beta", "60d", None, None)
        assert [(str(one.as_of), one.value, one.portfolio) for one in series.points] == [
            ("2026-11-19", 1.1, 1000.5),
            ("2026-11-20", 1.1, 1000.5),
        ]
        missing = load_series(connection, "equity", "cvar_99", "60d", None, None).points[0]
        assert (missing.value, missing.unavailable, missing.coverage) == (None, "too thin", 99.5)
        issues = connection.scalar(text("SELECT data_issues->0->>'code' FROM risk_runs LIMIT 1"))
        assert issues == "stale_prices"
        assert connection.scalar(text("SELECT to_regclass('risk_reports')")) is None


def test_a_database_without_reports_gets_empty_tables(database: Boilerplate) -> None:
    with database.transaction() as connection:
        series = load_series(connection, "equity", "beta", "60d", None, None)
        assert connection.scalar(text("SELECT count(*) FROM risk_runs")) == 0
    assert (series.starts, series.points) == (None, ())
