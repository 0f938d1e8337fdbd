"""NAV histories in the dashboard's ``mf_nav_history``, with its columns and key, and NAVs that are held back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, text

from app.domain.market_hours import IST
from app.domain.navs import JUMP, LONGEST_PAUSE, MAX_NAV, HeldNav, NavHistory, NavIssue, NavIssueKind, is_jump
from app.domain.prices import CONFIRMED_MOVE

HOST_COLUMNS = ("scheme_code", "fund_name", "created_at", "updated_at", "run_date")
"""Columns beside the key and the NAV; an older dashboard may lack some."""
NAME_LENGTH = 200
POINT = np.dtype([("day", ">i4"), ("nav", ">f8")])
"""A NAV as Postgres sends it in binary: the day counted from 1970, rupees."""


@dataclass(frozen=True, slots=True)
class NavSeries:
    """NAVs of one fund in order of day, under the ISIN that the dashboard calls ``mf_symbol``."""

    mf_symbol: str
    amfi_code: int | None
    name: str
    navs: Sequence[tuple[date, float]]


def save_navs(connection: Connection, series: Sequence[NavSeries], now: datetime) -> int:
    """Insert or correct NAVs; returns how many rows changed. Times are naive and India's, as the dashboard's are."""
    rows = [(one, day, nav) for one in series for day, nav in one.navs]
    if not rows:
        return 0
    local = now.astimezone(IST).replace(tzinfo=None)
    values = {
        "scheme_code": "code", "fund_name": "name", "created_at": "CAST(:local AS timestamp)",
        "updated_at": "CAST(:local AS timestamp)", "run_date": "CAST(:today AS date)",
    }  # fmt: skip
    present = _columns(connection)
    extra = [column for column in HOST_COLUMNS if column in present]
    refreshed = [f"{column} = excluded.{column}" for column in extra if column != "created_at"]
    changed = connection.execute(
        text(f"""
        INSERT INTO mf_nav_history AS kept ({", ".join(["mf_symbol", "nav_date", "nav_value", *extra])})
        SELECT {", ".join(["symbol", "day", "nav", *(values[column] for column in extra)])}
        FROM unnest(CAST(:symbols AS text[]), CAST(:days AS date[]), CAST(:navs AS float8[]), CAST(:codes AS text[]),
                    CAST(:names AS text[])) AS new (symbol, day, nav, code, name)
        ON CONFLICT (mf_symbol, nav_date) DO UPDATE SET {", ".join(["nav_value = excluded.nav_value", *refreshed])}
        WHERE kept.nav_value IS DISTINCT FROM excluded.nav_value"""),  # noqa: S608
        {
            "symbols": [one.mf_symbol for one, _, _ in rows],
            "days": [day for _, day, _ in rows],
            "navs": [nav for _, _, nav in rows],
            "codes": [None if one.amfi_code is None else str(one.amfi_code) for one, _, _ in rows],
            "names": [one.name[:NAME_LENGTH] for one, _, _ in rows],
            "local": local,
            "today": local.date(),
        },
    )
    return changed.rowcount


def save_held_navs(connection: Connection, mf_symbol: str, held: Sequence[HeldNav]) -> None:
    """Replace what is held back of a fund."""
    connection.execute(text("DELETE FROM risk_held_navs WHERE mf_symbol = :symbol"), {"symbol": mf_symbol})
    if held:
        connection.execute(
            text("""INSERT INTO risk_held_navs (mf_symbol, nav_date, nav_value, reason)
                    VALUES (:symbol, :day, :nav, :reason)"""),
            [{"symbol": mf_symbol, "day": nav.day, "nav": nav.nav, "reason": nav.reason} for nav in held],
        )


def load_held_navs(connection: Connection, mf_symbols: Sequence[str]) -> dict[str, tuple[HeldNav, ...]]:
    """What is held back of each fund, in order of day; funds without are absent."""
    rows = connection.execute(
        text("""SELECT mf_symbol, nav_date, nav_value, reason FROM risk_held_navs
                WHERE mf_symbol = ANY(CAST(:symbols AS text[])) ORDER BY mf_symbol, nav_date"""),
        {"symbols": list(mf_symbols)},
    )
    found: dict[str, tuple[HeldNav, ...]] = {}
    for row in rows:
        held = HeldNav(row.nav_date, row.nav_value, row.reason)
        found[row.mf_symbol] = (*found.get(row.mf_symbol, ()), held)
    return found


def load_confirmed(connection: Connection, mf_symbols: Sequence[str]) -> dict[str, tuple[date, ...]]:
    """The days of each fund's moves that a person said were real."""
    rows = connection.execute(
        text("""SELECT symbol, array_agg(ex_date ORDER BY ex_date) AS days FROM risk_corporate_actions
                WHERE symbol = ANY(CAST(:symbols AS text[])) AND kind = :confirmed GROUP BY symbol"""),
        {"symbols": list(mf_symbols), "confirmed": CONFIRMED_MOVE},
    )
    return {row.symbol: tuple(row.days) for row in rows}


