"""What the three panels with a chart show beside it: the sentence, the same numbers as a table, the reason for none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby

from app.api.formats import day, decimal, maybe, percent
from app.api.measure_words import LEVELS, NOT_COMPUTED, VAR_METHODS, var_key
from app.domain.risk_reports import Correlation, Drawdown, EquitySeries, Measure, WindowReport


@dataclass(frozen=True, slots=True)
class MethodRow:
    """One way to compute VaR, a measure a confidence level (None: not in the report)."""

    name: str
    assumes: str
    measures: tuple[Measure | None, ...]


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of the histogram: returns from ``low`` to ``high`` percent."""

    low: str
    high: str
    days: int
    in_tail: bool


@dataclass(frozen=True, slots=True)
class Loss:
    """The one-day loss panel. ``reason`` says why there is no chart."""

    var: Measure | None
    shortfall: Measure | None
    methods: tuple[MethodRow, ...]
    bins: tuple[Bin, ...]
    observations: int
    reason: str


@dataclass(frozen=True, slots=True)
class Month:
    """The deepest fall from the high in a calendar month and the fall at its end, percent."""

    name: str
    deepest: float
    at_end: float


@dataclass(frozen=True, slots=True)
class Underwater:
    """The drawdown panel; ``worst`` is None exactly when ``reason`` says why."""

    worst: Drawdown | None
    months: tuple[Month, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two shares and their correlation."""

    first: str
    second: str
    value: float


@dataclass(frozen=True, slots=True)
class Correlations:
    """The lower triangle as text, and the pairs at both ends."""

    symbols: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    closest: Pair | None
    loosest: Pair | None
    observations: int
    reason: str


def loss(window: WindowReport, series: EquitySeries) -> Loss:
    """The histogram with its tail, and VaR by four methods."""
    var = window.measures.get("var_historical_95")
    methods = tuple(
        MethodRow(name, assumes, tuple(window.measures.get(var_key(method, level)) for level in LEVELS))
        for method, (name, assumes) in VAR_METHODS.items()
    )
    threshold = var.value if var else None
    bins = () if series.unavailable else _bins(series, threshold)
    return Loss(var, window.measures.get("cvar_95"), methods, bins, window.observations, series.unavailable or "")


def _bins(series: EquitySeries, var: float | None) -> tuple[Bin, ...]:
    edges, counts = series.histogram_edges.tolist(), series.histogram_counts.tolist()
    tail = -math.inf if var is None else -var
    return tuple(
        Bin(percent(low), percent(high), days, (low + high) / 2 < tail)
        for low, high, days in zip(edges, edges[1:], counts)
    )


def drawdown(window: WindowReport, series: EquitySeries) -> Underwater:
    """The worst fall and the falls month by month."""
    if window.drawdown is None:
        measure = window.measures.get("max_drawdown")
        reason = series.unavailable or (measure.unavailable if measure else None) or NOT_COMPUTED
        return Underwater(None, (), reason)
    return Underwater(window.drawdown, _months(series), series.unavailable or "")


def _months(series: EquitySeries) -> tuple[Month, ...]:
    days = zip(series.days, series.drawdown.tolist())
    months = []
    for month, members in groupby(days, key=lambda pair: pair[0][:7]):
        falls = [fall for _, fall in members if not math.isnan(fall)]
        if falls:
            months.append(Month(day(f"{month}-01").removeprefix("1 "), max(falls), falls[-1]))
    return tuple(months)


def correlations(window: WindowReport) -> Correlations:
    """The matrix as a numeric triangle; a pair without enough common days is left blank."""
    matrix = window.correlation
    pairs = _pairs(matrix)
    rows = tuple(
        tuple(maybe(decimal, value) for value in row[: index + 1]) for index, row in enumerate(matrix.matrix.tolist())
    )
    closest = max(pairs, key=lambda pair: pair.value, default=None)
    loosest = min(pairs, key=lambda pair: pair.value, default=None)
    return Correlations(matrix.symbols, rows, closest, loosest, matrix.observations, matrix.unavailable or "")


def _pairs(correlation: Correlation) -> list[Pair]:
    symbols, matrix = correlation.symbols, correlation.matrix.tolist()
    return [
        Pair(symbols[column], symbols[row], matrix[row][column])
        for row in range(len(symbols))
        for column in range(row)
        if not math.isnan(matrix[row][column])
    ]
