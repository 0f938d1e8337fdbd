from __future__ import annotations

import pytest

from tests.unit.sources.amc.portfolios import CASH, PAPER, SHARES, TOTAL, Cells, body, line, read, sheet, words


def with_headings_that_carry_sums() -> Cells:
    """Two levels of headings with the sum of their section on the heading's own row, and no subtotals."""
    equity = round(sum(p[4] for p in SHARES), 2)
    first, second = SHARES[:4], SHARES[4:]
    return [
        words("Equity & Equity Related Instruments", equity, equity / TOTAL),
        words("Listed / Awaiting Listing On Stock Exchanges", round(sum(p[4] for p in first), 2), 0.5),
        *(line(p) for p in first),
        [],
        words("Preference shares", round(sum(p[4] for p in second), 2), 0.2),
        *(line(p) for p in second),
        [],
        words("Others", 205.0, 0.1),
        line(("Cash Margin - Derivatives", "", "", "", 205.0)),
        [],
        *(line(p) for p in CASH),
        words("Total Net Assets", TOTAL, 0.9999999),
    ]


def test_sums_on_heading_rows_are_not_counted_again() -> None:
    found = read(sheet(with_headings_that_carry_sums()))
    assert found.quarantined is None
    assert found.sum_of_weights == pytest.approx(100)
    assert [at.name for at in found.lines[6:]] == ["Cash Margin - Derivatives", "TREPS", "Net Receivables / (Payables)"]
    assert found.lines[0].section == "Equity & Equity Related Instruments"


def test_a_sum_that_looks_like_a_line_after_its_parts_is_not_counted() -> None:
    rows = body()
    rows[-2:-1] = [
        words("Cash / Bank Balance", 10.0, ""),
        words("Net Receivables/Payables", 7.0, ""),
        words("Net Current Assets", 17.0, ""),
    ]
    found = read(sheet(rows))
    assert found.quarantined is None
    assert "Net Current Assets" not in {at.name for at in found.lines}


def test_one_total_may_cover_two_blocks() -> None:
    rows = body()
    del rows[9]  # the subtotal of the shares
    rows[11] = words("Total", round(sum(p[4] for p in SHARES) + 205.0, 2), 0.8)
    assert not [warning for warning in read(sheet(rows)).warnings if "subtotals" in warning]


def test_a_grand_total_without_the_word_is_the_last_total_of_everything() -> None:
    rows = body()
    rows[-1] = words("Total", TOTAL, 1)
    rows += [[], words("Portfolio turnover", 0.4), words("Total expenses", 12.0)]
    found = read(sheet(rows))
    assert found.quarantined is None
    assert found.stated_total == TOTAL * 1e5


def test_tables_after_the_grand_total_are_not_holdings() -> None:
    rows = [*body(), [], words("Details of securities in default"), line(SHARES[0]), words("Total", 126.5)]
    assert read(sheet(rows)).lines == read(sheet()).lines


def test_without_a_grand_total_the_sheet_is_refused() -> None:
    assert read(sheet(body()[:-1])).quarantined == "has no grand total to hold its lines against"


@pytest.mark.parametrize("total", ["0", "-2000"])
def test_a_grand_total_that_is_not_above_zero_is_refused(total: str) -> None:
    rows = body()
    rows[-1] = words("GRAND TOTAL", total, 1)
    assert read(sheet(rows)).quarantined == "has a grand total that is not above zero"


@pytest.mark.parametrize(
    ("total", "refused", "warned"),
    [
        (2000.0, False, False),
        (2010.0, False, True),
        (2029.0, False, True),
        (2040.0, True, False),
        (1200.0, True, False),
    ],
)
def test_the_lines_must_meet_the_total_within_one_and_a_half_percent(total: float, refused: bool, warned: bool) -> None:
    rows = body()
    rows[-1] = words("GRAND TOTAL", total, 1)
    found = read(sheet(rows))
    assert (found.quarantined is not None) is refused
    assert any("of the file's own total" in warning for warning in found.warnings) is warned
    assert found.sum_of_weights == pytest.approx(100 * 2000 / total)


