"""A second series of the book, with each fund replaced by what it says it holds. Pure.

The NAVs tell what a fund's manager did with the holdings of the past; this tells what today's disclosed holdings would
have done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.domain.combined_reports import LookThroughRisk
from app.domain.disclosures import LineKind
from app.domain.prices import FloatArray, PricePanel
from app.domain.risk_reports import Measure
from app.measures.conventions import IntArray
from app.measures.returns import portfolio_returns
from app.risk.combined_book import CombinedBook
from app.risk.equity_measures import BookRange, Portfolio, RiskOptions, portfolio_measures
from app.risk.equity_report import measure_windows
from app.risk.joint_series import JointPanel, returns_between

NO_RANGE = BookRange(np.nan, 0.0, 0, "funds have no high and low")
RANGED = "volatility_range"


@dataclass(frozen=True, slots=True, eq=False)
class Inside:
    """The funds from inside, on the joint rows.

    ``prices`` (T - 1, P) are returns of what has prices of its own; ``columns`` (E,) tell which of them each entry of
    the compositions is, -1 for none; ``funds`` (T - 1, F) are the funds' returns by what they hold, ``priced`` (F,) the
    share of each fund that its own prices move.
    """

    prices: FloatArray
    columns: IntArray
    funds: FloatArray
    priced: FloatArray


def look_inside(book: CombinedBook, joint: JointPanel) -> Inside:
    """Each fund's return a day: sum of weight x return over what has one that day, the rest by the fund's own NAV.

    Cash earns nothing on a day. A fund without a disclosure is all rest.
    """
    held, parts = book.funds.compositions, book.constituents
    prices = returns_between(parts.days, parts.returns, joint.panel.days)
    column_of = np.full(held.security_count, -1)
    column_of[parts.places] = np.arange(len(parts.places))
    columns = column_of[held.securities]
    weights = np.zeros((len(parts.places), held.fund_count))
    weights[columns[columns >= 0], held.funds[columns >= 0]] = held.net[columns >= 0]
    is_cash = book.funds.securities.of_kind(LineKind.CASH)[held.securities]
    cash = np.bincount(held.funds, np.where(is_cash, held.net, 0.0), held.fund_count)
    present = np.isfinite(prices)
    navs = joint.panel.returns[:, len(book.places) :]
    own = np.where(present, prices, 0.0) @ weights + (1.0 - cash - present @ weights) * navs
    sizes = np.bincount(held.funds, np.where(columns >= 0, held.gross, 0.0), held.fund_count)
    return Inside(prices, columns, own, np.minimum(sizes, 1.0))


def look_through_windows(
    joint: JointPanel,
    inside: Inside,
    portfolios: Sequence[Portfolio],
    joint_measures: Sequence[Mapping[str, Measure]],
    total: float | None,
    options: RiskOptions,
    horizon: int,
) -> list[LookThroughRisk]:
    """The measures of every window's portfolio with the funds seen from inside, and how far they differ."""
    shares = len(joint.panel.symbols) - len(inside.priced)
    seen = replace(joint.panel, returns=np.column_stack([joint.panel.returns[:, :shares], inside.funds]))
    again = [_again(seen, portfolio) for portfolio in portfolios]
    bare = replace(seen, symbols=(), returns=seen.returns[:, :0])
    measured = measure_windows(bare, again, [one.length for one in portfolios], options)
    found = []
    for row, (portfolio, before) in enumerate(zip(again, joint_measures, strict=True)):
        alone = replace(portfolio, included=np.ones(1, dtype=bool), weights=np.ones(1))
        column = replace(bare, returns=portfolio.series[:, np.newaxis])
        measures = portfolio_measures(column, alone, measured, row, NO_RANGE, total, options, horizon)
        del measures[RANGED]
        own = np.concatenate([np.ones(shares), inside.priced]) @ portfolio.weights
        percent = float(own / portfolio.weights.sum() * 100) if portfolio.included.any() else 0.0
        found.append(LookThroughRisk(measures, _difference(measures, before), percent))
    return found


def _again(seen: PricePanel, portfolio: Portfolio) -> Portfolio:
    """The same holdings at the same weights, over the returns seen from inside."""
    if not portfolio.included.any():
        return portfolio
    returns = seen.returns[-portfolio.length :, portfolio.included]
    series, _ = portfolio_returns(returns, portfolio.weights[portfolio.included])
    return replace(portfolio, series=series)


def _difference(measures: Mapping[str, Measure], before: Mapping[str, Measure]) -> dict[str, float | None]:
    values = {name: (one.value, before[name].value) for name, one in measures.items()}
    return {name: None if own is None or other is None else own - other for name, (own, other) in values.items()}
