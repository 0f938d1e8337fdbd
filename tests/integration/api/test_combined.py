from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.domain.risk_reports import WINDOWS
from app.domain.scenarios import DEFAULT_SCENARIOS
from tests.integration.api.kite_browser import Browser, hidden_fields
from tests.integration.api.test_docs import check_against_description
from tests.integration.api.test_equity import MEASURES
from tests.integration.conftest import TODAY

SAME_PAGE = {"Sec-Fetch-Site": "same-origin"}
OIL = {"name": "Oil doubles", "market": -8.0, "groups": {"Oil Gas & Consumable Fuels": 20.0}}


def report(client: FlaskClient, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/api/risk/combined{query}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = json.loads(answer.text, parse_constant=lambda name: pytest.fail(f"{name} in the JSON"))
    return body


def change(browser: Browser, method: str, key: str, body: dict[str, Any] | None = None) -> TestResponse:
    token = hidden_fields(browser.get("/settings").text, "/settings/kite")["csrf_token"]
    headers = SAME_PAGE | {"X-CSRF-Token": token}
    return browser.client.open(f"/api/risk/scenarios/{key}", method=method, json=body, headers=headers)


def test_the_report_has_the_shape_of_the_equity_report_and_what_it_adds(sample_client: FlaskClient) -> None:
    body = report(sample_client)
    assert (body["scope"], body["as_of"], body["currency"], body["sample_data"]) == (
        "combined",
        str(TODAY),
        "INR",
        True,
    )
    assert list(body["windows"]) == list(WINDOWS)
    for window in body["windows"].values():
        assert window["measures"].keys() >= {*MEASURES, "beta_weighted"}
        for measures in (window["measures"], window["look_through"]["measures"]):
            for name, measure in measures.items():
                assert (measure["value"] is None) == bool(measure["unavailable"]), name
    stock = body["exposure"]["stocks"][0]
    assert {"isin", "symbol", "name", "sector", "direct", "through_funds", "total", "funds"} <= stock.keys()
    assert len(body["overlap"]["matrix"]) == len(body["overlap"]["funds"]) == len(body["funds"])
    assert body["contributions"][0].keys() >= {"kind", "name", "risk", "value", "rupees"}
    assert [one["key"] for one in body["stress"]] == [one.key for one in DEFAULT_SCENARIOS]
    assert {part["name"] for part in body["diversification"]["parts"]} == {"holdings", "ratio", "overlap", "sectors"}


def test_its_value_is_that_of_both_books(sample_client: FlaskClient) -> None:
    body = report(sample_client, "?window=60d")
    shares, funds = (sample_client.get(f"/api/risk/{scope}?window=60d").get_json() for scope in ("equity", "mf"))
    assert body["value"] == pytest.approx(shares["value"] + funds["value"])
    assert body["value_split"]["shares"] == pytest.approx(shares["value"])
    assert body["value_split"]["shares_percent"] + body["value_split"]["funds_percent"] == pytest.approx(100)
    codes = {(issue["code"], issue["subject"]) for issue in body["data_issues"]}
    assert len(codes) == len(body["data_issues"])
    for part in (shares, funds):
        kept = {(issue["code"], issue["subject"]) for issue in part["data_issues"] if issue["code"] != "short_history"}
        assert kept <= codes


def test_one_window_an_earlier_day_and_a_horizon_can_be_asked_for(sample_client: FlaskClient) -> None:
    earlier = TODAY - timedelta(days=14)
    body = report(sample_client, f"?window=90d&as_of={earlier}&horizon=10")
    assert (list(body["windows"]), body["as_of"], body["horizon_days"]) == (["90d"], str(earlier), 10)
    assert body["windows"]["90d"]["to_date"] == str(earlier)


@pytest.mark.parametrize("query", ["", "?window=60d", "?as_of=1991-01-01", "?horizon=10"])
def test_the_answer_is_as_described(sample_client: FlaskClient, query: str) -> None:
    assert check_against_description(sample_client, "/api/risk/combined", query) == 200


def test_an_empty_database_is_answered_as_described(empty_client: FlaskClient) -> None:
    assert check_against_description(empty_client, "/api/risk/combined") == 200
    assert check_against_description(empty_client, "/api/risk/scenarios") == 200


@pytest.mark.parametrize("query", ["?window=2y", "?as_of=yesterday", "?horizon=0", "?colour=red"])
def test_what_the_report_does_not_know_is_refused(empty_client: FlaskClient, query: str) -> None:
    assert empty_client.get(f"/api/risk/combined{query}").status_code == 400


def test_a_scenario_is_written_listed_changed_and_deleted(browser: Browser) -> None:
    written = change(browser, "PUT", "oil", OIL)
    assert written.status_code == 200, written.text
    (oil,) = (one for one in written.get_json() if one["scenario"]["key"] == "oil")
    assert (oil["edited"], oil["is_default"], oil["scenario"]["groups"]) == (True, False, OIL["groups"])
    change(browser, "PUT", "oil", OIL | {"market": -4.0})
    listed = {one["scenario"]["key"]: one for one in browser.client.get("/api/risk/scenarios").get_json()}
    assert listed["oil"]["scenario"]["market"] == -4.0
    gone = change(browser, "DELETE", "oil")
    assert "oil" not in {one["scenario"]["key"] for one in gone.get_json()}
    assert change(browser, "DELETE", "oil").status_code == 400


def test_a_default_can_be_changed_and_comes_back(browser: Browser) -> None:
    body = {"name": "Covid, with days of our own", "market": -20, "from_day": "2020-03-02", "to_day": "2020-03-23"}
    change(browser, "PUT", "covid_2020", body)
    (covid,) = (one for one in browser.client.get("/api/risk/scenarios").get_json()
                if one["scenario"]["key"] == "covid_2020")  # fmt: skip
    assert (covid["edited"], covid["scenario"]["from_day"]) == (True, "2020-03-02")
    (again,) = (one for one in change(browser, "DELETE", "covid_2020").get_json()
                if one["scenario"]["key"] == "covid_2020")  # fmt: skip
    assert (again["edited"], again["scenario"]["from_day"]) == (False, "2020-01-14")


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("Oil!", OIL),
        ("oil", OIL | {"market": -101}),
        ("oil", OIL | {"groups": {"Power": 900}}),
        ("oil", OIL | {"from_day": "2020-01-01"}),
        ("oil", OIL | {"from_day": "2020-01-02", "to_day": "2020-01-01"}),
        ("oil", OIL | {"name": ""}),
        ("oil", OIL | {"unknown": 1}),
    ],
)
def test_a_scenario_that_cannot_be_is_refused(browser: Browser, key: str, body: dict[str, Any]) -> None:
    answer = change(browser, "PUT", key, body)
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")