def test_weights_are_never_stretched_to_a_hundred() -> None:
    rows = body()
    del rows[2]
    found = read(sheet(rows))
    assert found.quarantined == "lines add up to 93.67 % of the file's own total"
    assert sum(at.weight for at in found.lines) == pytest.approx(93.675)


def test_a_wrong_subtotal_is_told() -> None:
    rows = body()
    rows[3][5] = "340.60"
    rows[-2][5] = "16.40"
    assert "1 subtotals or contracts do not add up" in read(sheet(rows)).warnings


def test_negative_cash_keeps_its_sign() -> None:
    rows = body()
    rows[-3:-1] = [words("TREPS", 300.0, 0.15), words("Net Current Assets", -23.0, -0.0115)]
    found = read(sheet(rows))
    assert found.quarantined is None
    assert [(at.value, at.sign) for at in found.lines[-2:]] == [(300.0e5, 1), (-23.0e5, -1)]


def test_an_isin_in_two_blocks_adds_up_and_is_told() -> None:
    rows = body((*SHARES[:5], ("Reliance Industries Limited", "INE002A01018", "Petroleum Products", 14_000, 178.40)))
    found = read(sheet(rows))
    assert found.quarantined is None
    assert len([at for at in found.lines if at.isin == "INE002A01018"]) == 2
    assert "1 ISINs stand in several rows and add up, e.g. INE002A01018" in found.warnings


def test_many_lines_without_isin_and_quantity_are_no_endless_search() -> None:
    rows = [words(f"Deposit {at}", float(at), "") for at in range(1, 3000)]
    total = sum(range(1, 3000))
    found = read(sheet([words("Deposits"), *rows, words("GRAND TOTAL", total, 1)]))
    assert found.quarantined is None


@pytest.mark.parametrize("first", ["Total Portfolio", "Total Assets", "Portfolio Total", "GRAND TOTAL"])
@pytest.mark.parametrize("last", ["Net Assets", "Total Net Assets", "GRAND TOTAL"])
@pytest.mark.parametrize("payable", [-2.75, -160.0])
def test_a_total_of_the_investments_is_not_the_end_where_cash_follows(first: str, last: str, payable: float) -> None:
    *rows, _ = body()
    after = [words("Net Receivables / (Payables)", payable), words(last, TOTAL + payable, 1.0)]
    found = read(sheet([*rows, words(first, TOTAL, 1.0), [], *after]))
    assert found.stated_total == pytest.approx((TOTAL + payable) * 1e5)
    assert found.lines[-1].value == pytest.approx(payable * 1e5)
    assert found.sum_of_weights == pytest.approx(100.0)


def test_notes_after_the_total_are_not_another_one() -> None:
    found = read(sheet([*body(), [], words("Net assets per unit", 12.5), words("Total Net Assets in crore", 20.0)]))
    assert found.stated_total == TOTAL * 1e5


@pytest.mark.parametrize("rows", [3, 7, 9])
def test_a_sheet_cut_short_never_ends_at_the_total_of_a_section(rows: int) -> None:
    found = read(sheet([*(line(share, 946.0) for share in SHARES), words("Sub Total", 1518.0, 0.9994)][:rows]))
    assert found.quarantined == "has no grand total to hold its lines against"


def test_a_total_of_nearly_everything_is_not_the_total_of_everything() -> None:
    shares = sum(share[4] for share in SHARES)
    cut = [*(line(share, shares / 0.9994) for share in SHARES), words("Total", shares, 0.9994)]
    assert read(sheet(cut)).quarantined == "has no grand total to hold its lines against"
    whole = [*(line(share, shares) for share in SHARES), words("Total", shares, 1.0)]
    assert read(sheet(whole)).quarantined is None


def test_subtotals_before_their_lines_add_up_as_well() -> None:
    shares, paper = sum(share[4] for share in SHARES), PAPER[0][4]
    rows = [words("Sub Total", shares), *map(line, SHARES), words("Total", paper), line(PAPER[0]), *map(line, CASH)]
    assert read(sheet([*rows, words("GRAND TOTAL", TOTAL, 1.0)])).warnings == ()
