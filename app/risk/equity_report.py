"""The equity report out of positions and prices: pure, one vectorised pass for every holding and window."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.domain.backtests import BacktestReport
from app.domain.data_issues import DataIssue, Severity
from app.domain.prices import PricePanel
from app.domain.risk_reports import (
    WINDOWS,
    Correlation,
    Drawdown,
    EquityRiskReport,
    EquitySeries,
    HoldingMeasures,
    HoldingRanges,
    HoldingReport,
    WindowReport,
)
from app.domain.risk_runs import BookUsed
from app.domain.securities import MatchKind
from app.measures.conventions import PERIODS_PER_YEAR, has_enough_returns
from app.measures.drawdown import running_drawdown, worst_drawdown
from app.measures.liquidity import has_stopped
from app.measures.window_measures import WindowMeasures, window_measures
from app.risk.equity_measures import (
    NO_SPREAD,
    SUSPENDED,
    Portfolio,
    RiskOptions,
    build_portfolio,
    portfolio_measures,
    why_no_pairs,
)
from app.risk.exposure import concentration, liquidity
from app.risk.positions import Position
from app.risk.range_risk import Comovement, OwnRanges, book_range, comovement, holding_ranges, own_ranges
from app.risk.report_windows import LONG_PAST
from app.risk.valuation import Price, Valuation, value_positions
from app.risk.var_backtest import with_preferred

HISTOGRAM_BINS = 41
CHECK_TRADING = "Check whether it still trades; if it does, import its newer prices."
WAIT_OR_IMPORT = "Import its older prices if there are any; a new listing counts once it has traded for long enough."
OWN_MEASURES = (
    ("volatility", 100.0),
    ("volatility_ewma", 100.0),
    ("beta", 1.0),
    ("correlation", 1.0),
    ("var_historical_95", 100.0),
    ("cvar_95", 100.0),
    ("max_drawdown", 100.0),
)
"""Fields of WindowMeasures that each holding shows, in the order of HoldingMeasures, and the factor to its unit."""


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Everything a report is computed from. ``live`` prices, one a position or none at all, are newer than the rest.

    ``restated`` is another object whenever prices before the newest day may have changed. ``used`` is where the
    holdings are stored.
    """

    positions: tuple[Position, ...]
    as_of: date | None
    source: str
    is_sample: bool
    panel: PricePanel
    price_issues: tuple[DataIssue, ...]
    live: tuple[Price | None, ...] = ()
    feed_issues: tuple[DataIssue, ...] = ()
    restated: object = field(default=None, compare=False)
    used: BookUsed | None = field(default=None, compare=False)


def compute_report(
    book: Book,
    options: RiskOptions,
    windows: Sequence[str],
    *,
    horizon_days: int,
    today: date,
    computed_at: str,
    as_of: date | None = None,
    tested: BacktestReport | None = None,
) -> EquityRiskReport:
    """The report of a book over the named windows. ``as_of`` values the book at the closes of an earlier day.

    With the backtest of this book each window has the VaR of the method that ``tested`` prefers.
    """
    panel = book.panel
    valuation = value_positions(book.positions, panel, book.as_of, as_of, book.live)
    windows = sorted(windows, key=WINDOWS.__getitem__)
    lengths = [WINDOWS[name] for name in windows]
    portfolios = [build_portfolio(panel, valuation.weights, length) for length in lengths]
    measured = measure_windows(panel, portfolios, lengths, options)
    ranges = own_ranges(panel, lengths)
    reports = {
        name: window_report(panel, portfolio, measured, row, ranges[row], valuation, options, horizon_days)
        for row, (name, portfolio) in enumerate(zip(windows, portfolios, strict=True))
    }
    if tested is not None:
        series = {name: portfolio.series for name, portfolio in zip(windows, portfolios, strict=True)}
        reports = with_preferred(reports, series, tested, valuation.total, horizon_days)
    newest = panel.days[-1].astype(object) if len(panel.days) else None
    return EquityRiskReport(
        scope="equity",
        as_of=newest,
        book_as_of=book.as_of,
        computed_at=computed_at,
        currency="INR",
        value=valuation.total,
        sample_data=book.is_sample,
        benchmark=panel.benchmark_name,
        risk_free=options.risk_free * 100,
        horizon_days=horizon_days,
        windows=reports,
        concentration=concentration(book.positions, valuation),
        liquidity=liquidity(book.positions, valuation, panel, options.participation),
        holdings=_holdings(book.positions, valuation, panel, measured, ranges, windows),
        data_issues=(
            *empty_book_issues(book.positions),
            *book_issues(book, valuation, reports, newest, today if as_of is None else None),
        ),
    )


