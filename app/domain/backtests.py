"""The test of VaR on the book's own past: the same fields on the API, the command line and the screen.

As in ``risk_reports``: percent is percent, losses are positive, missing is None with the reason beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class ReturnHistory:
    """A book's daily returns as far back as its prices go.

    ``days`` (T,) datetime64[D] ascending, ``returns`` (T,) fractions, NaN where the book has none. ``method`` says how
    they were made.
    """

    scope: str
    is_sample: bool
    days: NDArray[np.datetime64]
    returns: NDArray[np.float64]
    method: str


@dataclass(frozen=True)
class RatioTest:
    """A likelihood-ratio statistic and the probability of one as large if the VaR were right, 0 to 1."""

    statistic: float
    probability: float
    rejects: bool


@dataclass(frozen=True)
class MethodBacktest:
    """What became of one method's forecasts at one level, one day ahead.

    ``exceptions`` of ``days`` lost more than forecast, ``expected`` should have; ``accepted`` are the fewest and the
    most that Kupiec's test does not reject at 5 %. ``tick_loss`` is the mean quantile loss a day in percent, lower is
    better. Where ``unavailable`` says why the sample is too thin, days and exceptions are counted, nothing is tested.
    """

    method: str
    level: float
    days: int
    exceptions: int
    expected: float
    accepted: tuple[int, int] | None
    kupiec: RatioTest | None
    independence: RatioTest | None
    conditional_coverage: RatioTest | None
    zone: str | None
    tick_loss: float | None
    exception_days: tuple[date, ...]
    verdict: str
    unavailable: str | None


@dataclass(frozen=True)
class Preference:
    """The method that the evidence speaks for at one level; ``proven``: tested, and rejected by neither test.

    A method that has no forecast on some days has another ``instead`` that always has, for a day without its figure.
    """

    level: float
    method: str
    proven: bool
    reason: str
    instead: str | None = None


@dataclass(frozen=True)
class WindowBacktest:
    """All methods over one window. ``days`` were tested at most, ``from_date`` to ``to_date``."""

    days: int
    from_date: date | None
    to_date: date | None
    methods: tuple[MethodBacktest, ...]
    preferred: tuple[Preference, ...]


@dataclass(frozen=True)
class BacktestReport:
    """The backtest of a scope. ``as_of`` is the newest day tested, ``returns`` the days of history behind it."""

    scope: str
    as_of: date | None
    computed_at: str
    sample_data: bool
    returns: int
    method: str
    windows: dict[str, WindowBacktest]
