from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.backtest_panel import backtest_view
from app.api.history_panel import history_json, history_view
from app.api.screen import screen_blueprint
from app.domain.errors import DatabaseUnavailable
from app.domain.risk_runs import UnknownRun
from tests.fakes.equity_reports import FakeEquity, FakeServices
from tests.fakes.histories import FakeHistory, normal_backtest
from tests.unit.api.tab_pages import words


def client_for(history: FakeHistory) -> FlaskClient:
    app = Flask("screen_under_test", static_folder=None)
    app.register_blueprint(screen_blueprint(FakeServices(FakeEquity(), history=history)))
    return app.test_client()


def test_the_panel_offers_what_is_kept_and_shows_the_newest_day_first() -> None:
    view = history_view(FakeHistory(), "1y", {"measure": "beta", "scope": "mf"})
    assert [(choice.key, choice.is_chosen) for choice in view.scopes] == [
        ("equity", False), ("mf", True), ("combined", False),
    ]  # fmt: skip
    assert {choice.key for choice in view.measures} == set(FakeHistory().kept)
    assert "VaR 99%, monte carlo" in {choice.name for choice in view.measures}
    assert [choice.key for choice in view.measures if choice.is_chosen] == ["beta"]
    assert (view.days[0].day, view.days[0].value) == ("20 Nov 2026", "1.49")
    assert view.is_drawn


def test_a_missing_figure_is_a_reason_in_its_row() -> None:
    row = history_view(FakeHistory(), "1y", {}).days[-3]
    assert (row.value, row.reason) == ("–", "Only 22 of 252 returns, 90% are needed.")


def test_a_measure_that_the_scope_has_not_gives_the_usual_one() -> None:
    assert history_view(FakeHistory(), "1y", {"measure": "luck"}).measure == "var_historical_95"


def test_a_history_of_the_sample_is_marked_as_such() -> None:
    assert "Sample data" in words(client_for(FakeHistory(sample_data=True)).get("/risk/panels/history").text)
    assert "Sample data" not in words(client_for(FakeHistory()).get("/risk/panels/history").text)


@pytest.mark.parametrize(
    ("days", "says"),
    [(0, "No report is kept yet"), (1, "History starts on 20 Nov 2026: one point a trading day. A line needs two.")],
)
def test_a_history_too_short_to_draw_says_when_it_starts(days: int, says: str) -> None:
    html = client_for(FakeHistory(days)).get("/risk/panels/history").text
    assert says in words(html)
    assert 'class="chart"' not in html


def test_the_chart_names_its_own_data_and_the_table_holds_the_same() -> None:
    client = client_for(FakeHistory(5))
    html = client.get("/risk/panels/history?window=90d&measure=beta").text
    (source,) = re.findall(r'data-source="([^"]+)"', html)
    data = json.loads(client.get(source.replace("&amp;", "&")).text)
    assert data["days"][-1] == "2026-11-20"
    assert data["values"] == [1.2, 1.21, None, 1.23, 1.24]
    assert data["percent"] is False
    assert html.count('<th scope="row">') == 5


def test_chart_data_of_an_unknown_measure_is_refused_as_json() -> None:
    history = FakeHistory(error=UnknownRun("There is no measure 'luck'.", "Use one of beta."))
    assert client_for(history).get("/risk/panels/history").status_code == 400
    answer = client_for(FakeHistory()).get("/risk/charts/history.json?window=5y")
    assert (answer.status_code, answer.mimetype) == (400, "application/json")


def test_a_history_that_cannot_be_read_takes_only_its_panel_down() -> None:
    html = client_for(FakeHistory(error=DatabaseUnavailable("The database is away.", "Start it."))).get("/").text
    assert "The database is away." in words(html)
    assert 'id="measure-beta"' in html


def test_json_is_strict() -> None:
    json.loads(history_json(FakeHistory(), "1y", {}), parse_constant=pytest.fail)


def test_the_backtest_is_a_line_a_method_with_the_preferred_one_marked() -> None:
    view = backtest_view(normal_backtest(("1y",)), "1y")
    assert view.lines[0].name == "Historical"
    assert all(len(line.cells) == 2 for line in view.lines)
    marked = [[cell.is_preferred for line in view.lines for cell in line.cells[place : place + 1]] for place in (0, 1)]
    assert [sum(column) for column in marked] == [1, 1]
    cell = view.lines[0].cells[0]
    assert re.fullmatch(r"\d+ of 548", cell.exceptions)
    assert re.fullmatch(r"\d+ to \d+", cell.accepted)
    assert cell.light in {"Green", "Yellow", "Red"}


def test_a_thin_backtest_says_what_is_missing_and_marks_nothing() -> None:
    view = backtest_view(normal_backtest(("1y",), 300), "1y")
    assert [cell.reason for line in view.lines for cell in line.cells[:1]] == [
        "95% needs 50 tested days, there are 48."
    ] * 5
    assert not any(cell.is_preferred for line in view.lines for cell in line.cells)
    assert {choice.doubt for choice in view.chosen} == {"for want of evidence"}


def test_without_a_forecast_there_is_no_table_but_the_reason() -> None:
    assert backtest_view(normal_backtest(("1y",), 200), "1y").empty


def test_the_panel_promises_nothing() -> None:
    text = words(client_for(FakeHistory()).get("/risk/panels/backtest").text)
    assert "green does not prove a method right" in text
    assert not re.search(r"\bvalid", text)
