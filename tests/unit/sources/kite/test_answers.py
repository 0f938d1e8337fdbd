from __future__ import annotations

import json

import pytest

from app.domain.kite_errors import (
    BadRequest,
    KiteDataError,
    KiteError,
    KiteUnavailable,
    LoginNeeded,
    PermissionRefused,
    RateLimited,
)
from app.sources.kite.answers import read_answer
from app.sources.kite.endpoints import find_endpoint
from app.sources.kite.transport import RawAnswer
from tests.fakes.kite.bad_answers import BAD_ANSWERS
from tests.unit.sources.kite.stubs import JSON

HOLDINGS = find_endpoint("GET", "/portfolio/holdings")
INSTRUMENTS = find_endpoint("GET", "/instruments/NSE")


def error_body(error_type: object) -> bytes:
    return json.dumps({"status": "error", "message": "secret words", "error_type": error_type}).encode()


def judged(status: int, body: bytes, content_type: str = JSON, retry_after: str = "") -> KiteError:
    with pytest.raises(KiteError) as caught:
        read_answer(HOLDINGS, RawAnswer(status, content_type, body, retry_after))
    return caught.value


def test_a_sound_answer_gives_its_data() -> None:
    assert read_answer(HOLDINGS, RawAnswer(200, JSON, b'{"status": "success", "data": [1]}')) == [1]
    assert read_answer(INSTRUMENTS, RawAnswer(200, "text/csv", b"a,b")) == b"a,b"


@pytest.mark.parametrize("status", [201, 204, 301, 302, 400, 404, 418, 500, 599])
def test_no_other_status_than_200_passes_however_good_the_body(status: int) -> None:
    judged(status, b'{"status": "success", "data": []}')


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"<html>", error_body("GeneralException"), error_body(7)])
@pytest.mark.parametrize("status", [401, 403])
def test_an_unclear_refusal_counts_as_a_refused_token(status: int, body: bytes) -> None:
    assert type(judged(status, body)) is LoginNeeded


def test_a_refused_permission_is_no_reason_to_log_in() -> None:
    error = judged(403, error_body("PermissionException"))
    assert type(error) is PermissionRefused
    assert "log in" not in str(error).lower()


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", error_body("NetworkException"), error_body(None)])
def test_429_is_a_rate_limit_in_any_dress(body: bytes) -> None:
    assert type(judged(429, body, "text/html")) is RateLimited


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("", None),
        ("-1", None),
        ("1e9", None),
        ("99999999", 3600.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_seconds_and_capped(header: str, seconds: float | None) -> None:
    error = judged(429, b"", retry_after=header)
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_5xx_is_unavailable_and_may_be_asked_again(status: int) -> None:
    error = judged(status, error_body("InputException"))
    assert type(error) is KiteUnavailable
    assert error.retryable


@pytest.mark.parametrize("error_type", ["InputException", "NetworkException", "DataException", 5, None])
def test_400_is_never_asked_again(error_type: object) -> None:
    assert not judged(400, error_body(error_type)).retryable


@pytest.mark.parametrize(
    ("error_type", "expected"),
    [
        ("TokenException", LoginNeeded),
        ("PermissionException", PermissionRefused),
        ("InputException", BadRequest),
        ("NetworkException", KiteUnavailable),
        ("MarginException", KiteDataError),
        (["TokenException"], KiteDataError),
    ],
)
def test_an_error_named_in_a_200_keeps_its_name(error_type: object, expected: type[KiteError]) -> None:
    assert type(judged(200, error_body(error_type))) is expected


@pytest.mark.parametrize("data", [None, {}, "[]", 0, False])
def test_data_of_another_type_is_no_empty_list(data: object) -> None:
    judged(200, json.dumps({"status": "success", "data": data}).encode())


def test_json_too_deep_for_python_is_a_data_error() -> None:
    assert type(judged(200, b"[" * 200_000)) is KiteDataError


def test_a_csv_endpoint_that_answers_json_is_judged_by_what_it_says() -> None:
    with pytest.raises(KiteDataError):
        read_answer(INSTRUMENTS, RawAnswer(200, "text/html", b"<html>"))
    with pytest.raises(LoginNeeded):
        read_answer(INSTRUMENTS, RawAnswer(200, JSON, error_body("TokenException")))


@pytest.mark.parametrize(
    "name", [name for name, bad in BAD_ANSWERS.items() if bad.trouble is None and bad.number != 22]
)
def test_no_message_repeats_what_kite_sent(name: str) -> None:
    bad = BAD_ANSWERS[name]
    assert "Exception" not in str(judged(bad.status, bad.body, bad.content_type or ""))
