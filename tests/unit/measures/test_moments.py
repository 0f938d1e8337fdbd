from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from app.measures import moments
from app.measures.conventions import FloatArray
from tests.unit.measures.reference_files import agreeing_digits, nist

CERTIFIED = [
    ("Michelso", 299.852400000000, 0.0790105478190518, 14, 13),
    ("Lew", -177.435000000000, 277.332168044316, 14, 14),
    ("Mavro", 2.00185600000000, 0.000429123454003053, 14, 12),
    ("NumAcc1", 10000002, 1.0, 14, 14),
    ("NumAcc2", 1.2, 0.1, 14, 14),
    ("NumAcc3", 1000000.2, 0.1, 14, 8),
]


def gappy() -> FloatArray:
    series = np.random.default_rng(3).normal(0.001, 0.02, (40, 3))
    series[[0, 5, 39], 0] = np.nan
    series[:, 2] = np.nan
    return series


@pytest.mark.parametrize(("name", "mean", "deviation", "mean_digits", "deviation_digits"), CERTIFIED)
def test_mean_and_deviation_keep_the_certified_digits_of_nist(
    name: str, mean: float, deviation: float, mean_digits: int, deviation_digits: int
) -> None:
    values = nist(name)
    assert agreeing_digits(float(moments.mean(values)), mean) >= mean_digits
    assert agreeing_digits(float(moments.standard_deviation(values)), deviation) >= deviation_digits


def test_missing_days_are_skipped_column_by_column() -> None:
    series = gappy()
    present = series[~np.isnan(series[:, 0]), 0]
    assert moments.observations(series).tolist() == [37, 40, 0]
    np.testing.assert_allclose(moments.mean(series)[:2], [present.mean(), series[:, 1].mean()], rtol=1e-13)
    np.testing.assert_allclose(
        moments.standard_deviation(series)[:2], [present.std(ddof=1), series[:, 1].std(ddof=1)], rtol=1e-13
    )


def test_skewness_and_kurtosis_are_the_population_ones_of_scipy() -> None:
    series = gappy()[:, :2]
    np.testing.assert_allclose(moments.skewness(series), stats.skew(series, nan_policy="omit"), rtol=1e-12)
    np.testing.assert_allclose(moments.excess_kurtosis(series), stats.kurtosis(series, nan_policy="omit"), rtol=1e-12)


def test_one_series_gives_the_same_as_its_column() -> None:
    series = gappy()
    for measure in (moments.mean, moments.standard_deviation, moments.skewness, moments.excess_kurtosis):
        assert float(measure(series[:, 0])) == pytest.approx(measure(series)[0], rel=1e-13)


def test_a_series_without_a_value_has_no_moment() -> None:
    for measure in (moments.mean, moments.standard_deviation, moments.skewness, moments.excess_kurtosis):
        assert np.isnan(measure(gappy())[2])
        assert np.isnan(measure(np.array([])))


def test_one_value_has_a_mean_and_no_sample_deviation() -> None:
    assert moments.mean(np.array([0.25])) == 0.25
    assert np.isnan(moments.standard_deviation(np.array([0.25])))
    assert moments.standard_deviation(np.array([0.25]), ddof=0) == 0.0


@pytest.mark.parametrize("value", [0.1, -0.013, 1e6 / 3])
def test_a_constant_series_deviates_by_exactly_zero_and_has_no_shape(value: float) -> None:
    series = np.full(61, value)
    assert moments.mean(series) == value
    assert moments.standard_deviation(series) == 0.0
    assert np.isnan(moments.skewness(series))
    assert np.isnan(moments.excess_kurtosis(series))
