from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from app.measures import drawdown, market, moments, range_volatility, ratios, tail, volatility
from app.measures.conventions import FloatArray
from app.measures.window_measures import WindowMeasures, window_measures
from tests.unit.measures.reference_files import agreeing_digits, nist

WINDOWS = np.array([60, 90, 252])
RISK_FREE = 0.0002


def plain(returns: FloatArray, benchmark: FloatArray) -> dict[str, FloatArray]:
    """Every field by the single functions."""
    return {
        "observations": np.asarray(moments.observations(returns), float),
        "mean": moments.mean(returns),
        "volatility": volatility.annual_volatility(returns),
        "skew": moments.skewness(returns),
        "excess_kurtosis": moments.excess_kurtosis(returns),
        "beta": market.beta(returns, benchmark),
        "correlation": market.correlation(returns, benchmark),
        "var_historical_95": tail.historical_var(returns, 0.95),
        "var_historical_99": tail.historical_var(returns, 0.99),
        "cvar_95": tail.expected_shortfall(returns, 0.95),
        "cvar_99": tail.expected_shortfall(returns, 0.99),
        "var_parametric_95": tail.parametric_var(returns, 0.95),
        "var_parametric_99": tail.parametric_var(returns, 0.99),
        "var_cornish_fisher_95": tail.cornish_fisher_var(returns, 0.95),
        "var_cornish_fisher_99": tail.cornish_fisher_var(returns, 0.99),
        "max_drawdown": drawdown.max_drawdown(returns),
        "current_drawdown": drawdown.current_drawdown(returns),
        "sharpe": ratios.sharpe(returns, RISK_FREE),
        "sortino": ratios.sortino(returns, RISK_FREE),
        "volatility_ewma": range_volatility.ewma_volatility(returns),
    }


def assert_equal_to_plain(
    returns: FloatArray, benchmark: FloatArray, windows: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> None:
    found = window_measures(returns, benchmark, windows, RISK_FREE)
    for row, window in enumerate(windows):
        expected = plain(returns[-window:], benchmark[-window:])
        assert set(expected) == {field.name for field in fields(WindowMeasures)}
        for name, values in expected.items():
            np.testing.assert_allclose(getattr(found, name)[row], values, rtol=1e-11, atol=1e-13, err_msg=name)


def generated(days: int = 252, columns: int = 30, seed: int = 1) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    benchmark = rng.standard_t(5, days) * 0.008
    return 0.8 * benchmark[:, None] + rng.standard_t(5, (days, columns)) * 0.01, benchmark


def test_the_fast_path_equals_the_single_functions_on_whole_columns() -> None:
    assert_equal_to_plain(*generated(), WINDOWS)


def test_the_fast_path_equals_the_single_functions_on_every_pattern_of_missing_days() -> None:
    returns, benchmark = generated(columns=40, seed=2)
    rng = np.random.default_rng(3)
    returns[rng.random(returns.shape) < np.linspace(0, 1, 40)] = np.nan
    benchmark[rng.random(252) < 0.1] = np.nan
    assert_equal_to_plain(returns, benchmark, WINDOWS)


def test_the_fast_path_equals_the_single_functions_on_odd_columns() -> None:
    returns, benchmark = generated(columns=9, seed=4)
    returns[:, 0] = np.nan
    returns[:-1, 1] = np.nan
    returns[1:, 2] = np.nan
    returns[:, 3] = 0.1
    returns[-60:, 4] = -0.013
    returns[:, 5] = benchmark
    returns[:200, 6] = np.nan
    returns[-80:, 7] = np.nan
    returns[100, 8] = -1.0
    assert_equal_to_plain(returns, benchmark, WINDOWS)


def test_the_fast_path_equals_the_single_functions_on_tied_returns() -> None:
    returns = np.random.default_rng(5).integers(-3, 4, (252, 12)) / 100.0
    assert_equal_to_plain(returns, returns[:, 0], np.array([1, 2, 19, 20, 99, 100, 252]))


@pytest.mark.parametrize("days", [0, 1, 2, 59])
def test_a_window_longer_than_the_history_uses_all_of_it(days: int) -> None:
    assert_equal_to_plain(*generated(days, 3, seed=6), WINDOWS)


def test_a_benchmark_without_a_move_or_a_value_gives_no_beta() -> None:
    returns, benchmark = generated(columns=2)
    for dead in (np.full(252, 0.001), np.full(252, np.nan)):
        found = window_measures(returns, dead, WINDOWS, RISK_FREE)
        assert np.isnan(found.beta).all()
        assert np.isnan(found.correlation).all()
    benchmark[:-1] = np.nan
    assert np.isnan(window_measures(returns, benchmark, WINDOWS, RISK_FREE).beta).all()


def test_short_windows_have_no_99_percent_tail_and_every_window_a_parametric_one() -> None:
    found = window_measures(*generated(), WINDOWS, RISK_FREE)
    for field in (found.var_historical_99, found.cvar_99):
        assert np.isnan(field).all(axis=1).tolist() == [True, True, False]
    assert not np.isnan(found.var_parametric_99).any()


@pytest.mark.parametrize("name", ["NumAcc1", "NumAcc2", "NumAcc3", "Michelso", "Lew", "Mavro"])
def test_large_offsets_cost_the_fast_path_no_digits_either(name: str) -> None:
    values = nist(name)
    found = window_measures(values[:, None], values, np.array([len(values)]))
    assert agreeing_digits(found.mean[0, 0], float(moments.mean(values))) >= 14
    assert agreeing_digits(found.volatility[0, 0], float(volatility.annual_volatility(values))) >= 10


def test_a_series_constant_in_one_window_only_is_recognised_there() -> None:
    returns, benchmark = generated(columns=1)
    returns[-90:] = 1 / 3
    found = window_measures(returns, benchmark, WINDOWS, RISK_FREE)
    assert found.volatility[:2, 0].tolist() == [0.0, 0.0]
    assert np.isnan(found.sharpe[:2, 0]).all()
    assert found.sharpe[2, 0] > 0


def test_no_series_and_no_window_give_empty_arrays() -> None:
    returns, benchmark = generated(columns=2)
    assert window_measures(returns[:, :0], benchmark, WINDOWS).beta.shape == (3, 0)
    assert window_measures(returns, benchmark, np.array([], dtype=np.int64)).beta.shape == (0, 2)


def test_inputs_may_be_read_only_or_transposed_and_are_left_alone() -> None:
    returns, benchmark = generated(columns=4)
    frozen = np.asfortranarray(returns)
    frozen.flags.writeable = False
    np.testing.assert_array_equal(
        window_measures(frozen, benchmark, WINDOWS).volatility, window_measures(returns, benchmark, WINDOWS).volatility
    )
    np.testing.assert_array_equal(frozen, returns)


@pytest.mark.parametrize("windows", [[90, 60], [60, 60], [0, 60], [-1]])
def test_windows_out_of_order_are_refused(windows: list[int]) -> None:
    with pytest.raises(ValueError, match="ascending"):
        window_measures(*generated(columns=1), np.array(windows))


def test_a_benchmark_of_another_length_is_refused() -> None:
    returns, benchmark = generated(columns=1)
    with pytest.raises(ValueError, match="benchmark"):
        window_measures(returns, benchmark[1:], WINDOWS)
