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
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.measures._batch_kernels import BatchRules, project, write_falls, write_moments, write_tails
from app.measures._kernels import prepared
from app.measures.conventions import DDOF, LEVELS, PERIODS_PER_YEAR, RISK_FREE_DAILY, FloatArray, IntArray, has_tail
from app.measures.moments import deviations

BLOCK = 256
"""Books worked at once by a thread: 252 days of them are half a megabyte, which stays in the processor's cache."""
LARGEST_VALUE = 1e280
"""Of a position, in any unit: a book of more of these than fit into memory still adds up to a number."""


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
    returns: ArrayLike,
    benchmark: ArrayLike,
    names: ArrayLike,
    values: ArrayLike,
    *,
    risk_free_daily: float = RISK_FREE_DAILY,
    threads: int = 1,
) -> BatchMeasures:
    """Measures of P books that held today's ``values`` (P, K) of ``names`` (P, K) on every past day.

    ``returns`` (T, N) and ``benchmark`` (T,) are the window, ``names`` columns of ``returns`` as integers: positions in
    one name count as one, shorter books are filled up by a name of theirs with value 0. ``values`` are rupees or any
    other unit. There is no rule for gaps here: a book with a missing return is NaN in all but ``hhi`` (measure it by
    ``window_measures``), every beta is NaN where the benchmark has a gap, and a book without value or without names is
    NaN throughout. Tails follow ``has_tail``. Lists are taken as arrays.

    Raises ValueError for shapes that do not fit, fewer than two days, names that are no integers, a column that is not
    there, an infinite return, and a value that is negative, missing or above ``LARGEST_VALUE``.
    """
    window, index = _numbers("returns", returns, 2), _numbers("benchmark", benchmark, 1)
    columns, worth = _numbers("names", names, 2, kinds="iu"), _numbers("values", values, 2)
    _check_shapes(window, index, columns, worth)
    market = _market(window, index, risk_free_daily)
    out = np.full((len(columns), len(BatchMeasures.__slots__)), math.nan)
    if threads > 1:
        edges = np.linspace(0, len(columns), threads + 1).astype(int).tolist()
        parts = [slice(first, last) for first, last in pairwise(edges)]
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda part: _fill(market, columns[part], worth[part], out[part]), parts))
    else:
        _fill(market, columns, worth, out)
    return BatchMeasures(*out.T)


def _numbers(what: str, given: ArrayLike, dimensions: int, kinds: str = "fiu") -> NDArray[Any]:
    """``given`` as it is, or a list as an array. Raises ValueError for anything but numbers of the right kind."""
    array = np.asarray(given)
    if array.ndim != dimensions or (array.size and array.dtype.kind not in kinds):
        meant = "integers" if kinds == "iu" else "numbers"
        raise ValueError(f"{what} must be {meant} in {dimensions} dimensions, not {array.dtype} in {array.ndim}")
    return array


def _check_shapes(returns: FloatArray, benchmark: FloatArray, names: NDArray[np.integer], values: FloatArray) -> None:
    if len(returns) < 2:
        raise ValueError(f"a window has at least two days, not {len(returns)}")
    if benchmark.shape != returns.shape[:1] or names.shape != values.shape:
        raise ValueError(
            f"returns {returns.shape} and benchmark {benchmark.shape}, names {names.shape} and values {values.shape} "
            "do not fit"
        )
    if np.isinf(returns).any() or np.isinf(benchmark).any():
        raise ValueError("returns must be finite, or NaN where one is missing")


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
    weights = np.zeros(len(market.histories))
    for first in range(0, len(names), BLOCK):
        block = slice(first, first + BLOCK)
        own, worth = np.ascontiguousarray(names[block], np.int64), prepared(values[block])
        _check_block(own, worth, len(market.histories))
        project(market.histories, own, worth, weights, series[: len(own)], out[block])
        _measure_block(market, series[: len(own)], factors[:, : len(own)], out[block])


def _check_block(names: IntArray, values: FloatArray, columns: int) -> None:
    if names.size and (names.min() < 0 or names.max() >= columns):
        raise ValueError(f"names must be columns of returns, 0 to {columns - 1}")
    if not ((values >= 0.0) & (values <= LARGEST_VALUE)).all():
        raise ValueError(f"values must be known, from 0 to {LARGEST_VALUE:g}")


def _measure_block(market: _Market, series: FloatArray, factors: FloatArray, out: FloatArray) -> None:
    write_moments(series, market.benchmark, market.rules, out)
    write_falls(series, factors[0], factors[1], out)
    series.sort(axis=1)
    write_tails(series, market.rules, out)
    downside = out[:, 9]  # NaN exactly where a return is missing
    out[np.isnan(downside), :-1] = math.nan
