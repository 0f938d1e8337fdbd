from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

EQUITY, HEALTH = "/api/risk/equity", "/api/health"


def document(client: FlaskClient) -> dict[str, Any]:
    body: dict[str, Any] = client.get("/api/openapi.json").get_json()
    return body


def check_against_description(client: FlaskClient, path: str, query: str = "") -> int:
    """Ask, and hold the answer against the schema that is described for its status and type; returns the status."""
    answer = client.get(path + query)
    described = document(client)["paths"][path]["get"]["responses"][str(answer.status_code)]
    schema = described["content"][answer.content_type]["schema"]
    Draft202012Validator(_closed(schema), format_checker=FormatChecker()).validate(answer.get_json())
    return answer.status_code


def _closed(schema: Any) -> Any:
    """The same schema, but no object may have a property that it does not name."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(part) for name, part in schema.items()}
    return {"additionalProperties": False, **closed} if isinstance(schema.get("properties"), dict) else closed


def test_the_description_is_valid_openapi_3_1(empty_client: FlaskClient) -> None:
    body = document(empty_client)
    assert body["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(body).validate()
    assert {EQUITY, HEALTH, "/api/risk/live"} <= body["paths"].keys()


@pytest.mark.parametrize("query", ["", "?window=60d", "?as_of=2026-06-01", "?as_of=1991-01-01", "?horizon=10"])
def test_a_report_is_as_described(client: FlaskClient, query: str) -> None:
    assert check_against_description(client, EQUITY, query) == 200


def test_a_report_of_an_empty_database_is_as_described(empty_client: FlaskClient) -> None:
    assert check_against_description(empty_client, EQUITY) == 200
    assert check_against_description(empty_client, HEALTH) == 200


@pytest.mark.parametrize("query", ["?window=5y", "?horizon=0&days=1"])
def test_a_refusal_is_as_described(empty_client: FlaskClient, query: str) -> None:
    assert check_against_description(empty_client, EQUITY, query) == 400


@pytest.mark.parametrize("path", [EQUITY, HEALTH])
def test_the_answer_without_a_database_is_as_described(lonely_client: FlaskClient, path: str) -> None:
    assert check_against_description(lonely_client, path) == 503


def test_the_page_tells_people_the_same(empty_client: FlaskClient) -> None:
    answer = empty_client.get("/api")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.text))
    for expected in ("GET /api/risk/equity", "window", "as_of", "horizon", "60d, 90d, 1y", "data_issues", "503"):
        assert expected in words
    assert "None" not in words
