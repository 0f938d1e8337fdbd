from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import text

from app.bootstrap import Services
from app.store.heartbeats import Heartbeat, save_heartbeat
from tests.integration.conftest import NOW


def test_a_migrated_database_is_healthy(empty_client: FlaskClient) -> None:
    answer = empty_client.get("/api/health")
    assert answer.status_code == 200
    assert answer.get_json() == {"status": "ok", "detail": "", "jobs": {}}
    assert answer.headers["Cache-Control"] == "no-store"


def test_it_says_when_each_job_last_ran_and_nothing_of_the_book(empty_client: FlaskClient, services: Services) -> None:
    with services.database.transaction() as connection:
        save_heartbeat(connection, Heartbeat("daily_risk", NOW, "error", "InputFileError: your-book.csv"))
    answer = empty_client.get("/api/health")
    assert answer.get_json()["jobs"] == {"daily_risk": {"last_run": "2026-11-20T13:00:00+00:00", "status": "error"}}


def test_a_database_of_an_older_release_asks_for_a_migration(empty_client: FlaskClient, services: Services) -> None:
    with services.database.transaction() as connection:
        connection.execute(text("UPDATE risk_schema_migrations SET version_num = '0001'"))
    answer = empty_client.get("/api/health")
    assert answer.status_code == 503
    assert (answer.get_json()["status"], "python -m app migrate" in answer.get_json()["detail"]) == ("migrate", True)


def test_a_database_that_is_not_there_is_named(lonely_client: FlaskClient) -> None:
    answer = lonely_client.get("/api/health")
    assert (answer.status_code, answer.get_json()["status"]) == (503, "database")
    assert "127.0.0.1" not in answer.text
