"""The files of one database cluster: making them so that they are never half-made, and its password."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from app.domain.errors import DatabaseUnavailable
from app.embedded_postgres.account import ServerAccount

ROLE = "risk"
"""The only role of the cluster, its superuser."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster of a home directory: ``data`` and ``password`` in it."""

    home: Path

    @property
    def data(self) -> Path:
        """The data directory of the server."""
        return self.home / "data"

    @property
    def _password_file(self) -> Path:
        return self.home / "password"

    def exists(self) -> bool:
        """Whether the data directory is whole; it is renamed into place only then."""
        return (self.data / "PG_VERSION").exists()

    def password(self) -> str:
        """The password of ``ROLE``.

        Raises:
            DatabaseUnavailable: when its file is gone.
        """
        try:
            return self._password_file.read_text().strip()
        except FileNotFoundError:
            raise DatabaseUnavailable(
                f"The password of the database, {self._password_file}, is missing.", self._start_over()
            ) from None

    def make(self, account: ServerAccount, binaries: Path) -> None:
        """Make an empty cluster under a name of its own and rename it, with a new password.

        The name is new each time because an initdb whose parent was killed may still write to the last one.

        Raises:
            DatabaseUnavailable: when initdb fails, or when the data directory holds a database that lost its version.
        """
        self._remove_half_made()
        new = self.home / f"data.new.{secrets.token_hex(4)}"
        self._write_password(account)
        result = account.run(self._initdb(binaries, new), capture=True)
        if result.returncode != 0:
            raise DatabaseUnavailable(
                f"The database in {self.home} can't be made: {last_lines(result.stdout)}",
                "Check that the disk has room, or set RISK_DATA_DIR to another directory.",
            )
        new.rename(self.data)
        _sync_directory(self.home)

    def _initdb(self, binaries: Path, new: Path) -> list[str | Path]:
        access = ["-U", ROLE, "-A", "scram-sha-256", f"--pwfile={self._password_file}"]
        return [binaries / "initdb", "-D", new, *access, "-E", "UTF8", "--locale=C", "--no-instructions"]

    def _remove_half_made(self) -> None:
        if (self.data / "global" / "pg_control").exists():
            raise DatabaseUnavailable(
                f"The database in {self.data} is damaged: PG_VERSION is missing.", self._start_over()
            )
        if self.data.exists():
            shutil.rmtree(self.data)
        for half_made in self.home.glob("data.new*"):
            shutil.rmtree(half_made, ignore_errors=True)

    def _write_password(self, account: ServerAccount) -> None:
        self._password_file.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(self._password_file, flags, 0o600), "w") as file:
            account.take(file.fileno())
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())

    def _start_over(self) -> str:
        return f"Restore it from a backup, or move {self.home} away to begin with an empty database."


def last_lines(text: str) -> str:
    """The last five lines of a program's output, in one line."""
    return " | ".join(text.strip().splitlines()[-5:])


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
