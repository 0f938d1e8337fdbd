"""python -m app kite login | sync | status, in this process, against the fake Kite."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import text

import app.__main__ as command_line
from app.Boilerplate import Boilerplate
from app.bootstrap import Services, build_services
from app.domain.market_hours import IST
from app.ingest.kite_holdings import SLOT
from app.scheduled_jobs import kite_sync
from app.settings import Settings
from tests.fakes.kite import BAD_ANSWERS, FakeKite
from tests.integration.importing import rows
from tests.integration.ingest.kite_run import MORNING, kite_market, own, share_names

Command = Callable[..., int]
SECRET = "secretcanary0123456789"


@pytest.fixture
def kite() -> Iterator[FakeKite]:
    with FakeKite(kite_market(share_names(2)), api_secret=SECRET, now=lambda: MORNING) as fake:
        yield fake


@pytest.fixture
def opened(kite: FakeKite, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Services]:
    """Every set of services that a command opened."""
    for name, value in {
        "DATABASE_URL": database_url,
        "RISK_DATA_DIR": str(tmp_path),
        "KITE_API_KEY": kite.logins.api_key,
        "KITE_API_SECRET": SECRET,
        "KITE_API_ROOT": kite.api_root,
        "KITE_WS_ROOT": kite.ws_root,
    }.items():
        monkeypatch.setenv(name, value)
    made: list[Services] = []

    def build(settings: Settings) -> Services:
        made.append(build_services(settings, kite.now))
        return made[-1]

    monkeypatch.setattr(command_line, "build_services", build)
    return made


@pytest.fixture
def command(opened: list[Services]) -> Command:
    """The command line at the fake's time."""
    return lambda *arguments: command_line.main(list(arguments))


@pytest.fixture
def logged_in(command: Command, kite: FakeKite, capsys: pytest.CaptureFixture[str]) -> Command:
    assert command("kite", "login", "--request-token", kite.logins.new_request_token()) == 0
    capsys.readouterr()
    return command


