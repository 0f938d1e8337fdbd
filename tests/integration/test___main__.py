from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import app.__main__ as command_line
from app.Boilerplate import Boilerplate
from app.bootstrap import Services, build_services
from app.KiteAccessToken import create_app
from app.settings import Settings
from app.store.migrations import newest_revision
from tests.integration.conftest import TODAY, clock
from tests.integration.importing import contents, rows
from tests.integration.input_files import ISINS, book, index_list, kite_json, price_csv, random_closes, weekdays

Command = Callable[..., int]
Files = Callable[..., str]


@pytest.fixture
def command(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line on the test's database, in this process, at the fixed moment."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("RISK_SIMULATION_PATHS", "2000")
    return _at_the_fixed_moment(monkeypatch)


@pytest.fixture
def first_command(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The same on a database without any table."""
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    return _at_the_fixed_moment(monkeypatch)


def _at_the_fixed_moment(monkeypatch: pytest.MonkeyPatch) -> Command:
    def build(settings: Settings) -> Services:
        return build_services(settings, clock)

    monkeypatch.setattr(command_line, "build_services", build)
    return lambda *arguments: command_line.main([str(argument) for argument in arguments])


@pytest.fixture
def file(tmp_path: Path) -> Files:
    def write(name: str, data: bytes) -> str:
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    return write


@pytest.fixture
def filled(command: Command, file: Files, capsys: pytest.CaptureFixture[str]) -> Command:
    """Two years of prices and a book of five shares are imported."""
    assert command("import", "prices", file("prices.csv", price_csv(random_closes(500)))) == 0
    assert command("import", "holdings", file("holdings.json", book())) == 0
    capsys.readouterr()
    return command


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What went to standard error; never a traceback."""
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    return captured.err


def test_migrate_says_what_it_applied_and_then_that_all_is_up_to_date(
    first_command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert first_command("migrate") == 0
    assert newest_revision() in said(capsys)
    assert first_command("migrate") == 0
    assert said(capsys) == "The database is up to date.\n"


def test_an_import_migrates_first(first_command: Command, file: Files, capsys: pytest.CaptureFixture[str]) -> None:
    assert first_command("import", "holdings", file("holdings.json", book())) == 0
    assert "Database migrated" in said(capsys)


def test_an_import_says_how_many_rows_changed_and_the_second_time_that_all_is_known(
    command: Command, file: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file("prices.csv", price_csv(random_closes(30)))
    assert command("import", "prices", path) == 0
    assert said(capsys) == "prices.csv: 180 prices rows, 180 changed.\n"
    assert command("import", "prices", path) == 0
    assert said(capsys) == "prices.csv: 180 prices rows, 0 changed (all known already).\n"


def test_every_kind_of_file_can_be_imported(command: Command, file: Files, database: Boilerplate) -> None:
    listing = index_list([("INFY", ISINS["INFY"], "IT")])
    actions = b"symbol,ex_date,volume_factor,kind\nINFY,2026-06-01,2,split_or_bonus\n"
    prices = price_csv(random_closes(30))
    assert command("import", "securities", file("ind_nifty50list.csv", listing)) == 0
    assert command("import", "actions", file("actions.csv", actions)) == 0
    assert command("import", "prices", "--volumes-are", "adjusted", file("prices.csv", prices)) == 0
    assert command("import", "holdings", file("holdings.json", book())) == 0
    logged = rows(database, "SELECT kind FROM risk_imports ORDER BY import_id")
    assert [kind for (kind,) in logged] == ["securities", "actions", "prices", "holdings"]
    assert rows(database, "SELECT DISTINCT volume_basis FROM risk_price_series") == [("adjusted",)]


def test_one_bad_file_of_several_is_named_and_the_others_are_stored(
    command: Command, file: Files, database: Boilerplate, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [file(f"{name}.csv", price_csv(random_closes(10, [name]))) for name in ("INFY", "TCS")]
    bad = file("bad.csv", b"<html>sign in</html>")
    assert command("import", "prices", good[0], bad, good[1]) == 4
    lines = said(capsys)
    assert "error: bad.csv: is a web page, not a table." in lines
    assert rows(database, "SELECT symbol FROM risk_price_series ORDER BY 1") == [("INFY",), ("TCS",)]


@pytest.mark.parametrize("kind", ["prices", "holdings", "securities", "actions"])
def test_a_file_that_is_not_there_is_named_with_the_remedy(
    command: Command, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "missing.csv"
    assert command("import", kind, missing) == 4
    assert said(capsys) == f"error: {missing}: No such file or directory\n  Check the path.\n"


def test_a_directory_is_no_file(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("import", "prices", tmp_path) == 4
    assert said(capsys) == f"error: {tmp_path}: Is a directory\n  Check the path.\n"


def test_a_name_that_looks_like_markup_is_printed_as_it_is(
    command: Command, file: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("import", "prices", file("[red]x[-b].csv", price_csv(random_closes(5)))) == 0
    assert said(capsys).startswith("[red]x[-b].csv: 30 prices rows")


def test_many_bad_rows_are_named_and_the_rest_counted(
    command: Command, file: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    without_close = "".join(f"TCS,{day},1,1,1,,1\n" for day in weekdays(14))
    assert command("import", "prices", file("p.csv", price_csv(random_closes(100)) + without_close.encode())) == 0
    lines = said(capsys).splitlines()
    assert lines[1] == f"  Left out: p.csv, row 602, TCS {weekdays(14)[0]}: close is missing"
    assert lines[-1] == "  Left out: and 4 more"


def test_an_empty_book_is_refused_unless_asked_for(
    filled: Command, file: Files, database: Boilerplate, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = file("empty.json", kite_json())
    before = contents(database)
    assert filled("import", "holdings", empty) == 4
    assert "--allow-empty" in said(capsys)
    assert contents(database) == before
    assert filled("import", "holdings", "--allow-empty", empty) == 0
    assert rows(database, "SELECT count(*) FROM risk_holding_snapshots") == [(2,)]


def test_stopping_an_import_leaves_nothing_half_done(
    command: Command,
    file: Files,
    database: Boilerplate,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def press_ctrl_c(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    before = contents(database)
    monkeypatch.setattr("app.ingest.prices.record_import", press_ctrl_c)
    assert command("import", "prices", file("prices.csv", price_csv(random_closes(30)))) == 130
    assert "error: Stopped.\n  Nothing half-done was stored.\n" in said(capsys)
    assert contents(database) == before


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ((), ""),
        (("--window", "90d"), "?window=90d"),
        (("--as-of", "2026-06-01"), "?as_of=2026-06-01"),
        (("--horizon", "10", "--window", "1y"), "?horizon=10&window=1y"),
    ],
)
def test_the_report_as_json_is_that_of_the_api(
    filled: Command, services: Services, options: tuple[str, ...], query: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filled("report", "equity", "--json", *options) == 0
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    answered = create_app(services).test_client().get(f"/api/risk/equity{query}").get_json()
    assert printed.keys() == answered.keys()
    assert {**printed, "computed_at": ""} == {**answered, "computed_at": ""}


def test_the_report_for_people_shows_value_measures_and_flaws(
    filled: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert filled("report", "equity") == 0
    printed = capsys.readouterr().out
    assert f"prices as of {TODAY}" in printed
    assert "SAMPLE DATA" not in printed
    for word in ("volatility", "var_historical_95", "60d", "90d", "1y", "₹", "unavailable:", "unknown_security|INFY"):
        assert any(part in printed for part in word.split("|")), word


def test_the_report_of_an_empty_database_says_that_there_is_nothing(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("report", "equity") == 0
    assert "Equity no value, no prices yet" in capsys.readouterr().out


def test_a_report_before_the_first_migration_says_what_to_do(
    first_command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert first_command("report", "equity") == 3
    assert "python -m app migrate" in said(capsys)


def test_the_daily_job_keeps_the_report_of_the_day(
    filled: Command, database: Boilerplate, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filled("job", "daily_risk") == 0
    assert f"equity report of {TODAY} kept as run 1" in said(capsys)
    found = rows(database, "SELECT scope, kind, as_of, report->>'currency' FROM risk_runs WHERE scope = 'equity'")
    assert found == [("equity", "daily", TODAY, "INR")]
    assert rows(database, "SELECT job, status FROM risk_heartbeats") == [("daily_risk", "ok")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "the following arguments are required: COMMAND"),
        (("dance",), "invalid choice: 'dance'"),
        (("import", "prices"), "the following arguments are required: FILE"),
        (("report", "equity", "--window", "5y"), "invalid choice: '5y'"),
        (("report", "equity", "--as-of", "yesterday"), "'yesterday' is not a day like 1990-01-01"),
        (("report", "equity", "--as-of", "0001-01-01"), "0001-01-01 is before 1990-01-01"),
        (("report", "equity", "--horizon", "64"), "invalid choice: 64"),
        (("job", "unknown"), "invalid choice: 'unknown'"),
    ],
)
def test_a_wrong_command_is_explained(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        command_line.main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_all_wrong_settings_are_named_at_once(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "abc")
    monkeypatch.setenv("RISK_FREE_RATE", "nan")
    assert command("migrate") == 2
    message = said(capsys)
    assert "PORT='abc'" in message
    assert "RISK_FREE_RATE='nan'" in message


@pytest.mark.parametrize("arguments", [("migrate",), ("report", "equity"), ("job", "daily_risk"), ("run",)])
def test_a_database_that_is_not_there_is_named_with_the_remedy(
    command: Command, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hidden@127.0.0.1:9/none")
    assert command(*arguments) == 3
    message = said(capsys)
    assert message.startswith("error: The database can't be reached: ")
    assert "Check that Postgres runs" in message
    assert "hidden" not in message


def test_a_migration_that_fails_is_reported_without_a_traceback(
    first_command: Command, empty_database: Boilerplate, capsys: pytest.CaptureFixture[str]
) -> None:
    with empty_database.transaction() as connection:
        connection.execute(text("CREATE SCHEMA my_schema"))
        connection.execute(text("CREATE VIEW risk_holdings AS SELECT 1 AS a"))
    assert first_command("migrate") == 3
    message = said(capsys)
    assert message.startswith('error: A name that this app needs is taken: relation "risk_holdings" already exists.')
    assert "Rename what has it" in message


def test_the_process_prints_the_json_alone_and_ends_with_its_exit_code(database_url: str) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "app", *arguments],
            cwd=Path(command_line.__file__).parents[1],
            env={**os.environ, "DATABASE_URL": database_url},
            capture_output=True,
            text=True,
            check=False,
        )

    report = run("report", "equity", "--json")
    assert (report.returncode, report.stderr) == (0, "")
    assert json.loads(report.stdout)["scope"] == "equity"
    missing = run("import", "prices", "missing.csv")
    assert (missing.returncode, missing.stdout) == (4, "")
    assert missing.stderr == "error: missing.csv: No such file or directory\n  Check the path.\n"
