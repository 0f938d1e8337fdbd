"""NAVs into the store: judged first, under every ISIN of the plan and option they belong to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

import numpy as np
from sqlalchemy import Connection

from app.domain.errors import InputFileError
from app.domain.imports import ImportResult
from app.domain.market_hours import trading_day
from app.domain.navs import AHEAD, HeldNav, NavPoint, judge_navs
from app.domain.schemes import AmfiScheme, growth_twin, one_row_an_isin
from app.sources.nav_files import parse_navs
from app.store.fund_holdings import held_isins
from app.store.imports import ImportRecord, lock_imports, record_import
from app.store.navs import (
    NavSeries,
    load_confirmed,
    load_held_navs,
    load_navs,
    save_held_navs,
    save_navs,
)
from app.store.schemes import load_codes, load_families

MANY = 100
"""A file of more schemes is a whole house's or everybody's: of it only what is held is stored."""


@dataclass(frozen=True, slots=True)
class StoredNavs:
    """``changed`` rows; ``held`` names the NAVs that are not believed."""

    changed: int
    held: tuple[str, ...]


def import_navs(connection: Connection, data: bytes, name: str, now: datetime) -> ImportResult:
    """Store the NAV history of a file; of a file of many schemes only those of held funds and their growth options.

    Raises:
        InputFileError: when the file is unusable, or none of its schemes is known.
    """
    parsed = parse_navs(data, name)
    codes = {point.amfi_code for point in parsed.points}
    lock_imports(connection)
    schemes = wanted_schemes(connection) if len(codes) > MANY else load_codes(connection, sorted(codes))
    known = [point for point in parsed.points if point.amfi_code in schemes]
    if not known and len(codes) <= MANY:
        reason = f"is of scheme {', '.join(map(str, sorted(codes)[:3]))}, which no list of AMFI's has shown"
        raise InputFileError(name, reason, "Import AMFI's NAVAll.txt first with 'import navall'.")
    stored = store_points(connection, known, schemes, now)
    digest, rows = sha256(data).hexdigest(), len(parsed.points)
    record_import(connection, ImportRecord("navs", name, digest, rows, stored.changed, rejected=parsed.rejected))
    return ImportResult("navs", name, rows, stored.changed, parsed.rejected, stored.held)


def store_latest_navs(connection: Connection, now: datetime) -> StoredNavs:
    """The newest NAVs of AMFI's stored list, of held funds and their growth options, into their histories."""
    schemes = wanted_schemes(connection)
    points = [
        NavPoint(scheme.amfi_code, scheme.nav_date, scheme.nav)
        for scheme in schemes.values()
        if scheme.nav is not None and scheme.nav_date is not None
    ]
    return store_points(connection, points, schemes, now)


def wanted_schemes(connection: Connection) -> dict[int, AmfiScheme]:
    """AMFI's rows, by code, of all held ISINs and of the growth option of the same plan, whose NAV shows the return."""
    held = held_isins(connection)
    rows = load_families(connection, held)
    own = [row for row in one_row_an_isin(rows).values() if set(row.isins) & set(held)]
    twins = [twin for row in own if (twin := growth_twin(row, rows))]
    return {row.amfi_code: row for row in (*own, *twins)}


def store_points(
    connection: Connection, points: Iterable[NavPoint], schemes: Mapping[int, AmfiScheme], now: datetime
) -> StoredNavs:
    """Judge NAVs beside what is stored and held back already, and store the believed ones."""
    coming: dict[str, dict[date, float]] = defaultdict(dict)
    owner: dict[str, AmfiScheme] = {}
    for point in points:
        for isin in schemes[point.amfi_code].isins:
            coming[isin][point.day] = point.nav
            owner[isin] = schemes[point.amfi_code]
    symbols = list(coming)
    stored, waiting = _stored(connection, symbols), load_held_navs(connection, symbols)
    confirmed, today = load_confirmed(connection, symbols), trading_day(now)
    series, complaints = [], []
    for symbol in symbols:
        fresh = {nav.day: nav.nav for nav in waiting.get(symbol, ())} | coming[symbol]
        latest = latest_day(owner[symbol], today)
        judged = judge_navs(sorted((stored[symbol] | fresh).items()), latest, confirmed.get(symbol, ()))
        kept = [(day, nav) for day, nav in judged.kept if day in fresh and stored[symbol].get(day) != nav]
        held = [nav for nav in judged.held if nav.day in fresh]
        series.append(NavSeries(symbol, owner[symbol].amfi_code, owner[symbol].name, kept))
        if held or symbol in waiting:
            save_held_navs(connection, symbol, held)
        complaints += [_told(owner[symbol], symbol, nav) for nav in held]
    return StoredNavs(save_navs(connection, series, now), tuple(complaints))


def latest_day(scheme: AmfiScheme, today: date) -> date:
    """The last day that a NAV of the scheme can be of."""
    return today + AHEAD if scheme.looks_ahead else today


def _stored(connection: Connection, symbols: Sequence[str]) -> dict[str, dict[date, float]]:
    history = load_navs(connection, symbols)
    days = history.days.astype(object)
    present = ~np.isnan(history.navs)
    return {
        symbol: dict(zip(days[present[:, at]].tolist(), history.navs[present[:, at], at].tolist(), strict=True))
        for at, symbol in enumerate(symbols)
    }


def _told(scheme: AmfiScheme, symbol: str, nav: HeldNav) -> str:
    return (
        f"{scheme.name} ({symbol}): the NAV of {nav.day} {nav.reason} and is held back; "
        f"if it is right: python -m app confirm {symbol} {nav.day}"
    )
