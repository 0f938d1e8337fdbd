from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InputFileError
from app.sources.day_order import refuse_month_first
from tests.unit.sources.unhurried import unhurried

DAY_FIRST, MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"


def weekdays(first: date, count: int) -> list[date]:
    days = (first + timedelta(step) for step in range(2 * count + 2))
    return [day for day in days if day.weekday() < 5][:count]


def written(days: list[date], pattern: str) -> list[str]:
    return [day.strftime(pattern) for day in days]


def test_one_day_that_can_only_be_month_first_decides_for_the_file() -> None:
    with pytest.raises(InputFileError, match=r"p\.csv: writes days month first: '09/15/2025'"):
        refuse_month_first(["02/09/2025", "09/15/2025", "30/09/2025"], "p.csv")


@pytest.mark.parametrize("separator", ["/", "-", "."])
def test_weekends_that_vanish_month_first_make_a_file_doubtful(separator: str) -> None:
    days = written(weekdays(date(2025, 9, 1), 8), MONTH_FIRST)
    with pytest.raises(InputFileError, match="may write days month first") as refused:
        refuse_month_first([day.replace("/", separator) for day in days], "p.csv")
    assert "year first" in refused.value.remedy


def test_an_order_that_only_holds_month_first_makes_a_file_doubtful() -> None:
    days = [f"0{month}/0{day}/2025" for month in (1, 2, 3) for day in (1, 2, 3)]
    with pytest.raises(InputFileError, match="may write days month first"):
        refuse_month_first(days, "p.csv")


@pytest.mark.parametrize("newest_first", [False, True])
def test_twelve_days_written_day_first_are_believed_in_either_order(*, newest_first: bool) -> None:
    days = sorted(weekdays(date(2025, 9, 1), 8), reverse=newest_first)
    refuse_month_first(written(days, DAY_FIRST), "p.csv")


def test_an_unsorted_file_is_believed_when_one_of_its_days_can_only_be_day_first() -> None:
    refuse_month_first(["06/09/2025", "30/09/2025", "02/09/2025"], "p.csv")


def test_days_written_otherwise_are_of_no_concern() -> None:
    refuse_month_first(["2025-09-06", "06-Sep-2025", "20250906", "", "someday", "99/99/2025"], "p.csv")
    refuse_month_first([], "p.csv")


def test_symbols_one_below_the_other_do_not_look_like_disorder() -> None:
    refuse_month_first(written(weekdays(date(2025, 9, 1), 8), DAY_FIRST) * 3, "p.csv")


@unhurried
@given(st.dates(date(1990, 1, 1), date(2030, 1, 1)), st.integers(10, 60))
def test_a_month_of_trading_days_is_believed_day_first_and_refused_month_first(first: date, count: int) -> None:
    days = weekdays(first, count)
    refuse_month_first(written(days, DAY_FIRST), "p.csv")
    with pytest.raises(InputFileError, match="month first"):
        refuse_month_first(written(days, MONTH_FIRST), "p.csv")
