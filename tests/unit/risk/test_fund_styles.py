from __future__ import annotations

import pytest

from app.domain.fund_reports import Style, StyleOverride
from app.risk.fund_styles import decide_style, is_total_return, price_symbols, total_return

INDEX = "Open Ended Schemes(Other Scheme - Index Funds)"


@pytest.mark.parametrize(
    ("name", "category", "style", "index"),
    [
        ("UTI Nifty 50 Index Fund", INDEX, Style.INDEX, "Nifty 50"),
        ("SBI Nifty Index Fund", INDEX, Style.INDEX, "Nifty 50"),
        ("Nippon India Index Fund - Nifty 50 Plan", INDEX, Style.INDEX, "Nifty 50"),
        ("LIC MF BSE SENSEX INDEX FUND", INDEX, Style.INDEX, "BSE Sensex"),
        ("HDFC Gold ETF", "Open Ended Schemes(Other Scheme - Gold ETF)", Style.INDEX, None),
        ("Some Nifty Next 50 Index Fund", None, Style.INDEX, "Nifty Next 50"),
        ("A Fund", "Open Ended Schemes(Equity Scheme - Large & Mid Cap Fund)", Style.ACTIVE, "Nifty LargeMidcap 250"),
        ("A Fund", "Open Ended Schemes(Equity Schemes - Flexi Cap Fund)", Style.ACTIVE, "Nifty 500"),
        ("A Fund", "Open Ended Schemes(Hybrid Scheme - Arbitrage Fund)", Style.ACTIVE, None),
        ("Sample Mid Cap Fund", None, Style.ACTIVE, "Nifty Midcap 150"),
    ],
)
def test_the_scheme_says_what_a_fund_follows(name: str, category: str | None, style: Style, index: str | None) -> None:
    found = decide_style(name, category, "INF1", 1, {})
    assert (found.style, found.index) == (style, index)


@pytest.mark.parametrize("key", ["INF1", "118955"])
def test_a_person_overrules_the_scheme_by_isin_or_code(key: str) -> None:
    said = {key: StyleOverride(Style.ACTIVE, "Nifty 100")}
    found = decide_style("UTI Nifty 50 Index Fund", INDEX, "INF1", 118955, said)
    assert (found.style, found.index) == (Style.ACTIVE, "Nifty 100")
    assert found.source == "setting RISK_FUND_STYLES"


def test_an_index_said_alone_keeps_the_style() -> None:
    found = decide_style("A Fund", INDEX, "INF1", 1, {"INF1": StyleOverride(None, "Nifty 100")})
    assert (found.style, found.index) == (Style.INDEX, "Nifty 100")


def test_prices_of_an_index_may_stand_under_several_spellings() -> None:
    assert price_symbols("Nifty Smallcap 250") == ("NIFTYSMLCAP250", "NIFTYSMALLCAP250", "NIFTY SMALLCAP 250")
    assert price_symbols(total_return("Nifty 50")) == ("NIFTY50TRI", "NIFTY 50 TRI")
    assert (is_total_return(total_return("Nifty 50")), is_total_return("Nifty 50")) == (True, False)
