"""The dashboard's token in the account: borrowed while we have no login of our own, never written, never ended."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.Boilerplate import Boilerplate
from app.domain.kite_errors import LoginNeeded
from app.domain.kite_login import KiteCredentials, LoginStatus
from app.domain.market_hours import IST
from app.domain.redaction import RedactingFilter
from app.ingest.kite_account import HOST_EXPIRED, HOST_REFUSED, KiteAccount
from app.sources.host_token import KEEP, TIME_KEY, TOKEN_KEY, HostTokenReader
from app.sources.kite import KiteAddress
from app.store.secrets import Vault
from tests.fakes.kite import FakeKite, FakeMarket
from tests.fakes.redis_server import FakeRedis
from tests.integration.importing import contents

MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=IST)


class Clock:
    now = MORNING

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kite(clock: Clock) -> Iterator[FakeKite]:
    with FakeKite(FakeMarket([], []), now=clock) as fake:
        yield fake


@pytest.fixture
def redis(kite: FakeKite) -> Iterator[FakeRedis]:
    """The dashboard has logged in at nine."""
    with FakeRedis() as server:
        server.values = {TOKEN_KEY: kite.logins.issue(), TIME_KEY: str(MORNING.timestamp())}
        yield server


@pytest.fixture
def blank() -> RedactingFilter:
    return RedactingFilter()


@pytest.fixture
def account(
    database: Boilerplate, kite: FakeKite, redis: FakeRedis, clock: Clock, blank: RedactingFilter
) -> Iterator[KiteAccount]:
    reader = HostTokenReader(redis.url, clock)
    address = KiteAddress(kite.api_root, kite.login_root)
    credentials = KiteCredentials(kite.logins.api_key, kite.logins.api_secret)
    vault = Vault((bytes(32),), Path("unused"))
    yield KiteAccount(database, vault, address, clock, credentials, blank=blank, host_token=reader)
    reader.close()


def test_without_a_login_of_our_own_kite_is_asked_with_the_dashboards_token(account: KiteAccount) -> None:
    state = account.state()
    assert (state.status, state.from_dashboard) == (LoginStatus.LOGGED_IN, True)
    assert (state.logged_in_at, state.expires_at) == (MORNING, datetime(2026, 11, 24, 6, 0, tzinfo=IST))
    assert account.source().profile().user_id == "AB1234"


def test_our_own_login_goes_first(account: KiteAccount, kite: FakeKite, redis: FakeRedis) -> None:
    account.finish_login(kite.logins.new_request_token())
    redis.commands.clear()
    assert not account.state().from_dashboard
    assert account.access_token()[1] == kite.logins.access_token
    assert redis.commands == [], "nobody needs to ask"


def test_a_token_that_kite_refuses_is_used_no_more_until_there_is_another(
    account: KiteAccount, kite: FakeKite, redis: FakeRedis, clock: Clock
) -> None:
    kite.logins.end()
    with pytest.raises(LoginNeeded) as refusal:
        account.source().profile()
    account.rejected(refusal.value)
    state = account.state()
    assert state.status is LoginStatus.LOGIN_NEEDED
    assert state.reason.endswith(HOST_REFUSED)
    calls = len(kite.calls)
    with pytest.raises(LoginNeeded):
        account.source().profile()
    assert len(kite.calls) == calls
    redis.values[TOKEN_KEY] = kite.logins.issue()
    clock.now += KEEP
    assert account.source().profile().user_id == "AB1234"


def test_the_dashboards_token_ends_at_six_like_every_other(account: KiteAccount, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 24, 6, 0, tzinfo=IST)
    assert account.state().status is LoginStatus.LOGIN_NEEDED
    assert account.state().reason.endswith(HOST_EXPIRED)


def test_a_token_of_unknown_time_is_kites_to_judge(account: KiteAccount, redis: FakeRedis) -> None:
    del redis.values[TIME_KEY]
    assert (account.state().is_logged_in, account.state().expires_at) == (True, None)
    assert account.source().profile().user_id == "AB1234"


def test_no_token_and_no_redis_leave_the_login_needed_with_both_reasons(
    account: KiteAccount, redis: FakeRedis, clock: Clock
) -> None:
    redis.values.clear()
    assert account.state().reason == "Nobody has logged in to Kite yet. The dashboard has no Kite token either."
    redis.failure = "LOADING"
    clock.now += timedelta(minutes=1)
    assert "The dashboard's Redis can't be read" in account.state().reason


def test_logging_out_does_not_end_the_dashboards_session(account: KiteAccount, kite: FakeKite) -> None:
    assert account.state().from_dashboard
    account.logout()
    assert kite.calls == []
    assert account.source().profile().user_id == "AB1234"


def test_the_token_is_neither_stored_nor_written_nor_logged(
    account: KiteAccount,
    database: Boilerplate,
    redis: FakeRedis,
    blank: RedactingFilter,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = contents(database)
    caplog.handler.addFilter(blank)
    with caplog.at_level(logging.DEBUG):
        account.source().profile()
        logging.getLogger("any").warning("seen: %s", redis.values[TOKEN_KEY])
    assert contents(database).checksums == before.checksums
    assert redis.asked() <= {"HELLO", "CLIENT", "SELECT", "GET"}
    assert redis.values[TOKEN_KEY] not in caplog.text
