from __future__ import annotations

import contextlib
import gzip
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InputFileError
from app.sources import tabular
from app.sources.tabular import Layout
from tests.shared_data import shared_file
from tests.unit.sources.unhurried import unhurried
from tests.unit.sources.workbooks import packed, sheet_xml, workbook, zipped

PAIR = Layout("pair", {"name": ("name",), "size": ("size", "grandeur")}, ("name", "size"), "name, size")
TEXT = b"name,size\nabc,5\n"


def read_pair(data: bytes) -> list[tuple[int, dict[str, str]]]:
    return list(tabular.find_table(tabular.read_content(data, "f.csv"), [PAIR], "f.csv").records())


@pytest.mark.parametrize(
    "data",
    [
        TEXT,
        gzip.compress(TEXT),
        zipped({"inner.csv": TEXT}),
        zipped({"inner.csv": TEXT, "__MACOSX/._inner.csv": b"\x00"}),
        zipped({"inner.csv.gz": gzip.compress(TEXT)}),
        workbook({"Sheet1": [["name", "size"], ["abc", 5]]}),
        b"\xef\xbb\xbf" + TEXT,
        TEXT.decode().encode("utf-16"),
        TEXT.replace(b"\n", b"\r\n"),
        TEXT.replace(b"\n", b"\r"),
        TEXT.replace(b",", b";"),
        TEXT.replace(b",", b"\t"),
        TEXT.replace(b",", b"|"),
        b" NAME ,Size.\nabc , 5\n",
        b'"name","size"\n"abc","5"\n',
    ],
)
def test_the_content_decides_how_a_file_is_opened(data: bytes) -> None:
    assert read_pair(data) == [(2, {"name": "abc", "size": "5"})]


def test_a_header_is_found_below_title_lines_and_beside_empty_columns() -> None:
    data = b"Statement, of things\n,,\n,grandeur,name\n,5,abc\n\n,6,abd\n"
    assert read_pair(data) == [(4, {"name": "abc", "size": "5"}), (6, {"name": "abd", "size": "6"})]


def test_a_header_below_the_sixtieth_row_is_not_looked_for() -> None:
    with pytest.raises(InputFileError, match="no known header in its first 60 rows"):
        read_pair(b"x\n" * 60 + TEXT)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b" \r\n ", "is empty"),
        (gzip.compress(b""), "is empty"),
        (gzip.compress(TEXT)[:-6], "damaged archive"),
        (gzip.compress(TEXT) + b"rubbish", "damaged archive"),
        (zipped({"a.csv": TEXT})[:-9], "damaged archive"),
        (b"PK\x03\x04 and no more", "damaged archive"),
        (zipped({"a.csv": TEXT, "b.csv": TEXT}), "holds 2 files"),
        (zipped({"a/": b""}), "holds 0 files"),
        (gzip.compress(gzip.compress(gzip.compress(TEXT))), "packed more than twice"),
        (b"<!DOCTYPE html><html>name,size</html>", "web page"),
        (b"\xef\xbb\xbf\n <html>", "web page"),
        (b"%PDF-1.7 name,size", "PDF"),
        (b"\x00\x01\x02name,size", "not a text table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 not really", "workbook that can't be read"),
        (
            packed({"Sheet1": sheet_xml('<row r="1"><c r="A1" t="s"><v>7</v></c></oops>')}),
            "workbook that can't be read",
        ),
        (b"name\nabc\n", "lacks the columns size of the layout pair; found: name"),
        (b"name,size,size\nabc,5,6\n", "has the column size twice"),
    ],
)
def test_what_is_no_table_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(InputFileError, match=reason) as refused:
        read_pair(data)
    assert refused.value.remedy
    assert refused.value.file == "f.csv"


def test_an_archive_that_unpacks_to_more_than_the_cap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabular, "MAX_UNPACKED", 1000)
    for bomb in (gzip.compress(b"0" * 1001), zipped({"a.csv": b"0" * 1001})):
        with pytest.raises(InputFileError, match="unpacks to more than"):
            tabular.read_content(bomb, "f.gz")


