"""A cluster is never half-made, and one that holds data is never thrown away."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.domain.errors import DatabaseUnavailable
from app.embedded_postgres import EmbeddedPostgres
from tests.integration.embedded_postgres.server_use import ask


def test_half_made_directories_are_made_anew(server: EmbeddedPostgres, home: Path) -> None:
    shutil.rmtree(home / "data")
    for name in ("data", "data.new"):
        (home / name / "base").mkdir(parents=True)
        (home / name / "base" / "torn").touch()
    assert ask(server.start(), "SELECT 1") == [(1,)]
    assert not (home / "data.new").exists()
    assert not (home / "data" / "base" / "torn").exists()


def test_a_cluster_that_only_lost_its_version_is_not_thrown_away(hollow_home: Path) -> None:
    (hollow_home / "data" / "PG_VERSION").unlink()
    (hollow_home / "data" / "global").mkdir()
    (hollow_home / "data" / "global" / "pg_control").touch()
    with pytest.raises(DatabaseUnavailable, match="damaged"):
        EmbeddedPostgres(hollow_home).start()
    assert (hollow_home / "data" / "global" / "pg_control").exists()


def test_a_lost_password_is_named(hollow_home: Path) -> None:
    (hollow_home / "password").unlink()
    with pytest.raises(DatabaseUnavailable, match=str(hollow_home / "password")):
        EmbeddedPostgres(hollow_home).start()
