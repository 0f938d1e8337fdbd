from __future__ import annotations

import numpy as np
import pytest

from app.measures import concentration

VALUES = np.array([50.0, 30.0, 20.0])
MEASURES = (concentration.hhi, concentration.effective_number, lambda values: concentration.top_n(values, 2))


def test_weights_are_shares_of_the_known_total() -> None:
    np.testing.assert_allclose(concentration.weights(VALUES), [0.5, 0.3, 0.2])
    np.testing.assert_allclose(concentration.weights(np.array([50.0, np.nan, 150.0])), [0.25, np.nan, 0.75])


def test_the_largest_positions_are_added_up() -> None:
    assert concentration.top_n(VALUES, 2) == pytest.approx(0.8)
    assert concentration.top_n(VALUES, 5) == pytest.approx(1.0)


def test_concentration_is_the_sum_of_squared_shares() -> None:
    assert concentration.hhi(VALUES) == pytest.approx(0.25 + 0.09 + 0.04)
    assert concentration.effective_number(VALUES) == pytest.approx(1 / 0.38)


def test_equal_positions_count_in_full_and_one_alone_counts_once() -> None:
    assert concentration.effective_number(np.full(8, 3.0)) == pytest.approx(8.0)
    assert concentration.effective_number(np.array([3.0, 0.0])) == 1.0


def test_an_unknown_value_is_left_out_rather_than_counted_as_zero() -> None:
    for measure in MEASURES:
        assert measure(np.append(VALUES, np.nan)) == pytest.approx(measure(VALUES))


@pytest.mark.parametrize("values", [np.array([]), np.array([np.nan]), np.array([0.0, 0.0])])
def test_nothing_owned_has_no_concentration(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    assert np.isnan(concentration.weights(values)).all()
    for measure in MEASURES:
        assert np.isnan(measure(values))


def test_a_negative_value_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        concentration.weights(np.array([1.0, -1.0]))