def test_a_misspelled_sector_is_refused_with_the_list_and_the_case_does_not_matter(browser: Browser) -> None:
    refused = change(browser, "PUT", "mine", OIL | {"groups": {"Financal Services": -30}})
    assert refused.status_code == 400
    assert "'Financal Services'" in refused.get_json()["detail"]
    assert "Financial Services" in refused.get_json()["remedy"]
    written = change(browser, "PUT", "mine", OIL | {"groups": {"financial services": -30}})
    (mine,) = (one for one in written.get_json() if one["scenario"]["key"] == "mine")
    assert mine["scenario"]["groups"] == {"Financial Services": -30.0}


def test_days_to_come_cannot_be_replayed(browser: Browser) -> None:
    days = {"from_day": str(TODAY), "to_day": str(TODAY + timedelta(days=1))}
    answer = change(browser, "PUT", "oil", OIL | days)
    assert (answer.status_code, answer.get_json()["detail"]) == (400, f"{days['to_day']} has not come yet.")


@pytest.mark.parametrize("path", ["equity", "mf", "combined", "backtest?", "hedge?target_beta=0", "backtest?scope=mf"])
def test_no_report_is_made_of_a_day_that_has_not_come(empty_client: FlaskClient, path: str) -> None:
    tomorrow = TODAY + timedelta(days=1)
    answer = empty_client.get(f"/api/risk/{path}{'&' if '?' in path else '?'}as_of={tomorrow}")
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert (answer.get_json()["detail"], str(TODAY) in answer.get_json()["remedy"]) == (
        f"{tomorrow} has not come yet.",
        True,
    )


def test_a_scenario_is_not_written_for_another_page(browser: Browser) -> None:
    browser.get("/settings")
    for headers in ({}, SAME_PAGE, SAME_PAGE | {"X-CSRF-Token": "x"}):
        assert browser.client.put("/api/risk/scenarios/oil", json=OIL, headers=headers).status_code == 403
