"""Folders of files, and the published files of 21 fund houses all the way into the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from app.Boilerplate import Boilerplate
from app.domain.disclosures import Source
from app.domain.errors import InputFileError
from app.ingest import disclosure_files
from app.ingest.disclosure_checks import Asked
from app.ingest.disclosure_files import drop_folder, find_files, import_files
from app.ingest.disclosures import DisclosureImport
from tests.integration.conftest import TODAY
from tests.integration.disclosure_files import OCTOBER, SEPTEMBER, bring_disclosure, one_fund, scaled
from tests.integration.importing import contents, rows
from tests.shared_data import shared_file
from tests.unit.sources.amc.test_opening import HOSTILE
from tests.unit.sources.amc.test_reader import SHEETS

ASKED = Asked(TODAY, Source.FOLDER)
NIFTY_50 = {"HDFC Nifty 50 Index Fund", "ICICI Prudential Nifty 50 Index Fund", "Bandhan Nifty 50 Index Fund"}


def bring(database: Boilerplate, paths: Iterable[Path]) -> list[DisclosureImport | InputFileError]:
    return list(import_files(database, find_files(paths), ASKED, lambda _path: None))


def done(results: Iterable[DisclosureImport | InputFileError]) -> list[DisclosureImport]:
    return [result for result in results if isinstance(result, DisclosureImport)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two months of a fund, a web page in a workbook's clothes, and what is no disclosure at all."""
    (tmp_path / "below").mkdir()
    (tmp_path / "october.xlsx").write_bytes(one_fund(as_on=OCTOBER))
    (tmp_path / "below" / "september.XLSX").write_bytes(one_fund(as_on=SEPTEMBER))
    (tmp_path / "error.xls").write_bytes(HOSTILE["html"])
    for name in ("readme.txt", ".hidden.xlsx", "~$open.xlsx"):
        (tmp_path / name).write_bytes(b"-")
    return tmp_path


def test_a_folder_gives_its_workbooks_and_archives_and_those_below(folder: Path) -> None:
    found = [path.name for path in find_files([folder, folder / "readme.txt", folder / "october.xlsx"])]
    assert found == ["september.XLSX", "error.xls", "october.xlsx", "readme.txt"]


def test_a_folder_is_read_in_order_of_the_months_in_the_names_of_its_files(tmp_path: Path) -> None:
    for name in ("A 31-Oct-2026.xlsx", "B Portfolio_September2026.xls", "C 30.11.2025.zip", "D.xlsx"):
        (tmp_path / name).write_bytes(b"")
    assert [path.name[0] for path in find_files([tmp_path])] == ["D", "C", "B", "A"]


def test_a_first_import_keeps_all_months_and_a_later_one_none_older(database: Boilerplate, tmp_path: Path) -> None:
    october, september = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    october.write_bytes(one_fund(as_on=OCTOBER))
    september.write_bytes(one_fund(as_on=SEPTEMBER))
    assert [result.lines_stored for result in done(bring(database, [tmp_path]))] == [9, 9]
    (tmp_path / "late.xlsx").write_bytes(one_fund(as_on=date(2026, 8, 31)))
    late = done(bring(database, [tmp_path]))
    assert [result.known for result in late] == [True, True, False]
    assert str(late[2].sheets[0].quarantined).startswith("is older than loaded")
    assert [result.known for result in done(bring(database, [tmp_path]))] == [True] * 3


