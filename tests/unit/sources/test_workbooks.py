from __future__ import annotations

import subprocess

import pytest

from app.sources import workbooks
from app.sources.workbooks import WorkbookRefused, check_packing, read_sheets
from tests.unit.sources.workbooks import packed, sheet_xml, workbook, zipped


def test_cells_come_as_text_in_the_order_of_the_sheets() -> None:
    assert read_sheets(workbook({"B": [["x", 1.0, 0.5]], "A": [[None, "y"]]})) == [
        ("B", [["x", "1", "0.5"]]),
        ("A", [["", "y"]]),
    ]


def test_a_format_without_a_value_at_the_last_row_does_no_harm() -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="1"/></row>'
    assert read_sheets(packed({"S": sheet_xml(rows)})) == [("S", [["1"]])]


def test_a_changed_byte_shows_in_the_checksum() -> None:
    data = bytearray(zipped({"xl/workbook.xml": b"x" * 5000}))
    data[45] ^= 1
    with pytest.raises(WorkbookRefused, match="can't be read"):
        read_sheets(bytes(data))


def test_small_repetitive_sheets_may_pack_better_than_a_hundred_to_one() -> None:
    assert len(check_packing(zipped({"a.xml": b" " * (8 << 20)}))) == 1


def test_a_reader_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "SECONDS", 0.001)
    with pytest.raises(WorkbookRefused, match="takes longer than"):
        read_sheets(workbook({"A": [["x"]]}))


def test_a_reader_that_dies_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    died = subprocess.CompletedProcess([], -6, b"", b"memory allocation failed")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: died)
    with pytest.raises(WorkbookRefused, match="can't be read"):
        read_sheets(workbook({"A": [["x"]]}))
