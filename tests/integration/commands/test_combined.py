from __future__ import annotations

import json

import pytest

from app.__main__ import main
from app.Boilerplate import Boilerplate
from app.domain.market_hours import last_final_day
from app.ingest.sample_book import load_sample
from tests.integration.conftest import NOW


@pytest.fixture
def database_of_command(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("RISK_SIMULATION_PATHS", "1000")


@pytest.fixture
def sample_book(database_of_command: None, database: Boilerplate) -> None:
    with database.transaction() as connection:
        load_sample(connection, last_final_day(NOW))


@pytest.mark.usefixtures("sample_book")
def test_the_json_of_the_command_is_that_of_the_api(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["report", "combined", "--json", "--window", "1y", "--horizon", "5"]) == 0
    body = json.loads(capfdbinary.readouterr().out)
    assert (body["scope"], list(body["windows"]), body["horizon_days"]) == ("combined", ["1y"], 5)


@pytest.mark.usefixtures("sample_book")
def test_the_terminal_shows_measures_stocks_risk_and_scenarios(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "combined"]) == 0
    shown = capsys.readouterr().out
    for words in ("SAMPLE DATA", "beta_weighted", "Through funds", "Source of risk, 1y", "Nifty 50 falls 20 %"):
        assert words in shown
    assert "Diversification score: " in shown


@pytest.mark.usefixtures("database_of_command")
def test_an_empty_book_is_printed_with_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "combined"]) == 0
    shown = capsys.readouterr().out
    assert "Shares and funds no value" in shown
    assert "unavailable" in shown
