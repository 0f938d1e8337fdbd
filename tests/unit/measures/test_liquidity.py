from __future__ import annotations

import numpy as np
import pytest

from app.measures import liquidity


def test_volume_is_averaged_over_the_newest_thirty_days() -> None:
    volumes = np.concatenate([np.full(10, 1e9), np.arange(1.0, 31.0)])
    assert liquidity.average_volume(volumes) == pytest.approx(15.5)


def test_a_share_without_a_price_in_the_newest_five_rows_has_stopped() -> None:
    closes = np.full((30, 4), 10.0)
    closes[-5:, 0] = closes[-4:, 1] = closes[:, 2] = np.nan
    assert liquidity.has_stopped(closes).tolist() == [True, False, False, False]
    assert liquidity.has_stopped(np.empty((0, 2))).tolist() == [False, False]


def test_an_unknown_day_is_left_out_and_a_day_without_a_trade_counts() -> None:
    volumes = np.array([[100.0, 100.0], [np.nan, 0.0], [200.0, 200.0]])
    np.testing.assert_allclose(liquidity.average_volume(volumes), [150.0, 100.0])


def test_no_known_day_gives_no_average() -> None:
    assert np.isnan(liquidity.average_volume(np.full((30, 1), np.nan))).all()
    assert np.isnan(liquidity.average_volume(np.array([])))


def test_selling_a_fifth_of_the_volume_takes_five_times_as_long() -> None:
    quantity, average = np.array([1000.0, 50.0]), np.array([500.0, 100.0])
    np.testing.assert_allclose(liquidity.position_to_volume(quantity, average), [2.0, 0.5])
    np.testing.assert_allclose(liquidity.days_to_liquidate(quantity, average, 0.2), [10.0, 2.5])


def test_without_trading_no_time_can_be_named() -> None:
    days = liquidity.days_to_liquidate(np.array([10.0, 10.0]), np.array([0.0, np.nan]), 0.2)
    assert np.isnan(days).all()


@pytest.mark.parametrize("participation", [0.0, -0.1, 1.1, float("nan")])
def test_a_share_of_trading_outside_zero_to_one_is_refused(participation: float) -> None:
    with pytest.raises(ValueError, match="participation"):
        liquidity.days_to_liquidate(np.array([1.0]), np.array([1.0]), participation)


def test_a_larger_position_never_sells_faster() -> None:
    quantities = np.linspace(0, 1e6, 50)
    assert (np.diff(liquidity.days_to_liquidate(quantities, np.full(50, 1234.0), 0.25)) > 0).all()
