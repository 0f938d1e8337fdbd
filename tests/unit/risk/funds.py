"""Small disclosures and fund books made in code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np

from app.domain.disclosures import Disclosure, LineKind, PortfolioLines, Source
from app.domain.prices import FloatArray
from app.domain.scenarios import merged
from app.domain.securities import HostScrips, Security, SecurityMaster, SymbolChange
from app.measures.returns import simple_returns
from app.risk.combined_book import CombinedBook, Constituents, no_shares, with_direct
from app.risk.combined_loading import NOTHING
from app.risk.fund_book import FundBook, FundFacts, FundPosition, texts
from app.risk.fund_lines import hold, of_funds, place_lines
from app.risk.fund_styles import decide_style
from app.risk.fund_units import resolve_units
from app.risk.nav_panel import nav_returns
from app.risk.positions import MasterIndex, index_master

HDFC = Security("INE040A01034", "HDFC Bank Limited", "NSE", "HDFCBANK", sector="Financial Services")
RELIANCE = Security("INE002A01018", "Reliance Industries Limited", "NSE", "RELIANCE", sector="Oil Gas")
FINANCE = Security("INE296A01032", "Bajaj Finance Limited", "NSE", "BAJFINANCE", sector="Financial Services")
FINANCE_BEFORE = "INE296A01024"
MASTER = index_master(
    SecurityMaster((HDFC, RELIANCE, FINANCE), (SymbolChange("RELOLD", "RELIANCE", None),)), HostScrips()
)
AS_ON = date(2026, 10, 31)

Line = tuple[str | None, str, LineKind, float]
"""ISIN, name, kind and percent."""


def share(security: Security, weight: float) -> Line:
    return security.isin, security.name, LineKind.EQUITY, weight


def future(name: str, weight: float) -> Line:
    return None, name, LineKind.DERIVATIVE, weight


def cash(weight: float) -> Line:
    return None, "TREPS", LineKind.CASH, weight


def disclosure(number: int, name: str, as_on: date = AS_ON) -> Disclosure:
    return Disclosure(
        disclosure_id=number, portfolio_id=number, mf_symbol=f"FUND{number}", name=name, as_on=as_on, file="file.xlsx",
        sheet="one", sha256="", parser_version=1, source=Source.UPLOAD, partial=False, stated_total=1e9,
        sum_of_weights=100.0, gross_equity=None, net_equity=None, warnings=(),
        imported_at=datetime(2026, 11, 5, tzinfo=UTC),
    )  # fmt: skip


def lines_of(
    *portfolios: Sequence[Line], names: Sequence[str] = (), industries: Sequence[str | None] = ()
) -> PortfolioLines:
    """Portfolios numbered from 1; contracts stand beside the total, shares have their symbol in no list."""
    rows = [(at, *line) for at, own in enumerate(portfolios) for line in own]
    weights = np.array([row[4] for row in rows], dtype=float)
    return PortfolioLines(
        disclosures=tuple(
            disclosure(at + 1, names[at] if names else f"Fund {at + 1}") for at in range(len(portfolios))
        ),
        portfolio=np.array([row[0] for row in rows], dtype=np.int64),
        isin=texts([row[1] for row in rows]),
        symbol=texts([None] * len(rows)),
        name=texts([row[2] for row in rows]),
        sector=texts([None] * len(rows)),
        industry=texts(list(industries) or [None] * len(rows)),
        kind=texts([str(row[3]) for row in rows]),
        weight=weights,
        value=weights * 1e7,
        quantity=np.full(len(rows), np.nan),
        sign=np.where(weights < 0, -1, 1),
        in_total=np.array([row[3] is not LineKind.DERIVATIVE for row in rows], dtype=bool),
    )


def fund_position(
    number: int, value: float | None, portfolio: int | None, *, name: str = "", house: str = "H"
) -> FundPosition:
    return FundPosition(
        mf_symbol=f"FUND{portfolio or number}", isin=f"INF{number}", portfolio_id=portfolio, amfi_code=number,
        name=name or f"Fund {number}", house=house, category="Open Ended Schemes(Equity Scheme - Flexi Cap Fund)",
        family=f"h/{number}", plan=None, option=None, folios=("1",), quantity=1.0, pledged=0.0, average_price=None,
        nav=value, nav_date=None if value is None else date(2026, 11, 19), nav_source="NAV history", value=value,
    )  # fmt: skip


def alone(funds: FundBook, constituents: Constituents = NOTHING) -> CombinedBook:
    """The funds without shares, and with the prices of what they hold that are given."""
    book, places, held = with_direct(funds, ())
    return CombinedBook(no_shares(funds), book, places, held, constituents, (), merged({}))


def fund_book(
    positions: Sequence[FundPosition],
    lines: PortfolioLines,
    navs: FloatArray | None = None,
    *,
    units: dict[str, int] | None = None,
    master: MasterIndex = MASTER,
    facts: FundFacts | None = None,
) -> FundBook:
    """A book over 300 weekdays; without NAVs every fund has none."""
    days = np.busday_offset(np.datetime64("2026-11-19"), np.arange(-299, 1), roll="backward")
    levels = np.full((300, len(positions)), np.nan) if navs is None else navs
    index = np.asarray(100 * np.cumprod(1 + np.random.default_rng(1).normal(0, 0.01, 300)), dtype=np.float64)
    returns, spans = nav_returns(levels)
    at = {one.portfolio_id: number for number, one in enumerate(lines.disclosures)}
    held_by = np.array([at.get(position.portfolio_id or 0, -1) for position in positions], dtype=np.int64)
    placed = place_lines(lines, master)
    return FundBook(
        positions=tuple(positions),
        styles=tuple(decide_style(one.name, one.category, one.isin, one.amfi_code, {}) for one in positions),
        as_of=date(2026, 11, 19),
        source="console",
        is_sample=False,
        days=days,
        navs=levels,
        returns=returns,
        spans=spans,
        benchmark=index,
        benchmark_returns=simple_returns(index),
        benchmark_name="NIFTY50",
        lines=lines,
        disclosure=held_by,
        securities=placed.securities,
        place=placed.place,
        compositions=of_funds(hold(lines, placed, resolve_units(lines, units or {})), held_by),
        facts=facts or FundFacts({}, {}, {}),
        issues=(),
    )
