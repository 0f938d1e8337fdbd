from __future__ import annotations

from datetime import date

import pytest

from app.sources.amc.titles import as_on_days, scheme_key, scheme_name
from tests.unit.sources.amc.portfolios import HEADER, TITLES, body, read, read_all, sheet


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ([["ABC01", "Alpha Value Fund (An open ended equity scheme)"]], "Alpha Value Fund"),
        ([["", "IB01-Alpha Large Cap Fund"]], "Alpha Large Cap Fund"),
        ([["", "Alpha Mutual Fund"], ["", "Alpha Nifty 50 ETF"]], "Alpha Nifty 50 ETF"),
        ([["", "", "SCHEME NAME :", "Alpha ESG Fund"]], "Alpha ESG Fund"),
        ([["SCHEME CODE078STARTS"], ["SCHEME: Alpha - Money Market Fund"]], "Alpha - Money Market Fund"),
        ([["PORTFOLIO STATEMENT OF ALPHA ARBITRAGE FUND AS ON FEBRUARY 28, 2025"]], "ALPHA ARBITRAGE FUND"),
        ([["MONTHLY PORTFOLIO STATEMENT OF ALPHA MIDCAP FUND FOR JANUARY 2025"]], "ALPHA MIDCAP FUND"),
        ([["", "Alpha Quant Fund (Formerly known as Beta Fund) - An Open Ended Scheme"]], "Alpha Quant Fund"),
        ([["", "Alpha Allocator Fund (FOF)"]], "Alpha Allocator Fund (FOF)"),
        ([["", "Alpha ETF Nifty 5 yr Benchmark G-Sec"]], "Alpha ETF Nifty 5 yr Benchmark G-Sec"),
        ([["", "Riskometer of the Scheme"], ["", "(An open ended scheme)"]], None),
    ],
)
def test_the_scheme_is_found_wherever_houses_write_it(rows: list[list[str]], name: str | None) -> None:
    assert scheme_name(rows) == name


@pytest.mark.parametrize(
    ("row", "day"),
    [
        (["Monthly Portfolio Statement as on January 31,2025"], date(2025, 1, 31)),
        (["PORTFOLIO STATEMENT AS ON :", "2025-01-31"], date(2025, 1, 31)),
        (["MONTHLY PORTFOLIO STATEMENT OF ALPHA FUND FOR JUNE 2024"], date(2024, 6, 30)),
        (["Statement for the month ended 31 Jan 2025"], date(2025, 1, 31)),
        (["PORTFOLIO DISCLOSURE AS OF 15/09/2025 (Market value in Lacs)"], date(2025, 9, 15)),
        (["ALPHA G-SEC JUN 2027 INDEX FUND AS ON 31 AUGUST 2026"], date(2026, 8, 31)),
    ],
)
def test_the_day_is_found_in_every_form_of_title(row: list[str], day: date) -> None:
    assert as_on_days([row]) == [day]


def test_a_month_in_the_name_of_a_fund_is_not_its_day() -> None:
    assert as_on_days([["Alpha Nifty SDL Sep 2027 Index Fund"]]) == []


@pytest.mark.parametrize(
    ("unit", "rupees"),
    [
        ("Rs. in Lakhs", 1e5),
        ("Rs.Lakh", 1e5),
        ("INR Lacs", 1e5),
        ("Rs. in Crores", 1e7),
        ("₹ Cr.", 1e7),
        ("Rs. mn", 1e6),
        ("Rs.", 1.0),
    ],
)
def test_the_unit_of_value_comes_from_the_words_of_the_header(unit: str, rupees: float) -> None:
    header = [*HEADER[:5], f"Market Value ({unit})", HEADER[6]]
    rows = [[*row[:4], "", *row[5:]] for row in body()]
    assert read(sheet(rows, header=header)).stated_total == pytest.approx(2000.0 * rupees)


