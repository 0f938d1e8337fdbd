"""The published files of 21 fund houses: every sheet is reconciled or refused for its true reason."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from app.domain.disclosures import LineKind, SchemeSheet
from app.sources.amc.reader import read_disclosure
from tests.shared_data import shared_file

SHEETS = {
    "360one/IN_MF_MONTHLY_PORTFOLIO_Jan2025.xlsx": (7, 7, 325),
    "absl/abslf_monthly_2025-08-31.zip": (111, 111, 6559),
    "bandhan/034c8d96-bandhan-nifty-50-index-fund-31-jan-2025.xlsx": (1, 1, 54),
    "bandhan/12bc1152-bandhan-multi-asset-allocation-fund-31-jan-2025.xlsx": (1, 1, 134),
    "bandhan/4769b759-bandhan-us-equity-fund-of-fund-31-jan-2025.xlsx": (1, 1, 4),
    "bandhan/a85b1171-bandhan-equity-savings-fund-31-jan-2025.xlsx": (1, 1, 110),
    "bandhan/c3c32fa6-bandhan-sterling-value-fund-31-jan-2025.xlsx": (1, 1, 69),
    "bandhan/f58b1457-bandhan-large-cap-fund-31-jan-2025.xlsx": (1, 1, 57),
    "dsp/dsp-isin-debt-portfolio-as-on-28-feb-2025.xlsx": (25, 25, 751),
    "edelweiss/EDEL_Portfolio  Weekly 07-Feb-2025_11022025_093217_AM.xlsx": (15, 0, 0),
    "groww/Monthly Portfolio- January 31, 2025.xls": (20, 20, 1408),
    "hdfc/Monthly HDFC Asset Allocator Fund of Funds - 31 January 2025.xlsx": (1, 1, 18),
    "hdfc/Monthly HDFC Balanced Advantage Fund - 31 January 2025.xlsx": (1, 1, 402),
    "hdfc/Monthly HDFC Corporate Bond Fund - 31 July 2025.xlsx": (1, 1, 230),
    "hdfc/Monthly HDFC Flexi Cap Fund - 31 January 2025.xlsx": (1, 1, 64),
    "hdfc/Monthly HDFC Gold ETF - 31 January 2025.xlsx": (1, 1, 3),
    "hdfc/Monthly HDFC Hybrid Equity Fund - 31 January 2025.xlsx": (1, 1, 123),
    "hdfc/Monthly HDFC Liquid Fund - 31 January 2025.xlsx": (1, 1, 139),
    "hdfc/Monthly HDFC Nifty 50 Index Fund - 31 January 2025.xlsx": (1, 1, 53),
    "helios/Helios-Balanced-Advantage-Fund-Monthly-Portfolio-as-on-31st-January-2025.xlsx": (1, 1, 75),
    "helios/Helios-Flexi-Cap-Fund-Monthly-Portfolio-as-on-31st-January-2025.xlsx": (1, 1, 55),
    "icici/ICICI PRUDENTIAL SILVER ETF.xlsx": (1, 1, 3),
    "icici/ICICI Prudential Asset Allocator Fund (FOF).xlsx": (1, 1, 28),
    "icici/ICICI Prudential Balanced Advantage Fund.xlsx": (1, 1, 244),
    "icici/ICICI Prudential Bluechip Fund.xlsx": (1, 1, 82),
    "icici/ICICI Prudential Multi-Asset Fund.xlsx": (1, 1, 252),
    "icici/ICICI Prudential Nifty 50 Index Fund.xlsx": (1, 1, 53),
    "icici/ICICI Prudential US Bluechip Equity Fund.xlsx": (1, 1, 64),
    "icici/icici_fortnightly_2025-09-15.zip": (33, 0, 2152),
    "invesco/contra238cf607eee8616aaa28ff00007d74af.xlsx": (1, 1, 79),
    "invesco/esg-integration-strategydd8df607eee8616aaa28ff00007d74af.xlsx": (1, 1, 40),
    "invesco/flexi-cap088ef607eee8616aaa28ff00007d74af.xlsx": (1, 1, 64),
    "lic/LIC MF Monthly Debt Portfolio_Jan-25.xlsx": (12, 12, 285),
    "lic/LIC MF Monthly Equity Portfolio_Jan-2025.xlsx": (29, 29, 1823),
    "navi/Navi Aggressive Hybrid Fund-Jan 25.xlsx": (1, 1, 54),
    "navi/Navi Nasdaq 100 Fund of Fund-Jan 25.xlsx": (1, 1, 2),
    "navi/Navi Nifty 50 Index Fund-Jan 25.xlsx": (1, 1, 52),
    "nippon/NIMF-MONTHLY-PORTFOLIO-31-July-25.xls": (108, 108, 6618),
    "nippon/NIMF_MONTHLY_PORTFOLIO_31-Jan-25.xls": (104, 104, 5991),
    "nj/IN_MF_MONTHLY_PORTFOLIO - January 2025 Final With Derivative disclosure.-20250207063001.xlsx": (5, 5, 360),
    "pgim/PGIM India Midcap Opportunities Fund Jan 2025.xlsb": (1, 1, 79),
    "pgim/PGIM India Retirement Fund Jan 2025.xlsb": (1, 1, 82),
    "ppfas/PPFAS_Monthly_Portfolio_Report_January_31_2025.xls": (6, 6, 840),
    "quant/quant_Absolute_Fund_Feb_2025.xlsx": (1, 1, 31),
    "quant/quant_Liquid_Fund_Feb_2025.xlsx": (1, 1, 20),
    "quant/quant_Multi_Asset_Fund_Feb_2025.xlsx": (1, 1, 36),
    "quant/quant_Small_Cap_Fund_Feb_2025.xlsx": (1, 1, 91),
    "samco/IN_MF_MONTHLY_PORTFOLIO_January_2025_Samco_Active_Momentum_Fund_1739176509.xlsx": (1, 1, 54),
    "samco/IN_MF_MONTHLY_PORTFOLIO_January_2025_Samco_Dynamic_Asset_Allocation_Fund_1739176681.xlsx": (1, 1, 99),
    "samco/IN_MF_MONTHLY_PORTFOLIO_January_2025_Samco_Multi_Asset_Allocation_Fund_1739176834.xlsx": (1, 1, 64),
    "sbi/All-Schemes-Monthly-Portfolio---as-on-31st-January-2025.xlsx": (123, 123, 5842),
    "sbi/SBI_All-Schemes-Monthly-Portfolio---as-on-31st-July-2025.xlsx": (127, 127, 6018),
    "uti/UTI_Corporate_Bond_2025-07-31.xls": (29, 0, 791),
    "zerodha/ZN250 - Monthly Portfolio January 2025.xlsx": (1, 1, 253),
    "zerodha/ZN250 - Monthly Portfolio June 2024.xlsx": (1, 1, 253),
}
"""File -> scheme sheets, of them accepted, lines of all sheets."""

NIFTY_50 = {
    "hdfc": "hdfc/Monthly HDFC Nifty 50 Index Fund - 31 January 2025.xlsx",
    "icici": "icici/ICICI Prudential Nifty 50 Index Fund.xlsx",
    "bandhan": "bandhan/034c8d96-bandhan-nifty-50-index-fund-31-jan-2025.xlsx",
    "navi": "navi/Navi Nifty 50 Index Fund-Jan 25.xlsx",
}
SBI_JANUARY = "sbi/All-Schemes-Monthly-Portfolio---as-on-31st-January-2025.xlsx"
NIPPON_JANUARY = "nippon/NIMF_MONTHLY_PORTFOLIO_31-Jan-25.xls"
NJ = "nj/IN_MF_MONTHLY_PORTFOLIO - January 2025 Final With Derivative disclosure.-20250207063001.xlsx"
ABSL = "absl/abslf_monthly_2025-08-31.zip"
LIC_EQUITY = "lic/LIC MF Monthly Equity Portfolio_Jan-2025.xlsx"
GROWW = "groww/Monthly Portfolio- January 31, 2025.xls"


@cache
def sheets_of(file: str) -> tuple[SchemeSheet, ...]:
    """The sheets of a shared file, read once for all tests."""
    path = shared_file(f"mf/{file}")
    return read_disclosure(path.read_bytes(), path.name)


def sheet_of(file: str, sheet: str | None = None) -> SchemeSheet:
    """The named sheet of a file, or its only one."""
    (only,) = [found for found in sheets_of(file) if sheet in {None, found.sheet}]
    return only


def share(found: SchemeSheet, kind: LineKind) -> float:
    """Percent of the total in lines of a kind."""
    return sum(line.weight for line in found.lines if line.kind is kind)


def stated_weights(file: str) -> dict[str, float]:
    """ISIN -> printed percent."""
    return {
        line.isin: line.stated_weight for line in sheet_of(file).lines if line.isin and line.stated_weight is not None
    }


@pytest.mark.parametrize("file", SHEETS)
def test_every_sheet_of_a_file_is_reconciled_or_refused(file: str) -> None:
    found = sheets_of(file)
    accepted = [sheet for sheet in found if sheet.quarantined is None]
    assert (len(found), len(accepted), sum(len(sheet.lines) for sheet in found)) == SHEETS[file]
    for sheet in accepted:
        assert sheet.name
        assert sheet.as_on in {
            date(2025, 1, 31),
            date(2025, 2, 28),
            date(2025, 7, 31),
            date(2025, 8, 31),
            date(2024, 6, 30),
        }
        assert sheet.sum_of_weights == pytest.approx(100, abs=0.02)


def test_all_fifty_five_files_are_listed() -> None:
    assert len(SHEETS) == 55


@pytest.mark.parametrize("file", [file for file, (_, accepted, _) in SHEETS.items() if accepted])
def test_clean_files_raise_no_alarm(file: str) -> None:
    """The only warnings are true: house codes in the form of ISINs, a mixed scale, funds abroad without ISIN."""
    true = ("fail the check digit", "are printed on another scale", "have no ISIN")
    told = [warning for sheet in sheets_of(file) for warning in sheet.warnings]
    assert [warning for warning in told if not any(words in warning for words in true)] == []


def test_four_index_funds_of_the_nifty_50_hold_the_same_shares() -> None:
    isins = {house: set(stated_weights(file)) for house, file in NIFTY_50.items()}
    assert len(isins["hdfc"]) == 51
    assert isins["hdfc"] == isins["icici"] == isins["bandhan"] == isins["navi"]
    assert "INE379A01028" in isins["hdfc"]


@pytest.mark.parametrize(
    ("one", "other", "largest"),
    [
        ("hdfc", "navi", 0.00005),
        ("icici", "hdfc", 0.0052),
        ("icici", "navi", 0.0052),
        ("bandhan", "hdfc", 0.01005),
        ("bandhan", "icici", 0.01005),
    ],
)
def test_their_printed_weights_agree(one: str, other: str, largest: float) -> None:
    first, second = stated_weights(NIFTY_50[one]), stated_weights(NIFTY_50[other])
    assert max(abs(first[isin] - second[isin]) for isin in first) <= largest


@pytest.mark.parametrize(("house", "total"), [("hdfc", 99.94), ("icici", 99.92), ("bandhan", 99.87), ("navi", 99.94)])
def test_their_shares_add_up_to_the_published_sum(house: str, total: float) -> None:
    assert sum(stated_weights(NIFTY_50[house]).values()) == pytest.approx(total, abs=0.005)


@pytest.mark.parametrize(
    ("file", "sheet", "equity", "derivatives", "net"),
    [
        (SBI_JANUARY, "SAOF", 70.99, -71.21, -0.22),
        (NIPPON_JANUARY, "AF", 70.36, -70.60, -0.24),
        (NJ, "NJABF", 70.19, -70.53, -0.34),
        (ABSL, "BSLEAF", 70.70, -71.07, -0.37),
        (LIC_EQUITY, "LEARBF", 70.51, -70.91, -0.40),
    ],
)
def test_arbitrage_funds_have_next_to_no_net_equity(
    file: str, sheet: str, equity: float, derivatives: float, net: float
) -> None:
    """The expected figures are sums of rounded printed weights, ours come from values: hence the tolerance."""
    found = sheet_of(file, sheet)
    assert found.gross_equity == pytest.approx(equity, abs=0.05)
    assert share(found, LineKind.DERIVATIVE) == pytest.approx(derivatives, abs=0.07)
    assert found.net_equity == pytest.approx(net, abs=0.05)


@pytest.mark.parametrize(("file", "sheet", "count"), [(NIPPON_JANUARY, "AF", 144), (ABSL, "BSLEAF", 249)])
def test_every_short_of_an_arbitrage_fund_is_negative(file: str, sheet: str, count: int) -> None:
    contracts = [line for line in sheet_of(file, sheet).lines if line.kind is LineKind.DERIVATIVE]
    assert len(contracts) == count
    assert all(line.value < 0 and line.weight < 0 and line.sign == -1 and not line.in_total for line in contracts)


def test_sums_on_heading_rows_do_not_double_a_fund() -> None:
    found = sheet_of("icici/ICICI Prudential Balanced Advantage Fund.xlsx")
    assert found.stated_total == pytest.approx(6_034_726.42e5)
    assert found.sum_of_weights == pytest.approx(100, abs=0.001)
    cash_equity = sum(line.weight for line in found.lines if line.isin and line.kind is LineKind.EQUITY)
    assert cash_equity == pytest.approx(66.73, abs=0.01)


def test_weights_on_two_scales_in_one_column_are_told_apart() -> None:
    found = sheet_of(GROWW, "IB03")
    futures = {line.name: line for line in found.lines if line.kind is LineKind.DERIVATIVE}
    assert found.stated_total == pytest.approx(4_477.49e5, rel=1e-6)
    assert share(found, LineKind.DERIVATIVE) == pytest.approx(2.94, abs=0.005)
    assert futures["NSE NIFTY 50 27/02/2025"].stated_weight == pytest.approx(5.539, abs=0.001)
    assert futures["State Bank of India 27/02/2025"].weight == pytest.approx(-2.599, abs=0.001)
    assert any("another scale" in warning for warning in found.warnings)


def test_percents_under_a_literal_percent_format_stay_percents() -> None:
    largest = max(sheet_of(NIFTY_50["navi"]).lines, key=lambda line: line.weight)
    assert largest.stated_weight == pytest.approx(largest.weight, abs=0.005)
    assert 12 < largest.weight < 14


def test_futures_beside_the_total_are_not_in_it() -> None:
    found = sheet_of("bandhan/12bc1152-bandhan-multi-asset-allocation-fund-31-jan-2025.xlsx")
    futures = [line for line in found.lines if line.kind is LineKind.DERIVATIVE]
    assert found.stated_total == pytest.approx(183_398.63e5, rel=1e-6)
    assert sum(line.value for line in futures) == pytest.approx(-29_282.85e5)
    assert not any(line.in_total for line in futures)


def test_hedges_on_a_sheet_of_their_own_reach_the_fund() -> None:
    found = sheet_of("hdfc/Monthly HDFC Balanced Advantage Fund - 31 January 2025.xlsx")
    assert share(found, LineKind.EQUITY) == pytest.approx(65.80, abs=0.02)
    assert share(found, LineKind.DERIVATIVE) == pytest.approx(-11.04, abs=0.03)


def test_shares_abroad_and_funds_of_funds_keep_their_kinds() -> None:
    flexi = sheet_of("ppfas/PPFAS_Monthly_Portfolio_Report_January_31_2025.xls", "PPFCF")
    assert share(flexi, LineKind.FOREIGN_EQUITY) == pytest.approx(13.72, abs=0.01)
    nasdaq = sheet_of("navi/Navi Nasdaq 100 Fund of Fund-Jan 25.xlsx")
    assert share(nasdaq, LineKind.FUND_UNIT) == pytest.approx(99.81, abs=0.01)
    silver = sheet_of("icici/ICICI PRUDENTIAL SILVER ETF.xlsx")
    assert share(silver, LineKind.SILVER) == pytest.approx(97.66, abs=0.01)


def test_a_weekly_list_is_refused_as_what_it_is() -> None:
    reasons = {
        sheet.quarantined for sheet in sheets_of("edelweiss/EDEL_Portfolio  Weekly 07-Feb-2025_11022025_093217_AM.xlsx")
    }
    assert reasons == {
        "weekly disclosure as of 2025-02-07, not a month-end portfolio; has no column of ISIN, quantity, market value"
    }


@pytest.mark.parametrize("file", ["uti/UTI_Corporate_Bond_2025-07-31.xls", "icici/icici_fortnightly_2025-09-15.zip"])
def test_fortnightly_debt_is_refused_as_what_it_is(file: str) -> None:
    for sheet in sheets_of(file):
        assert sheet.as_on == date(2025, 9, 15)
        assert (sheet.quarantined or "").startswith(
            "fortnightly disclosure as of 2025-09-15, not a month-end portfolio"
        )


def test_schemes_stacked_on_one_sheet_reconcile_each_with_its_own_total() -> None:
    stacked = [sheet for sheet in sheets_of("uti/UTI_Corporate_Bond_2025-07-31.xls") if sheet.lines]
    assert len(stacked) == 27
    assert all(sheet.sum_of_weights == pytest.approx(100, abs=0.02) for sheet in stacked)
    assert len({sheet.name for sheet in stacked}) == 27


def test_the_same_house_is_read_alike_at_two_dates() -> None:
    june, january = (
        sheet_of(f"zerodha/ZN250 - Monthly Portfolio {month}.xlsx") for month in ("June 2024", "January 2025")
    )
    kept = {line.isin for line in june.lines} & {line.isin for line in january.lines}
    assert (june.name, june.as_on, january.as_on) == (january.name, date(2024, 6, 30), date(2025, 1, 31))
    assert len(kept) > 200
