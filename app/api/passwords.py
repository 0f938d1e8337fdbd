"""The password of the screen: argon2id, checked one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from getpass import getpass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.domain.errors import RiskError
from app.settings import SHORTEST_PASSWORD

LONGEST = 1024
"""Characters; far beyond what a password manager makes, short of what would keep the machine busy."""
_HASHER = PasswordHasher()
"""RFC 9106's second recommendation: 64 MiB, 3 passes, 4 lanes; about 0.1 s."""
_ONE_AT_A_TIME = threading.Lock()
"""Of 64 MiB each, many at once would cost the machine its memory."""


def hash_password(password: str, salt: bytes | None = None) -> str:
    """The argon2id hash, for RISK_PASSWORD_HASH. The salt is random unless given."""
    with _ONE_AT_A_TIME:
        return _HASHER.hash(password, salt=salt)


def password_matches(password: str, password_hash: str) -> bool:
    """Whether the hash was made of this password, verbatim; False for a hash that is none."""
    if len(password) > LONGEST:
        return False
    try:
        with _ONE_AT_A_TIME:
            return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def ask_for_hash(ask: Callable[[str], str] = getpass) -> str:
    """The hash of a password typed twice at the terminal, never shown.

    Raises:
        RiskError: for a password too short or too long, or typed differently the second time.
    """
    password = ask("Password for the screen: ")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST:
        raise RiskError(
            f"A password here has {SHORTEST_PASSWORD} to {LONGEST} characters.", "Four or five words do well."
        )
    if ask("Once more: ") != password:
        raise RiskError("The two are not the same.", "Try again.")
    return hash_password(password)
