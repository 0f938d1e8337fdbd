from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.domain.disclosures import Disclosure, LineKind, SchemeSheet, Source
from app.domain.schemes import AmfiScheme, Portfolio
from app.ingest import disclosure_checks
from app.ingest.disclosure_checks import (
    Asked,
    Verdict,
    history_note,
    house_notes,
    issuer_weights,
    nav_fault,
    nav_note,
    nav_ratio,
    neighbour,
    told_twice,
    turnover_note,
    unmapped,
)
from tests.unit.sources.amc.portfolios import read, sheet

TODAY = date(2025, 2, 20)
CLEAN = replace(read(sheet()), sheet="A")
PORTFOLIO = Portfolio(1, "INF000A01011", 100001, "Sample Large Cap Fund", "Sample Mutual Fund", "name")
ASKED = Asked(TODAY, Source.UPLOAD)
JANUARY, FEBRUARY = date(2025, 1, 31), date(2025, 2, 28)


def judge(sheet: SchemeSheet, portfolio: Portfolio | None, months: Sequence[Disclosure], asked: Asked) -> Verdict:
    return disclosure_checks.judge(sheet, portfolio, months, asked, "new bytes")


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


@pytest.mark.parametrize("source", [Source.UPLOAD, Source.FOLDER, Source.FETCH])
def test_a_month_older_than_the_newest_stored_is_refused_unless_it_is_asked_for(source: Source) -> None:
    asked = Asked(TODAY, source)
    verdict = judge(CLEAN, PORTFOLIO, [stored(FEBRUARY)], asked)
    assert str(verdict.fault).startswith("is older than loaded: it is of 2025-01-31, and 2025-02-28 is stored.")
    assert verdict.final, "the same bytes stay too old until they are asked for"
    for wanted in (replace(asked, older=True), replace(asked, month=date(2025, 1, 5))):
        assert judge(CLEAN, PORTFOLIO, [stored(FEBRUARY)], wanted).fault is None


def test_an_earlier_day_of_the_newest_month_replaces_it_and_is_not_older() -> None:
    friday = replace(CLEAN, as_on=date(2025, 1, 30))
    assert judge(friday, PORTFOLIO, [stored(JANUARY)], ASKED).fault is None


def test_what_the_same_command_brought_yahoo_and_bytes_in_use_make_no_month_older() -> None:
    newer = stored(FEBRUARY)
    assert judge(CLEAN, PORTFOLIO, [newer], replace(ASKED, loaded=newer.disclosure_id - 1)).fault is None
    assert judge(CLEAN, PORTFOLIO, [newer], replace(ASKED, loaded=newer.disclosure_id)).fault is not None
    assert judge(CLEAN, PORTFOLIO, [replace(newer, source=Source.YAHOO)], ASKED).fault is None
    in_use = replace(stored(JANUARY), sha256="new bytes")
    assert judge(CLEAN, PORTFOLIO, [in_use, newer], ASKED).fault is None


UNIT_ISINS = ("INF179K01XD8", "INF204KB17I5")


def funds_of(*prices: float) -> SchemeSheet:
    """A fund of funds that holds 1,000 units of each, at these prices."""
    line = replace(CLEAN.lines[0], kind=LineKind.FUND_UNIT, quantity=1000.0)
    held = zip(UNIT_ISINS, prices, strict=False)
    return replace(CLEAN, lines=tuple(replace(line, isin=isin, value=1000 * price) for isin, price in held))


def units_at(nav: float, day: date = TODAY, amfi_code: int = 7) -> dict[str, AmfiScheme]:
    """AMFI's rows of the units, all with the same NAV."""
    row = AmfiScheme(amfi_code, None, None, "A Fund", "A", "", "a/a", None, None, nav, day)
    return dict.fromkeys(UNIT_ISINS, row)


@pytest.mark.parametrize("factor", [100, 0.1, 1e-5])
def test_units_of_funds_at_a_price_far_from_their_nav_show_a_unit_read_wrong(factor: float) -> None:
    count, ratio = nav_ratio(funds_of(20 * factor, 21 * factor), PORTFOLIO, units_at(20))
    assert count == 2
    assert ratio == pytest.approx(1.025 * factor)
    verdict = disclosure_checks.judge(CLEAN, PORTFOLIO, [], ASKED, "new bytes", (count, ratio))
    assert "units of funds would cost" in str(verdict.fault)
    assert not verdict.final, "a newer list of NAVs may show another thing"
    assert nav_note(count, ratio) is None


