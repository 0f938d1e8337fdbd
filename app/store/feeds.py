"""How each feed went last, and how far a running one is."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, text

from app.domain.feeds import Feed, FeedStatus

SYNC_LOCK = 7_241_000_004
"""Advisory lock key: Kite's rate limits hold for all processes together, so one of them fetches at a time."""
PRICES_LOCK = 7_241_000_021
"""Advisory lock key: one process at a time reads the public price sources."""
LOCKS = {"nse_prices": PRICES_LOCK, "yahoo_prices": PRICES_LOCK}
"""The lock that is held while a feed runs, where it is not Kite's."""
HELD_LOCKS = """SELECT (CAST(classid AS bigint) << 32) | CAST(objid AS bigint) FROM pg_locks
                WHERE locktype = 'advisory' AND objsubid = 1 AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
"""pg_locks shows a key in two halves."""


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
    """Every feed that was ever tried, by name. One whose run was killed has failed, whatever it wrote last: a run holds
    the lock of its feed as long as it lives.
    """
    rows = connection.execute(
        text(f"""SELECT feed AS name, status, detail, tried_at, good_at, as_of, done, total, notes,
                        ARRAY({HELD_LOCKS}) AS held FROM risk_feeds ORDER BY feed""")  # noqa: S608  our own text
    )
    return tuple(_feed(dict(row._mapping)) for row in rows)


def _feed(row: dict[str, Any]) -> Feed:
    held = row.pop("held")
    feed = Feed(**row | {"status": FeedStatus(row["status"]), "notes": tuple(row["notes"])})
    runs = LOCKS.get(feed.name, SYNC_LOCK) in held
    return feed if runs or feed.status is not FeedStatus.RUNNING else _stopped(feed)


def _stopped(feed: Feed) -> Feed:
    detail = f"it was stopped after {feed.done} of {feed.total} steps" if feed.total else "it was stopped"
    return replace(feed, status=FeedStatus.FAILED, detail=detail)


def held_locks(connection: Connection) -> set[int]:
    """The keys of all advisory locks that some process holds in this database."""
    return set(connection.scalars(text(HELD_LOCKS)))


def lock_sync(connection: Connection, key: int = SYNC_LOCK) -> bool:
    """Take the right to fetch, from Kite or what ``key`` stands for, until the transaction ends; False when another
    process has it.
    """
    return bool(connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key}))
