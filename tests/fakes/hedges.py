"""A book with a beta and a market of index contracts at prices of Black (1976), for tests of hedges."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from app.domain import derivatives as dv
from app.domain import hedges as hd
from app.domain.market_hours import IST
from app.domain.risk_reports import Measure, Unit
from app.ingest.derivative_quotes import Outlook
from app.measures.options import black76_price
from app.PortfolioHedgeAnalyzer import PortfolioHedgeAnalyzer

LEVEL, LOT = 25_000.0, 65
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=IST)
EXPIRIES = (date(2026, 11, 24), date(2026, 12, 8), date(2026, 12, 29), date(2027, 1, 25))
FUTURES = EXPIRIES[2:]
WIDE_BOOK = 1e7


def measure(value: float | None, rupees: float | None = None, unavailable: str | None = None) -> Measure:
    return Measure(value, Unit.RATIO, rupees, unavailable, "covariance / variance", 252, 97.0)


def book(value: float | None = WIDE_BOOK, beta: float | None = 1.1, level: float | None = LEVEL) -> hd.HedgeBase:
    why = None if beta is not None else "only 30 of 252 returns"
    window = {
        "beta": measure(beta, unavailable=why),
        "correlation_nifty": measure(0.9),
        "volatility": measure(16.0),
        "var_historical_95": measure(1.5, 150_000.0),
        "var_historical_99": measure(2.8, 280_000.0),
        "benchmark_volatility": measure(13.0),
    }
    return hd.HedgeBase(value, value, 0.0, "NIFTY50", level, NOW.date(), {"60d": window, "90d": window, "1y": window})


def quote(price: float, *, spread: float = 0.02) -> dv.Quote:
    return dv.Quote(price, price * (1 - spread / 2), price * (1 + spread / 2), 500.0, 9_000.0, NOW)


def years(expiry: date) -> float:
    return (datetime.combine(expiry, datetime.min.time(), IST) + timedelta(hours=15.5) - NOW) / timedelta(days=365)


def future(expiry: date) -> dv.FutureQuote:
    contract = dv.FutureContract("NIFTY", f"F{expiry}", expiry.toordinal(), expiry, LOT)
    return dv.FutureQuote(contract, quote(LEVEL * math.exp(0.06 * years(expiry)), spread=1e-4))


def option(expiry: date, strike: float, kind: dv.OptionKind) -> dv.OptionQuote:
    forward = LEVEL * math.exp(0.06 * years(expiry))
    price = black76_price(forward, strike, years(expiry), 0.13, kind is dv.OptionKind.CALL, 0.06)
    token = expiry.toordinal() * 100_000 + int(strike)
    contract = dv.OptionContract("NIFTY", f"O{expiry} {strike:g} {kind}", token, expiry, LOT, strike, kind)
    return dv.OptionQuote(contract, quote(float(price)))


def market(basis: dv.PriceBasis = dv.PriceBasis.LIVE) -> dv.DerivativesMarket:
    strikes = [float(strike) for strike in range(21_000, 29_001, 250)]
    options = tuple(option(expiry, strike, kind) for expiry in EXPIRIES for strike in strikes for kind in dv.OptionKind)
    futures = tuple(future(expiry) for expiry in FUTURES)
    return dv.DerivativesMarket("NIFTY", NOW, basis, futures, options, source="Kite")


@dataclass
class FakeQuotes:
    """Where quotes come from; an exception is raised instead. Counts the questions."""

    market_of: dv.DerivativesMarket | dv.NoDerivatives = field(default_factory=market)
    outlook_of: Outlook = field(default_factory=lambda: Outlook(dv.PriceBasis.LIVE, None, ""))
    asked: int = 0
    requests: list[hd.HedgeRequest] = field(default_factory=list)

    def market(self, _benchmark: str | None, request: hd.HedgeRequest) -> dv.DerivativesMarket:
        self.asked += 1
        self.requests.append(request)
        if isinstance(self.market_of, dv.NoDerivatives):
            raise self.market_of
        return self.market_of

    def outlook(self, benchmark: str | None) -> Outlook:
        dv.listed_index(benchmark)
        return self.outlook_of


def analyzer_of(base: hd.HedgeBase | None = None, quotes: FakeQuotes | None = None) -> PortfolioHedgeAnalyzer:
    """The real analyzer over a book and quotes."""
    found = quotes or FakeQuotes()
    return PortfolioHedgeAnalyzer(lambda _: base or book(), found.market)
