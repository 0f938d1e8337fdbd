from __future__ import annotations

import numpy as np

from app.measures.correlation import complete_days, correlation_matrix


def test_the_matrix_is_that_of_numpy_with_a_diagonal_of_exactly_one() -> None:
    returns = np.random.default_rng(5).standard_t(4, (120, 9)) @ np.random.default_rng(6).normal(size=(9, 9))
    matrix = correlation_matrix(returns)
    np.testing.assert_allclose(matrix, np.corrcoef(returns, rowvar=False), rtol=0, atol=1e-14)
    assert (np.diag(matrix) == 1.0).all()
    assert (matrix == matrix.T).all()


def test_only_days_complete_for_every_series_count() -> None:
    returns = np.random.default_rng(7).normal(size=(50, 3))
    returns[4, 0], returns[9, 2] = np.nan, np.nan
    kept = np.delete(returns, [4, 9], axis=0)
    assert complete_days(returns) == 48
    np.testing.assert_allclose(correlation_matrix(returns), np.corrcoef(kept, rowvar=False), atol=1e-14)


def test_it_stays_positive_semi_definite_where_pairwise_deletion_does_not() -> None:
    nan = np.nan
    returns = np.array([[1, 2, nan], [2, 1, nan], [3, 5, nan], [nan, 1, 4], [nan, 3, 2], [1, nan, 1], [2, nan, 5.0]])
    returns = np.vstack([returns, np.random.default_rng(1).normal(size=(4, 3))])
    assert np.linalg.eigvalsh(correlation_matrix(returns)).min() >= -1e-12


def test_a_constant_series_has_no_correlation_and_spoils_no_other() -> None:
    returns = np.random.default_rng(8).normal(size=(30, 3))
    returns[:, 1] = 0.1
    matrix = correlation_matrix(returns)
    assert np.isnan(matrix[1]).all()
    assert np.isnan(matrix[:, 1]).all()
    np.testing.assert_allclose(matrix[0, 2], np.corrcoef(returns[:, 0], returns[:, 2])[0, 1], atol=1e-14)


def test_below_two_complete_days_there_is_no_matrix() -> None:
    for rows in (0, 1):
        assert np.isnan(correlation_matrix(np.ones((rows, 2)))).all()
    assert np.isnan(correlation_matrix(np.full((5, 2), np.nan))).all()


def test_equal_series_correlate_by_no_more_than_one() -> None:
    series = np.random.default_rng(9).normal(size=(77, 1)) * [1.0, 3.0, -7.0]
    matrix = correlation_matrix(series)
    assert np.abs(matrix).max() == 1.0
    np.testing.assert_allclose(matrix[0], [1.0, 1.0, -1.0], rtol=1e-14)


def test_the_callers_returns_are_left_alone() -> None:
    returns = np.random.default_rng(10).normal(size=(20, 2))
    before = returns.copy()
    correlation_matrix(returns)
    np.testing.assert_array_equal(returns, before)


def test_a_read_only_or_transposed_matrix_gives_the_same() -> None:
    returns = np.random.default_rng(12).normal(size=(20, 3))
    frozen = np.asfortranarray(returns)
    frozen.flags.writeable = False
    np.testing.assert_array_equal(correlation_matrix(frozen), correlation_matrix(returns))
