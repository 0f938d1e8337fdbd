from __future__ import annotations

import pytest

from app.domain.disclosures import LineKind
from app.risk.unit_classes import unit_class

OTHER = "Open Ended Schemes(Other Scheme - Other  ETFs)"
INDEX = "Open Ended Schemes(Other Scheme - Index Funds)"


@pytest.mark.parametrize(
    ("name", "category", "kind"),
    [
        ("Nippon India ETF Gold BeES", "Open Ended Schemes(Other Scheme - Gold ETF)", LineKind.GOLD),
        ("ICICI PRUDENTIAL SILVER ETF", OTHER, LineKind.SILVER),
        ("Kotak Gold Silver Passive FOF", "Open Ended Schemes(Other Scheme - FoF Domestic)", None),
        ("HDFC NIFTY 1D Rate Liquid ETF", OTHER, LineKind.DEBT),
        ("Axis CRISIL IBX SDL May 2027 Index Fund", INDEX, LineKind.DEBT),
        ("Nippon India Nifty AAA PSU Bond Plus SDL - Sep 2026 Maturity Index Fund", INDEX, LineKind.DEBT),
        ("Edelweiss Nifty LargeMidcap250 Plus 8-13yr G-Sec 70:30 Index Fund", INDEX, None),
        ("UTI Nifty Bank ETF", OTHER, LineKind.EQUITY),
        ("Motilal Oswal Nasdaq 100 ETF", OTHER, LineKind.FOREIGN_EQUITY),
        ("Motilal Oswal S&P 500 Index Fund", INDEX, LineKind.FOREIGN_EQUITY),
        ("SBI Savings Fund", "Open Ended Schemes(Debt Scheme - Money Market Fund)", LineKind.DEBT),
        ("Kotak Flexicap Fund", "Open Ended Schemes(Equity Scheme - Flexi Cap Fund)", LineKind.EQUITY),
        ("Axis Global Innovation Fund of Fund", "Open Ended Schemes(Other Scheme - FoF Overseas)",
         LineKind.FOREIGN_EQUITY),
        ("Axis US Specific Treasury Dynamic Debt Passive FOF", "Open Ended Schemes(Other Scheme - FoF Overseas)", None),
        ("SBI Balanced Advantage Fund", "Open Ended Schemes(Hybrid Scheme - Balanced Advantage)", None),
        ("Groww Gold ETF", None, LineKind.GOLD),
        ("Some Fund", None, None),
    ],
)  # fmt: skip
def test_a_fund_is_what_amfis_category_and_its_name_say(name: str, category: str | None, kind: LineKind | None) -> None:
    assert unit_class(name, category, "INF179K01WM1") is kind


@pytest.mark.parametrize("name", ["JPMorgan F-US Growth-IA USD", "iShares V PLC - iShares MSCI ACWI UCITS ETF"])
def test_a_unit_without_an_isin_is_foreign_by_the_currency_or_legal_form_in_its_name(name: str) -> None:
    assert unit_class(name, None, None) is LineKind.FOREIGN_EQUITY


def test_an_isin_from_abroad_is_of_a_foreign_fund() -> None:
    assert unit_class("INVESCO NASDAQ 100 ETF (QQQM)", None, "US46138G6492") is LineKind.FOREIGN_EQUITY
