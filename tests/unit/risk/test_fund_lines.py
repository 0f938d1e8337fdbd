from __future__ import annotations

import numpy as np
import pytest

from app.domain.disclosures import LineKind
from app.risk.fund_lines import MARGIN, company_key, hold, index_of, of_funds, place_lines, underlying
from app.risk.fund_units import resolve_units
from tests.unit.risk.funds import (
    FINANCE,
    FINANCE_BEFORE,
    HDFC,
    MASTER,
    RELIANCE,
    Line,
    cash,
    future,
    lines_of,
    share,
)


def held(*portfolios: list[Line], units: dict[str, int] | None = None) -> dict[tuple[int, str], float]:
    """(portfolio, key) -> net weight."""
    lines = lines_of(*portfolios)
    placed = place_lines(lines, MASTER)
    found = hold(lines, placed, resolve_units(lines, units or {}))
    keys = placed.securities.keys[found.securities].tolist()
    return dict(zip(zip(found.funds.tolist(), keys, strict=True), found.net.tolist(), strict=True))


@pytest.mark.parametrize(
    ("contract", "on"),
    [
        ("HDFC Bank Limited February 2025 Future", "HDFC Bank Limited"),
        ("TVS Motor Company Ltd. 27-FEB-25", "TVS Motor Company Ltd."),
        ("RELIANCE_(30/09/2025)", "RELIANCE"),
        ("Asian Paints Limited_28/08/2025", "Asian Paints Limited"),
        ("State Bank of India 27/02/2025", "State Bank of India"),
        ("NTPC Ltd. $$", "NTPC Ltd."),
        ("ITC Ltd. Future", "ITC Ltd."),
        ("Himachal Futuristic Communications", "Himachal Futuristic Communications"),
    ],
)
def test_a_contract_says_what_it_is_on(contract: str, on: str) -> None:
    assert company_key(underlying(contract)) == company_key(on)


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("NSE NIFTY 50", "NIFTY50"),
        ("NIFTY", "NIFTY50"),
        ("Bank Nifty Index", "NIFTYBANK"),
        ("BANKNIFTY", "NIFTYBANK"),
        ("Nifty Bank $$", "NIFTYBANK"),
        ("BSE SENSEX", "SENSEX"),
        ("HDFC Bank", None),
    ],
)
def test_index_contracts_are_told_from_those_on_shares(name: str, index: str | None) -> None:
    assert index_of(name) == index


@pytest.mark.parametrize("name", ["HDFC Bank Ltd. 27-FEB-25", "HDFCBANK_(30/09/2025)", "HDFC Bank Limited"])
def test_a_short_future_nets_its_share_and_is_cash(name: str) -> None:
    found = held([share(HDFC, 70.0), future(name, -70.2), cash(30.0)])
    assert found[0, HDFC.isin] == pytest.approx(-0.002)
    assert found[0, MARGIN] == pytest.approx(0.702)
    assert sum(found.values()) == pytest.approx(1.0)


def test_a_future_on_a_share_that_the_fund_does_not_hold_is_exposure_to_that_share() -> None:
    found = held([future("Reliance Industries Ltd. February 2025 Future", 5.0), cash(100.0)])
    assert found[0, RELIANCE.isin] == pytest.approx(0.05)


def test_a_renamed_symbol_in_a_contract_leads_to_the_share() -> None:
    assert held([future("RELOLD_(30/09/2025)", 5.0)])[0, RELIANCE.isin] == pytest.approx(0.05)


def test_index_futures_of_two_funds_are_one_security() -> None:
    found = held([future("NIFTY February 2025 Future", 5.0)], [future("NSE NIFTY 50 27/02/2025", -4.0)])
    assert found[0, "future:NIFTY50"] == pytest.approx(0.05)
    assert found[1, "future:NIFTY50"] == pytest.approx(-0.04)


