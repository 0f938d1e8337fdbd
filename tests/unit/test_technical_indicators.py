from __future__ import annotations

import csv
import gzip
import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app import TechnicalIndicators
from app.measures.range_volatility import ewma_volatility, range_volatilities
from app.measures.returns import simple_returns
from app.measures.volatility import annual_volatility
from tests.shared_data import shared_file

NAN = math.nan

# Worked examples of StockCharts' ChartSchool: prices and result columns of its spreadsheets.
RSI_CLOSES = """
44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826 45.8931 46.0328
45.6140 46.2820 46.2820 46.0028 46.0328 46.4116 46.2222 45.6439 46.2122 46.2521 45.7137 46.4515
45.7835 45.3548 44.0288 44.1783 44.2181 44.5672 43.4205 42.6628 43.1314
"""
RSI = """
70.5328 66.3186 66.5498 69.4063 66.3552 57.9749 62.9296 63.2571 56.0593 62.3771 54.7076 50.4228
39.9898 41.4605 41.8689 45.4632 37.3040 33.0795 37.7730
"""
ATR_HIGHS = """
48.70 48.72 48.90 48.87 48.82 49.05 49.20 49.35 49.92 50.19 50.12 49.66 49.88 50.19 50.36 50.57
50.65 50.43 49.63 50.33 50.29 50.17 49.32 48.50 48.3201 46.80 47.80 48.39 48.66 48.79
"""
ATR_LOWS = """
47.79 48.14 48.39 48.37 48.24 48.635 48.94 48.86 49.50 49.87 49.20 48.90 49.43 49.725 49.26 50.09
50.30 49.21 48.98 49.61 49.20 49.43 48.08 47.64 41.55 44.2833 47.31 47.20 47.90 47.7301
"""
ATR_CLOSES = """
48.16 48.61 48.75 48.63 48.74 49.03 49.07 49.32 49.91 50.13 49.53 49.50 49.75 50.03 50.31 50.52
50.41 49.34 49.37 50.23 49.2375 49.93 48.43 48.18 46.57 45.41 47.77 47.72 48.62 47.85
"""
ATR = """
0.555 0.593929 0.585791 0.568949 0.615452 0.617920 0.642354 0.674329 0.692770 0.775429 0.781470
1.209229 1.302620 1.380290 1.366698 1.336219 1.316482
"""
BAND_CLOSES = """
86.1557 89.0867 88.7829 90.3228 89.0671 91.1453 89.4397 89.1750 86.9302 87.6752 86.9596 89.4299
89.3221 88.7241 87.4497 87.2634 89.4985 87.9006 89.1260 90.7043 92.9001 92.9784 91.8021 92.6647
92.6843
"""
BAND_MIDDLE = "88.70794 89.04516 89.239745 89.390705 89.5078 89.68866"
BAND_UPPER = "91.291862 91.949268 92.612595 92.934200 93.311950 93.728450"
BAND_LOWER = "86.124018 86.141052 85.866895 85.847210 85.703650 85.648870"
OBV_CLOSES = "53.26 53.30 53.32 53.72 54.19 53.92 54.65 54.60 54.21 54.53 53.79 53.66 53.56 53.57 53.94 53.27"
OBV_VOLUMES = "1 8200 8100 8300 8900 9200 13300 10300 9900 10100 11300 12600 10700 11500 23800 14600"
OBV = "8200 16300 24600 33500 24300 37600 27300 17400 27500 16200 3600 -7100 4400 28200 13600"
AD_HIGHS = "62.34 62.05 62.27 60.79 59.93 61.75 60.00 59.00 59.07 59.22"
AD_LOWS = "61.37 60.69 60.10 58.61 58.712 59.86 57.97 58.02 57.48 58.30"
AD_CLOSES = "62.15 60.81 60.45 59.18 59.24 60.20 58.48 58.24 58.69 58.65"
AD_VOLUMES = "7849.025 11692.075 10575.307 13059.128 20733.508 29630.096 17705.294 7259.203 10474.629 5203.714"
AD = "4774 -4855 -12019 -18249 -21006 -39976 -48785 -52785 -47317 -48561"


def series(values: str | Iterable[float]) -> pd.Series[float]:
    numbers = [float(value) for value in (values.split() if isinstance(values, str) else values)]
    return pd.Series(numbers, index=pd.bdate_range("2024-01-01", periods=len(numbers)), dtype=float)


