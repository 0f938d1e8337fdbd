"""Services over a real database, at a fixed moment: a Friday evening, after the close is final."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app.Boilerplate import Boilerplate
from app.bootstrap import Services, build_services
from app.settings import read_settings

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)


def clock() -> datetime:
    return NOW


@pytest.fixture
def services(database_url: str) -> Iterator[Services]:
    """Every door over a fresh, migrated database."""
    built = build_services(read_settings({"DATABASE_URL": database_url, "RISK_SIMULATION_PATHS": "2000"}), clock)
    yield built
    built.close()


@pytest.fixture
def empty_database(empty_database_url: str) -> Iterator[Boilerplate]:
    """The door to a database without any table."""
    opened = Boilerplate(empty_database_url, "my_schema", Path())
    yield opened
    opened.close()
