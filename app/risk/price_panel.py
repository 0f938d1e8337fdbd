"""Stored bars into the panel that the calculators use: one trustworthy column for each position."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.domain.data_issues import DataIssue
from app.domain.prices import CONFIRMED_MOVE, Basis, CorporateAction, DailyBars, FloatArray, PricePanel, SeriesKey
from app.measures.price_quality import SuspiciousMoves, adjust_for_actions, series_quality, suspicious_moves
from app.measures.range_volatility import daily_ranges, whole_bars
from app.measures.returns import simple_returns
from app.risk import price_issues
from app.risk.positions import Position

SOURCES = ("kite", "csv", "bhavcopy", "yahoo")
"""Own price sources, best first. The dashboard's table (host) counts only where none of these has the symbol."""
NSE = "NSE"
FIELDS = ("opens", "highs", "lows", "closes", "volumes")
BENCHMARKS = ("NIFTY50", "NIFTY 50", "Nifty_50", "Nifty5")
SAME_LEVEL = 0.01
"""Two sources of one share are joined when their closes on common days agree within this."""
ACTIVE_SHARE = 0.5
"""A day without a benchmark bar is a trading day when this share of the series has a bar."""


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """One position's joined series over the days of the bars: ``values`` (5, T) in the order of ``FIELDS``."""

    values: FloatArray
    source: str
    symbols: tuple[str, ...]

    @property
    def closes(self) -> FloatArray:
        """(T,) rupees."""
        closes: FloatArray = self.values[FIELDS.index("closes")]
        return closes


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
    bars = _adjusted(bars, actions, positions)
    issues: list[DataIssue] = []
    columns = [
        _join(bars, position.price_symbols, position.symbol, issues, _exchanges(position)) for position in positions
    ]
    for position, column in zip(positions, columns, strict=True):
        issues += price_issues.of_names(position.symbol, column.symbols)
    benchmark = _join(bars, benchmarks, "benchmark", issues)
    trading = _trading_days(columns, benchmark, len(bars.days))
    values = np.stack([column.values[:, trading] for column in (*columns, benchmark)], axis=-1)[..., :-1]
    panel, moves = _assemble(
        bars.days[trading], positions, columns, benchmark, trading, values, _confirmed(actions, positions)
    )
    since = len(panel.days) - rows
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
    keys = tuple(dict.fromkeys([*old.series, *new.series]))
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


def _adjusted(bars: DailyBars, actions: Sequence[CorporateAction], positions: Sequence[Position]) -> DailyBars:
    """Splits and bonuses applied to every series of the share, whichever of its symbols the action names; once each."""
    shares = {symbol: position.price_symbols for position in positions for symbol in position.price_symbols}
    applied = {
        (column, action.ex_date): action.factor
        for action in actions
        if action.kind == "split_or_bonus"
        for column, key in enumerate(bars.series)
        if key.symbol in shares.get(action.symbol, ())
    }
    if not applied:
        return bars
    closes, volumes = adjust_for_actions(
        bars.closes,
        bars.volumes,
        bars.days,
        column=np.array([column for column, _ in applied]),
        ex_day=np.array([day for _, day in applied], dtype="datetime64[D]"),
        factor=np.array(list(applied.values())),
        prices_as_traded=_flags(bars.series, "price_basis"),
        volumes_as_traded=_flags(bars.series, "volume_basis"),
    )
    restated = closes / bars.closes
    opens, highs, lows = (prices * restated for prices in (bars.opens, bars.highs, bars.lows))
    return DailyBars(bars.series, bars.days, opens, highs, lows, closes, volumes)


def _flags(series: Sequence[SeriesKey], basis: str) -> NDArray[np.bool_]:
    return np.array([getattr(key, basis) is Basis.AS_TRADED for key in series])


def _exchanges(position: Position) -> tuple[str, ...]:
    """NSE's prices; those of the other exchange only for what is held there alone."""
    return (NSE,) if NSE in position.exchanges else (NSE, *position.exchanges)


def _join(
    bars: DailyBars, symbols: Sequence[str], subject: str, issues: list[DataIssue], exchanges: Sequence[str] = (NSE,)
) -> _Column:
    """One column out of every stored series of these symbols: the best source first, gaps filled from the next."""
    ranks = {source: rank for rank, source in enumerate((*SOURCES, "host"))}
    places = {symbol: place for place, symbol in enumerate(symbols)}
    found = sorted(
        (ranks.get(key.source, -1), exchanges.index(key.exchange), places[key.symbol], column)
        for column, key in enumerate(bars.series)
        if key.symbol in places and key.exchange in exchanges
    )
    joined = _Column(np.full((len(FIELDS), len(bars.days)), np.nan), "", ())
    for *_, column in found:
        key = bars.series[column]
        if joined.source and key.source == "host":
            continue
        disagreement = _level_difference(joined.closes, bars.closes[:, column])
        if disagreement is not None:
            issues.append(price_issues.sources_disagree(subject, joined.source, key.source, disagreement))
            continue
        joined = _fill(joined, bars, column)
    return joined


def _level_difference(closes: FloatArray, others: FloatArray) -> float | None:
    """Median ratio on common days when it is not 1; None when the series agree or share no day."""
    common = np.isfinite(closes) & np.isfinite(others)
    ratio = float(np.median(others[common] / closes[common])) if common.any() else 1.0
    return ratio if abs(ratio - 1) > SAME_LEVEL else None


def _fill(joined: _Column, bars: DailyBars, column: int) -> _Column:
    gap = ~np.isfinite(joined.closes) & np.isfinite(bars.closes[:, column])
    if not gap.any():
        return joined
    key = bars.series[column]
    name = f"{key.source} {key.symbol}"
    return _Column(
        np.where(gap, np.stack([getattr(bars, name)[:, column] for name in FIELDS]), joined.values),
        f"{joined.source} + {name}" if joined.source else name,
        (*joined.symbols, key.symbol),
    )


def _confirmed(actions: Sequence[CorporateAction], positions: Sequence[Position]) -> set[tuple[str, date]]:
    """(position, day) of every move that a person confirmed."""
    return {
        (position.symbol, action.ex_date)
        for action in actions
        if action.kind == CONFIRMED_MOVE
        for position in positions
        if action.symbol in position.price_symbols
    }


def _trading_days(columns: Sequence[_Column], benchmark: _Column, days: int) -> NDArray[np.bool_]:
    """Days with a benchmark bar, or with a bar of half of the series that are alive."""
    closes = np.column_stack([c.closes for c in columns]) if columns else np.empty((days, 0))
    present = np.isfinite(closes)
    alive = np.maximum.accumulate(present, axis=0) & np.maximum.accumulate(present[::-1], axis=0)[::-1]
    busy = present.sum(axis=1) >= np.maximum(ACTIVE_SHARE * alive.sum(axis=1), 1)
    return np.asarray(np.isfinite(benchmark.closes) | busy)


def _contradictions(opens: FloatArray, highs: FloatArray, lows: FloatArray, closes: FloatArray) -> NDArray[np.bool_]:
    """True at a bar with all its prices whose open or close lies outside its low and high."""
    return np.isfinite(opens + highs + lows + closes) & ~whole_bars(opens, highs, lows, closes)


def _assemble(
    days: NDArray[np.datetime64],
    positions: Sequence[Position],
    columns: Sequence[_Column],
    benchmark: _Column,
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
