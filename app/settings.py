"""The environment, read once into a frozen dataclass. Every bad value is named in one error, so a start fails once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from platformdirs import user_data_path
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.domain.errors import SettingsError

APP_NAME = "kite-portfolio-risk"
HOST_DATABASE = ("postgres", "mydb", "postgres", "postgres", "5432")
"""Host, database, user, password and port that the Kite dashboard's own code falls back to."""
T = TypeVar("T")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Settings:
    """``database_url`` None means the embedded Postgres under ``data_dir``. Rates are fractions a year."""

    database_url: str | None
    schema: str
    data_dir: Path
    host: str
    port: int
    allow_remote: bool
    benchmark: str | None
    risk_free: float
    participation: float
    simulation_seed: int
    simulation_paths: int
    monte_carlo: str

    @property
    def serves_loopback_only(self) -> bool:
        """True when no other machine can reach the address served."""
        return self.host in LOOPBACK


class _Reader:
    """Reads values and gathers every complaint instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.errors: list[str] = []

    def text(self, name: str, default: str) -> str:
        """The variable, or the content of the file that ``NAME_FILE`` points to."""
        file = self._environ.get(f"{name}_FILE")
        if file is None:
            return self._environ.get(name) or default
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.errors.append(f"{name}_FILE: {file} can't be read ({type(error).__name__})")
            return default

    def checked(self, name: str, default: str, convert: Callable[[str], T], valid: Callable[[T], bool], rule: str) -> T:
        raw = self.text(name, default)
        try:
            value = convert(raw)
        except ValueError:
            self.errors.append(f"{name}={raw!r} is not {rule}")
            return convert(default)
        if not valid(value):
            self.errors.append(f"{name}={raw!r} is not {rule}")
            return convert(default)
        return value


def _url_from_parts(host: str, database: str, user: str, password: str, port: str) -> URL:
    return URL.create("postgresql+psycopg2", user, password, host, int(port), database)


def _database_url(reader: _Reader, environ: Mapping[str, str]) -> str | None:
    """DATABASE_URL, else the host dashboard's PG_* or DB_* set, else None."""
    text = reader.text("DATABASE_URL", "")
    if text:
        return _checked_url(reader, text)
    for names in (
        ("PG_HOST", "PG_DATABASE", "PG_USER", "PG_PASSWORD", "PG_PORT"),
        ("DB_HOST", "DB_NAME", "DB_USER", "DB_PASSWORD", "DB_PORT"),
    ):
        if any(name in environ or f"{name}_FILE" in environ for name in names):
            parts = [reader.text(name, default) for name, default in zip(names, HOST_DATABASE, strict=True)]
            if not re.fullmatch(r"[0-9]{1,5}", parts[4]):
                reader.errors.append(f"{names[4]}={parts[4]!r} is not a port number")
                return None
            return _url_from_parts(*parts).render_as_string(hide_password=False)
    return None


def _checked_url(reader: _Reader, text: str) -> str | None:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        reader.errors.append("DATABASE_URL is not a database address (postgresql://user:password@host:5432/name)")
        return None
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        reader.errors.append(f"DATABASE_URL names {url.get_backend_name()}: only Postgres is supported")
        return None
    return url.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


def default_data_dir() -> Path:
    """The user's data folder. For root a folder that the unprivileged database account can reach."""
    return Path("/var/lib") / APP_NAME if os.name == "posix" and os.geteuid() == 0 else user_data_path(APP_NAME)


def _flag(text: str) -> bool:
    lowered = text.lower()
    if lowered not in {"0", "1", "true", "false", "yes", "no"}:
        raise ValueError(text)
    return lowered in {"1", "true", "yes"}


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from an environment mapping.

    Raises:
        SettingsError: naming every variable that is wrong.
    """
    reader = _Reader(environ)
    settings = Settings(
        database_url=_database_url(reader, environ),
        schema=reader.checked(
            "RISK_DB_SCHEMA",
            "my_schema",
            str,
            lambda s: bool(re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", s)),
            "a schema name",
        ),
        data_dir=Path(reader.text("RISK_DATA_DIR", str(default_data_dir()))).expanduser().absolute(),
        host=reader.text("HOST", "127.0.0.1"),
        port=reader.checked("PORT", "5000", int, lambda p: 0 < p < 65536, "a port number from 1 to 65535"),
        allow_remote=reader.checked("RISK_ALLOW_REMOTE", "0", _flag, lambda _: True, "0 or 1"),
        benchmark=reader.text("RISK_BENCHMARK", "") or None,
        risk_free=reader.checked(
            "RISK_FREE_RATE", "6", float, lambda r: -5 <= r <= 50, "a percentage a year from -5 to 50"
        )
        / 100,
        participation=reader.checked(
            "RISK_PARTICIPATION", "20", float, lambda p: 0 < p <= 100, "a percentage of daily volume above 0, up to 100"
        )
        / 100,
        simulation_seed=reader.checked(
            "RISK_SIMULATION_SEED", "20260101", int, lambda s: s >= 0, "a whole number from 0"
        ),
        simulation_paths=reader.checked(
            "RISK_SIMULATION_PATHS",
            "10000",
            int,
            lambda n: 1000 <= n <= 10_000_000,
            "a whole number from 1000 to 10000000",
        ),
        monte_carlo=reader.checked(
            "RISK_MONTE_CARLO", "bootstrap", str, lambda m: m in {"bootstrap", "student_t"}, "bootstrap or student_t"
        ),
    )
    if not settings.serves_loopback_only and not settings.allow_remote:
        reader.errors.append(
            f"HOST={settings.host!r} can be reached by other machines and this version has no login. "
            "Set RISK_ALLOW_REMOTE=1 only behind a proxy that asks for one"
        )
    if reader.errors:
        raise SettingsError(
            "Wrong settings: " + "; ".join(reader.errors) + ".", "Mend them in the environment and start again."
        )
    return settings
