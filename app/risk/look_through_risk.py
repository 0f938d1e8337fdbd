"""A second series of the book, with each fund replaced by what it says it holds. Pure.

The NAVs tell what a fund's manager did with the holdings of the past; this tells what today's disclosed holdings would
have done. Who has enough history is decided afresh: a fund whose holdings have prices needs no NAVs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.domain.combined_reports import LookThroughRisk
from app.domain.disclosures import LineKind
from app.domain.prices import FloatArray, PricePanel
from app.domain.risk_reports import Measure
from app.measures.conventions import MIN_COVERED_WEIGHT, IntArray, has_coverage
from app.risk.combined_book import CombinedBook
from app.risk.equity_measures import BookRange, Portfolio, RiskOptions, build_portfolio, portfolio_measures
from app.risk.equity_report import measure_windows
from app.risk.joint_series import JointPanel, returns_between

NO_RANGE = BookRange(np.nan, 0.0, 0, "funds have no high and low")
RANGED = "volatility_range"


@dataclass(frozen=True, slots=True, eq=False)
class Inside:
    """The funds from inside, on the joint rows.

    ``prices`` (T - 1, P) are returns of what has prices of its own; ``columns`` (E,) tell which of them each entry of
    the compositions is, -1 for none; ``funds`` (T - 1, H) are the funds' returns by what they hold, ``known``
    (T - 1, H) the share of each that prices, cash or its NAV tell that day, and ``priced`` (H,) the share that prices
    of its own move.
    """

    prices: FloatArray
    columns: IntArray
    funds: FloatArray
    known: FloatArray
    priced: FloatArray


def look_inside(book: CombinedBook, joint: JointPanel) -> Inside:
    """Each fund's return a day: sum of weight x return over what has one that day, the rest by the fund's own NAV.

    Cash earns nothing on a day. A fund without a disclosure is all rest. On a day without a NAV the rest moves as what
    is known does, where that is half of the fund (``MIN_COVERED_WEIGHT``); else there is no return.
    """
    held, parts = book.held.compositions, book.constituents
    prices = returns_between(parts.days, parts.returns, joint.panel.days)
    column_of = np.full(held.security_count, -1)
    column_of[parts.places] = np.arange(len(parts.places))
    columns = column_of[held.securities]
    weights = np.zeros((len(parts.places), held.fund_count))
    weights[columns[columns >= 0], held.funds[columns >= 0]] = held.net[columns >= 0]
    is_cash = book.funds.securities.of_kind(LineKind.CASH)[held.securities]
    cash = np.bincount(held.funds, np.where(is_cash, held.net, 0.0), held.fund_count)
    present = np.isfinite(prices)
    navs = joint.panel.returns[:, book.held.columns]
    seen, told = np.where(present, prices, 0.0) @ weights, cash + present @ weights
    scaled = np.where(has_coverage(told), seen / np.clip(told, MIN_COVERED_WEIGHT, 1.0), np.nan)
    has_nav = np.isfinite(navs)
    own = np.where(has_nav, seen + (1.0 - told) * navs, scaled)
    sizes = np.bincount(held.funds, np.where(columns >= 0, held.gross, 0.0), held.fund_count)
    return Inside(prices, columns, own, np.where(has_nav, 1.0, np.clip(told, 0.0, 1.0)), np.minimum(sizes, 1.0))


def look_through_windows(
    book: CombinedBook,
    weights: FloatArray,
    joint: JointPanel,
    inside: Inside,
    portfolios: Sequence[Portfolio],
    joint_measures: Sequence[Mapping[str, Measure]],
    total: float | None,
    options: RiskOptions,
    horizon: int,
) -> list[LookThroughRisk]:
    """The measures of every window with the funds seen from inside, and how far they differ from ``joint_measures``.

    ``weights`` (N + F,) are of all value; ``portfolios`` those of the joint series, a window each.
    """
    seen = _seen(book, joint, inside)
    again = [build_portfolio(seen, weights, portfolio.length) for portfolio in portfolios]
    bare = replace(seen, symbols=(), returns=seen.returns[:, :0])
    measured = measure_windows(bare, again, [one.length for one in portfolios], options)
    found = []
    for row, (portfolio, usual, before) in enumerate(zip(again, portfolios, joint_measures, strict=True)):
        covered = _covered(book, inside, portfolio)
        alone = replace(portfolio, included=np.ones(1, dtype=bool), weights=np.ones(1), coverage=covered)
        column = replace(bare, returns=portfolio.series[:, np.newaxis])
        measures = portfolio_measures(column, alone, measured, row, NO_RANGE, total, options, horizon)
        del measures[RANGED]
        same = np.array_equal(portfolio.included, usual.included)
        left_out = np.array(seen.symbols, dtype=object)[~portfolio.included & (weights > 0)]
        found.append(
            LookThroughRisk(
                measures,
                _difference(measures, before) if same else dict.fromkeys(measures),
                _priced(book, inside, portfolio),
                covered * 100,
                tuple(left_out),
            )
        )
    return found


def _seen(book: CombinedBook, joint: JointPanel, inside: Inside) -> PricePanel:
    """The joint panel with every fund's returns those from inside."""
    columns = book.held.columns
    returns, suspended = joint.panel.returns.copy(), joint.panel.suspended.copy()
    returns[:, columns], suspended[columns] = inside.funds, False
    return replace(joint.panel, returns=returns, suspended=suspended)


def _covered(book: CombinedBook, inside: Inside, portfolio: Portfolio) -> float:
    """Share of all value that prices, cash or NAVs tell, over the days of the window."""
    known = np.ones(len(portfolio.weights))
    days = inside.known[-portfolio.length :]
    known[book.held.columns] = days.mean(axis=0) if len(days) else 0.0
    return portfolio.coverage - float(portfolio.weights @ (1.0 - known))


def _priced(book: CombinedBook, inside: Inside, portfolio: Portfolio) -> float:
    """Percent of the value in the window."""
    own = np.ones(len(portfolio.weights))
    own[book.held.columns] = inside.priced
    return float(own @ portfolio.weights / portfolio.weights.sum() * 100) if portfolio.included.any() else 0.0


def _difference(measures: Mapping[str, Measure], before: Mapping[str, Measure]) -> dict[str, float | None]:
    values = {name: (one.value, before[name].value) for name, one in measures.items()}
    return {name: None if own is None or other is None else own - other for name, (own, other) in values.items()}
