"""What an import did, for the person who started it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImportResult:
    """``rows_changed`` 0 means that everything in the file was known already. ``rejected`` rows were left out."""

    kind: str
    file: str
    rows_read: int
    rows_changed: int
    rejected: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
