from __future__ import annotations

from app.bootstrap import Services
from app.scheduled_jobs import fund_navs
from app.store.heartbeats import load_heartbeats


def test_nothing_is_asked_while_no_fund_is_held(services: Services) -> None:
    assert fund_navs.run(services) == "no fund is held: nothing to do"
    with services.database.transaction() as connection:
        (beat,) = load_heartbeats(connection)
    assert (beat.job, beat.status) == ("fund_navs", "ok")
