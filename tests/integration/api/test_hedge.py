from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.bootstrap import Services
from app.domain.hedges import Strategy
from app.ingest.derivatives import import_derivatives
from app.KiteAccessToken import create_app
from tests.integration.api.test_docs import check_against_description
from tests.integration.conftest import TODAY
from tests.integration.importing import bring_holdings, bring_prices, changed_tables, contents
from tests.integration.input_files import book, price_csv, random_closes
from tests.unit.sources.test_derivative_files import udiff, udiff_row

PATH = "/api/risk/hedge"


def end_of_day(level: float) -> bytes:
    """Futures and puts and calls on a Nifty at ``level``, closes of TODAY, that cost what they could."""
    common = {"TradDt": str(TODAY), "UndrlygPric": str(level), "XpryDt": "2026-12-29"}
    dear = level * 1.006
    future = udiff_row(**common, FinInstrmTp="IDF", StrkPric="", OptnTp="", FinInstrmNm="FUT", ClsPric=str(dear))
    strikes = [round(level * (0.85 + 0.01 * step), 2) for step in range(31)]
    options = [
        udiff_row(**common, StrkPric=str(strike), OptnTp=kind, FinInstrmNm=f"{strike:g}{kind}", ClsPric=f"{price:.2f}")
        for strike in strikes
        for kind, inside in (("PE", strike - dear), ("CE", dear - strike))
        for price in [max(inside, 0.0) + level * 0.02 * (1 - abs(strike / level - 1) * 4)]
    ]
    return udiff(future, *options)


@pytest.fixture
def hedged(services: Services) -> FlaskClient:
    """A book of five shares, a hundred thousand of each, and the day's closes of contracts on its index."""
    closes = random_closes(500)
    bring_prices(services.database, price_csv(closes))
    bring_holdings(services.database, book(quantity=100_000))
    with services.database.transaction() as connection:
        import_derivatives(connection, end_of_day(float(closes["NIFTY50"][-1])), "fo.csv", TODAY)
    return create_app(services).test_client()


def plan(client: FlaskClient, query: str) -> dict[str, Any]:
    answer = client.get(f"{PATH}?{query}")
    assert (answer.status_code, answer.content_type) == (200, "application/json"), answer.text
    body: dict[str, Any] = json.loads(answer.text, parse_constant=lambda name: pytest.fail(f"{name} in the JSON"))
    return body


def test_a_target_beta_is_answered_with_hedges_in_whole_lots(hedged: FlaskClient) -> None:
    body = plan(hedged, "target_beta=0.4")
    assert body["request"]["goal"] == {"beta": 0.4}
    assert {hedge["strategy"] for hedge in body["hedges"]} == set(Strategy)
    for hedge in body["hedges"]:
        assert [shock["index_change"] for shock in hedge["shocks"]] == [-5.0, -10.0, -20.0]
        assert (hedge["margin"] is None) == bool(hedge["margin_unavailable"])
        for leg in hedge["legs"]:
            assert leg["units"] == leg["lots"] * 65 == leg["lots"] * leg["instrument"]["lot_size"]


def test_the_betas_are_those_of_the_risk_report(hedged: FlaskClient) -> None:
    body, report = plan(hedged, "target_beta=0.4&window=60d"), hedged.get("/api/risk/equity").get_json()
    assert body["betas"] == {name: window["measures"]["beta"] for name, window in report["windows"].items()}
    assert (body["beta"], body["value"]) == (body["betas"]["60d"]["value"], report["value"])
    assert (body["benchmark"], body["book_as_of"]) == ("NIFTY50", str(TODAY))


def test_a_loss_budget_is_kept_or_the_plan_says_that_it_is_not(hedged: FlaskClient) -> None:
    body = plan(hedged, "loss_budget=20000000&fall=10")
    assert body["request"]["goal"] == {"rupees": 2e7, "index_fall": 10.0}
    for hedge in body["hedges"]:
        assert hedge["meets_budget"] == (hedge["shocks"][1]["hedged_at_expiry"] <= 2e7 + 0.01)


def test_the_plan_says_where_its_quotes_are_from_and_how_old_they_are(hedged: FlaskClient) -> None:
    quotes = plan(hedged, "target_beta=0.4")["quotes"]
    assert (quotes["basis"], quotes["underlying"], quotes["source"]) == ("end_of_day", "NIFTY", "NSE end-of-day file")
    assert quotes["as_of"] == f"{TODAY}T15:30:00+05:30"
    assert quotes["age_hours"] == 3.0
    assert quotes["why_not_live"] == "There is no Kite API key yet."


def test_without_derivatives_data_every_strategy_says_how_to_get_it(client: FlaskClient) -> None:
    body = plan(client, "target_beta=0.1")
    assert (body["hedges"], body["quotes"]) == ([], None)
    assert len(body["not_offered"]) == len(Strategy)
    assert all("import derivatives" in no["advice"] for no in body["not_offered"])


def test_an_empty_database_is_answered_with_the_reason(empty_client: FlaskClient) -> None:
    body = plan(empty_client, "target_beta=0.5")
    assert body["value"] is None
    assert "no beta" in body["not_offered"][0]["reason"]


@pytest.mark.parametrize(
    "query", ["?target_beta=0.4", "?loss_budget=20000000", "?target_beta=4", "?target_beta=0&days=300"]
)
def test_a_plan_is_as_described(hedged: FlaskClient, query: str) -> None:
    assert check_against_description(hedged, PATH, query) == 200


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("target_beta=-1", "target_beta"),
        ("target_beta=NaN", "target_beta"),
        ("target_beta=inf", "target_beta"),
        ("loss_budget=-5", "loss_budget"),
        ("loss_budget=1e300", "loss_budget"),
        ("loss_budget=5&fall=0", "fall"),
        ("loss_budget=5&fall=90", "fall"),
        ("target_beta=0.5&window=5y", "window"),
        ("target_beta=0.5&days=0", "days"),
        ("target_beta=0.5&rounding=up", "rounding"),
        ("target_beta=0.5&lots=1", "lots"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(empty_client: FlaskClient, query: str, parameter: str) -> None:
    answer = empty_client.get(f"{PATH}?{query}")
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert [complaint["parameter"] for complaint in answer.get_json()["parameters"]] == [parameter]


@pytest.mark.parametrize("query", ["", "?fall=10", "?target_beta=0.5&loss_budget=10", "?target_beta=0.5&fall=10"])
def test_a_question_without_exactly_one_goal_is_refused_with_the_remedy(empty_client: FlaskClient, query: str) -> None:
    assert check_against_description(empty_client, PATH, query) == 400
    assert "target_beta" in empty_client.get(PATH + query).get_json()["remedy"]


def test_there_is_nothing_to_order_with(hedged: FlaskClient) -> None:
    for method in (hedged.post, hedged.put, hedged.delete, hedged.patch):
        assert method(PATH).status_code in {403, 405}
    assert not [path for path in hedged.get("/api/openapi.json").get_json()["paths"] if "order" in path]


def test_a_question_changes_nothing_in_the_database_but_the_kept_runs(hedged: FlaskClient, services: Services) -> None:
    before = contents(services.database)
    plan(hedged, "target_beta=0.4")
    assert changed_tables(before, contents(services.database)) <= {"risk_runs", "risk_run_measures"}
