from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from app.Boilerplate import Boilerplate
from app.domain.risk_reports import Unit
from app.domain.risk_runs import Asked, BooksUsed, RiskRun, RunKind, RunMeasure
from app.store.migrations import SCRIPTS, migrate
from app.store.risk_runs import load_run, load_series, prune_runs, save_run
from tests.integration.importing import rows

BEFORE = "0013"
PATIENCE = 60
FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)
AS_OF_FRIDAY = Asked(FRIDAY)
AT_FOUR = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
BETA = RunMeasure("60d", "beta", 1.1, Unit.RATIO, None, 60, 100.0, None)
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


COMBINED = {
    "windows": {
        name: {"measures": {}, "look_through": {"measures": {"beta": MEASURES["beta"] | COUNTED}}}
        for name in ("60d", "90d", "1y")
    },
    "diversification": {"score": 61.5},
    "exposure": {"top5": {"value": 40.0}, "top10": None},
    "coverage": {"prices": 99.0, "look_through": 80.0, "sectors": None, "constituents": 90.0},
}


def test_combined_reports_that_were_kept_before_get_their_figures_of_the_whole(empty_database: Boilerplate) -> None:
    migrate_to(empty_database, "0015")
    partial = COMBINED | {"windows": {"60d": {"measures": {}}}}
    with empty_database.transaction() as connection:
        for day, report in (("2026-11-19", COMBINED), ("2026-11-20", partial)):
            connection.execute(
                text("""INSERT INTO risk_runs (scope, kind, as_of, asked_for, computed_at, is_sample, inputs_hash,
                                               inputs, code_version, data_issues, report)
                        VALUES ('combined', 'daily', :day, :day, :at, false, :day, '{}', '1', '[]',
                                CAST(:report AS jsonb))"""),
                {"day": day, "at": AT_FOUR, "report": json.dumps(report)},
            )
        migrate(connection, empty_database.schema)
        expected = {"diversification_score": 61.5, "top5": 40.0, "top10": None, "coverage_look_through": 80.0,
                    "coverage_sectors": None, "look_through_beta": 1.1}  # fmt: skip
        for name, value in expected.items():
            (point,) = load_series(connection, "combined", name, "60d", None, None).points
            assert (str(point.as_of), point.value) == ("2026-11-19", value), name


def test_a_database_without_reports_gets_empty_tables(database: Boilerplate) -> None:
    with database.transaction() as connection:
        series = load_series(connection, "equity", "beta", "60d", None, None)
        assert connection.scalar(text("SELECT count(*) FROM risk_runs")) == 0
    assert (series.starts, series.points) == (None, ())


def run(
    prices: str, kind: RunKind = RunKind.DAILY, asked: Asked = AS_OF_FRIDAY, at: datetime = AT_FOUR, **fields: object
) -> RiskRun:
    """The equity report on these prices of Friday."""
    usual = RiskRun(
        scope="equity",
        kind=kind,
        as_of=FRIDAY,
        asked=asked,
        books=BooksUsed(),
        computed_at=at,
        value=1000.0,
        is_sample=False,
        code_version="1",
        inputs={"prices": prices},
        measures=(BETA,),
        issues=b"[]",
        report=b'{"windows": {"60d": {}}}',
    )
    return replace(usual, **fields)  # type: ignore[arg-type]


def save(database: Boilerplate, *runs: RiskRun) -> list[int | None]:
    with database.transaction() as connection:
        return [save_run(connection, one) for one in runs]


def numbers(database: Boilerplate) -> list[object]:
    return [row[0] for row in rows(database, "SELECT run_id FROM risk_runs ORDER BY run_id")]


def is_waiting(database: Boilerplate) -> bool:
    """Whether a session waits for another's lock."""
    query = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool(rows(database, query)[0][0])


