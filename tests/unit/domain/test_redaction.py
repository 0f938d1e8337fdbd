from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from app.domain.redaction import BLANK, RedactingFilter, guard_logging, redact

CANARY = "c4n4ryT0ken"


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO, RedactingFilter]]:
    written, blank = io.StringIO(), RedactingFilter()
    handler = logging.StreamHandler(written)
    handler.addFilter(blank)
    logger = logging.Logger("test")
    logger.addHandler(handler)
    yield logger, written, blank
    handler.close()


@pytest.mark.parametrize(
    "text",
    [
        f"GET /?api_key=k&access_token={CANARY} HTTP/1.1",
        f"request_token={CANARY}&action=login",
        f"Authorization: token key:{CANARY}",
        f"{{'Authorization': 'token key:{CANARY}', 'X-Kite-Version': '3'}}",
        f'{{"access_token": "{CANARY}", "user_id": "AB1234"}}',
        f'"{{\\"access_token\\": \\"{CANARY}\\"}}"',
        f"{{'enctoken': '{CANARY}'}}",
        f"{{'access_token': b'{CANARY}'}}",
        f"wss://ws.kite.trade?api_key=k&access_token={CANARY}",
        f"redirect_params=access_token%3D{CANARY}",
        f"KITE_API_SECRET={CANARY}",
    ],
)
def test_a_secret_in_a_usual_place_is_blanked_without_being_known(text: str) -> None:
    blanked = redact(text)
    assert CANARY not in blanked
    assert BLANK in blanked


@pytest.mark.parametrize(
    "text", ["41 tokens of 50 used", "the token expired", "state: firing", "user AB1234 logged in"]
)
def test_ordinary_words_stay(text: str) -> None:
    assert redact(text) == text


def test_a_known_secret_is_blanked_anywhere() -> None:
    assert CANARY not in redact(f"odd place <{CANARY}>", [CANARY])


def test_arguments_and_tracebacks_are_blanked(log: tuple[logging.Logger, io.StringIO, RedactingFilter]) -> None:
    logger, written, blank = log
    blank.add(CANARY)
    logger.warning("odd %s and %r", CANARY, {"x": CANARY})
    try:
        raise ValueError(CANARY)
    except ValueError:
        logger.exception("failed", stack_info=True)
    assert CANARY not in written.getvalue()
    assert "ValueError" in written.getvalue()
    assert written.getvalue().count(BLANK) >= 3


def test_a_message_whose_arguments_do_not_fit_is_still_logged_and_blanked(
    log: tuple[logging.Logger, io.StringIO, RedactingFilter],
) -> None:
    logger, written, _ = log
    logger.warning("%d pieces", f"access_token={CANARY}")
    assert "pieces" in written.getvalue()
    assert CANARY not in written.getvalue()


def test_the_longer_of_two_secrets_leaves_no_rest() -> None:
    blank = RedactingFilter(["abcd", "abcdefgh"])
    record = logging.LogRecord("x", logging.INFO, "x", 1, "abcdefgh", None, None)
    blank.filter(record)
    assert record.msg == BLANK


def test_what_is_too_short_to_be_a_secret_does_not_eat_the_log() -> None:
    blank = RedactingFilter(["", "a"])
    record = logging.LogRecord("x", logging.INFO, "x", 1, "a banana", None, None)
    blank.filter(record)
    assert record.msg == "a banana"


def test_the_filter_shows_none_of_its_secrets() -> None:
    assert CANARY not in repr(RedactingFilter([CANARY]))


def test_a_record_of_a_library_below_a_guarded_handler_is_blanked() -> None:
    written, blank = io.StringIO(), RedactingFilter([CANARY])
    handler = logging.StreamHandler(written)
    parent, child = logging.getLogger("kiteconnect"), logging.getLogger("kiteconnect.connect")
    parent.addHandler(handler)
    try:
        guard_logging(blank)
        child.error("Connection closed: %s", CANARY)
    finally:
        parent.removeHandler(handler)
        if logging.lastResort is not None:
            logging.lastResort.removeFilter(blank)
        for root_handler in logging.getLogger().handlers:
            root_handler.removeFilter(blank)
    assert CANARY not in written.getvalue()
    assert BLANK in written.getvalue()
