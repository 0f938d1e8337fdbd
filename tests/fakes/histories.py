"""A history and a backtest for tests of the screen: invented, from seeded returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np

from app.domain.backtests import BacktestReport, ReturnHistory
from app.domain.errors import RiskError
from app.domain.risk_reports import Unit
from app.domain.risk_runs import HistoryPoint, HistorySeries, RunKind
from app.risk.var_backtest import backtest_report

LAST_DAY = np.datetime64("2026-11-20")


def days_before(count: int) -> np.ndarray:
    """The last ``count`` weekdays up to the newest day."""
    return np.asarray(np.busday_offset(LAST_DAY, np.arange(1 - count, 1)))


@cache
def normal_backtest(windows: tuple[str, ...], days: int = 800) -> BacktestReport:
    """Returns with waves of volatility and fat tails, ``days`` of them."""
    rng = np.random.default_rng(4)
    returns = 0.008 * np.exp(0.4 * np.sin(np.arange(days) / 40)) * rng.standard_t(5, days)
    history = ReturnHistory("equity", False, days_before(days), np.asarray(returns), "one day ahead, weights of today")
    return backtest_report(history, windows, "2026-11-23T08:15:00+00:00")


def point(day: date, value: float | None, reason: str | None = None) -> HistoryPoint:
    rupees = None if value is None else value * 30_000
    return HistoryPoint(day, value, rupees, 252, 100.0, reason, 3_000_000.0, 7, RunKind.DAILY)


@dataclass
class FakeHistory:
    """``days`` points of a measure, the third without a figure; an ``error`` is raised instead."""

    days: int = 30
    kept: tuple[str, ...] = ("beta", "cvar_95", "var_historical_95", "var_monte_carlo_99")
    error: RiskError | None = None
    scopes: tuple[str, ...] = ("equity", "mf", "combined")
    sample_data: bool = False

    def measures(self, scope: str) -> tuple[str, ...]:
        if self.error:
            raise self.error
        return self.kept if self.days else ()

    def series(self, scope: str, measure: str, window: str) -> HistorySeries:
        days = days_before(self.days).tolist() if self.days else []
        points = [point(day, 1.2 + place / 100) for place, day in enumerate(days)]
        if len(points) > 2:
            points[2] = point(days[2], None, "only 22 of 252 returns, 90% are needed")
        unit = Unit.RATIO if measure == "beta" else Unit.PERCENT
        starts = days[0] if days else None
        return HistorySeries(scope, measure, window, unit if days else None, starts, tuple(points), self.sample_data)
