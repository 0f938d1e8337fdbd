"""In the evening, and once more next morning: prices from public sources for what Kite does not give."""

from __future__ import annotations

from datetime import timedelta

from app.bootstrap import Services
from app.domain.feeds import Feed, FeedStatus
from app.domain.kite_login import LoginStatus
from app.ingest.eod_prices import FEEDS, EodRun, PricesRunning, fetch_prices, needs_prices
from app.scheduled_jobs.heartbeats import noted
from app.scheduled_jobs.kite_sync import GOOD, summary
from app.store.feeds import load_feeds

NAME = "eod_prices"
CANDLES = "kite_prices"
RETRY_AFTER = timedelta(hours=1)


def run(services: Services) -> str:
    """Ask the sources of RISK_PRICE_SOURCES in order; returns one line for the log."""
    if not services.settings.price_sources:
        return noted(services, NAME, "ok", "no public price source is wanted: nothing to do")
    try:
        feeds = fetch_prices(eod_run(services))
    except PricesRunning as error:
        return error.message
    return noted(services, NAME, "ok" if all(feed.status in GOOD for feed in feeds) else "error", summary(feeds))


def eod_run(services: Services) -> EodRun:
    """A run with the doors of these services."""
    return EodRun(services.database, services.now, services.price_sites, services.settings.price_sources)


def is_due(services: Services) -> bool:
    """True when something held has no prices at all, Kite can't give them, and nobody has tried within the hour.

    So a book that was just brought need not wait for the evening.
    """
    if not services.settings.price_sources:
        return False
    with services.database.transaction() as connection:
        feeds = {feed.name: feed for feed in load_feeds(connection)}
        tried = [feed for name, feed in feeds.items() if name in FEEDS]
        if any(services.now() - feed.tried_at < RETRY_AFTER for feed in tried) or not _kite_is_out(services, feeds):
            return False
        return needs_prices(connection, services.now())


def _kite_is_out(services: Services, feeds: dict[str, Feed]) -> bool:
    candles = feeds.get(CANDLES)
    not_allowed = candles is not None and candles.status is FeedStatus.NOT_ALLOWED
    return not_allowed or services.kite.state().status is LoginStatus.NOT_CONFIGURED
