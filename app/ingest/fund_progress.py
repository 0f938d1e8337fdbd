"""How far a run over fund houses is, kept for the screen and told to whoever waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from threading import Lock

from app.Boilerplate import Boilerplate
from app.domain.fund_fetches import FundJob, HouseFetch, JobStatus
from app.store.fund_fetches import save_house, save_job

Tell = Callable[[FundJob], None]


class Progress:
    """How far a run is: kept in the database and told, step by step, from whatever thread."""

    def __init__(self, database: Boilerplate, now: Callable[[], datetime], job: FundJob, tell: Tell) -> None:
        self._database, self._now, self._job, self._tell = database, now, job, tell
        self._lock = Lock()
        self.ended: list[HouseFetch] = []
        tell(job)

    def say(self, detail: str) -> None:
        """What the run is at."""
        with self._lock:
            self._keep(replace(self._job, detail=detail))

    def house_ended(self, house: HouseFetch) -> None:
        """A house has been visited."""
        with self._lock:
            self.ended.append(house)
            self._keep(replace(self._job, detail=f"{house.house}: {house.outcome}", done=len(self.ended)), house)

    def end(self, detail: str) -> FundJob:
        """The run is over."""
        with self._lock:
            return self._keep(replace(self._job, status=JobStatus.ENDED, detail=detail, ended_at=self._now()))

    def _keep(self, job: FundJob, house: HouseFetch | None = None) -> FundJob:
        with self._database.transaction() as connection:
            if house is not None:
                save_house(connection, job.job_id, house)
            save_job(connection, job)
        self._job = job
        self._tell(job)
        return job
