from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.risk_reports import WINDOWS
from tests.integration.api.test_docs import check_against_description
from tests.integration.conftest import TODAY


def report(client: FlaskClient, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/api/risk/mf{query}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = json.loads(answer.text, parse_constant=lambda name: pytest.fail(f"{name} in the JSON"))
    return body


def test_the_report_has_the_shape_of_the_equity_report_and_what_funds_add(sample_client: FlaskClient) -> None:
    body = report(sample_client)
    assert (body["scope"], body["as_of"], body["currency"], body["sample_data"]) == ("mf", str(TODAY), "INR", True)
    assert list(body["windows"]) == list(WINDOWS)
    for window in body["windows"].values():
        for name, measure in window["measures"].items():
            assert (measure["value"] is None) == bool(measure["unavailable"]), name
    assert {"exposure", "overlap", "concentration", "costs", "coverage", "funds", "data_issues"} <= body.keys()
    assert {"contributions", "diversification", "stress"} <= body.keys()
    (bank,) = (stock for stock in body["exposure"]["stocks"] if stock["symbol"] == "HDFCBANK")
    assert bank["direct"] == 0
    assert bank["total"] == bank["through_funds"] == pytest.approx(sum(part["value"] for part in bank["funds"]))
    assert len(bank["funds"]) > 1
    assert len(body["overlap"]["matrix"]) == len(body["funds"]) == 6


def test_one_window_and_an_earlier_day_can_be_asked_for(sample_client: FlaskClient) -> None:
    earlier = TODAY - timedelta(days=14)
    body = report(sample_client, f"?window=90d&as_of={earlier}")
    assert list(body["windows"]) == ["90d"]
    assert body["as_of"] == str(earlier)
    assert body["funds"][0]["windows"].keys() == {"90d"}


@pytest.mark.parametrize("query", ["", "?window=60d", "?as_of=1991-01-01"])
def test_the_answer_is_as_described(sample_client: FlaskClient, query: str) -> None:
    assert check_against_description(sample_client, "/api/risk/mf", query) == 200


@pytest.mark.parametrize("query", ["?window=2y", "?as_of=yesterday", "?horizon=3"])
def test_what_the_report_does_not_know_is_refused(sample_client: FlaskClient, query: str) -> None:
    answer = sample_client.get(f"/api/risk/mf{query}")
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"


def test_a_book_without_funds_is_an_empty_report(empty_client: FlaskClient) -> None:
    body = report(empty_client)
    assert body["value"] is None
    assert body["funds"] == []
    assert body["exposure"]["unavailable"] == "no fund has a value"


def test_without_a_database_the_answer_says_so(lonely_client: FlaskClient) -> None:
    assert lonely_client.get("/api/risk/mf").status_code == 503
