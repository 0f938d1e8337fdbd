from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sources.amc.cells import day_alone, days_in, is_nil, month_end_in, number, squeeze, weight_number, words
from tests.unit.sources.unhurried import unhurried


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.5", 12.5),
        ("-0.0002", -0.0002),
        ("5.25922764e-05", 5.25922764e-05),
        ("1,83,398.63", 183398.63),
        ("(4,358.11)", -4358.11),
        ("6.11%", 6.11),
        (" 7 ", 7.0),
    ],
)
def test_numbers_are_read_as_indian_workbooks_print_them(text: str, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    "text", ["", " ", "NIL", "-", "N.A.", "1e999", "nan", "inf", "12 apples", "()", "%", "$0.00%", "1_000"]
)
def test_what_is_no_finite_number_is_none_and_not_zero(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize("mark", ["$0.00%", "$0.00", "$", "^", "#", "@", "*", " ", "NIL", "Nil", "N.A.", "-", ""])
def test_a_mark_for_a_tiny_weight_is_no_number(mark: str) -> None:
    assert weight_number(mark) is None


@pytest.mark.parametrize("text", ["", " ", "NIL", "Nil", "N.A.", "-", "null"])
def test_words_for_nothing_are_known(text: str) -> None:
    assert is_nil(text)


def test_blanks_of_every_kind_are_squeezed() -> None:
    assert squeeze("%  to\u00a0Net\r\n\u200bAssets ") == "% to Net Assets"
    assert words("Market/Fair Value\n (Rs.\u00a0in Lakhs)") == "market fair value rs in lakhs"


@pytest.mark.parametrize(
    "text",
    [
        "as on January 31,2025",
        "as on January 31, 2025",
        "31-Jan-2025",
        "Jan 31,2025",
        "31 January 2025",
        "31-January-2025",
        "31st January 2025",
        "2025-01-31",
        "2025-01-31T00:00:00",
        "AS OF 31/01/2025",
        "31.01.2025",
        "01/31/2025",
        "31-Jan-25",
    ],
)
def test_one_day_is_found_in_every_spelling(text: str) -> None:
    assert days_in(text) == [date(2025, 1, 31)]


def test_numeric_days_are_day_first() -> None:
    assert days_in("as of 05/09/2025") == [date(2025, 9, 5)]


def test_days_that_do_not_exist_are_none() -> None:
    assert days_in("31 February 2025, 45/13/2025") == []


def test_a_month_alone_means_its_last_day() -> None:
    assert month_end_in("PORTFOLIO STATEMENT FOR JANUARY 2025") == date(2025, 1, 31)
    assert month_end_in("for June 2024") == date(2024, 6, 30)
    assert month_end_in("Mayfair 2025") is None


@unhurried
@given(st.text(max_size=60))
def test_no_text_breaks_a_cell_parser(text: str) -> None:
    value = number(text)
    assert value is None or abs(value) < float("inf")
    assert all(isinstance(day, date) for day in days_in(text))
    assert words(text) == words(words(text))


@pytest.mark.parametrize("text", ["31/10/26", "31-10-26", "31.10.26", "31/10/2026"])
def test_days_are_read_with_two_digits_of_the_year(text: str) -> None:
    assert days_in(f"as on {text}") == [date(2026, 10, 31)]


@pytest.mark.parametrize("text", ["46326", "31-Oct-2026", "2026-10-31", "2026-10-31 00:00:00", "October 31, 2026"])
def test_a_day_alone_is_one_in_any_form(text: str) -> None:
    assert day_alone(text) == date(2026, 10, 31)


@pytest.mark.parametrize("text", ["9999", "4632600", "Portfolio of 31-Oct-2026", "12", "", "1-2"])
def test_what_says_more_or_less_than_a_day_is_none(text: str) -> None:
    assert day_alone(text) is None


def test_a_minus_behind_a_number_counts() -> None:
    assert number("1,123.45-") == -1123.45
    assert number("-5-") is None


def test_the_sign_of_the_rupee_is_a_word() -> None:
    assert words("Market Value (₹)") == "market value rs"
