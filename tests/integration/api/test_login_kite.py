"""The login to Kite over real sockets and a real database, as a browser goes through it."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import text

from app.bootstrap import Services, build_services
from app.domain.kite_errors import KiteUnavailable, LoginNeeded
from app.domain.kite_login import LoginStatus
from app.domain.market_hours import IST
from app.KiteAccessToken import create_app
from app.settings import read_settings
from tests.fakes.kite import BadAnswer, FakeInstrument, FakeKite, FakeMarket, Trouble
from tests.fakes.kite.market import holding_row
from tests.integration.api.kite_browser import Browser, Clock, hidden_fields, query_of

MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=IST)
KEY, SECRET = "canarykey7Q2", "canarysecret9ZX31"
USER = "AB1234"


@pytest.fixture
def clock() -> Clock:
    return Clock(MORNING.astimezone(UTC))


@pytest.fixture
def kite(clock: Clock) -> Iterator[FakeKite]:
    market = FakeMarket(
        [FakeInstrument(408065, "NSE", "INFY", 1515.0, 1500.0)],
        [holding_row("INFY", "NSE", "INE009A01021", 10, 1400.0)],
    )
    with FakeKite(market, KEY, SECRET, now=clock) as fake:
        yield fake


@pytest.fixture
def environ(kite: FakeKite, database_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "RISK_DATA_DIR": str(tmp_path),
        "KITE_API_ROOT": kite.api_root,
        "KITE_LOGIN_ROOT": kite.login_root,
        "KITE_API_KEY": KEY,
        "KITE_API_SECRET": SECRET,
    }


@pytest.fixture
def services(environ: dict[str, str], clock: Clock) -> Iterator[Services]:
    built = build_services(read_settings(environ), clock)
    yield built
    built.close()


def dump(services: Services) -> bytes:
    """Every row of every table, as text."""
    with services.database.transaction() as connection:
        names = connection.scalars(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'my_schema'")
        ).all()
        rows = [str(row[0]) for name in names for row in connection.execute(text(f'SELECT t::text FROM "{name}" t'))]
    return "\n".join(rows).encode()


def test_a_login_goes_from_the_button_over_kite_to_a_source_that_answers(browser: Browser, services: Services) -> None:
    assert services.kite.state().status is LoginStatus.LOGIN_NEEDED
    answer = browser.log_in_to_kite()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings")
    state = services.kite.state()
    assert (state.status, state.user_id, state.reason) == (LoginStatus.LOGGED_IN, USER, "")
    assert state.logged_in_at == MORNING
    assert state.expires_at == datetime(2026, 11, 24, 6, 0, tzinfo=IST)
    assert [holding.symbol for holding in services.kite.source().holdings().rows] == ["INFY"]
    assert "Logged in as AB1234 until 24 November, 06:00 India time" in browser.get("/settings").text


def test_the_browser_id_changes_with_the_login(browser: Browser) -> None:
    browser.get("/settings")
    before = browser.cookie
    browser.log_in_to_kite()
    assert before
    assert browser.cookie not in {None, before}


def test_kite_is_told_the_state_and_it_is_no_id_of_the_session(browser: Browser) -> None:
    asked = query_of(browser.submit("/settings", "/kite/login").headers["Location"])
    state = dict(parse_qsl(asked["redirect_params"]))["state"]
    assert (asked["api_key"], asked["v"]) == (KEY, "3")
    assert len(base64.urlsafe_b64decode(state + "=")) == 32
    assert state != browser.cookie


@pytest.mark.parametrize("forged", ["", "x" * 43, "not a state"])
def test_a_state_nobody_was_given_is_refused_before_kite_is_asked(
    browser: Browser, kite: FakeKite, services: Services, forged: str
) -> None:
    browser.get("/settings")
    answer = browser.post("/kite/session", request_token=kite.logins.new_request_token(), state=forged)
    assert answer.status_code == 403
    assert not [call for call in kite.calls if call.path == "/session/token"]
    assert services.kite.state().status is LoginStatus.LOGIN_NEEDED


def test_a_state_counts_once(browser: Browser, kite: FakeKite) -> None:
    landing = browser.come_back(browser.visit_kite(browser.submit("/settings", "/kite/login").headers["Location"]))
    fields = hidden_fields(landing.text, "/kite/session")
    assert browser.post("/kite/session", **fields).status_code == 303
    again = fields | {"request_token": kite.logins.new_request_token()}
    assert browser.post("/kite/session", **again).status_code == 403


def test_a_state_counts_only_in_the_browser_it_was_given_to(browser: Browser, services: Services) -> None:
    landing = browser.come_back(browser.visit_kite(browser.submit("/settings", "/kite/login").headers["Location"]))
    fields = hidden_fields(landing.text, "/kite/session")
    other = Browser(browser.client.application.test_client())
    other.get("/settings")
    refused = other.post("/kite/session", **fields)
    assert (refused.status_code, "Start it again" in refused.text) == (403, True)
    assert browser.post("/kite/session", **fields).status_code == 403, "a stolen state is spent"
    assert services.kite.state().status is LoginStatus.LOGIN_NEEDED


@pytest.mark.parametrize(("seconds", "status"), [(299, 303), (300, 403)])
def test_a_state_lives_five_minutes(browser: Browser, clock: Clock, kite: FakeKite, seconds: int, status: int) -> None:
    page = browser.submit("/settings", "/kite/login").headers["Location"]
    clock.now += timedelta(seconds=seconds)
    landing = browser.come_back(browser.visit_kite(page))
    assert browser.post("/kite/session", **hidden_fields(landing.text, "/kite/session")).status_code == status


@pytest.mark.parametrize(
    "query",
    ["", "status=cancelled", "request_token=abcdefgh12", "state=abcdefgh12", "request_token=<b>&state=abcdefgh"],
)
def test_a_callback_that_is_not_whole_says_so_and_shows_no_form(browser: Browser, query: str) -> None:
    answer = browser.come_back(f"/kite/callback?{query}")
    assert answer.status_code == 400
    assert "<form" not in answer.text
    assert "<b>&" not in answer.text


def test_the_callback_alone_changes_nothing(browser: Browser, services: Services, kite: FakeKite) -> None:
    page = browser.submit("/settings", "/kite/login").headers["Location"]
    before = dump(services)
    landing = browser.come_back(browser.visit_kite(page))
    assert landing.headers["Referrer-Policy"] == "no-referrer"
    assert landing.headers["Cache-Control"] == "no-store"
    assert dump(services) == before
    assert not [call for call in kite.calls if call.path == "/session/token"]


def test_kite_ends_the_login_at_six_and_nobody_is_asked_any_more(
    browser: Browser, services: Services, clock: Clock, kite: FakeKite
) -> None:
    browser.log_in_to_kite()
    source = services.kite.source()
    clock.now = datetime(2026, 11, 24, 5, 59, 59, tzinfo=IST)
    source.profile()
    calls = len(kite.calls)
    clock.now = datetime(2026, 11, 24, 6, 0, tzinfo=IST)
    with pytest.raises(LoginNeeded):
        source.holdings()
    with pytest.raises(LoginNeeded, match="06:00"):
        services.kite.source()
    with pytest.raises(LoginNeeded, match="06:00"):
        services.kite.access_token()
    assert len(kite.calls) == calls
    state = services.kite.state()
    assert (state.status, state.user_id) == (LoginStatus.LOGIN_NEEDED, USER)
    assert "06:00" in browser.get("/kite/banner").text
    assert browser.log_in_to_kite().status_code == 303
    assert source.holdings().rows, "a source made before the new login uses it"


def test_a_token_that_kite_refuses_is_forgotten_at_once_in_every_process(
    browser: Browser, services: Services, environ: dict[str, str], clock: Clock, kite: FakeKite
) -> None:
    browser.log_in_to_kite()
    kite.logins.end()
    with pytest.raises(LoginNeeded) as refusal:
        services.kite.source().holdings()
    services.kite.rejected(refusal.value)
    other = build_services(read_settings(environ), clock)
    assert other.kite.state().status is LoginStatus.LOGIN_NEEDED
    assert "Kite refuses" in other.kite.state().reason
    other.close()


def test_a_late_refusal_of_the_old_token_leaves_the_new_login_alone(
    browser: Browser, services: Services, kite: FakeKite
) -> None:
    browser.log_in_to_kite()
    services.kite.access_token()
    services.kite.finish_login(kite.logins.new_request_token())
    services.kite.rejected(LoginNeeded())
    assert services.kite.state().is_logged_in


def test_other_trouble_does_not_end_the_login(browser: Browser, services: Services) -> None:
    browser.log_in_to_kite()
    services.kite.rejected(KiteUnavailable("holdings", "no answer in time"))
    assert services.kite.state().is_logged_in


def test_logging_out_ends_the_login_at_kite_too(browser: Browser, services: Services, kite: FakeKite) -> None:
    browser.log_in_to_kite()
    assert browser.submit("/settings", "/kite/logout").status_code == 303
    assert kite.logins.access_token is None
    assert (services.kite.state().status, services.kite.state().reason) == (
        LoginStatus.LOGIN_NEEDED,
        "Logged out of Kite.",
    )


def test_logging_out_works_while_kite_is_away(browser: Browser, services: Services, kite: FakeKite) -> None:
    browser.log_in_to_kite()
    kite.fail("/session/token", BadAnswer(0, "away", 503, b"away", "text/plain"))
    assert browser.submit("/settings", "/kite/logout").status_code == 303
    assert services.kite.state().status is LoginStatus.LOGIN_NEEDED
    assert "could not be told" in services.kite.state().reason


@pytest.mark.parametrize("trouble", [Trouble.CONNECTION_ERROR, Trouble.BROKEN_CHUNK])
@pytest.mark.parametrize("path", ["/session/token", "/user/profile"])
def test_a_login_that_kite_does_not_finish_keeps_nothing(
    browser: Browser, services: Services, kite: FakeKite, path: str, trouble: Trouble
) -> None:
    kite.fail(path, BadAnswer(0, "broken", trouble=trouble), times=3)
    answer = browser.log_in_to_kite()
    assert answer.status_code == 502
    assert services.kite.state().status is LoginStatus.LOGIN_NEEDED


def test_a_request_token_used_before_is_refused(browser: Browser, services: Services, kite: FakeKite) -> None:
    callback = browser.visit_kite(browser.submit("/settings", "/kite/login").headers["Location"])
    kite.logins._requested.clear()
    answer = browser.post("/kite/session", **hidden_fields(browser.come_back(callback).text, "/kite/session"))
    assert answer.status_code == 502
    assert "Kite refuses this login" in answer.text
    assert services.kite.state().status is LoginStatus.LOGIN_NEEDED


def test_a_kite_user_who_is_not_on_the_list_stays_outside_and_the_token_is_ended(
    environ: dict[str, str], clock: Clock, kite: FakeKite
) -> None:
    services = build_services(read_settings(environ | {"HOST": "192.168.1.5", "KITE_USER_IDS": "zz9999"}), clock)
    stranger = Browser(create_app(services).test_client())
    answer = stranger.log_in_to_kite("/login")
    assert answer.status_code == 403
    assert "may not log in here" in answer.text
    assert kite.logins.access_token is None
    assert stranger.get("/").headers["Location"] == "/login"
    assert services.kite.state().status is LoginStatus.LOGIN_NEEDED
    services.close()


def test_a_kite_user_on_the_list_is_let_in_until_taken_from_it(environ: dict[str, str], clock: Clock) -> None:
    services = build_services(read_settings(environ | {"HOST": "0.0.0.0", "KITE_USER_IDS": "zz9999, ab1234"}), clock)
    browser = Browser(create_app(services).test_client())
    assert browser.get("/settings").headers["Location"] == "/login"
    browser.log_in_to_kite("/login")
    assert browser.get("/settings").status_code == 200
    services.close()
    fewer = build_services(read_settings(environ | {"HOST": "0.0.0.0", "KITE_USER_IDS": "zz9999"}), clock)
    later = create_app(fewer).test_client()
    later.set_cookie("risk_session", browser.cookie or "")
    assert Browser(later).get("/settings").headers["Location"] == "/login"
    fewer.close()


def test_without_a_list_a_kite_login_opens_nothing(environ: dict[str, str], clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a password of many characters")
    more = {"HOST": "192.168.1.5", "RISK_PASSWORD_FILE": str(tmp_path / "password")}
    services = build_services(read_settings(environ | more), clock)
    stranger = Browser(create_app(services).test_client())
    token = hidden_fields(stranger.get("/login").text, "/login")["csrf_token"]
    assert stranger.post("/kite/login", csrf_token=token).status_code == 401
    assert stranger.post("/kite/session", request_token="x" * 32, state="y" * 43).status_code == 401
    services.close()


def test_key_and_secret_can_be_entered_and_are_never_shown_again(environ: dict[str, str], clock: Clock) -> None:
    bare = {name: value for name, value in environ.items() if name not in {"KITE_API_KEY", "KITE_API_SECRET"}}
    services = build_services(read_settings(bare), clock)
    browser = Browser(create_app(services).test_client())
    assert services.kite.state().status is LoginStatus.NOT_CONFIGURED
    with pytest.raises(LoginNeeded, match="no Kite API key"):
        services.kite.source()
    assert browser.submit("/settings", "/settings/kite", api_key=KEY, api_secret=SECRET).status_code == 303
    assert browser.log_in_to_kite().status_code == 303
    page = browser.get("/settings").text
    assert KEY not in page
    assert SECRET not in page
    assert services.kite.state().is_logged_in
    browser.submit("/settings", "/settings/kite", api_key="another77", api_secret=SECRET)
    assert services.kite.state().status is LoginStatus.LOGIN_NEEDED
    assert "key was changed" in services.kite.state().reason
    services.close()


@pytest.mark.parametrize(("key", "secret"), [("", SECRET), (KEY, ""), ("with space", SECRET), (KEY, "<script>")])
def test_what_is_no_key_is_refused_and_not_echoed(environ: dict[str, str], clock: Clock, key: str, secret: str) -> None:
    bare = {name: value for name, value in environ.items() if name not in {"KITE_API_KEY", "KITE_API_SECRET"}}
    services = build_services(read_settings(bare), clock)
    browser = Browser(create_app(services).test_client())
    answer = browser.submit("/settings", "/settings/kite", api_key=key, api_secret=secret)
    assert answer.status_code == 400
    assert SECRET not in answer.text
    assert "<script>" not in answer.text.replace("<script src", "")
    assert services.kite.credentials() is None
    services.close()


def test_with_key_and_secret_in_the_environment_none_can_be_entered(browser: Browser, services: Services) -> None:
    page = browser.get("/settings").text
    assert "/settings/kite" not in page
    token = hidden_fields(page, "/kite/login")["csrf_token"]
    assert browser.post("/settings/kite", csrf_token=token, api_key="other1", api_secret="other2").status_code == 409
    found = services.kite.credentials()
    assert found
    assert found.api_key == KEY


def test_another_key_of_the_vault_asks_for_everything_again_and_crashes_nothing(
    environ: dict[str, str], clock: Clock, tmp_path: Path
) -> None:
    bare = {name: value for name, value in environ.items() if name not in {"KITE_API_KEY", "KITE_API_SECRET"}}
    services = build_services(read_settings(bare), clock)
    browser = Browser(create_app(services).test_client())
    browser.submit("/settings", "/settings/kite", api_key=KEY, api_secret=SECRET)
    browser.log_in_to_kite()
    services.close()
    (tmp_path / "secret.key").unlink()
    lost = build_services(read_settings(bare), clock)
    assert lost.kite.state().status is LoginStatus.NOT_CONFIGURED
    assert Browser(create_app(lost).test_client()).get("/settings").status_code == 200
    lost.close()
    with_key = build_services(read_settings(environ), clock)
    assert with_key.kite.state().status is LoginStatus.LOGIN_NEEDED
    assert "can't be opened" in with_key.kite.state().reason
    with pytest.raises(LoginNeeded, match="can't be opened"):
        with_key.kite.source()
    again = Browser(create_app(with_key).test_client())
    assert again.get("/").status_code == 200
    assert again.log_in_to_kite().status_code == 303
    assert with_key.kite.state().is_logged_in
    with_key.close()


def test_no_secret_is_in_a_cookie_the_database_a_log_an_answer_or_an_error(
    browser: Browser, services: Services, kite: FakeKite, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hidden = []
    for _ in range(2):
        services.kite.logout()
        landing = browser.come_back(browser.visit_kite(browser.submit("/settings", "/kite/login").headers["Location"]))
        fields = hidden_fields(landing.text, "/kite/session")
        hidden.append(fields["request_token"])
        browser.seen.remove(landing)  # carries the request token on, by its nature, and is spent with the next request
        browser.post("/kite/session", **fields)
        browser.post("/kite/session", **fields)
        hidden.append(kite.logins.access_token or "")
    token = hidden[-1]
    kite.logins.end()
    with pytest.raises(LoginNeeded) as refusal:
        services.kite.source().margins()
    logging.getLogger("urllib3").error("GET /session/token?access_token=%s", token)
    for path in ("/", "/settings", "/login", "/kite/banner", "/api/health", "/nothing"):
        browser.get(path)
    places = {
        "answers": "\n".join(f"{seen.headers}\n{seen.text}" for seen in browser.seen).encode(),
        "database": dump(services),
        "log": caplog.text.encode(),
        "error": repr(
            [refusal.value, services, services.kite, services.settings, services.kite.credentials()]
        ).encode(),
    }
    for name, place in places.items():
        for secret in (SECRET, *hidden):
            assert secret.encode() not in place, name
            assert secret.encode().hex().encode() not in place, name
            assert base64.b64encode(secret.encode()) not in place, name
    assert (browser.cookie or "").encode() not in places["database"]
