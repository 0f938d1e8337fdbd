"""The shares' returns as far back as prices go, for the backtest: a read of its own beside that of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from app.domain.backtests import ReturnHistory
from app.domain.prices import FloatArray, PricePanel
from app.domain.risk_reports import EquityRiskReport
from app.domain.risk_runs import Asked, BooksUsed, Computed
from app.measures.returns import portfolio_returns
from app.risk.equity_measures import RiskOptions
from app.risk.equity_report import Book
from app.risk.positions import Position
from app.risk.price_loading import load_prices
from app.risk.price_panel import build_panel
from app.risk.valuation import value_positions
from app.risk.var_backtest import chosen_methods
from app.store.prices import load_actions

METHOD = (
    "one day ahead; today's holdings on every past day, at the weights of the day before the newest, scaled to those "
    "that had a return (half of the weight at least); the newest day is left out, as its prices may still change"
)


def load_long_panel(
    connection: Connection,
    positions: Sequence[Position],
    benchmarks: tuple[str, ...],
    days: NDArray[np.datetime64],
    *,
    is_sample: bool,
) -> PricePanel:
    """The panel of ``positions`` over all stored days up to the last of ``days``; none without such a day."""
    held = [symbol for position in positions for symbol in position.price_symbols]
    symbols = [*dict.fromkeys(held), *benchmarks]
    until = days[-1].astype(object) if len(days) else date.min
    bars = load_prices(connection, symbols, None, until, ("NSE", "BSE"), is_sample=is_sample)
    return build_panel(bars, positions, benchmarks, load_actions(connection, symbols), rows=1)[0]


def return_history(book: Book, panel: PricePanel) -> ReturnHistory:
    """The book as it stood a day before the newest of ``panel``, held on every earlier day."""
    settled = first_days(panel, max(len(panel.days) - 1, 0))
    newest = settled.days[-1].astype(object) if len(settled.days) else date.min
    weights = value_positions(book.positions, settled, book.as_of, newest).weights
    series = held_throughout(settled.returns, weights, settled.suspended)
    return ReturnHistory("equity", book.is_sample, settled.days[1:], series, METHOD)


def held_throughout(returns: FloatArray, weights: FloatArray, suspended: NDArray[np.bool_]) -> FloatArray:
    """Returns (T,) of the ``weights`` (N,) held on every day of ``returns`` (T, N), without what is suspended."""
    used = (weights > 0) & ~suspended
    if not used.any() or not len(returns):
        return np.full(len(returns), np.nan)
    return portfolio_returns(returns[:, used], weights[used])[0]


def computed_run(book: Book, report: EquityRiskReport, options: RiskOptions, asked: Asked) -> Computed:
    """The report with what it was computed from, named for the reader; equal inputs give an equal report.

    The backtest enters by the methods that it prefers alone. A named day counts by the closes up to it, so that a
    weekend is no run of its own; today counts as such, because a report tells how old its prices are.
    """
    is_later = book.as_of is not None and book.as_of > asked.until
    inputs = share_inputs(book) | {
        "preferred methods": chosen_methods(report.windows),
        "settings": options,
        "question": asked if asked.is_newest else (asked.windows, asked.horizon_days, is_later),
    }
    return Computed(report, asked, inputs, BooksUsed(shares=book.used))


def share_inputs(book: Book) -> dict[str, object]:
    """What of the shares enters a report, but for live prices."""
    return {
        "holdings": book.positions,
        "day and source of the holdings": (book.as_of, book.source, book.is_sample),
        "prices": book.panel,
        "notes on the data": (book.price_issues, book.feed_issues),
    }


def first_days(panel: PricePanel, count: int) -> PricePanel:
    """The panel of its oldest ``count`` days."""
    steps = max(count - 1, 0)
    return replace(
        panel,
        days=panel.days[:count],
        closes=panel.closes[:count],
        volumes=panel.volumes[:count],
        benchmark=panel.benchmark[:count],
        returns=panel.returns[:steps],
        benchmark_returns=panel.benchmark_returns[:steps],
        ranges=panel.ranges[:, :steps],
    )
