"""python -m app funds fetch | status, in this process, against AMFI's and the fund houses' sites on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import app.__main__ as command_line
from app.bootstrap import Services, build_services
from app.domain.fund_fetches import FetchWish, JobStatus
from app.scheduled_jobs import mf_holdings
from app.settings import Settings
from app.store.heartbeats import load_heartbeats
from tests.fakes.fund_sites import FakeSites, Reply
from tests.integration.conftest import NOW
from tests.integration.fund_fetching import (
    HDFC,
    HDFC_LIST,
    HDFC_SCHEMES,
    SBI,
    SBI_LIST,
    SEPTEMBER,
    hdfc_file,
    hold,
    publish,
    publish_hdfc,
)  # fmt: skip

Command = Callable[..., int]


@pytest.fixture
def sites() -> Iterator[FakeSites]:
    with FakeSites() as fake:
        publish(fake)
        yield fake


@pytest.fixture
def clock() -> list[datetime]:
    """The moment at which commands run; a test may change it."""
    return [NOW]


@pytest.fixture
def command(
    sites: FakeSites, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: list[datetime]
) -> Command:
    for name, value in environment(sites, database_url, tmp_path).items():
        monkeypatch.setenv(name, value)

    def build(settings: Settings) -> Services:
        return build_services(settings, lambda: clock[0])

    monkeypatch.setattr(command_line, "build_services", build)
    return lambda *arguments: command_line.main(list(arguments))


def environment(sites: FakeSites, database_url: str, folder: Path) -> dict[str, str]:
    return {"DATABASE_URL": database_url, "RISK_DATA_DIR": str(folder), "FUND_SITES_ROOT": sites.root}


def status(command: Command, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What ``funds status`` says of each house."""
    capsys.readouterr()
    assert command("funds", "status", "--json") == 0
    return {row["house"]: row for row in json.loads(capsys.readouterr().out)}


def test_a_partial_failure_is_told_with_the_age_of_what_stays_and_made_up_for_later(
    command: Command, sites: FakeSites, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(sites, SEPTEMBER)
    assert command("funds", "fetch", "--month", "2026-09", "--amc", "sbi", "--amc", "hdfc") == 0
    publish(sites)
    sites.put(HDFC_LIST, Reply(status=403))
    capsys.readouterr()
    assert command("funds", "fetch", "--amc", "sbi", "--amc", "hdfc") == 5
    said = capsys.readouterr().err
    assert "October 2026: 1 done, 1 refused" in said or "October 2026: 1 refused, 1 done" in said
    assert "HDFC Mutual Fund: the portfolios of 2026-09-30 stay in use, 51 days old" in said
    rows = status(command, capsys)
    assert (rows[SBI]["newest"], rows[SBI]["age_days"]) == ("2026-10-31", 20)
    assert (rows[HDFC]["newest"], rows[HDFC]["last"]["outcome"]) == ("2026-09-30", "refused")
    publish_hdfc(sites)
    sites.asked.clear()
    assert command("funds", "fetch", "--amc", "sbi", "--amc", "hdfc") == 0
    assert SBI_LIST not in sites.urls()
    assert status(command, capsys)[HDFC]["newest"] == "2026-10-31"


def test_status_is_readable_without_json(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("funds", "fetch", "--amc", "sbi") == 0
    capsys.readouterr()
    assert command("funds", "status") == 0
    said = capsys.readouterr().err
    assert "2026-10-31" in said
    assert "Edelweiss Mutual" in said


def test_a_month_that_is_none_and_one_that_is_not_over_are_refused(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command("funds", "fetch", "--month", "October")
    assert command("funds", "fetch", "--month", "2026-11") == 2
    assert "November 2026 is not over." in capsys.readouterr().err


def test_a_run_that_was_killed_goes_on_where_it_was(
    command: Command, sites: FakeSites, database_url: str, tmp_path: Path, services: Services
) -> None:
    sites.put(hdfc_file(1), Reply(hangs=True))
    program = [sys.executable, "-m", "tests.integration.fund_fetch_process", "hdfc"]
    with subprocess.Popen(program, env={**os.environ, **environment(sites, database_url, tmp_path)}) as run:
        wait_until(lambda: sites.times(hdfc_file(1)) > 0)
        run.kill()
    wait_until(lambda: newest_status(services) is JobStatus.STOPPED)
    publish_hdfc(sites)
    sites.asked.clear()
    assert command("funds", "fetch", "--amc", "hdfc") == 0
    assert [url for url in sites.urls() if url.startswith("files.")] == [hdfc_file(1), hdfc_file(2)]
    with services.database.transaction() as connection:
        names = set(connection.scalars(text("SELECT name FROM risk_disclosures WHERE quarantined IS NULL")))
    assert names == set(HDFC_SCHEMES)


def newest_status(services: Services) -> JobStatus | None:
    job = services.funds.newest_job()
    return job.status if job else None


def wait_until(holds: Callable[[], bool]) -> None:
    """Looks again and again, for a minute at most."""
    pause = threading.Event()
    for _ in range(3000):
        if holds():
            return
        pause.wait(0.02)
    raise AssertionError("it never came")


def test_the_job_asks_nobody_while_no_funds_are_held(
    sites: FakeSites, database_url: str, tmp_path: Path, command: Command
) -> None:
    assert command("job", "mf_holdings") == 0
    assert sites.asked == []


def test_the_job_polls_until_the_month_is_in_and_notes_how_it_went(
    command: Command, sites: FakeSites, services: Services, clock: list[datetime]
) -> None:
    hold(services.database, "INF200K01QX4", SBI, "SBI Contra Fund")
    publish(sites, SEPTEMBER)
    sites.put(SBI_LIST, "<html></html>")
    for day in range(3):
        clock[0] = NOW + timedelta(days=day)
        assert command("job", "mf_holdings") == 0
        assert heartbeat(services) == ("ok", "October 2026: 1 not published")
    publish(sites)
    clock[0] = NOW + timedelta(days=3)
    assert command("job", "mf_holdings") == 0
    assert heartbeat(services) == ("ok", "October 2026: 1 done")
    sites.asked.clear()
    assert command("job", "mf_holdings") == 0
    assert sites.asked == []


def heartbeat(services: Services) -> tuple[str, str]:
    with services.database.transaction() as connection:
        return next((beat.status, beat.detail) for beat in load_heartbeats(connection) if beat.job == mf_holdings.NAME)


def test_the_job_leaves_a_run_that_is_under_way_alone(services: Services) -> None:
    hold(services.database, "INF200K01QX4", SBI, "SBI Contra Fund")
    begun = services.funds.begin(FetchWish(houses=("edelweiss",)))
    assert "being fetched just now" in mf_holdings.run(services)
    services.funds.carry_out(begun)