def test_a_unit_in_the_title_holds_where_the_header_has_none() -> None:
    titles = [TITLES[0], ["Portfolio as on 31-Jan-2025 (Market value in Lacs)"]]
    assert read(sheet(titles=titles, header=[*HEADER[:5], "MARKET-VALUE", HEADER[6]])).stated_total == 2000.0 * 1e5


def test_without_a_unit_the_sheet_is_refused() -> None:
    found = read(sheet(header=[*HEADER[:5], "Market Value", HEADER[6]]))
    assert found.quarantined == "does not say in which unit its values are"


def test_without_a_day_or_a_scheme_the_sheet_is_refused() -> None:
    found = read(sheet(titles=[["", "Portfolio"]]))
    assert found.quarantined == "names no as-on date; names no scheme"


def test_two_days_in_the_titles_are_told() -> None:
    found = read(sheet(titles=[TITLES[0], ["", "Portfolio as on February 28, 2025"], TITLES[1]]))
    assert found.as_on == date(2025, 1, 31)
    assert "its titles name 2025-01-31 and 2025-02-28" in found.warnings


def test_spellings_of_one_scheme_have_one_key_and_other_schemes_another() -> None:
    assert scheme_key("ALPHA LARGE & MID CAP FUND") == scheme_key("Alpha Large and Mid-Cap Fund (An open ended scheme)")
    assert scheme_key("Alpha Large Cap Fund") != scheme_key("Alpha Mid Cap Fund")


def test_schemes_stacked_on_one_sheet_are_told_apart() -> None:
    second = [["SCHEME: Beta Debt Fund"], ["PORTFOLIO AS ON 31/01/2025"]]
    both = [*sheet(), ["** Non traded"], [], *sheet(titles=second)]
    first, other = read_all(both)
    assert (first.name, other.name) == ("Sample Large Cap Fund", "Beta Debt Fund")
    assert [len(first.lines), len(other.lines)] == [9, 9]


@pytest.mark.parametrize(
    "title",
    [
        ["Portfolio as on", "45688"],
        ["Monthly Portfolio - January 2025"],
        ["Portfolio Disclosure - Jan'25"],
        ["2025-01-31"],
        ["Date: 31-Jan-2025"],
        ["Date", "2025-01-31"],
        ["Portfolio as on 31/01/25"],
    ],
)
def test_the_day_is_found_in_each_way_of_saying_it(title: list[str]) -> None:
    assert as_on_days([["Sample Large Cap Fund"], title]) == [date(2025, 1, 31)]


def test_a_name_and_a_day_on_one_line_are_told_apart() -> None:
    rows = [["Sample Large Cap Fund (As on 31-Jan-2025)"]]
    assert (scheme_name(rows), as_on_days(rows)) == ("Sample Large Cap Fund", [date(2025, 1, 31)])


def value_of_first_line(*titles: list[str]) -> float:
    header = [label.replace(" (Rs. in Lakhs)", "") for label in HEADER]
    return read(sheet(titles=[*TITLES, *titles], header=header)).lines[0].value


def test_the_size_of_the_fund_does_not_tell_the_unit_of_its_values() -> None:
    size = ["", "AUM as on January 31, 2025: Rs. 1,234.56 Crores"]
    unit = ["", "(Market value in Rs. Lakhs)"]
    assert value_of_first_line(size, unit) == value_of_first_line(unit, size) == 126.5e5


def test_of_two_units_the_one_nearest_to_the_header_decides() -> None:
    assert value_of_first_line(["", "Figures in crores"], ["", "(Rs. in Lakhs)"]) == 126.5e5


@pytest.mark.parametrize(
    "row", [["Date of Inception: 31-Mar-2010"], ["Inception Date", "2010-03-31"], ["Maturity date: 31-Mar-2030"]]
)
def test_another_day_of_the_scheme_is_not_the_day_of_its_portfolio(row: list[str]) -> None:
    assert as_on_days([["Sample Large Cap Fund"], row]) == []
    assert as_on_days([["Portfolio as on 31-Jan-2025"], row]) == [date(2025, 1, 31)]
