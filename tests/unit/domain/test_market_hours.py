from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest

from app.domain.market_hours import (
    EQUITY_HOURS,
    IST,
    MarketPhase,
    hours_on,
    last_final_day,
    market_phase,
    trading_day,
)


def india(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=IST)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("day", "continuous_end", "auction_end"),
    [
        (date(2026, 8, 2), time(15, 30), time(15, 30)),
        (date(2026, 8, 3), time(15, 15), time(15, 35)),
        (date(2026, 12, 6), time(15, 15), time(15, 35)),
        (date(2026, 12, 7), time(15, 30), time(15, 40)),
    ],
)
def test_hours_change_on_the_day_they_take_effect(day: date, continuous_end: time, auction_end: time) -> None:
    hours = hours_on(day)
    assert (hours.continuous_end, hours.closing_auction_end) == (continuous_end, auction_end)


def test_rows_of_hours_are_in_order_of_their_day() -> None:
    assert list(EQUITY_HOURS) == sorted(EQUITY_HOURS, key=lambda hours: hours.effective)


def test_the_trading_day_is_that_of_india() -> None:
    assert trading_day(datetime(2026, 11, 20, 18, 29, tzinfo=UTC)) == date(2026, 11, 20)
    assert trading_day(datetime(2026, 11, 20, 18, 30, tzinfo=UTC)) == date(2026, 11, 21)


def test_todays_bar_is_final_once_post_close_trading_has_ended() -> None:
    assert last_final_day(india(2026, 11, 20, 15, 59)) == date(2026, 11, 19)
    assert last_final_day(india(2026, 11, 20, 16, 0)) == date(2026, 11, 20)


def test_an_instant_means_the_same_wherever_its_clock_stands() -> None:
    instant = india(2026, 11, 20, 16, 0)
    for offset in (-11, 0, 9):
        assert last_final_day(instant.astimezone(timezone(timedelta(hours=offset)))) == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        (india(2026, 11, 23, 8, 59), MarketPhase.CLOSED),
        (india(2026, 11, 23, 9, 0), MarketPhase.PRE_OPEN),
        (india(2026, 11, 23, 9, 15), MarketPhase.CONTINUOUS),
        (india(2026, 11, 23, 15, 14, 59), MarketPhase.CONTINUOUS),
        (india(2026, 11, 23, 15, 15), MarketPhase.CLOSING_AUCTION),
        (india(2026, 11, 23, 15, 35), MarketPhase.POST_CLOSE),
        (india(2026, 11, 23, 16, 0), MarketPhase.CLOSED),
        (india(2026, 11, 21, 12, 0), MarketPhase.CLOSED),
        (india(2026, 7, 31, 15, 20), MarketPhase.CONTINUOUS),
        (india(2026, 7, 31, 15, 30), MarketPhase.POST_CLOSE),
        (india(2026, 12, 7, 15, 20), MarketPhase.CONTINUOUS),
        (india(2026, 12, 7, 15, 35), MarketPhase.CLOSING_AUCTION),
    ],
)
def test_the_phase_follows_the_hours_in_force_on_that_day(moment: datetime, phase: MarketPhase) -> None:
    assert market_phase(moment) is phase
    assert market_phase(moment.astimezone(UTC)) is phase