def test_a_run_comes_back_with_its_question(database: Boilerplate) -> None:
    asked = Asked(FRIDAY, ("60d",), 10, is_newest=True)
    save(database, run("a", asked=asked))
    with database.transaction() as connection:
        found = load_run(connection, 1)
        assert load_run(connection, 2) is None
    assert found is not None
    assert (found.scope, found.asked, found.inputs) == ("equity", asked, {"prices": "a"})
    assert found.report == {"windows": {"60d": {}}}


def test_runs_that_were_kept_before_questions_were_noted_were_of_one_day(empty_database: Boilerplate) -> None:
    migrate_to(empty_database, "0014")
    with empty_database.transaction() as connection:
        connection.execute(
            text("""INSERT INTO risk_runs (scope, kind, as_of, asked_for, computed_at, is_sample, inputs_hash, inputs,
                                           code_version, data_issues, report)
                    VALUES ('equity', 'daily', :day, :day, :at, false, 'a', '{}', '1', '[]', '{}')"""),
            {"day": FRIDAY, "at": AT_FOUR},
        )
        migrate(connection, empty_database.schema)
        found = load_run(connection, 1)
    assert found is not None
    assert found.asked == Asked(FRIDAY)


@pytest.mark.parametrize(("kind", "kept_as"), [(RunKind.DAILY, "daily"), (RunKind.ON_DEMAND, "on_demand")])
def test_of_two_that_keep_the_same_at_once_the_second_waits_and_finds_it(
    database: Boilerplate, kind: RunKind, kept_as: str
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as connection:
            assert save_run(connection, run("a", RunKind.ON_DEMAND)) == 1
            second = pool.submit(save, database, run("a", kind))
            deadline = time.monotonic() + PATIENCE
            while not is_waiting(database):
                assert time.monotonic() < deadline, "waited in vain"
        assert second.result(PATIENCE) == [None]
    assert rows(database, "SELECT run_id, kind FROM risk_runs") == [(1, kept_as)]
    assert rows(database, "SELECT count(*) FROM risk_run_measures") == [(1,)]


def test_a_daily_run_stays_daily_whoever_asks_for_it(database: Boilerplate) -> None:
    assert save(database, run("a"), run("a", RunKind.ON_DEMAND), run("a")) == [1, None, None]
    assert rows(database, "SELECT kind FROM risk_runs") == [("daily",)]


def test_a_var_over_ten_days_is_no_point_of_a_series(database: Boilerplate) -> None:
    on_demand = RunKind.ON_DEMAND
    save(database, run("a", on_demand), run("b", on_demand, Asked(FRIDAY, horizon_days=10), AT_FOUR + timedelta(1)))
    with database.transaction() as connection:
        assert [one.run_id for one in load_series(connection, "equity", "beta", "60d", None, None).points] == [1]


def test_the_last_snapshot_of_a_day_is_kept_longer_than_all_else_of_it(database: Boilerplate) -> None:
    """At four, at half past, at seven, and on a holiday that has no prices of its own."""
    later = [AT_FOUR + timedelta(minutes=minutes) for minutes in (30, 180)]
    save(database, run("a"), run("b", at=later[0]), run("c", at=later[1]))
    save(database, run("d", RunKind.ON_DEMAND, at=later[1]), run("e", asked=Asked(MONDAY), at=later[1] + timedelta(3)))
    with database.transaction() as connection:
        (shown,) = load_series(connection, "equity", "beta", "60d", None, None).points
        assert shown.run_id == 3
        assert prune_runs(connection, None, FRIDAY) == 0
        assert prune_runs(connection, None, MONDAY) == 3
    assert numbers(database) == [3, 5]
    with database.transaction() as connection:
        assert prune_runs(connection, FRIDAY, None) == 0
        assert prune_runs(connection, MONDAY, MONDAY + timedelta(1)) == 2
    assert numbers(database) == []


def test_each_scope_has_its_snapshot_and_the_samples_runs_go_once_there_are_real_ones(database: Boilerplate) -> None:
    save(database, run("a", is_sample=True), run("a", scope="mf", is_sample=True), run("b", scope="mf"))
    with database.transaction() as connection:
        assert prune_runs(connection, None, MONDAY) == 1
    assert numbers(database) == [1, 3]
