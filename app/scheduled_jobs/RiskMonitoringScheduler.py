"""The risk worker: its own process, the only owner of the schedule."""

from __future__ import annotations

import logging
from collections.abc import Callable
from zoneinfo import ZoneInfo

from apscheduler.schedulers.blocking import BlockingScheduler
from sqlalchemy.exc import SQLAlchemyError

from app.bootstrap import Services
from app.domain.errors import RiskError
from app.scheduled_jobs import daily_risk
from app.store.heartbeats import Heartbeat, save_heartbeat

log = logging.getLogger(__name__)
INDIA = ZoneInfo("Asia/Kolkata")
JOBS: dict[str, Callable[[Services], str]] = {daily_risk.NAME: daily_risk.run}
LATE_SECONDS = 6 * 3600
"""A job that was missed (machine asleep) still runs when it is at most this late."""


class RiskMonitoringScheduler:
    """Runs the jobs at their times in India, one at a time each, and notes every outcome."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._scheduler = BlockingScheduler(timezone=INDIA)
        self._scheduler.add_job(
            self.run_job, "cron", args=[daily_risk.NAME], day_of_week="mon-fri", hour=16, minute=0,
            misfire_grace_time=LATE_SECONDS, coalesce=True, max_instances=1,
        )  # fmt: skip
        self._scheduler.add_job(self.beat, "interval", seconds=60, misfire_grace_time=60, coalesce=True)

    def run(self) -> None:
        """Work until stopped; starts with the daily job so that a first start has a report."""
        self.beat()
        self.run_job(daily_risk.NAME)
        self._scheduler.start()

    def stop(self) -> None:
        """End ``run``; a job under way is left to finish by its own transaction."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def run_job(self, name: str) -> None:
        """One run of a job. A failure is recorded and the schedule goes on."""
        try:
            log.info("%s: %s", name, JOBS[name](self._services))
        except (RiskError, SQLAlchemyError) as error:
            log.warning("%s failed: %s", name, type(error).__name__)
            self._note(name, "error", type(error).__name__)

    def beat(self) -> None:
        """Say that the worker lives."""
        self._note("worker", "ok", "")

    def _note(self, job: str, status: str, detail: str) -> None:
        try:
            with self._services.database.transaction() as connection:
                save_heartbeat(connection, Heartbeat(job, self._services.now(), status, detail))
        except (RiskError, SQLAlchemyError) as error:
            log.warning("heartbeat of %s not kept: %s", job, type(error).__name__)
