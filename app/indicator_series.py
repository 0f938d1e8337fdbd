"""What every indicator does with its pandas Series: checks it, takes what can be believed of it, puts figures back.

The furniture of ``TechnicalIndicators``, whose module text gives the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import pandas as pd

from app.measures.conventions import BoolArray, FloatArray
from app.measures.indicators import bullish_divergences, trailing_windows, wilder_average


class RsiDivergence(TypedDict):
    """``date`` of the second turning point, its ``price`` and ``rsi``; ``type`` is bullish or bearish.

    ``strength`` is the change of the RSI against the price, 0.05 = 5 points.
    """

    date: object
    type: str
    price: float
    rsi: float
    strength: float


def divergences(
    top: FloatArray, bottom: FloatArray, rsi: FloatArray, days: Sequence[object], within: int, least: float
) -> list[RsiDivergence]:
    """Every divergence of both kinds, oldest first: highs, lows and RSI (T,), one of ``days`` for each."""
    found: list[tuple[int, RsiDivergence]] = []
    for kind, sign, prices in (("bullish", 1.0, bottom), ("bearish", -1.0, top)):
        rows, strengths = bullish_divergences(sign * prices, sign * rsi, within, least)
        for row, strength in zip(rows.tolist(), strengths.tolist()):
            price, value = float(prices[row]), float(rsi[row])
            found.append((row, {"date": days[row], "type": kind, "price": price, "rsi": value, "strength": strength}))
    return [divergence for _, divergence in sorted(found, key=lambda pair: pair[0])]


def exponential_average(values: pd.Series[float], period: int) -> pd.Series[float]:
    """Moves by 2 / (period + 1) of the distance to each value; NaN before the n-th and on a missing day."""
    check_period(period)
    average = values.ewm(span=period, adjust=False, ignore_na=True, min_periods=period).mean()
    return average.where(values.notna())


def wilder_series(values: pd.Series[float], period: int) -> pd.Series[float]:
    """Wilder's running average of the series."""
    check_period(period)
    return pd.Series(wilder_average(array(values), period), index=values.index)


def windows_of(values: pd.Series[float], length: int) -> FloatArray:
    """Every run of ``length`` values as a column."""
    check_period(length)
    return trailing_windows(array(values), length)


def array(values: pd.Series[float]) -> FloatArray:
    """The values, (T,)."""
    return np.asarray(values, dtype=np.float64)


def placed(figures: FloatArray, known: BoolArray, index: pd.Index) -> pd.Series[float]:
    """One figure for each of the newest rows of ``index``, NaN before them and where it is not ``known``."""
    placed = np.full(len(index), np.nan)
    placed[len(index) - len(figures) :] = np.where(known, figures, np.nan)
    return pd.Series(placed, index=index)


def known_prices(series: pd.Series[float]) -> pd.Series[float]:
    """Missing where the price is not above 0."""
    return series.astype(np.float64).where((series > 0.0) & (series < np.inf))


def known_volumes(series: pd.Series[float]) -> pd.Series[float]:
    """Missing where the volume is below 0."""
    return series.astype(np.float64).where((series >= 0.0) & (series < np.inf))


def known_bars(
    high: pd.Series[float], low: pd.Series[float], close: pd.Series[float]
) -> tuple[pd.Series[float], pd.Series[float], pd.Series[float]]:
    """The three as prices; high and low are missing together, and where the high is below the low."""
    check_index(high, low, close)
    high, low, close = known_prices(high), known_prices(low), known_prices(close)
    whole = high >= low
    return high.where(whole), low.where(whole), close


def check_period(period: int) -> None:
    """Raise ValueError for less than a day."""
    if period < 1:
        raise ValueError(f"a period is one day or more, not {period}")


def check_index(first: pd.Series[float], *others: pd.Series[float]) -> None:
    """Raise ValueError unless all have one index."""
    if not all(first.index.equals(other.index) for other in others):
        raise ValueError("the series do not share one index")
