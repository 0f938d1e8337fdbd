"""Runs over fund houses: what is under way, and the last try of each house, month and file."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from sqlalchemy import Connection, Row, text

from app.domain.fetching import Seen
from app.domain.fund_fetches import FUNDS_CHANNEL, FetchOutcome, FileFetch, FundJob, HouseFetch, JobStatus
from app.store.feeds import held_locks

FETCH_LOCK = 7_241_000_006
"""Advisory lock key: one run at a time over all processes, so that no site is asked twice at once."""
BEGIN_LOCK = 7_241_000_007
"""Advisory lock key: held while a run takes the right to fetch and notes itself, so that its id is known to others."""
JOB_FIELDS = "job_id, month, status, detail, done, total, started_at, ended_at"
HOUSE_FIELDS = "house, month, outcome, reason, tried_at, files, files_done, schemes"
FILE_FIELDS = "house, month, url, outcome, reason, tried_at, sha256, etag, last_modified, schemes"


def lock_begin(connection: Connection) -> None:
    """Wait until no other run is about to begin; held until the transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": BEGIN_LOCK})


def save_job(connection: Connection, job: FundJob) -> None:
    """Note how far a run is, and announce it at commit."""
    connection.execute(
        text(f"""INSERT INTO risk_fund_jobs ({JOB_FIELDS})
                 VALUES (:job_id, :month, :status, :detail, :done, :total, :started_at, :ended_at)
                 ON CONFLICT (job_id) DO UPDATE
                 SET status = excluded.status, detail = excluded.detail, done = excluded.done, total = excluded.total,
                     ended_at = excluded.ended_at"""),  # noqa: S608
        asdict(job),
    )
    connection.execute(text("SELECT pg_notify(:channel, :id)"), {"channel": FUNDS_CHANNEL, "id": job.job_id})


def load_job(connection: Connection, job_id: str | None = None) -> FundJob | None:
    """A run by its id or, without one, the run that began last; None for one that never was.

    One whose process is gone has stopped, whatever it wrote last.
    """
    is_alive = FETCH_LOCK in held_locks(connection)
    row = connection.execute(
        text(f"""SELECT {JOB_FIELDS} FROM risk_fund_jobs WHERE job_id = coalesce(CAST(:id AS text), job_id)
                 ORDER BY started_at DESC, job_id LIMIT 1"""),  # noqa: S608
        {"id": job_id},
    ).one_or_none()
    return None if row is None else _job(row, is_alive=is_alive)


def save_house(connection: Connection, job_id: str, house: HouseFetch) -> None:
    """Note the last try of a house and month."""
    connection.execute(
        text(f"""INSERT INTO risk_fund_fetches (job_id, {HOUSE_FIELDS})
                 VALUES (:job_id, :house, :month, :outcome, :reason, :tried_at, :files, :files_done, :schemes)
                 ON CONFLICT (house, month) DO UPDATE
                 SET job_id = excluded.job_id, outcome = excluded.outcome, reason = excluded.reason,
                     tried_at = excluded.tried_at, files = excluded.files, files_done = excluded.files_done,
                     schemes = excluded.schemes"""),  # noqa: S608
        asdict(house) | {"job_id": job_id},
    )


def load_houses(connection: Connection, month: date, job_id: str | None = None) -> tuple[HouseFetch, ...]:
    """The last try of each house for a month, by name; with ``job_id`` only those that this run made."""
    rows = connection.execute(
        text(f"""SELECT {HOUSE_FIELDS} FROM risk_fund_fetches
                 WHERE month = :month AND (CAST(:job_id AS text) IS NULL OR job_id = :job_id)
                 ORDER BY lower(house)"""),  # noqa: S608
        {"month": month.replace(day=1), "job_id": job_id},
    )
    return tuple(_house(row) for row in rows)


def load_last_tries(connection: Connection) -> dict[str, HouseFetch]:
    """The last try of each house, of whatever month."""
    rows = connection.execute(
        text(f"""SELECT DISTINCT ON (house) {HOUSE_FIELDS} FROM risk_fund_fetches
                 ORDER BY house, tried_at DESC, month DESC""")  # noqa: S608
    )
    return {row.house: _house(row) for row in rows}


def save_file(connection: Connection, file: FileFetch) -> None:
    """Note the last try of a file."""
    connection.execute(
        text(f"""INSERT INTO risk_fund_files ({FILE_FIELDS})
                 VALUES (:house, :month, :url, :outcome, :reason, :tried_at, :sha256, :etag, :last_modified, :schemes)
                 ON CONFLICT (house, month, url) DO UPDATE
                 SET outcome = excluded.outcome, reason = excluded.reason, tried_at = excluded.tried_at,
                     sha256 = excluded.sha256, etag = excluded.etag, last_modified = excluded.last_modified,
                     schemes = excluded.schemes"""),  # noqa: S608
        asdict(file) | {"etag": file.seen.etag, "last_modified": file.seen.last_modified},
    )


def load_files(connection: Connection, house: str, month: date) -> dict[str, FileFetch]:
    """The last try of each file of a house and month, by address."""
    rows = connection.execute(
        text(f"SELECT {FILE_FIELDS} FROM risk_fund_files WHERE house = :house AND month = :month"),  # noqa: S608
        {"house": house, "month": month.replace(day=1)},
    )
    return {row.url: _file(row) for row in rows}


def load_newest_portfolios(connection: Connection) -> dict[str, tuple[date, int]]:
    """Of each house the day of its newest portfolio in use, and how many are of that month.

    A portfolio is a house's when AMFI's list says so, or when it came in a file fetched from the house.
    """
    rows = connection.execute(
        text("""
        WITH owned AS (
            SELECT coalesce(p.house, f.house) AS house, d.disclosure_id, d.as_on, d.month_end
            FROM risk_disclosures d JOIN risk_portfolios p USING (portfolio_id)
            LEFT JOIN (SELECT DISTINCT ON (sha256) sha256, house FROM risk_fund_files ORDER BY sha256, house) f
                   ON f.sha256 = d.sha256
            WHERE d.quarantined IS NULL AND d.replaced_by IS NULL AND d.source <> 'yahoo')
        SELECT DISTINCT ON (house) house, max(as_on) AS newest, count(*) AS portfolios
        FROM owned WHERE house IS NOT NULL GROUP BY house, month_end ORDER BY house, month_end DESC""")
    )
    return {row.house: (row.newest, row.portfolios) for row in rows}


def _job(row: Row[tuple[object, ...]], *, is_alive: bool) -> FundJob:
    status = JobStatus(row.status)
    if status is JobStatus.RUNNING and not is_alive:
        status = JobStatus.STOPPED
    return FundJob(**{**row._mapping, "status": status})


def _house(row: Row[tuple[object, ...]]) -> HouseFetch:
    return HouseFetch(**{**row._mapping, "outcome": FetchOutcome(row.outcome)})


def _file(row: Row[tuple[object, ...]]) -> FileFetch:
    fields = dict(row._mapping)
    seen = Seen(fields.pop("etag"), fields.pop("last_modified"))
    return FileFetch(**{**fields, "outcome": FetchOutcome(row.outcome), "seen": seen})
