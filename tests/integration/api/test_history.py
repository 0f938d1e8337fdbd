from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.bootstrap import Services
from app.domain.risk_runs import RunKind
from tests.integration.conftest import TODAY
from tests.integration.input_files import weekdays

DAYS: Sequence[date] = weekdays(3).tolist()


def keep(services: Services) -> None:
    for day in DAYS:
        services.history.keep("equity", day, RunKind.DAILY)


def asked(client: FlaskClient, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/api/risk/history{query}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.get_json()
    return body


def test_a_measure_is_told_over_the_days_that_were_kept(client: FlaskClient, services: Services) -> None:
    keep(services)
    body = asked(client, "?measure=beta&window=90d")
    assert (body["scope"], body["measure"], body["window"], body["unit"]) == ("equity", "beta", "90d", "ratio")
    assert [point["as_of"] for point in body["points"]] == [str(day) for day in DAYS]
    assert body["sample_data"] is False
    assert body["points"][0].keys() == {
        "as_of", "value", "rupees", "observations", "coverage", "unavailable", "portfolio", "run_id", "kind",
    }  # fmt: skip
    newest = client.get("/api/risk/equity?window=90d").get_json()["windows"]["90d"]["measures"]["beta"]
    assert body["points"][-1]["value"] == newest["value"]


def test_days_can_be_chosen(client: FlaskClient, services: Services) -> None:
    keep(services)
    body = asked(client, f"?from={DAYS[1]}&to={DAYS[1]}")
    assert [point["as_of"] for point in body["points"]] == [str(DAYS[1])]
    assert body["starts"] == str(DAYS[0])


def test_an_unknown_measure_is_answered_with_those_that_are_kept(client: FlaskClient, services: Services) -> None:
    keep(services)
    answer = client.get("/api/risk/history?measure=luck")
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert "var_historical_95" in answer.get_json()["remedy"]
    other = client.get("/api/risk/history?scope=gold")
    assert (other.status_code, other.get_json()["remedy"]) == (400, "Use one of equity, mf, combined.")


def test_an_unknown_measure_is_refused_before_the_first_run_too(client: FlaskClient) -> None:
    answer = client.get("/api/risk/history?measure=luck&scope=combined")
    assert answer.status_code == 400
    assert "beta_weighted" in answer.get_json()["remedy"]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("from=2026-11-19&to=2026-11-18", "The first day, 2026-11-19, is after the last, 2026-11-18."),
        ("from=2026-11-21", "2026-11-21 has not come yet."),
        ("from=2026-11-18&to=2026-11-21", "2026-11-21 has not come yet."),
    ],
)
def test_days_that_cannot_hold_a_run_are_refused(empty_client: FlaskClient, query: str, detail: str) -> None:
    answer = empty_client.get(f"/api/risk/history?{query}")
    assert (answer.status_code, answer.get_json()["detail"]) == (400, detail)
    assert answer.get_json()["remedy"]


@pytest.mark.parametrize("query", ["window=5y", "from=yesterday", "to=1980-01-01", "day=1"])
def test_a_bad_parameter_is_refused_by_name(empty_client: FlaskClient, query: str) -> None:
    answer = empty_client.get(f"/api/risk/history?{query}")
    assert answer.status_code == 400
    assert answer.get_json()["parameters"][0]["parameter"] == query.partition("=")[0]


def test_before_the_first_run_the_answer_is_empty_and_true(empty_client: FlaskClient) -> None:
    body = asked(empty_client)
    assert (body["starts"], body["points"], body["unit"]) == (None, [], None)


def test_a_backtest_tells_days_exceptions_and_the_preferred_method(client: FlaskClient) -> None:
    body = client.get("/api/risk/backtest").get_json()
    assert list(body["windows"]) == ["60d", "90d", "1y"]
    window = body["windows"]["60d"]
    assert window["days"] == body["returns"] - 60
    assert len(window["methods"]) == 10
    first = window["methods"][0]
    assert first["accepted"][0] <= first["expected"] <= first["accepted"][1]
    assert {choice["level"] for choice in window["preferred"]} == {95, 99}
    report = client.get("/api/risk/equity?window=60d").get_json()["windows"]["60d"]["measures"]
    assert window["preferred"][0]["reason"] in report["var_preferred_95"]["method"]


def test_a_backtest_of_one_window_and_an_earlier_day(client: FlaskClient) -> None:
    body = client.get(f"/api/risk/backtest?window=90d&as_of={DAYS[0]}").get_json()
    assert list(body["windows"]) == ["90d"]
    assert body["as_of"] < str(DAYS[0]) < str(TODAY)


def test_a_scope_without_a_backtest_is_refused(empty_client: FlaskClient) -> None:
    answer = empty_client.get("/api/risk/backtest?scope=gold")
    assert (answer.status_code, answer.get_json()["remedy"]) == (400, "Use one of equity, mf, combined.")


def test_nothing_to_test_is_said_with_reasons(empty_client: FlaskClient) -> None:
    body = empty_client.get("/api/risk/backtest?window=1y").get_json()
    assert (body["returns"], body["as_of"]) == (0, None)
    assert all(one["unavailable"] for one in body["windows"]["1y"]["methods"])
