from __future__ import annotations

import pytest

from app.sources.amc.header import find_headers
from app.sources.amc.rows import Row, RowKind, read_rows
from tests.unit.sources.amc.portfolios import HEADER


def row_of(*cells: str, scheme: str | None = None) -> Row:
    """The row with these cells after the leading blank one, under the usual header."""
    rows = [HEADER, ["", "Reliance", "INE002A01018", "", "1", "1", "1"], ["", *cells]]
    return list(read_rows(rows, find_headers(rows)[0], scheme))[1]


@pytest.mark.parametrize(
    "label",
    ["Sub Total", "Subtotal", "TOTAL", "TOTAL:(b)  unlisted", "TOTAL : Others", "Derivatives Total", "Sub-Total (a)"],
)
def test_subtotals_are_known_by_their_words(label: str) -> None:
    assert row_of(label, "", "", "", "12.0", "0.1").kind is RowKind.TOTAL


@pytest.mark.parametrize(
    "label",
    [
        "GRAND TOTAL",
        "Grand Total",
        "GRAND TOTAL (AUM)",
        "GRAND_TOTAL",
        "Total Net Assets",
        "Net Assets",
        "TOTAL : Alpha Fund",
    ],
)
def test_grand_totals_are_known_by_their_words(label: str) -> None:
    assert row_of(label, "", "", "", "12.0", "1", scheme="Alpha Fund").kind is RowKind.GRAND


def test_a_total_may_stand_in_another_column_than_the_names() -> None:
    assert row_of("", "", "Grand Total", "", "12.0", "1").kind is RowKind.GRAND
    assert row_of("", "Sub Total", "", "", "12.0", "1").kind is RowKind.TOTAL


def test_a_total_may_add_up_quantities() -> None:
    assert row_of("Total", "", "", "-500", "12.0", "1").kind is RowKind.TOTAL


def test_a_company_called_total_is_no_total() -> None:
    assert row_of("Adani Total Gas Limited", "INE399L01023", "Gas", "10", "12.0", "0.1").kind is RowKind.LINE
    assert row_of("Adani Total Gas Limited February 2025 Future", "", "Gas", "-10", "-12.0", "").kind is RowKind.LINE


def test_net_current_assets_are_no_grand_total() -> None:
    assert row_of("Net Current Assets", "", "", "", "-12.0", "").kind is RowKind.LINE


def test_a_heading_has_words_and_no_value() -> None:
    assert row_of("Equity & Equity related").kind is RowKind.HEADING
    assert row_of("(b) Unlisted", "", "", "", "NIL", "NIL").kind is RowKind.HEADING


def test_a_zero_without_a_name_is_nothing_and_a_value_without_a_name_a_total() -> None:
    assert row_of("", "", "", "", "0.0", "0.0").kind is RowKind.BLANK
    assert row_of("", "", "", "", "99.0", "").kind is RowKind.TOTAL


def test_nil_beside_a_security_is_a_value_of_zero_and_a_blank_is_none() -> None:
    assert row_of("Worthless Ltd", "INE002A01018", "", "10", "NIL", "#").value == 0.0
    assert row_of("Unvalued Ltd", "INE002A01018", "", "10", "", "").value is None
