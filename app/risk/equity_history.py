"""The shares' returns as far back as prices go, for the backtest: a read of its own beside that of the report."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from app.domain.backtests import ReturnHistory
from app.domain.prices import FloatArray, PricePanel
from app.domain.risk_reports import EquityRiskReport
from app.measures.returns import portfolio_returns
from app.risk.equity_measures import RiskOptions
from app.risk.equity_report import Book
from app.risk.price_panel import BENCHMARKS, NSE, SOURCES, build_panel, merge_bars
from app.risk.valuation import value_positions
from app.risk.var_backtest import chosen_methods
from app.store.prices import host_benchmark, load_actions, load_bars, load_host_bars

METHOD = (
    "one day ahead; today's holdings on every past day, at the weights of the day before the newest, scaled to those "
    "that had a return (half of the weight at least); the newest day is left out, as its prices may still change"
)


def benchmark_names(connection: Connection, chosen: str | None) -> tuple[str, ...]:
    """The symbols under which the index may stand, best first; ``chosen`` alone where there is one."""
    return tuple(dict.fromkeys((chosen,) if chosen else (*BENCHMARKS, *host_benchmark(connection))))


def price_sources(*, is_sample: bool) -> tuple[str, ...]:
    """Generated prices belong to the generated book alone, real ones to a real book."""
    return ("sample",) if is_sample else SOURCES


def load_long_panel(connection: Connection, book: Book, benchmarks: tuple[str, ...]) -> PricePanel:
    """The panel of a book over all stored days up to the newest of its own."""
    held = [symbol for position in book.positions for symbol in position.price_symbols]
    symbols = [*dict.fromkeys(held), *benchmarks]
    until = book.panel.days[-1].astype(object) if len(book.panel.days) else date.min
    bars = load_bars(connection, symbols, price_sources(is_sample=book.is_sample), None, until, ("NSE", "BSE"))
    known = {key.symbol for key in bars.series if key.exchange == NSE}
    missing = [] if book.is_sample else sorted(set(symbols) - known)
    bars = merge_bars(bars, load_host_bars(connection, missing, date.min, until))
    return build_panel(bars, book.positions, benchmarks, load_actions(connection, symbols), rows=1)[0]


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


def report_inputs(book: Book, report: EquityRiskReport, options: RiskOptions, until: date) -> dict[str, object]:
    """What a report as of ``until`` was computed from, named for the reader; equal inputs give an equal report.

    The backtest enters by the methods that it prefers alone.
    """
    is_later = book.as_of is not None and book.as_of > until
    return {
        "holdings": (book.positions, book.as_of, is_later, book.source, book.is_sample),
        "prices": book.panel,
        "notes on the data": book.price_issues,
        "preferred methods": chosen_methods(report.windows),
        "settings": options,
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
