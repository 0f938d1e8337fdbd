from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.domain.kite import KiteSession, token_expiry
from app.domain.market_hours import IST


@pytest.mark.parametrize(
    ("login", "end"),
    [
        (datetime(2026, 11, 23, 8, 30, tzinfo=IST), datetime(2026, 11, 24, 6, 0, tzinfo=IST)),
        (datetime(2026, 11, 23, 5, 59, 59, tzinfo=IST), datetime(2026, 11, 23, 6, 0, tzinfo=IST)),
        (datetime(2026, 11, 23, 6, 0, tzinfo=IST), datetime(2026, 11, 24, 6, 0, tzinfo=IST)),
        (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), datetime(2026, 11, 24, 6, 0, tzinfo=IST)),
        (datetime(2026, 11, 23, 0, 29, tzinfo=UTC), datetime(2026, 11, 23, 6, 0, tzinfo=IST)),
        (datetime(2028, 2, 28, 12, 0, tzinfo=IST), datetime(2028, 2, 29, 6, 0, tzinfo=IST)),
    ],
)
def test_a_token_ends_at_the_first_six_in_the_morning_in_india(login: datetime, end: datetime) -> None:
    assert token_expiry(login) == end


def test_a_session_shows_its_user_and_not_its_token() -> None:
    session = KiteSession("AB1234", "Asha", datetime(2026, 11, 23, tzinfo=IST), "canary")
    assert "AB1234" in repr(session)
    assert "canary" not in repr(session)
