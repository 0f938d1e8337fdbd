"""AMFI's list of schemes into the store, and what depends on it: portfolios, costs, the newest NAVs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection

from app.domain.errors import RiskError
from app.domain.imports import ImportResult
from app.domain.scheme_names import scheme_key
from app.ingest.navs import store_latest_navs
from app.ingest.portfolios import load_index, relink_portfolios
from app.ingest.scheme_matching import SchemeIndex, match_names
from app.sources.amfi import parse_navall
from app.store.fund_costs import load_cost_names, relink_costs
from app.store.imports import ImportRecord, lock_imports, record_import
from app.store.schemes import load_codes, save_override, save_schemes

KIND = "navall"


class UnknownScheme(RiskError):
    """No list of AMFI's has shown such a code, or a name says nothing."""

    exit_code = 2


def import_navall(connection: Connection, data: bytes, name: str, now: datetime) -> ImportResult:
    """Store AMFI's list, tie portfolios and costs to it anew, and take the newest NAVs of held funds from it.

    Raises:
        InputFileError: when the file is not AMFI's list.
    """
    listing = parse_navall(data, name)
    lock_imports(connection)
    changed = save_schemes(connection, listing.schemes, listing.as_of)
    relink(connection)
    held = store_latest_navs(connection, now).held
    rows, digest = len(listing.schemes), sha256(data).hexdigest()
    record_import(connection, ImportRecord(KIND, name, digest, rows, changed, rejected=listing.rejected))
    return ImportResult(KIND, name, rows, changed, listing.rejected, held)


def relink(connection: Connection) -> int:
    """Tie portfolios and costs to AMFI's schemes anew; returns how many portfolios changed."""
    relink_costs(connection, families_of(load_index(connection), load_cost_names(connection)))
    return relink_portfolios(connection)


def say_scheme(connection: Connection, name: str, amfi_code: int) -> int:
    """Note which of AMFI's schemes a name means; returns how many portfolios changed.

    Raises:
        UnknownScheme: for a code that no list has shown, or a name without words.
    """
    key = scheme_key(name)
    if not key or amfi_code not in load_codes(connection, [amfi_code]):
        raise UnknownScheme(
            f"AMFI's list has no scheme {amfi_code}." if key else f"{name!r} names no scheme.",
            "Look the code up in NAVAll.txt, and import that with 'import navall' if you have not.",
        )
    lock_imports(connection)
    save_override(connection, key, name, amfi_code)
    changed = relink(connection)
    record_import(connection, ImportRecord("scheme_match", name, "", 1, 1))
    return changed


def families_of(index: SchemeIndex, names: Iterable[str]) -> dict[str, str]:
    """The family of every name of a list of many houses; names that fit none, or two, are absent."""
    matches = ((name, match_names(index, [name])[0]) for name in names)
    return {name: match.family for name, match in matches if match.family}
