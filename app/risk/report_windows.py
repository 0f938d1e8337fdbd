"""What a report may be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from app.domain.errors import UnknownWindow
from app.domain.market_hours import trading_day
from app.domain.risk_reports import WINDOWS
from app.domain.risk_runs import Asked

LONG_PAST = min(WINDOWS.values())
"""Trading days: prices or NAVs that ended before the shortest window began say nothing of today, and are critical."""


def check_windows(windows: Sequence[str] | None) -> tuple[str, ...]:
    """The windows asked for, all of them for None. Raises UnknownWindow naming a wrong one."""
    names = tuple(dict.fromkeys(windows or WINDOWS))
    for name in names:
        if name not in WINDOWS:
            raise UnknownWindow(f"There is no window {name!r}.", f"Use one of {', '.join(WINDOWS)}.")
    return names


def ask(windows: Sequence[str] | None, as_of: date | None, now: datetime, horizon_days: int = 1) -> Asked:
    """The question in the form in which it is kept; None for ``as_of`` is the newest. Raises UnknownWindow."""
    names = sorted(check_windows(windows), key=WINDOWS.__getitem__)
    return Asked(as_of or trading_day(now), tuple(names), horizon_days, is_newest=as_of is None)
