from __future__ import annotations

import pytest

from app.sources.amc.header import Role, find_headers, role_of
from tests.unit.sources.amc.portfolios import HEADER, SHARES, body, line, read, sheet


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Name Of the Instrument", Role.NAME),
        ("Company/Issuer/Instrument Name", Role.NAME),
        ("Name of the Instrument / Issuer", Role.NAME),
        ("ISIN", Role.ISIN),
        ("Industry+ /Rating", Role.INDUSTRY),
        ("Market value\n(Rs. in Lakhs)", Role.VALUE),
        ("Exposure/Market Value(Rs.Lakh)", Role.VALUE),
        ("MARKET-VALUE", Role.VALUE),
        ("Market/Fair Value  (INR Lacs)", Role.VALUE),
        ("Rounded, % to Net Assets", Role.WEIGHT),
        ("%  to Net\n Assets", Role.WEIGHT),
        ("% to AUM", Role.WEIGHT),
        ("%age to NAV", Role.WEIGHT),
        ("Percentage of Net Assets", Role.WEIGHT),
        ("% TO NAV.", Role.WEIGHT),
        ("Derivative\n% to NAV", Role.HEDGE),
        ("Unhedged\n% to NAV", Role.UNHEDGED),
        ("Long / (Short) ", Role.SIDE),
        ("Quantity.", Role.QUANTITY),
        ("YTM %", None),
        ("Yield of the instrument", None),
        ("Futures Price when purchased (Rs.) Per Unit", None),
        ("Margin maintained in (Rs. In Lacs)", None),
        ("null", None),
        ("", None),
    ],
)
def test_a_header_cell_is_understood_by_its_words(text: str, role: Role | None) -> None:
    assert role_of(text) is role


def test_the_header_may_stand_anywhere_above_the_data() -> None:
    for blank_rows in (0, 5, 20, 60):
        found = read([[] for _ in range(blank_rows)] + sheet())
        assert found.quarantined is None
        assert len(found.lines) == 9


def test_the_isin_may_stand_before_the_name_or_at_the_far_right() -> None:
    for order in ([0, 2, 1, 3, 4, 5, 6], [1, 3, 4, 5, 6, 0, 2]):
        found = read([[row[at] if at < len(row) else "" for at in order] for row in sheet()])
        assert found.quarantined is None
        assert found.lines[0].isin == "INE002A01018"
        assert found.lines[0].name == "Reliance Industries Limited"


def test_a_header_merged_over_columns_means_the_column_that_holds_such_data() -> None:
    rows = [[*row[:2], "", *row[2:]] for row in body()]
    found = read(sheet(rows, header=[*HEADER[:2], "ISIN", "", *HEADER[3:]]))
    assert found.lines[0].isin == "INE002A01018"


def test_a_blank_headed_column_between_name_and_isin_is_passed_over() -> None:
    rows = [[*row[:2], "**", *row[2:]] for row in body()]
    found = read(sheet(rows, header=[*HEADER[:2], "", *HEADER[2:]]))
    assert (found.lines[0].name, found.lines[0].isin) == ("Reliance Industries Limited", "INE002A01018")


def test_of_two_percent_columns_the_first_one_counts() -> None:
    rows = [[*row, "0.9"] for row in body()]
    found = read(sheet(rows, header=[*HEADER, "Exposure % to Net Assets"]))
    assert found.quarantined is None
    assert found.warnings == ()


def test_a_header_split_over_two_rows_is_read_as_one() -> None:
    upper = ["", "Name of the", "ISIN", "Industry /", "Quantity", "Market Value", "% to"]
    lower = ["", "Instrument", "", "Rating", "", "(Rs. in Lakhs)", "Net Assets"]
    found = read(sheet([lower, *body()], header=upper))
    assert found.quarantined is None
    assert found.lines[0].isin == "INE002A01018"


def test_isins_under_another_header_are_used_and_told() -> None:
    found = read(sheet(header=[*HEADER[:2], "Reference", *HEADER[3:]]))
    assert found.lines[0].isin == "INE002A01018"
    assert "the ISINs stand in a column whose header does not say so" in found.warnings


def test_isins_in_the_column_of_names_leave_no_header_to_trust() -> None:
    found = read(sheet(header=["", "ISIN", "Name of the Instrument", *HEADER[3:]]))
    assert found.quarantined == "lists securities under no header that names instruments, values and weights"


