"""At night, when the day's NAVs are out, and once more next morning: AMFI's list, NAVs of held funds, costs."""

from __future__ import annotations

from app.bootstrap import Services, fund_clients
from app.ingest.fund_feeds import FundRun, fetch_funds
from app.scheduled_jobs.heartbeats import noted
from app.scheduled_jobs.kite_sync import GOOD, summary
from app.sources.amfi_sites import HOSTS
from app.store.fund_holdings import held_isins

NAME = "fund_navs"


def run(services: Services) -> str:
    """Fetch what is missing; returns one line for the log. Nothing is asked while no fund is held."""
    with services.database.transaction() as connection:
        is_needed = bool(held_isins(connection))
    if not is_needed:
        return noted(services, NAME, "ok", "no fund is held: nothing to do")
    client = fund_clients(services.settings)(HOSTS)
    feeds = fetch_funds(FundRun(services.database, client.get, services.now))
    return noted(services, NAME, "ok" if all(feed.status in GOOD for feed in feeds) else "error", summary(feeds))
