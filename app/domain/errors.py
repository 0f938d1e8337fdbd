"""Errors a person can act on: what happened, where, and the remedy."""

from __future__ import annotations

from pathlib import Path

CODE_FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a value that nobody thought of makes code raise. Caught only where one job or feed must not cost the others."""


def place_of(error: BaseException) -> str:
    """Kind and place of an error in our code, ``ValueError in kite_sync.py:12``; its text may hold a secret."""
    ours = Path(__file__).parents[1]
    where, trace = "", error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        where = f" in {path.name}:{trace.tb_lineno}" if ours in path.parents else where
        trace = trace.tb_next
    return f"{type(error).__name__}{where}"


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


class DatabaseGone(DatabaseUnavailable):
    """The folder of the embedded Postgres is no longer there; only a start makes a new one."""


class DatabaseRefused(RiskError):
    """Postgres answers and refuses: a table that is not there yet, or a value that has no room in it."""

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
