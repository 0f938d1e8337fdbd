"""AMFI's list, NAVs and costs from the public sites: each download stored on its own, a failure stops nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from app.Boilerplate import Boilerplate
from app.domain.errors import RiskError
from app.domain.feeds import Feed, FeedStatus
from app.domain.imports import ImportResult
from app.domain.market_hours import trading_day
from app.domain.navs import NavIssueKind
from app.domain.schemes import AmfiScheme
from app.ingest.fund_costs import import_ter, import_tracking
from app.ingest.navs import import_navs, wanted_schemes
from app.ingest.schemes import import_navall
from app.sources.amfi_sites import (
    TRACKING,
    Get,
    fetch_nav_history,
    fetch_navall,
    fetch_navs_of_day,
    fetch_ter,
    fetch_tracking,
)
from app.store.feeds import save_feed
from app.store.fund_costs import newest_costs
from app.store.navs import load_navs, nav_spans

NAVS, COSTS = "amfi_navs", "amfi_costs"
MOST_REPORTS = 5
"""Missed days that are asked of AMFI one by one; beyond, each held fund's whole history is asked for."""
LOOKED_BACK = timedelta(days=60)
PUBLISHED = 10
"""Day of the month from which AMFI's figures of the month before are there."""

Importer = Callable[[Connection, bytes, str], ImportResult]


@dataclass(frozen=True, slots=True)
class FundRun:
    """What a run needs: the store, the client's ``get``, and the clock."""

    database: Boilerplate
    get: Get
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Step:
    """One download and what is done with it."""

    name: str
    fetch: Callable[[], bytes]
    store: Importer


def fetch_funds(run: FundRun) -> tuple[Feed, ...]:
    """The newest list with its NAVs, NAVs that are missing of held funds, and the costs of a month not yet stored."""
    with run.database.transaction() as connection:
        before = nav_spans(connection, _symbols(wanted_schemes(connection)))
    listing = _done(run, NAVS, [_list_step(run)])
    with run.database.transaction() as connection:
        steps = list(_nav_steps(run, connection, before))
        costs = list(_cost_steps(run, connection))
    feeds = [_joined(listing, _done(run, NAVS, steps))]
    if costs:
        feeds.append(_done(run, COSTS, costs))
    for feed in feeds:
        with run.database.transaction() as connection:
            save_feed(connection, feed)
    return tuple(feeds)


def _list_step(run: FundRun) -> _Step:
    return _Step("NAVAll.txt", partial(fetch_navall, run.get), partial(_import_at, import_navall, run.now))


def _nav_steps(run: FundRun, connection: Connection, before: dict[str, tuple[date, date]]) -> Iterator[_Step]:
    """Days that were missed, if few; the whole history of funds that have none yet, or a gap."""
    schemes = wanted_schemes(connection)
    symbols, since = _symbols(schemes), trading_day(run.now()) - LOOKED_BACK
    spans = nav_spans(connection, symbols)
    missed = [_weekdays_between(before[symbol][1], spans[symbol][1]) for symbol in spans if symbol in before]
    for day in sorted({day for days in missed if len(days) <= MOST_REPORTS for day in days}):
        yield _navs_step(run, f"{day}.txt", partial(fetch_navs_of_day, run.get, day))
    broken = _broken(connection, symbols, since)
    for code, scheme in schemes.items():
        if any(symbol in broken or symbol not in spans or spans[symbol][0] > since for symbol in scheme.isins):
            yield _navs_step(run, f"{code}.json", partial(fetch_nav_history, run.get, code))


def _navs_step(run: FundRun, name: str, fetch: Callable[[], bytes]) -> _Step:
    return _Step(name, fetch, partial(_import_at, import_navs, run.now))


def _import_at(
    store: Callable[[Connection, bytes, str, datetime], ImportResult],
    now: Callable[[], datetime],
    connection: Connection,
    data: bytes,
    name: str,
) -> ImportResult:
    return store(connection, data, name, now())


def _import_on(
    store: Callable[[Connection, bytes, str, date], ImportResult],
    today: date,
    connection: Connection,
    data: bytes,
    name: str,
) -> ImportResult:
    return store(connection, data, name, today)


def _broken(connection: Connection, symbols: list[str], since: date) -> set[str]:
    """Funds whose stored NAVs have a gap of late."""
    issues = load_navs(connection, symbols, since).issues
    return {issue.mf_symbol for issue in issues if issue.kind is NavIssueKind.GAP}


def _cost_steps(run: FundRun, connection: Connection) -> Iterator[_Step]:
    """The figures of last month, from PUBLISHED on and once."""
    today = trading_day(run.now())
    last = today.replace(day=1) - timedelta(days=1)
    if today.day < PUBLISHED:
        return
    newest = newest_costs(connection)
    if newest.get("ter", date.min) < last.replace(day=1):
        yield _Step(f"ter_{last}.xlsx", partial(fetch_ter, run.get, last), partial(_import_on, import_ter, today))
    for kind in TRACKING:
        if newest.get(kind, date.min) < last.replace(day=1):
            yield _Step(
                f"tracking_{kind}_{last}.json",
                partial(fetch_tracking, run.get, kind, last),
                partial(_import_on, import_tracking, today),
            )


def _done(run: FundRun, name: str, steps: list[_Step]) -> Feed:
    """Every step tried, each stored in a transaction of its own."""
    tried_at = run.now()
    faults: list[str] = []
    notes: list[str] = []
    for step in steps:
        try:
            data = step.fetch()
            with run.database.transaction() as connection:
                notes += step.store(connection, data, step.name).warnings
        except RiskError as error:
            faults.append(f"{step.name}: {error.message}")
    done = len(steps) - len(faults)
    if faults:
        return Feed(name, FeedStatus.FAILED, faults[0], tried_at, None, None, done, len(steps), (*faults, *notes))
    day = trading_day(tried_at)
    return Feed(name, FeedStatus.OK, f"{done} downloads", tried_at, tried_at, day, done, done, tuple(notes))


def _joined(one: Feed, other: Feed) -> Feed:
    """Two parts of one feed: it has failed if either has."""
    worse = other if other.status is FeedStatus.FAILED and one.status is not FeedStatus.FAILED else one
    return Feed(
        one.name, worse.status, worse.detail, one.tried_at, worse.good_at, worse.as_of, one.done + other.done,
        one.total + other.total, one.notes + other.notes,
    )  # fmt: skip


def _symbols(schemes: dict[int, AmfiScheme]) -> list[str]:
    return [isin for scheme in schemes.values() for isin in scheme.isins]


def _weekdays_between(first: date, last: date) -> list[date]:
    """The weekdays after ``first`` and before ``last``."""
    days = (first + timedelta(days=at) for at in range(1, (last - first).days))
    return [day for day in days if day.weekday() < 5]
