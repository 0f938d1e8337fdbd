from __future__ import annotations

import pytest

from app.domain.disclosures import LineKind, SchemeSheet
from tests.unit.sources.amc.portfolios import HEADER, PAPER, TOTAL, Cells, body, line, read, read_all, sheet, words

FUTURES = (
    ("HDFC Bank Limited February 2025 Future", "", "", -20_000, -341.0),
    ("NTPC Limited February 2025 Future", "", "", 1_000, 3.3),
)
NET = -337.7
AFTER = [
    "Name of the Instrument",
    "Long / Short",
    "Industry ^",
    "Quantity",
    "Market value \n(Rs. in Lakhs)",
    "% to AUM",
]


def shares_of(found: SchemeSheet) -> float:
    assert found.gross_equity is not None
    return found.gross_equity


def contracts(found: SchemeSheet) -> list[tuple[str, float]]:
    return [(at.name, round(at.value / 1e5, 2)) for at in found.lines if at.kind is LineKind.DERIVATIVE]


def with_futures_before_the_total(cash: float) -> Cells:
    rows = body()
    block = [
        words("DERIVATIVES"),
        words("Index / Stock Futures"),
        *(line(p) for p in FUTURES),
        words("Total", NET, NET / TOTAL),
    ]
    rows[10:10] = block
    rows[-2] = line(("Net Receivables / (Payables)", "", "", "", cash))
    return rows


def test_futures_above_the_total_that_are_part_of_it_are_counted() -> None:
    found = read(sheet(with_futures_before_the_total(17.0 - NET)))
    assert found.quarantined is None
    assert found.sum_of_weights == pytest.approx(100)
    assert [at.in_total for at in found.lines if at.kind is LineKind.DERIVATIVE] == [True, True]
    assert found.net_equity == pytest.approx(shares_of(found) + 100 * NET / TOTAL)


def test_futures_above_the_total_that_are_not_part_of_it_are_kept_beside_it() -> None:
    found = read(sheet(with_futures_before_the_total(17.0)))
    assert found.quarantined is None
    assert found.sum_of_weights == pytest.approx(100)
    assert [at.in_total for at in found.lines if at.kind is LineKind.DERIVATIVE] == [False, False]
    assert found.net_equity == pytest.approx(shares_of(found) + 100 * NET / TOTAL)


def test_options_may_be_part_of_the_total_while_futures_are_not() -> None:
    rows = with_futures_before_the_total(9.0)
    rows[12:12] = [line(("NIFTY 23000 Put February 2025 Option", "", "", 500, 8.0))]
    found = read(sheet(rows))
    assert found.quarantined is None
    assert [at.in_total for at in found.lines if at.kind is LineKind.DERIVATIVE] == [True, False, False]


def with_a_table_after_the_total(*rows: list[str], header: list[str] = AFTER) -> Cells:
    return sheet(
        [
            *body(),
            [],
            ["DERIVATIVES"],
            header,
            ["Stock Futures"],
            *rows,
            ["Derivatives Total", "", "", "", "-337.7", "-0.17"],
            [],
            ["Notes"],
        ]
    )


def test_a_second_table_after_the_total_is_read_with_its_own_columns() -> None:
    found = read(
        with_a_table_after_the_total(
            ["HDFC Bank Ltd. 27-FEB-25", "Short", "Banks", "-20000", "-341.0", "-0.1705"],
            ["NTPC Ltd. 27-FEB-25", "Long", "Power", "1000", "3.3", "0.00165"],
        )
    )
    assert contracts(found) == [("HDFC Bank Ltd. 27-FEB-25", -341.0), ("NTPC Ltd. 27-FEB-25", 3.3)]
    assert found.sum_of_weights == pytest.approx(100)
    assert found.warnings == ()


