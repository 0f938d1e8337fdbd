from __future__ import annotations

import csv
import gzip
import itertools
import math
from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from app.measures import range_volatility
from app.measures.conventions import FloatArray
from app.measures.range_volatility import RangeVolatility
from app.measures.volatility import annual_volatility
from tests.shared_data import shared_file

YEAR = math.sqrt(252)
NAMES = ("parkinson", "garman_klass", "rogers_satchell", "yang_zhang")


def simulated_days(
    days: int, columns: int, *, drift: float = 0.0, overnight: float = 0.0, steps: int = 64, seed: int = 1
) -> tuple[FloatArray, ...]:
    """Opens, highs, lows and closes (days, columns) of Brownian motion with a variance of 1e-4 in the trading hours.

    A path of ``steps`` points misses its true extremes by about 0.5826 standard deviations of a step; here the extreme
    between two points is drawn from its exact law, that of a Brownian bridge, so that no such bias is left.
    """
    rng = np.random.default_rng(seed)
    sigma = 0.01
    variance = sigma**2 / steps
    moves = rng.normal(drift / steps, math.sqrt(variance), (steps, days, columns))
    ends = np.cumsum(moves, axis=0)
    starts = ends - moves
    reach = [-2.0 * variance * np.log(rng.random(moves.shape)) for _ in range(2)]
    high = (starts + (moves + np.sqrt(moves**2 + reach[0])) / 2.0).max(axis=0)
    low = (starts + (moves - np.sqrt(moves**2 + reach[1])) / 2.0).min(axis=0)
    night = rng.normal(0.0, overnight, (days, columns))
    opened = np.cumsum(night, axis=0)
    opened[1:] += np.cumsum(ends[-1], axis=0)[:-1]
    return tuple(100.0 * np.exp(opened + part) for part in (np.zeros_like(high), high, low, ends[-1]))


def over_windows(bars: Iterable[FloatArray], *windows: int) -> RangeVolatility:
    opens, highs, lows, closes = bars
    return range_volatility.range_volatilities(opens, highs, lows, closes, np.array(windows, dtype=np.int64))


def each_day(estimator: str, bars: tuple[FloatArray, ...]) -> FloatArray:
    """Daily variance of every single day, by giving each day a column of its own."""
    opens, highs, lows, closes = (part.reshape(1, -1) for part in bars)
    prices = (highs, lows) if estimator == "parkinson" else (opens, highs, lows, closes)
    return np.asarray(getattr(range_volatility, estimator)(*prices) ** 2 / 252)


@pytest.mark.parametrize(
    ("estimator", "efficiency"), [("parkinson", 4.91), ("garman_klass", 7.4), ("rogers_satchell", 6.0)]
)
def test_on_brownian_motion_each_estimator_has_the_true_variance_and_its_published_efficiency(
    estimator: str, efficiency: float
) -> None:
    daily = each_day(estimator, simulated_days(1, 40_000))
    error = float(daily.std()) / math.sqrt(daily.size)
    assert daily.mean() == pytest.approx(1e-4, abs=4 * error)
    assert error < 1e-4 * 0.004
    assert 2e-8 / daily.var() == pytest.approx(efficiency, rel=0.05)


def test_a_drift_misleads_the_others_but_not_rogers_satchell() -> None:
    bars = simulated_days(1, 40_000, drift=0.01)
    true = each_day("rogers_satchell", bars)
    assert true.mean() == pytest.approx(1e-4, abs=4 * float(true.std()) / 200)
    assert each_day("parkinson", bars).mean() > 1.3e-4
    assert each_day("garman_klass", bars).mean() > 1.1e-4


def test_prices_watched_only_now_and_then_give_too_little_range() -> None:
    rng = np.random.default_rng(3)
    path = np.cumsum(rng.normal(0, 0.01 / math.sqrt(40), (40, 20_000)), axis=0)
    path = 100 * np.exp(np.vstack([np.zeros(20_000), path]))
    seen = range_volatility.parkinson(path.max(axis=0)[None], path.min(axis=0)[None])
    assert 0.75 < np.mean(seen**2) / 252 / 1e-4 < 0.95