@pytest.mark.parametrize("column", [1, 5, 6])
def test_a_sheet_without_names_values_or_weights_is_refused(column: int) -> None:
    header = list(HEADER)
    header[column] = "Xyzzy"
    assert read(sheet(header=header)).quarantined is not None


def test_a_list_of_names_and_percents_alone_is_no_header_of_a_portfolio() -> None:
    assert not [
        header for header in find_headers([["Issuer Name", "% Exposure"], ["HDFC Bank", "0.31"]]) if header.portfolio
    ]


def test_a_table_before_the_portfolio_gives_way_to_it() -> None:
    top = [
        ["Issuer Name", "Sector", "Market value (Rs. in Lakhs)", "% to Net Assets"],
        ["HDFC Bank", "Banks", "340", "17"],
    ]
    found = read([*top, *sheet()])
    assert found.quarantined is None
    assert found.stated_total == 2000.0 * 1e5


def test_a_header_printed_again_on_the_next_page_changes_nothing() -> None:
    rows = body()
    assert read(sheet([*rows[:5], list(HEADER), *rows[5:]])).lines == read(sheet()).lines


def test_numbers_written_as_text_are_numbers() -> None:
    rows = [[*row[:5], f"{float(row[5]):,.2f}" if row[2] else row[5], row[6]] for row in body()]
    assert read(sheet(rows)).quarantined is None


def test_a_sheet_without_an_isin_column_is_read_and_told() -> None:
    gold = [line(("Gold", "", "", 95.0, 80.0), 100.0), line(("TREPS", "", "", "", 20.0), 100.0)]
    total = ["", "Grand Total", "", "", "", "100", "1"]
    header = [cell for cell in HEADER if cell != "ISIN"]
    found = read(sheet([[*row[:2], *row[3:]] for row in (*gold, total)], header=header))
    assert found.quarantined is None
    assert [found.lines[0].kind.value, found.lines[1].kind.value] == ["gold", "cash"]
    assert "has no column of ISIN" in found.warnings


def test_every_share_keeps_its_own_row_whatever_the_order_of_columns() -> None:
    assert [(at.isin, at.quantity) for at in read(sheet()).lines[:6]] == [
        (isin, quantity) for _, isin, _, quantity, _ in SHARES
    ]


def with_column(label: str, at: int, factor: float) -> list[list[str]]:
    """The sample sheet with one more column of values before or after its own, a share of them."""
    rows = sheet()
    start = rows.index(HEADER)
    own = HEADER.index("Market/Fair Value (Rs. in Lakhs)")
    for row in rows[start + 1 :]:
        try:
            row.insert(own + at, str(float(row[own]) * factor))
        except ValueError:
            row.insert(own + at, "")
    rows[start].insert(own + at, label)
    return rows


@pytest.mark.parametrize("label", ["Acquisition Value (Rs. in Lakhs)", "Book Value (Rs. in Lakhs)", "Cost (Rs. Lakhs)"])
@pytest.mark.parametrize("at", [0, 1])
def test_what_was_paid_is_not_the_market_value(label: str, at: int) -> None:
    assert read(with_column(label, at, 0.8)).lines[0].value == 126.5e5


@pytest.mark.parametrize("at", [0, 1])
def test_the_month_before_beside_this_one_is_not_taken(at: int) -> None:
    label = "Market Value as on 31-Dec-2024 (Rs. in Lakhs)"
    assert read(with_column(label, at, 0.9)).lines[0].value == 126.5e5


def test_the_unit_may_stand_under_the_header() -> None:
    header = [label.replace(" (Rs. in Lakhs)", "") for label in HEADER]
    below = ["(Rs. in Lakhs)" if label.startswith("Market") else "" for label in header]
    assert read(sheet([below, *body()], header=header)).lines[0].value == 126.5e5


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Net Assets (%)", Role.WEIGHT),
        ("NAV %", Role.WEIGHT),
        ("Weightage (%)", Role.WEIGHT),
        ("% Holding", Role.WEIGHT),
        ("Valuation (Rs. Lakhs)", Role.VALUE),
        ("Exposure (Rs. in Lakhs)", Role.VALUE),
        ("Market Value (₹)", Role.VALUE),
        ("Futures % to Net Assets", Role.HEDGE),
        ("% to Net Assets Short Futures", Role.HEDGE),
        ("Acquisition Value (Rs. in Lacs)", None),
        ("Portfolio Yield (%)", None),
        ("YTM of the holding %", None),
    ],
)
def test_other_words_for_the_same_columns_are_understood(text: str, role: Role | None) -> None:
    assert role_of(text) is role
