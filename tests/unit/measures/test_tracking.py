from __future__ import annotations

import math

import empyrical
import numpy as np
import pandas as pd
import pytest

from app.measures.conventions import FloatArray
from app.measures.tracking import MIN_DIFFERENCES, return_differences, tracking_difference, tracking_error


def levels(days: int = 253, seed: int = 3) -> tuple[FloatArray, FloatArray]:
    """NAVs of two funds that follow an index, and the index."""
    rng = np.random.default_rng(seed)
    index = rng.normal(0.0005, 0.01, days)
    noise = rng.normal(-0.00002, 0.0004, (days, 2))
    navs, market = np.cumprod(1 + index[:, None] + noise, axis=0), np.cumprod(1 + index)
    return np.asarray(10.0 * navs, float), np.asarray(20_000.0 * market, float)


def test_an_index_does_not_differ_from_itself() -> None:
    _, index = levels()
    assert tracking_error(index, index) == 0.0
    assert tracking_difference(index * 7.0, index) == pytest.approx(0.0, abs=1e-12)


def test_on_complete_days_it_is_the_annualised_deviation_of_pandas_and_empyrical() -> None:
    navs, index = levels()
    frame, market = pd.DataFrame(navs).pct_change().iloc[1:], pd.Series(index).pct_change().iloc[1:]
    expected = frame.sub(market, axis=0).std() * math.sqrt(252)
    np.testing.assert_allclose(tracking_error(navs, index), expected, rtol=1e-10)
    for column in range(2):
        lag = empyrical.annual_return(frame[column]) - empyrical.annual_return(market)
        assert tracking_difference(navs, index)[column] == pytest.approx(lag, rel=1e-9)


def test_over_a_gap_of_the_nav_both_sides_take_several_days() -> None:
    navs, index = levels(80)
    navs[30:33, 0] = np.nan
    differences = return_differences(navs, index)
    assert np.isnan(differences[30:33, 0]).all()
    assert differences[33, 0] == pytest.approx(navs[33, 0] / navs[29, 0] - index[33] / index[29], rel=1e-12)
    np.testing.assert_array_equal(differences[:30], return_differences(navs[:30], index[:30]))
    assert not np.isnan(differences[1:, 1]).any()


def test_a_gap_of_the_index_is_bridged_in_the_same_way() -> None:
    navs, index = levels(80)
    index[40] = np.nan
    differences = return_differences(navs, index)
    assert np.isnan(differences[40]).all()
    np.testing.assert_allclose(differences[41], navs[41] / navs[39] - index[41] / index[39], rtol=1e-12)


def test_weekly_levels_of_one_process_give_the_error_of_daily_ones() -> None:
    navs, index = levels(20_000)
    weekly = np.where(np.arange(len(index)) % 5 == 0, index, np.nan)
    np.testing.assert_allclose(tracking_error(navs, weekly), tracking_error(navs, index), rtol=0.05)


def test_the_growth_is_taken_between_the_first_and_last_common_day() -> None:
    navs, index = levels(120)
    navs[:10], index[-5:] = np.nan, np.nan
    years = (114 - 10) / 252
    expected = (navs[114] / navs[10]) ** (1 / years) - (index[114] / index[10]) ** (1 / years)
    np.testing.assert_allclose(tracking_difference(navs, index), expected, rtol=1e-12)


def test_a_fund_that_pays_its_expenses_lags_by_them() -> None:
    _, index = levels()
    navs = index * (1 - 0.002) ** (np.arange(len(index)) / 252)
    assert tracking_difference(navs, index) == pytest.approx(-0.002 * index[-1] / index[0], rel=1e-6)


@pytest.mark.parametrize(("days", "known"), [(MIN_DIFFERENCES, False), (MIN_DIFFERENCES + 1, True)])
def test_too_few_differences_give_no_figure(days: int, known: bool) -> None:
    navs, index = levels(days)
    for measure in (tracking_error, tracking_difference):
        assert (~np.isnan(measure(navs, index)) == known).all()


def test_a_level_of_zero_is_missing_and_a_fund_without_levels_has_no_figure() -> None:
    navs, index = levels(100)
    missing, zero = navs.copy(), navs.copy()
    missing[50], zero[50] = np.nan, 0.0
    np.testing.assert_array_equal(tracking_error(missing, index), tracking_error(zero, index))
    for measure in (tracking_error, tracking_difference):
        assert np.isnan(measure(np.full((100, 1), np.nan), index)).all()
