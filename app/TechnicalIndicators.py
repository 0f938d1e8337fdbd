"""Technical indicators and rolling volatility of one security: pandas Series in, Series on the same index out.

Days are trading days, oldest first. A price that is not above 0 is missing. A missing day has no value, takes away
every window that holds it, and leaves running averages and totals as they were; changes are never taken across it.
Volatility, volume and turnover need nine tenths of their days instead. Input that is too short gives NaN throughout.
Series given together must share one index, and periods are one day or more: ValueError otherwise.
Formulas, sources and checks: docs/indicators.md.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from app.indicator_series import (
    RsiDivergence,
    array,
    check_index,
    check_period,
    divergences,
    exponential_average,
    known_bars,
    known_prices,
    known_volumes,
    placed,
    wilder_series,
    windows_of,
)
from app.measures.conventions import has_enough_returns
from app.measures.indicators import PriceLevel, resistance_levels, support_levels, trend
from app.measures.liquidity import AVERAGE_DAYS, average_volume
from app.measures.moments import observations
from app.measures.range_volatility import ESTIMATORS, ewma_volatility, range_volatilities
from app.measures.returns import simple_returns
from app.measures.volatility import annual_volatility

VOLATILITY_DAYS = 60
"""Default window of volatility: the shortest of the risk report."""
TREND_SCORE = 1.645
"""Normal score beyond which volume has a trend: 10 %, two-sided."""
LEAST_TREND = 4
"""Fewest days whose trend can reach that score."""
RETRACEMENTS = {"0%": 0.0, "23.6%": 0.236, "38.2%": 0.382, "50%": 0.5, "61.8%": 0.618, "100%": 1.0}
NEUTRAL = 50.0
_DIGITS = 9


def calculate_sma(price_data: pd.Series[float], period: int) -> pd.Series[float]:
    """Mean of the newest ``period`` prices, rupees."""
    check_period(period)
    return known_prices(price_data).rolling(period).mean()


def calculate_ema(price_data: pd.Series[float], period: int) -> pd.Series[float]:
    """Exponential average, rupees: e + 2 / (period + 1) (price - e) from the first price on; NaN before the n-th."""
    return exponential_average(known_prices(price_data), period)


def calculate_macd(
    price_data: pd.Series[float], fast: int = 12, slow: int = 26, signal: int = 9
) -> dict[str, pd.Series[float]]:
    """Rupees: ``macd`` = EMA(fast) - EMA(slow), ``signal`` = its EMA, ``histogram`` = their difference (Appel 1979)."""
    prices = known_prices(price_data)
    macd = exponential_average(prices, fast) - exponential_average(prices, slow)
    smooth = exponential_average(macd, signal)
    return {"macd": macd, "signal": smooth, "histogram": macd - smooth}


def calculate_bollinger_bands(
    price_data: pd.Series[float], period: int = 20, deviations: float = 2.0
) -> dict[str, pd.Series[float]]:
    """``upper``, ``middle`` (SMA) and ``lower`` band in rupees, with the population deviation (Bollinger 2001)."""
    check_period(period)
    windows = known_prices(price_data).rolling(period)
    middle, width = windows.mean(), deviations * windows.std(ddof=0)
    return {"upper": middle + width, "middle": middle, "lower": middle - width}


def calculate_rsi(price_data: pd.Series[float], period: int = 14) -> pd.Series[float]:
    """Relative strength index, 0 to 100: 100 x gain / (gain + loss), both averaged as Wilder does (Wilder 1978).

    Needs period + 1 prices; NaN where no price of the whole past has moved.
    """
    change = known_prices(price_data).diff()
    gain, loss = wilder_series(change.clip(lower=0.0), period), wilder_series(-change.clip(upper=0.0), period)
    return 100.0 * gain / (gain + loss)


def calculate_atr(
    high: pd.Series[float], low: pd.Series[float], close: pd.Series[float], period: int = 14
) -> pd.Series[float]:
    """Average true range in rupees, averaged as Wilder does (Wilder 1978).

    The true range spans the day and the close before, so a day after a missing close has none. Needs period + 1 days.
    """
    high, low, close = known_bars(high, low, close)
    before = close.shift(1)
    true_high, true_low = high.where(before <= high, before), low.where(before >= low, before)
    return wilder_series((true_high - true_low).where(high.notna()), period)


def calculate_momentum(close: pd.Series[float], period: int = 14) -> pd.Series[float]:
    """Close minus the close ``period`` days before, rupees."""
    check_period(period)
    return known_prices(close).diff(period)


def calculate_obv(close: pd.Series[float], volume: pd.Series[float]) -> pd.Series[float]:
    """On-balance volume, shares: running total of volume, signed as the day's change of close (Granville 1963).

    The first day has no change, so the total starts on the second; only its differences mean anything.
    """
    check_index(close, volume)
    return (known_volumes(volume) * np.sign(known_prices(close).diff())).cumsum()


def calculate_ad_indicator(
    high: pd.Series[float], low: pd.Series[float], close: pd.Series[float], volume: pd.Series[float]
) -> pd.Series[float]:
    """Accumulation/distribution line, shares: running total of volume x ((C - L) - (H - C)) / (H - L) (Chaikin).

    A close at the high counts the whole volume, at the low minus the whole; a day without a range counts none of it.
    """
    check_index(close, volume)
    high, low, close = known_bars(high, low, close)
    place = ((close - low) - (high - close)) / (high - low)
    inside = (low <= close) & (close <= high)
    return (known_volumes(volume) * place.mask(high == low, 0.0).where(inside)).cumsum()


def calculate_close_volatility(close: pd.Series[float], period: int = VOLATILITY_DAYS) -> dict[str, pd.Series[float]]:
    """Percent a year over the newest ``period`` returns: ``close_to_close`` and ``ewma`` (decay 0.94).

    Both are the report's figures of a window that ends on that day.
    """
    check_period(period)
    returns = simple_returns(windows_of(known_prices(close), period + 1))
    found = {"close_to_close": annual_volatility(returns), "ewma": ewma_volatility(returns)}
    enough = has_enough_returns(observations(returns), period)
    return {name: placed(100.0 * figures, enough, close.index) for name, figures in found.items()}


def calculate_range_volatility(
    open_: pd.Series[float],
    high: pd.Series[float],
    low: pd.Series[float],
    close: pd.Series[float],
    period: int = VOLATILITY_DAYS,
) -> dict[str, pd.Series[float]]:
    """Percent a year over the newest ``period`` days, from their ranges.

    ``parkinson``, ``garman_klass`` and ``rogers_satchell`` see the trading hours, ``yang_zhang`` the nights as well.
    """
    check_index(open_, high, low, close)
    opens, highs, lows, closes = (windows_of(known_prices(prices), period + 1) for prices in (open_, high, low, close))
    found = range_volatilities(opens, highs, lows, closes, np.array([period]))
    enough = has_enough_returns(found.observations[0], period)
    return {name: placed(100.0 * getattr(found, name)[0], enough, close.index) for name in ESTIMATORS}


def calculate_average_volume(volume: pd.Series[float], period: int = AVERAGE_DAYS) -> pd.Series[float]:
    """Mean shares a day over the newest ``period`` days; a day without a trade counts as 0, an unknown one not."""
    windows = windows_of(known_volumes(volume), period)
    return placed(average_volume(windows, period), has_enough_returns(observations(windows), period), volume.index)


def calculate_average_turnover(
    close: pd.Series[float], volume: pd.Series[float], period: int = AVERAGE_DAYS
) -> pd.Series[float]:
    """Mean of close x volume over the newest ``period`` days, rupees a day.

    Both must be adjusted for splits, or neither: an adjusted price times a raw volume is wrong by the split's factor.
    """
    check_index(close, volume)
    return calculate_average_volume(known_prices(close) * known_volumes(volume), period)


def calculate_volume_trend(volume: pd.Series[float], period: int = 10) -> str:
    """``increasing`` or ``decreasing`` when the newest ``period`` days have a trend at 10 % (Mann 1945), or ``stable``.

    ``unknown`` when there are fewer days or one is missing. Raises ValueError for a period below 4.
    """
    if period < LEAST_TREND:
        raise ValueError(f"a trend needs {LEAST_TREND} days or more, not {period}")
    newest = array(known_volumes(volume))[-period:]
    if len(newest) < period or np.isnan(newest).any():
        return "unknown"
    _, score = trend(newest)
    return "increasing" if score > TREND_SCORE else "decreasing" if score < -TREND_SCORE else "stable"


def detect_declining_momentum(close: pd.Series[float], period: int = 14) -> float:
    """How steadily momentum fell over the newest ``period`` days: 100 every day, 0 rose every day, 50 no tendency.

    50 x (1 - Kendall's tau of the momentum against time). Needs 2 x period closes; with fewer, or one missing, 50.
    """
    newest = array(calculate_momentum(close, period) / known_prices(close).max())[-period:]
    tau, _ = trend(np.round(newest, _DIGITS))
    return NEUTRAL if np.isnan(tau) else NEUTRAL * (1.0 - tau)


def calculate_fibonacci_levels(high: float, low: float) -> dict[str, float]:
    """Retracements in rupees of a rise from ``low`` to ``high``: 0% is the high, 100% the low.

    NaN when either is NaN. Raises ValueError when the high is below the low.
    """
    if high < low:
        raise ValueError(f"the high {high} is below the low {low}")
    return {name: high - share * (high - low) for name, share in RETRACEMENTS.items()}


def detect_support_resistance(
    price_data: pd.Series[float], window: int = 5, lookback: int = 20
) -> dict[str, list[PriceLevel]]:
    """Turning points of the newest ``lookback`` prices as levels, strongest first, then nearest; at most 5 of a kind.

    A turning point is the lowest or highest of the ``window`` days before and after it; points within 1 % are one
    level. Lows at or below the newest price are ``support_levels``, highs at or above it ``resistance_levels``.
    """
    prices = array(known_prices(price_data))
    return {
        "support_levels": support_levels(prices, window, lookback),
        "resistance_levels": resistance_levels(prices, window, lookback),
    }


def detect_rsi_divergence(
    highs: pd.Series[float],
    lows: pd.Series[float],
    closes: pd.Series[float],
    rsi: pd.Series[float],
    dates: Iterable[object],
    lookback_periods: int = 20,
    min_divergence_strength: float = 0.05,
) -> list[RsiDivergence]:
    """Turning points, oldest first, where price went to a new extreme and the RSI did not follow (Wilder 1978).

    Bullish: a low below the low before it, at most ``lookback_periods`` days earlier, with the RSI higher by
    ``min_divergence_strength`` or more; bearish: the mirror image at highs. A turning point is the extreme of five
    days, so it is known two days late. Raises ValueError when there is not one date for each price.
    """
    check_index(highs, rsi)
    days = list(dates)
    if len(days) != len(rsi):
        raise ValueError(f"{len(days)} dates for {len(rsi)} prices")
    top, bottom, _ = (array(prices) for prices in known_bars(highs, lows, closes))
    return divergences(top, bottom, array(rsi.where(closes.notna())), days, lookback_periods, min_divergence_strength)