@pytest.mark.parametrize("name", ["Unheard Of Ltd. 27-FEB-25", "HDFC Bank Limited 1760 Call February 2025 Option"])
def test_what_names_no_known_share_and_options_stay_with_their_fund(name: str) -> None:
    found = held([share(HDFC, 90.0), future(name, -1.0)], [future(name, -2.0)])
    assert found[0, HDFC.isin] == pytest.approx(0.9)
    assert found[0, f"FUND1:derivative:{name}"] == pytest.approx(-0.01)
    assert found[1, f"FUND2:derivative:{name}"] == pytest.approx(-0.02)


def test_a_name_of_two_shares_of_a_portfolio_nets_neither() -> None:
    twin = (FINANCE.isin, HDFC.name, LineKind.EQUITY, 10.0)
    found = held([share(HDFC, 50.0), twin, future("HDFC Bank Limited 27-FEB-25", -5.0)])
    assert found[0, HDFC.isin] == pytest.approx(0.45)  # by the security master, where the name has one owner
    assert found[0, FINANCE.isin] == pytest.approx(0.1)


def test_an_older_isin_of_a_share_meets_the_current_one() -> None:
    old = (FINANCE_BEFORE, "Bajaj Finance Ltd.", LineKind.EQUITY, 3.0)
    assert held([old], [share(FINANCE, 4.0)]) == {
        (0, FINANCE.isin): pytest.approx(0.03),
        (1, FINANCE.isin): pytest.approx(0.04),
    }


def test_lines_without_an_isin_never_merge_with_those_of_another_fund_or_a_share() -> None:
    nameless = (None, HDFC.name, LineKind.EQUITY, 2.0)
    found = held([share(HDFC, 1.0), nameless, cash(5.0)], [nameless, cash(7.0)])
    assert len(found) == 5
    assert found[0, HDFC.isin] == pytest.approx(0.01)


def test_a_fund_of_funds_holds_what_its_funds_hold_and_names_what_is_unknown() -> None:
    units: list[Line] = [
        ("INF2", "Fund 2", LineKind.FUND_UNIT, 60.0),
        ("INF9", "Unknown fund", LineKind.FUND_UNIT, 30.0),
        cash(10.0),
    ]
    found = held(units, [share(HDFC, 80.0), cash(20.0)], units={"INF2": 1})
    assert found[0, HDFC.isin] == pytest.approx(0.48)
    assert found[0, "INF9"] == pytest.approx(0.30)
    assert (0, "INF2") not in found
    assert sum(weight for (fund, _), weight in found.items() if fund == 0) == pytest.approx(1.0)


def test_a_line_of_unknown_weight_is_left_out() -> None:
    assert held([share(HDFC, float("nan")), cash(40.0)]) == {(0, "FUND1:cash:TREPS"): pytest.approx(0.4)}


def test_a_share_without_a_sector_has_that_of_its_industry_where_the_lines_agree() -> None:
    unlisted: Line = ("INE999A01011", "Small Bank Ltd.", LineKind.EQUITY, 1.0)
    lines = lines_of([share(HDFC, 5.0), unlisted], industries=["Banks", "BANKS"])
    table = place_lines(lines, MASTER).securities
    assert table.sectors[table.places["INE999A01011"]] == "Financial Services"
    alone = place_lines(lines_of([share(HDFC, 5.0), unlisted], industries=["Banks", "Paints"]), MASTER).securities
    assert alone.sectors[alone.places["INE999A01011"]] == "Unclassified"


def test_two_plans_share_a_portfolio_and_one_fund_has_none() -> None:
    lines = lines_of([share(HDFC, 80.0), cash(20.0)])
    placed = place_lines(lines, MASTER)
    found = of_funds(hold(lines, placed, resolve_units(lines, {})), np.array([0, -1, 0]))
    net = np.zeros((found.security_count, 3))
    net[found.securities, found.funds] = found.net
    assert net[:, 0].tolist() == net[:, 2].tolist()
    assert net[:, 1].sum() == 0
    assert found.fund_count == 3
    assert found.starts[-1] == len(found.funds) == 4