def test_the_word_short_makes_positive_numbers_negative() -> None:
    found = read(
        with_a_table_after_the_total(
            ["HDFC Bank Ltd.", "Short", "Banks", "20000", "341.0", "0.1705"],
            ["NTPC Ltd.", "Long", "Power", "1000", "3.3", "0.00165"],
        )
    )
    assert contracts(found) == [("HDFC Bank Ltd.", -341.0), ("NTPC Ltd.", 3.3)]
    assert found.lines[-2].sign == -1


def test_long_and_short_may_be_the_first_column() -> None:
    header = [
        "Long/Short",
        "Name of the Instrument",
        "Industry",
        "Quantity.",
        "Market/Fair Value (Rs. in Lacs).",
        " % to NAV.",
    ]
    rows = [["Short", "HDFC Bank Limited_27/02/2025", "Banks", "20000", "341.0", "0.1705"]]
    found = read(sheet([*body(), [], ["Details of Stock Future / Index Future"], header, *rows]))
    assert contracts(found) == [("HDFC Bank Limited_27/02/2025", -341.0)]


def test_a_repeated_table_is_not_added() -> None:
    table = [
        ["Details of Stock Future"],
        AFTER,
        ["HDFC Bank Ltd.", "Short", "", "-20000", "-341.0", ""],
        ["NTPC Ltd.", "Long", "", "1000", "3.3", ""],
    ]
    once = read(sheet([*body(), [], *table]))
    twice = read(sheet([*body(), [], *table, [], [], [], *table]))
    inside = read(sheet([*with_futures_before_the_total(17.0), [], *table]))
    assert len(contracts(once)) == len(contracts(twice)) == len(contracts(inside)) == 2


def test_a_table_of_prices_without_values_is_no_position() -> None:
    header = [
        "Underlying",
        "Long / Short",
        "Futures Price when purchased (Rs.)",
        "Current price of the contract",
        "Margin maintained in Rs. Lakhs",
    ]
    found = read(sheet([*body(), [], header, ["HDFC Bank Ltd.", "Short", "1700.1", "1705.2", "12.0"]]))
    assert contracts(found) == []


def test_bonds_with_isins_after_the_total_are_no_contracts() -> None:
    rows = [
        *body(),
        [],
        words("Details of securities below investment grade"),
        list(HEADER),
        line(PAPER[0]),
        words("Total", 205.0),
    ]
    assert read(sheet(rows)).lines == read(sheet()).lines


def test_a_table_that_contradicts_its_own_total_is_told() -> None:
    found = read(with_a_table_after_the_total(["HDFC Bank Ltd.", "Short", "Banks", "-20000", "-351.0", "-0.1755"]))
    assert "1 subtotals or contracts do not add up" in found.warnings


def test_a_future_beside_its_shares_isin_is_a_future_of_that_share() -> None:
    rows = with_futures_before_the_total(17.0)
    rows[12][2] = "INE040A01034"
    found = read(sheet(rows))
    future = next(at for at in found.lines if at.kind is LineKind.DERIVATIVE)
    assert (future.isin, future.value) == ("INE040A01034", -341.0e5)
    assert shares_of(found) == pytest.approx(75.9)


OWN_SHEET = [
    ["DERIVATIVE DISCLOSURE - Sample Large Cap Fund"],
    [],
    ["A. Hedging Positions through Futures as on January 31, 2025"],
    ["Scheme Name", "Underlying", "Industry", "Long / (Short)", "Current price", "Market value \n(Rs. in Lakhs)"],
    ["Sample Large Cap Fund", "HDFC Bank Ltd.", "Banks", "-20000", "1705", "-341.0"],
    ["", "NTPC Ltd.", "Power", "1000", "330", "3.3"],
    ["", "", "", "", "", "-337.7"],
]
HEDGED = [*HEADER, "Derivative\n% to NAV", "Unhedged\n% to NAV"]


def with_hedge_columns() -> Cells:
    rows = body()
    rows[3] += ["0.05", "0.12"]
    return sheet(rows, header=HEDGED)


