"""Funds of the generated market: what they hold, their NAVs, and units of them in the book."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
from sqlalchemy import Connection

from app.domain.disclosures import DisclosureFile, DisclosureLine, LineKind, Outcome, SchemeSheet, Source
from app.domain.fund_holdings import FundBook, FundHolding
from app.domain.prices import FloatArray
from app.domain.scheme_names import family_of, scheme_key
from app.domain.schemes import AmfiScheme, MatchedBy, Option, Plan, Portfolio
from app.store.disclosure_writes import JudgedSheet, save_disclosures
from app.store.fund_holdings import save_fund_book
from app.store.imports import ImportRecord, record_import
from app.store.navs import NavSeries, save_navs
from app.store.schemes import create_portfolio, save_schemes
from benchmarks.market import LAST_DAY, NOW, SEED, Market, securities

ASSETS = 1e10
CASH = 4.0
"""Percent."""
HOUSE, FIRST_CODE = "Generated", 900_001


def store_funds(connection: Connection, market: Market, funds: int, names: int) -> int:
    """Own units of ``funds`` funds that hold ``names`` shares each and some cash; returns the number of lines."""
    generator = np.random.default_rng(SEED)
    listed = securities(market)
    size = min(names, len(listed))
    returns = market.closes[1:, 1:] / market.closes[:-1, 1:] - 1.0
    holdings, lines = [], 0
    for number in range(funds):
        chosen = generator.choice(len(listed), size, replace=False)
        weights = generator.exponential(1.0, size)
        weights *= (100.0 - CASH) / weights.sum()
        isin, name = f"INF{number:04d}01010", f"Generated {number} Fund"
        rows = [
            _line(listed[at].isin, listed[at].name, weight, LineKind.EQUITY)
            for at, weight in zip(chosen.tolist(), weights.tolist(), strict=True)
        ]
        rows.append(_line(None, "TREPS", CASH, LineKind.CASH))
        _store_portfolio(connection, isin, name, FIRST_CODE + number, tuple(rows))
        navs = 10.0 * np.concatenate([[1.0], np.cumprod(1.0 + returns[:, chosen] @ weights / 100.0)])
        _store_navs(connection, market, isin, name, navs)
        holdings.append(FundHolding(isin, "1", name, 1_000.0 * (number + 1)))
        lines += len(rows)
    save_fund_book(connection, FundBook(tuple(holdings), "console", LAST_DAY))
    record_import(connection, ImportRecord("disclosures", "generated", "", lines, lines))
    return lines


def _line(isin: str | None, name: str, weight: float, kind: LineKind) -> DisclosureLine:
    return DisclosureLine(
        isin, None, name, None, None, weight / 100 * ASSETS, weight, weight, kind, 1, str(kind), in_total=True
    )


def _store_portfolio(connection: Connection, isin: str, name: str, code: int, rows: tuple[DisclosureLine, ...]) -> None:
    family = family_of(HOUSE, name)
    scheme = AmfiScheme(code, isin, None, name, HOUSE, "", family, Plan.DIRECT, Option.GROWTH, None, None)
    save_schemes(connection, (scheme,), LAST_DAY)
    found = Portfolio(0, isin, code, name, HOUSE, MatchedBy.NAME)
    portfolio = create_portfolio(connection, scheme_key(name), found)
    equity = 100.0 - CASH
    sheet = SchemeSheet("generated", name, name, LAST_DAY, rows, ASSETS, 100.0, equity, equity, (), None)
    file = DisclosureFile("generated", 0, sha256(isin.encode()).hexdigest(), 1)
    judged = JudgedSheet(sheet, portfolio, LAST_DAY, False, {})
    save_disclosures(connection, file, [judged], Source.UPLOAD, Outcome.STORED)


def _store_navs(connection: Connection, market: Market, isin: str, name: str, navs: FloatArray) -> None:
    points = list(zip(market.days.astype(object).tolist(), navs.tolist(), strict=True))
    save_navs(connection, [NavSeries(isin, None, name, points)], NOW)
