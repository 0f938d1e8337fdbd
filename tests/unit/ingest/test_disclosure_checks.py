from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.domain.disclosures import Disclosure, LineKind, SchemeSheet, Source
from app.domain.schemes import Portfolio
from app.ingest.disclosure_checks import (
    Asked,
    Verdict,
    history_note,
    house_notes,
    judge,
    last_month,
    share_weights,
    told_twice,
    turnover_note,
    unmapped,
)
from tests.unit.sources.amc.portfolios import read, sheet

TODAY = date(2025, 2, 20)
CLEAN = replace(read(sheet()), sheet="A")
PORTFOLIO = Portfolio(1, "INF000A01011", 100001, "Sample Large Cap Fund", "Sample Mutual Fund", "name")
ASKED = Asked(TODAY, Source.UPLOAD)


def stored(as_on: date, total: float = 2000e5) -> Disclosure:
    return Disclosure(
        disclosure_id=as_on.toordinal(), portfolio_id=1, mf_symbol="INF000A01011", name="Sample Large Cap Fund",
        as_on=as_on, file="f.xlsx", sheet="A", sha256="", parser_version=1, source=Source.UPLOAD, partial=False,
        stated_total=total, sum_of_weights=100.0, gross_equity=75.9, net_equity=75.9, warnings=(),
        imported_at=datetime(2025, 2, 1, tzinfo=UTC),
    )  # fmt: skip


def test_a_clean_sheet_has_no_fault() -> None:
    assert judge(CLEAN, PORTFOLIO, [stored(date(2024, 12, 31))], ASKED).fault is None


def test_what_the_reader_refuses_is_final_and_what_was_not_asked_for_is_not() -> None:
    refused = replace(CLEAN, quarantined="has no unit")
    assert judge(refused, PORTFOLIO, [], ASKED) == Verdict("has no unit", final=True)
    verdict = judge(CLEAN, PORTFOLIO, [], replace(ASKED, month=date(2025, 2, 1)))
    assert verdict.fault == "is of 2025-01-31, not of 2025-02"
    assert not verdict.final


def test_a_sheet_without_a_scheme_is_refused() -> None:
    assert judge(replace(CLEAN, name=None), None, [], ASKED).fault == "names no scheme"


@pytest.mark.parametrize("wild", [float("inf"), float("-inf"), float("nan")])
def test_values_beyond_all_bounds_are_refused(wild: float) -> None:
    lines = (replace(CLEAN.lines[0], value=wild), *CLEAN.lines[1:])
    assert judge(replace(CLEAN, lines=lines), PORTFOLIO, [], ASKED).fault == "holds values beyond all bounds"


@pytest.mark.parametrize(
    ("source", "month", "refused"),
    [(Source.UPLOAD, None, False), (Source.FOLDER, None, False), (Source.FETCH, None, True), (Source.FETCH, 1, False)],
)
def test_only_a_download_of_the_newest_may_not_be_older_than_what_is_stored(
    source: Source, month: int | None, refused: bool
) -> None:
    asked = Asked(TODAY, source, date(2025, month, 1) if month else None)
    assert (judge(CLEAN, PORTFOLIO, [stored(date(2025, 2, 28))], asked).fault is not None) == refused


@pytest.mark.parametrize(
    ("factor", "day", "refused"),
    [
        (100, date(2024, 12, 31), True),
        (0.01, date(2024, 12, 31), True),
        (100, date(2025, 1, 31), True),
        (100, date(2025, 2, 28), True),
        (10, date(2024, 12, 31), False),
        (100, date(2024, 9, 30), False),
    ],
)
def test_a_total_a_hundred_times_that_of_a_near_month_is_a_unit_read_wrong(
    factor: float, day: date, refused: bool
) -> None:
    assert (judge(CLEAN, PORTFOLIO, [stored(day, 2000e5 / factor)], ASKED).fault is not None) == refused


def test_the_nearest_month_decides_about_the_unit() -> None:
    months = [stored(date(2024, 12, 31), 2000e5), stored(date(2024, 11, 30), 20e5)]
    assert judge(CLEAN, PORTFOLIO, months, ASKED).fault is None


