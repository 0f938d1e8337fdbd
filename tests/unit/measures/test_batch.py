from __future__ import annotations

import math
import tracemalloc
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from app.measures import _batch_kernels, batch, concentration, drawdown, market, ratios, tail, volatility
from app.measures.batch import BatchMeasures, measure_books
from app.measures.conventions import FloatArray, IntArray
from app.measures.returns import portfolio_returns

SINGLE = {
    "volatility": volatility.annual_volatility,
    "var_historical_95": lambda series: tail.historical_var(series, 0.95),
    "var_historical_99": lambda series: tail.historical_var(series, 0.99),
    "cvar_95": lambda series: tail.expected_shortfall(series, 0.95),
    "cvar_99": lambda series: tail.expected_shortfall(series, 0.99),
    "max_drawdown": drawdown.max_drawdown,
    "sharpe": ratios.sharpe,
    "sortino": ratios.sortino,
    "downside_deviation": ratios.downside_deviation,
}


def universe(days: int = 252, columns: int = 60, seed: int = 3) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    index = rng.standard_t(5, days) * 0.008
    return index[:, None] * rng.uniform(0.4, 1.6, columns) + rng.standard_t(5, (days, columns)) * 0.01, index


def books(count: int, held: int = 20, columns: int = 60, seed: int = 4) -> tuple[IntArray, FloatArray]:
    rng = np.random.default_rng(seed)
    names = np.array([rng.permutation(columns)[:held] for _ in range(count)]).reshape(count, held)
    return names, rng.uniform(1e3, 1e6, (count, held))


def one_by_one(returns: FloatArray, index: FloatArray, names: IntArray, values: FloatArray) -> dict[str, FloatArray]:
    """The same by the functions for a single book."""
    found: dict[str, list[float]] = {field.name: [] for field in fields(BatchMeasures)}
    for own, worth in zip(names, values):
        series, _ = portfolio_returns(returns[:, own], worth)
        for name, measure in SINGLE.items():
            found[name].append(float(measure(series)))
        found["beta"].append(float(market.beta(series, index)))
        found["hhi"].append(concentration.hhi(worth))
    return {name: np.array(figures) for name, figures in found.items()}


@pytest.mark.parametrize("days", [2, 19, 20, 60, 99, 100, 252, 253])
@pytest.mark.parametrize("held", [1, 3, 20])
def test_every_figure_is_that_of_the_single_book(days: int, held: int) -> None:
    returns, index = universe(days)
    names, values = books(7, held)
    found = measure_books(returns, index, names, values)
    for name, expected in one_by_one(returns, index, names, values).items():
        np.testing.assert_allclose(getattr(found, name), expected, rtol=1e-9, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("count", [0, 1, batch.BLOCK - 1, batch.BLOCK, 3 * batch.BLOCK + 5])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_blocks_and_threads_give_the_same_bits(count: int, threads: int) -> None:
    returns, index = universe(60)
    names, values = books(count, 5)
    whole = measure_books(returns, index, names, values, threads=threads)
    alone = [measure_books(returns, index, names[i : i + 1], values[i : i + 1]) for i in range(0, count, 97)]
    for field in fields(BatchMeasures):
        figures = getattr(whole, field.name)
        assert figures.shape == (count,)
        np.testing.assert_array_equal(figures[::97], [getattr(one, field.name)[0] for one in alone])


def test_small_integers_and_other_layouts_are_taken_as_they_come() -> None:
    returns, index = universe()
    names, values = books(40)
    expected = measure_books(returns, index, names, values)
    found = measure_books(np.asfortranarray(returns), index, names.astype(np.int16), np.asfortranarray(values))
    for field in fields(BatchMeasures):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(expected, field.name))


def test_every_kernel_is_compiled_once_for_all_layouts() -> None:
    returns, index = universe(30)
    names, values = books(batch.BLOCK + 3, 5)
    frozen = values.copy()
    frozen.flags.writeable = False
    measure_books(returns, index, names, values)
    measure_books(np.asfortranarray(returns), index[::1], names[:, ::-1].astype(np.int8), frozen[:, ::-1], threads=2)
    for kernel in (_batch_kernels.project, _batch_kernels.write_moments, _batch_kernels.write_tails):
        assert len(kernel.signatures) == 1  # type: ignore[attr-defined]


def test_inputs_are_not_changed() -> None:
    returns, index = universe()
    names, values = books(300)
    copies = [part.copy() for part in (returns, index, names, values)]
    measure_books(returns, index, names, values)
    for part, copy in zip((returns, index, names, values), copies):
        np.testing.assert_array_equal(part, copy)


def test_neither_scale_nor_order_nor_splitting_of_positions_matters() -> None:
    returns, index = universe()
    names, values = books(50)
    expected = measure_books(returns, index, names, values)
    order = np.random.default_rng(1).permutation(20)
    shuffled = measure_books(returns, index, names[:, order], 7.0 * values[:, order])
    padded = measure_books(
        returns, index, np.column_stack([names, names[:, 0]]), np.column_stack([values, 0 * values[:, 0]])
    )
    for field in fields(BatchMeasures):
        for found in (shuffled, padded):
            np.testing.assert_allclose(getattr(found, field.name), getattr(expected, field.name), rtol=1e-9, atol=1e-13)


def test_a_book_with_a_gap_is_unknown_but_for_its_concentration() -> None:
    returns, index = universe()
    returns[100, 7] = math.nan
    found = measure_books(returns, index, np.array([[7, 8], [8, 9]]), np.array([[1.0, 3.0], [1.0, 3.0]]))
    for field in fields(BatchMeasures):
        unknown = np.isnan(getattr(found, field.name)).tolist()
        assert unknown == ([False, False] if field.name == "hhi" else [True, False]), field.name


