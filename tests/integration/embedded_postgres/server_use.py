"""What the tests do with a server: ask it, kill it, use it from other processes and other accounts."""

from __future__ import annotations

import os
import pwd
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Self

import psycopg2
import pytest
from psycopg2.extensions import connection

from app.embedded_postgres.postmaster import find_postmaster

REPOSITORY = Path(__file__).resolve().parents[3]
AS_ROOT = os.geteuid() == 0
SERVER_UID = pwd.getpwnam("nobody").pw_uid if AS_ROOT else os.geteuid()
only_as_root = pytest.mark.skipif(not AS_ROOT, reason="only root hands the server to another account")

_PROGRAM = """
import os, sys
from pathlib import Path
from app.embedded_postgres import EmbeddedPostgres
if "--keep-zombies" in sys.argv:
    import ctypes
    PR_SET_CHILD_SUBREAPER = 36
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
server = EmbeddedPostgres(Path(sys.argv[1]))
url = server.start()
if "--fork" in sys.argv:
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, b".")  # the child runs: what it must let go of at its fork is gone
        sys.stdin.readline()
        os._exit(0)
    os.read(reader, 1)
print(url, flush=True)
sys.stdin.readline()
server.release()
"""


class UserProcess:
    """Another process that uses the server until it is told to leave (or killed).

    ``--fork`` gives it a child that outlives it; ``--keep-zombies`` makes it adopt the server and never reap it.
    """

    def __init__(self, home: Path, *options: str) -> None:
        command = [sys.executable, "-c", _PROGRAM, str(home), *options]
        self.process = subprocess.Popen(
            command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def url(self) -> str:
        """What its start returned; waits for it."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def leave(self) -> None:
        """Let it release the server and end."""
        self.process.communicate("\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def connect(url: str) -> connection:
    return psycopg2.connect(url.replace("+psycopg2", ""))


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    with closing(connect(url)) as session, session, session.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def keep_a_row(url: str) -> None:
    ask(url, "CREATE TABLE kept AS SELECT 42 AS answer")


def kept_rows(url: str) -> list[tuple[object, ...]]:
    return ask(url, "SELECT answer FROM kept")


def postmaster_pid(home: Path) -> int:
    return int((home / "data" / "postmaster.pid").read_text().split()[0])


def kill_everything(url: str, home: Path) -> None:
    """SIGKILL to the postmaster and all its children; returns when the postmaster is dead (or a zombie)."""
    backends = [int(str(pid)) for (pid,) in ask(url, "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")]
    for pid in (postmaster_pid(home), *backends):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while find_postmaster(home / "data"):
        time.sleep(0.01)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def ordinary_directory(base: Path) -> Path:
    """A directory of the account that ``as_ordinary_account`` uses."""
    directory = base / "ordinary"
    directory.mkdir()
    if AS_ROOT:
        os.chown(directory, pwd.getpwnam("daemon").pw_uid, -1)
    return directory


def as_ordinary_account(action: Callable[[], str]) -> str:
    """What the action answers (or raises) in a forked process that is not root."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writer, _answer_of(action).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer


def _answer_of(action: Callable[[], str]) -> str:
    try:
        if AS_ROOT:
            account = pwd.getpwnam("daemon")
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
        return action()
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
