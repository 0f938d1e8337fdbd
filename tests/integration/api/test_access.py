"""What every request must show before it may change anything, by which name it is answered, and what cookies say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.bootstrap import Services, build_services
from app.KiteAccessToken import create_app
from app.settings import read_settings
from tests.integration.api.kite_browser import Browser, Clock, hidden_fields

NOON = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
PUBLIC = "https://risk.example.com"
OIL = {"name": "Oil doubles", "market": -8.0, "groups": {"Oil Gas & Consumable Fuels": 20.0}}


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {"DATABASE_URL": database_url, "RISK_DATA_DIR": str(tmp_path)}


@pytest.fixture
def services(environ: dict[str, str]) -> Iterator[Services]:
    built = build_services(read_settings(environ), Clock(NOON))
    yield built
    built.close()


@pytest.fixture
def app(services: Services) -> Flask:
    return create_app(services)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app.test_client())


def changing_routes(app: Flask) -> list[tuple[str, str]]:
    return [
        (method, re.sub(r"<[^>]+>", "x", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"})
    ]


def test_the_routes_that_change_something_are_found(app: Flask) -> None:
    assert {
        ("POST", "/login"),
        ("POST", "/logout"),
        ("POST", "/settings/kite"),
        ("POST", "/kite/login"),
        ("POST", "/kite/session"),
        ("POST", "/kite/logout"),
    } <= set(changing_routes(app))


def test_no_route_changes_anything_without_the_token_of_this_browser(app: Flask, browser: Browser) -> None:
    other = Browser(app.test_client())
    for method, path in changing_routes(app):
        browser.form_token()
        for token in ("", "x", other.form_token()):
            for headers in ({}, {"X-CSRF-Token": token}):
                answer = browser.client.open(path, method=method, data={"csrf_token": token}, headers=headers)
                assert answer.status_code == 403, (method, path, token, headers)


def test_no_page_changes_anything_without_a_cookie(app: Flask, browser: Browser) -> None:
    token = browser.form_token()
    for method, path in changing_routes(app):
        if not path.startswith("/api/"):
            answer = app.test_client().open(path, method=method, data={"csrf_token": token})
            assert answer.status_code == 403, (method, path)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Referer": "https://evil.example/"},
        {"Referer": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
        {"Cookie": "risk_session=made_up"},
        {"Cookie": "another=cookie"},
    ],
)
def test_of_the_api_nothing_that_may_come_from_a_browser_changes_anything_without_its_token(
    app: Flask, browser: Browser, headers: dict[str, str]
) -> None:
    tokens = {"X-CSRF-Token": browser.form_token()}
    for method, path in changing_routes(app):
        if path.startswith("/api/"):
            for more in ({}, tokens):
                answer = app.test_client(use_cookies=False).open(path, method=method, headers=headers | more)
                assert (answer.status_code, answer.content_type) == (403, "application/problem+json"), (method, path)
                assert "X-CSRF-Token" in answer.get_json()["remedy"]


def test_a_program_may_change_what_the_api_offers_where_no_login_is_needed(app: Flask) -> None:
    answer = app.test_client().put("/api/risk/scenarios/oil", json=OIL)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    for method, path in changing_routes(app):
        if path.startswith("/api/"):
            answer = app.test_client().open(path, method=method, data={"no": "sense"})
            assert answer.status_code == 400, (method, path)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:5000", "127.0.0.1.evil.example"])
def test_a_name_that_was_made_to_point_here_changes_nothing(app: Flask, host: str) -> None:
    assert app.test_client().put("/api/risk/scenarios/oil", json=OIL, headers={"Host": host}).status_code == 400
    listed = app.test_client().get("/api/risk/scenarios").get_json()
    assert "oil" not in {one["scenario"]["key"] for one in listed}


def test_where_a_login_is_needed_a_program_needs_it_and_the_token(environ: dict[str, str], tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("a long enough password")
    guarded = build_services(read_settings(environ | {"RISK_PASSWORD_FILE": str(secret)}), Clock(NOON))
    client = create_app(guarded).test_client()
    stranger = client.put("/api/risk/scenarios/oil", json=OIL)
    assert (stranger.status_code, stranger.get_json()["remedy"]) == (401, "Open /login.")
    form = hidden_fields(client.get("/login").text, "/login")
    assert client.post("/login", data=form | {"password": secret.read_text()}).status_code == 303
    assert client.put("/api/risk/scenarios/oil", json=OIL).status_code == 403
    token = hidden_fields(client.get("/settings").text, "/settings/kite")["csrf_token"]
    assert client.put("/api/risk/scenarios/oil", json=OIL, headers={"X-CSRF-Token": token}).status_code == 200
    guarded.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    ],
)
def test_a_right_token_from_a_foreign_page_is_refused(app: Flask, browser: Browser, headers: dict[str, str]) -> None:
    for method, path in changing_routes(app):
        data = {"csrf_token": browser.form_token()}
        answer = browser.client.open(path, method=method, data=data, headers=headers)
        assert answer.status_code == 403, (method, path)
        assert "not asked for by a page of this app" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
    ],
)
def test_our_own_page_is_recognised(browser: Browser, headers: dict[str, str]) -> None:
    data = {"csrf_token": browser.form_token()}
    assert browser.client.post("/logout", data=data, headers=headers).status_code == 303


def test_a_script_sends_the_token_in_a_header(browser: Browser) -> None:
    headers = {"X-CSRF-Token": browser.form_token(), "HX-Request": "true"}
    answer = browser.client.post("/logout", headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/")


def test_the_token_is_not_the_id_and_no_page_shows_the_id(browser: Browser) -> None:
    page = browser.get("/settings").text
    assert browser.cookie
    assert browser.cookie not in page


def test_a_link_on_another_site_is_asked_for_again_by_our_own_page(app: Flask) -> None:
    client: FlaskClient = app.test_client()
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    for path, again in (
        ("/", "/?here"),
        ("/holdings", "/holdings?here"),
        ("/holdings?here", "/holdings"),
        ("//evil.example", "/?here"),
        ("/nothing\r\nX-Evil: 1", "/?here"),
    ):
        asked, _, query = path.partition("?")
        answer = client.get(query_string=query, headers=elsewhere, environ_overrides={"PATH_INFO": asked})
        assert (answer.status_code, answer.headers["Refresh"]) == (200, f"0; url={again}")
        assert answer.data == b""
        assert "Set-Cookie" not in answer.headers


def test_over_https_the_cookie_is_locked_to_this_host_and_the_browser_stays_with_https(
    environ: dict[str, str],
) -> None:
    behind = build_services(
        read_settings(environ | {"RISK_PUBLIC_URL": PUBLIC, "KITE_USER_IDS": "AB1234"}), Clock(NOON)
    )
    client = create_app(behind).test_client()
    answer = client.get("/login", headers={"Host": "risk.example.com"})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-risk_session=")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    behind.close()


@pytest.mark.parametrize(
    ("origin", "status"),
    [(PUBLIC, 303), ("http://risk.example.com", 403), (f"{PUBLIC}:8443", 403), ("https://evil.example", 403)],
)
def test_behind_a_proxy_only_the_public_origin_is_ours(environ: dict[str, str], origin: str, status: int) -> None:
    more = {"RISK_PUBLIC_URL": PUBLIC, "KITE_USER_IDS": "AB1234", "KITE_API_KEY": "key1", "KITE_API_SECRET": "secret1"}
    behind = build_services(read_settings(environ | more), Clock(NOON))
    client = create_app(behind).test_client()
    page = client.get("/login", base_url=PUBLIC)
    fields = hidden_fields(page.text, "/kite/login")
    answer = client.post("/kite/login", data=fields, headers={"Origin": origin}, base_url=PUBLIC)
    assert answer.status_code == status
    behind.close()


@pytest.mark.parametrize(
    ("more", "host", "status"),
    [
        ({}, "evil.example", 400),
        ({}, "192.168.1.5:5000", 400),
        ({"HOST": "192.168.1.5"}, "192.168.1.5:5000", 200),
        ({"HOST": "192.168.1.5"}, "evil.example", 400),
        ({"HOST": "0.0.0.0"}, "192.168.1.5:5000", 200),
        ({"HOST": "0.0.0.0"}, "localhost:5000", 200),
        ({"HOST": "::"}, "[fd00::5]:5000", 200),
        ({"HOST": "0.0.0.0"}, "risk.example.com", 400),
        ({"RISK_PUBLIC_URL": PUBLIC}, "risk.example.com", 200),
        ({"RISK_PUBLIC_URL": PUBLIC}, "risk.example.com.evil.example", 400),
    ],
)
def test_the_app_answers_under_its_own_names_only(
    environ: dict[str, str], more: dict[str, str], host: str, status: int
) -> None:
    served = build_services(read_settings({**environ, "KITE_USER_IDS": "AB1234", **more}), Clock(NOON))
    answer = create_app(served).test_client().get("/api/health", headers={"Host": host})
    assert answer.status_code == status
    served.close()


def test_a_form_may_lead_to_the_kite_that_is_configured_and_nowhere_else(environ: dict[str, str]) -> None:
    for more, kite in (
        ({}, "https://kite.zerodha.com"),
        ({"KITE_LOGIN_ROOT": "http://127.0.0.1:7000/connect/login"}, "http://127.0.0.1:7000"),
    ):
        served = build_services(read_settings(environ | more), Clock(NOON))
        policy = create_app(served).test_client().get("/login").headers["Content-Security-Policy"]
        assert f"form-action 'self' {kite};" in policy
        served.close()