def test_a_single_unit_far_from_its_nav_is_told_since_it_may_have_been_split() -> None:
    found = nav_ratio(funds_of(2_000), PORTFOLIO, units_at(20))
    assert nav_fault(*found) is None
    assert "would cost 100 times its NAV" in str(nav_note(*found))


@pytest.mark.parametrize(
    "units",
    [{}, units_at(20, date(2024, 9, 30)), units_at(20, amfi_code=PORTFOLIO.amfi_code or 0), units_at(1_999)],
    ids=["no list", "too old a list", "its own ISIN", "near the NAV"],
)
def test_units_without_a_nav_to_compare_or_near_it_say_nothing(units: dict[str, AmfiScheme]) -> None:
    found = nav_ratio(funds_of(2_000, 2_000), PORTFOLIO, units)
    assert (nav_fault(*found), nav_note(*found)) == (None, None)


def test_a_sheet_that_is_also_of_another_month_than_asked_for_is_refused_for_that() -> None:
    verdict = judge(CLEAN, PORTFOLIO, [stored(FEBRUARY)], replace(ASKED, month=FEBRUARY))
    assert verdict == Verdict("is of 2025-01-31, not of 2025-02", final=False)


@pytest.mark.parametrize(
    ("factor", "day", "refused"),
    [
        (100, date(2024, 12, 31), True),
        (0.01, date(2024, 12, 31), True),
        (100, date(2025, 1, 31), True),
        (10, date(2024, 12, 31), False),
        (100, date(2024, 9, 30), False),
    ],
)
def test_a_total_a_hundred_times_that_of_a_near_month_is_a_unit_read_wrong(
    factor: float, day: date, refused: bool
) -> None:
    assert (judge(CLEAN, PORTFOLIO, [stored(day, 2000e5 / factor)], ASKED).fault is not None) == refused


def test_a_later_month_tells_the_unit_of_an_older_one_too() -> None:
    wanted = replace(ASKED, older=True)
    assert "a unit is read wrong" in str(judge(CLEAN, PORTFOLIO, [stored(FEBRUARY, 20e5)], wanted).fault)


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
    assert issuer_weights(split) == issuer_weights(CLEAN.lines)
    before = {"a": 40.0, "b": 40.0}
    assert turnover_note(before, {"a": 20.0, "b": 20.0}, TODAY) is None
    assert turnover_note(before, {"a": 30.0, "c": 50.0}, TODAY) is not None
    assert turnover_note(before, {"a": 34.0, "c": 50.0}, TODAY) is None


def test_debt_that_matures_and_is_issued_again_by_the_same_company_is_no_turnover() -> None:
    paper = next(line for line in CLEAN.lines if line.kind is LineKind.DEBT)
    old = [replace(paper, isin="INE261F14LK2", weight=60.0), replace(paper, isin="IN002024X409", weight=40.0)]
    new = [replace(paper, isin="INE261F16AB1", weight=60.0), replace(paper, isin="IN002025Y017", weight=40.0)]
    assert issuer_weights(old) == issuer_weights(new) == {"INE261F": 60.0, "IN00202": 40.0}
    other = issuer_weights([replace(old[0], isin="INE040A14AA1"), old[1]])
    assert turnover_note(other, issuer_weights(new), TODAY) is None
    before, after = {"INE040A": 70.0, "IN00202": 30.0}, {"INE261F": 70.0, "IN00202": 30.0}
    assert "70 % of its securities are others" in str(turnover_note(before, after, TODAY))


def test_a_fund_with_few_securities_has_no_turnover() -> None:
    assert turnover_note({"a": 10.0}, {"b": 90.0}, TODAY) is None
    assert turnover_note({}, {"b": 90.0}, TODAY) is None


def test_the_nearest_other_month_within_half_a_year_is_compared_with_before_or_after() -> None:
    december, october, february = stored(date(2024, 12, 31)), stored(date(2024, 10, 31)), stored(FEBRUARY)
    april = stored(date(2025, 4, 30))
    assert neighbour(CLEAN, [october, december, stored(JANUARY), april]) == december
    assert neighbour(CLEAN, [october, february, april]) == february
    assert neighbour(CLEAN, [october]) == october
    assert neighbour(CLEAN, [stored(date(2024, 6, 30)), replace(december, source=Source.YAHOO)]) is None
    assert neighbour(replace(CLEAN, as_on=None), [december]) is None


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
