"""The book at prices of this moment, without reading history again.

Re-marked, by the same functions as the full report and from the matrices it was computed from: value, weights,
concentration, and with the live weights every measure in ``REMARKED`` and ``RANGED`` over each window. History ends
with the last final close: an unfinished day enters no statistic. The exception is ``drawdown_today``, the fall at this
moment, which counts today's move so far. ``KEPT``, the simulated VaR, keeps the percentage of the full report: only its
rupees follow the price. Correlations and the holdings' own measures do not depend on prices of today.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from math import isfinite

import numpy as np

from app.domain.live import NIFTY, LiveHolding, LiveMeasure, LiveRisk, LiveWindow, Tick
from app.domain.market_hours import market_phase
from app.domain.prices import FloatArray
from app.domain.risk_reports import WINDOWS, EquityRiskReport, Measure, Unit
from app.measures.conventions import PERIODS_PER_YEAR
from app.measures.drawdown import current_drawdown
from app.measures.returns import portfolio_returns
from app.measures.window_measures import WindowMeasures, window_measures
from app.risk.equity_measures import NO_SPREAD, Portfolio, RiskOptions, build_portfolio, why_no_pairs
from app.risk.equity_report import Book, compute_report
from app.risk.exposure import concentration
from app.risk.positions import Position
from app.risk.range_risk import Comovement, OwnRanges, book_range, comovement, own_ranges
from app.risk.valuation import Price, Valuation, value_positions

LIVE_SOURCE = "live, Kite"
IN_PERCENT = (
    "volatility",
    "volatility_ewma",
    "var_historical_95",
    "var_historical_99",
    "var_parametric_95",
    "var_parametric_99",
    "var_cornish_fisher_95",
    "var_cornish_fisher_99",
    "cvar_95",
    "cvar_99",
    "max_drawdown",
)
REMARKED: Mapping[str, tuple[str, float]] = {name: (name, 100.0) for name in IN_PERCENT} | {
    "beta": ("beta", 1.0),
    "correlation_nifty": ("correlation", 1.0),
    "sharpe": ("sharpe", 1.0),
    "sortino": ("sortino", 1.0),
}
"""Measure of the report -> field of WindowMeasures, and the factor to the report's unit."""
AGAINST_MARKET = ("beta", "correlation_nifty")
RANGED = "volatility_range"
"""Re-marked as well, from the holdings' own ranges, which are kept."""
KEPT = ("var_monte_carlo_95", "var_monte_carlo_99")


@dataclass(frozen=True, slots=True, eq=False)
class LiveBook:
    """What is kept between batches of ticks: ``report`` is the full one at closes, over every window.

    ``ranges`` are the holdings' own volatilities, ``moves`` their correlations, one a window.
    """

    book: Book
    options: RiskOptions
    report: EquityRiskReport
    ranges: Sequence[OwnRanges]
    moves: Sequence[Comovement]


def prepare(book: Book, options: RiskOptions, today: date) -> LiveBook:
    """Compute once what no tick changes. ``book.live`` is left out."""
    settled = replace(book, live=()) if book.live else book
    report = compute_report(settled, options, tuple(WINDOWS), horizon_days=1, today=today, computed_at="")
    weights = value_positions(settled.positions, settled.panel, settled.as_of).weights
    lengths = tuple(WINDOWS.values())
    moves = [comovement(settled.panel, build_portfolio(settled.panel, weights, length)) for length in lengths]
    return LiveBook(settled, options, report, own_ranges(settled.panel, lengths), moves)


def live_ticks(book: Book, ticks: Iterable[Tick]) -> tuple[Tick | None, ...]:
    """For each position the tick that prices it: of a later day than its last close, and not older than the book.

    NSE before BSE. None where there is no such tick; nothing at all for the sample book, which lives in its own market.
    """
    by_key = {tick.key: tick for tick in ticks}
    if not by_key or book.is_sample:
        return ()
    closed = _last_close_days(book)
    return tuple(
        _tick_of(position, by_key, close_day, book.as_of)
        for position, close_day in zip(book.positions, closed, strict=True)
    )


