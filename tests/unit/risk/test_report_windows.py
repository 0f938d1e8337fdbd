from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.domain.errors import UnknownWindow
from app.domain.risk_runs import Asked
from app.risk.report_windows import ask, check_windows


def test_all_windows_are_meant_where_none_is_named() -> None:
    assert check_windows(None) == check_windows(()) == ("60d", "90d", "1y")


def test_a_window_named_twice_counts_once() -> None:
    assert check_windows(("1y", "60d", "1y")) == ("1y", "60d")


def test_an_unknown_window_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownWindow, match=r"no window '2y'.*Use one of 60d, 90d, 1y"):
        check_windows(("60d", "2y"))


NIGHT = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
"""Saturday in India."""


def test_a_question_has_its_windows_in_order_of_length_and_the_day_in_india() -> None:
    assert ask(("1y", "60d", "1y"), None, NIGHT) == Asked(date(2026, 11, 21), ("60d", "1y"), 1, is_newest=True)
    assert ask(None, date(2026, 11, 3), NIGHT, 10) == Asked(date(2026, 11, 3), ("60d", "90d", "1y"), 10)


def test_the_newest_book_is_read_for_today_alone() -> None:
    today, later = date(2026, 11, 21), date(2026, 11, 23)
    newest = ask(None, None, NIGHT)
    assert (newest.as_of, newest.book_day(today), newest.book_day(later)) == (None, None, today)
    assert ask(None, today, NIGHT).book_day(today) == today
