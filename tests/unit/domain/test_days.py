from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.domain.days import WrongDay, check_days

TODAY = date(2026, 11, 23)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


@pytest.mark.parametrize(
    "days", [(), (None,), (TODAY,), (None, TODAY), (YESTERDAY, None), (YESTERDAY, TODAY), (TODAY, TODAY)]
)
def test_days_up_to_today_in_order_can_be_asked_for(days: tuple[date | None, ...]) -> None:
    check_days(TODAY, *days)


@pytest.mark.parametrize("days", [(TOMORROW,), (None, TOMORROW), (TOMORROW, None), (YESTERDAY, TOMORROW)])
def test_a_day_that_has_not_come_is_refused_with_the_day_it_is_in_india(days: tuple[date | None, ...]) -> None:
    with pytest.raises(WrongDay, match="2026-11-24 has not come yet") as caught:
        check_days(TODAY, *days)
    assert "2026-11-23" in caught.value.remedy


def test_days_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(WrongDay, match="2026-11-23, is after the last, 2026-11-22"):
        check_days(TODAY, TODAY, YESTERDAY)
