"""Restating for splits and bonuses, and volumes that plainly were not restated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.measures.conventions import FloatArray
from app.measures.restating import fell_with, level_over, newest_missing, product_after, volume_steps
from tests.shared_data import shared_file

NAN = np.nan
FACTORS = [0.1, 0.5, 1.2, 1.5, 2.0, 5.0, 10.0]


def fell(closes: list[float], row: int, factor: float, *, as_traded: bool = True) -> bool:
    found = fell_with(np.array(closes), np.array([row]), np.array([factor]), as_traded=as_traded)
    return bool(found[0])


@given(st.integers(0, 10_000), st.sampled_from(FACTORS), st.integers(1, 59))
def test_restating_restores_the_series_and_is_never_done_twice(start: int, factor: float, row: int) -> None:
    closes = 100 * np.exp(np.cumsum(np.random.default_rng(start).normal(0, 0.01, 60)))
    row_, factor_ = np.array([row]), np.array([factor])
    raw = closes * product_after(60, row_, factor_)
    assert fell_with(raw, row_, factor_, as_traded=True).all()
    np.testing.assert_allclose(raw / product_after(60, row_, factor_), closes, rtol=1e-12)
    assert not fell_with(closes, row_, factor_, as_traded=True).any()


def test_an_ex_day_on_a_holiday_acts_on_the_next_row_and_missing_closes_are_stepped_over() -> None:
    assert fell([1000, 1010, NAN, NAN, 101], 3, 10)


def test_an_action_without_a_close_on_both_sides_tells_nothing() -> None:
    assert not fell([1000, 100], 0, 10)
    assert not fell([1000, 100], 2, 10)
    assert not fell([NAN, NAN], 1, 10)


def test_prices_that_say_they_are_restated_are_believed_unless_they_moved_beyond_the_band() -> None:
    assert not fell([100, 94], 1, 1.1, as_traded=False)
    assert fell([100, 94], 1, 1.1)
    assert fell([1000, 200], 1, 5, as_traded=False)
    assert not fell([1000, 600], 1, 5, as_traded=False)


def test_a_split_and_a_bonus_on_one_day_multiply() -> None:
    product = product_after(3, np.array([1, 1, 2]), np.array([2.0, 5.0, 3.0]))
    assert product.tolist() == [30, 3, 1]


@pytest.mark.parametrize("factor", [0.0, -2.0, NAN, np.inf])
def test_a_factor_that_is_no_ratio_is_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="factor"):
        product_after(3, np.array([1]), np.array([factor]))


@pytest.mark.parametrize(
    ("closes", "others", "level"),
    [
        ([10, 20, 30], [5, 10, 15], 2.0),
        ([10, NAN, NAN], [NAN, NAN, 5], 2.0),
        ([NAN, 10, NAN], [5, NAN, NAN], None),
        ([NAN, NAN, NAN], [5, 5, 5], None),
    ],
)
def test_levels_are_compared_on_common_days_else_across_the_seam(
    closes: list[float], others: list[float], level: float | None
) -> None:
    assert level_over(np.array(closes, dtype=float), np.array(others, dtype=float)) == level


@pytest.mark.parametrize(("level", "count"), [(1.02, 0), (4.9, 1), (10.3, 2), (2.0, 0), (400.0, 2)])
def test_prices_lack_the_newest_actions_first(level: float, count: int) -> None:
    assert newest_missing(level, np.array([2.0, 5.0])) == count


def traded(rows: int = 50, seed: int = 5) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    closes = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (rows, 2)), axis=0))
    return closes, np.exp(rng.normal(13, 0.4, (rows, 2)))


@pytest.mark.parametrize("row", [20, 30, 40])
def test_a_lasting_jump_of_volumes_at_a_quiet_price_is_found_on_its_day(row: int) -> None:
    closes, volumes = traded()
    volumes[row:, 1] *= 10
    ((column, found, ratio),) = volume_steps(closes, volumes)
    assert (column, found) == (1, row)
    assert 6 < ratio < 16


def test_a_busy_week_a_moving_price_and_a_short_series_are_no_step() -> None:
    closes, volumes = traded()
    assert volume_steps(closes, volumes) == []
    volumes[30:35] *= 10
    assert volume_steps(closes, volumes) == []
    volumes[30:] *= 10
    closes[33:] *= 1.1
    assert volume_steps(closes, volumes) == []
    assert volume_steps(closes[:25], volumes[:25]) == []
    assert volume_steps(np.full((50, 1), NAN), np.full((50, 1), NAN)) == []


def test_half_of_the_large_splits_on_record_show_in_the_volumes_and_few_other_days_do() -> None:
    rows = pd.read_csv(shared_file("market/nse_daily.csv.gz"))
    actions = pd.read_csv(shared_file("market/nse_corporate_actions_inferred.csv"))
    shares = sorted(s for s in rows["symbol"].unique() if not s.startswith("NIFTY") and s != "INDIAVIX")
    closes, volumes = (rows.pivot(index="date", columns="symbol", values=name)[shares] for name in ("close", "volume"))
    large = actions[(actions["kind"] == "split_or_bonus") & (actions["volume_factor"] >= 5)]
    days = closes.index.to_numpy(dtype="datetime64[D]")
    seen = 0
    for symbol, ex_day in zip(large["symbol"], large["ex_date"], strict=True):
        end = int(np.searchsorted(days, np.datetime64(ex_day))) + 20
        window = slice(max(end - 50, 0), end)
        seen += bool(volume_steps(*(table[[symbol]].to_numpy(float)[window] for table in (closes, volumes))))
    assert seen >= len(large) / 2
    assert len(volume_steps(closes.to_numpy(float)[-50:], volumes.to_numpy(float)[-50:])) <= 8
