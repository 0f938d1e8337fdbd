"""Who owns the server's files, and which directories it may not use."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from app.domain.errors import DatabaseUnavailable
from app.embedded_postgres import EmbeddedPostgres
from tests.integration.embedded_postgres.server_use import (
    SERVER_UID,
    as_ordinary_account,
    keep_a_row,
    kept_rows,
    mode,
    only_as_root,
    ordinary_directory,
)


def test_everything_belongs_to_the_server_account_alone(base: Path, empty_home: Path) -> None:
    before = mode(base)
    server = EmbeddedPostgres(empty_home)
    server.start()
    for name in (".", "data", "socket", "password", "server.log"):
        path = empty_home / name
        assert path.stat().st_uid == SERVER_UID
        assert mode(path) == (0o700 if path.is_dir() else 0o600)
    assert mode(empty_home / "users.lock") == 0o600
    assert mode(base) == before
    server.release()


def test_an_ordinary_account_runs_the_server_itself(base: Path) -> None:
    home = ordinary_directory(base) / "postgres"

    def start_keep_restart() -> str:
        mine = EmbeddedPostgres(home)
        keep_a_row(mine.start())
        mine.release()
        rows = kept_rows(mine.start())
        owned = (home / "data" / "postmaster.pid").stat().st_uid == os.geteuid()
        mine.release()
        return f"{rows} {owned} {mode(home):o} {mine.running()}"

    assert as_ordinary_account(start_keep_restart) == "[(42,)] True 700 False"


def test_a_directory_that_may_not_be_written_is_named(base: Path) -> None:
    parent = ordinary_directory(base)
    parent.chmod(0o555)
    answer = as_ordinary_account(lambda: EmbeddedPostgres(parent / "postgres").start())
    assert re.match(f"DatabaseUnavailable: .*Permission denied: '{parent}/.*RISK_DATA_DIR", answer)


def test_a_home_that_is_not_a_directory_is_named(empty_home: Path) -> None:
    empty_home.write_text("in the way")
    with pytest.raises(DatabaseUnavailable, match=str(empty_home)):
        EmbeddedPostgres(empty_home).start()
    assert empty_home.read_text() == "in the way"


@only_as_root
def test_a_home_of_another_account_is_named_and_left_alone(empty_home: Path) -> None:
    empty_home.mkdir(mode=0o755)
    with pytest.raises(DatabaseUnavailable, match=f"{empty_home} .*RISK_DATA_DIR"):
        EmbeddedPostgres(empty_home).start()
    assert (empty_home.stat().st_uid, mode(empty_home)) == (0, 0o755)


@only_as_root
def test_a_directory_closed_to_the_server_account_is_named_and_stays_closed(base: Path) -> None:
    private = base / "private"
    private.mkdir(mode=0o700)
    with pytest.raises(DatabaseUnavailable, match=f"enter {private} .*RISK_DATA_DIR"):
        EmbeddedPostgres(private / "data" / "postgres").start()
    assert mode(private) == 0o700


@only_as_root
def test_directories_made_on_the_way_let_the_server_account_through(base: Path) -> None:
    home = base / "made" / "here" / "postgres"
    before = os.umask(0o077)
    try:
        server = EmbeddedPostgres(home)
        server.start()
        server.release()
    finally:
        os.umask(before)
    assert [mode(path) for path in (home, home.parent, home.parent.parent)] == [0o700, 0o711, 0o711]
