"""A server's life, its settings, who gets in and where its socket lies."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg2
import pytest

from app.domain.errors import DatabaseGone, DatabaseUnavailable
from app.embedded_postgres import EmbeddedPostgres
from tests.integration.embedded_postgres.server_use import AS_ROOT, ask, connect, keep_a_row, kept_rows, mode


def test_rows_survive_a_stop_and_a_start(empty_home: Path) -> None:
    server = EmbeddedPostgres(empty_home)
    assert not server.running()
    keep_a_row(server.start())
    assert server.running()
    server.release()
    assert not server.running()
    assert kept_rows(server.start()) == [(42,)]
    server.release()


def test_starting_twice_gives_the_same_server_and_one_release_stops_it(server: EmbeddedPostgres) -> None:
    assert server.start() == server.start()
    server.release()
    assert not server.running()


def test_a_restart_makes_no_new_cluster_where_the_folder_has_gone(server: EmbeddedPostgres, home: Path) -> None:
    server.start(create=False)
    server.release()
    home.rename(home.with_name("away"))
    with pytest.raises(DatabaseGone, match="has gone"):
        server.start(create=False)
    assert not home.exists()


def test_releasing_without_a_start_does_nothing(empty_home: Path) -> None:
    EmbeddedPostgres(empty_home).release()
    assert list(empty_home.parent.iterdir()) == []


def test_the_settings_are_ours_whatever_the_environment_says(
    server: EmbeddedPostgres, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "9999")
    monkeypatch.setenv("PGTZ", "Asia/Kolkata")
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    url = server.start()
    names = ["listen_addresses", "fsync", "max_connections", "log_timezone", "server_encoding"]
    statement = "SELECT " + ", ".join(f"current_setting('{name}')" for name in names)
    assert ask(url, statement) == [("", "on", "50", "UTC", "UTF8")]
    assert mode(home / "socket" / ".s.PGSQL.5432") == 0o700


def test_a_large_log_is_put_aside_at_the_next_start(server: EmbeddedPostgres, home: Path) -> None:
    with (home / "server.log").open("a") as log:
        log.write("x" * 1_000_001)
    server.start()
    assert (home / "server.log.1").stat().st_size > 1_000_000
    assert (home / "server.log").stat().st_size < 100_000


def test_only_the_password_opens_and_only_through_the_socket(server: EmbeddedPostgres, home: Path) -> None:
    url = server.start()
    password = (home / "password").read_text()
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        connect(url.replace(password, "wrong"))
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(host="127.0.0.1", port=5432, user="risk", password=password, dbname="postgres")
    assert "listening on IP" not in (home / "server.log").read_text()
    assert set(ask(url, "SELECT auth_method FROM pg_hba_file_rules")) == {("scram-sha-256",)}


def test_a_path_too_long_for_a_socket_gets_a_short_one(base: Path, far_home: Path) -> None:
    server = EmbeddedPostgres(far_home)
    url = server.start()
    socket = Path(parse_qs(urlsplit(url).query)["host"][0])
    assert socket.parent == base / "tmp"
    assert mode(socket) == 0o700
    assert ask(url, "SELECT 1") == [(1,)]
    server.release()
    assert not server.running()


def test_a_short_socket_directory_that_others_may_change_is_refused(base: Path, far_home: Path) -> None:
    server = EmbeddedPostgres(far_home)
    server.start()
    server.release()
    (socket,) = (base / "tmp").iterdir()
    socket.chmod(0o777)
    with pytest.raises(DatabaseUnavailable, match=str(socket)):
        server.start()
    socket.chmod(0o700)
    if AS_ROOT:
        os.chown(socket, pwd.getpwnam("daemon").pw_uid, -1)
        with pytest.raises(DatabaseUnavailable, match=str(socket)):
            server.start()


@pytest.mark.parametrize("character", ['"', "$", "`", "\\", "\n"])
def test_a_path_that_a_shell_would_read_otherwise_is_refused(base: Path, character: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="RISK_DATA_DIR"):
        EmbeddedPostgres(base / f"a{character}b").start()


def test_a_server_that_can_not_start_shows_its_log_and_not_the_password(server: EmbeddedPostgres, home: Path) -> None:
    with (home / "data" / "postgresql.conf").open("a") as conf:
        conf.write("no_such_setting = 1\n")
    with pytest.raises(DatabaseUnavailable, match="no_such_setting") as failure:
        server.start()
    assert str(home / "server.log") in str(failure.value)
    assert (home / "password").read_text() not in str(failure.value)
