"""MFHoldingsFetcher: brings in the month's portfolios of the fund houses and knows what is still missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from threading import Event, Lock, Semaphore
from uuid import uuid4

from sqlalchemy import Connection

from app.Boilerplate import Boilerplate
from app.domain.fetching import FetchError
from app.domain.fund_fetches import (
    SETTLED,
    STALE_DAYS,
    FetchOutcome,
    FetchRunning,
    FetchWish,
    FundJob,
    FundJobReport,
    HouseFetch,
    HouseStatus,
    JobStatus,
    WrongWish,
    due_month,
)
from app.domain.market_hours import trading_day
from app.ingest.fund_houses import Run, fetch_house
from app.ingest.fund_progress import Progress, Tell
from app.ingest.yahoo_holdings import YahooReader, fill_from_yahoo
from app.sources.fund_recipes import Recipe, find_recipes, load_recipes
from app.sources.fund_sites import DIRECTORY_HOSTS, Client, HousePage, fetch_directory
from app.store.feeds import lock_sync
from app.store.fund_fetches import (
    FETCH_LOCK,
    load_houses,
    load_job,
    load_last_tries,
    load_newest_portfolios,
    lock_begin,
    save_house,
    save_job,
)
from app.store.fund_holdings import load_fund_book
from app.store.schemes import load_families

HOUSES_AT_ONCE = 4
"""Houses asked side by side; each of them gets one request at a time."""
READERS = 2
"""Workbooks read at the same time."""
NO_RECIPE = "how it publishes is not known to this program yet"


@dataclass(frozen=True, slots=True)
class BegunRun:
    """A run that has the right to fetch until ``guard`` is closed, and the houses that it will ask."""

    job: FundJob
    wish: FetchWish
    recipes: tuple[Recipe, ...]
    guard: ExitStack


class MFHoldingsFetcher:
    """The door to fund disclosures on the fund houses' sites. One run at a time, over all processes.

    ``client`` makes a client that may ask the given hosts. ``yahoo`` reads the last resort.
    """

    def __init__(
        self,
        database: Boilerplate,
        client: Callable[[Iterable[str]], Client],
        yahoo: YahooReader,
        now: Callable[[], datetime],
        recipes: tuple[Recipe, ...] | None = None,
    ) -> None:
        self._database = database
        self._client = client
        self._yahoo = yahoo
        self._now = now
        self._recipes = load_recipes() if recipes is None else recipes

    def fetch(self, wish: FetchWish | None = None, tell: Tell = lambda _job: None) -> FundJobReport:
        """Bring in what is missing of a month; ``tell`` hears of every step. A house that fails stops no other.

        Raises:
            FetchRunning: another run is under way.
            WrongWish: a month that is not over, a house that is not known.
        """
        return self.carry_out(self.begin(wish or FetchWish()), tell)

    def begin(self, wish: FetchWish) -> BegunRun:
        """Take the right to fetch and note the run; ``carry_out`` it, in any thread. Raises as ``fetch``."""
        month = self._month(wish)
        named = self._named(wish)
        with ExitStack() as stack:
            guard = stack.enter_context(self._database.transaction())
            with self._database.transaction() as connection:
                lock_begin(connection)
                if not lock_sync(guard, FETCH_LOCK):
                    running = load_job(connection)
                    raise FetchRunning(running.job_id if running else "")
                recipes = self._missing(connection, month, named or self._default(connection, wish), wish)
                detail = "asking fund houses" if recipes else "nothing is missing"
                job = FundJob(uuid4().hex, month, JobStatus.RUNNING, detail, 0, len(recipes), self._now())
                save_job(connection, job)
            return BegunRun(job, wish, recipes, stack.pop_all())

    def carry_out(self, begun: BegunRun, tell: Tell = lambda _job: None) -> FundJobReport:
        """The run itself; ends with the right to fetch given back, whatever happens."""
        with begun.guard:
            progress = Progress(self._database, self._now, begun.job, tell)
            if begun.recipes:
                self._visit_all(begun, progress)
            detail = _summary(progress.ended)
            if begun.wish.yahoo:
                detail += f"; {fill_from_yahoo(self._database, self._yahoo, begun.job.month, trading_day(self._now()))}"
            return FundJobReport(progress.end(detail), tuple(progress.ended))

    def job(self, job_id: str) -> FundJobReport | None:
        """A run and the outcomes of the houses that it has been to; None for an id that was never given."""
        with self._database.transaction() as connection:
            job = load_job(connection, job_id)
            return None if job is None else FundJobReport(job, load_houses(connection, job.month, job.job_id))

    def newest_job(self) -> FundJob | None:
        """The run that began last."""
        with self._database.transaction() as connection:
            return load_job(connection)

    def is_needed(self) -> bool:
        """True when funds are held, so that somebody has a use for what they hold."""
        with self._database.transaction() as connection:
            return bool(_held(connection))

    def status(self) -> tuple[HouseStatus, ...]:
        """Every fund house: the age of what is there, and how the last try went."""
        with self._database.transaction() as connection:
            newest, tries = load_newest_portfolios(connection), load_last_tries(connection)
        known = {recipe.house: recipe for recipe in self._recipes}
        others = (Recipe(house, 0, "", manual=NO_RECIPE) for house in {*newest, *tries} - set(known))
        today = trading_day(self._now())
        rows = (_house_status(recipe, newest.get(recipe.house), tries.get(recipe.house), today)
                for recipe in (*self._recipes, *others))  # fmt: skip
        return tuple(sorted(rows, key=lambda row: row.house.casefold()))

    def _month(self, wish: FetchWish) -> date:
        newest = due_month(trading_day(self._now()))
        month = (wish.month or newest).replace(day=1)
        if month > newest:
            raise WrongWish(f"{month:%B %Y} is not over.", f"The newest month to ask for is {newest:%Y-%m}.")
        return month

    def _named(self, wish: FetchWish) -> tuple[Recipe, ...]:
        found: dict[str, Recipe] = {}
        for name in wish.houses:
            recipes = find_recipes(self._recipes, name)
            if not recipes:
                raise WrongWish(f"No fund house is called {name}.", "'python -m app funds status' lists them.")
            found |= {recipe.house: recipe for recipe in recipes}
        return tuple(found.values())

    def _default(self, connection: Connection, wish: FetchWish) -> tuple[Recipe, ...]:
        """The houses of the funds held, as far as a program can fetch them; all where that can't be told."""
        automatic = tuple(recipe for recipe in self._recipes if recipe.manual is None)
        held = _held(connection)
        houses = {isin: scheme.house for scheme in load_families(connection, list(held)) for isin in scheme.isins}
        if wish.everything or not held or not held <= set(houses):
            return automatic
        mine = {houses[isin] for isin in held}
        return tuple(recipe for recipe in automatic if recipe.house in mine)

    def _missing(
        self, connection: Connection, month: date, wanted: Sequence[Recipe], wish: FetchWish
    ) -> tuple[Recipe, ...]:
        settled = {house.house for house in load_houses(connection, month) if house.outcome in SETTLED}
        return tuple(recipe for recipe in wanted if wish.again or recipe.house not in settled)

    def _visit_all(self, begun: BegunRun, progress: Progress) -> None:
        pages = self._pages(begun, progress)
        reading = Semaphore(READERS)
        run = Run(begun.job.month, self._database, self._now, begun.wish.again, Lock(), reading, Event(), progress.say)
        with ThreadPoolExecutor(HOUSES_AT_ONCE, thread_name_prefix="fund-house") as pool:
            visits = [
                pool.submit(fetch_house, run, recipe, self._client(recipe.hosts), pages.get(recipe.amfi_id))
                for recipe in begun.recipes
            ]
            try:
                for visit in as_completed(visits):
                    progress.house_ended(visit.result())
            except BaseException:
                run.stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _pages(self, begun: BegunRun, progress: Progress) -> Mapping[int, str]:
        """Where AMFI's directory says that each house publishes; houses that have no recipe are noted as such."""
        if all(recipe.manual for recipe in begun.recipes):
            return {}
        progress.say("reading AMFI's directory")
        try:
            directory = fetch_directory(self._client(DIRECTORY_HOSTS))
        except FetchError:
            return {}
        if not begun.wish.houses:
            self._note_unknown(begun, directory)
        return {entry.amfi_id: entry.page for entry in directory if entry.page}

    def _note_unknown(self, begun: BegunRun, directory: Sequence[HousePage]) -> None:
        known = {recipe.amfi_id for recipe in self._recipes}
        with self._database.transaction() as connection:
            for entry in (entry for entry in directory if entry.amfi_id not in known):
                reason = f"{NO_RECIPE}; its page is {entry.page}"
                house = HouseFetch(entry.house, begun.job.month, FetchOutcome.MANUAL, reason, self._now())
                save_house(connection, begun.job.job_id, house)


def _held(connection: Connection) -> set[str]:
    """The ISINs of the funds held; none of a sample book's."""
    book = load_fund_book(connection)
    return {holding.isin for holding in book.holdings} if book and not book.is_sample else set()


def _summary(houses: Sequence[HouseFetch]) -> str:
    counts = Counter(house.outcome for house in houses)
    return (
        ", ".join(f"{number} {outcome}" for outcome, number in counts.items()).replace("_", " ") or "nothing is missing"
    )


def _house_status(recipe: Recipe, newest: tuple[date, int] | None, last: HouseFetch | None, today: date) -> HouseStatus:
    day, portfolios = newest or (None, 0)
    age = (today - day).days if day else None
    stale = age is not None and age > STALE_DAYS
    return HouseStatus(recipe.house, recipe.page, recipe.manual, day, age, stale, portfolios, last)