def test_yang_zhang_finds_the_variance_of_days_and_nights_whatever_the_drift() -> None:
    bars = simulated_days(12, 8_000, drift=0.004, overnight=0.006, steps=32)
    variance = range_volatility.yang_zhang(*bars) ** 2 / 252
    assert variance.mean() == pytest.approx(1.36e-4, abs=4 * float(variance.std()) / math.sqrt(8_000))
    closes = np.diff(np.log(bars[3]), axis=0).var(axis=0, ddof=1)
    assert closes.var() / variance.var() > 4


def test_one_day_can_be_worked_by_hand() -> None:
    opens, highs, lows, closes = (np.array([math.exp(part)]) for part in (0.0, 0.03, -0.01, 0.02))
    assert range_volatility.parkinson(highs, lows) == pytest.approx(YEAR * math.sqrt(0.04**2 / 4 / math.log(2)))
    expected = 0.04**2 / 2 - (2 * math.log(2) - 1) * 0.02**2
    assert range_volatility.garman_klass(opens, highs, lows, closes) == pytest.approx(YEAR * math.sqrt(expected))
    expected = 0.03 * 0.01 + 0.01 * 0.03
    assert range_volatility.rogers_satchell(opens, highs, lows, closes) == pytest.approx(YEAR * math.sqrt(expected))


def gappy(days: int, columns: int, seed: int = 5) -> tuple[FloatArray, ...]:
    """Simulated bars of which one price in twenty-five is NaN and one in fifty 0; one column has no bar at all."""
    rng = np.random.default_rng(seed)
    bars = tuple(part.copy() for part in simulated_days(days, columns, overnight=0.005, steps=8))
    for part in bars:
        part[rng.random(part.shape) < 0.04] = np.nan
        part[rng.random(part.shape) < 0.02] = 0.0
        part[:, -1] = np.nan
    return bars


def linked(bars: tuple[FloatArray, ...], column: int, first: int) -> Iterator[tuple[float, float, float, float]]:
    """Second writing, day by day: logarithms of high, low, close over open and of open over the close before."""
    for day in range(max(first, 1), len(bars[0])):
        opened, high, low, close = (float(part[day, column]) for part in bars)
        before = float(bars[3][day - 1, column])
        if all(price > 0 for price in (opened, high, low, close, before)):
            yield math.log(high / opened), math.log(low / opened), math.log(close / opened), math.log(opened / before)


def sample_variance(values: list[float]) -> float:
    centre = math.fsum(values) / len(values)
    return math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1)


def by_loops(days: list[tuple[float, float, float, float]]) -> dict[str, float]:
    count = len(days)
    rogers = math.fsum(u * (u - c) + d * (d - c) for u, d, c, _ in days) / count
    share = 0.34 / (1.34 + (count + 1) / (count - 1))
    night, day = sample_variance([o for *_, o in days]), sample_variance([c for _, _, c, _ in days])
    variances = {
        "parkinson": math.fsum((u - d) ** 2 for u, d, _, _ in days) / count / 4 / math.log(2),
        "garman_klass": math.fsum((u - d) ** 2 / 2 - 0.3862943611198906 * c**2 for u, d, c, _ in days) / count,
        "rogers_satchell": rogers,
        "yang_zhang": night + share * day + (1 - share) * rogers,
    }
    return {name: YEAR * math.sqrt(variance) for name, variance in variances.items()}


def test_all_windows_equal_a_plain_loop_over_the_days_that_have_every_price() -> None:
    bars = gappy(80, 5)
    found = over_windows(bars, 10, 60, 79, 500)
    for (row, window), column in itertools.product(enumerate([10, 60, 79, 500]), range(4)):
        days = list(linked(bars, column, 80 - window))
        assert found.observations[row, column] == len(days)
        for name, expected in by_loops(days).items():
            assert getattr(found, name)[row, column] == pytest.approx(expected, rel=1e-12)
    assert (found.observations[:, 4] == 0).all()
    assert all(np.isnan(getattr(found, name)[:, 4]).all() for name in NAMES)


