"""Before the open and after the close: bring in what Kite has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from app.bootstrap import Services
from app.domain.feeds import Feed, FeedStatus
from app.domain.kite_errors import LoginNeeded
from app.domain.kite_login import LoginStatus
from app.ingest.kite_sync import FEEDS, Part, Sync, SyncRunning, run_sync
from app.scheduled_jobs.heartbeats import noted
from app.store.feeds import load_feeds

NAME = "kite_sync"
NAMES = frozenset(name for names in FEEDS.values() for name in names)
RETRY_AFTER = timedelta(minutes=15)
GOOD = frozenset({FeedStatus.OK, FeedStatus.NOT_ALLOWED})


def run(services: Services) -> str:
    """Fetch everything; returns one line for the log. Without a login nothing is asked, and that is said."""
    if services.kite.state().status is LoginStatus.NOT_CONFIGURED:
        return noted(services, NAME, "ok", "Kite is not set up: nothing to do")
    try:
        feeds = run_sync(Sync(services.kite, services.database, services.now))
    except LoginNeeded as error:
        return noted(services, NAME, "error", f"login needed: {error.message}")
    except SyncRunning as error:
        return error.message
    return noted(services, NAME, "ok" if all(feed.status in GOOD for feed in feeds) else "error", summary(feeds))


def is_due(services: Services) -> bool:
    """True when somebody has logged in since the last try, or a feed that failed has had its pause, or an answer on the
    account that is held back: seen again it may be believed.

    So a morning without a login, or with Kite down, is made up for as soon as it can be.
    """
    state = services.kite.state()
    if state.logged_in_at is None or not state.is_logged_in:
        return False
    with services.database.transaction() as connection:
        feeds = {feed.name: feed for feed in load_feeds(connection) if feed.name in NAMES}
    first = feeds.get(FEEDS[Part.HOLDINGS][0])
    if first is None or first.tried_at < state.logged_in_at:
        return True
    pause_over = services.now() - RETRY_AFTER
    open_feeds = (feed for feed in feeds.values() if feed.status is FeedStatus.FAILED or _waits(feed))
    return any(feed.tried_at <= pause_over for feed in open_feeds)


def _waits(feed: Feed) -> bool:
    return feed.status is FeedStatus.HELD_BACK and feed.name in FEEDS[Part.HOLDINGS]


def summary(feeds: Iterable[Feed]) -> str:
    """How many feeds ended in which way: ``5 ok, 1 not_allowed``."""
    return ", ".join(f"{number} {status}" for status, number in Counter(feed.status for feed in feeds).items())
