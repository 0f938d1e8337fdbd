"""All measures of all series over several windows in one compiled pass: what the monitor runs on every tick."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from app.measures._kernels import Rules, fill_windows, prepared
from app.measures.conventions import (
    DDOF,
    EWMA_DECAY,
    EXPANSION_REACH,
    LEVELS,
    PERIODS_PER_YEAR,
    RISK_FREE_DAILY,
    TOLERANCE,
    FloatArray,
    IntArray,
)

_TAILS = 1.0 - np.array(LEVELS)
_QUANTILES = ndtri(_TAILS)


@dataclass(frozen=True, slots=True, eq=False)
class WindowMeasures:
    """Arrays (W, N), one row per window, one column per series: the figures of the functions they are named after.

    Fractions, losses positive, both volatilities a year, ``mean`` and VaR a day; NaN by the rule of each measure.
    ``observations`` counts the returns found in the window.
    """

    observations: IntArray
    mean: FloatArray
    volatility: FloatArray
    skew: FloatArray
    excess_kurtosis: FloatArray
    beta: FloatArray
    correlation: FloatArray
    var_historical_95: FloatArray
    var_historical_99: FloatArray
    cvar_95: FloatArray
    cvar_99: FloatArray
    var_parametric_95: FloatArray
    var_parametric_99: FloatArray
    var_cornish_fisher_95: FloatArray
    var_cornish_fisher_99: FloatArray
    max_drawdown: FloatArray
    current_drawdown: FloatArray
    sharpe: FloatArray
    sortino: FloatArray
    volatility_ewma: FloatArray


_ROWS = len(WindowMeasures.__slots__)


def window_measures(
    returns: FloatArray,
    benchmark: FloatArray,
    windows: IntArray,
    risk_free_daily: float = RISK_FREE_DAILY,
) -> WindowMeasures:
    """Measures of the newest ``windows`` (W,) rows of ``returns`` (T, N) against ``benchmark`` (T,).

    Windows are strictly ascending and at least 1 (ValueError otherwise); one longer than T uses all rows, and a window
    is measured on the returns it has: whether they are enough is the caller's question (``has_enough_returns``).
    Equal to the single functions of this package to rounding.
    """
    lengths = np.asarray(windows, dtype=np.int64)
    if lengths.size and (lengths[0] < 1 or np.any(lengths[1:] <= lengths[:-1])):
        raise ValueError(f"windows must be positive and ascending, not {lengths.tolist()}")
    if benchmark.shape != returns.shape[:1]:
        raise ValueError(f"benchmark has shape {benchmark.shape}, returns have {returns.shape}")
    out = np.full((_ROWS, lengths.size, returns.shape[1]), np.nan)
    rules = Rules(
        _TAILS,
        _QUANTILES,
        least=1.0 - TOLERANCE,
        target=float(risk_free_daily),
        periods=PERIODS_PER_YEAR,
        ddof=DDOF,
        reach=EXPANSION_REACH,
        decay=EWMA_DECAY,
    )
    fill_windows(prepared(returns), prepared(benchmark), lengths, rules, out)
    return WindowMeasures(out[0].astype(np.int64), *out[1:])
