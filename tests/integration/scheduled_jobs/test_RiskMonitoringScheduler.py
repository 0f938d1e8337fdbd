from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

import psycopg2
import pytest
from sqlalchemy.exc import SQLAlchemyError

from app.Boilerplate import Boilerplate
from app.bootstrap import build_services
from app.domain.errors import RiskError
from app.scheduled_jobs.RiskMonitoringScheduler import DUE, JOBS, RiskMonitoringScheduler
from app.settings import read_settings
from app.store.heartbeats import load_heartbeats


@pytest.mark.parametrize(
    "fault",
    [KeyError("x"), ValueError("x"), TypeError("x"), psycopg2.DataError("x"), RiskError("x"), SQLAlchemyError("x")],
)
def test_a_job_that_fails_in_any_way_is_noted_and_the_schedule_goes_on(
    database: Boilerplate, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(_: object) -> NoReturn:
        raise fault

    services = replace(build_services(read_settings({})), database=database)
    scheduler = RiskMonitoringScheduler(services)
    monkeypatch.setitem(JOBS, "kite_sync", fail)
    monkeypatch.setitem(DUE, "eod_prices", fail)
    scheduler.run_job("kite_sync")
    scheduler.catch_up("eod_prices")
    with database.transaction() as connection:
        beats = load_heartbeats(connection)
    assert [(beat.job, beat.status) for beat in beats] == [("eod_prices", "error"), ("kite_sync", "error")]
    assert beats[0].detail == type(fault).__name__ or beats[0].detail.startswith(f"{type(fault).__name__} in ")
