"""Homes for the embedded server: each test has its own, in a directory that every account may enter."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.embedded_postgres import EmbeddedPostgres
from app.embedded_postgres.postmaster import find_postmaster
from tests.integration.embedded_postgres.server_use import SERVER_UID, postmaster_pid


@contextmanager
def open_directory() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="pg-")).resolve()
    directory.chmod(0o755)
    yield directory
    for data in directory.rglob("data"):
        if find_postmaster(data):
            os.kill(postmaster_pid(data.parent), signal.SIGQUIT)
        while find_postmaster(data):
            time.sleep(0.01)
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def made_home() -> Iterator[Path]:
    """A home with an empty cluster whose server is stopped; only to be copied."""
    with open_directory() as directory:
        server = EmbeddedPostgres(directory / "postgres")
        server.start()
        server.release()
        yield directory / "postgres"


@pytest.fixture
def base() -> Iterator[Path]:
    with open_directory() as directory:
        yield directory


@pytest.fixture
def empty_home(base: Path) -> Path:
    """A home that doesn't exist yet."""
    return base / "postgres"


@pytest.fixture
def hollow_home(empty_home: Path) -> Path:
    """A home that looks like one of PostgreSQL 12 from outside, for starts that must be refused before any server."""
    (empty_home / "data").mkdir(parents=True)
    (empty_home / "data" / "PG_VERSION").write_text("12\n")
    (empty_home / "password").write_text("secret")
    os.chown(empty_home, SERVER_UID, -1)
    return empty_home


@pytest.fixture
def home(base: Path, made_home: Path) -> Path:
    """A home with an empty cluster of its own, not running."""
    return copy_of(made_home, base / "postgres")


@pytest.fixture
def other_home(base: Path, made_home: Path) -> Path:
    """A second one."""
    return copy_of(made_home, base / "other")


def copy_of(made_home: Path, place: Path) -> Path:
    subprocess.run(["cp", "-a", made_home, place], check=True)
    return place


@pytest.fixture
def server(home: Path) -> Iterator[EmbeddedPostgres]:
    embedded = EmbeddedPostgres(home)
    yield embedded
    embedded.release()


@pytest.fixture
def far_home(base: Path, made_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose path is too long for a socket, and a temporary directory of the test's own."""
    (base / "tmp").mkdir(mode=0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(base / "tmp"))
    (base / ("d" * 90)).mkdir(mode=0o755)
    return copy_of(made_home, base / ("d" * 90) / "post gres")
