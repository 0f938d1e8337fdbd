from __future__ import annotations

import pytest

from app.domain.errors import UnknownWindow
from app.risk.report_windows import check_windows


def test_all_windows_are_meant_where_none_is_named() -> None:
    assert check_windows(None) == check_windows(()) == ("60d", "90d", "1y")


def test_a_window_named_twice_counts_once() -> None:
    assert check_windows(("1y", "60d", "1y")) == ("1y", "60d")


def test_an_unknown_window_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownWindow, match=r"no window '2y'.*Use one of 60d, 90d, 1y"):
        check_windows(("60d", "2y"))
