"""One fund house and one month: its files found, downloaded and stored, each in its own transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from threading import Event, Lock, Semaphore

from sqlalchemy import Connection

from app.Boilerplate import Boilerplate
from app.domain.disclosures import Source
from app.domain.fetching import Fetched, FetchError
from app.domain.fund_fetches import (
    SETTLED,
    FetchOutcome,
    FileFetch,
    HouseFetch,
    outcome_of,
    summarise,
)  # fmt: skip
from app.domain.market_hours import trading_day
from app.ingest.disclosure_checks import Asked
from app.ingest.disclosures import DisclosureImport, describe, load_known, store_disclosure
from app.sources.amc.reader import read_disclosure
from app.sources.fund_recipes import Recipe
from app.sources.fund_sites import Client, list_files
from app.sources.site_pages import Link, file_name
from app.store.fund_fetches import load_files, save_file

WEB_PAGE = "a web page came instead of the file"


@dataclass(frozen=True, slots=True)
class Run:
    """What the visits of a run share. ``turn`` lets one thread at a time use the database, ``reading`` some of them
    read a workbook, which may need a gigabyte; ``stop`` ends all early.

    ``again`` asks also for files that are there, whether they have changed.
    """

    month: date
    database: Boilerplate
    now: Callable[[], datetime]
    again: bool
    turn: Lock
    reading: Semaphore
    stop: Event
    tell: Callable[[str], None]

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction, when it is this thread's turn."""
        with self.turn, self.database.transaction() as connection:
            yield connection


def fetch_house(run: Run, recipe: Recipe, client: Client, page: str | None) -> HouseFetch:
    """Bring in what a house has of the month and is not there yet. What goes wrong is the outcome, not an error.

    Raises:
        DatabaseUnavailable, SQLAlchemyError: when nothing can be kept.
    """
    if recipe.manual is not None:
        return HouseFetch(recipe.house, run.month, FetchOutcome.MANUAL, recipe.manual, run.now())
    run.tell(f"{recipe.house}: looking for files")
    try:
        links = list_files(recipe, run.month, client, page)
    except FetchError as error:
        return HouseFetch(recipe.house, run.month, outcome_of(error), f"{error.host}: {error.reason}", run.now())
    with run.transaction() as connection:
        known = load_files(connection, recipe.house, run.month)
    files = []
    for at, link in enumerate(links, start=1):
        if run.stop.is_set():
            break
        run.tell(f"{recipe.house}: file {at} of {len(links)}")
        files.append(_fetch_file(run, recipe, client, link, known.get(link.url)))
    return summarise(recipe.house, run.month, files, run.now(), name=file_name)


def _fetch_file(run: Run, recipe: Recipe, client: Client, link: Link, known: FileFetch | None) -> FileFetch:
    if known is not None and known.outcome in SETTLED and not run.again:
        return replace(known, outcome=FetchOutcome.NOTHING_NEW)
    try:
        fetched = client.get(link.url, known.seen if known else None)
    except FetchError as error:
        file = FileFetch(recipe.house, run.month, link.url, outcome_of(error), error.reason, run.now())
        with run.transaction() as connection:
            save_file(connection, _still_good(known, file))
        return file
    if fetched.not_modified and known is not None:
        return _unchanged(run, known)
    return _store(run, recipe, link, fetched)


def _still_good(known: FileFetch | None, file: FileFetch) -> FileFetch:
    """A file that was stored stays so when looking again fails."""
    return known if known is not None and known.outcome in SETTLED else file


def _unchanged(run: Run, known: FileFetch) -> FileFetch:
    """The site says that the file is the one of the last try: what was refused then is refused still."""
    settled = known.outcome in SETTLED
    file = replace(known, outcome=FetchOutcome.NOTHING_NEW if settled else known.outcome, tried_at=run.now())
    with run.transaction() as connection:
        save_file(connection, file)
    return file


def _store(run: Run, recipe: Recipe, link: Link, fetched: Fetched) -> FileFetch:
    now = run.now()
    asked = Asked(trading_day(now), Source.FETCH, run.month, None, recipe.house)
    file = describe(fetched.body, file_name(link.url))
    fetch = FileFetch(
        recipe.house, run.month, link.url, FetchOutcome.REFUSED, WEB_PAGE, now, file.sha256, fetched.seen
    )  # fmt: skip
    if fetched.body.lstrip()[:1] == b"<":
        fetch = replace(fetch, outcome=FetchOutcome.NOT_PUBLISHED) if _is_guess(recipe) else fetch
        with run.transaction() as connection:
            save_file(connection, fetch)
        return fetch
    with run.transaction() as connection:
        result = load_known(connection, file, asked)
        if result is not None:
            return _kept(connection, fetch, result)
    with run.reading:
        sheets = read_disclosure(fetched.body, file.name)
    with run.transaction() as connection:
        return _kept(connection, fetch, store_disclosure(connection, file, sheets, asked))


def _is_guess(recipe: Recipe) -> bool:
    """Whether addresses are made up from the month: sites answer such a one with their own page and status 200."""
    return recipe.steps[-1].read == "fixed"


def _kept(connection: Connection, fetch: FileFetch, result: DisclosureImport) -> FileFetch:
    good = [sheet for sheet in result.sheets if sheet.quarantined is None]
    if good:
        outcome, reason = FetchOutcome.NOTHING_NEW if result.known else FetchOutcome.DONE, ""
    else:
        outcome = FetchOutcome.REFUSED
        reason = next((sheet.quarantined for sheet in result.sheets if sheet.quarantined), "holds no portfolio")
    file = replace(fetch, outcome=outcome, reason=reason, schemes=len(good))
    save_file(connection, file)
    return file
