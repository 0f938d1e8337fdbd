"""Stored bars into the panel that the calculators use: one trustworthy column for each position."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.domain.data_issues import DataIssue
from app.domain.prices import CONFIRMED_MOVE, CorporateAction, DailyBars, FloatArray, PricePanel
from app.measures.liquidity import AVERAGE_DAYS
from app.measures.price_quality import SuspiciousMoves, series_quality, suspicious_moves
from app.measures.range_volatility import daily_ranges, whole_bars
from app.measures.restating import USUAL_RUN, volume_steps
from app.measures.returns import simple_returns
from app.risk import price_issues
from app.risk.positions import Position
from app.risk.price_joining import FIELDS, NO_SPLITS, NSE, Column, by_symbol, join, splits_of
from app.risk.trading_days import trading_days

BENCHMARKS = ("NIFTY50", "NIFTY 50", "Nifty_50", "Nifty5")
"""Names of Nifty 50, best first; what the dashboard's list of scrips says comes after the first."""


def build_panel(
    bars: DailyBars,
    positions: Sequence[Position],
    benchmarks: Sequence[str],
    actions: Sequence[CorporateAction],
    rows: int,
) -> tuple[PricePanel, tuple[DataIssue, ...]]:
    """The panel of the positions over trading days, and every flaw of its newest ``rows`` returns.

    Splits and bonuses are applied, sources and renamed symbols joined where their levels agree, and moves that look
    like an unadjusted split left out of ``returns`` unless a person confirmed that they were real.
    """
    issues: list[DataIssue] = []
    places, splits = by_symbol(bars), splits_of(actions, positions)
    columns = [
        join(
            bars,
            places,
            position.price_symbols,
            position.symbol,
            issues,
            _exchanges(position),
            splits.get(position.symbol, NO_SPLITS),
        )
        for position in positions
    ]
    for position, column in zip(positions, columns, strict=True):
        issues += price_issues.of_names(position.symbol, column.symbols)
    benchmark = join(bars, places, benchmarks, "benchmark", issues)
    closes = np.column_stack([c.closes for c in columns]) if columns else np.empty((len(bars.days), 0))
    trading = trading_days(bars.days, closes, benchmark.closes)
    values = np.stack([column.values[:, trading] for column in (*columns, benchmark)], axis=-1)[..., :-1]
    panel, moves = _assemble(
        bars.days[trading], positions, columns, benchmark, trading, values, _confirmed(actions, positions)
    )
    since = len(panel.days) - rows
    issues += price_issues.of_other_days(panel, bars.days[~trading], closes[~trading], since)
    newest = slice(-AVERAGE_DAYS - USUAL_RUN, None)
    issues += price_issues.of_volumes(
        panel, panel.days[newest], volume_steps(panel.closes[newest], panel.volumes[newest])
    )
    issues += price_issues.of_sources(panel)
    issues += price_issues.of_moves(panel, moves, since)
    issues += price_issues.of_bars(panel, _contradictions(*values[:4]), since)
    issues += price_issues.of_series(panel, series_quality(panel.closes, panel.volumes), since)
    issues += price_issues.of_actions(panel, actions, positions, since)
    return panel, tuple(issues)


def merge_bars(old: DailyBars, new: DailyBars, since: date | None = None) -> DailyBars:
    """Both over the union of their series and days; ``new`` wins, and ``old`` counts only before ``since``."""
    if since is None and not new.series:
        return old
    kept = np.ones(len(old.days), dtype=bool) if since is None else old.days < np.datetime64(since)
    keys = tuple({key: key for key in [*old.series, *new.series]}.values())
    days = np.union1d(old.days[kept], new.days)
    parts = []
    for name in FIELDS:
        matrix = np.full((len(days), len(keys)), np.nan)
        for bars, rows in ((old, kept), (new, slice(None))):
            values = getattr(bars, name)[rows]
            columns = np.array([keys.index(key) for key in bars.series], dtype=np.int64)
            place = np.ix_(np.searchsorted(days, bars.days[rows]), columns)
            matrix[place] = np.where(np.isfinite(values), values, matrix[place])
        parts.append(matrix)
    return DailyBars(keys, days, *parts)


def same_prices(one: DailyBars, other: DailyBars) -> bool:
    """Whether both have the same figures; their days and series are not compared."""
    return all(np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in FIELDS)


def _exchanges(position: Position) -> tuple[str, ...]:
    """NSE's prices; those of the other exchange only for what is held there alone."""
    return (NSE,) if NSE in position.exchanges else (NSE, *position.exchanges)


def _confirmed(actions: Sequence[CorporateAction], positions: Sequence[Position]) -> set[tuple[str, date]]:
    """(position, day) of every move that a person confirmed."""
    return {
        (position.symbol, action.ex_date)
        for action in actions
        if action.kind == CONFIRMED_MOVE
        for position in positions
        if action.symbol in position.price_symbols
    }


def _contradictions(opens: FloatArray, highs: FloatArray, lows: FloatArray, closes: FloatArray) -> NDArray[np.bool_]:
    """True at a bar with all its prices whose open or close lies outside its low and high."""
    return np.isfinite(opens + highs + lows + closes) & ~whole_bars(opens, highs, lows, closes)


def _assemble(
    days: NDArray[np.datetime64],
    positions: Sequence[Position],
    columns: Sequence[Column],
    benchmark: Column,
    trading: NDArray[np.bool_],
    values: FloatArray,
    confirmed: Container[tuple[str, date]],
) -> tuple[PricePanel, SuspiciousMoves]:
    opens, highs, lows, closes, volumes = values
    index = benchmark.closes[trading]
    moves = suspicious_moves(closes, volumes, index, opens)
    places = zip(moves.column.tolist(), days[moves.row].astype(object).tolist(), strict=True)
    doubtful = [(positions[column].symbol, day) not in confirmed for column, day in places]
    moves = moves.only(np.array(doubtful, dtype=bool))
    excluded = moves.excluded(closes.shape)
    returns = simple_returns(closes)
    returns[excluded[1:]] = np.nan
    ranges = daily_ranges(opens, highs, lows, closes)
    ranges[:, excluded] = np.nan
    panel = PricePanel(
        days=days,
        symbols=tuple(position.symbol for position in positions),
        closes=closes,
        volumes=volumes,
        benchmark=index,
        benchmark_name=benchmark.source.partition(" ")[2] or None,
        returns=returns,
        benchmark_returns=simple_returns(index),
        ranges=ranges[:, 1:].copy(),  # in one piece, as the kernels want it
        sources=tuple(column.source for column in columns),
        suspended=series_quality(closes, volumes).suspended,
    )
    return panel, moves
