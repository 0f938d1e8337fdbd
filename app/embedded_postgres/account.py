"""Who runs the server. Postgres refuses root, so for root it is the account nobody, and only for server and initdb."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.domain.errors import DatabaseUnavailable

COMMAND_SECONDS = 120
"""No program of ours may take longer; pg_ctl gives up by itself well before."""


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """The caller, or nobody where the caller is root (then ``switch`` is true)."""

    name: str
    uid: int
    gid: int
    switch: bool

    @classmethod
    def of_this_process(cls) -> ServerAccount:
        """The account the server gets when this process starts it.

        Raises:
            DatabaseUnavailable: as root on a system without the account nobody.
        """
        if os.geteuid() != 0:
            return cls(f"uid {os.geteuid()}", os.geteuid(), os.getegid(), switch=False)
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            raise DatabaseUnavailable(
                "Postgres refuses to run as root and there is no account nobody to run it.",
                "Start this app as an ordinary account.",
            ) from None
        return cls(nobody.pw_name, nobody.pw_uid, nobody.pw_gid, switch=True)

    def run(self, command: Sequence[str | Path], *, capture: bool = False) -> subprocess.CompletedProcess[str]:
        """Run a program with a bare environment, so that no PG* variable of the caller reaches the server.

        ``capture`` keeps its output and errors in ``stdout``; never for pg_ctl, whose server would hold the pipe open.
        """
        return subprocess.run(
            command,
            check=False,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if capture else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            umask=0o077,
            timeout=COMMAND_SECONDS,
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )

    def barrier(self, path: Path) -> Path | None:
        """The topmost existing part of the path that nobody may not enter or execute, by its mode; None for others."""
        parts = [part for part in (*reversed(path.parents), path) if part.exists()] if self.switch else []
        return next((part for part in parts if not self._may_enter(part)), None)

    def _may_enter(self, path: Path) -> bool:
        info = path.stat()
        shift = 6 if info.st_uid == self.uid else 3 if info.st_gid == self.gid else 0
        return bool(info.st_mode >> shift & 1)

    def insist_on_entry(self, directory: Path) -> None:
        """Check that the server can get into a directory.

        Raises:
            DatabaseUnavailable: naming the directory in the way; its mode is its owner's business.
        """
        if (barrier := self.barrier(directory)) is not None:
            raise DatabaseUnavailable(
                f"The account {self.name}, which runs the database, can't enter {barrier} on the way to {directory}.",
                "Set RISK_DATA_DIR (and TMPDIR) to a directory open to all, or start this app as an ordinary account.",
            )

    def make_private(self, path: Path) -> None:
        """Make a directory of mode 0700 owned by this account. One that exists is left as it is.

        Raises:
            DatabaseUnavailable: when it exists and others own it or may write to it.
        """
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            self._insist_on_own(path)
            return
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            self.take(descriptor)
        finally:
            os.close(descriptor)

    def _insist_on_own(self, path: Path) -> None:
        info = path.lstat()
        if not stat.S_ISDIR(info.st_mode) or info.st_uid != self.uid or info.st_mode & 0o022:
            raise DatabaseUnavailable(
                f"{path} is not a directory that the account {self.name} owns and no other may write to.",
                "The database runs as that account. Move the directory away, or set RISK_DATA_DIR to another.",
            )

    def take(self, descriptor: int) -> None:
        """Become the owner of an open file or directory that the caller has just made."""
        if self.switch:
            os.fchown(descriptor, self.uid, self.gid)
