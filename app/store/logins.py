"""Who is logged in to the screen. Only hashes of ids are stored: a copy of the database opens nothing."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

IDLE_LIMIT = timedelta(hours=12)
SESSION_LIFE = timedelta(days=7)
STATE_LIFE = timedelta(minutes=5)
SEEN_EVERY = timedelta(minutes=1)
"""How exactly the last visit is kept: not every request writes."""
LONGEST_WAIT = timedelta(minutes=15)
ATTEMPTS_KEPT = timedelta(days=1)


def start_session(connection: Connection, session_id: str, granted_by: str, now: datetime) -> None:
    """Note a login. ``granted_by`` names the proof, so that the session ends when the proof does."""
    connection.execute(
        text("""INSERT INTO risk_web_sessions (id_hash, granted_by, started_at, last_seen_at)
                VALUES (:id_hash, :granted_by, :now, :now)"""),
        {"id_hash": _hash(session_id), "granted_by": granted_by, "now": now},
    )


def find_session(connection: Connection, session_id: str, now: datetime) -> str | None:
    """What granted a session that is within its limits, and note the visit; None for any other id."""
    granted_by: str | None = connection.scalar(
        text("""SELECT granted_by FROM risk_web_sessions
                WHERE id_hash = :id_hash AND last_seen_at > :idle AND started_at > :oldest"""),
        {"id_hash": _hash(session_id), "idle": now - IDLE_LIMIT, "oldest": now - SESSION_LIFE},
    )
    if granted_by is not None:
        connection.execute(
            text("UPDATE risk_web_sessions SET last_seen_at = :now WHERE id_hash = :id_hash AND last_seen_at < :then"),
            {"id_hash": _hash(session_id), "now": now, "then": now - SEEN_EVERY},
        )
    return granted_by


def end_session(connection: Connection, session_id: str) -> None:
    """The id is worth nothing from now on."""
    connection.execute(text("DELETE FROM risk_web_sessions WHERE id_hash = :id_hash"), {"id_hash": _hash(session_id)})


def save_state(connection: Connection, state: str, browser_id: str, now: datetime) -> None:
    """Expect this state back from Kite, in this browser, within five minutes. Old states and sessions go."""
    connection.execute(text("DELETE FROM risk_login_states WHERE expires_at <= :now"), {"now": now})
    connection.execute(
        text("DELETE FROM risk_web_sessions WHERE last_seen_at <= :idle OR started_at <= :oldest"),
        {"idle": now - IDLE_LIMIT, "oldest": now - SESSION_LIFE},
    )
    connection.execute(
        text("""INSERT INTO risk_login_states (state_hash, browser_hash, expires_at)
                VALUES (:state_hash, :browser_hash, :expires_at)"""),
        {"state_hash": _hash(state), "browser_hash": _hash(browser_id), "expires_at": now + STATE_LIFE},
    )


def take_state(connection: Connection, state: str, browser_id: str, now: datetime) -> bool:
    """Whether the state was expected in this browser now. It is used up by being asked for, whatever the answer."""
    row = connection.execute(
        text("DELETE FROM risk_login_states WHERE state_hash = :state_hash RETURNING browser_hash, expires_at"),
        {"state_hash": _hash(state)},
    ).one_or_none()
    return row is not None and bytes(row.browser_hash) == _hash(browser_id) and row.expires_at > now


def claim_attempt(connection: Connection, subject: str, free: int, now: datetime) -> datetime | None:
    """Count one more failure before the password is looked at; None when it may be looked at, else when next.

    After ``free`` failures (2 or more) the wait doubles from a second to 15 minutes. Counting first, in one statement,
    leaves nothing to gain from many attempts at once. A day without an attempt forgets them.
    """
    connection.execute(text("DELETE FROM risk_login_attempts WHERE last_at < :oldest"), {"oldest": now - ATTEMPTS_KEPT})
    claimed = connection.execute(
        text("""INSERT INTO risk_login_attempts AS a (subject, failures, last_at, retry_at)
                VALUES (:subject, 1, :now, :now)
                ON CONFLICT (subject) DO UPDATE SET failures = a.failures + 1, last_at = :now,
                    retry_at = CASE WHEN a.failures + 1 < :free THEN CAST(:now AS timestamptz)
                                    ELSE :now + LEAST(make_interval(secs => 2.0 ^ LEAST(a.failures + 1 - :free, 20)),
                                                      CAST(:longest AS interval)) END
                WHERE a.retry_at <= :now RETURNING 1"""),
        {"subject": subject, "free": free, "now": now, "longest": LONGEST_WAIT},
    ).scalar()
    if claimed:
        return None
    retry_at: datetime | None = connection.scalar(
        text("SELECT retry_at FROM risk_login_attempts WHERE subject = :subject"), {"subject": subject}
    )
    return retry_at


def clear_attempts(connection: Connection, subject: str) -> None:
    """The right password was given: the failures are forgotten."""
    connection.execute(text("DELETE FROM risk_login_attempts WHERE subject = :subject"), {"subject": subject})


def _hash(secret: str) -> bytes:
    """A plain hash is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()
