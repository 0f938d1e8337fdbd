from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from app.domain.fund_holdings import FundHolding
from app.domain.navs import NavHistory
from app.domain.schemes import AmfiScheme, FundIdentity, Option, Plan, Portfolio
from app.risk.fund_positions import merge_holdings

ISIN = "INF179K01UT0"
BOOK_DAY = date(2026, 11, 20)
SCHEME = AmfiScheme(
    118955, ISIN, None, "HDFC Flexi Cap Fund", "HDFC Mutual Fund", "Equity Scheme - Flexi Cap Fund", "hdfc/flexi",
    Plan.DIRECT, Option.GROWTH, 1.0, BOOK_DAY,
)  # fmt: skip
PORTFOLIO = Portfolio(7, "INF179K01UT0", 118955, "HDFC Flexi Cap", "HDFC Mutual Fund", "name")
KNOWN = {ISIN: FundIdentity(ISIN, SCHEME, ISIN, PORTFOLIO)}


def folio(
    quantity: float, folio: str = "1", nav: float | None = 20.0, nav_date: date | None = None, cost: float | None = 10.0
) -> FundHolding:
    return FundHolding(ISIN, folio, "HDFC FLEXI CAP - DIRECT PLAN", quantity, cost, nav, nav_date, pledged=1.0)


def history(*navs: tuple[date, float]) -> NavHistory:
    days = np.array([day for day, _ in navs], dtype="datetime64[D]")
    return NavHistory((ISIN,), days, np.array([[nav] for _, nav in navs]).reshape(-1, 1), ())


def test_the_folios_of_a_fund_are_one_position_with_pledged_units_and_mean_cost() -> None:
    (found,) = merge_holdings([folio(10.0), folio(30.0, "2", cost=20.0)], BOOK_DAY, KNOWN, history(), None)
    assert (found.quantity, found.pledged, found.folios) == (40.0, 2.0, ("1", "2"))
    assert found.average_price == pytest.approx(17.5)
    assert (found.portfolio_id, found.mf_symbol, found.plan) == (7, PORTFOLIO.mf_symbol, Plan.DIRECT)


def test_part_of_a_cost_is_no_cost_and_no_units_are_no_position() -> None:
    (found,) = merge_holdings([folio(10.0), folio(1.0, cost=None)], BOOK_DAY, KNOWN, history(), None)
    assert found.average_price is None
    assert merge_holdings([folio(0.0)], BOOK_DAY, KNOWN, history(), None) == ()


def test_an_isin_that_amfi_does_not_know_keeps_its_name_and_has_no_scheme() -> None:
    (found,) = merge_holdings([folio(10.0)], BOOK_DAY, {}, history(), None)
    assert found.mf_symbol == ISIN
    assert found.category is None
    assert found.portfolio_id is None


@pytest.mark.parametrize(
    ("reported", "stored", "value", "source"),
    [
        (folio(1.0), ((date(2026, 11, 19), 21.0),), 21.0, "NAV history"),
        (folio(1.0), ((date(2026, 11, 2), 21.0),), 20.0, "holdings report"),
        (folio(1.0, nav_date=date(2026, 11, 19)), ((date(2026, 11, 18), 21.0),), 20.0, "holdings report"),
        (folio(1.0, nav_date=date(2026, 11, 17)), ((date(2026, 11, 18), 21.0),), 21.0, "NAV history"),
        (folio(1.0), (), 20.0, "holdings report"),
        (folio(1.0, nav=None), (), None, "no NAV"),
        (folio(1.0, nav=None), ((date(2026, 1, 2), 21.0),), 21.0, "NAV history"),
    ],
    ids=["undated", "undated, old history", "report newer", "history newer", "no history", "neither", "old history"],
)
def test_the_newer_nav_values_a_fund(
    reported: FundHolding, stored: tuple[tuple[date, float], ...], value: float | None, source: str
) -> None:
    (found,) = merge_holdings([reported], BOOK_DAY, KNOWN, history(*stored), None)
    assert (found.value, found.nav_source) == (value, source)


def test_an_earlier_day_is_never_valued_at_a_later_report() -> None:
    earlier = date(2025, 1, 31)
    (found,) = merge_holdings([folio(1.0)], BOOK_DAY, KNOWN, history(), earlier)
    assert found.value is None
    (found,) = merge_holdings([folio(1.0)], BOOK_DAY, KNOWN, history((earlier, 15.0)), earlier)
    assert found.value == 15.0
