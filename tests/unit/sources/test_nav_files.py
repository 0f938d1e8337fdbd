from __future__ import annotations

import json
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import InputFileError
from app.domain.navs import NavPoint
from app.sources.nav_files import parse_navs

JSON = {
    "meta": {"scheme_code": 120716, "scheme_name": "UTI Nifty 50 Index Fund"},
    "data": [{"date": "02-01-2018", "nav": "67.56840"}, {"date": "01-01-2018", "nav": "67.52810"}],
    "status": "SUCCESS",
}
FIRST, SECOND = NavPoint(120716, date(2018, 1, 1), 67.5281), NavPoint(120716, date(2018, 1, 2), 67.5684)


def test_json_newest_first_comes_in_order_of_day() -> None:
    assert parse_navs(json.dumps(JSON).encode(), "x.json").points == (FIRST, SECOND)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"date,nav\n2018-01-02,67.5684\n2018-01-01,67.5281\n", "120716.csv"),
        (b"nav date;nav;scheme code\n01-01-2018;67.5281;120716\n02-01-2018;67.5684;120716\n", "any.csv"),
        (b"\xef\xbb\xbfDate,Net Asset Value\r\n01-Jan-2018,67.5281\r\n02-Jan-2018,67.5684\r\n", "nav-120716.csv"),
    ],
)
def test_csv_has_its_code_in_a_column_or_in_its_name(data: bytes, name: str) -> None:
    assert parse_navs(data, name).points == (FIRST, SECOND)


def test_a_negative_or_zero_nav_comes_through_to_be_judged_and_a_bad_row_is_named() -> None:
    read = parse_navs(b"date,nav\n2018-01-01,-1\n2018-01-02,0\n2018-01-03,N.A.\nsoon,5\n", "120716.csv")
    assert [point.nav for point in read.points] == [-1, 0]
    assert len(read.rejected) == 2


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"date,nav\n2018-01-01,1\n", "nav.csv", "which scheme"),
        (b"date,nav\n2018-01-01,1\n", "120716-119063.csv", "which scheme"),
        (b"date,nav\n", "120716.csv", "no NAV"),
        (b"date,nav\nsoon,5\n1-1-18,x\n", "120716.csv", r"no NAV\. row 2: lacks a code, .*\(120716, soon, 5\)"),
        (b'{"meta": {}, "data": [], "status": "SUCCESS"}', "a.json", "meta"),
        (b'{"status": "ERROR"}', "a.json", "meta"),
        (b"[1, 2]", "a.json", "meta"),
        (b"a,b\n1,2\n", "120716.csv", "header"),
        (b"<html>", "120716.csv", "web page"),
    ],
)
def test_a_file_that_is_none_is_refused(data: bytes, name: str, reason: str) -> None:
    with pytest.raises(InputFileError, match=reason):
        parse_navs(data, name)


@settings(max_examples=60)
@given(st.one_of(st.binary(max_size=60), st.recursive(st.none() | st.integers() | st.text(max_size=5),
       lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["meta", "data", "scheme_code",
       "date", "nav"]), inner, max_size=4), max_leaves=8).map(lambda body: json.dumps(body).encode())))  # fmt: skip
def test_any_body_is_read_or_refused(body: bytes) -> None:
    with suppress(InputFileError):
        assert parse_navs(body, "120716.csv").points
