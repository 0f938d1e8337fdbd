from __future__ import annotations

import copy
import random
from datetime import date
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.disclosures import SchemeSheet
from app.sources.amc.checks import expectation_fault
from app.sources.amc.opening import open_workbooks
from app.sources.workbooks import WorkbookReader
from tests.shared_data import shared_file
from tests.unit.sources.amc.defects import DEFECTS, header_of
from tests.unit.sources.amc.portfolios import Cells, body, read, read_all, sheet
from tests.unit.sources.unhurried import unhurried

SEEDS = range(8)
TODAY = date(2026, 11, 23)
REAL = {
    "a": ("sbi/All-Schemes-Monthly-Portfolio---as-on-31st-January-2025.xlsx", "SAOF"),
    "b": ("nippon/NIMF_MONTHLY_PORTFOLIO_31-Jan-25.xls", "AF"),
    "c": ("icici/ICICI Prudential Balanced Advantage Fund.xlsx", "BAF"),
    "d": ("hdfc/Monthly HDFC Nifty 50 Index Fund - 31 January 2025.xlsx", "HDFCNY"),
    "e": ("ppfas/PPFAS_Monthly_Portfolio_Report_January_31_2025.xls", "PPFCF"),
}
"""Five layouts: subtotals in rows of their own, in the ISIN column and on headings, fractions and percents."""


@cache
def real_cells(layout: str) -> Cells:
    file, wanted = REAL[layout]
    path = shared_file(f"mf/{file}")
    with WorkbookReader() as reader:
        books = open_workbooks(path.read_bytes(), path.name, reader)
        return next(rows for book in books for name, rows in book.sheets if name == wanted)


def caught(clean: Cells, defective: Cells) -> bool:
    """True where the defect is refused, told, or not what was asked for: the clean sheet's month, scheme and size."""
    before, found = read(clean), read_all(defective)
    assert before.quarantined is None
    return bool(found) and all(_caught(before, at) for at in found)


def _caught(before: SchemeSheet, found: SchemeSheet) -> bool:
    if found.quarantined or set(found.warnings) - set(before.warnings):
        return True
    asked = expectation_fault(
        found, today=TODAY, month=before.as_on, scheme=before.name, last_total=before.stated_total
    )
    return asked is not None


def test_at_least_two_hundred_defects_are_seeded() -> None:
    assert len(DEFECTS) * len(SEEDS) >= 200


@pytest.mark.parametrize("name", DEFECTS)
def test_a_seeded_defect_is_refused_or_told(name: str) -> None:
    for seed in SEEDS:
        chance = random.Random(f"{name} {seed}")
        clean = sheet(body(scale=chance.choice([1.0, 100.0])))
        defective = copy.deepcopy(clean)
        DEFECTS[name](defective, header_of(clean), chance)
        assert defective != clean
        assert caught(clean, defective), f"seed {seed}"


@pytest.mark.parametrize("layout", REAL)
@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_seeded_into_a_published_sheet_is_refused_or_told(name: str, layout: str) -> None:
    clean = real_cells(layout)
    for seed in range(3):
        defective = copy.deepcopy(clean)
        DEFECTS[name](defective, header_of(clean), random.Random(f"{name} {layout} {seed}"))
        assert caught(clean, defective), f"seed {seed}"


def test_the_clean_sheets_are_accepted_as_asked_for() -> None:
    clean = sheet()
    assert not caught(clean, copy.deepcopy(clean))


@unhurried
@given(st.data())
def test_a_wrong_value_anywhere_is_refused_told_or_too_small_to_matter(data: st.DataObject) -> None:
    clean = sheet()
    header = header_of(clean)
    row = data.draw(st.integers(header.row + 1, len(clean) - 1))
    wrong = data.draw(st.floats(-1e9, 1e9, allow_nan=False).map(repr))
    defective = copy.deepcopy(clean)
    if len(defective[row]) <= 5 or defective[row][5] in {"", wrong}:
        return
    before = read(clean)
    defective[row][5] = wrong
    found = read_all(defective)
    unchanged = bool(found) and found[0].lines == before.lines
    close = bool(found) and all(
        abs(mine.weight - was.weight) <= 0.03 for mine, was in zip(found[0].lines, before.lines, strict=False)
    )
    assert unchanged or close or caught(clean, defective)


@unhurried
@given(st.lists(st.lists(st.text(max_size=12), max_size=8), max_size=30))
def test_no_cells_break_the_reader(rows: Cells) -> None:
    for found in read_all([*sheet()[:4], *rows]):
        assert found.quarantined or found.sum_of_weights == pytest.approx(100, abs=1.5)
