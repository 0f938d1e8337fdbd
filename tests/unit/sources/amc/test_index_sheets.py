from __future__ import annotations

from datetime import date

from app.sources.amc.opening import Workbook
from app.sources.amc.reader import read_workbook
from tests.unit.sources.amc.portfolios import HEADER, Cells, body

DAY = ["", "Monthly Portfolio Statement as on January 31, 2025"]


def names_and_days(*sheets: tuple[str, Cells]) -> list[tuple[str | None, date | None]]:
    return [(sheet.name, sheet.as_on) for sheet in read_workbook(Workbook("all.xlsx", list(sheets)))]


def test_a_sheet_with_a_code_alone_takes_its_name_from_the_index() -> None:
    index = [["Code", "Scheme"], ["SL1", "Sample Large Cap Fund"], ["SM1", "Sample Mid Cap Fund"]]
    sheets = [(code, [["", code], list(DAY), list(HEADER), *body()]) for code in ("SM1", "SL1")]
    day = date(2025, 1, 31)
    assert names_and_days(("Index", index), *sheets) == [("Sample Mid Cap Fund", day), ("Sample Large Cap Fund", day)]


def test_a_sheet_named_after_its_scheme_needs_no_title() -> None:
    found = names_and_days(("Sample Large Cap Fund", [list(DAY), list(HEADER), *body()]))
    assert found == [("Sample Large Cap Fund", date(2025, 1, 31))]


def test_the_day_of_the_index_holds_for_sheets_that_name_none() -> None:
    undated = ("S1", [["", "Sample Large Cap Fund"], list(HEADER), *body()])
    assert names_and_days(("Index", [list(DAY)]), undated) == [("Sample Large Cap Fund", date(2025, 1, 31))]


def test_two_days_on_other_sheets_decide_nothing() -> None:
    undated = ("S1", [["", "Sample Large Cap Fund"], list(HEADER), *body()])
    other = ["", "Monthly Portfolio Statement as on February 28, 2025"]
    assert names_and_days(("Index", [list(DAY)]), ("Notes", [other]), undated) == [("Sample Large Cap Fund", None)]