def status(command: Command, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert command("kite", "status", "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_login_prints_the_address_and_then_finishes_with_the_request_token(
    command: Command, kite: FakeKite, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("kite", "login") == 0
    printed = capsys.readouterr()
    assert printed.out.strip().startswith("https://kite.zerodha.com/connect/login?")
    assert SECRET not in printed.out + printed.err
    page = printed.out.strip().replace("https://kite.zerodha.com/connect/login", kite.login_root)
    back = requests.get(page, allow_redirects=False, timeout=20).headers["Location"]
    token = back.split("request_token=")[1].split("&")[0]
    assert command("kite", "login", "--request-token", token) == 0
    said = capsys.readouterr().err
    assert "Logged in to Kite as AB1234 until 24 Nov 06:00 India time." in said
    assert token not in said


def test_the_request_token_can_come_from_standard_input(
    command: Command, kite: FakeKite, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{kite.logins.new_request_token()}\n"))
    assert command("kite", "login", "--request-token", "-") == 0
    assert "Logged in to Kite" in capsys.readouterr().err


def test_a_used_request_token_is_refused_with_the_remedy(
    command: Command, kite: FakeKite, capsys: pytest.CaptureFixture[str]
) -> None:
    token = kite.logins.new_request_token()
    assert command("kite", "login", "--request-token", token) == 0
    assert command("kite", "login", "--request-token", token) == 6
    said = capsys.readouterr().err
    assert "error: Kite refuses this login" in said
    assert token not in said


def test_without_a_key_the_command_says_what_is_missing(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KITE_API_KEY")
    monkeypatch.delenv("KITE_API_SECRET")
    assert command("kite", "login") == 6
    assert "There is no Kite API key yet" in capsys.readouterr().err
    assert status(command, capsys)["login"]["status"] == "not_configured"


def test_status_on_a_fresh_installation_says_what_is_missing(
    command: Command, empty_database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    found = status(command, capsys)
    assert (found["login"]["status"], found["feeds"], found["counts"]["holdings"]) == ("login_needed", [], 0)
    monkeypatch.delenv("KITE_API_KEY")
    monkeypatch.delenv("KITE_API_SECRET")
    assert status(command, capsys)["login"]["status"] == "not_configured"


def test_sync_brings_everything_and_status_tells_of_it(logged_in: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert logged_in("kite", "sync", "--only", "holdings") == 0
    assert logged_in("kite", "sync", "--only", "prices") == 0
    assert "Kite holdings: ok, 2 shares" in capsys.readouterr().err
    found = status(logged_in, capsys)
    assert found["login"]["status"] == "logged_in"
    assert found["login"]["expires_at"] == "2026-11-24T06:00:00+05:30"
    assert found["counts"]["holdings"] == 2
    assert found["counts"]["series"] == 3
    assert found["counts"]["candles"] > 3 * 700
    feeds = {feed["name"]: feed for feed in found["feeds"]}
    assert feeds["kite_holdings"]["age_hours"] == 0.0
    assert feeds["kite_prices"]["as_of"] == "2026-11-22"
    assert found["next_expiry"] is None
    assert logged_in("kite", "sync", "--only", "instruments") == 0
    assert status(logged_in, capsys)["next_expiry"] == "2026-11-23"


def test_status_for_people_names_ages_and_the_reason(
    logged_in: Command, kite: FakeKite, capsys: pytest.CaptureFixture[str]
) -> None:
    assert logged_in("kite", "sync", "--only", "holdings") == 0
    kite.now = lambda: MORNING + timedelta(days=1)
    assert logged_in("kite", "status") == 0
    said = capsys.readouterr().err
    assert "Kite: login needed. The Kite login ended at 06:00" in said
    assert "Kite holdings: ok, 24.0 hours old. 2 shares" in said


def test_past_six_no_call_leaves_and_the_exit_code_says_login(
    logged_in: Command, kite: FakeKite, capsys: pytest.CaptureFixture[str]
) -> None:
    kite.now = lambda: datetime(2026, 11, 24, 6, 0, tzinfo=IST)
    calls = len(kite.calls)
    assert logged_in("kite", "sync") == 6
    assert len(kite.calls) == calls
    feeds = {feed["name"]: feed["status"] for feed in status(logged_in, capsys)["feeds"]}
    assert set(feeds.values()) == {"login_needed"}
    assert len(feeds) == 6


def test_a_doubtful_answer_ends_with_the_way_to_accept_it(
    logged_in: Command, kite: FakeKite, capsys: pytest.CaptureFixture[str]
) -> None:
    assert logged_in("kite", "sync", "--only", "holdings") == 0
    own(kite.market)
    assert logged_in("kite", "sync", "--only", "holdings") == 5
    said = capsys.readouterr().err
    assert "Kite holdings: held back, Kite's answer is not believed: it is empty" in said
    assert "kite sync --accept" in said
    assert logged_in("kite", "sync", "--only", "holdings", "--accept") == 5, "seconds later is no second answer"
    kite.now = lambda: MORNING + SLOT
    assert logged_in("kite", "sync", "--only", "holdings", "--accept") == 0
    assert status(logged_in, capsys)["counts"]["holdings"] == 0


def test_the_job_fetches_and_leaves_a_heartbeat(
    logged_in: Command, kite: FakeKite, database: Boilerplate, capsys: pytest.CaptureFixture[str]
) -> None:
    kite.api.market_data = False
    assert logged_in("job", "kite_sync") == 0
    assert capsys.readouterr().err == "5 ok, 1 not_allowed\n"
    assert rows(database, "SELECT job, status FROM risk_heartbeats") == [("kite_sync", "ok")]
    kite.logins.end()
    assert logged_in("job", "kite_sync") == 0
    assert capsys.readouterr().err.startswith("login needed: ")
    assert rows(database, "SELECT job, status FROM risk_heartbeats") == [("kite_sync", "error")]


def test_the_job_without_a_key_has_nothing_to_do(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KITE_API_KEY")
    monkeypatch.delenv("KITE_API_SECRET")
    assert command("job", "kite_sync") == 0
    assert capsys.readouterr().err == "Kite is not set up: nothing to do\n"


def test_a_login_after_a_missed_morning_is_made_up_for(
    command: Command, kite: FakeKite, opened: list[Services], capsys: pytest.CaptureFixture[str]
) -> None:
    def due() -> bool:
        with command_line._services() as services:
            return kite_sync.is_due(services)

    assert not due()
    assert command("kite", "sync", "--only", "holdings") == 6
    assert not due()
    kite.now = lambda: MORNING + timedelta(minutes=30)
    assert command("kite", "login", "--request-token", kite.logins.new_request_token()) == 0
    assert due()
    kite.now = lambda: MORNING + timedelta(minutes=31)
    assert command("kite", "sync", "--only", "holdings") == 0
    assert not due()


def test_a_feed_that_failed_is_tried_again_after_a_pause(
    logged_in: Command, kite: FakeKite, capsys: pytest.CaptureFixture[str]
) -> None:
    def due() -> bool:
        with command_line._services() as services:
            return kite_sync.is_due(services)

    kite.fail("/user/margins", BAD_ANSWERS["null"])
    kite.now = lambda: MORNING + timedelta(minutes=1)
    assert logged_in("kite", "sync", "--only", "holdings") == 5
    assert "Kite margins: failed" in capsys.readouterr().err
    assert not due()
    kite.now = lambda: MORNING + timedelta(minutes=16)
    assert due()


def test_an_answer_held_back_is_looked_at_again_after_a_pause(logged_in: Command, kite: FakeKite) -> None:
    def due() -> bool:
        with command_line._services() as services:
            return kite_sync.is_due(services)

    kite.now = lambda: MORNING + timedelta(minutes=1)
    assert logged_in("kite", "sync", "--only", "holdings") == 0
    own(kite.market)
    assert logged_in("kite", "sync", "--only", "holdings") == 5
    assert not due()
    kite.now = lambda: MORNING + timedelta(minutes=16)
    assert due()


def test_no_secret_is_in_the_database_or_in_what_is_printed(
    logged_in: Command, kite: FakeKite, database: Boilerplate, capsys: pytest.CaptureFixture[str]
) -> None:
    assert logged_in("kite", "sync", "--only", "holdings") == 0
    assert logged_in("kite", "status") == 0
    assert logged_in("kite", "status", "--json") == 0
    printed = capsys.readouterr()
    with database.transaction() as connection:
        tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'my_schema'")).all()
        stored = "".join(
            str(connection.scalar(text(f"SELECT string_agg(t::text, ' ') FROM my_schema.{table} t")))
            for table in tables
        )
    token = kite.logins.access_token
    assert token
    for secret in (SECRET, token):
        assert secret not in printed.out + printed.err + stored
