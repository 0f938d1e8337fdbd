from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from app.api.passwords import LONGEST, ask_for_hash, hash_password, password_matches
from app.domain.errors import RiskError

PASSWORD = "correct horse battery staple"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def test_a_hash_is_argon2id_with_64_mebibytes_and_matches_its_password() -> None:
    made = hash_password(PASSWORD)
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert password_matches(PASSWORD, made)


def test_the_salt_is_random_unless_given() -> None:
    salt = bytes(range(16))
    assert hash_password(PASSWORD, salt) == hash_password(PASSWORD, salt)
    assert hash_password(PASSWORD) != hash_password(PASSWORD)


@pytest.mark.parametrize("wrong", ["", PASSWORD[:-1], PASSWORD + " ", PASSWORD.upper()])
def test_a_password_is_compared_as_it_is(wrong: str) -> None:
    assert not password_matches(wrong, CHEAP.hash(PASSWORD))


def test_long_passwords_of_any_letters_are_taken_and_endless_ones_are_not() -> None:
    long = "पासवर्ड é " * 20
    assert password_matches(long, CHEAP.hash(long))
    assert not password_matches("x" * (LONGEST + 1), CHEAP.hash("x" * (LONGEST + 1)))


def test_a_hash_that_is_none_matches_nothing() -> None:
    assert not password_matches(PASSWORD, "not a hash")


def test_a_password_typed_twice_becomes_a_hash() -> None:
    typed = iter([PASSWORD, PASSWORD])
    assert password_matches(PASSWORD, ask_for_hash(lambda _: next(typed)))


@pytest.mark.parametrize("typed", [("fourteen chars",), (PASSWORD, PASSWORD.upper()), ("x" * (LONGEST + 1),)])
def test_a_password_too_short_too_long_or_mistyped_is_refused_without_naming_it(typed: tuple[str, ...]) -> None:
    answers = iter(typed)
    with pytest.raises(RiskError) as caught:
        ask_for_hash(lambda _: next(answers))
    assert typed[0] not in str(caught.value)
