"""The risk worker: its own process, the only owner of the schedule."""

from __future__ import annotations

import logging
from collections.abc import Callable
from zoneinfo import ZoneInfo

from apscheduler.schedulers.blocking import BlockingScheduler
from sqlalchemy.exc import SQLAlchemyError

from app.bootstrap import Services
from app.domain.errors import RiskError
from app.scheduled_jobs import daily_risk, kite_sync
from app.store.heartbeats import Heartbeat, save_heartbeat

log = logging.getLogger(__name__)
INDIA = ZoneInfo("Asia/Kolkata")
JOBS: dict[str, Callable[[Services], str]] = {daily_risk.NAME: daily_risk.run, kite_sync.NAME: kite_sync.run}
TIMES = ((kite_sync.NAME, 8, 45), (daily_risk.NAME, 16, 0), (kite_sync.NAME, 16, 5), (daily_risk.NAME, 16, 30))
"""Job, hour and minute in India, Monday to Friday. Kite restates history by 08:00; the day's bar is final at 16:00.

The report is kept at four o'clock, as the plan has it, and once more when the day's candles have come from Kite.
"""
LATE_SECONDS = 6 * 3600
"""A job that was missed (machine asleep) still runs when it is at most this late."""


class RiskMonitoringScheduler:
    """Runs the jobs at their times in India, one at a time each, and notes every outcome."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._scheduler = BlockingScheduler(timezone=INDIA)
        for name, hour, minute in TIMES:
            self._scheduler.add_job(
                self.run_job, "cron", args=[name], day_of_week="mon-fri", hour=hour, minute=minute,
                misfire_grace_time=LATE_SECONDS, coalesce=True, max_instances=1,
            )  # fmt: skip
        self._scheduler.add_job(self.catch_up, "interval", seconds=60, misfire_grace_time=60, coalesce=True)
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

    def catch_up(self) -> None:
        """Fetch from Kite when somebody has logged in since the last try."""
        try:
            due = kite_sync.is_due(self._services)
        except (RiskError, SQLAlchemyError) as error:
            log.warning("%s not looked at: %s", kite_sync.NAME, type(error).__name__)
            return
        if due:
            self.run_job(kite_sync.NAME)

    def beat(self) -> None:
        """Say that the worker lives."""
        self._note("worker", "ok", "")

    def _note(self, job: str, status: str, detail: str) -> None:
        try:
            with self._services.database.transaction() as connection:
                save_heartbeat(connection, Heartbeat(job, self._services.now(), status, detail))
        except (RiskError, SQLAlchemyError) as error:
            log.warning("heartbeat of %s not kept: %s", job, type(error).__name__)