def test_a_gap_of_the_benchmark_takes_away_beta_alone() -> None:
    returns, index = universe()
    index[3] = math.nan
    found = measure_books(returns, index, *books(3))
    for field in fields(BatchMeasures):
        assert np.isnan(getattr(found, field.name)).all() == (field.name == "beta"), field.name


@pytest.mark.parametrize("names", [np.array([[1, 2]]), np.zeros((3, 0), dtype=int), np.zeros((3, 0))])
def test_a_book_without_value_or_without_names_is_unknown(names: IntArray) -> None:
    found = measure_books(*universe(), names, np.zeros(names.shape))
    for field in fields(BatchMeasures):
        assert np.isnan(getattr(found, field.name)).tolist() == [True] * len(names), field.name


def test_the_same_name_twice_is_one_position() -> None:
    found = measure_books(*universe(), np.array([[5, 5], [5, 6]]), np.ones((2, 2)))
    assert found.hhi.tolist() == [1.0, 0.5]


POSITIONS = st.lists(st.tuples(st.integers(0, 9), st.floats(0.01, 1e9)), min_size=1, max_size=12)


@settings(deadline=None)  # kernels are compiled on the way
@given(st.lists(POSITIONS, min_size=1, max_size=4))
def test_positions_in_one_name_give_what_their_sum_gives(held: list[list[tuple[int, float]]]) -> None:
    returns, index = universe(60, columns=10)
    width = max(map(len, held))
    apart = [[*book, *[(book[0][0], 0.0)] * (width - len(book))] for book in held]
    split = measure_books(returns, index, [[n for n, _ in book] for book in apart], [[v for _, v in b] for b in apart])
    sums = [np.bincount([n for n, _ in book], [v for _, v in book], 10) for book in held]
    whole = measure_books(returns, index, [list(range(10))] * len(held), sums)
    for field in fields(BatchMeasures):
        found, expected = getattr(split, field.name), getattr(whole, field.name)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12, err_msg=field.name)


def test_lists_are_taken_as_arrays() -> None:
    returns, index = universe(60)
    names, values = books(3)
    expected = measure_books(returns, index, names, values)
    found = measure_books(returns.tolist(), index.tolist(), names.tolist(), values.tolist())
    for field in fields(BatchMeasures):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(expected, field.name))


def test_a_book_that_does_not_move_has_no_ratio_and_no_risk() -> None:
    returns, index = np.full((252, 4), 0.001), universe()[1]
    found = measure_books(returns, index, np.array([[0, 1, 2]]), np.array([[1.0, 2.0, 4.0]]))
    assert found.volatility[0] == 0.0
    assert found.max_drawdown[0] == 0.0
    assert found.beta[0] == pytest.approx(0.0, abs=1e-15)
    assert np.isnan(found.sharpe[0])
    assert np.isnan(found.sortino[0])


def test_a_benchmark_that_does_not_move_has_no_beta() -> None:
    returns, _ = universe()
    assert np.isnan(measure_books(returns, np.full(252, 0.001), *books(2)).beta).all()


RETURNS, INDEX = universe(30)
NAMES, VALUES = np.array([[0, 1]]), np.array([[1.0, 2.0]])


@pytest.mark.parametrize(
    ("returns", "index", "names", "values", "message"),
    [
        (RETURNS, INDEX, np.array([[0, 60]]), VALUES, "columns"),
        (RETURNS, INDEX, np.array([[0, -1]]), VALUES, "columns"),
        (RETURNS, INDEX, NAMES, np.array([[1.0, -1.0]]), "values"),
        (RETURNS, INDEX, NAMES, np.array([[1.0, math.nan]]), "values"),
        (RETURNS, INDEX, NAMES, np.array([[1.0, math.inf]]), "values"),
        (RETURNS, INDEX, NAMES, np.array([[1e308, 1e308]]), "values"),
        (RETURNS, INDEX, NAMES, [["1", "2"]], "numbers"),
        (RETURNS, INDEX, NAMES, VALUES[0], "numbers"),
        (RETURNS, INDEX, np.array([[0.9, 1.0]]), VALUES, "integers"),
        (RETURNS, INDEX, np.array([[True, False]]), VALUES, "integers"),
        (RETURNS, INDEX, NAMES[0], VALUES[0], "integers"),
        (np.full_like(RETURNS, math.inf), INDEX, NAMES, VALUES, "finite"),
        (RETURNS, np.full_like(INDEX, -math.inf), NAMES, VALUES, "finite"),
        (INDEX, INDEX, NAMES, VALUES, "numbers"),
        (RETURNS, INDEX, NAMES, np.ones((1, 3)), "fit"),
        (RETURNS, INDEX[1:], NAMES, VALUES, "fit"),
        (RETURNS[:1], INDEX[:1], NAMES, VALUES, "two days"),
    ],
)
def test_what_does_not_fit_is_refused(
    returns: ArrayLike, index: ArrayLike, names: ArrayLike, values: ArrayLike, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        measure_books(returns, index, names, values)


def test_memory_does_not_grow_with_the_number_of_books() -> None:
    inputs = universe(60), books(20 * batch.BLOCK, 2)
    measure_books(*inputs[0], *inputs[1])
    tracemalloc.start()
    measured = measure_books(*inputs[0], *inputs[1])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    result, series = 11 * measured.hhi.nbytes, 60 * batch.BLOCK * 8
    assert peak < result + 3 * series
