from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import InputFileError
from app.domain.schemes import Option, Plan
from app.sources.amfi import is_nav_report, parse_nav_report, parse_navall
from tests.shared_data import shared_file

SIX = "Scheme Code;ISIN Div Payout/ ISIN Growth;ISIN Div Reinvestment;Scheme Name;Net Asset Value;Date"
EIGHT = SIX.replace("Scheme Name;", "Scheme Name;Plan;Option;")
HISTORY = "Scheme Code;Scheme Name;ISIN Div Payout/ISIN Growth;ISIN Div Reinvestment;Net Asset Value;Repurchase Price;"
HISTORY += "Sale Price;Date"
ROW = "120586;INF109K016L0;-;ICICI Prudential Bluechip Fund;Direct Plan;Growth;100.5;21-Aug-2026"
REAL = {
    # file -> rows, AMC lines, category lines, without a first ISIN, without any, families
    "mf/amfi/NAVAll_6col_2026-08-18.txt": (14_280, 52, 93, 812, 180, date(2026, 8, 18)),
    "mf/amfi/NAVAll_8col_2026-08-21.txt": (14_282, 52, 101, 806, 174, date(2026, 8, 21)),
}
ZEROS = {
    "mf/amfi/NAVAll_6col_2026-08-18.txt": "0 is no NAV, nor those of 242 more lines; the schemes are kept",
    "mf/amfi/NAVAll_8col_2026-08-21.txt": "0 is no NAV, nor those of 240 more lines; the schemes are kept",
}
FIVE = {"INF204KB1XN0", "INF204KB1XK6", "INF204KB1304", "INF204KA1UU2", "INF204KA1US6"}


def listing(*rows: str, header: str = EIGHT) -> bytes:
    return "\r\n".join(
        [header, " ", "Open Ended Schemes(Equity Scheme - Large Cap Fund)", "Alpha Mutual Fund", *rows]
    ).encode()


@pytest.mark.parametrize("path", REAL)
def test_the_real_lists_are_read_whole(path: str) -> None:
    file = shared_file(path)
    read = parse_navall(file.read_bytes(), file.name)
    schemes = read.schemes
    isins = Counter(isin for scheme in schemes for isin in set(scheme.isins))
    assert (
        len(schemes),
        len({scheme.house for scheme in schemes}),
        len({scheme.category for scheme in schemes}),
        sum(scheme.isin is None for scheme in schemes),
        sum(not scheme.isins for scheme in schemes),
        read.as_of,
    ) == REAL[path]
    assert {isin for isin, count in isins.items() if count > 1} == FIVE
    assert [line.split(": ", 1)[1] for line in read.rejected] == [ZEROS[path]]


def test_plan_and_option_come_from_their_columns() -> None:
    file = shared_file("mf/amfi/NAVAll_8col_2026-08-21.txt")
    plans = Counter(scheme.plan for scheme in parse_navall(file.read_bytes(), file.name).schemes)
    assert plans[Plan.DIRECT] == 4_200
    assert plans[Plan.REGULAR] >= 4_215
    (scheme,) = parse_navall(listing(ROW), "NAVAll.txt").schemes
    assert (scheme.plan, scheme.option, scheme.nav, scheme.nav_date) == (
        Plan.DIRECT,
        Option.GROWTH,
        100.5,
        date(2026, 8, 21),
    )
    assert scheme.house == "Alpha Mutual Fund"
    assert scheme.category == "Open Ended Schemes(Equity Scheme - Large Cap Fund)"


def test_plan_and_option_come_from_the_name_where_there_are_no_columns() -> None:
    row = "100;INF109K016L0;-;Alpha Value Fund - Direct Plan - IDCW;10;21-Aug-2026"
    (scheme,) = parse_navall(listing(row, header=SIX), "NAVAll.txt").schemes
    assert (scheme.plan, scheme.option, scheme.family) == (Plan.DIRECT, Option.PAYOUT, "alpha/alpha value")


@pytest.mark.parametrize("nav", ["N.A.", "", "-"])
def test_a_missing_nav_leaves_the_scheme(nav: str) -> None:
    read = parse_navall(listing(ROW, ROW.replace("120586", "1").replace("100.5", nav)), "NAVAll.txt")
    assert [scheme.nav for scheme in read.schemes] == [100.5, None]
    assert read.rejected == ()


@pytest.mark.parametrize("nav", ["-1", "1e30", "0.0000"])
def test_an_impossible_nav_is_told_and_the_scheme_stays(nav: str) -> None:
    read = parse_navall(listing(ROW, ROW.replace("120586", "1").replace("100.5", nav)), "NAVAll.txt")
    assert read.schemes[1].nav is None
    assert "is no NAV" in read.rejected[0]


def test_an_isin_that_is_none_and_a_code_twice_are_left_out() -> None:
    rows = (ROW.replace("INF109K016L0", "INF109K016L1"), ROW)
    read = parse_navall(listing(*rows), "NAVAll.txt")
    assert [scheme.isins for scheme in read.schemes] == [()]
    assert "a second time" in read.rejected[0]


@pytest.mark.parametrize(
    "data",
    [b"", b"<html><body>busy</body></html>", b"date,nav\n2026-01-01,1\n", listing(), listing("x;;;;;;;", "y;;;;;;;"),
     listing(ROW.replace("21-Aug-2026", "someday"))],
)  # fmt: skip
def test_another_file_is_refused_with_the_remedy(data: bytes) -> None:
    with pytest.raises(InputFileError) as error:
        parse_navall(data, "NAVAll.txt")
    assert error.value.remedy


@pytest.mark.parametrize("parse", [parse_navall, parse_nav_report])
@pytest.mark.parametrize("lost", [1, 2, 9, 11, 12, 20])
def test_a_list_cut_in_the_middle_of_its_last_line_is_refused(parse: Callable[[bytes, str], object], lost: int) -> None:
    whole = listing(ROW, ROW.replace("120586", "7"))
    assert parse(whole + b"\r\n \r\n", "NAVAll.txt")
    with pytest.raises(InputFileError, match="ends in the middle of line 6: it was cut short"):
        parse(whole[:-lost], "NAVAll.txt")


def test_a_report_without_a_nav_quotes_its_first_row() -> None:
    with pytest.raises(InputFileError, match=r"holds no NAV\. line 5: .*\(120586, 21-Aug-2026, N\.A\.\)"):
        parse_nav_report(listing(ROW.replace("100.5", "N.A.")), "history.txt")


def test_the_history_download_is_read_by_its_own_header() -> None:
    rows = ("100;A Fund;INF109K016L0;;10.5;;;20-Aug-2026", "x;;;;;;;", "100;A Fund;INF109K016L0;;10.4;;;19-Aug-2026")
    read = parse_nav_report(listing(*rows, header=HISTORY), "history.txt")
    assert [(point.amfi_code, point.day.day, point.nav) for point in read.points] == [(100, 19, 10.4), (100, 20, 10.5)]
    assert len(read.rejected) == 1
    assert is_nav_report(listing(*rows, header=HISTORY), "history.txt")
    assert not is_nav_report(b"date,nav\n2026-01-01,1\n", "120716.csv")


@settings(max_examples=60)
@given(st.data())
def test_any_body_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    sound = listing(ROW, ROW.replace("120586", "7"))
    at = data.draw(st.integers(0, len(sound) - 1))
    body = sound[:at] + data.draw(st.binary(max_size=12)) + sound[at + data.draw(st.integers(0, 12)) :]
    for parse in (parse_navall, parse_nav_report):
        with suppress(InputFileError):
            assert parse(body, "NAVAll.txt")
