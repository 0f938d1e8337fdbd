from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.sources import workbook_reader, workbooks
from app.sources.workbook_reader import ASK, REPLY, RETIRE_ABOVE, _cell_text, content_size
from app.sources.workbooks import WorkbookReader, WorkbookRefused, check_packing, read_sheets
from tests.unit.sources.workbooks import packed, sheet_xml, workbook, zipped

Children = list[subprocess.Popen[bytes]]


def test_cells_come_as_text_in_the_order_of_the_sheets() -> None:
    assert read_sheets(workbook({"B": [["x", 1.0, 0.5]], "A": [[None, "y"]]})) == [
        ("B", [["x", "1", "0.5"]]),
        ("A", [["", "y"]]),
    ]


def test_a_format_without_a_value_at_the_last_row_does_no_harm() -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="1"/></row>'
    assert read_sheets(packed({"S": sheet_xml(rows)})) == [("S", [["1"]])]


def test_empty_rows_and_columns_at_the_end_of_a_sheet_are_left_out() -> None:
    empty = '<c t="inlineStr"><is><t></t></is></c>'
    rows = f"<row>{empty}<c><v>1</v></c>{empty * 3}</row><row>{empty}</row><row><c><v>2</v></c></row>"
    assert read_sheets(packed({"S": sheet_xml(rows + f"<row>{empty * 9}</row>" * 5)})) == [
        ("S", [["", "1"], ["", ""], ["2", ""]])
    ]


def test_a_sheet_costs_what_whoever_asks_for_it_needs() -> None:
    """24 bytes a cell, 64 more with text, 2 a letter of English and 8 of any other script."""
    assert content_size([["", "ab"], ["", ""]]) == 4 * 24 + 64 + 4
    assert content_size([["₹"]]) == 24 + 64 + 8


def test_the_room_for_a_workbook_can_be_less_than_usual() -> None:
    with WorkbookReader() as reader:
        assert reader.read(workbook({"A": [["x"]]}), room=90)
        with pytest.raises(WorkbookRefused, match="is far too large"):
            reader.read(workbook({"A": [["xy"]]}), room=90)


def test_a_changed_byte_shows_in_the_checksum() -> None:
    data = bytearray(zipped({"xl/workbook.xml": b"x" * 5000}))
    data[45] ^= 1
    with pytest.raises(WorkbookRefused, match="can't be read"):
        read_sheets(bytes(data))


def test_small_repetitive_sheets_may_pack_better_than_a_hundred_to_one() -> None:
    assert len(check_packing(zipped({"a.xml": b" " * (8 << 20)}))) == 1


def test_a_reader_that_takes_too_long_is_ended() -> None:
    with WorkbookReader() as reader:
        with pytest.raises(WorkbookRefused, match="takes longer than"):
            reader.read(packed({"S": sheet_xml(("<row>" + "<c><v>1.25</v></c>" * 100 + "</row>") * 2_000)}), 0.001)
        assert reader.read(workbook({"A": [["x"]]})) == [("A", [["x"]])]


def test_one_child_reads_workbook_after_workbook_and_a_refusal_does_not_end_it(started: Children) -> None:
    far = packed({"S": sheet_xml('<row r="1"><c r="XFD1"><v>1</v></c></row>')})
    with WorkbookReader() as reader:
        for name in "ABC":
            with pytest.raises(WorkbookRefused, match="is far too large"):
                reader.read(far)
            assert reader.read(workbook({name: [["x"]]})) == [(name, [["x"]])]
    assert len(started) == 1


def test_a_child_of_a_large_process_is_not_taken_for_a_large_one(started: Children) -> None:
    ballast = b"x" * ((RETIRE_ABOVE + (16 << 10)) << 10)
    with WorkbookReader() as reader:
        for _ in range(2):
            reader.read(workbook({"A": [["x"]]}))
    assert (len(started), len(ballast) > 0) == (1, True)


def test_a_child_that_dies_is_a_refusal_and_is_replaced(started: Children) -> None:
    with WorkbookReader() as reader:
        with pytest.raises(WorkbookRefused, match="can't be read"):
            reader.read(zipped({"xl/workbook.xml": b"no workbook"}))
        assert reader.read(workbook({"A": [["x"]]})) == [("A", [["x"]])]
    assert len(started) == 2


def test_a_child_that_has_grown_ends_after_its_answer() -> None:
    """Two million cells, for which there is room here; nothing more is read with the memory they took.

    A process in between is small, whatever this one has used.
    """
    large = packed({"S": sheet_xml(("<row>" + "<c><v>1.25</v></c>" * 195 + "</row>") * 10_000)})
    small = workbook({"A": [["x"]]})
    between = "import subprocess, sys; subprocess.run([sys.executable, '-I', sys.argv[1]], check=True)"
    asked = b"".join(ASK.pack(30, 1 << 40, len(data)) + data for data in (large, small))
    command = [sys.executable, "-c", between, workbook_reader.__file__]
    answer = subprocess.run(command, input=asked, capture_output=True, check=True).stdout
    refused, ends, size = REPLY.unpack(answer[: REPLY.size])
    assert (refused, ends, len(answer)) == (False, True, REPLY.size + size)


def test_the_processor_time_of_a_workbook_is_its_own() -> None:
    """The limit is set anew for each, counted from what the process has used: many may take more than one may."""
    before = resource.getrlimit(resource.RLIMIT_CPU)
    script = (
        "import resource, sys; sys.path.insert(0, sys.argv[1]); import workbook_reader as w; w.MAX_CPU_SECONDS = 2\n"
        "w._limit_time(30); first = resource.getrlimit(resource.RLIMIT_CPU)[0]\n"
        "while w.process_time() < 1.2: pass\n"
        "w._limit_time(30); print(resource.getrlimit(resource.RLIMIT_CPU)[0] - first)"
    )
    folder = str(Path(workbooks.__file__).parent)
    done = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=True)
    assert int(done.stdout) >= 1
    assert resource.getrlimit(resource.RLIMIT_CPU) == before


def test_no_child_is_left_when_the_reader_is_closed(started: Children) -> None:
    with WorkbookReader() as reader:
        reader.read(workbook({"A": [["x"]]}))
        assert started[0].poll() is None
    assert started[0].poll() is not None


def test_text_has_no_nul_that_a_database_would_refuse() -> None:
    assert _cell_text("a\0b") == "ab"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Children:
    """The processes started while the test runs."""
    found: Children = []
    start = subprocess.Popen

    def remember(*arguments: Any, **named: Any) -> subprocess.Popen[bytes]:
        child = start(*arguments, **named)
        found.append(child)
        return child

    monkeypatch.setattr(subprocess, "Popen", remember)
    return found
