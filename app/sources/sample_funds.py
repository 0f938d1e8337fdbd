"""What the sample book's funds hold, cost and are called: invented portfolios of the sample market's own shares.

One fund has no portfolio, as happens with real ones. Weights are percent of net assets and sum to 100; the index fund
holds every share by the value traded in it, the others a few by conviction, the arbitrage fund shares against futures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from app.domain.disclosures import DisclosureLine, LineKind
from app.domain.fund_costs import CostKind, FundCost
from app.domain.scheme_names import family_of
from app.domain.schemes import AmfiScheme, Option, Plan
from app.domain.securities import Security
from app.sources.sample_market import SampleFund, SampleMarket

HOUSE = "Sample Mutual Fund"
FIRST_CODE = 999_001
"""AMFI's codes have not come near."""
ASSETS = 4_000e7
"""Rupees of net assets of each fund."""
EQUITY = "Open Ended Schemes(Equity Scheme - {})"
TRADED_DAYS = 60


@dataclass(frozen=True, slots=True)
class SampleScheme:
    """One fund's row of AMFI's list, the ratios of both plans, and its portfolio: None for the fund without one."""

    scheme: AmfiScheme
    costs: tuple[FundCost, ...]
    as_on: date
    lines: tuple[DisclosureLine, ...] | None
    gross_equity: float
    net_equity: float


@dataclass(frozen=True, slots=True)
class _Portfolio:
    """``weights`` percent by symbol; ``futures`` percent short of each. None: all shares by value traded."""

    category: str
    direct: float
    regular: float
    weights: Mapping[str, float] | None
    hedged: bool = False


_FLEXI = {
    "HDFCBANK": 9.2, "ICICIBANK": 8.1, "RELIANCE": 7.0, "INFY": 6.4, "BHARTIARTL": 6.1, "LT": 5.2, "AXISBANK": 4.9,
    "TCS": 4.6, "M&M": 4.3, "ITC": 4.1, "SUNPHARMA": 3.9, "MARUTI": 3.6, "KOTAKBANK": 3.5, "ULTRACEMCO": 3.2,
    "TITAN": 3.0, "BAJFINANCE": 2.9, "HCLTECH": 2.8, "NTPC": 2.6, "ETERNAL": 2.4, "CIPLA": 2.2, "HINDALCO": 2.0,
}  # fmt: skip
_LARGE_AND_MID = {
    "ICICIBANK": 7.4, "HDFCBANK": 7.2, "RELIANCE": 5.8, "SBIN": 5.1, "BEL": 4.9, "TRENT": 4.7, "PERSISTENT": 4.6,
    "POLYCAB": 4.3, "APOLLOHOSP": 4.1, "INFY": 4.0, "TATAPOWER": 3.9, "INDIGO": 3.8, "DLF": 3.6, "COALINDIA": 3.5,
    "LT": 3.4, "BAJAJ-AUTO": 3.2, "HINDUNILVR": 3.1, "TATASTEEL": 2.9, "ONGC": 2.7, "BRITANNIA": 2.4, "CDSL": 2.3,
}  # fmt: skip
_MID = {
    "PERSISTENT": 9.1, "POLYCAB": 8.6, "TRENT": 8.2, "CDSL": 7.7, "TATAPOWER": 7.3, "INDIGO": 7.0, "DLF": 6.6,
    "APOLLOHOSP": 6.3, "BEL": 5.9, "BRITANNIA": 5.2, "HINDALCO": 4.8, "CIPLA": 4.6, "BAJAJ-AUTO": 4.4, "ETERNAL": 4.1,
    "COALINDIA": 3.7,
}  # fmt: skip
_ARBITRAGE = {
    "RELIANCE": 9.4, "HDFCBANK": 8.8, "ICICIBANK": 7.9, "SBIN": 7.1, "AXISBANK": 6.6, "TATASTEEL": 6.2, "ITC": 5.8,
    "BHARTIARTL": 5.5, "M&M": 5.0, "HINDALCO": 4.6, "DLF": 2.3,
}  # fmt: skip
_PORTFOLIOS = {
    "Nifty 50 Index Fund": _Portfolio("Open Ended Schemes(Other Scheme - Index Funds)", 0.20, 0.45, None),
    "Flexi Cap Fund": _Portfolio(EQUITY.format("Flexi Cap Fund"), 0.70, 1.65, _FLEXI),
    "Large & Mid Cap Fund": _Portfolio(EQUITY.format("Large & Mid Cap Fund"), 0.75, 1.75, _LARGE_AND_MID),
    "Mid Cap Fund": _Portfolio(EQUITY.format("Mid Cap Fund"), 0.80, 1.80, _MID),
    "Small Cap Fund": _Portfolio(EQUITY.format("Small Cap Fund"), 0.85, 1.85, {}),
    "Arbitrage Fund": _Portfolio(
        "Open Ended Schemes(Hybrid Scheme - Arbitrage Fund)", 0.40, 1.00, _ARBITRAGE, hedged=True
    ),
}
_INDEX_CASH = 0.2


