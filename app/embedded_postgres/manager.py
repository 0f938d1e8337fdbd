"""Starting, sharing and stopping the server."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import quote

from app.domain.errors import DatabaseGone, DatabaseUnavailable
from app.embedded_postgres.account import ServerAccount
from app.embedded_postgres.binaries import matching_binaries, within_reach
from app.embedded_postgres.cluster import ROLE, Cluster, last_lines
from app.embedded_postgres.locks import PlaceAmongUsers, exclusive
from app.embedded_postgres.postmaster import find_postmaster

PORT = 5432
"""Names the socket file; nothing listens on TCP."""

_SOCKET_PATH_LIMIT = 85
_LOG_LIMIT = 1_000_000
_LOG_TAIL = 8_000
_PG_CTL_SECONDS = 60
_START_SECONDS = 30
_RETRY_SECONDS = 0.2
_STILL_IN_USE = b"shared memory"
"""In the server's complaint while backends of a killed server live on; they leave within a moment."""
_UNQUOTED_BY_PG_CTL = frozenset('"$`\\\n')
"""pg_ctl pastes its paths into a shell command between double quotes."""


class EmbeddedPostgres:
    """A private Postgres server in ``home``, shared by all processes of this app and started by the first of them."""

    def __init__(self, home: Path) -> None:
        self._home = home.expanduser().resolve()
        self._cluster = Cluster(self._home)
        self._log = self._home / "server.log"
        self._place = PlaceAmongUsers(self._home / "users.lock")

    def start(self, *, create: bool = True) -> str:
        """Start the server if it doesn't run, register this process as its user, and return the SQLAlchemy URL.

        Call it again at any time: it restarts a server that died. The URL holds the password: never log it.
        ``create`` makes a new, empty cluster where there is none.

        Raises:
            DatabaseGone: where there is none and none may be made.
            DatabaseUnavailable: naming the directory or log at fault and the remedy.
        """
        with self._explained():
            if not create and not self._cluster.exists():
                raise DatabaseGone(
                    "The folder of the app's own database has gone.",
                    "Bring it back under RISK_DATA_DIR, or start the app again to begin with an empty database.",
                )
            self._make_way()
            with self._alone():
                self._prepare_home()
                password = self._cluster.password()
                socket = self._ensure_serving()
                self._place.take()
        return f"postgresql+psycopg2://{ROLE}:{password}@/postgres?host={quote(str(socket))}&port={PORT}"

    def release(self) -> None:
        """Say that this process no longer uses the server; the last to say so stops it. Without start: nothing.

        Raises:
            DatabaseUnavailable: when the server doesn't stop within a minute.
        """
        if not self._place.taken():
            return
        with self._explained(), self._alone():
            if self._place.give_up() and self.running():
                self._stop()

    def running(self) -> bool:
        """Whether a server of this home is alive; it may still be starting or stopping.

        Raises:
            DatabaseUnavailable: when this account may not look into the home directory.
        """
        with self._explained():
            return find_postmaster(self._cluster.data) is not None

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (OSError, subprocess.SubprocessError) as error:
            raise DatabaseUnavailable(
                f"The embedded database in {self._home} can't be used: {error}.",
                "Check that this account may write there and the disk has room, or set RISK_DATA_DIR to another place.",
            ) from error

    def _alone(self) -> AbstractContextManager[None]:
        return exclusive(self._home.with_name(f"{self._home.name}.lock"))

    def _make_way(self) -> None:
        """Make the missing directories above home, open enough for the server account to pass through."""
        missing = [path for path in self._home.parents if not path.exists()]
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            if ServerAccount.of_this_process().switch:
                path.chmod(0o711)

    def _prepare_home(self) -> None:
        if _UNQUOTED_BY_PG_CTL & set(str(self._home)):
            raise DatabaseUnavailable(
                f"The path {self._home} holds a quote, dollar, backslash or line break, which Postgres can't take.",
                "Set RISK_DATA_DIR to another directory.",
            )
        account = ServerAccount.of_this_process()
        account.insist_on_entry(self._home.parent)
        account.make_private(self._home)
        if not self._cluster.exists():
            self._cluster.make(*self._account_and_binaries())

    def _ensure_serving(self) -> Path:
        """Bring the server to where it takes connections; returns its socket directory."""
        deadline = time.monotonic() + _START_SECONDS
        while (postmaster := find_postmaster(self._cluster.data)) is None or not postmaster.ready:
            if time.monotonic() > deadline:
                raise self._not_serving()
            if postmaster is not None or not self._launch():
                time.sleep(_RETRY_SECONDS)
        return postmaster.socket

    def _launch(self) -> bool:
        """One attempt to start; False when another one is worth it.

        Raises:
            DatabaseUnavailable: when waiting wouldn't help.
        """
        account, binaries = self._account_and_binaries()
        socket = self._socket_directory(account)
        self._clear_leftovers(socket)
        offset = self._log_size()
        if self._pg_ctl(account, binaries, "start", "-l", self._log, "-o", _server_options(socket)):
            return True
        if self.running() or _STILL_IN_USE in self._log_since(offset):
            return False
        raise self._not_serving()

    def _socket_directory(self, account: ServerAccount) -> Path:
        """Inside home or, where that makes the path too long for a socket, under the system's temporary directory."""
        socket = self._home / "socket"
        if len(os.fsencode(socket)) >= _SOCKET_PATH_LIMIT:
            digest = hashlib.sha256(os.fsencode(self._home)).hexdigest()[:16]
            socket = Path(tempfile.gettempdir()).resolve() / f"{ROLE}-{digest}"
            account.insist_on_entry(socket.parent)
        account.make_private(socket)
        return socket

    def _clear_leftovers(self, socket: Path) -> None:
        """Remove what a dead server left and a new one would trip over. Safe only alone and when no server runs."""
        for leftover in (self._cluster.data / "postmaster.pid", *socket.glob(".s.PGSQL.*")):
            leftover.unlink(missing_ok=True)
        if self._log_size() > _LOG_LIMIT:
            self._log.replace(self._log.with_suffix(".log.1"))

    def _stop(self) -> None:
        account, binaries = self._account_and_binaries()
        if not self._pg_ctl(account, binaries, "stop", "-m", "fast") and self.running():
            raise DatabaseUnavailable(
                f"The database server in {self._home} did not stop within {_PG_CTL_SECONDS} s.", f"See {self._log}."
            )

    def _account_and_binaries(self) -> tuple[ServerAccount, Path]:
        account = ServerAccount.of_this_process()
        return account, within_reach(matching_binaries(self._cluster.data), self._home, account)

    def _pg_ctl(self, account: ServerAccount, binaries: Path, *arguments: str | Path) -> bool:
        wait = ["-w", "-t", str(_PG_CTL_SECONDS)]
        return account.run([binaries / "pg_ctl", *wait, "-D", self._cluster.data, *arguments]).returncode == 0

    def _not_serving(self) -> DatabaseUnavailable:
        tail = last_lines(self._log_since(self._log_size() - _LOG_TAIL).decode(errors="replace"))
        return DatabaseUnavailable(
            f"The database server in {self._home} does not take connections. Its log {self._log} ends: {tail}",
            "Mend what the log names and start again; if it is only recovering, wait a minute first.",
        )

    def _log_size(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0

    def _log_since(self, offset: int) -> bytes:
        if not self._log.exists():
            return b""
        with self._log.open("rb") as file:
            file.seek(max(offset, 0))
            return file.read()


def _server_options(socket: Path) -> str:
    """The settings decided here, as pg_ctl hands them on; anything else may be tuned in postgresql.conf."""
    quoted = str(socket).replace('"', '""')
    settings = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": f'"{quoted}"',
        "unix_socket_permissions": "0700",
        "fsync": "on",
        "shared_buffers": "128MB",
        "max_connections": "50",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    return shlex.join(f"--{name}={value}" for name, value in settings.items())
