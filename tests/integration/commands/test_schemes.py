"""The imports of fund data and ``funds match`` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.__main__ import main
from app.Boilerplate import Boilerplate
from app.ingest.portfolios import resolve_portfolios
from tests.integration.fund_files import (
    DIRECT,
    FUND,
    FUND_REGULAR,
    bring_navall,
    fund_row,
    funds_json,
    many_funds,
    nav_csv,
    navall,
)
from tests.integration.importing import rows

FILES = {
    "navall": ("NAVAll.txt", navall(FUND, FUND_REGULAR)),
    "fund-holdings": ("funds.json", funds_json(fund_row(DIRECT))),
    "navs": ("900001.csv", nav_csv(("2026-11-02", 99.0))),
    "ter": ("ter_2026-10-31.csv", b"Scheme Name,Direct Plan - Total TER (%)\nAlpha Flexi Cap Fund,0.66\n"),
    "tracking": (
        "tracking_2026-10-31.json",
        b'{"data": [{"Scheme_Name": "Alpha Flexi Cap Fund", "DirectPercent": "0.05"}]}',
    ),
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)


def test_every_kind_of_fund_file_is_imported(tmp_path: Path, database: Boilerplate) -> None:
    for kind, (name, data) in FILES.items():
        (tmp_path / name).write_bytes(data)
        assert main(["import", kind, str(tmp_path / name)]) == 0
    tables = ("risk_amfi_schemes", "risk_fund_holdings", "mf_nav_history", "risk_fund_costs", "risk_fund_tracking")
    assert [rows(database, f"SELECT count(*) FROM {table}")[0][0] for table in tables] == [2, 1, 2, 1, 1]


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_none_is_refused_with_its_remedy(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.html").write_bytes(b"<html>Too many requests</html>")
    assert main(["import", kind, str(tmp_path / "page.html")]) == 4
    assert "is a web page, not a table" in capsys.readouterr().err


def test_a_list_that_was_cut_needs_the_word(
    tmp_path: Path, database: Boilerplate, capsys: pytest.CaptureFixture[str]
) -> None:
    bring_navall(database, many_funds(1_000))
    (tmp_path / "NAVAll.txt").write_bytes(many_funds(700))
    assert main(["import", "navall", str(tmp_path / "NAVAll.txt")]) == 4
    assert "lists 700 schemes after 1,000: it may be cut short." in capsys.readouterr().err
    assert main(["import", "navall", "--allow-fewer", str(tmp_path / "NAVAll.txt")]) == 0


@pytest.mark.parametrize("kind", [*FILES, "prices", "holdings", "securities", "actions", "derivatives"])
def test_a_device_without_end_is_no_file(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", kind, "/dev/zero"]) == 4
    assert "/dev/zero: is a device or a pipe, not a file." in capsys.readouterr().err


def test_a_name_is_matched_listed_and_counts(database: Boilerplate, capsys: pytest.CaptureFixture[str]) -> None:
    bring_navall(database, navall(FUND))
    with database.transaction() as connection:
        resolve_portfolios(connection, ["Alpha Old Fund", "Alpha Lost Fund"])
    assert main(["funds", "match", "Alpha Old Fund", "900001"]) == 0
    capsys.readouterr()
    assert main(["funds", "match", "--list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "told": {"Alpha Old Fund": 900001},
        "unmatched": ["Alpha Lost Fund"],
    }
    assert rows(database, "SELECT mf_symbol, matched_by FROM risk_portfolios ORDER BY 1") == [
        (DIRECT, "override"),
        ("alpha-lost-fund", "none"),
    ]


def test_an_unknown_code_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["funds", "match", "Alpha Old Fund", "5"]) == 2
    assert "NAVAll.txt" in capsys.readouterr().err
