"""Eleven measures of very many books over one shared window: the entry point for advisers and brokers.

A million books of twenty names take about a second on one core. Work goes block by block through memory that does not
grow with the number of books, so inputs may be memory-mapped files. Every figure equals the function of this package
that it is named after, applied to the book's own series, to 1e-9.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.measures._batch_kernels import BatchRules, project, write_falls, write_moments, write_tails
from app.measures._kernels import prepared
from app.measures.conventions import DDOF, LEVELS, PERIODS_PER_YEAR, RISK_FREE_DAILY, FloatArray, IntArray, has_tail
from app.measures.moments import deviations

BLOCK = 256
"""Books worked at once by a thread: 252 days of them are half a megabyte, which stays in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class BatchMeasures:
    """Arrays (P,), one figure a book. Fractions, losses positive; volatility and both ratios a year, the rest a day."""

    volatility: FloatArray
    beta: FloatArray
    var_historical_95: FloatArray
    var_historical_99: FloatArray
    cvar_95: FloatArray
    cvar_99: FloatArray
    max_drawdown: FloatArray
    sharpe: FloatArray
    sortino: FloatArray
    downside_deviation: FloatArray
    hhi: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Market:
    """What all books share: histories (N, T), each in one piece, and the benchmark's deviations (T,)."""

    histories: FloatArray
    benchmark: FloatArray
    rules: BatchRules


def measure_books(
    returns: FloatArray,
    benchmark: FloatArray,
    names: NDArray[np.integer],
    values: FloatArray,
    *,
    risk_free_daily: float = RISK_FREE_DAILY,
    threads: int = 1,
) -> BatchMeasures:
    """Measures of P books that held today's ``values`` (P, K) of ``names`` (P, K) on every past day.

    ``returns`` (T, N) and ``benchmark`` (T,) are the window, ``names`` columns of ``returns``: each once in a book,
    shorter books filled up by a name of theirs with value 0. ``values`` are rupees or any other unit. There is no rule
    for gaps here: a book with a missing return is NaN in all but ``hhi`` (measure it by ``window_measures``), every
    beta is NaN where the benchmark has a gap, and a book without value is NaN throughout. Tails follow ``has_tail``.
    Raises ValueError for shapes that do not fit, fewer than two days, a column that is not there, a negative or missing
    value.
    """
    _check_shapes(returns, benchmark, names, values)
    market = _market(returns, benchmark, risk_free_daily)
    out = np.full((len(names), len(BatchMeasures.__slots__)), math.nan)
    if threads > 1:
        edges = np.linspace(0, len(names), threads + 1).astype(int).tolist()
        parts = [slice(first, last) for first, last in pairwise(edges)]
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda part: _fill(market, names[part], values[part], out[part]), parts))
    else:
        _fill(market, names, values, out)
    return BatchMeasures(*out.T)


def _check_shapes(returns: FloatArray, benchmark: FloatArray, names: NDArray[np.integer], values: FloatArray) -> None:
    if len(returns) < 2:
        raise ValueError(f"a window has at least two days, not {len(returns)}")
    if benchmark.shape != returns.shape[:1] or names.ndim != 2 or names.shape != values.shape:
        raise ValueError(
            f"returns {returns.shape} and benchmark {benchmark.shape}, names {names.shape} and values {values.shape} "
            "do not fit"
        )


def _market(returns: FloatArray, benchmark: FloatArray, risk_free_daily: float) -> _Market:
    tails = np.array([1.0 - level if has_tail(len(returns), level) else math.nan for level in LEVELS])
    complete = not np.isnan(benchmark).any()
    moves = deviations(benchmark) if complete else np.full(len(benchmark), math.nan)
    rules = BatchRules(tails, float(risk_free_daily), PERIODS_PER_YEAR, DDOF)
    return _Market(np.ascontiguousarray(returns.T, np.float64), moves, rules)


def _fill(market: _Market, names: NDArray[np.integer], values: FloatArray, out: FloatArray) -> None:
    """Block after block of one thread's share of the books."""
    series = np.empty((BLOCK, market.benchmark.size))
    factors = np.empty((2, BLOCK))
    for first in range(0, len(names), BLOCK):
        block = slice(first, first + BLOCK)
        own, worth = np.ascontiguousarray(names[block], np.int64), prepared(values[block])
        _check_block(own, worth, len(market.histories))
        _measure_block(market, own, worth, series[: len(own)], factors[:, : len(own)], out[block])


def _check_block(names: IntArray, values: FloatArray, columns: int) -> None:
    if names.size and (names.min() < 0 or names.max() >= columns):
        raise ValueError(f"names must be columns of returns, 0 to {columns - 1}")
    if not (values >= 0.0).all():
        raise ValueError("values must be known and not negative")


def _measure_block(
    market: _Market, names: IntArray, values: FloatArray, series: FloatArray, factors: FloatArray, out: FloatArray
) -> None:
    project(market.histories, names, values, series, out)
    write_moments(series, market.benchmark, market.rules, out)
    write_falls(series, factors[0], factors[1], out)
    series.sort(axis=1)
    write_tails(series, market.rules, out)
    downside = out[:, 9]  # NaN exactly where a return is missing
    out[np.isnan(downside), :-1] = math.nan
