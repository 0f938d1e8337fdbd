from __future__ import annotations

from app.domain.disclosures import SchemeSheet
from tests.unit.sources.amc.portfolios import HEADER, SHARES, TITLES, TOTAL, Cells, body, line, read, read_all, words

NAMES = ["Sample Large Cap Fund", "Sample Mid Cap Fund", "Sample Flexi Cap Fund"]
DAY = ["", "Monthly Portfolio Statement as on January 31, 2025"]


def totals(found: list[SchemeSheet]) -> list[tuple[str | None, str, float | None, str | None]]:
    return [(sheet.name, str(sheet.as_on), sheet.stated_total, sheet.quarantined) for sheet in found]


def expected(names: list[str]) -> list[tuple[str | None, str, float | None, str | None]]:
    return [(name, "2025-01-31", TOTAL * 1e5, None) for name in names]


def test_schemes_under_one_day_are_all_read() -> None:
    stacked = [row for name in NAMES for row in ([], ["", name], list(HEADER), *body())]
    assert totals(read_all([list(DAY), *stacked])) == expected(NAMES)


def test_schemes_under_one_header_are_all_read() -> None:
    first, *others = NAMES
    stacked = [row for name in others for row in ([], ["", name], *body())]
    assert totals(read_all([list(DAY), ["", first], list(HEADER), *body(), *stacked])) == expected(NAMES)


def test_a_name_below_the_total_without_a_whole_portfolio_begins_none() -> None:
    notes = [["", "Sample Mid Cap Fund"], words("NAV at the end of the month", 12.5), *map(line, SHARES[:2])]
    assert totals(read_all([["", NAMES[0]], list(DAY), list(HEADER), *body(), *notes])) == expected(NAMES[:1])


def test_shares_below_the_total_that_nothing_explains_are_not_lost_in_silence() -> None:
    found = read([*(list(row) for row in TITLES), list(HEADER), *body(), [], *map(line, SHARES)])
    assert found.quarantined == "lists 6 more shares below its grand total"


def test_two_portfolios_side_by_side_are_refused() -> None:
    beside: Cells = [[*row, *[""] * (8 - len(row)), *row] for row in [["", NAMES[0]], DAY, HEADER, *body()]]
    assert read(beside).quarantined == "shows two portfolios side by side"
