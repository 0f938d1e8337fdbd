"""Fetching fund disclosures: which month is due, what became of each house and file, how far a run is."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.domain.errors import RiskError
from app.domain.fetching import FetchError, NotPublished, Seen, SiteUnavailable

FUNDS_CHANNEL = "risk_funds"
"""Postgres channel on which every step of a run is announced."""
POLL_DAYS = range(5, 13)
"""Days of the month on which houses are asked again until the month is in: ten days is the rule, some are late."""
STALE_DAYS = 45
"""Age of a portfolio, counted from its day, beyond which the user is warned."""


class FetchOutcome(StrEnum):
    """How a house, or a file of it, ended for a month.

    ``DONE``: stored. ``NOTHING_NEW``: what the house has was stored before. ``NOT_PUBLISHED``: the list does not name
    the month yet. ``REFUSED``: the site refuses, or what came is not what was asked for. ``FAILED``: no answer, try
    again. ``MANUAL``: no program can fetch it.
    """

    DONE = "done"
    NOTHING_NEW = "nothing_new"
    NOT_PUBLISHED = "not_published"
    REFUSED = "refused"
    FAILED = "failed"
    MANUAL = "manual"


SETTLED = frozenset({FetchOutcome.DONE, FetchOutcome.NOTHING_NEW})
"""What a later run does not ask for again."""


class JobStatus(StrEnum):
    """``STOPPED``: the process that ran it is gone."""

    RUNNING = "running"
    ENDED = "ended"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class FetchWish:
    """What a run is to bring: ``month`` any day of it, None for the last completed one.

    ``houses`` are the user's words for fund houses; without any, those of the funds held, or all with ``everything`` or
    where the holdings do not tell. ``again`` asks also for what is there, whether it has changed; ``yahoo`` fills in
    the largest positions of funds held that no disclosure is there of.
    """

    month: date | None = None
    houses: tuple[str, ...] = ()
    everything: bool = False
    again: bool = False
    yahoo: bool = False


class FetchRunning(RiskError):
    """Another run over fund houses is under way; ``job_id`` is its id."""

    exit_code = 7

    def __init__(self, job_id: str) -> None:
        super().__init__("Fund disclosures are being fetched just now.", "Wait for that run to end.")
        self.job_id = job_id


class WrongWish(RiskError):
    """A month that is not over, or a fund house that is not known."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class FileFetch:
    """One file of a house and month. ``schemes`` is the number of portfolios stored from it."""

    house: str
    month: date
    url: str
    outcome: FetchOutcome
    reason: str
    tried_at: datetime
    sha256: str | None = None
    seen: Seen = Seen()  # noqa: RUF009  frozen
    schemes: int = 0


@dataclass(frozen=True, slots=True)
class HouseFetch:
    """A house's last try for a month (its first day). ``reason`` is one line, "" where there is nothing to say.

    ``files_done`` of ``files`` listed are stored, with ``schemes`` portfolios.
    """

    house: str
    month: date
    outcome: FetchOutcome
    reason: str
    tried_at: datetime
    files: int = 0
    files_done: int = 0
    schemes: int = 0


@dataclass(frozen=True, slots=True)
class FundJob:
    """A run over fund houses. ``done`` of ``total`` houses have ended; ``detail`` is what it is at, or how it ended."""

    job_id: str
    month: date
    status: JobStatus
    detail: str
    done: int
    total: int
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FundJobReport:
    """A run with the outcome of every house that it has been to so far."""

    job: FundJob
    houses: tuple[HouseFetch, ...]


@dataclass(frozen=True, slots=True)
class HouseStatus:
    """What is there of a fund house.

    ``newest`` is the day of its newest portfolio in use and ``age_days`` its age, None where there is none;
    ``portfolios`` how many are of that month. ``is_stale`` from 45 days on. ``manual`` is why no program can fetch it.
    ``last`` is the last try.
    """

    house: str
    page: str
    manual: str | None
    newest: date | None
    age_days: int | None
    is_stale: bool
    portfolios: int
    last: HouseFetch | None


def due_month(today: date) -> date:
    """The first day of the last completed month, the one whose portfolios are published next."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def month_end(month: date) -> date:
    """The last day of a month."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def outcome_of(error: FetchError) -> FetchOutcome:
    """What a download that did not come about means for its file or house."""
    if isinstance(error, NotPublished):
        return FetchOutcome.NOT_PUBLISHED
    return FetchOutcome.FAILED if isinstance(error, SiteUnavailable) else FetchOutcome.REFUSED


def summarise(
    house: str, month: date, files: Sequence[FileFetch], now: datetime, *, name: Callable[[str], str]
) -> HouseFetch:
    """The outcome of a house from those of its files: the worst one, with the first reason. ``name`` shortens a URL.

    A file that turns out not to be there does not count where another one is: houses list both spellings of a name.
    """
    there = [file for file in files if file.outcome is not FetchOutcome.NOT_PUBLISHED] or list(files)
    worst = next(
        (outcome for outcome in WORST_FIRST if any(file.outcome is outcome for file in there)), FetchOutcome.NOTHING_NEW
    )
    done = [file for file in there if file.outcome in SETTLED]
    first = next((file for file in there if file.outcome is worst and worst not in SETTLED), None)
    reason = f"{name(first.url)}: {first.reason}" if first else ""
    schemes = sum(file.schemes for file in done)
    return HouseFetch(house, month, worst, reason, now, len(there), len(done), schemes)


WORST_FIRST = (
    FetchOutcome.FAILED,
    FetchOutcome.REFUSED,
    FetchOutcome.NOT_PUBLISHED,
    FetchOutcome.DONE,
    FetchOutcome.NOTHING_NEW,
)