def compute_series(book: Book, window: str, as_of: date | None = None) -> EquitySeries:
    """What the charts of a window draw, from the same portfolio returns as the report."""
    panel = book.panel
    valuation = value_positions(book.positions, panel, book.as_of, as_of, book.live)
    portfolio = build_portfolio(panel, valuation.weights, WINDOWS[window])
    series = portfolio.series[-WINDOWS[window] :]
    days = panel.days[1:][-len(series) :] if len(series) else panel.days[:0]
    known = series[np.isfinite(series)] * 100
    counts, edges = np.histogram(known, bins=HISTOGRAM_BINS) if known.size else (np.empty(0, np.int64), np.empty(0))
    return EquitySeries(
        window=window,
        days=tuple(str(day) for day in days),
        returns=series * 100,
        benchmark=panel.benchmark_returns[-len(series) :] * 100 if len(series) else series,
        drawdown=running_drawdown(series) * 100,
        histogram_edges=edges,
        histogram_counts=counts.astype(np.int64),
        unavailable=portfolio.unavailable,
    )


def measure_windows(
    panel: PricePanel, portfolios: Sequence[Portfolio], lengths: Sequence[int], options: RiskOptions
) -> WindowMeasures:
    """All holdings, then one column for each window's portfolio, in one pass."""
    rows = min(max(lengths), len(panel.returns))
    columns = len(panel.symbols)
    matrix = np.full((rows, columns + len(portfolios)), np.nan)
    matrix[:, :columns] = panel.returns[-rows:] if rows else panel.returns[:0]
    for place, portfolio in enumerate(portfolios):
        series = portfolio.series[-rows:] if rows else portfolio.series[:0]
        matrix[rows - len(series) :, columns + place] = series
    benchmark = panel.benchmark_returns[-rows:] if rows else panel.benchmark_returns[:0]
    return window_measures(matrix, benchmark, np.array(lengths), options.risk_free / PERIODS_PER_YEAR)


def window_report(
    panel: PricePanel,
    portfolio: Portfolio,
    measured: WindowMeasures,
    row: int,
    own: OwnRanges,
    valuation: Valuation,
    options: RiskOptions,
    horizon_days: int,
) -> WindowReport:
    """The report of window ``row``. Only total and weights (N,) of the valuation are used."""
    days = panel.days[1:][-portfolio.length :]
    known = np.flatnonzero(np.isfinite(portfolio.series))
    moves = comovement(panel, portfolio)
    ranged = book_range(portfolio, own, moves)
    measures = portfolio_measures(panel, portfolio, measured, row, ranged, valuation.total, options, horizon_days)
    return WindowReport(
        observations=len(known),
        from_date=days[known[0]].astype(object) if len(known) else None,
        to_date=days[known[-1]].astype(object) if len(known) else None,
        coverage=portfolio.coverage * 100,
        measures=measures,
        correlation=_correlation(panel, portfolio, moves),
        drawdown=_drawdown(portfolio, panel.days[-len(portfolio.series) - 1 :]),
        left_out=tuple(np.array(panel.symbols, dtype=object)[~portfolio.included & (valuation.weights > 0)]),
    )


def _correlation(panel: PricePanel, portfolio: Portfolio, moves: Comovement) -> Correlation:
    """Correlations of the holdings in the window; one that never moves has none and is not in the matrix."""
    if moves.unavailable and np.count_nonzero(portfolio.included) >= 2:
        return Correlation((), np.empty((0, 0)), moves.days, moves.unavailable)
    if len(moves.columns) < 2:
        return Correlation((), np.empty((0, 0)), moves.days, "needs two holdings with enough history that move")
    return Correlation(tuple(panel.symbols[column] for column in moves.columns), moves.matrix, moves.days)


