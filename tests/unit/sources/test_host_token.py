"""The dashboard's token, read by the official Redis client from a server that notes every command."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.sources.host_token import KEEP, TIME_KEY, TOKEN_KEY, HostAnswer, HostTokenReader
from tests.fakes.redis_server import FakeRedis

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TOKEN = "hosttokencanary0123456789"
HANDSHAKE = {"HELLO", "AUTH", "SELECT", "CLIENT", "PING"}


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def redis() -> Iterator[FakeRedis]:
    with FakeRedis() as server:
        server.values = {TOKEN_KEY: TOKEN, TIME_KEY: str(NOW.timestamp())}
        yield server


def read(redis: FakeRedis, clock: Clock | None = None) -> HostAnswer:
    reader = HostTokenReader(redis.url, clock or Clock())
    answer = reader.read()
    reader.close()
    return answer


def test_the_token_comes_with_the_time_of_its_login(redis: FakeRedis) -> None:
    token = read(redis).token
    assert token is not None
    assert (token.access_token, token.logged_in_at) == (TOKEN, NOW)


def test_nothing_but_two_gets_is_asked_after_the_handshake(redis: FakeRedis) -> None:
    read(redis)
    assert redis.asked() - HANDSHAKE == {"GET"}
    assert [command[1] for command in redis.commands if command[0] == "GET"] == [TOKEN_KEY, TIME_KEY]
    assert all(command[1].upper() != "SET" for command in redis.commands if command[0] == "CLIENT")


@pytest.mark.parametrize("missing", [None, "", "  "])
def test_without_a_token_it_says_so(redis: FakeRedis, missing: str | None) -> None:
    redis.values = {} if missing is None else {TOKEN_KEY: missing}
    assert read(redis) == HostAnswer(None, "The dashboard has no Kite token either.")


@pytest.mark.parametrize("noted", ["yesterday", "nan", "inf", "1e300", ""])
def test_a_time_that_cannot_be_read_is_unknown(redis: FakeRedis, noted: str) -> None:
    redis.values[TIME_KEY] = noted
    token = read(redis).token
    assert token is not None
    assert token.logged_in_at is None


def test_the_password_of_the_address_is_given() -> None:
    with FakeRedis(password="a-password") as redis:
        redis.values[TOKEN_KEY] = TOKEN
        assert read(redis).token is not None


def test_a_wrong_password_is_a_state_that_does_not_show_it() -> None:
    with FakeRedis(password="right") as redis:
        reader = HostTokenReader(redis.url.replace("right", "wrongcanary"), Clock())
        answer = reader.read()
        reader.close()
    assert answer.token is None
    assert "can't be read (AuthenticationError)" in answer.reason
    assert "canary" not in answer.reason


@pytest.mark.parametrize("failure", ["LOADING Redis is loading the dataset in memory", "NOPERM no access", "ERR odd"])
def test_an_error_of_the_server_is_a_state(redis: FakeRedis, failure: str) -> None:
    redis.failure = failure
    answer = read(redis)
    assert answer.token is None
    assert answer.reason.startswith("The dashboard's Redis can't be read (")


def test_a_redis_that_is_gone_is_a_state() -> None:
    clock = Clock()
    reader = HostTokenReader("redis://127.0.0.1:1/0", clock)
    assert reader.read() == HostAnswer(None, "The dashboard's Redis can't be read (ConnectionError).")
    reader.close()


def test_an_answer_counts_for_some_seconds(redis: FakeRedis) -> None:
    clock = Clock()
    reader = HostTokenReader(redis.url, clock)
    first = reader.read()
    redis.values[TOKEN_KEY] = "another"
    assert reader.read() is first
    clock.now += KEEP
    newer = reader.read().token
    assert newer is not None
    assert newer.access_token == "another"
    clock.now -= timedelta(hours=1)
    assert reader.read().token is not first.token, "a clock that was put back keeps nothing alive"
    reader.close()


def test_the_token_is_in_no_repr_and_no_log(redis: FakeRedis, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = read(redis)
    assert TOKEN not in repr(answer) + caplog.text
