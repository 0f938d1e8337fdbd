"""The windows that a report may be asked for."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.errors import UnknownWindow
from app.domain.risk_reports import WINDOWS


def check_windows(windows: Sequence[str] | None) -> tuple[str, ...]:
    """The windows asked for, all of them for None. Raises UnknownWindow naming a wrong one."""
    names = tuple(dict.fromkeys(windows or WINDOWS))
    for name in names:
        if name not in WINDOWS:
            raise UnknownWindow(f"There is no window {name!r}.", f"Use one of {', '.join(WINDOWS)}.")
    return names
