"""AMFI's list of schemes into the store, and what depends on it: portfolios, costs, the newest NAVs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import Connection

from app.domain.errors import InputFileError, RiskError
from app.domain.imports import ImportResult
from app.domain.market_hours import trading_day
from app.domain.navs import AHEAD
from app.domain.scheme_names import scheme_key
from app.domain.schemes import AmfiScheme
from app.ingest.navs import latest_day, store_latest_navs
from app.ingest.portfolios import load_index, relink_portfolios
from app.ingest.scheme_matching import SchemeIndex, match_names
from app.sources.amfi import parse_navall
from app.sources.tabular import cap_messages
from app.store.fund_costs import load_cost_names, relink_costs
from app.store.imports import ImportRecord, lock_imports, record_import
from app.store.schemes import count_listed, load_codes, save_override, save_schemes

KIND = "navall"
WHOLE = 1_000
"""Schemes: AMFI's list has some 14,000. What has fewer is an excerpt, and no measure of another list."""
FEWEST = 0.8
"""Of the schemes of the list before: in years it lost a few a day."""


class UnknownScheme(RiskError):
    """No list of AMFI's has shown such a code, or a name says nothing."""

    exit_code = 2


def import_navall(
    connection: Connection, data: bytes, name: str, now: datetime, *, allow_fewer: bool = False
) -> ImportResult:
    """Store AMFI's list, tie portfolios and costs to it anew, and take the newest NAVs of held funds from it.

    A NAV of a day to come is held back, and told. Raises:
        InputFileError: when the file is not AMFI's list, is of a day to come or, without ``allow_fewer``, lists far
            fewer schemes than the newest list stored.
    """
    listing, today = parse_navall(data, name), trading_day(now)
    if listing.as_of > today + AHEAD:
        raise InputFileError(name, f"is of {listing.as_of}, a day to come.", "Download it again; check the clock here.")
    lock_imports(connection)
    if not allow_fewer:
        _refuse_cut(len(listing.schemes), count_listed(connection), name)
    schemes, early = _without_days_to_come(listing.schemes, today)
    changed = save_schemes(connection, schemes, min(listing.as_of, today))
    relink(connection)
    held = store_latest_navs(connection, now).held
    rows, digest = len(schemes), sha256(data).hexdigest()
    record_import(connection, ImportRecord(KIND, name, digest, rows, changed, rejected=listing.rejected))
    return ImportResult(KIND, name, rows, changed, listing.rejected, (*held, *cap_messages(early)))


def _refuse_cut(listed: int, before: int, name: str) -> None:
    if before >= WHOLE and listed < FEWEST * before:
        remedy = "Download it again. If the list did shrink: python -m app import navall FILE --allow-fewer"
        raise InputFileError(name, f"lists {listed:,} schemes after {before:,}: it may be cut short.", remedy)


def _without_days_to_come(schemes: Iterable[AmfiScheme], today: date) -> tuple[list[AmfiScheme], list[str]]:
    """The schemes, without NAVs of days that they can't know yet, and what is to be said of those."""
    kept, told = [], []
    for scheme in schemes:
        if scheme.nav_date is not None and scheme.nav_date > latest_day(scheme, today):
            plan = f"{scheme.name} ({scheme.amfi_code})"
            told.append(f"{plan}: the NAV of {scheme.nav_date}, a day to come, is held back")
            scheme = replace(scheme, nav=None, nav_date=None)  # noqa: PLW2901
        kept.append(scheme)
    return kept, told


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
