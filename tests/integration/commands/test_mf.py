from __future__ import annotations

import json

import pytest

from app.__main__ import main
from app.Boilerplate import Boilerplate
from app.domain.market_hours import last_final_day
from app.ingest.sample_book import load_sample
from tests.integration.conftest import NOW


@pytest.fixture
def sample_book(database_url: str, database: Boilerplate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("RISK_SIMULATION_PATHS", "1000")
    with database.transaction() as connection:
        load_sample(connection, last_final_day(NOW))


@pytest.mark.usefixtures("sample_book")
def test_the_json_of_the_command_is_that_of_the_api(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["report", "mf", "--json", "--window", "1y"]) == 0
    body = json.loads(capfdbinary.readouterr().out)
    assert body["scope"] == "mf"
    assert list(body["windows"]) == ["1y"]
    assert len(body["funds"]) == 6


@pytest.mark.usefixtures("sample_book")
def test_the_terminal_shows_measures_funds_overlap_and_what_is_not_covered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "mf"]) == 0
    shown = capsys.readouterr().out
    assert "SAMPLE DATA" in shown
    assert "var_historical_95" in shown
    assert "not covered" in shown
    assert "Overlap of " in shown
    assert "No portfolio of it is stored" in shown


@pytest.mark.usefixtures("sample_book")
def test_an_unknown_window_is_refused() -> None:
    with pytest.raises(SystemExit):
        main(["report", "mf", "--window", "5y"])
