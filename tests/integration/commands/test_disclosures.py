"""python -m app import disclosures, as a person runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import app.__main__ as command_line
from app.bootstrap import Services, build_services
from app.settings import Settings
from tests.integration.conftest import clock
from tests.integration.disclosure_files import OCTOBER, SCHEME, SEPTEMBER, one_fund, scaled
from tests.unit.sources.amc.test_opening import HOSTILE

KEYS = [
    "file", "sheet", "name", "amfi_code", "as_on", "lines", "sum_of_weights", "stated_total", "gross_equity",
    "net_equity", "warnings", "quarantined",
]  # fmt: skip
Command = Callable[..., int]


@pytest.fixture
def command(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command on the test's database, with a data folder of its own."""

    def build(settings: Settings) -> Services:
        return build_services(settings, clock)

    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("RISK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(command_line, "build_services", build)
    return lambda *arguments: command_line.main(["import", "disclosures", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """October and September of a fund, a page that is no workbook, and a fortnightly disclosure."""
    files = tmp_path / "files"
    files.mkdir()
    (files / "a october.xlsx").write_bytes(one_fund(as_on=OCTOBER))
    (files / "b september.xlsx").write_bytes(one_fund(as_on=SEPTEMBER))
    (files / "c fortnight.xlsx").write_bytes(one_fund(as_on=OCTOBER.replace(day=15)))
    return files


def test_the_json_is_a_list_with_one_object_a_sheet_and_nothing_else_on_standard_output(
    command: Command, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(folder, "--json") == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert [list(one) for one in found] == [KEYS] * 3
    first, second, third = found
    assert (first["file"], first["name"], first["as_on"]) == ("a october.xlsx", SCHEME, str(OCTOBER))
    assert (first["lines"], first["amfi_code"], first["quarantined"]) == (9, None, None)
    assert first["sum_of_weights"] == pytest.approx(100)
    assert first["stated_total"] == pytest.approx(2000e5)
    assert first["gross_equity"] == first["net_equity"] == pytest.approx(75.9)
    assert any("kept as history" in warning for warning in second["warnings"])
    assert "fortnightly" in third["quarantined"]
    assert "a october.xlsx: 1 portfolios used, 0 refused, 9 lines stored." in captured.err


def test_again_everything_is_known_and_the_answer_is_the_same(
    command: Command, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command(folder, "--json")
    first = capsys.readouterr().out
    assert command(folder, "--json") == 0
    captured = capsys.readouterr()
    assert captured.out == first
    assert captured.err.count("(all known already)") == 3


def test_a_file_that_is_no_disclosure_fails_the_command_after_the_others_are_stored(
    command: Command, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "0 page.xlsx").write_bytes(HOSTILE["html"])
    assert command(folder / "gone.xlsx", folder, "--json") == 4
    captured = capsys.readouterr()
    assert [one["quarantined"] is None for one in json.loads(captured.out)] == [False, True, True, False]
    assert "gone.xlsx: No such file or directory" in captured.err
    assert "Refused: 0 page.xlsx: is a web page or XML text, not a workbook" in captured.err


def test_the_month_asked_for_refuses_the_others(
    command: Command, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(folder / "a october.xlsx", folder / "b september.xlsx", "--month", "2026-09", "--json") == 0
    reasons = [one["quarantined"] for one in json.loads(capsys.readouterr().out)]
    assert reasons == ["is of 2026-10-31, not of 2026-09", None]


def test_an_older_month_needs_the_word_unless_one_command_brings_both(
    command: Command, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    october, september = folder / "a october.xlsx", folder / "b september.xlsx"
    assert command(october) == command(september) == 0
    assert "Refused: S1: is older than loaded: it is of 2026-09-30" in capsys.readouterr().err
    assert command(september, "--older", "--json") == 0
    (taken,) = json.loads(capsys.readouterr().out)
    assert taken["quarantined"] is None


def test_a_month_of_which_nothing_is_used_fails_the_command(
    command: Command, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(folder, "--month", "2026-08") == 4
    assert "Nothing is used: no sheet holds a good portfolio of 2026-08." in capsys.readouterr().err


def test_a_folder_without_workbooks_fails_the_command_beside_a_good_file(
    command: Command, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "readme.txt").write_text("hello")
    assert command(empty, folder / "a october.xlsx") == 4
    errors = capsys.readouterr().err
    assert f"error: {empty}: holds no file to import, looked for .xls, .xlsb, .xlsx, .zip." in errors
    assert "a october.xlsx: 1 portfolios used" in errors


def test_a_device_without_end_is_refused_at_once(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("/dev/zero") == 4
    assert "/dev/zero: is a device or a pipe, not a file." in capsys.readouterr().err


def test_a_good_file_given_again_takes_back_its_place(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, other = tmp_path / "good.xlsx", tmp_path / "other.xlsx"
    good.write_bytes(one_fund(as_on=OCTOBER))
    other.write_bytes(one_fund(rows=scaled(0.5)))
    assert [command(good), command(other), command(good)] == [0, 0, 0]
    assert capsys.readouterr().err.count("good.xlsx: 1 portfolios used, 0 refused, 9 lines stored.") == 2
    command(good, "--json")
    (sheet,) = json.loads(capsys.readouterr().out)
    assert (sheet["warnings"], sheet["stated_total"]) == ([], pytest.approx(2000e5))


def test_two_files_of_a_month_given_together_again_change_nothing(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, last = tmp_path / "first.xlsx", tmp_path / "last.xlsx"
    first.write_bytes(one_fund(as_on=OCTOBER))
    last.write_bytes(one_fund(rows=scaled(0.5)))
    command(first, last)
    capsys.readouterr()
    assert command(first, last) == 0
    assert capsys.readouterr().err.count("(all known already)") == 2


@pytest.mark.parametrize("month", ["2026", "2026-13", "October"])
def test_a_month_that_is_none_is_a_wrong_argument(
    command: Command, folder: Path, month: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        command(folder, "--month", month)
    assert "is not a month like 2026-10" in capsys.readouterr().err


def test_without_a_file_the_drop_folder_is_scanned(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--json") == 4
    captured = capsys.readouterr()
    assert json.loads(captured.out) == []
    assert "disclosures: holds no file to import, looked for .xls, .xlsb, .xlsx, .zip." in captured.err
    (tmp_path / "data" / "disclosures" / "october.xlsx").write_bytes(one_fund())
    assert command("--json") == 0
    assert [one["file"] for one in json.loads(capsys.readouterr().out)] == ["october.xlsx"]
