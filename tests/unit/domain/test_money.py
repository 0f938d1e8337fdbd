from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import format_rupees, format_rupees_compact


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "₹0"),
        (999, "₹999"),
        (1000, "₹1,000"),
        (4696475, "₹46,96,475"),
        (123456789, "₹12,34,56,789"),
        (-1234.5, "\u2212₹1,235"),
        (0.5, "₹1"),
        (-0.4, "₹0"),
    ],
)
def test_rupees_are_grouped_as_in_india(value: float, text: str) -> None:
    assert format_rupees(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (99_999, "₹99,999"),
        (99_999.5, "₹1.00 L"),
        (123_456, "₹1.23 L"),
        (-250_000, "\u2212₹2.50 L"),
        (9_999_499, "₹99.99 L"),
        (9_999_999, "₹1.00 Cr"),
        (12_345_678_900, "₹1,234.57 Cr"),
    ],
)
def test_the_short_form_rounds_before_it_chooses_the_unit(value: float, text: str) -> None:
    assert format_rupees_compact(value) == text


@given(st.integers(-(10**12), 10**12))
def test_grouping_loses_no_digit(value: int) -> None:
    assert int(format_rupees(value).replace("\u2212", "-").replace("₹", "").replace(",", "")) == value
