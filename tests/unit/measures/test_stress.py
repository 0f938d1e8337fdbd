from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measures.stress import breaking_fall, known_share, replay, shock_losses

NAN = math.nan
VALUES = np.array([1000.0, 2000.0, 500.0])
BETAS = np.array([1.2, 0.8, NAN])
SECTORS = np.array([0, 1, -1])
many = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def losses(market: float, *by_sector: float) -> list[float]:
    found = shock_losses(VALUES, BETAS, SECTORS, np.array([market]), np.array([by_sector]))
    return [float(loss) for loss in found[0]]


def test_a_fall_of_the_market_costs_value_times_beta() -> None:
    assert losses(-0.10, NAN, NAN) == pytest.approx([120.0, 160.0, NAN], nan_ok=True)


def test_a_shock_to_a_sector_goes_before_that_to_the_market() -> None:
    assert losses(-0.10, -0.20, NAN) == pytest.approx([200.0, 160.0, NAN], nan_ok=True)
    assert losses(0.0, NAN, -0.20) == pytest.approx([0.0, 400.0, NAN], nan_ok=True)


def test_a_rise_is_a_negative_loss_and_no_price_falls_below_zero() -> None:
    assert losses(0.10, NAN, NAN)[:2] == pytest.approx([-120.0, -160.0])
    assert losses(-0.90, NAN, -1.5)[:2] == pytest.approx([1000.0, 2000.0])


def test_every_scenario_is_one_row() -> None:
    market, sectors = np.array([-0.05, -0.10, 0.0]), np.array([[NAN, NAN], [NAN, NAN], [-0.2, NAN]])
    found = shock_losses(VALUES, BETAS, SECTORS, market, sectors)
    expected = [[60.0, 80.0, NAN], [120.0, 160.0, NAN], [200.0, 0.0, NAN]]
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(known_share(VALUES, found), 3000 / 3500)


def test_a_short_position_gains_when_the_market_falls() -> None:
    found = shock_losses(np.array([-100.0]), np.ones(1), np.array([-1]), np.array([-0.1]), np.zeros((1, 0)))
    assert found[0, 0] == pytest.approx(-10.0)


def test_the_known_share_counts_sizes_and_needs_a_position() -> None:
    assert known_share(np.array([-300.0, 100.0]), np.array([1.0, NAN])) == pytest.approx(0.75)
    assert np.isnan(known_share(np.zeros(2), np.zeros(2)))


def test_the_breaking_fall_loses_exactly_the_limit() -> None:
    falls = breaking_fall(VALUES, BETAS, np.array([140.0, 280.0]))
    np.testing.assert_allclose(falls, [0.05, 0.10])
    for fall, limit in zip(falls, (140.0, 280.0)):
        assert sum(losses(-fall, NAN, NAN)[:2]) == pytest.approx(limit)


@many
@given(st.lists(st.floats(0.1, 2.0), min_size=1, max_size=6), st.floats(1.0, 1e5), st.floats(1e-3, 0.5))
def test_less_than_the_breaking_fall_never_breaks_the_limit(betas: list[float], limit: float, less: float) -> None:
    values = np.full(len(betas), 1e5)
    fall = float(breaking_fall(values, np.array(betas), np.array([limit]))[0])
    if math.isfinite(fall):
        smaller = fall * (1.0 - less)
        assert smaller * float(values @ betas) < limit <= fall * float(values @ betas) * (1 + 1e-9)
    else:
        assert float(values @ betas) < limit


def test_a_hedged_book_or_a_limit_beyond_everything_is_never_broken() -> None:
    limits = np.array([100.0])
    assert breaking_fall(VALUES, -np.ones(3), limits).tolist() == [math.inf]
    assert breaking_fall(np.array([100.0, -100.0]), np.ones(2), limits).tolist() == [math.inf]
    assert breaking_fall(VALUES, np.full(3, 0.1), np.array([351.0])).tolist() == [math.inf]


def test_a_limit_already_broken_needs_no_fall_and_an_unknown_one_has_none() -> None:
    found = breaking_fall(VALUES, BETAS, np.array([0.0, -5.0, NAN]))
    assert found[:2].tolist() == [0.0, 0.0]
    assert math.isnan(found[2])
    assert np.isnan(breaking_fall(VALUES, np.full(3, NAN), np.array([10.0]))).all()


MARKET = np.array([-0.10, -0.20, 0.05])


def test_a_replay_compounds_what_each_position_went_through() -> None:
    returns = np.array([[-0.1, -0.2], [-0.3, 0.0], [0.1, 0.1]])
    found = replay(np.array([1000.0, 500.0]), returns, MARKET, np.ones(2))
    np.testing.assert_allclose(found.losses, [1000 * (1 - 0.9 * 0.7 * 1.1), 500 * (1 - 0.8 * 1.1)])
    assert found.worst == pytest.approx(1000 * (1 - 0.63) + 500 * 0.2)
    assert found.worst_day == 1
    assert not found.proxied.any()


def test_a_position_without_history_moves_by_its_beta_and_is_marked() -> None:
    returns = np.array([[-0.1, NAN], [-0.3, NAN], [0.1, 0.02]])
    found = replay(np.array([1000.0, 500.0]), returns, MARKET, np.array([1.0, 1.5]))
    assert found.losses[1] == pytest.approx(500 * (1 - 0.85 * 0.70 * 1.02))
    assert found.proxied.tolist() == [False, True]


def test_a_position_with_neither_history_nor_beta_is_unknown_and_left_out_of_the_worst() -> None:
    returns = np.array([[-0.1, NAN], [-0.3, NAN], [0.1, NAN]])
    found = replay(np.array([1000.0, 500.0]), returns, MARKET, np.array([1.0, NAN]))
    assert math.isnan(found.losses[1])
    assert found.worst == pytest.approx(1000 * (1 - 0.63))
    assert known_share(np.array([1000.0, 500.0]), found.losses) == pytest.approx(2 / 3)


def test_a_book_that_only_gains_was_at_its_worst_at_the_start() -> None:
    found = replay(np.array([100.0]), np.array([[0.1], [0.1]]), np.zeros(2), np.ones(1))
    assert (found.worst, found.worst_day) == (0.0, -1)
    assert found.losses[0] == pytest.approx(-21.0)


def test_a_book_of_which_nothing_is_known_has_no_worst() -> None:
    found = replay(np.array([100.0]), np.full((2, 1), NAN), MARKET[:2], np.array([NAN]))
    assert math.isnan(found.worst)