def describe_funds(sample: SampleMarket) -> tuple[SampleScheme, ...]:
    """A pure function: scheme, costs and portfolio of every fund, as of the last end of a month."""
    as_on = sample.last_day.replace(day=1) - timedelta(days=1)
    shares = {share.symbol: share for share in sample.securities.securities}
    traded = _index_weights(sample, shares)
    return tuple(_scheme(fund, FIRST_CODE + number, as_on, shares, traded) for number, fund in enumerate(sample.funds))


def _scheme(
    fund: SampleFund, code: int, as_on: date, shares: Mapping[str, Security], traded: Mapping[str, float]
) -> SampleScheme:
    held, name = _PORTFOLIOS[fund.category], f"Sample {fund.category}"
    weights = traded if held.weights is None else held.weights
    newest: date = fund.days[-1].astype(object)
    invested = sum(weights.values())
    scheme = AmfiScheme(
        code, fund.isin, None, name, HOUSE, held.category, family_of(HOUSE, name), Plan.DIRECT, Option.GROWTH,
        float(fund.navs[-1]), newest,
    )  # fmt: skip
    ratios = ((Plan.DIRECT, held.direct), (Plan.REGULAR, held.regular))
    return SampleScheme(
        scheme=scheme,
        costs=tuple(FundCost(name, plan, CostKind.TOTAL, percent, as_on) for plan, percent in ratios),
        as_on=as_on,
        lines=_lines(weights, shares, hedged=held.hedged) if weights else None,
        gross_equity=invested,
        net_equity=0.0 if held.hedged else invested,
    )


def _index_weights(sample: SampleMarket, shares: Mapping[str, Security]) -> dict[str, float]:
    """Percent by the median value traded in a day, the index itself left out."""
    prices = sample.prices
    turnover = prices.ohlc[:, 3] * prices.volume
    medians = {symbol: float(np.median(turnover[prices.symbols == symbol][-TRADED_DAYS:])) for symbol in shares}
    total = sum(medians.values())
    return {symbol: value / total * (100.0 - _INDEX_CASH) for symbol, value in medians.items()}


def _lines(weights: Mapping[str, float], shares: Mapping[str, Security], *, hedged: bool) -> tuple[DisclosureLine, ...]:
    equity = [
        _line(shares[symbol].name, weight, LineKind.EQUITY, "Equity & Equity related", shares[symbol])
        for symbol, weight in weights.items()
    ]
    futures = [
        _line(f"{shares[symbol].name} Future", -weight, LineKind.DERIVATIVE, "Derivatives")
        for symbol, weight in weights.items()
        if hedged
    ]
    rest = 100.0 - sum(weights.values())
    return (*equity, *futures, _line("TREPS", rest, LineKind.CASH, "Money market"))


def _line(name: str, weight: float, kind: LineKind, section: str, share: Security | None = None) -> DisclosureLine:
    return DisclosureLine(
        isin=share.isin if share else None,
        code=None,
        name=name,
        industry=share.sector if share else None,
        quantity=None,
        value=weight / 100.0 * ASSETS,
        weight=weight,
        stated_weight=weight,
        kind=kind,
        sign=-1 if weight < 0 else 1,
        section=section,
        in_total=kind is not LineKind.DERIVATIVE,
    )
