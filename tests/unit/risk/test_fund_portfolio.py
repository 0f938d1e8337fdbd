from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from app.domain.disclosures import Disclosure, LineKind, PortfolioLines, Source
from app.domain.fund_portfolios import Coverage, FundPortfolio, Share
from app.domain.schemes import Portfolio
from app.risk.fund_portfolio import describe_portfolio

AS_ON, TODAY = date(2026, 10, 31), date(2026, 11, 20)
PORTFOLIO = Portfolio(1, "INF000A01011", 100001, "Sample Arbitrage Fund", "Sample Mutual Fund", "name")
Row = tuple[str | None, str | None, str | None, str | None, LineKind, float]
SHARES: list[Row] = [
    ("INE002A01018", "RELIANCE", "Oil Gas & Consumable Fuels", "Petroleum Products", LineKind.EQUITY, 40.0),
    ("INE009A01021", None, None, "IT - Software", LineKind.EQUITY, 20.0),
    ("INE040A01034", "HDFCBANK", None, None, LineKind.EQUITY, 10.0),
]


def texts(values: list[str | None]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    found = np.empty(len(values), dtype=np.object_)
    found[:] = values
    return found


def lines(rows: list[Row], *, partial: bool = False) -> PortfolioLines:
    isin, symbol, sector, industry, kind, weight = (list(column) for column in zip(*rows, strict=True))
    weights = np.array(weight, dtype=np.float64)
    head = Disclosure(
        disclosure_id=1, portfolio_id=1, mf_symbol=PORTFOLIO.mf_symbol, name=PORTFOLIO.name, as_on=AS_ON, file="f.xlsx",
        sheet="A", sha256="0" * 64, parser_version=1, source=Source.UPLOAD, partial=partial, stated_total=1e9,
        sum_of_weights=100.0, gross_equity=70.0, net_equity=0.0, warnings=(),
        imported_at=datetime(2026, 11, 9, tzinfo=UTC),
    )  # fmt: skip
    return PortfolioLines(
        disclosures=(head,), portfolio=np.zeros(len(rows), dtype=np.int64), isin=texts(isin), symbol=texts(symbol),
        name=texts(["name"] * len(rows)), sector=texts(sector), industry=texts(industry), kind=texts(kind),
        weight=weights, value=weights * 1e7, quantity=np.full(len(rows), np.nan),
        sign=np.sign(weights).astype(np.int64), in_total=np.ones(len(rows), dtype=np.bool_),
    )  # fmt: skip


def described(rows: list[Row], *, partial: bool = False, today: date = TODAY) -> FundPortfolio:
    return describe_portfolio(PORTFOLIO, lines(rows, partial=partial), [AS_ON], None, today)


def codes(portfolio: FundPortfolio) -> set[str]:
    return {issue.code for issue in portfolio.data_issues}


def test_coverage_is_weighed_and_by_what_there_is_to_find() -> None:
    cash: Row = (None, None, None, None, LineKind.CASH, 25.0)
    lost: Row = (None, None, None, None, LineKind.DEBT, 5.0)
    found = described([*SHARES, lost, cash]).coverage
    assert found.isin == pytest.approx(100 * 70 / 75)
    assert found.symbol == pytest.approx(100 * 50 / 70)
    assert found.sector == pytest.approx(100 * 40 / 70)


def test_a_portfolio_without_securities_has_no_coverage_and_no_complaint_about_it() -> None:
    found = described([(None, None, None, None, LineKind.GOLD, 100.0)])
    assert found.coverage == Coverage(None, None, None)
    assert codes(found) == set()
    assert found.sectors == ()


def test_totals_are_signed_and_the_largest_comes_first() -> None:
    future: Row = (None, None, None, None, LineKind.DERIVATIVE, -70.5)
    found = described([*SHARES, future])
    assert found.kinds == (Share("equity", 70.0), Share("derivative", -70.5))
    assert found.sectors == (Share("Oil Gas & Consumable Fuels", 40.0), Share("Unclassified", 30.0))
    assert [share.name for share in found.industries] == ["Petroleum Products", "IT - Software", "Unclassified"]


def test_a_missing_quantity_is_none_and_not_zero() -> None:
    assert {line.quantity for line in described(SHARES).lines} == {None}


@pytest.mark.parametrize(("today", "stale"), [(date(2026, 12, 15), False), (date(2026, 12, 16), True)])
def test_a_portfolio_is_stale_after_forty_five_days(today: date, stale: bool) -> None:
    assert ("stale_disclosure" in codes(described(SHARES, today=today))) == stale


def test_a_partial_portfolio_and_shares_that_no_list_names_are_told() -> None:
    assert codes(described(SHARES, partial=True)) == {"partial_disclosure", "unknown_shares"}
    assert codes(described(SHARES[:1])) == set()
