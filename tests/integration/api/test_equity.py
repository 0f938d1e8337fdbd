from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.bootstrap import Services
from app.domain.risk_reports import WINDOWS
from tests.integration.conftest import TODAY
from tests.integration.importing import changed_tables, contents
from tests.integration.input_files import weekdays

MEASURES = (
    "volatility", "volatility_ewma", "volatility_range", "beta", "correlation_nifty", "var_historical_95",
    "var_historical_99", "var_parametric_95", "var_parametric_99", "var_cornish_fisher_95", "var_cornish_fisher_99",
    "var_monte_carlo_95", "var_monte_carlo_99", "cvar_95", "cvar_99", "max_drawdown", "sharpe", "sortino",
)  # fmt: skip


def report(client: FlaskClient, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/api/risk/equity{query}")
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/json"
    body: dict[str, Any] = json.loads(answer.text, parse_constant=lambda name: pytest.fail(f"{name} in the JSON"))
    return body


def test_the_report_has_the_agreed_shape(client: FlaskClient) -> None:
    body = report(client)
    assert {"scope", "as_of", "currency", "value", "windows", "concentration", "liquidity", "holdings"} <= body.keys()
    assert (body["scope"], body["as_of"], body["currency"]) == ("equity", str(TODAY), "INR")
    assert list(body["windows"]) == list(WINDOWS)
    assert isinstance(body["data_issues"], list)
    assert body["concentration"].keys() >= {"largest_stock", "largest_sector", "top5", "effective_holdings"}
    for name in ("largest_stock", "largest_sector", "top5"):
        assert body["concentration"][name].keys() == {"name", "value"}


@pytest.mark.parametrize("window", WINDOWS)
def test_every_measure_is_there_with_its_value_or_the_reason(client: FlaskClient, window: str) -> None:
    found = report(client)["windows"][window]
    assert found["observations"] == WINDOWS[window]
    assert found["measures"].keys() >= set(MEASURES)
    for name, measure in found["measures"].items():
        assert measure.keys() == {"value", "unit", "rupees", "unavailable", "method", "observations", "coverage"}, name
        assert (measure["value"] is None) == bool(measure["unavailable"]), name
    matrix = found["correlation"]["matrix"]
    assert len(matrix) == len(found["correlation"]["symbols"]) == 4
    assert [row[place] for place, row in enumerate(matrix)] == pytest.approx([1.0] * 4)


def test_sixty_days_give_no_historical_value_at_risk_of_99_percent(client: FlaskClient) -> None:
    measure = report(client)["windows"]["60d"]["measures"]["var_historical_99"]
    assert (measure["value"], measure["rupees"]) == (None, None)
    assert measure["unavailable"]


def test_losses_are_positive_percent_and_rupees_follow_from_the_value(client: FlaskClient) -> None:
    body = report(client, "?window=1y")
    for name in ("volatility", "var_historical_95", "cvar_95", "max_drawdown"):
        assert 0.1 < body["windows"]["1y"]["measures"][name]["value"] < 100
    var = body["windows"]["1y"]["measures"]["var_historical_95"]
    assert var["rupees"] == pytest.approx(body["value"] * var["value"] / 100)


def test_one_window_may_be_asked_for(client: FlaskClient) -> None:
    one = report(client, "?window=90d")
    assert one["windows"] == {"90d": report(client)["windows"]["90d"]}


def test_an_earlier_day_may_be_asked_for(client: FlaskClient) -> None:
    past = weekdays(100)[0]
    body = report(client, f"?as_of={past}")
    assert body["as_of"] == str(past)
    assert body["windows"]["1y"]["to_date"] == str(past)


def test_a_longer_horizon_has_larger_losses_and_says_so(client: FlaskClient) -> None:
    day, month = (report(client, f"?window=1y&horizon={days}") for days in (1, 21))
    assert (day["horizon_days"], month["horizon_days"]) == (1, 21)
    for name in ("var_historical_95", "var_parametric_95", "var_monte_carlo_95", "cvar_95"):
        assert (
            month["windows"]["1y"]["measures"][name]["value"] > 2 * day["windows"]["1y"]["measures"][name]["value"]
        ), name


@pytest.mark.parametrize("query", ["", "?window=60d", "?as_of=1990-01-01", "?horizon=63"])
def test_an_empty_database_is_answered_with_reasons(empty_client: FlaskClient, query: str) -> None:
    body = report(empty_client, query)
    assert (body["as_of"], body["value"], body["holdings"]) == (None, None, [])
    for window in body["windows"].values():
        assert all(measure["unavailable"] for measure in window["measures"].values())


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("window=5y", "window"),
        ("window=", "window"),
        ("as_of=yesterday", "as_of"),
        ("as_of=2026-02-30", "as_of"),
        ("as_of=0001-01-01", "as_of"),
        ("horizon=0", "horizon"),
        ("horizon=64", "horizon"),
        ("horizon=NaN", "horizon"),
        ("horizon=1e9", "horizon"),
        ("days=5", "days"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(empty_client: FlaskClient, query: str, parameter: str) -> None:
    answer = empty_client.get(f"/api/risk/equity?{query}")
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    body = answer.get_json()
    assert body.keys() == {"type", "title", "status", "detail", "parameters"}
    assert [complaint["parameter"] for complaint in body["parameters"]] == [parameter]


def test_asking_changes_nothing_in_the_database_but_the_kept_runs(client: FlaskClient, services: Services) -> None:
    before = contents(services.database)
    report(client)
    assert changed_tables(before, contents(services.database)) <= {"risk_runs", "risk_run_measures"}
