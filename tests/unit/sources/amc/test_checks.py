from __future__ import annotations

from datetime import date

import pytest

from app.domain.disclosures import SchemeSheet
from app.sources.amc.checks import expectation_fault, file_name_doubt, frequency_fault
from tests.unit.sources.amc.portfolios import HEADER, body, line, read, read_all, sheet, words

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("day", "texts", "reason"),
    [
        (date(2025, 1, 31), [], None),
        (date(2024, 6, 28), [], None),
        (date(2025, 2, 28), ["Alpha Fund"], None),
        (date(2025, 9, 15), [], "fortnightly disclosure as of 2025-09-15, not a month-end portfolio"),
        (
            date(2025, 2, 7),
            ["EDEL Portfolio Weekly 07-Feb-2025"],
            "weekly disclosure as of 2025-02-07, not a month-end portfolio",
        ),
        (
            date(2025, 1, 31),
            ["Fortnightly Portfolio"],
            "fortnightly disclosure as of 2025-01-31, not a month-end portfolio",
        ),
        (date(2025, 1, 10), [], "mid-month disclosure as of 2025-01-10, not a month-end portfolio"),
    ],
)
def test_only_month_end_portfolios_are_accepted(day: date, texts: list[str], reason: str | None) -> None:
    assert frequency_fault(day, texts) == reason


def test_a_weekly_list_of_weights_is_refused_as_what_it_is() -> None:
    titles = [["PORTFOLIO STATEMENT OF ALPHA BOND FUND AS ON FEBRUARY 7, 2025"]]
    cells = [
        *titles,
        ["Name of the Instrument", "Rating/Industry", "% to Net Assets"],
        ["Some NCD", "AAA", "0.07"],
        ["Total", "", "1"],
    ]
    found = read(cells)
    assert found.name == "ALPHA BOND FUND"
    assert found.quarantined == (
        "mid-month disclosure as of 2025-02-07, not a month-end portfolio; "
        "has no column of ISIN, quantity, market value"
    )


@pytest.mark.parametrize("factor", [100, 0.01])
def test_values_in_another_unit_than_stated_are_refused_by_the_prices_of_shares(factor: float) -> None:
    rows = [[*row[:5], str(float(row[5]) * factor) if row[5] not in {"", "NIL"} else row[5], row[6]] for row in body()]
    assert "values are not in the unit stated" in (read(sheet(rows)).quarantined or "")


def test_crores_on_the_header_of_a_sheet_in_lakhs_are_refused() -> None:
    found = read(sheet(header=[*HEADER[:5], "Market Value (Rs. in Crores)", HEADER[6]]))
    assert "values are not in the unit stated" in (found.quarantined or "")


def test_government_paper_alone_shows_a_wrong_unit_too() -> None:
    rows = [
        words("Government Securities"),
        line(("7.18% GOI 2033", "IN0020230085", "Sovereign", 2_000_000, 2000.0)),
        words("Grand Total", 2000, 1),
    ]
    assert read(sheet(rows)).quarantined is None
    wrong = read(sheet(rows, header=[*HEADER[:5], "Market Value (Rs. in Crores)", HEADER[6]]))
    assert wrong.quarantined == "values are not in the unit stated: government paper would cost ₹1e+04 for 100"


def test_quantities_in_face_value_are_told_because_a_unit_slip_looks_the_same() -> None:
    rows = [
        words("Government Securities"),
        line(("7.18% GOI 2033", "IN0020230085", "Sovereign", 200_000_000, 2000.0)),
        words("Grand Total", 2000, 1),
    ]
    assert "quantities are face values, or values are 100 times too small" in read(sheet(rows)).warnings


BONDS = (
    ("8.10% Alpha Finance NCD", "INE242A08502", "AAA", 1_000, 1_010.0),
    ("7.90% Beta Power NCD", "INE115A07PR7", "AAA", 400, 398.0),
    ("Gamma Bank CD", "INE261F08CF9", "A1+", 120, 592.0),
)