def test_the_files_of_a_folder_stay_and_the_next_scan_reads_none(
    database: Boilerplate, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    first = done(bring(database, [folder]))
    assert [(result.file.name, result.lines_stored) for result in first] == [
        ("september.XLSX", 9),
        ("error.xls", 0),
        ("october.xlsx", 9),
    ]
    stored = contents(database)
    monkeypatch.setattr(disclosure_files, "open_workbooks", lambda *_: pytest.fail("read again"))
    second = done(bring(database, [folder]))
    assert [result.known for result in second] == [True] * 3
    assert [result.sheets for result in second] == [result.sheets for result in first]
    assert contents(database) == stored
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_file_that_is_gone_is_told_and_the_others_are_stored(database: Boilerplate, folder: Path) -> None:
    gone, good = bring(database, [folder / "gone.xlsx", folder / "october.xlsx"])
    assert isinstance(gone, InputFileError)
    assert gone.reason == "No such file or directory"
    assert isinstance(good, DisclosureImport)
    assert good.lines_stored == 9


def test_a_scan_never_puts_back_what_was_replaced(database: Boilerplate, folder: Path) -> None:
    bring(database, [folder])
    bring_disclosure(database, one_fund(rows=scaled(0.5)), "corrected.xlsx")
    assert [result.known for result in done(bring(database, [folder]))] == [True] * 3
    assert rows(
        database, "SELECT file FROM risk_disclosures WHERE month_end = '2026-10-31' AND replaced_by IS NULL"
    ) == [("corrected.xlsx",)]


def test_the_drop_folder_is_made_under_the_data_folder(tmp_path: Path) -> None:
    assert drop_folder(tmp_path / "data") == tmp_path / "data" / "disclosures"
    assert drop_folder(tmp_path / "data").is_dir()


def test_all_published_files_are_stored_with_the_counts_of_the_reader(database: Boilerplate) -> None:
    results = done(bring(database, [shared_file(f"mf/{name}") for name in SHEETS]))
    found = {
        name: (len(result.sheets), sum(sheet.quarantined is None for sheet in result.sheets), result.lines_stored)
        for name, result in zip(SHEETS, results, strict=True)
    }
    expected = {name: (sheets, used, lines if used else 0) for name, (sheets, used, lines) in SHEETS.items()}
    assert found == expected
    used, lines = (sum(counts[at] for counts in expected.values()) for at in (1, 2))
    assert rows(database, "SELECT count(*) FROM mf_underlying_holdings JOIN risk_disclosure_lines USING (id)") == [
        (lines,)
    ]
    good = "SELECT count(*) FROM risk_disclosures WHERE quarantined IS NULL AND replaced_by IS NULL"
    assert rows(database, good) == [(used,)]
    check_stored_sums(database)
    check_months(database)
    check_turnover(database)
    check_index_funds(database)


def check_stored_sums(database: Boilerplate) -> None:
    """What the file's total contains adds up to it, of every portfolio, by what is stored."""
    off = rows(
        database,
        """SELECT d.name, sum(h.weight_pct), sum(h.value) / d.stated_total FROM risk_disclosures d
           JOIN risk_disclosure_lines l USING (disclosure_id) JOIN mf_underlying_holdings h USING (id)
           WHERE l.in_total GROUP BY d.disclosure_id
           HAVING abs(sum(h.weight_pct) - 100) > 0.03 OR abs(sum(h.value) / d.stated_total - 1) > 0.0003""",
    )
    assert off == []


def check_months(database: Boilerplate) -> None:
    """Houses with files of two dates keep both, whichever was read first."""
    months = Counter(
        house
        for (house,) in rows(
            database,
            """SELECT DISTINCT split_part(name, ' ', 1) || extract(year FROM as_on) || '-' || extract(month FROM as_on)
               FROM risk_disclosures WHERE quarantined IS NULL AND name ~* '^(sbi|nippon|zerodha) '""",
        )
    )
    assert {str(house).upper() for house in months} >= {"SBI2025-1", "SBI2025-7", "NIPPON2025-1", "NIPPON2025-7"}
    assert {str(house).upper() for house in months} >= {"ZERODHA2024-6", "ZERODHA2025-1"}


def check_turnover(database: Boilerplate) -> None:
    """In half a year only an index on momentum and an interval fund at its end changed most of what they hold."""
    told = rows(
        database,
        """SELECT lower(name) FROM risk_disclosures
           WHERE quarantined IS NULL AND array_to_string(warnings, ' ') LIKE '%% of its securities are others than on%%'
           ORDER BY 1""",
    )
    assert [str(name) for (name,) in told] == [
        "nippon india annual interval fund-series 1",
        "nippon india nifty 500 momentum 50 index fund",
    ]


def check_index_funds(database: Boilerplate) -> None:
    """Nifty 50 funds of three houses hold the same 51 shares in nearly the same weights."""
    found = rows(
        database,
        """SELECT l.isin, count(*), max(weight_pct) - min(weight_pct) FROM mf_underlying_holdings
           JOIN risk_disclosure_lines l USING (id)
           WHERE mf_scheme_name = ANY(ARRAY['{}']) AND kind = 'equity' GROUP BY 1""".format("', '".join(NIFTY_50)),
    )
    assert len(found) == 51
    assert {count for _, count, _ in found} == {3}
    assert max(float(str(spread)) for *_, spread in found) <= 0.011