def assert_published(found: pd.Series[float], expected: str, tolerance: float) -> None:
    """``found`` ends with the published column, and is missing before it."""
    numbers = np.array([float(value) for value in expected.split()])
    assert np.isnan(found.to_numpy()[: -len(numbers)]).all()
    np.testing.assert_allclose(found.to_numpy()[-len(numbers) :], numbers, rtol=0, atol=tolerance)


def bars(days: int, seed: int = 1, missing: float = 0.0) -> dict[str, pd.Series[float]]:
    """A random walk around 100 with its ranges and volumes; ``missing`` is the share of NaN in each column."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.015, days)))
    open_ = close * np.exp(rng.normal(0, 0.008, days))
    high, low = np.maximum(open_, close) * 1.004, np.minimum(open_, close) * 0.995
    columns = {"open_": open_, "high": high, "low": low, "close": close, "volume": rng.lognormal(10, 0.5, days)}
    for values in columns.values():
        values[rng.random(days) < missing] = NAN
    return {name: series(values) for name, values in columns.items()}


def test_rsi_reproduces_the_published_example() -> None:
    assert_published(TechnicalIndicators.calculate_rsi(series(RSI_CLOSES)), RSI, 6e-5)


def test_atr_reproduces_the_published_example() -> None:
    """There the first true range is high - low; a close inside that range the day before makes it so."""
    high, low, close = (series(f"48 {column}") for column in (ATR_HIGHS, ATR_LOWS, ATR_CLOSES))
    assert_published(TechnicalIndicators.calculate_atr(high, low, close), ATR, 1e-6)


def test_bollinger_bands_reproduce_the_published_example() -> None:
    bands = TechnicalIndicators.calculate_bollinger_bands(series(BAND_CLOSES))
    for name, expected in (("upper", BAND_UPPER), ("middle", BAND_MIDDLE), ("lower", BAND_LOWER)):
        assert_published(bands[name], expected, 1e-6)


def test_on_balance_volume_reproduces_the_published_example() -> None:
    assert_published(TechnicalIndicators.calculate_obv(series(OBV_CLOSES), series(OBV_VOLUMES)), OBV, 1e-9)


def test_accumulation_distribution_reproduces_the_published_example() -> None:
    found = TechnicalIndicators.calculate_ad_indicator(
        *(series(part) for part in (AD_HIGHS, AD_LOWS, AD_CLOSES, AD_VOLUMES))
    )
    assert_published(found, AD, 0.5)


def wilder_by_loop(values: list[float], period: int) -> list[float]:
    found, seen, average = [], 0, 0.0
    for value in values:
        if math.isnan(value):
            found.append(NAN)
            continue
        seen += 1
        average = average + value / period if seen <= period else (average * (period - 1) + value) / period
        found.append(average if seen >= period else NAN)
    return found


def rsi_by_loop(closes: list[float], period: int) -> list[float]:
    changes = [NAN, *(new - old for old, new in itertools.pairwise(closes))]
    gains = wilder_by_loop([change if math.isnan(change) else max(change, 0.0) for change in changes], period)
    losses = wilder_by_loop([change if math.isnan(change) else max(-change, 0.0) for change in changes], period)
    return [100 - 100 / (1 + gain / loss) for gain, loss in zip(gains, losses)]


def atr_by_loop(high: list[float], low: list[float], close: list[float], period: int) -> list[float]:
    ranges = [NAN]
    for top, bottom, before in zip(high[1:], low[1:], close):
        parts = (top - bottom, abs(top - before), abs(bottom - before))
        ranges.append(NAN if any(math.isnan(part) for part in parts) else max(parts))
    return wilder_by_loop(ranges, period)


def ema_by_loop(values: list[float], period: int) -> list[float]:
    found, seen, average = [], 0, NAN
    for value in values:
        if math.isnan(value):
            found.append(NAN)
            continue
        seen += 1
        average = value if seen == 1 else average + 2 / (period + 1) * (value - average)
        found.append(average if seen >= period else NAN)
    return found


@pytest.mark.parametrize("missing", [0.0, 0.06])
def test_recursive_indicators_equal_plain_loops_also_around_missing_days(missing: float) -> None:
    day = bars(200, missing=missing)
    high, low, close = (day[name].tolist() for name in ("high", "low", "close"))
    np.testing.assert_allclose(TechnicalIndicators.calculate_rsi(day["close"]), rsi_by_loop(close, 14), rtol=1e-11)
    atr = TechnicalIndicators.calculate_atr(day["high"], day["low"], day["close"], 10)
    np.testing.assert_allclose(atr, atr_by_loop(high, low, close, 10), rtol=1e-12)
    np.testing.assert_allclose(TechnicalIndicators.calculate_ema(day["close"], 12), ema_by_loop(close, 12), rtol=1e-12)


@pytest.mark.parametrize("missing", [0.0, 0.05])
def test_macd_equals_a_plain_loop(missing: float) -> None:
    close = bars(150, missing=missing)["close"]
    line = [fast - slow for fast, slow in zip(ema_by_loop(close.tolist(), 12), ema_by_loop(close.tolist(), 26))]
    signal = ema_by_loop(line, 9)
    found = TechnicalIndicators.calculate_macd(close)
    assert list(found) == ["macd", "signal", "histogram"]
    np.testing.assert_allclose(found["macd"], line, rtol=0, atol=1e-11)
    np.testing.assert_allclose(found["signal"], signal, rtol=0, atol=1e-11)
    np.testing.assert_allclose(found["histogram"], np.array(line) - np.array(signal), rtol=0, atol=1e-11)
    assert missing or int(found["signal"].isna().sum()) == 26 + 9 - 2


def test_averages_bands_and_momentum_can_be_worked_by_hand() -> None:
    prices = series([2, 4, 6, 8, NAN, 12, 14, 16])
    np.testing.assert_allclose(TechnicalIndicators.calculate_sma(prices, 3), [NAN, NAN, 4, 6, NAN, NAN, NAN, 14])
    np.testing.assert_allclose(TechnicalIndicators.calculate_momentum(prices, 2), [NAN, NAN, 4, 4, NAN, 4, NAN, 4])
    np.testing.assert_allclose(TechnicalIndicators.calculate_ema(series([2, 4, NAN, 8]), 3), [NAN, NAN, NAN, 5.5])
    bands = TechnicalIndicators.calculate_bollinger_bands(prices, 3, deviations=1.5)
    width = 1.5 * math.sqrt(8 / 3)
    np.testing.assert_allclose(bands["upper"].iloc[[2, 3, 7]], [4 + width, 6 + width, 14 + width])
    np.testing.assert_allclose(bands["lower"].iloc[[2, 3, 7]], [4 - width, 6 - width, 14 - width])


def test_rsi_is_a_hundred_when_prices_only_rise_zero_when_they_only_fall_and_missing_when_they_stand() -> None:
    rising = series(np.arange(1.0, 31.0))
    assert (TechnicalIndicators.calculate_rsi(rising).iloc[14:] == 100).all()
    assert (TechnicalIndicators.calculate_rsi(31 - rising).iloc[14:] == 0).all()
    assert TechnicalIndicators.calculate_rsi(series([7.0] * 30)).isna().all()


def test_running_totals_leave_out_days_they_cannot_judge() -> None:
    close, volume = series([10, 11, NAN, 12, 13, 13, 12]), series([5, 7, 9, 3, 2, 4, NAN])
    np.testing.assert_allclose(TechnicalIndicators.calculate_obv(close, volume), [NAN, 7, NAN, NAN, 9, 9, NAN])
    high, low = series([12, 10, 8, 9, 9]), series([8, 10, 8, 10, 7])
    found = TechnicalIndicators.calculate_ad_indicator(high, low, series([12, 10, 9, 9.5, 7]), series([5, 7, 9, 3, 2]))
    np.testing.assert_allclose(found, [5, 5, NAN, NAN, 3])


def every_series() -> dict[str, tuple[Callable[..., Any], tuple[str, ...], int]]:
    """Each function with the columns it takes and the fewest days that give it a value."""
    return {
        "sma": (lambda close: TechnicalIndicators.calculate_sma(close, 20), ("close",), 20),
        "ema": (lambda close: TechnicalIndicators.calculate_ema(close, 20), ("close",), 20),
        "macd": (TechnicalIndicators.calculate_macd, ("close",), 26 + 9 - 1),
        "bollinger": (TechnicalIndicators.calculate_bollinger_bands, ("close",), 20),
        "rsi": (TechnicalIndicators.calculate_rsi, ("close",), 15),
        "atr": (TechnicalIndicators.calculate_atr, ("high", "low", "close"), 15),
        "momentum": (TechnicalIndicators.calculate_momentum, ("close",), 15),
        "obv": (TechnicalIndicators.calculate_obv, ("close", "volume"), 2),
        "ad": (TechnicalIndicators.calculate_ad_indicator, ("high", "low", "close", "volume"), 1),
        "close_volatility": (TechnicalIndicators.calculate_close_volatility, ("close",), 61),
        "range_volatility": (TechnicalIndicators.calculate_range_volatility, ("open_", "high", "low", "close"), 61),
        "volume": (TechnicalIndicators.calculate_average_volume, ("volume",), 30),
        "turnover": (TechnicalIndicators.calculate_average_turnover, ("close", "volume"), 30),
    }


def parts(found: pd.Series[float] | Mapping[str, pd.Series[float]]) -> list[pd.Series[float]]:
    return list(found.values()) if isinstance(found, Mapping) else [found]


@pytest.mark.parametrize("name", every_series())
def test_too_short_a_series_gives_missing_values_of_equal_length_and_one_day_more_the_first_value(name: str) -> None:
    calculate, columns, least = every_series()[name]
    for days in {0, 1, least - 1, least}:
        day = bars(days)
        found = parts(calculate(*(day[column] for column in columns)))
        assert all(part.index.equals(day["close"].index) and part.dtype == np.float64 for part in found)
        known = [int(part.notna().sum()) for part in found]
        assert known[-1] == (1 if days == least else 0)


@pytest.mark.parametrize("name", every_series())
def test_no_value_depends_on_later_days(name: str) -> None:
    calculate, columns, _ = every_series()[name]
    day = bars(130, missing=0.01)
    whole = parts(calculate(*(day[column] for column in columns)))
    early = parts(calculate(*(day[column].iloc[:100] for column in columns)))
    for long, short in zip(whole, early):
        pd.testing.assert_series_equal(long.iloc[:100], short, rtol=1e-12)


@pytest.mark.parametrize("name", sorted(set(every_series()) - {"volume"}))
def test_a_price_of_zero_is_a_missing_price(name: str) -> None:
    calculate, columns, _ = every_series()[name]
    day, zero = bars(120), bars(120)
    for column in set(columns) - {"volume"}:
        day[column].iloc[70], zero[column].iloc[70] = NAN, 0.0
    for missing, found in zip(
        parts(calculate(*(day[column] for column in columns))), parts(calculate(*(zero[column] for column in columns)))
    ):
        pd.testing.assert_series_equal(missing, found)


@pytest.mark.parametrize("name", [name for name, (_, columns, _) in every_series().items() if len(columns) > 1])
def test_series_of_different_days_are_refused(name: str) -> None:
    calculate, columns, _ = every_series()[name]
    day = bars(80)
    with pytest.raises(ValueError, match="one index"):
        calculate(*(day[column] for column in columns[:-1]), day[columns[-1]].shift(1, freq="D"))


@pytest.mark.parametrize(
    "name", ["sma", "ema", "rsi", "momentum", "bollinger_bands", "average_volume", "close_volatility"]
)
def test_a_period_below_one_day_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="one day or more"):
        getattr(TechnicalIndicators, f"calculate_{name}")(bars(30)["close"], 0)


def test_close_volatility_is_the_reports_figure_of_the_window_ending_that_day() -> None:
    close = bars(90, missing=0.01)["close"]
    found = TechnicalIndicators.calculate_close_volatility(close, 60)
    for row in (60, 75, 89):
        returns = simple_returns(np.asarray(close, dtype=float)[row - 60 : row + 1])
        assert found["close_to_close"].iloc[row] == pytest.approx(100 * float(annual_volatility(returns)), rel=1e-12)
        assert found["ewma"].iloc[row] == pytest.approx(100 * float(ewma_volatility(returns)), rel=1e-12)


def test_range_volatility_is_the_reports_figure_of_the_window_ending_that_day() -> None:
    day = bars(90, missing=0.01)
    columns = [day[name] for name in ("open_", "high", "low", "close")]
    found = TechnicalIndicators.calculate_range_volatility(columns[0], columns[1], columns[2], columns[3], 40)
    for row in (45, 89):
        opens, highs, lows, closes = (np.asarray(column, dtype=float)[: row + 1, None] for column in columns)
        expected = range_volatilities(opens, highs, lows, closes, np.array([40]))
        for name in ("parkinson", "garman_klass", "rogers_satchell", "yang_zhang"):
            assert found[name].iloc[row] == pytest.approx(100 * getattr(expected, name).item(), rel=1e-12)


def test_volatility_needs_nine_tenths_of_its_days() -> None:
    close = bars(21)["close"]
    close.iloc[0] = NAN
    close.iloc[20] = NAN
    assert TechnicalIndicators.calculate_close_volatility(close, 20)["ewma"].notna().iloc[20]
    close.iloc[10] = NAN
    assert TechnicalIndicators.calculate_close_volatility(close, 20)["ewma"].isna().iloc[20]


def test_average_volume_counts_idle_days_and_leaves_out_unknown_ones() -> None:
    volume = series([100, 0, 200, *[100] * 7, NAN])
    found = TechnicalIndicators.calculate_average_volume(volume, 10)
    np.testing.assert_allclose(found.iloc[9:], [100, 900 / 9])
    assert TechnicalIndicators.calculate_average_volume(volume.mask(volume == 0), 10).iloc[10:].isna().all()


def test_average_turnover_is_price_times_volume() -> None:
    found = TechnicalIndicators.calculate_average_turnover(series([10, 20, 30]), series([3, 4, 5]), 2)
    np.testing.assert_allclose(found, [NAN, 55, 115])


def test_turnover_of_nse_shares_is_within_one_percent_of_the_official_figure() -> None:
    with gzip.open(shared_file("market/nse_raw_bhavcopy_2025.csv.gz"), "rt", encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["symbol"] in {"RELIANCE", "TCS", "SBIN", "SUZLON"}]
    for symbol in ("RELIANCE", "TCS", "SBIN", "SUZLON"):
        own = [row for row in rows if row["symbol"] == symbol]
        close, volume, lakhs = (series(float(row[k]) for row in own) for k in ("close", "volume", "turnover_lacs"))
        found = TechnicalIndicators.calculate_average_turnover(close, volume) / (1e5 * lakhs.rolling(30).mean())
        assert found.notna().sum() > 100
        assert (found.dropna() - 1).abs().max() < 0.01


@pytest.mark.parametrize(
    ("volumes", "word"),
    [
        (range(100, 120), "increasing"),
        (range(120, 100, -1), "decreasing"),
        ([100.0] * 20, "stable"),
        ([100, 300] * 10, "stable"),
        ([*range(200, 180, -1), *range(100, 110)], "increasing"),
        (range(9), "unknown"),
        ([*range(100, 119), NAN], "unknown"),
        ([*range(100, 119), -1], "unknown"),
    ],
)
def test_volume_trend_is_one_of_four_words(volumes: Iterable[float], word: str) -> None:
    assert TechnicalIndicators.calculate_volume_trend(series(volumes)) == word


def test_four_days_are_the_fewest_with_a_trend() -> None:
    assert TechnicalIndicators.calculate_volume_trend(series([1, 2, 3, 4]), 4) == "increasing"
    with pytest.raises(ValueError, match="4 days"):
        TechnicalIndicators.calculate_volume_trend(series([1, 2, 3, 4]), 3)


@pytest.mark.parametrize(
    ("closes", "score"),
    [
        (100 + np.sqrt(np.arange(40.0)), 100.0),
        (100 + np.arange(40.0) ** 2, 0.0),
        (np.linspace(100, 137.7, 40), 50.0),
        (np.full(40, 9.1), 50.0),
        (100 + np.sqrt(np.arange(27.0)), 50.0),
        (np.array([*(100 + np.sqrt(np.arange(39.0))), NAN]), 50.0),
    ],
)
def test_declining_momentum_is_scored_from_zero_to_a_hundred(closes: Iterable[float], score: float) -> None:
    assert TechnicalIndicators.detect_declining_momentum(series(closes)) == score


def test_twice_the_period_is_enough_to_score_momentum() -> None:
    assert TechnicalIndicators.detect_declining_momentum(series(100 + np.sqrt(np.arange(28.0)))) == 100.0


def test_fibonacci_levels_run_from_the_high_to_the_low() -> None:
    assert TechnicalIndicators.calculate_fibonacci_levels(200.0, 100.0) == {
        "0%": 200.0,
        "23.6%": pytest.approx(176.4),
        "38.2%": pytest.approx(161.8),
        "50%": 150.0,
        "61.8%": pytest.approx(138.2),
        "100%": 100.0,
    }
    assert all(math.isnan(level) for level in TechnicalIndicators.calculate_fibonacci_levels(NAN, 100.0).values())
    with pytest.raises(ValueError, match="below"):
        TechnicalIndicators.calculate_fibonacci_levels(100.0, 200.0)


def test_support_and_resistance_lie_on_both_sides_of_the_newest_price() -> None:
    wave = series(100 + 10 * np.sin(np.arange(60) / 3))
    found = TechnicalIndicators.detect_support_resistance(wave, window=3, lookback=40)
    assert list(found) == ["support_levels", "resistance_levels"]
    assert [(round(level["price"]), level["strength"], level["type"]) for level in found["support_levels"]] == [
        (90, 2, "support")
    ]
    assert [(round(level["price"]), level["type"]) for level in found["resistance_levels"]] == [(110, "resistance")]
    assert TechnicalIndicators.detect_support_resistance(wave.iloc[:6]) == {
        "support_levels": [],
        "resistance_levels": [],
    }


def swings(rsi: Mapping[int, float]) -> pd.DataFrame:
    """A low on day 3, a lower one on day 9, a high on day 6 and a higher one on day 12; an RSI of 50 but on ``rsi``."""
    lows = [20.0, 18, 17, 15, 17, 18, 19, 17, 16, 14, 18, 20, 22, 20, 19]
    days = pd.DataFrame({"lows": lows, "highs": lows, "closes": lows, "rsi": 50.0})
    days["highs"] += 1.0
    for row, value in rsi.items():
        days.loc[row, "rsi"] = value
    return days


def divergences(days: pd.DataFrame, within: int = 20, least: float = 0.05) -> list[dict[str, Any]]:
    found = TechnicalIndicators.detect_rsi_divergence(
        days["highs"], days["lows"], days["closes"], days["rsi"], days.index, within, least
    )
    return [dict(item) for item in found]


def test_a_lower_low_with_a_higher_rsi_is_bullish_and_a_higher_high_with_a_lower_rsi_bearish() -> None:
    days = swings({3: 25.0, 9: 35.0, 6: 70.0, 12: 62.0})
    assert divergences(days) == [
        {"date": 9, "type": "bullish", "price": 14.0, "rsi": 35.0, "strength": pytest.approx(0.10)},
        {"date": 12, "type": "bearish", "price": 23.0, "rsi": 62.0, "strength": pytest.approx(0.08)},
    ]
    assert [item["date"] for item in divergences(days, least=0.09)] == [9]
    assert divergences(days, within=5) == []


@pytest.mark.parametrize("column", ["lows", "closes", "rsi"])
def test_a_turning_point_with_a_missing_price_or_rsi_shows_no_divergence(column: str) -> None:
    days = swings({3: 25.0, 9: 35.0})
    assert len(divergences(days)) == 1
    days.loc[9, column] = NAN
    assert divergences(days) == []


def test_divergences_need_one_date_for_each_price() -> None:
    days = bars(15)
    with pytest.raises(ValueError, match="14 dates for 15 prices"):
        TechnicalIndicators.detect_rsi_divergence(
            days["high"], days["low"], days["close"], days["close"], dates=range(14)
        )


def test_the_years_volatility_of_the_nifty_is_the_known_one() -> None:
    with gzip.open(shared_file("market/nse_daily.csv.gz"), "rt", encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["symbol"] in {"NIFTY50", "RELIANCE"}]
    for symbol, percent in (("NIFTY50", 12.97), ("RELIANCE", 21.07)):
        close = series(float(row["close"]) for row in rows if row["symbol"] == symbol)
        found = TechnicalIndicators.calculate_close_volatility(close.iloc[-260:], 252)
        assert found["close_to_close"].iloc[-1] == pytest.approx(percent, abs=0.006)
        assert 5 < found["ewma"].iloc[-1] < 40