def bond_fund(unit: str) -> SchemeSheet:
    """Paper of face values of 1 lakh and 5 lakh, its values in lakh, under a header that names the unit."""
    rows = [words("Debt Instruments"), *map(line, BONDS), words("Grand Total", 2000, 1)]
    return read(sheet(rows, header=[*HEADER[:5], f"Market Value ({unit})", HEADER[6]]))


def test_the_face_values_of_companies_paper_show_the_unit() -> None:
    assert (bond_fund("Rs. in Lakhs").quarantined, bond_fund("Rs. in Lakhs").warnings) == (None, ())
    assert bond_fund("Rs.").quarantined == ("values are not in the unit stated: the scheme would have ₹2,000 in all")


@pytest.mark.parametrize(("unit", "price"), [("Rs. in Crores", "1.01e+07"), ("Rs. in '000", "1,010")])
def test_a_unit_that_makes_paper_of_a_rare_face_value_is_told(unit: str, price: str) -> None:
    note = f"most paper of companies is of a rare face value (₹{price}), or values are in another unit"
    assert note in bond_fund(unit).warnings


def test_prices_that_no_paper_has_are_refused() -> None:
    rows = [words("Debt Instruments"), *map(line, [(*bond[:3], bond[3] // 40, bond[4]) for bond in BONDS])]
    found = read(sheet([*rows, words("Grand Total", 2000, 1)]))
    assert found.quarantined == (
        "values are not in the unit stated: the middle paper of a company would cost ₹4.04e+06"
    )


def bullion(name: str, quantity: float) -> SchemeSheet:
    """2,000 lakh of a metal, the quantity in whatever unit."""
    rows = [words(name.split(maxsplit=1)[0]), line((name, "", "", quantity, 2000.0)), words("Grand Total", 2000, 1)]
    return read(sheet(rows))


@pytest.mark.parametrize(
    ("name", "grams", "kilograms"), [("Gold 995 Bar", 20_000, 20), ("Silver 999 Bar", 2_000_000, 2_000)]
)
def test_bullion_costs_what_a_gram_or_a_kilogram_costs(name: str, grams: int, kilograms: int) -> None:
    assert [bullion(name, quantity).quarantined for quantity in (grams, kilograms)] == [None, None]
    assert [bullion(name, quantity).warnings for quantity in (grams, kilograms)] == [(), ()]
    assert "the price of no gram and no kilogram" in bullion(name, 50 * kilograms).warnings[0]
    for wrong in (100 * grams, kilograms / 100):
        assert "less than a gram or more than a kilogram" in (bullion(name, wrong).quarantined or "")


def test_a_total_smaller_than_any_seen_is_told() -> None:
    rows = [words("TREPS", 190, 1), words("Grand Total", 190, 1)]
    assert read(sheet(rows)).warnings == ("the scheme would have ₹1.9e+07 in all, less than any seen: is it the unit?",)


@pytest.mark.parametrize("total", [1e-300, 9.9, 1.1e8])
def test_a_total_that_no_scheme_has_is_refused(total: float) -> None:
    rows = [words("TREPS", total, 1), words("Grand Total", total, 1)]
    assert "the scheme would have ₹" in (read(sheet(rows)).quarantined or "")


@pytest.mark.parametrize(
    ("file", "scheme", "told"),
    [
        ("Monthly Alpha Fund - 31 January 2025.xlsx", "Alpha Fund", False),
        ("IN_MF_MONTHLY_PORTFOLIO_Jan2025.xlsx", "Alpha Fund", False),
        ("alpha_Fund_Feb_2025.xlsx", "Alpha Fund", True),
        ("alpha_2025-07-31.xls", "Alpha Fund", True),
        ("opaque238cf607ee.xlsx", "Alpha Fund", False),
        ("Alpha Nifty SDL Sep 2027 Index Fund.xlsx", "Alpha Nifty SDL Sep 2027 Index Fund", False),
    ],
)
def test_a_file_name_with_another_month_is_told(file: str, scheme: str, told: bool) -> None:
    assert (file_name_doubt(file, scheme, date(2025, 1, 31)) is not None) is told


def test_what_was_not_asked_for_is_named() -> None:
    found = read(sheet())
    assert (
        expectation_fault(found, today=TODAY, month=date(2025, 1, 1), scheme="SAMPLE LARGE-CAP FUND", last_total=1.9e8)
        is None
    )
    assert expectation_fault(found, today=date(2025, 1, 30)) == "is of 2025-01-31, which is not a day in the past"
    assert expectation_fault(found, today=TODAY, month=date(2025, 2, 1)) == "is of 2025-01-31, not of 2025-02"
    assert "not of Other Fund" in (expectation_fault(found, today=TODAY, scheme="Other Fund") or "")
    assert "a unit is read wrong" in (expectation_fault(found, today=TODAY, last_total=2e10) or "")


def test_a_code_with_a_wrong_check_digit_stays_as_a_line_without_isin_and_is_told() -> None:
    rows = body()
    rows[2][2] = "INE002A01019"
    found = read(sheet(rows))
    assert (found.lines[0].isin, found.lines[0].code) == (None, "INE002A01019")
    assert found.lines[0].kind.value == "equity"
    assert "1 codes fail the check digit of an ISIN, e.g. INE002A01019" in found.warnings


def test_repo_and_gold_codes_are_no_false_isins() -> None:
    rows = body()
    rows[-3][2], rows[-2][2] = "GSECREPO0740", "INCBLO030325"
    found = read(sheet(rows))
    assert found.warnings == ()
    assert [at.code for at in found.lines[-2:]] == ["GSECREPO0740", "INCBLO030325"]


def test_names_and_industries_exchanged_are_told() -> None:
    header = ["", "Industry / Rating", "ISIN", "Name of the Instrument", *HEADER[4:]]
    assert (
        "names repeat more often than industries: the two columns may be exchanged"
        in read(sheet(header=header)).warnings
    )


def test_securities_without_any_isin_are_told() -> None:
    rows = body()
    for row in rows:
        row[2] = ""
    assert "7 securities of 86.15 % have no ISIN, e.g. Reliance Industries Limited" in read(sheet(rows)).warnings


def test_a_security_without_a_value_is_told_and_not_zero() -> None:
    rows = body()
    rows[2][5] = ""
    found = read(sheet(rows))
    assert "INE002A01018" not in {at.isin for at in found.lines}
    assert "1 securities have no value, e.g. Reliance Industries Limited" in found.warnings
    assert found.quarantined is not None


def test_an_index_sheet_is_left_out() -> None:
    assert len(read_all(sheet(), ("Index", [["Scheme Code", "Scheme Name"], ["ONE", "Sample Large Cap Fund"]]))) == 1


def test_a_list_of_the_largest_holdings_is_left_out() -> None:
    top = [
        ["Scheme Name: Sample Large Cap Fund"],
        ["Issuer Name", "% to Net Assets", "Sectors", "% Exposure"],
        ["HDFC Bank", "0.17", "Banks", "0.2"],
    ]
    assert len(read_all(sheet(), ("TOP", top))) == 1


def test_the_months_of_a_file_name_are_held_against_the_sheet() -> None:
    assert read(sheet(), file="Sample_Jan_2025.xlsx").warnings == ()
    assert read(sheet(), file="Sample_Feb_2025.xlsx").warnings == (
        "the file's name says 2025-02, the sheet 2025-01-31",
    )


def test_an_arbitrage_fund_whose_shorts_are_missing_is_refused() -> None:
    titles = [["", "Sample Arbitrage Fund"], ["", "Portfolio as on January 31, 2025"]]
    reason = "is an arbitrage fund with 75.9 % of shares not hedged: contracts are missing"
    assert read(sheet(titles=titles)).quarantined == reason
    header = ["Name of the Instrument", "Long / Short", "Quantity", "Market value (Rs. in Lakhs)", "% to AUM"]
    table = [["DERIVATIVES"], header, ["NIFTY 27-FEB-25", "Short", "-65000", "-1515.0", "-0.7575"]]
    assert read(sheet([*body(), [], *table], titles=titles)).quarantined is None
