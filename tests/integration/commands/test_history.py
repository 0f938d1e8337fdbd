from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import app.__main__ as command_line
from app.bootstrap import Services, build_services
from app.KiteAccessToken import create_app
from app.settings import Settings, read_settings
from tests.integration.conftest import clock
from tests.integration.importing import bring_holdings, bring_prices
from tests.integration.input_files import book, price_csv, random_closes, weekdays

Command = Callable[..., int]
EARLIER = weekdays(5)[0].astype(object)


@pytest.fixture
def command(services: Services, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line at the fixed moment, over prices of two years and a book of five shares."""
    bring_prices(services.database, price_csv(random_closes(500)))
    bring_holdings(services.database, book())
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("RISK_SIMULATION_PATHS", "2000")
    monkeypatch.setenv("COLUMNS", "160")

    def build(settings: Settings) -> Services:
        return build_services(settings, clock)

    monkeypatch.setattr(command_line, "build_services", build)
    return lambda *arguments: command_line.main([str(argument) for argument in arguments])


def test_history_can_be_kept_shown_and_computed_again(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("history", "keep", "--as-of", EARLIER) == 0
    assert f"equity report of {EARLIER} kept as run 1" in capsys.readouterr().err
    assert command("history", "keep") == 0
    assert command("history", "--measure", "beta") == 0
    printed = capsys.readouterr().out
    assert str(EARLIER) in printed
    assert f"History starts on {EARLIER}." in printed
    assert command("history", "recompute", 1) == 0
    assert "reproduced, all" in capsys.readouterr().out


def test_a_run_that_comes_out_otherwise_ends_with_one_and_says_why(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command("history", "keep")
    monkeypatch.setenv("RISK_FREE_RATE", "7")
    assert command("history", "recompute", 1) == 1
    printed = capsys.readouterr().out
    assert "Changed since: settings." in printed
    assert "sharpe" in printed


def test_history_and_backtest_print_the_json_of_the_api(
    command: Command, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    command("history", "keep")
    client = create_app(services).test_client()
    capsys.readouterr()
    assert command("history", "--window", "90d", "--json") == 0
    assert json.loads(capsys.readouterr().out) == client.get("/api/risk/history?window=90d").get_json()
    assert command("report", "backtest", "--window", "60d", "--json") == 0
    assert json.loads(capsys.readouterr().out) == client.get("/api/risk/backtest?window=60d").get_json()


def test_the_backtest_for_people_names_methods_counts_and_the_preferred_one(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("report", "backtest", "--window", "90d") == 0
    printed = capsys.readouterr().out
    for word in ("Filtered historical", "of 408", "green", "95%:", "99%:", "the newest day is left out"):
        assert word in printed, word


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("history", "--measure", "luck"), "There is no measure 'luck' in equity."),
        (("history", "--scope", "gold"), "Use one of equity, mf, combined."),
        (("history", "recompute", 9), "There is no run 9."),
        (("report", "backtest", "--scope", "gold"), "There is no backtest of 'gold'."),
        (("report", "backtest", "--as-of", "2026-11-21"), "2026-11-21 has not come yet."),
        (("report", "equity", "--as-of", "2026-11-21"), "2026-11-21 has not come yet."),
        (("report", "mf", "--as-of", "2026-11-21"), "2026-11-21 has not come yet."),
        (("report", "combined", "--as-of", "2026-11-21"), "2026-11-21 has not come yet."),
        (("history", "keep", "--as-of", "2026-11-21"), "2026-11-21 has not come yet."),
        (("history", "--from", "2026-11-20", "--to", "2026-11-19"), "is after the last, 2026-11-19."),
    ],
)
def test_a_wrong_question_is_answered_with_the_right_ones(
    command: Command, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command("history", "keep")
    assert command(*arguments) == 2
    assert message in capsys.readouterr().err


def test_before_anything_is_kept_history_says_so(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("history") == 0
    assert "Nothing of equity is kept yet" in capsys.readouterr().out


@pytest.mark.parametrize(("word", "days"), [("forever", None), ("Forever", None), ("400", 400)])
def test_the_days_of_history_are_read_from_the_environment(word: str, days: int | None) -> None:
    assert read_settings({"RISK_HISTORY_DAYS": word}).history_days == days
    assert read_settings({}).on_demand_days == 90