def test_contracts_on_a_sheet_of_their_own_belong_to_the_scheme_they_name() -> None:
    found = read(with_hedge_columns(), ("Derivative", OWN_SHEET))
    assert contracts(found) == [("HDFC Bank Ltd.", -341.0), ("NTPC Ltd.", 3.3)]
    other = sheet(titles=[["", "Other Bond Fund"], ["", "Portfolio as on January 31, 2025"]])
    first, second = read_all(sheet(), ("TWO", other), ("Derivative", OWN_SHEET))
    assert (len(contracts(first)), len(contracts(second))) == (2, 0)


def test_a_column_of_hedges_stands_in_where_no_table_lists_them() -> None:
    found = read(with_hedge_columns())
    assert contracts(found) == [("HDFC Bank Limited", -100.0)]
    assert found.net_equity == pytest.approx(shares_of(found) - 5.0)


def test_a_column_of_derivatives_without_a_sign_is_told_and_left_out() -> None:
    rows = body()
    rows[3] += ["0.05"]
    found = read(sheet(rows, header=[*HEADER, "Derivative % to NAV"]))
    assert contracts(found) == []
    assert "shows derivatives in a column only, without their sign: net equity leaves them out" in found.warnings


def test_contracts_on_commodities_do_not_hedge_shares() -> None:
    rows = ["Gold (1 KG-1000 GMS) Commodity April 2025 Future", "Long", "Gold", "95", "80.0", "0.04"]
    found = read(with_a_table_after_the_total(rows))
    assert found.net_equity == found.gross_equity
    assert found.lines[-1].kind is LineKind.OTHER_DERIVATIVE


def test_cash_lines_keep_their_place_after_a_block_of_derivatives() -> None:
    rows = with_futures_before_the_total(17.0)
    assert [at.kind for at in read(sheet(rows)).lines[-2:]] == [LineKind.CASH, LineKind.CASH]


def test_a_table_of_contracts_without_values_is_told_where_it_is_the_only_one() -> None:
    header = ["Name of the Instrument", "Long / Short", "Quantity", "% to AUM"]
    found = read(
        sheet([*body(), [], ["DERIVATIVES"], header, ["HDFC Bank Ltd. 27-FEB-25", "Short", "-20000", "-0.1705"]])
    )
    assert "lists derivatives without values: net equity leaves them out" in found.warnings


def test_a_short_without_a_value_is_told() -> None:
    found = read(
        with_a_table_after_the_total(
            ["HDFC Bank Ltd.", "Short", "Banks", "-20000", "-337.7", "-0.16885"],
            ["NTPC Ltd.", "Short", "Power", "", "", ""],
        )
    )
    assert "1 subtotals or contracts do not add up" in found.warnings


def test_shorts_are_told_by_a_column_of_any_name() -> None:
    table = [
        ["", "Details of stock futures"],
        ["", "Name of the Instrument", "Position", "Quantity", "Market Value (Rs. in Lakhs)", "% to Net Assets"],
        ["", "Infosys Limited March 2025 Future", "Short", "10000", "188.5", "0.09"],
        ["", "State Bank of India March 2025 Future", "Long", "10000", "77.3", "0.04"],
    ]
    found = contracts(read(sheet([*body(), [], *table])))
    assert [value for _, value in found] == pytest.approx([-188.5, 77.3])


@pytest.mark.parametrize("name", ["Futures - Infosys Limited", "Stock Future: Infosys", "Index Futures - Nifty"])
def test_a_contract_with_the_word_in_front_is_one(name: str) -> None:
    *rows, total = body()
    found = read(sheet([line((name, "", "", -10_000, -188.5)), *rows, total]))
    assert [contract for contract, _ in contracts(found)] == [name]


def test_a_short_that_nothing_tells_as_one_is_refused() -> None:
    *rows, _ = body()
    short = line(("Infosys Limited - X", "", "", -10_000, -40.0))
    found = read(sheet([*rows[:3], short, *rows[3:], words("GRAND TOTAL", TOTAL - 40.0, 1.0)]))
    assert found.quarantined is not None
    assert "holds less than none of Infosys Limited - X" in found.quarantined
