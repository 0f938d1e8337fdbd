from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from app.Boilerplate import Boilerplate
from app.store import logins

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def test_a_session_is_found_by_its_id_until_it_ends(database: Boilerplate) -> None:
    with database.transaction() as connection:
        logins.start_session(connection, "mine", "password:1", NOW)
        logins.start_session(connection, "other", "kite:AB1234", NOW)
        assert logins.find_session(connection, "mine", NOW) == "password:1"
        assert logins.find_session(connection, "nobody's", NOW) is None
        logins.end_session(connection, "mine")
        assert logins.find_session(connection, "mine", NOW) is None
        assert logins.find_session(connection, "other", NOW) == "kite:AB1234"


def test_a_visit_is_noted_at_most_once_a_minute(database: Boilerplate) -> None:
    with database.transaction() as connection:
        logins.start_session(connection, "mine", "password:1", NOW)
        for seconds, noted in ((30, 0), (61, 61), (100, 61), (122, 122)):
            logins.find_session(connection, "mine", NOW + timedelta(seconds=seconds))
            seen = connection.scalar(text("SELECT last_seen_at FROM risk_web_sessions"))
            assert seen == NOW + timedelta(seconds=noted)


def test_what_is_over_is_removed_with_the_next_login(database: Boilerplate) -> None:
    later = NOW + logins.IDLE_LIMIT
    with database.transaction() as connection:
        logins.start_session(connection, "old", "password:1", NOW)
        logins.save_state(connection, "old state", "browser", NOW)
        logins.start_session(connection, "new", "password:1", later)
        logins.save_state(connection, "new state", "browser", later)
        counts = [
            connection.scalar(text(f"SELECT count(*) FROM {table}"))
            for table in ("risk_web_sessions", "risk_login_states")
        ]
    assert counts == [1, 1]


def test_a_state_is_good_once_in_its_browser_for_five_minutes(database: Boilerplate) -> None:
    last = NOW + logins.STATE_LIFE - timedelta(seconds=1)
    with database.transaction() as connection:
        for name in ("good", "foreign", "late"):
            logins.save_state(connection, name, "browser", NOW)
        assert logins.take_state(connection, "good", "browser", last)
        assert not logins.take_state(connection, "good", "browser", last)
        assert not logins.take_state(connection, "foreign", "another browser", last)
        assert not logins.take_state(connection, "foreign", "browser", last)
        assert not logins.take_state(connection, "late", "browser", NOW + logins.STATE_LIFE)
        assert not logins.take_state(connection, "never given", "browser", NOW)


def test_an_attempt_during_a_wait_is_not_looked_at_and_does_not_lengthen_it(database: Boilerplate) -> None:
    with database.transaction() as connection:
        for _ in range(3):
            assert logins.claim_attempt(connection, "me", 3, NOW) is None
        for _ in range(5):
            assert logins.claim_attempt(connection, "me", 3, NOW) == NOW + timedelta(seconds=1)
        assert logins.claim_attempt(connection, "somebody else", 3, NOW) is None
        assert logins.claim_attempt(connection, "me", 3, NOW + timedelta(seconds=1)) is None
        assert logins.claim_attempt(connection, "me", 3, NOW + timedelta(seconds=1)) == NOW + timedelta(seconds=3)


def test_the_wait_never_exceeds_a_quarter_of_an_hour_however_many_failures(database: Boilerplate) -> None:
    now = NOW
    with database.transaction() as connection:
        logins.claim_attempt(connection, "me", 2, now)
        for _ in range(60):
            assert logins.claim_attempt(connection, "me", 2, now) is None
            retry_at = logins.claim_attempt(connection, "me", 2, now)
            assert retry_at is not None
            assert retry_at - now <= logins.LONGEST_WAIT
            now = retry_at


def test_failures_are_forgotten_after_a_day_and_after_success(database: Boilerplate) -> None:
    with database.transaction() as connection:
        for _ in range(2):
            logins.clear_attempts(connection, "me")
            assert logins.claim_attempt(connection, "me", 2, NOW) is None
            assert logins.claim_attempt(connection, "me", 2, NOW) is None
            assert logins.claim_attempt(connection, "me", 2, NOW) is not None
        day_later = NOW + logins.ATTEMPTS_KEPT + timedelta(seconds=1)
        assert logins.claim_attempt(connection, "me", 2, day_later) is None
        assert logins.claim_attempt(connection, "me", 2, day_later) is None