def newest_navs(connection: Connection, mf_symbols: Sequence[str]) -> dict[str, date]:
    """The day of each fund's newest stored NAV; funds without any are absent."""
    return {symbol: newest for symbol, (_, newest) in nav_spans(connection, mf_symbols).items()}


def nav_spans(connection: Connection, mf_symbols: Sequence[str]) -> dict[str, tuple[date, date]]:
    """The days of each fund's oldest and newest stored NAV; funds without any are absent."""
    rows = connection.execute(
        text("""SELECT mf_symbol, min(nav_date) AS oldest, max(nav_date) AS newest FROM mf_nav_history
                WHERE mf_symbol = ANY(CAST(:symbols AS text[])) GROUP BY mf_symbol"""),
        {"symbols": list(mf_symbols)},
    )
    return {row.mf_symbol: (row.oldest, row.newest) for row in rows}


def load_navs(connection: Connection, mf_symbols: Sequence[str], since: date | None = None) -> NavHistory:
    """The NAVs of the funds in one query and one matrix, in the order asked for, with what is odd about them.

    A NAV that is none is left out (NaN) and reported. Jumps and gaps stay and are reported, jumps that a person has
    confirmed are not. A fund without any NAV has a column of NaN.
    """
    rows = connection.execute(
        text("""SELECT mf_symbol, string_agg(int4send(nav_date - date '1970-01-01') || float8send(nav_value),
                                             ''::bytea ORDER BY nav_date) AS points,
                       (SELECT array_agg(ex_date) FROM risk_corporate_actions a
                        WHERE a.symbol = n.mf_symbol AND a.kind = :confirmed) AS confirmed
                FROM mf_nav_history n
                WHERE mf_symbol = ANY(CAST(:symbols AS text[])) AND nav_date >= coalesce(:since, nav_date)
                GROUP BY mf_symbol"""),
        {"symbols": list(mf_symbols), "since": since, "confirmed": CONFIRMED_MOVE},
    ).all()
    place = {symbol: column for column, symbol in enumerate(mf_symbols)}
    points = {row.mf_symbol: np.frombuffer(row.points, POINT) for row in rows}
    read = {
        symbol: (found["day"].astype("datetime64[D]"), found["nav"].astype(np.float64))
        for symbol, found in points.items()
    }
    days = np.unique(np.concatenate([series[0] for series in read.values()] or [np.array([], "datetime64[D]")]))
    navs = np.full((len(days), len(mf_symbols)), np.nan)
    issues: list[NavIssue] = []
    for row in rows:
        own_days, own_navs = read[row.mf_symbol]
        sound = (own_navs > 0) & (own_navs < MAX_NAV)
        navs[np.searchsorted(days, own_days[sound]), place[row.mf_symbol]] = own_navs[sound]
        issues += _issues(row.mf_symbol, own_days, own_navs, sound, row.confirmed or ())
    return NavHistory(tuple(mf_symbols), days, navs, tuple(issues))


def _issues(symbol: str, days: Any, navs: Any, sound: Any, confirmed: Sequence[date]) -> list[NavIssue]:
    """Invalid NAVs, then jumps and gaps between the sound ones."""
    found = [
        NavIssue(symbol, day, NavIssueKind.INVALID, f"{nav:g} is not a NAV")
        for day, nav in zip(days[~sound].astype(object), navs[~sound].tolist(), strict=True)
    ]
    days, navs = days[sound], navs[sound]
    pauses = np.diff(days).astype(int)
    moves = np.abs(np.diff(navs) / navs[:-1]) if len(navs) else pauses
    for at in np.flatnonzero((pauses > LONGEST_PAUSE) | (moves > JUMP)).tolist():
        day, before, after, pause = days[at + 1].astype(object), navs[at], navs[at + 1], int(pauses[at])
        if pause > LONGEST_PAUSE:
            found.append(NavIssue(symbol, day, NavIssueKind.GAP, f"no NAV for {pause} days"))
        if is_jump(before, after, pause) and day not in confirmed:
            found.append(NavIssue(symbol, day, NavIssueKind.JUMP, f"moved by {after / before - 1.0:+.0%} in one step"))
    return found


def _columns(connection: Connection) -> frozenset[str]:
    return frozenset(
        connection.scalars(
            text("""SELECT attname FROM pg_attribute
                    WHERE attrelid = to_regclass('mf_nav_history') AND attnum > 0 AND NOT attisdropped""")
        )
    )