def live_prices(ticks: Sequence[Tick | None]) -> tuple[Price | None, ...]:
    """Ticks as prices for a valuation; nothing at all where no position has one."""
    if not any(ticks):
        return ()
    return tuple(None if tick is None else Price(tick.last_price, tick.day, LIVE_SOURCE) for tick in ticks)


def revalue(kept: LiveBook, ticks: Sequence[Tick], now: datetime) -> LiveRisk:
    """The book at these ticks. Holdings without one keep the price of the full report."""
    book = kept.book
    chosen = live_ticks(book, ticks) or (None,) * len(book.positions)
    valuation = value_positions(book.positions, book.panel, book.as_of, live=live_prices(chosen))
    newest = max((tick.exchange_time for tick in chosen if tick), default=None)
    moves = _moves(book, chosen)
    quantities = np.array([position.quantity for position in book.positions], dtype=float)
    gains, before = _day_gains(quantities, moves)
    index = next((tick for tick in ticks if tick.key == NIFTY), None)
    known = np.isfinite(gains)
    total, cost = float(gains[known].sum()), float(before[known].sum())
    return LiveRisk(
        phase=str(market_phase(now)),
        as_of=None if newest is None else newest.astimezone(UTC).isoformat(),
        value=valuation.total,
        day_pnl=total if known.any() else None,
        day_change=total / cost * 100 if cost > 0 else None,
        day_coverage=float(np.nansum(valuation.weights[known]) * 100),
        nifty=index.last_price if index else None,
        nifty_change=_percent_change(index) if index else None,
        held=len(book.positions),
        priced_live=sum(tick is not None for tick in chosen),
        windows=_windows(kept, valuation, moves[1] / moves[0] - 1.0),
        kept=KEPT,
        concentration=concentration(book.positions, valuation),
        holdings=_holdings(book.positions, valuation, chosen, gains, before),
    )


def _last_close_days(book: Book) -> list[date | None]:
    known = np.isfinite(book.panel.closes)
    if not len(known):
        return [None] * len(book.positions)
    rows = len(known) - 1 - known[::-1].argmax(axis=0)
    days: list[date] = book.panel.days[rows].tolist()
    return [day if column.any() else None for day, column in zip(days, known.T, strict=True)]


def _tick_of(
    position: Position, ticks: Mapping[tuple[str, str], Tick], close_day: date | None, book_as_of: date | None
) -> Tick | None:
    for exchange in position.exchanges:
        for symbol in position.price_symbols:
            tick = ticks.get((exchange, symbol))
            if tick and (close_day is None or tick.day > close_day) and (book_as_of is None or tick.day >= book_as_of):
                return tick
    return None


def _moves(book: Book, ticks: Sequence[Tick | None]) -> FloatArray:
    """(2, N): the close before the newest trading day and the price of that day; NaN where either is not known.

    The close is the exchange's own, restated on the day of a split, else our last one where no day lies between.
    """
    day = max((tick.day for tick in ticks if tick), default=None)
    last_day = book.panel.days[-1].astype(object) if len(book.panel.days) else None
    closes = book.panel.closes[-1] if last_day else np.full(len(ticks), np.nan)
    if day is None or last_day is None or np.busday_count(last_day, day) != 1:
        closes = np.full(len(ticks), np.nan)
    moves = np.full((2, len(ticks)), np.nan)
    for place, tick in enumerate(ticks):
        if tick is not None and tick.day == day:
            moves[:, place] = tick.previous_close or closes[place], tick.last_price
    return moves


