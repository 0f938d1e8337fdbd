from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from app.__main__ import main
from app.bootstrap import Services
from app.domain.scenarios import DEFAULT_SCENARIOS
from app.KiteAccessToken import create_app

Command = Callable[..., int]
OIL = ("set", "oil", "--name", "Oil doubles", "--market", "-8", "--shock", "oil gas & consumable fuels=20")


@pytest.fixture
def command(services: Services, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *arguments: main(["scenarios", *arguments])


def test_a_scenario_is_written_listed_and_removed(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(*OIL) == 0
    shown = capsys.readouterr().out
    for words in ("Oil doubles", "Nifty 50 -8 %, Oil Gas & Consumable Fuels +20 %", "yours", "covid_2020", "default"):
        assert words in shown
    assert command("remove", "oil") == 0
    assert "Oil doubles" not in capsys.readouterr().out
    assert command("remove", "oil") == 2


def test_the_json_is_that_of_the_api(command: Command, services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(*OIL, "--json") == 0
    written = json.loads(capsys.readouterr().out)
    assert written == create_app(services).test_client().get("/api/risk/scenarios").get_json()
    assert [one["scenario"]["key"] for one in written] == [*(one.key for one in DEFAULT_SCENARIOS), "oil"]
    assert command("list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == written


def test_an_episode_has_its_days_and_its_source(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    days = ("--from", "2022-02-15", "--to", "2022-03-08", "--source", "NSE's closes", "--json")
    assert command("set", "war_2022", "--name", "War in Ukraine", "--market", "-8.6", *days) == 0
    own = json.loads(capsys.readouterr().out)[-1]["scenario"]
    assert (own["from_day"], own["to_day"], own["source"]) == ("2022-02-15", "2022-03-08", "NSE's closes")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("set", "x", "--name", "x", "--shock", "Financal Services=-30"), "no sector or kind 'Financal Services'"),
        (("set", "x", "--name", "x", "--market", "-101"), "Market: "),
        (("set", "x", "--name", "x", "--market", "nan"), "Market: "),
        (("set", "X!", "--name", "x"), "Key: "),
        (("set", "x", "--name", ""), "Name: "),
        (("set", "x", "--name", "x", "--from", "2020-01-02", "--to", "2020-01-01"), "is after the last"),
        (("set", "x", "--name", "x", "--from", "2020-01-02", "--to", "2200-01-01"), "has not come yet"),
        (("set", "x", "--name", "x", "--from", "2020-01-02"), "a first and a last day"),
    ],
)
def test_what_the_api_refuses_is_refused(
    command: Command, arguments: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(*arguments) == 2
    assert complaint in capsys.readouterr().err


def test_a_shock_that_is_no_number_ends_with_two(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command("set", "x", "--name", "x", "--shock", "Power")
    assert ended.value.code == 2
    assert "is not like Power=-10" in capsys.readouterr().err
