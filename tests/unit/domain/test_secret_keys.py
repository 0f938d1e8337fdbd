from __future__ import annotations

import base64

import pytest

from app.domain.secret_keys import parse_secret_key

KEY = bytes(range(200, 232))


@pytest.mark.parametrize(
    "written",
    [
        KEY.hex(),
        KEY.hex().upper(),
        base64.b64encode(KEY).decode(),
        base64.urlsafe_b64encode(KEY).decode(),
        base64.b64encode(KEY).decode().rstrip("="),
    ],
)
def test_a_key_is_read_as_hexadecimal_and_as_base64(written: str) -> None:
    assert parse_secret_key(written) == KEY


@pytest.mark.parametrize(
    "written",
    [
        "",
        "changeme",
        "your-secret-key-here",
        "x" * 32,
        "x" * 43,
        "00" * 32,
        b"replace me replace me replace me".hex(),
        KEY[:31].hex(),
        (KEY + b"1").hex(),
        base64.b64encode(KEY[:16]).decode(),
        "ключ" * 11,
    ],
)
def test_what_was_not_drawn_at_random_is_no_key(written: str) -> None:
    with pytest.raises(ValueError):
        parse_secret_key(written)