def _day_gains(quantities: FloatArray, moves: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rupees gained today (N,) and the value at the previous close (N,)."""
    return quantities * (moves[1] - moves[0]), quantities * moves[0]


def _percent_change(tick: Tick) -> float | None:
    return (tick.last_price / tick.previous_close - 1.0) * 100 if tick.previous_close else None


def _windows(kept: LiveBook, valuation: Valuation, today: FloatArray) -> dict[str, LiveWindow]:
    panel, names = kept.book.panel, list(WINDOWS)
    portfolios = [build_portfolio(panel, valuation.weights, WINDOWS[name]) for name in names]
    measured = _measure(kept, portfolios)
    return {
        name: LiveWindow(
            _measures(kept, measured, row, portfolio, valuation.total),
            _drawdown_today(portfolio, today),
        )
        for row, (name, portfolio) in enumerate(zip(names, portfolios, strict=True))
    }


def _measure(kept: LiveBook, portfolios: Sequence[Portfolio]) -> WindowMeasures:
    """One column for each window's portfolio, in one pass."""
    rows = max(len(portfolio.series) for portfolio in portfolios)
    matrix = np.full((rows, len(portfolios)), np.nan)
    for column, portfolio in enumerate(portfolios):
        matrix[rows - len(portfolio.series) :, column] = portfolio.series
    benchmark = kept.book.panel.benchmark_returns[len(kept.book.panel.benchmark_returns) - rows :]
    lengths = np.array([portfolio.length for portfolio in portfolios])
    return window_measures(matrix, benchmark, lengths, kept.options.risk_free / PERIODS_PER_YEAR)


def _measures(
    kept: LiveBook, measured: WindowMeasures, row: int, portfolio: Portfolio, value: float | None
) -> dict[str, LiveMeasure]:
    full = kept.report.windows[list(WINDOWS)[row]].measures
    numbers = {name: float(getattr(measured, field)[row, row]) * factor for name, (field, factor) in REMARKED.items()}
    reasons: dict[str, str | None] = dict.fromkeys(AGAINST_MARKET, _why_no_pairs(kept, portfolio))
    ranged = book_range(portfolio, kept.ranges[row], kept.moves[row])
    numbers[RANGED], reasons[RANGED] = ranged.volatility * 100, ranged.unavailable
    for name in KEPT:
        found = full[name].value
        numbers[name], reasons[name] = np.nan if found is None else found, full[name].unavailable
    return {
        name: _live_measure(number, full[name], portfolio.unavailable or reasons.get(name), value)
        for name, number in numbers.items()
    }


def _why_no_pairs(kept: LiveBook, portfolio: Portfolio) -> str | None:
    panel = kept.book.panel
    index = panel.benchmark_returns[len(panel.benchmark_returns) - len(portfolio.series) :]
    pairs = int(np.count_nonzero(np.isfinite(portfolio.series + index)))
    return why_no_pairs(pairs, portfolio.length, panel.benchmark_name)


def _live_measure(number: float, full: Measure, reason: str | None, value: float | None) -> LiveMeasure:
    missing = reason or (None if isfinite(number) else full.unavailable or NO_SPREAD)
    if missing:
        return LiveMeasure(None, None, missing)
    rupees = number / 100 * value if full.unit is Unit.PERCENT and value is not None else None
    return LiveMeasure(number, rupees, None)


def _drawdown_today(portfolio: Portfolio, today: FloatArray) -> float | None:
    """Percent under the highest wealth of the window that ends with today's move, as far as there is one."""
    if portfolio.unavailable:
        return None
    series = portfolio.series
    move, _ = portfolio_returns(today[None, portfolio.included], portfolio.weights[portfolio.included])
    if isfinite(move[0]):
        series = np.append(series, move)[-portfolio.length :]
    return float(current_drawdown(series)) * 100


def _holdings(
    positions: Sequence[Position],
    valuation: Valuation,
    ticks: Sequence[Tick | None],
    gains: FloatArray,
    before: FloatArray,
) -> tuple[LiveHolding, ...]:
    return tuple(
        LiveHolding(
            symbol=position.symbol,
            price=price.value,
            value=value,
            weight=weight * 100 if isfinite(weight) else None,
            day_pnl=gain if isfinite(gain) else None,
            day_change=gain / cost * 100 if isfinite(gain) and cost > 0 else None,
            as_of=tick.exchange_time.astimezone(UTC).isoformat() if tick else None,
        )
        for position, price, value, weight, tick, gain, cost in zip(
            positions,
            valuation.prices,
            valuation.values,
            valuation.weights.tolist(),
            ticks,
            gains.tolist(),
            before.tolist(),
            strict=True,
        )
    )
