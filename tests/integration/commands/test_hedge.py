from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import app.__main__ as command_line
from app.bootstrap import Services, build_services
from app.settings import Settings
from tests.integration.api.test_hedge import PATH, end_of_day, hedged
from tests.integration.conftest import clock

__all__ = ["hedged"]


@pytest.fixture(autouse=True)
def _this_database(services: Services, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(settings: Settings) -> Services:
        return build_services(settings, clock)

    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("RISK_SIMULATION_PATHS", "2000")
    monkeypatch.setattr(command_line, "build_services", build)


def run(*arguments: str) -> int:
    return command_line.main(["report", "hedge", *arguments])


def test_the_json_is_that_of_the_api(hedged: FlaskClient, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("--loss-budget", "20000000", "--fall", "12", "--window", "90d", "--json") == 0
    answer = hedged.get(f"{PATH}?loss_budget=20000000&fall=12&window=90d").get_json()
    assert json.loads(capfdbinary.readouterr().out) == answer


def test_the_table_has_a_column_for_each_hedge_and_ends_with_what_it_is_not(
    hedged: FlaskClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    assert run("--target-beta", "0.4") == 0
    text = capsys.readouterr().out
    for words in (
        "Beta over 60d against NIFTY50: ", "Hedges to bring the beta to 0.40, by the beta over 1y",
        "Quotes: NSE end-of-day file, closes of 20 Nov 2026, less than a day old",
        "Not live: There is no Kite API key yet.", "Index future sold", "Collar", "Break-even", "Index −20%",
        "Nothing is ordered here.",
    ):  # fmt: skip
        assert words in text


def test_without_data_the_command_says_how_to_get_it(
    hedged: FlaskClient, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--target-beta", "0.4", "--as-of", "2026-01-05") == 0
    assert "not offered" in capsys.readouterr().out.lower()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--target-beta", "0.5", "--loss-budget", "5"),
        ("--target-beta", "-1"),
        ("--target-beta", "nan"),
        ("--loss-budget", "many"),
        ("--loss-budget", "5", "--fall", "0"),
        ("--target-beta", "0.5", "--days", "0"),
    ],
)
def test_a_question_that_cannot_be_is_refused_as_usage(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert caught.value.code == 2


def test_a_fall_belongs_to_a_budget(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--target-beta", "0.5", "--fall", "10") == 2
    assert "one goal" in capsys.readouterr().err


def test_a_bhavcopy_is_imported_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "fo.csv").write_bytes(end_of_day(26_000.0))
    assert command_line.main(["import", "derivatives", str(tmp_path / "fo.csv")]) == 0
    assert "fo.csv: 63 derivatives rows, 63 changed." in capsys.readouterr().err
