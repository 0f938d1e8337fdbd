"""Compiled loops behind batch: one block of books at a time, small enough for the processor's cache.

Serial, without the interpreter lock; a kernel reads nothing but its arguments (see ``_kernels``). Sums over days may be
added in another order, which lets the processor add eight at once; missing values stay missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from app.measures._kernels import compiled
from app.measures.conventions import FloatArray, IntArray

summing: Callable[..., Any] = partial(compiled, reorder=True)


class BatchRules(NamedTuple):
    """``tails`` (2,) are 1 - level, NaN where the days give none; ``target`` is the riskless return a day."""

    tails: FloatArray
    target: float
    periods: int
    ddof: int


@compiled
def _add_four(row: FloatArray, histories: FloatArray, names: IntArray, shares: FloatArray) -> None:
    """Add four weighted histories to ``row`` (T,) in one sweep."""
    a, b, c, d = histories[names[0]], histories[names[1]], histories[names[2]], histories[names[3]]
    p, q, r, s = shares[0], shares[1], shares[2], shares[3]
    for day in range(row.size):
        row[day] += p * a[day] + q * b[day] + (r * c[day] + s * d[day])


@compiled
def _add_one(row: FloatArray, history: FloatArray, share: float) -> None:
    for day in range(row.size):
        row[day] += share * history[day]


@compiled
def _merged_hhi(names: IntArray, shares: FloatArray, weights: FloatArray) -> float:
    """Sum of squared weights of one book, positions in one name added up first. ``weights`` (N,) is zero in and out."""
    total = 0.0
    for place in range(names.size):
        name, share = names[place], shares[place]
        total += share * (2.0 * weights[name] + share)
        weights[name] += share
    for place in range(names.size):
        weights[names[place]] = 0.0
    return total


@compiled
def project(
    histories: FloatArray,
    names: IntArray,
    values: FloatArray,
    weights: FloatArray,
    series: FloatArray,
    out: FloatArray,
) -> None:
    """Fill ``series`` (B, T) with the value-weighted returns of each book, and column 10 of ``out`` with its HHI.

    ``histories`` (N, T); ``names`` and ``values`` (B, K); ``weights`` (N,) zeros to work in. A book without value, or
    without names, has NaN throughout.
    """
    books, held = names.shape
    fours = held - held % 4
    for book in range(books):
        total = values[book].sum()
        row = series[book]
        if not total > 0.0:
            row[:] = math.nan
            out[book, 10] = math.nan
            continue
        shares = values[book] / total
        out[book, 10] = _merged_hhi(names[book], shares, weights)
        row[:] = 0.0
        for place in range(0, fours, 4):
            _add_four(row, histories, names[book, place:], shares[place:])
        for place in range(fours, held):
            _add_one(row, histories[names[book, place]], shares[place])


@summing
def _mean(row: FloatArray) -> float:
    """Taken from one of the values, so that a constant series gives exactly that value."""
    origin: float = row[0]
    total = 0.0
    for day in range(row.size):
        total += row[day] - origin
    return origin + total / row.size


@summing
def _sums(row: FloatArray, mean: float, market: FloatArray, target: float) -> tuple[float, float, float]:
    """Squared deviations, their products with the benchmark's deviations ``market``, squared shortfalls."""
    squares, products, shortfalls = 0.0, 0.0, 0.0
    for day in range(row.size):
        deviation = row[day] - mean
        below = row[day] - target if row[day] < target else 0.0
        squares += deviation * deviation
        products += deviation * market[day]
        shortfalls += below * below
    return squares, products, shortfalls


@compiled
def write_moments(series: FloatArray, market: FloatArray, rules: BatchRules, out: FloatArray) -> None:
    """Columns 0, 1 and 7-9 of ``out`` (B, 11): volatility, beta, Sharpe, Sortino, downside deviation."""
    days, year = series.shape[1], math.sqrt(rules.periods)
    variation = (market * market).sum()
    for book in range(series.shape[0]):
        mean = _mean(series[book])
        squares, products, shortfalls = _sums(series[book], mean, market, rules.target)
        volatility = math.sqrt(squares / (days - rules.ddof)) * year
        downside = math.sqrt(shortfalls / days)
        cell = out[book]
        cell[0] = volatility
        cell[1] = products / variation if variation > 0.0 else math.nan
        cell[7] = (mean - rules.target) * rules.periods / volatility if volatility > 0.0 else math.nan
        cell[8] = (mean - rules.target) * year / downside if downside > 0.0 else math.nan
        cell[9] = downside if not math.isnan(mean) else math.nan


@compiled
def write_tails(ordered: FloatArray, rules: BatchRules, out: FloatArray) -> None:
    """Columns 2-5 of ``out`` (B, 11) from series sorted worst first: historical VaR, then shortfall, at both levels."""
    days = ordered.shape[1]
    for level in range(2):
        position, mass = (days - 1) * rules.tails[level], days * rules.tails[level]
        if math.isnan(mass):
            continue
        low, whole = int(position), int(mass)
        for book in range(ordered.shape[0]):
            worst = ordered[book]
            total = (mass - whole) * worst[whole]
            for place in range(whole):
                total += worst[place]
            out[book, 2 + level] = -(worst[low] + (position - low) * (worst[low + 1] - worst[low]))
            out[book, 4 + level] = -total / mass


@compiled
def write_falls(series: FloatArray, ahead: FloatArray, deepest: FloatArray, out: FloatArray) -> None:
    """Column 6 of ``out`` (B, 11): max drawdown, all books of the block side by side (see ``_kernels._fall_back``)."""
    ahead[:] = 1.0
    deepest[:] = 1.0
    for day in range(series.shape[1] - 1, -1, -1):
        for book in range(series.shape[0]):
            ahead[book] = (1.0 + series[book, day]) * min(1.0, ahead[book])
            deepest[book] = min(deepest[book], ahead[book])
    for book in range(series.shape[0]):
        out[book, 6] = 1.0 - deepest[book]
