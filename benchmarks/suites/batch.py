"""Eleven measures of very many books, as an adviser or broker needs them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import empyrical
import numpy as np
import pandas as pd

from app.domain.prices import FloatArray
from app.measures.batch import BatchMeasures, measure_books
from app.measures.conventions import IntArray
from app.measures.returns import simple_returns
from benchmarks.agreement import TOLERANCE, check_equal
from benchmarks.market import SEED
from benchmarks.measure_peers import EMPYRICAL, RISK_FREE
from benchmarks.scene import Scene
from benchmarks.timing import Candidate, Comparison

HELD = 20
EXPONENT = 1.05
"""The time may grow by no more than the number of books to this power."""

Books = tuple[IntArray, FloatArray]


def build(scene: Scene) -> Comparison:
    """All start from the returns of the market, the columns of each book and their values."""
    changes = simple_returns(scene.market.closes)
    index, returns = np.ascontiguousarray(changes[:, 0]), np.ascontiguousarray(changes[:, 1:])
    few, many = (_books(count, returns.shape[1]) for count in (scene.scale.books, scene.scale.many_books))
    market = pd.Series(index)

    def ours(books: Books, threads: int = 1) -> BatchMeasures:
        return measure_books(returns, index, *books, threads=threads)

    peers = (
        Candidate("empyrical on arrays", lambda: _with_empyrical(returns, index, few, _as_it_is), goal=100),
        Candidate("empyrical on Series", lambda: _with_empyrical(returns, market, few, pd.Series)),
    )
    expected = _by_name(ours(few)) | _own_definitions(returns, few)
    count = [check_equal(peer.name, expected, peer.run()) for peer in peers][-1]
    growth = scene.scale.many_books / scene.scale.books
    return Comparison(
        f"Batch: books of {HELD} among {returns.shape[1]} shares, {len(returns)} days, 11 measures",
        (
            Candidate(f"this app, {len(few[0]):,} books, one thread", lambda: ours(few)),
            *peers,
            Candidate(f"this app, {len(many[0]):,} books, one thread", lambda: ours(many), limit=growth**EXPONENT),
            Candidate(f"this app, {len(many[0]):,} books, two threads", lambda: ours(many, 2)),
        ),
        f"{count} figures equal to {TOLERANCE:g}, CVaR by empyrical's definition (whole observations). The limit is "
        f"growth to the power {EXPONENT:g}.",
    )


def _books(count: int, columns: int) -> Books:
    """Every book holds ``HELD`` columns at equal steps from a random one."""
    generator = np.random.default_rng(SEED)
    first, step = (generator.integers(1, most, (count, 1)) for most in (columns, max(columns // HELD, 2)))
    return (first + step * np.arange(HELD)) % columns, generator.uniform(1e3, 1e6, (count, HELD))


def _by_name(found: BatchMeasures) -> dict[str, FloatArray]:
    return {field.name: getattr(found, field.name) for field in fields(BatchMeasures)}


def _own_definitions(returns: FloatArray, books: Books) -> dict[str, FloatArray]:
    """What empyrical defines otherwise."""
    series = np.column_stack([returns[:, names] @ (values / values.sum()) for names, values in zip(*books)])
    return {name: definition(series) for name, definition in EMPYRICAL.items()}


def _as_it_is(series: FloatArray) -> FloatArray:
    return series


def _with_empyrical(
    returns: FloatArray, index: Any, books: Books, wrapped: Callable[[FloatArray], Any]
) -> dict[str, FloatArray]:
    """Book by book."""
    rows = []
    for names, values in zip(*books):
        weights = values / values.sum()
        of_name = np.bincount(names, weights)
        rows.append(_one_book(wrapped(returns[:, names] @ weights), index) | {"hhi": float(of_name @ of_name)})
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _one_book(series: Any, index: Any) -> dict[str, float]:
    return {
        "volatility": empyrical.annual_volatility(series),
        "beta": empyrical.beta(series, index),
        "var_historical_95": -empyrical.value_at_risk(series, 0.05),
        "var_historical_99": -empyrical.value_at_risk(series, 0.01),
        "cvar_95": -empyrical.conditional_value_at_risk(series, 0.05),
        "cvar_99": -empyrical.conditional_value_at_risk(series, 0.01),
        "max_drawdown": -empyrical.max_drawdown(series),
        "sharpe": empyrical.sharpe_ratio(series, RISK_FREE),
        "sortino": empyrical.sortino_ratio(series, RISK_FREE),
        "downside_deviation": empyrical.downside_risk(series, RISK_FREE) / math.sqrt(252),
    }
