"""The password of the screen, and what a stranger sees of it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from app.api import login
from app.bootstrap import Services, build_services
from app.KiteAccessToken import create_app
from app.settings import read_settings
from app.store.logins import IDLE_LIMIT, SESSION_LIFE
from tests.integration.api.kite_browser import COOKIE, SAME_ORIGIN, Browser, Clock, hidden_fields

PASSWORD = "correct horse battery staple"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
NOON = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "RISK_DATA_DIR": str(tmp_path),
        "HOST": "192.168.1.5",
        "RISK_PASSWORD_HASH": HASH,
    }


@pytest.fixture
def services(environ: dict[str, str], clock: Clock) -> Iterator[Services]:
    built = build_services(read_settings(environ), clock)
    yield built
    built.close()


def log_in(browser: Browser, password: str = PASSWORD) -> int:
    return browser.submit("/login", "/login", password=password).status_code


@pytest.mark.parametrize("path", ["/", "/holdings", "/settings", "/api", "/nothing", "/kite/banner"])
def test_a_stranger_is_sent_to_the_login(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code in {303, 401}
    assert "Nifty" not in answer.text
    if answer.status_code == 303:
        assert answer.headers["Location"] == "/login"


def test_a_stranger_who_opens_the_page_of_the_api_is_sent_to_the_login(browser: Browser) -> None:
    answer = browser.get("/api")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")


@pytest.mark.parametrize("path", ["/api/risk/equity", "/api/openapi.json", "/api/nothing"])
def test_a_stranger_gets_a_problem_from_the_api(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")


def test_a_stranger_may_see_the_login_page_the_files_of_the_screen_and_the_health(browser: Browser) -> None:
    assert browser.get("/login").status_code == 200
    assert browser.get("/api/health").status_code == 200
    assert browser.get("/assets/none.css").status_code == 404


def test_every_route_that_a_stranger_may_use_is_named_here(services: Services) -> None:
    app = create_app(services)
    client = app.test_client()
    open_routes = set()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        answer = client.get(path) if "GET" in (rule.methods or set()) else client.post(path)
        if answer.status_code not in {303, 401, 403}:
            open_routes.add(path)
    assert open_routes == {"/login", "/kite/callback", "/api/health", "/assets/x"}


def test_the_right_password_opens_the_screen(browser: Browser) -> None:
    assert log_in(browser) == 303
    assert browser.get("/settings").status_code == 200
    assert browser.get("/login").headers["Location"] == "/"


@pytest.mark.parametrize("wrong", ["", "correct horse battery stapl", PASSWORD + " ", PASSWORD.upper(), "x" * 1025])
def test_a_wrong_password_opens_nothing(browser: Browser, wrong: str) -> None:
    assert log_in(browser, wrong) == 403
    assert browser.get("/settings").status_code == 303


def test_the_cookie_holds_an_opaque_id_of_256_bits_and_scripts_cannot_read_it(browser: Browser) -> None:
    browser.submit("/login", "/login", password=PASSWORD)
    header = browser.seen[-1].headers["Set-Cookie"]
    assert len(base64.urlsafe_b64decode(str(browser.cookie) + "=")) == 32
    assert {part.strip() for part in header.split(";")} >= {"HttpOnly", "SameSite=Strict", "Path=/"}
    assert "Domain" not in header


def test_the_id_changes_with_the_login_and_the_old_one_opens_nothing(browser: Browser) -> None:
    browser.get("/login")
    before = browser.cookie
    log_in(browser)
    assert browser.cookie != before
    fixed = browser.client.application.test_client()
    fixed.set_cookie(COOKIE, str(before))
    assert Browser(fixed).get("/settings").status_code == 303


def test_an_id_that_an_attacker_chose_is_not_the_id_after_the_login(browser: Browser) -> None:
    browser.client.set_cookie(COOKIE, "chosen-by-somebody-else")
    log_in(browser)
    assert browser.cookie != "chosen-by-somebody-else"


def test_logging_out_ends_the_session_here_and_wherever_the_cookie_was_copied(browser: Browser) -> None:
    log_in(browser)
    copied = browser.cookie
    assert browser.submit("/settings", "/logout").headers["Location"] == "/login"
    thief = browser.client.application.test_client()
    thief.set_cookie(COOKIE, str(copied))
    assert Browser(thief).get("/settings").status_code == 303


def test_a_session_ends_without_visits(browser: Browser, clock: Clock) -> None:
    log_in(browser)
    clock.now += IDLE_LIMIT - timedelta(minutes=1)
    assert browser.get("/settings").status_code == 200
    clock.now += IDLE_LIMIT - timedelta(minutes=1)
    assert browser.get("/settings").status_code == 200
    clock.now += IDLE_LIMIT
    assert browser.get("/settings").status_code == 303


def test_a_session_ends_after_a_week_however_busy(browser: Browser, clock: Clock) -> None:
    log_in(browser)
    while clock.now < NOON + SESSION_LIFE - timedelta(hours=6):
        clock.now += timedelta(hours=6)
        assert browser.get("/settings").status_code == 200
    clock.now = NOON + SESSION_LIFE
    assert browser.get("/settings").status_code == 303


def test_a_new_password_ends_every_session(environ: dict[str, str], clock: Clock, browser: Browser) -> None:
    log_in(browser)
    for changed, status in ((HASH, 200), (PasswordHasher(1, 8, 1).hash("another of many characters"), 303)):
        later = build_services(read_settings(environ | {"RISK_PASSWORD_HASH": changed}), clock)
        client = create_app(later).test_client()
        client.set_cookie(COOKIE, str(browser.cookie))
        assert Browser(client).get("/settings").status_code == status
        later.close()


def test_a_password_in_a_file_works_and_its_sessions_outlive_a_restart(
    environ: dict[str, str], clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text(PASSWORD + "\n")
    del environ["RISK_PASSWORD_HASH"]
    environ["RISK_PASSWORD_FILE"] = str(tmp_path / "password")
    first = build_services(read_settings(environ), clock)
    browser = Browser(create_app(first).test_client())
    assert log_in(browser) == 303
    first.close()
    second = build_services(read_settings(environ), clock)
    client = create_app(second).test_client()
    client.set_cookie(COOKIE, str(browser.cookie))
    assert Browser(client).get("/settings").status_code == 200
    second.close()


def test_the_database_holds_no_id_and_no_password(browser: Browser, services: Services) -> None:
    log_in(browser)
    with services.database.transaction() as connection:
        rows = str(connection.execute(text("SELECT t::text FROM risk_web_sessions t")).all())
    assert str(browser.cookie) not in rows
    assert HASH not in rows


def test_of_a_thousand_guesses_a_handful_is_looked_at(
    browser: Browser, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def look(password: str, _: str) -> bool:
        looked.append(password)
        return False

    monkeypatch.setattr(login, "password_matches", look)
    fields = hidden_fields(browser.get("/login").text, "/login")

    def guess(number: int) -> int:
        client = browser.client.application.test_client()
        client.set_cookie(COOKIE, str(browser.cookie))
        return client.post("/login", data={**fields, "password": f"guess {number}"}, headers=SAME_ORIGIN).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(guess, range(1000)))
    assert len(looked) == 5
    assert sorted(answers) == [403] * 5 + [429] * 995


def test_the_wait_doubles_up_to_a_quarter_of_an_hour_and_a_forged_address_does_not_help(
    browser: Browser, clock: Clock
) -> None:
    waits = []
    for number in range(20):
        log_in(browser, "wrong")
        fields = hidden_fields(browser.get("/login").text, "/login") | {"password": PASSWORD}
        headers = {**SAME_ORIGIN, "X-Forwarded-For": f"10.0.0.{number}"}
        if number < 4:
            continue
        answer = browser.client.post("/login", data=fields, headers=headers)
        assert answer.status_code == 429
        waits.append(int(answer.headers["Retry-After"]))
        clock.now += timedelta(seconds=waits[-1])
    assert waits[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert waits[10:] == [900] * 6
    assert log_in(browser) == 303


def test_the_right_password_forgets_the_wrong_ones(browser: Browser) -> None:
    for _ in range(2):
        for _ in range(4):
            assert log_in(browser, "wrong") == 403
        assert log_in(browser) == 303
        browser.submit("/settings", "/logout")


def test_many_addresses_together_wait_too(browser: Browser) -> None:
    fields = hidden_fields(browser.get("/login").text, "/login") | {"password": "wrong"}
    answers = [
        browser.client.post(
            "/login", data=fields, headers=SAME_ORIGIN, environ_base={"REMOTE_ADDR": f"10.0.0.{number}"}
        ).status_code
        for number in range(52)
    ]
    assert answers == [403] * 50 + [429] * 2


def test_a_session_cannot_be_checked_without_its_database_and_nobody_is_let_in(
    environ: dict[str, str], clock: Clock
) -> None:
    away = build_services(read_settings(environ | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}), clock)
    client = create_app(away).test_client()
    client.set_cookie(COOKIE, "anything")
    assert client.get("/settings").status_code == 503
    assert client.get("/api/risk/equity").status_code == 503
    away.close()


def test_on_this_machine_alone_nobody_is_asked(environ: dict[str, str], clock: Clock) -> None:
    del environ["HOST"], environ["RISK_PASSWORD_HASH"]
    local = build_services(read_settings(environ), clock)
    browser = Browser(create_app(local).test_client())
    assert browser.get("/settings").status_code == 200
    assert browser.get("/login").headers["Location"] == "/"
    token = hidden_fields(browser.get("/settings").text, "/settings/kite")["csrf_token"]
    assert browser.post("/login", csrf_token=token, password="").status_code == 403
    local.close()


def test_a_password_is_asked_for_on_this_machine_too_where_one_is_set(environ: dict[str, str], clock: Clock) -> None:
    del environ["HOST"]
    local = build_services(read_settings(environ), clock)
    assert Browser(create_app(local).test_client()).get("/").headers["Location"] == "/login"
    local.close()