@pytest.mark.parametrize(
    ("house", "known", "fault"),
    [
        ("Sample Mutual Fund", "Sample Mutual Fund", None),
        ("SAMPLE mutual fund", "Sample Mutual Fund", None),
        ("Other Mutual Fund", "Sample Mutual Fund", "is of Sample Mutual Fund, not of Other Mutual Fund"),
        ("Other Mutual Fund", None, None),
    ],
)
def test_the_fund_house_is_held_against_the_one_asked_for_where_it_is_known(
    house: str, known: str | None, fault: str | None
) -> None:
    assert judge(CLEAN, replace(PORTFOLIO, house=known), [], replace(ASKED, house=house)).fault == fault


def test_one_portfolio_told_twice_counts_once_and_two_different_ones_not_at_all() -> None:
    other = replace(CLEAN, sheet="B", lines=CLEAN.lines[:-1])
    assert told_twice([CLEAN, CLEAN, other], [1, 1, 2]) == {1: "is the same portfolio as that of sheet A"}
    assert told_twice([CLEAN, other], [None, 1]) == {}
    assert set(told_twice([CLEAN, CLEAN, other], [1, 1, 1])) == {0, 1, 2}


def test_history_is_noted_and_the_newest_is_not() -> None:
    assert history_note(CLEAN, [stored(date(2025, 2, 28))])
    assert history_note(CLEAN, [stored(date(2024, 12, 31)), stored(date(2025, 1, 31))]) is None
    assert history_note(CLEAN, []) is None


def test_unmapped_is_what_has_no_isin_but_should_and_what_is_not_identified() -> None:
    share, cash = CLEAN.lines[0], CLEAN.lines[-1]
    assert (share.kind, cash.kind) == (LineKind.EQUITY, LineKind.CASH)
    lost = replace(share, isin=None, weight=-6.0)
    strange = replace(cash, kind=LineKind.UNIDENTIFIED, weight=2.5)
    assert unmapped([share, cash]) == 0
    assert unmapped([share, cash, lost, strange]) == 8.5


def test_turnover_is_half_the_weight_that_moved_and_a_new_isin_of_an_issuer_moved_nothing() -> None:
    split = [replace(line, isin="INE002A01034") if line.isin == "INE002A01018" else line for line in CLEAN.lines]
    assert share_weights(split) == share_weights(CLEAN.lines)
    before = {"a": 40.0, "b": 40.0}
    assert turnover_note(before, {"a": 20.0, "b": 20.0}, TODAY) is None
    assert turnover_note(before, {"a": 30.0, "c": 50.0}, TODAY) is not None
    assert turnover_note(before, {"a": 34.0, "c": 50.0}, TODAY) is None


def test_a_fund_with_few_shares_has_no_turnover() -> None:
    assert turnover_note({"a": 10.0}, {"b": 90.0}, TODAY) is None
    assert turnover_note({}, {"b": 90.0}, TODAY) is None


def test_last_month_is_the_month_before_and_no_older_one() -> None:
    december, october = stored(date(2024, 12, 31)), stored(date(2024, 10, 31))
    assert last_month(CLEAN, [october, december, stored(date(2025, 1, 31)), stored(date(2025, 2, 28))]) == december
    assert last_month(CLEAN, [october]) is None
    assert last_month(replace(CLEAN, as_on=None), [december]) is None


def test_a_sheet_of_another_house_than_the_rest_of_its_file_is_named() -> None:
    foreign = replace(PORTFOLIO, house="Other Mutual Fund")
    unknown = replace(PORTFOLIO, house=None)
    assert house_notes([PORTFOLIO, None, unknown, PORTFOLIO]) == {}
    assert house_notes([PORTFOLIO, foreign, unknown, PORTFOLIO]) == {
        1: "is of Other Mutual Fund, most sheets of the file are of Sample Mutual Fund"
    }


def test_the_clean_sheet_is_what_these_tests_take_it_for() -> None:
    assert isinstance(CLEAN, SchemeSheet)
    assert (CLEAN.quarantined, CLEAN.as_on, CLEAN.stated_total) == (None, date(2025, 1, 31), 2000e5)