def test_a_workbook_with_one_far_cell_ends_the_reader_and_not_this_process() -> None:
    far = sheet_xml('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>')
    with pytest.raises(InputFileError, match="far too large"):
        tabular.read_content(packed({"Sheet1": far}), "f.xlsx")


def test_an_old_xls_workbook_opens() -> None:
    path = shared_file("mf/ppfas/PPFAS_Monthly_Portfolio_Report_January_31_2025.xls")
    content = tabular.read_content(path.read_bytes(), path.name)
    assert isinstance(content, tuple)
    assert any("ISIN" in cell for grid in content for row in grid.rows for cell in row)


def test_cells_of_a_workbook_read_like_those_of_a_text_file() -> None:
    data = workbook({"One": [[1.0, 0.5, "x", None, "1e999"]], "Two": []})
    content = tabular.read_content(data, "f.xlsx")
    assert isinstance(content, tuple)
    assert [(grid.sheet, [list(row) for row in grid.rows]) for grid in content] == [
        ("One", [["1", "0.5", "x", "", "1e999"]]),
        ("Two", []),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,23,456.78", 123456.78),
        ("123,456.78", 123456.78),
        ("₹ 1,234", 1234.0),
        ("\u221212.5", -12.5),
        (" .5 ", 0.5),
        ("1e3", 1000.0),
        ("1,5", None),
        ("1_000", None),
        ("12 34", None),
        ("e5", None),
        ("1e999", None),
        ("inf", None),
        ("nan", None),
        ("-", None),
        ("", None),
        ("²", None),
        ("0x10", None),
    ],
)
def test_numbers_are_read_with_indian_digit_groups(text: str, value: float | None) -> None:
    assert tabular.parse_number(text) == value


@unhurried
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_reads_back_as_itself(value: float) -> None:
    assert tabular.parse_number(repr(value)) == value


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-01-02", date(2025, 1, 2)),
        ("02-01-2025", date(2025, 1, 2)),
        ("02/01/2025", date(2025, 1, 2)),
        ("02-Jan-2025", date(2025, 1, 2)),
        ("02-JAN-2025", date(2025, 1, 2)),
        ("02-Jan-25", date(2025, 1, 2)),
        ("2025-01-02 00:00:00", date(2025, 1, 2)),
        ("2025-01-02T00:00:00+05:30", date(2025, 1, 2)),
        ("2025-01-01T18:30:00Z", date(2025, 1, 2)),
        ("2025-13-02", None),
        ("20250102", date(2025, 1, 2)),
        ("2025/01/02", date(2025, 1, 2)),
        ("02.01.2025", date(2025, 1, 2)),
        ("02-January-2025", date(2025, 1, 2)),
        ("2 January 2025", date(2025, 1, 2)),
        ("1990-01-01", date(1990, 1, 1)),
        ("1989-12-31", None),
        ("20251302", None),
        ("2025102", None),
        ("02/01/25", None),
        ("yesterday", None),
        ("", None),
        ("0001-01-01T00:00:00+23:59", None),
    ],
)
def test_days_are_read_in_every_form_that_the_sources_write(text: str, day: date | None) -> None:
    assert tabular.parse_day(text) == day


@unhurried
@given(st.text(max_size=30))
def test_any_text_gives_a_number_a_day_or_the_absence_of_one(text: str) -> None:
    number, day = tabular.parse_number(text), tabular.parse_day(text)
    assert number is None or isinstance(number, float)
    assert day is None or isinstance(day, date)


def test_broken_json_is_refused_with_its_place() -> None:
    for text in ('{"a": ', "[" * 100_000, "9" * 5000):
        with pytest.raises(InputFileError, match="not valid JSON"):
            tabular.read_json(text, "f.json")


def test_only_fifty_rows_are_named_and_the_rest_counted() -> None:
    assert tabular.cap_messages(["x"] * 50) == ("x",) * 50
    assert tabular.cap_messages(["x"] * 53)[-1] == "and 3 more rows"
    assert tabular.cap_messages(["x"] * 50, total=70)[-1] == "and 20 more rows"


@unhurried
@given(st.binary(max_size=300))
def test_random_bytes_open_or_are_refused(data: bytes) -> None:
    with contextlib.suppress(InputFileError):
        assert read_pair(data) == []
