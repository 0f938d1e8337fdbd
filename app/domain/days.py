"""Days that somebody asks for."""

from __future__ import annotations

from datetime import date

from app.domain.errors import RiskError


class WrongDay(RiskError):
    """A day that has not come yet, or a span that ends before it begins."""

    exit_code = 2


def check_days(today: date, *days: date | None) -> None:
    """Raise WrongDay where one of ``days`` is after ``today`` (India's date), or they do not follow each other.

    None is a day that nobody named.
    """
    named = [day for day in days if day is not None]
    if any(day > today for day in named):
        raise WrongDay(f"{max(named)} has not come yet.", f"In India today is {today}: ask for a day up to it.")
    if named != sorted(named):
        raise WrongDay(f"The first day, {named[0]}, is after the last, {named[-1]}.", "Give the earlier day first.")
