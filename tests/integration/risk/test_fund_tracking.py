"""An index fund beside its index and AMFI's list, from files as a person would import them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.bootstrap import Services
from tests.integration.fund_files import (
    OTHER,
    SECOND,
    bring_funds,
    bring_navall,
    bring_navs,
    bring_tracking,
    fund_row,
    funds_json,
    nav_csv,
    navall,
)
from tests.integration.importing import bring_holdings, bring_prices
from tests.integration.input_files import book, price_csv, random_closes, weekdays

COUNT = 400
DAYS = weekdays(COUNT)
PRICES = random_closes(COUNT)["NIFTY50"]
TOTAL = PRICES * np.cumprod(np.where(np.arange(COUNT) % 5, 1.0, 1 + 0.014 / 50))
"""Dividends of 1.4 % a year, on every fifth day."""
NAVS = [(str(day), round(level / 10, 4)) for day, level in zip(DAYS, TOTAL, strict=True)]
LISTED = {"Scheme_Name": "Alpha Nifty 50 Index Fund", "Benchmark": "Nifty 50 TRI", "DirectPercent": "0.03"}


@pytest.fixture
def services_with_fund(services: Services) -> Services:
    """A Nifty 50 index fund with its NAVs, the index's prices and AMFI's tracking error."""
    bring_prices(services.database, price_csv({"NIFTY50": PRICES}))
    bring_holdings(services.database, book())
    bring_navall(services.database, navall(SECOND))
    bring_funds(services.database, funds_json(fund_row(OTHER)))
    bring_navs(services.database, nav_csv(*NAVS), "900004.csv")
    bring_tracking(services.database, json.dumps({"data": [LISTED]}).encode())
    return services


def test_a_total_return_index_that_is_imported_takes_the_place_of_the_prices(services_with_fund: Services) -> None:
    services = services_with_fund
    before = services.mf.report(("1y",)).funds[0].tracking
    assert before.agreement is not None
    assert (before.agreement.official, before.agreement.band, before.agreement.within) == (0.03, (0.0, 0.45), True)
    bring_prices(services.database, price_csv({"NIFTY 50 TRI": TOTAL}), "tri.csv")
    after = services.mf.report(("1y",)).funds[0].tracking
    assert after.agreement is not None
    assert (after.agreement.band, after.agreement.within) == ((-0.1, 0.1), True)
    assert "against Nifty 50 TRI" in after.error.method
    assert (before.error.value or 0.0) > 0.1
    assert after.error.value == pytest.approx(0.0, abs=0.02)
    assert (before.difference.value or 0.0) > 1.0
    assert after.difference.value == pytest.approx(0.0, abs=0.05)
