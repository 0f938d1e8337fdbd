"""A file that a person names, read from the disk: a regular one, and no more of it than can be used."""

from __future__ import annotations

import stat
from pathlib import Path

from app.domain.errors import InputFileError


def read_input(path: Path, most: int) -> bytes:
    """The bytes of a file of at most ``most``.

    Raises:
        InputFileError: when it is not there, not readable, no regular file (a device has no end) or larger.
    """
    try:
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise InputFileError(str(path), "is a device or a pipe, not a file.", "Write it to a file first.")
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise InputFileError(str(path), error.strerror or "it can't be read", "Check the path.") from None
    if len(data) > most:
        raise InputFileError(str(path), f"is larger than {most >> 20} MB.", "Split it into smaller files.")
    return data
