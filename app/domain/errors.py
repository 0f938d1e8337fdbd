"""Errors a person can act on: what happened, where, and the remedy."""

from __future__ import annotations


class RiskError(Exception):
    """Base of every error this app raises on purpose.

    ``message`` says what is wrong, ``remedy`` what to do about it. Neither ever holds a secret or a holding.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class SettingsError(RiskError):
    """One or more environment variables are wrong; names all of them at once."""

    exit_code = 2


class DatabaseUnavailable(RiskError):
    """Postgres can't be started or reached."""

    exit_code = 3


class InputFileError(RiskError):
    """A file can't be imported. Nothing of it was stored.

    ``file`` is the name the user gave, ``row`` the 1-based line or sheet row (None when it is about the whole file).
    """

    exit_code = 4

    def __init__(self, file: str, reason: str, remedy: str = "", row: int | None = None) -> None:
        where = file if row is None else f"{file}, row {row}"
        super().__init__(f"{where}: {reason}", remedy)
        self.file = file
        self.reason = reason
        self.row = row


class UnknownWindow(RiskError):
    """A risk window that is not 60d, 90d or 1y."""

    exit_code = 2


class UnknownFund(RiskError):
    """No portfolio is stored under the name given."""

    exit_code = 2
