from __future__ import annotations

import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app.api.guards import HEADERS
from app.bootstrap import Services
from app.KiteAccessToken import create_app

PAGES = ("/", "/api", "/api/health", "/api/openapi.json", "/api/risk/equity", "/api/nothing", "/nothing")


@pytest.mark.parametrize("path", ["/api/nothing", "/api/risk/nothing", "/api/"])
def test_an_unknown_address_of_the_api_is_a_problem(empty_client: FlaskClient, path: str) -> None:
    answer = empty_client.get(path)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert answer.get_json().keys() == {"type", "title", "status", "detail"}


def test_an_unknown_page_is_a_short_text(empty_client: FlaskClient) -> None:
    answer = empty_client.get("/nothing<script>")
    assert (answer.status_code, answer.mimetype) == (404, "text/plain")
    assert "<script>" not in answer.text


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