def test_a_window_of_whole_bars_equals_the_single_functions_on_its_rows() -> None:
    bars = simulated_days(40, 3, overnight=0.004, steps=8)
    found = over_windows(bars, 15)
    rows = tuple(part[-15:] for part in bars)
    np.testing.assert_allclose(found.parkinson[0], range_volatility.parkinson(rows[1], rows[2]), rtol=1e-13)
    np.testing.assert_allclose(found.garman_klass[0], range_volatility.garman_klass(*rows), rtol=1e-13)
    np.testing.assert_allclose(found.rogers_satchell[0], range_volatility.rogers_satchell(*rows), rtol=1e-13)
    np.testing.assert_allclose(found.yang_zhang[0], range_volatility.yang_zhang(*(p[-16:] for p in bars)), rtol=1e-13)


def test_one_series_gives_a_number_and_its_matrix_the_same_in_a_row() -> None:
    bars = gappy(60, 2)
    for name in NAMES[1:]:
        estimator = getattr(range_volatility, name)
        assert estimator(*(part[:, 0] for part in bars)).shape == ()
        assert estimator(*(part[:, 0] for part in bars)) == estimator(*bars)[0]
        assert np.isnan(estimator(*bars)[1])


@pytest.mark.parametrize(
    ("price", "value"), [(0, np.nan), (1, np.nan), (2, np.nan), (3, np.nan), (2, 0.0), (1, 90.0), (2, 130.0), (3, -1.0)]
)
def test_a_day_with_a_missing_or_impossible_price_is_left_out_whole(price: int, value: float) -> None:
    bars = simulated_days(12, 1, overnight=0.004, steps=8)
    bars[price][11, 0] = value
    for name in NAMES[1:]:
        estimator = getattr(range_volatility, name)
        assert estimator(*bars) == pytest.approx(estimator(*(part[:11] for part in bars)), rel=1e-14)


def test_a_missing_close_takes_the_next_day_from_yang_zhang_and_a_missing_open_does_not() -> None:
    for price, expected in ((3, 7), (0, 8)):
        bars = simulated_days(10, 1, steps=8)
        bars[price][5, 0] = np.nan
        assert over_windows(bars, 9).observations.item() == expected


def test_an_unbelieved_move_is_left_out_by_a_missing_open() -> None:
    true = simulated_days(30, 1, overnight=0.004, steps=8)
    split = tuple(part.copy() for part in true)
    for part in split:
        part[:20] *= 5.0
    assert range_volatility.yang_zhang(*split)[0] > 3
    for bars in (true, split):
        bars[0][20] = np.nan
    np.testing.assert_allclose(range_volatility.yang_zhang(*split), range_volatility.yang_zhang(*true), rtol=1e-9)


def test_prices_adjusted_by_a_factor_give_the_same_volatility_and_survive_their_rounding() -> None:
    bars = simulated_days(30, 4, steps=8)
    bars[3][3] = bars[1][3]
    before = over_windows(bars, 29)
    factor = 1 / 3
    rounded = (*(part * factor for part in bars[:3]), bars[3] * factor * (1 + 2e-16))
    after = over_windows(rounded, 29)
    for name in ("observations", *NAMES):
        np.testing.assert_allclose(getattr(after, name), getattr(before, name), rtol=1e-9)


def test_days_that_stand_still_have_no_volatility_and_too_few_have_none_to_tell() -> None:
    still = np.full((5, 1), 70.0)
    found = over_windows((still,) * 4, 1, 4)
    for name in NAMES:
        expected = [np.nan, 0.0] if name == "yang_zhang" else [0.0, 0.0]
        np.testing.assert_array_equal(getattr(found, name)[:, 0], expected)
    one = over_windows((still[:1],) * 4, 5)
    assert one.observations.item() == 0
    assert all(np.isnan(getattr(one, name)).all() for name in NAMES)


