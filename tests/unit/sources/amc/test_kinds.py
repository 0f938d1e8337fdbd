from __future__ import annotations

import pytest

from app.domain.disclosures import LineKind
from app.sources.amc.kinds import contract_kind, ends_section, is_contract, kind_of, section_kind

SHARE = "INE002A01018"


@pytest.mark.parametrize(
    "name",
    [
        "Reliance Industries Limited February 2025 Future",
        "Reliance Industries Ltd. 27-FEB-25",
        "NSE NIFTY 50 27/02/2025",
        "Reliance Industries Limited_27/02/2025",
        "RELIANCE_(30/09/2025)",
        "NIFTY 23000 Call December 2025 Option",
        "NTPC Ltd. (Covered call) $$",
        "HDFC Bank Limited Jul26",
        "HDFC Bank Limited JUL-2026",
    ],
)
def test_contracts_are_known_by_the_form_of_their_names(name: str) -> None:
    assert is_contract(name, "", None, None)
    assert is_contract(name, "", SHARE, LineKind.EQUITY), "the ISIN of the underlying share does not make it a share"


def test_contracts_are_known_by_a_symbol_and_a_day_in_the_isin_column() -> None:
    assert is_contract("Bajaj Finserv Ltd.", "BAJAJFINSV270325", None, None)


@pytest.mark.parametrize(
    "name", ["Himachal Futuristic Communications Ltd", "Future Retail Limited", "Optiemus Infracom Ltd"]
)
def test_a_share_whose_name_sounds_like_a_contract_is_a_share(name: str) -> None:
    assert not is_contract(name, "", SHARE, LineKind.EQUITY)


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("HDFC Bank Limited 02-MAR-2025", LineKind.CASH),
        ("364 Days Treasury Bill 08-May-2025", LineKind.DEBT),
        ("Alpha Liquid Fund - Growth Option - Direct", LineKind.FUND_UNIT),
        ("TREPS 03-Mar-2025", None),
        ("Margin amount for Derivative positions", LineKind.DERIVATIVE),
        ("Net Receivables / (Payables)", LineKind.DERIVATIVE),
    ],
)
def test_days_of_maturity_and_margins_make_no_contract(name: str, section: LineKind | None) -> None:
    assert not is_contract(name, "", None, section)


def test_any_name_under_a_heading_of_derivatives_is_a_contract_even_with_a_shares_isin() -> None:
    assert is_contract("HDFC Bank Ltd.", "", None, LineKind.DERIVATIVE)
    assert is_contract("HDFC Bank Ltd.", "", "INE040A01034", LineKind.DERIVATIVE)


@pytest.mark.parametrize(
    ("name", "section", "kind"),
    [
        ("NIFTY February 2025 Future", LineKind.DERIVATIVE, LineKind.DERIVATIVE),
        ("Hindustan Copper Limited February 2025 Future", LineKind.DERIVATIVE, LineKind.DERIVATIVE),
        ("Gold (1 KG-1000 GMS) Commodity April 2025 Future $$", LineKind.DERIVATIVE, LineKind.OTHER_DERIVATIVE),
        ("FUTCOM_SILVER_05/03/2025", None, LineKind.OTHER_DERIVATIVE),
        ("Interest Rate Swaps Pay Fix Receive Floating (23/08/2027)", None, LineKind.OTHER_DERIVATIVE),
    ],
)
def test_contracts_on_metals_and_rates_are_not_contracts_on_shares(
    name: str, section: LineKind | None, kind: LineKind
) -> None:
    assert contract_kind(name, section) is kind


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("EQUITY & EQUITY RELATED", LineKind.EQUITY),
        ("Index / Stock Futures", LineKind.DERIVATIVE),
        ("Exchange Traded Commodity Derivatives", LineKind.OTHER_DERIVATIVE),
        ("Margin amount for Derivative positions", LineKind.CASH),
        ("c) Foreign Securities and /or overseas ETFs", LineKind.FOREIGN_EQUITY),
        ("International  Mutual Fund Units", LineKind.FUND_UNIT),
        ("Units issued by ReIT", LineKind.TRUST_UNIT),
        ("Money Market Instruments", LineKind.DEBT),
        ("f) TREPS / Reverse Repo Investments", LineKind.CASH),
        ("c) Gold", LineKind.GOLD),
        ("(a) Listed / awaiting listing", None),
        ("Arbitrage", None),
    ],
)
def test_headings_announce_what_stands_under_them(heading: str, kind: LineKind | None) -> None:
    assert section_kind(heading) is kind


def test_others_end_what_was_announced() -> None:
    assert ends_section("OTHERS")
    assert not ends_section("Other Current Assets / (Liabilities)")


@pytest.mark.parametrize(
    ("name", "isin", "section", "kind"),
    [
        ("Reliance", SHARE, LineKind.DEBT, LineKind.EQUITY),
        ("Alphabet Inc A", "US02079K3059", LineKind.FOREIGN_EQUITY, LineKind.FOREIGN_EQUITY),
        ("INVESCO NASDAQ 100 ETF (QQQM)", "US46138G6492", LineKind.FUND_UNIT, LineKind.FUND_UNIT),
        ("iShares MSCI ACWI UCITS ETF", None, LineKind.FOREIGN_EQUITY, LineKind.FUND_UNIT),
        ("TREPS/Reverse Repo/Net Current Assets/Cash/Cash Equivalent", None, LineKind.DEBT, LineKind.CASH),
        ("Clearing Corporation of India Ltd", None, None, LineKind.CASH),
        ("HDFC Bank Limited", None, LineKind.CASH, LineKind.CASH),
        ("Gold.", None, LineKind.DEBT, LineKind.GOLD),
        ("Silver ^", None, None, LineKind.SILVER),
        ("Jadoonet.Com", None, LineKind.EQUITY, LineKind.EQUITY),
        ("Whatever", None, None, LineKind.UNIDENTIFIED),
    ],
)
def test_a_position_is_known_by_isin_then_section_then_name(
    name: str, isin: str | None, section: LineKind | None, kind: LineKind
) -> None:
    assert kind_of(name, isin, section) is kind