def _drawdown(portfolio: Portfolio, days: NDArray[np.datetime64]) -> Drawdown | None:
    """``days`` has one entry more than the returns: the first is the start, at wealth 1."""
    worst = worst_drawdown(portfolio.series)
    if worst is None or portfolio.unavailable:
        return None
    return Drawdown(
        max=worst.depth * 100,
        peak_date=days[worst.peak + 1].astype(object),
        trough_date=days[worst.trough + 1].astype(object),
        recovered_date=None if worst.recovery is None else days[worst.recovery + 1].astype(object),
        today=worst.current * 100,
    )


def _holdings(
    positions: Sequence[Position],
    valuation: Valuation,
    panel: PricePanel,
    measured: WindowMeasures,
    ranges: Sequence[OwnRanges],
    windows: Sequence[str],
) -> tuple[HoldingReport, ...]:
    by_window = [(name, _holding_measures(panel, measured, row, ranges[row])) for row, name in enumerate(windows)]
    reports = [
        HoldingReport(
            isin=position.isin,
            symbol=position.symbol,
            name=position.name,
            sector=position.sector,
            exchanges=position.exchanges,
            quantity=position.quantity,
            average_price=position.average_price,
            price=price.value,
            price_as_of=price.as_of,
            price_source=price.source,
            value=value,
            weight=None if value is None or math.isnan(weight) else weight * 100,
            pnl=None
            if value is None or position.average_price is None
            else value - position.quantity * position.average_price,
            matched_by=position.matched_by,
            windows={name: measures[column] for name, measures in by_window},
            history_source=panel.sources[column],
        )
        for column, (position, price, value, weight) in enumerate(
            zip(positions, valuation.prices, valuation.values, valuation.weights.tolist(), strict=True)
        )
    ]
    return tuple(sorted(reports, key=lambda report: -(report.value or 0.0)))


def _holding_measures(panel: PricePanel, measured: WindowMeasures, row: int, own: OwnRanges) -> list[HoldingMeasures]:
    """Own measures of every holding over one window, in percent; None, with the reason, where it can't be honest."""
    count, length = len(panel.symbols), own.length
    seen = measured.observations[row, :count]
    pairs = np.isfinite(panel.returns[-length:] + panel.benchmark_returns[-length:, None]).sum(axis=0)
    values = np.stack([getattr(measured, name)[row, :count] * factor for name, factor in OWN_MEASURES], axis=1)
    values[~has_enough_returns(pairs, length), 2:4] = np.nan
    enough = has_enough_returns(seen, length)
    values[~enough | panel.suspended] = np.nan
    suspended = panel.suspended | (has_stopped(panel.closes) & ~enough)
    return [
        _own_measures(figures, days, None, ranged)
        if complete
        else _own_measures(
            [None if math.isnan(value) else value for value in figures],
            days,
            _why_incomplete(panel, length, days, common, suspended=suspended),
            ranged,
        )
        for figures, complete, days, common, suspended, ranged in zip(
            values.tolist(),
            np.isfinite(values).all(axis=1).tolist(),
            seen.tolist(),
            pairs.tolist(),
            suspended.tolist(),
            holding_ranges(panel, own),
            strict=True,
        )
    ]


def _own_measures(
    values: Sequence[float | None], seen: int, reason: str | None, ranged: HoldingRanges
) -> HoldingMeasures:
    volatility, ewma, beta, correlation, var, cvar, drawdown = values
    return HoldingMeasures(volatility, ewma, beta, correlation, var, cvar, drawdown, seen, reason, ranged)


def _why_incomplete(panel: PricePanel, length: int, seen: int, pairs: int, *, suspended: bool) -> str:
    if suspended:
        return SUSPENDED
    if not has_enough_returns(seen, length):
        return f"{seen} of {length} returns, nine in ten are needed"
    return why_no_pairs(pairs, length, panel.benchmark_name) or NO_SPREAD


