from __future__ import annotations

import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app.api.guards import HEADERS
from app.bootstrap import Services
from app.KiteAccessToken import create_app

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PAGES = ("/", "/api", "/api/health", "/api/openapi.json", "/api/risk/equity", "/api/nothing", "/nothing")


@pytest.mark.parametrize("path", ["/api/nothing", "/api/risk/nothing", "/api/"])
def test_an_unknown_address_of_the_api_is_a_problem(empty_client: FlaskClient, path: str) -> None:
    answer = empty_client.get(path)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert answer.get_json().keys() == {"type", "title", "status", "detail"}


@pytest.mark.parametrize("accept", [None, "*/*", "text/plain"])
def test_an_unknown_page_is_a_short_text_for_a_program(empty_client: FlaskClient, accept: str | None) -> None:
    answer = empty_client.get("/nothing<script>", headers={"Accept": accept} if accept else {})
    assert (answer.status_code, answer.mimetype) == (404, "text/plain")
    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/nothing<script>", 404, "Not found"),
        ("POST", "/holdings", 405, "Not possible here"),
        ("POST", "/settings/kite", 403, "Not allowed"),
        ("GET", "/assets/none.css", 404, "Not found"),
    ],
)
def test_what_a_browser_may_not_have_is_a_page_with_a_way_on(
    empty_client: FlaskClient, method: str, path: str, status: int, title: str
) -> None:
    token = {"Sec-Fetch-Site": "same-origin"} if status == 405 else {}
    if status == 405:
        page = empty_client.get("/combined").text
        token["X-CSRF-Token"] = page.partition('name="csrf_token" value="')[2][:64]
    answer = empty_client.open(path, method=method, headers=BROWSER | token)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert f"<h1>{title}</h1>" in answer.text
    assert 'href="/"' in answer.text
    assert "<script>" not in answer.text


def test_a_forged_host_learns_nothing_from_the_page_that_refuses_it(empty_client: FlaskClient) -> None:
    answer = empty_client.get("/", headers=BROWSER | {"Host": "evil.example"})
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert "Kite" not in answer.text


def test_a_panel_that_fails_is_a_fragment_even_where_nobody_thought_of_it(services: Services) -> None:
    app: Flask = create_app(services)

    @app.get("/risk/broken")
    def broken() -> str:
        raise ZeroDivisionError("secret of the book")

    part = app.test_client().get("/risk/broken", headers=BROWSER | {"HX-Request": "true", "HX-Request-Type": "partial"})
    whole = app.test_client().get("/risk/broken", headers=BROWSER | {"HX-Request": "true", "HX-Request-Type": "full"})
    assert (part.status_code, whole.status_code) == (500, 500)
    assert "<html" not in part.text
    assert "<h1>Something went wrong</h1>" in whole.text
    assert "The log names it " in whole.text
    assert "secret" not in part.text + whole.text


@pytest.mark.parametrize("path", ["/", "/holdings", "/funds", "/combined", "/settings"])
def test_a_database_that_is_not_there_is_one_page_on_every_tab(lonely_client: FlaskClient, path: str) -> None:
    answer = lonely_client.get(f"{path}?window=90d", headers=BROWSER)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "<b>The database can&#39;t be reached: no server answers there.</b> Check that Postgres runs" in answer.text
    assert '<a href="?window=90d">Try again</a>' in answer.text
    assert "nobody" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_method_that_an_address_does_not_have_is_a_problem_that_names_those_it_has(
    empty_client: FlaskClient, method: str
) -> None:
    answer = empty_client.open("/api/risk/equity", method=method)
    assert (answer.status_code, answer.content_type) == (405, "application/problem+json")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_headers_that_guard_it(empty_client: FlaskClient, path: str) -> None:
    answer = empty_client.get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value, name
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:5000"])
def test_a_forged_host_is_refused(empty_client: FlaskClient, path: str, host: str) -> None:
    answer = empty_client.get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert "Nifty" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "localhost", "[::1]:5000"])
def test_this_machine_is_answered_under_all_its_names(empty_client: FlaskClient, host: str) -> None:
    assert empty_client.get("/api/health", headers={"Host": host}).status_code == 200


def test_a_database_that_is_not_there_is_a_503_that_says_when_to_try_again(lonely_client: FlaskClient) -> None:
    answer = lonely_client.get("/api/risk/equity")
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert answer.headers["Retry-After"] == "5"
    assert answer.get_json()["detail"].startswith("The database can't be reached")
    assert answer.get_json()["remedy"].startswith("Check that Postgres runs")


def test_a_database_that_was_never_migrated_is_a_503_with_the_remedy(
    services: Services, empty_client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with services.database.transaction() as connection:
        connection.execute(text("ALTER TABLE risk_imports RENAME TO gone"))
    with caplog.at_level(logging.ERROR):
        answer = empty_client.get("/api/risk/equity")
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert "python -m app migrate" in answer.get_json()["remedy"]
    assert "SELECT" not in answer.text
    assert answer.get_json()["reference"] in caplog.text


def test_a_bug_is_a_500_that_tells_only_a_reference(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    app: Flask = create_app(services)

    @app.get("/api/broken")
    def broken() -> str:
        raise ZeroDivisionError("secret of the book")

    with caplog.at_level(logging.ERROR):
        answer = app.test_client().get("/api/broken")
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert "secret" not in answer.text
    assert answer.get_json()["reference"] in caplog.text


def test_a_body_of_more_than_a_megabyte_is_refused(empty_client: FlaskClient) -> None:
    answer = empty_client.post("/api/risk/equity", data=b"x" * (2 << 20))
    assert answer.status_code in {405, 413}
