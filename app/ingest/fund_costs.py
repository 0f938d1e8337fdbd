"""Expense ratios and official tracking figures into the store, tied to AMFI's schemes by name."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

from sqlalchemy import Connection

from app.domain.imports import ImportResult
from app.domain.scheme_names import scheme_key
from app.ingest.portfolios import load_index
from app.ingest.schemes import families_of
from app.sources.fund_cost_files import parse_ter, parse_tracking
from app.store.fund_costs import save_costs, save_tracking
from app.store.imports import ImportRecord, lock_imports, record_import

SHOWN = 5


def import_ter(connection: Connection, data: bytes, name: str, today: date) -> ImportResult:
    """Store the expense ratios of a file. Raises InputFileError when it is unusable."""
    parsed = parse_ter(data, name, today)
    lock_imports(connection)
    keys, families = _identified(connection, [cost.scheme_name for cost in parsed.costs])
    changed = save_costs(connection, parsed.costs, keys, families, name)
    return _recorded(connection, "ter", data, name, len(parsed.costs), changed, parsed.rejected,
                     _notes(keys, families, parsed.undated, today))  # fmt: skip


def import_tracking(connection: Connection, data: bytes, name: str, today: date) -> ImportResult:
    """Store AMFI's tracking errors or differences. Raises InputFileError when the file is unusable."""
    parsed = parse_tracking(data, name, today)
    lock_imports(connection)
    keys, families = _identified(connection, [figure.scheme_name for figure in parsed.figures])
    changed = save_tracking(connection, parsed.figures, keys, families, name)
    return _recorded(connection, "tracking", data, name, len(parsed.figures), changed, parsed.rejected,
                     _notes(keys, families, parsed.undated, today))  # fmt: skip


def _identified(connection: Connection, names: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    keys = {name: scheme_key(name) or name.casefold() for name in names}
    return keys, families_of(load_index(connection), keys)


def _notes(keys: dict[str, str], families: dict[str, str], undated: bool, today: date) -> tuple[str, ...]:
    unknown = [name for name in keys if name not in families]
    notes = [f"it names no day: {today} is taken"] if undated else []
    if unknown:
        notes.append(
            f"{len(unknown)} of {len(keys)} schemes are not found in AMFI's list: {'; '.join(unknown[:SHOWN])}. "
            "Import NAVAll.txt with 'import navall', or tell which they are with 'funds match'"
        )
    return tuple(notes)


def _recorded(
    connection: Connection,
    kind: str,
    data: bytes,
    name: str,
    rows: int,
    changed: int,
    rejected: tuple[str, ...],
    notes: tuple[str, ...],
) -> ImportResult:
    digest = sha256(data).hexdigest()
    record_import(connection, ImportRecord(kind, name, digest, rows, changed, rejected=rejected))
    return ImportResult(kind, name, rows, changed, rejected, notes)
