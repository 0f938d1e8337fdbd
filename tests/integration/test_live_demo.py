"""The demonstration trades whenever it is started: the market and the app have its clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.bootstrap import build_services
from app.domain.market_hours import IST, MarketPhase, market_phase
from app.KiteAccessToken import create_app
from app.settings import read_settings
from tests.fakes.live_demo import demo_kite, demo_offset, demo_settings


@pytest.mark.parametrize(
    ("started", "shown"),
    [
        (datetime(2026, 11, 23, 20, 0, tzinfo=IST), datetime(2026, 11, 23, 11, 0, tzinfo=IST)),
        (datetime(2026, 11, 23, 5, 0, 0, 400_000, tzinfo=IST), datetime(2026, 11, 23, 11, 0, tzinfo=IST)),
        (datetime(2026, 11, 21, 12, 0, tzinfo=IST), datetime(2026, 11, 23, 11, 0, tzinfo=IST)),
        (datetime(2026, 11, 22, 23, 59, tzinfo=IST), datetime(2026, 11, 23, 11, 0, tzinfo=IST)),
    ],
)
def test_it_starts_at_eleven_of_a_trading_day(started: datetime, shown: datetime) -> None:
    assert abs(started + demo_offset(started) - shown) <= timedelta(seconds=0.5)


def test_the_fake_and_the_app_have_the_same_clock_and_the_market_is_open(database_url: str, tmp_path: Path) -> None:
    offset = demo_offset(datetime(2026, 11, 23, 20, 0, tzinfo=IST)) + timedelta(seconds=1)
    kite = demo_kite(offset, "http://127.0.0.1:5000/kite/callback")
    kite.start()
    try:
        environ = {**demo_settings(kite, str(tmp_path), offset), "DATABASE_URL": database_url}
        services = build_services(read_settings(environ))
        before, app_time, after = kite.now(), services.now(), kite.now()
        assert before <= app_time <= after
        services.kite.finish_login(kite.logins.new_request_token())
        quote = services.kite.source().quote(["NSE:NIFTY 50"]).rows[0]
        assert quote.as_of is not None
        assert before.replace(microsecond=0) <= quote.as_of <= kite.now()
        page = create_app(services).test_client().get("/").get_data(as_text=True)
        assert "<b>Demonstration.</b> The market is invented" in page
        services.close()
    finally:
        kite.stop()


def test_its_hours_are_those_of_continuous_trading() -> None:
    start = datetime(2026, 11, 23, 20, 0, tzinfo=IST)
    first = start + demo_offset(start)
    assert {market_phase(first + timedelta(hours=hours)) for hours in range(4)} == {MarketPhase.CONTINUOUS}
