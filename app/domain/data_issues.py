"""What is wrong with the data behind a number, said so that the reader can mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How far the reader may trust the number: info (explained), warning (partly), critical (not)."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class DataIssue:
    """One flaw of the input.

    ``code`` is a stable word for programs (``split_like_jump``), ``subject`` what it is about (a symbol, ISIN or
    ``PORTFOLIO``), ``message`` the flaw in words with its dates and figures, ``remedy`` the next step.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    remedy: str = ""
