"""How each feed went last, and how far a running one is."""

from __future__ import annotations

from dataclasses import asdict, replace

from sqlalchemy import Connection, text

from app.domain.feeds import Feed, FeedStatus

SYNC_LOCK = 7_241_000_004
"""Advisory lock key: Kite's rate limits hold for all processes together, so one of them fetches at a time."""


def save_feed(connection: Connection, feed: Feed) -> None:
    """Note a try. One without ``good_at`` leaves the last success as it is."""
    connection.execute(
        text("""INSERT INTO risk_feeds AS kept (feed, status, detail, tried_at, good_at, as_of, done, total, notes)
                VALUES (:name, :status, :detail, :tried_at, :good_at, :as_of, :done, :total, :notes)
                ON CONFLICT (feed) DO UPDATE
                SET status = excluded.status, detail = excluded.detail, tried_at = excluded.tried_at,
                    good_at = coalesce(excluded.good_at, kept.good_at), as_of = coalesce(excluded.as_of, kept.as_of),
                    done = excluded.done, total = excluded.total, notes = excluded.notes"""),
        asdict(feed) | {"notes": list(feed.notes)},
    )


def load_feeds(connection: Connection) -> tuple[Feed, ...]:
    """Every feed that was ever tried, by name. One whose run was killed has failed, whatever it wrote last."""
    stopped = not _sync_runs(connection)
    rows = connection.execute(
        text("""SELECT feed AS name, status, detail, tried_at, good_at, as_of, done, total, notes
                FROM risk_feeds ORDER BY feed""")
    )
    feeds = (Feed(**{**row._mapping, "status": FeedStatus(row.status), "notes": tuple(row.notes)}) for row in rows)
    return tuple(_stopped(feed) if stopped and feed.status is FeedStatus.RUNNING else feed for feed in feeds)


def _stopped(feed: Feed) -> Feed:
    detail = f"it was stopped after {feed.done} of {feed.total} steps" if feed.total else "it was stopped"
    return replace(feed, status=FeedStatus.FAILED, detail=detail)


def _sync_runs(connection: Connection) -> bool:
    """Whether any process holds the right to fetch. pg_locks shows the key in two halves."""
    return bool(
        connection.scalar(
            text("""SELECT EXISTS (
                        SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted
                        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                        AND (CAST(classid AS bigint) << 32) | CAST(objid AS bigint) = :key)"""),
            {"key": SYNC_LOCK},
        )
    )


def lock_sync(connection: Connection) -> bool:
    """Take the right to fetch from Kite until the transaction ends; False when another process has it."""
    return bool(connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": SYNC_LOCK}))