def book_issues(
    book: Book,
    valuation: Valuation,
    reports: Mapping[str, WindowReport],
    newest: date | None,
    today: date | None,
) -> tuple[DataIssue, ...]:
    """What is wrong with the data, the worst first; prices can be old only on ``today``."""
    issues = [*book.price_issues, *book.feed_issues, *valuation.issues, *_identity_issues(book.positions)]
    if book.panel.benchmark_name is None:
        issues.append(
            DataIssue(
                "no_benchmark",
                Severity.CRITICAL,
                "PORTFOLIO",
                "There are no prices of Nifty 50: beta and correlation with the market are unavailable.",
                "Import a price file with the symbol NIFTY50, or name the index with RISK_BENCHMARK.",
            )
        )
    if newest and today and (late := int(np.busday_count(newest, today)) - 1) > 1:
        issues.append(
            DataIssue(
                "stale_prices",
                Severity.CRITICAL if late > LONG_PAST else Severity.WARNING,
                "PORTFOLIO",
                f"The newest prices are of {newest}, about {late} trading days old.",
                "Import newer prices.",
            )
        )
    issues += left_out_issues(reports, book.price_issues)
    rank = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
    return tuple(sorted(issues, key=lambda issue: (rank[issue.severity], issue.code, issue.subject)))


def empty_book_issues(positions: Sequence[object]) -> list[DataIssue]:
    """That nothing is owned, as far as this app was told."""
    message = "There are no holdings: there is nothing to measure."
    remedy = "Log in to Kite, or bring your holdings with 'python -m app import holdings FILE'."
    return [] if positions else [DataIssue("empty_book", Severity.CRITICAL, "PORTFOLIO", message, remedy)]


def left_out_issues(reports: Mapping[str, WindowReport], price_issues: Sequence[DataIssue]) -> list[DataIssue]:
    """A warning for each holding that some windows leave out; ``price_issues`` tell which ones look suspended."""
    suspended = {issue.subject for issue in price_issues if issue.code == "suspended"}
    windows: dict[str, list[str]] = {}
    for name, report in reports.items():
        for symbol in report.left_out:
            windows.setdefault(symbol, []).append(name)
    return [
        DataIssue(
            "suspended_left_out" if symbol in suspended else "short_history",
            Severity.WARNING,
            symbol,
            f"{'It looks suspended, for' if symbol in suspended else 'Too little price history for'} "
            f"{', '.join(names)}: left out of volatility, VaR and correlation there; "
            "it still counts in value and concentration.",
            CHECK_TRADING if symbol in suspended else WAIT_OR_IMPORT,
        )
        for symbol, names in windows.items()
    ]


def _identity_issues(positions: Sequence[Position]) -> list[DataIssue]:
    words = {
        MatchKind.ISIN_CHANGE: "Its ISIN is not in the lists; matched by symbol to another ISIN of the same issuer.",
        MatchKind.ISSUER_PREFIX: "Neither its ISIN nor its symbol is in the lists; matched by the issuer in the ISIN.",
        MatchKind.SYMBOL_CHANGE: "Its symbol was changed; matched through the list of changes.",
        MatchKind.SERIES_SUFFIX: "Matched without the series at the end of its symbol.",
        MatchKind.NONE: "It is not in the security master, so its sector is not known from NSE's lists.",
    }
    issues = [
        DataIssue(
            "unknown_security" if position.matched_by is MatchKind.NONE else "matched_indirectly",
            Severity.WARNING if position.matched_by is MatchKind.NONE else Severity.INFO,
            position.symbol,
            words[position.matched_by],
            "Import NSE's lists with 'import securities'." if position.matched_by is MatchKind.NONE else "",
        )
        for position in positions
        if position.matched_by in words
    ]
    issues += [
        DataIssue(
            "margin_funded",
            Severity.WARNING,
            position.symbol,
            f"{position.mtf_quantity:g} shares bought on margin (MTF) are not counted as owned.",
        )
        for position in positions
        if position.mtf_quantity > 0
    ]
    return issues