def test_a_rise_that_never_turns_back_has_no_rogers_satchell_volatility_even_when_rounding_goes_below_zero() -> None:
    opens, closes = np.array([3.0]), np.array([3.3])
    assert range_volatility.rogers_satchell(opens, closes * (1 - 2e-16), opens, closes) == 0.0


def test_no_window_is_an_empty_answer_and_a_window_of_no_day_an_error() -> None:
    bars = simulated_days(5, 2, steps=8)
    empty = over_windows(bars)
    assert empty.observations.shape == empty.yang_zhang.shape == (0, 2)
    with pytest.raises(ValueError, match="one day or more"):
        over_windows(bars, 0)


def ewma_by_loop(returns: list[float], decay: float) -> float:
    known = [value for value in returns if not math.isnan(value)]
    variance = math.fsum(value * value for value in known) / len(known)
    for value in known:
        variance = decay * variance + (1 - decay) * value * value
    return YEAR * math.sqrt(variance)


def test_ewma_equals_a_plain_loop_that_leaves_missing_days_out() -> None:
    rng = np.random.default_rng(8)
    returns = rng.normal(0, 0.02, (120, 4))
    returns[rng.random(returns.shape) < 0.1] = np.nan
    expected = [ewma_by_loop(returns[:, column].tolist(), 0.94) for column in range(4)]
    np.testing.assert_allclose(range_volatility.ewma_volatility(returns), expected, rtol=1e-13)
    assert range_volatility.ewma_volatility(returns[:, 0], 0.8) == pytest.approx(
        ewma_by_loop(returns[:, 0].tolist(), 0.8)
    )


def test_ewma_of_returns_of_one_size_is_that_size_and_a_shock_counts_six_percent() -> None:
    signs = np.array([1.0, -1.0] * 30)
    assert range_volatility.ewma_volatility(0.02 * signs) == pytest.approx(0.02 * YEAR, rel=1e-14)
    shocked = np.array([*(0.02 * signs), 0.2])
    start = (60 * 0.02**2 + 0.2**2) / 61
    expected = 0.94**61 * start + 0.94 * (1 - 0.94**60) * 0.02**2 + 0.06 * 0.2**2
    assert range_volatility.ewma_volatility(shocked) == pytest.approx(YEAR * math.sqrt(expected), rel=1e-13)


def test_ewma_without_a_return_is_missing_and_has_the_shape_of_the_series() -> None:
    np.testing.assert_array_equal(range_volatility.ewma_volatility(np.full((3, 2), np.nan)), [np.nan, np.nan])
    assert np.isnan(range_volatility.ewma_volatility(np.empty(0)))
    assert range_volatility.ewma_volatility(np.empty((0, 3))).shape == (3,)


@pytest.mark.parametrize("decay", [0.0, 1.0, -0.5, math.nan])
def test_a_decay_outside_zero_to_one_is_refused(decay: float) -> None:
    with pytest.raises(ValueError, match="decay"):
        range_volatility.ewma_volatility(np.array([0.01, 0.02]), decay)


def nse_year(symbol: str) -> NDArray[np.float64]:
    """Open, high, low, close of the newest 253 days: (4, 253)."""
    with gzip.open(shared_file("market/nse_daily.csv.gz"), "rt", encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["symbol"] == symbol]
    return np.array([[float(row[name]) for row in rows[-253:]] for name in ("open", "high", "low", "close")])


@pytest.mark.parametrize("symbol", ["NIFTY50", "RELIANCE", "TCS"])
def test_on_a_year_of_clean_nse_bars_the_estimators_agree_with_the_closes(symbol: str) -> None:
    bars = nse_year(symbol)
    closes = float(annual_volatility(bars[3][1:] / bars[3][:-1] - 1))
    found = over_windows(bars[..., None], 252)
    assert found.observations.item() == 252
    assert 0.95 < found.yang_zhang.item() / closes < 1.15
    for name in NAMES[:3]:
        assert 0.75 < getattr(found, name).item() / closes < 1.0
