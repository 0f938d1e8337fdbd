from __future__ import annotations

import numpy as np
import pytest

from app.measures import drawdown

NAN = np.nan


def test_a_loss_on_the_first_day_counts_from_the_start() -> None:
    episode = drawdown.worst_drawdown(np.array([-0.2, 0.1]))
    assert episode is not None
    assert episode.depth == pytest.approx(0.2)
    assert (episode.peak, episode.trough, episode.recovery) == (-1, 0, None)
    assert episode.current == pytest.approx(0.12)


def test_an_episode_names_its_peak_trough_and_recovery() -> None:
    episode = drawdown.worst_drawdown(np.array([0.1, -0.5, 0.2, 1.0, -0.1]))
    assert episode is not None
    assert episode.depth == 0.5
    assert (episode.peak, episode.trough, episode.recovery) == (0, 1, 3)
    assert episode.current == pytest.approx(0.1)


def test_of_two_equal_falls_the_earlier_is_named() -> None:
    episode = drawdown.worst_drawdown(np.array([-0.5, 1.0, -0.5]))
    assert episode is not None
    assert (episode.peak, episode.trough, episode.recovery) == (-1, 0, 1)


def test_wealth_that_never_falls_has_no_drawdown_and_stays_at_the_start() -> None:
    assert drawdown.worst_drawdown(np.array([0.0, 0.1])) == drawdown.DrawdownEpisode(0.0, -1, -1, -1, 0.0)


def test_the_running_drawdown_is_the_distance_from_the_highest_wealth() -> None:
    returns = np.array([0.1, -0.5, NAN, 1.0, 0.1])
    np.testing.assert_allclose(drawdown.running_drawdown(returns), [0.0, 0.5, NAN, 0.0, 0.0], atol=1e-15)


def test_a_missing_day_keeps_the_wealth_of_the_day_before() -> None:
    gappy, whole = np.array([0.1, NAN, -0.3, NAN]), np.array([0.1, -0.3])
    assert drawdown.max_drawdown(gappy) == drawdown.max_drawdown(whole)
    assert drawdown.current_drawdown(gappy) == drawdown.current_drawdown(whole)
    episode = drawdown.worst_drawdown(gappy)
    assert episode is not None
    assert episode.trough == 2


def test_columns_are_measured_each_for_itself() -> None:
    returns = np.array([[0.1, -0.1, NAN], [-0.2, 0.2, NAN]])
    np.testing.assert_allclose(drawdown.max_drawdown(returns), [0.2, 0.1, NAN])
    np.testing.assert_allclose(drawdown.current_drawdown(returns), [0.2, 0.0, NAN], atol=1e-15)


def test_losing_everything_is_a_drawdown_of_one_for_good() -> None:
    np.testing.assert_array_equal(drawdown.running_drawdown(np.array([0.5, -1.0, 2.0])), [0.0, 1.0, 1.0])


def test_no_return_gives_no_drawdown_rather_than_zero() -> None:
    for returns in (np.array([]), np.array([NAN, NAN])):
        assert np.isnan(drawdown.max_drawdown(returns))
        assert np.isnan(drawdown.current_drawdown(returns))
        assert drawdown.worst_drawdown(returns) is None
