from __future__ import annotations

import numpy as np
import pytest

from app.measures.returns import portfolio_returns, simple_returns

NAN = np.nan


def test_a_return_is_the_relative_change_of_the_close() -> None:
    np.testing.assert_allclose(simple_returns(np.array([100.0, 110.0, 99.0])), [0.1, -0.1], rtol=1e-14)


def test_a_missing_close_gives_no_return_that_day_or_the_next() -> None:
    closes = np.array([[100.0, 50.0], [NAN, 51.0], [102.0, 52.0], [103.0, 53.0]])
    returns = simple_returns(closes)
    assert np.isnan(returns[:, 0]).tolist() == [True, True, False]
    assert not np.isnan(returns[:, 1]).any()


@pytest.mark.parametrize("bad", [0.0, -1.0])
def test_a_close_of_zero_or_less_counts_as_missing(bad: float) -> None:
    assert np.isnan(simple_returns(np.array([100.0, bad, 100.0]))).all()


@pytest.mark.parametrize("days", [0, 1])
def test_fewer_than_two_closes_give_no_rows(days: int) -> None:
    assert simple_returns(np.ones((days, 3))).shape == (0, 3)


def test_the_portfolio_return_is_the_weighted_sum() -> None:
    series, covered = portfolio_returns(np.array([[0.01, 0.03]]), np.array([0.75, 0.25]))
    assert series[0] == pytest.approx(0.015, rel=1e-14)
    assert covered[0] == 1.0


def test_weights_are_spread_over_the_assets_with_a_return_that_day() -> None:
    series, covered = portfolio_returns(np.array([[0.01, 0.03, NAN]]), np.array([30.0, 50.0, 20.0]))
    assert series[0] == pytest.approx((0.3 * 0.01 + 0.5 * 0.03) / 0.8, rel=1e-14)
    assert covered[0] == pytest.approx(0.8, rel=1e-14)


def test_a_day_with_less_than_half_of_the_weight_has_no_return() -> None:
    series, covered = portfolio_returns(np.array([[0.01, NAN], [NAN, 0.02]]), np.array([0.49, 0.51]))
    assert np.isnan(series).tolist() == [True, False]
    np.testing.assert_allclose(covered, [0.49, 0.51])


def test_exactly_half_of_the_weight_is_enough() -> None:
    returns = np.array([[0.02] * 5 + [NAN] * 5])
    assert portfolio_returns(returns, np.full(10, 0.1))[0][0] == pytest.approx(0.02, rel=1e-12)


def test_an_asset_of_no_weight_changes_nothing_even_when_missing() -> None:
    returns = np.array([[0.01, 0.02, NAN], [0.03, -0.01, 0.5]])
    series, covered = portfolio_returns(returns, np.array([0.4, 0.6, 0.0]))
    plain, full = portfolio_returns(returns[:, :2], np.array([0.4, 0.6]))
    np.testing.assert_allclose(series, plain, rtol=1e-15)
    np.testing.assert_allclose(covered, full)


def test_a_portfolio_without_weight_has_no_return_rather_than_zero() -> None:
    series, covered = portfolio_returns(np.array([[0.01]]), np.array([0.0]))
    assert np.isnan(series[0])
    assert np.isnan(covered[0])


@pytest.mark.parametrize("bad", [-0.1, NAN])
def test_a_negative_or_unknown_weight_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="weights"):
        portfolio_returns(np.array([[0.01, 0.02]]), np.array([1.0, bad]))
