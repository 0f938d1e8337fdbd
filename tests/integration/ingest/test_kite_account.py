"""The account's own rules; the whole way through the browser is in tests/integration/api/test_login_kite.py."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import text

from app.Boilerplate import Boilerplate
from app.domain.kite_errors import KiteDataError, LoginNeeded
from app.domain.kite_login import KiteCredentials, LoginRefused, LoginStatus
from app.domain.market_hours import IST
from app.ingest.kite_account import KiteAccount
from app.sources.kite import KiteAddress
from app.store.secrets import Vault, key_id
from tests.fakes.kite import BadAnswer, FakeKite, FakeMarket

CREDENTIALS = KiteCredentials("fakekey", "fakesecret")
OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)


class Clock:
    now = datetime(2026, 11, 23, 9, 0, tzinfo=IST)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kite(clock: Clock) -> Iterator[FakeKite]:
    with FakeKite(FakeMarket([], []), now=clock) as fake:
        yield fake


def account(
    database: Boilerplate,
    kite: FakeKite,
    clock: Clock,
    keys: tuple[bytes, ...] = (OLD,),
    credentials: KiteCredentials | None = None,
    users: tuple[str, ...] = (),
) -> KiteAccount:
    address = KiteAddress(kite.api_root, kite.login_root)
    return KiteAccount(database, Vault(keys, Path("unused")), address, clock, credentials, users)


def test_without_a_key_it_says_so_instead_of_asking_kite(database: Boilerplate, kite: FakeKite, clock: Clock) -> None:
    bare = account(database, kite, clock)
    assert bare.state().status is LoginStatus.NOT_CONFIGURED
    for ask in (bare.source, bare.access_token, lambda: bare.login_url("x"), lambda: bare.finish_login("x")):
        with pytest.raises(LoginNeeded, match="no Kite API key"):
            ask()
    bare.logout()
    assert kite.calls == []


def test_the_login_is_shared_by_all_processes(database: Boilerplate, kite: FakeKite, clock: Clock) -> None:
    web, worker = account(database, kite, clock), account(database, kite, clock)
    web.save_credentials(CREDENTIALS)
    web.finish_login(kite.logins.new_request_token())
    assert worker.state() == web.state()
    assert worker.source().profile().user_id == "AB1234"
    assert worker.access_token() == ("fakekey", kite.logins.access_token)
    web.logout()
    with pytest.raises(LoginNeeded, match="Logged out"):
        worker.source()


def test_one_source_serves_the_process_so_that_limits_are_counted_once(
    database: Boilerplate, kite: FakeKite, clock: Clock
) -> None:
    one = account(database, kite, clock, credentials=CREDENTIALS)
    one.finish_login(kite.logins.new_request_token())
    assert one.source() is one.source()


@pytest.mark.parametrize(
    ("logged_in", "ends"),
    [
        (datetime(2026, 11, 23, 5, 59, tzinfo=IST), datetime(2026, 11, 23, 6, 0, tzinfo=IST)),
        (datetime(2026, 11, 23, 6, 0, tzinfo=IST), datetime(2026, 11, 24, 6, 0, tzinfo=IST)),
        (datetime(2026, 11, 23, 23, 59, tzinfo=IST), datetime(2026, 11, 24, 6, 0, tzinfo=IST)),
    ],
)
def test_a_login_ends_at_the_next_six_in_india(
    database: Boilerplate, kite: FakeKite, clock: Clock, logged_in: datetime, ends: datetime
) -> None:
    clock.now = logged_in
    one = account(database, kite, clock, credentials=CREDENTIALS)
    assert one.finish_login(kite.logins.new_request_token()).expires_at == ends
    clock.now = ends - timedelta(seconds=1)
    assert one.state().is_logged_in
    clock.now = ends
    assert one.state().status is LoginStatus.LOGIN_NEEDED


def test_a_profile_of_somebody_else_is_not_trusted(database: Boilerplate, kite: FakeKite, clock: Clock) -> None:
    one = account(database, kite, clock, credentials=CREDENTIALS)
    body = b'{"status": "success", "data": {"user_id": "ZZ9999", "user_name": "Z", "exchanges": ["NSE"]}}'
    kite.fail("/user/profile", BadAnswer(0, "somebody else", body=body))
    with pytest.raises(KiteDataError, match="different users"):
        one.finish_login(kite.logins.new_request_token())
    assert not one.state().is_logged_in


def test_a_user_off_the_list_is_refused_and_logged_out_at_kite(
    database: Boilerplate, kite: FakeKite, clock: Clock
) -> None:
    one = account(database, kite, clock, credentials=CREDENTIALS, users=("ZZ9999",))
    with pytest.raises(LoginRefused):
        one.finish_login(kite.logins.new_request_token())
    assert kite.logins.access_token is None
    assert not one.state().is_logged_in


def test_a_login_seals_everything_with_the_newest_key(database: Boilerplate, kite: FakeKite, clock: Clock) -> None:
    account(database, kite, clock).save_credentials(CREDENTIALS)
    account(database, kite, clock, (NEW, OLD)).finish_login(kite.logins.new_request_token())
    with database.transaction() as connection:
        assert set(connection.scalars(text("SELECT key_id FROM risk_secrets"))) == {key_id(NEW)}
    assert account(database, kite, clock, (NEW,)).state().is_logged_in


def test_a_refusal_counts_for_the_token_that_this_thread_used(
    database: Boilerplate, kite: FakeKite, clock: Clock
) -> None:
    one = account(database, kite, clock, credentials=CREDENTIALS)
    one.finish_login(kite.logins.new_request_token())
    one.access_token()
    one.finish_login(kite.logins.new_request_token())
    other = Thread(target=one.access_token)
    other.start()
    other.join()
    one.rejected(LoginNeeded())
    assert one.state().is_logged_in, "the newer token, used by another thread, is good"
    one.access_token()
    one.rejected(LoginNeeded())
    assert not one.state().is_logged_in


def test_altered_rows_ask_for_a_login_and_raise_nothing(database: Boilerplate, kite: FakeKite, clock: Clock) -> None:
    one = account(database, kite, clock, credentials=CREDENTIALS)
    one.finish_login(kite.logins.new_request_token())
    with database.transaction() as connection:
        connection.execute(text("UPDATE risk_secrets SET sealed = set_byte(sealed, 20, 0) || 'x'"))
    assert one.state().status is LoginStatus.LOGIN_NEEDED
    assert "can't be opened" in one.state().reason
    one.rejected(LoginNeeded())
    one.logout()


def test_nothing_secret_shows_in_what_is_printed_of_it(database: Boilerplate, kite: FakeKite, clock: Clock) -> None:
    one = account(database, kite, clock, credentials=CREDENTIALS)
    one.finish_login(kite.logins.new_request_token())
    shown = repr([one, one.state(), one.credentials(), one.source(), vars(one)["_vault"]])
    assert "fakesecret" not in shown
    assert str(kite.logins.access_token) not in shown
