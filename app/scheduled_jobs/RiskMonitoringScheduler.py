"""The risk worker: its own process, the only owner of the schedule."""

from __future__ import annotations

import logging
from collections.abc import Callable
from zoneinfo import ZoneInfo

from apscheduler.schedulers.blocking import BlockingScheduler

from app.Boilerplate import DATABASE_FAULTS
from app.bootstrap import Services
from app.domain.errors import CODE_FAULTS, RiskError, place_of
from app.scheduled_jobs import daily_risk, eod_prices, fund_files, fund_navs, kite_sync, mf_holdings
from app.store.heartbeats import Heartbeat, save_heartbeat

log = logging.getLogger(__name__)
INDIA = ZoneInfo("Asia/Kolkata")
JOBS: dict[str, Callable[[Services], str]] = {
    daily_risk.NAME: daily_risk.run,
    kite_sync.NAME: kite_sync.run,
    eod_prices.NAME: eod_prices.run,
    mf_holdings.NAME: mf_holdings.run,
    fund_navs.NAME: fund_navs.run,
    fund_files.NAME: fund_files.run,
}
DUE: dict[str, Callable[[Services], bool]] = {kite_sync.NAME: kite_sync.is_due, eod_prices.NAME: eod_prices.is_due}
"""Jobs that need not wait for their time."""
TIMES = (
    (eod_prices.NAME, 7, 30),
    (kite_sync.NAME, 8, 45),
    (daily_risk.NAME, 16, 0),
    (kite_sync.NAME, 16, 5),
    (daily_risk.NAME, 16, 30),
    (eod_prices.NAME, 18, 30),
    (daily_risk.NAME, 19, 0),
    (fund_files.NAME, 20, 45),
)
"""Job, hour and minute in India, Monday to Friday. Kite restates history by 08:00; the day's bar is final at 16:00; NSE
publishes the day's file by half past six.

The report is kept at four o'clock, as the plan has it, and again when the day's prices have come from Kite or NSE.
"""
MONTH_TIMES = (
    (fund_navs.NAME, "*", 9, 30),
    (mf_holdings.NAME, "1", 20, 0),
    (mf_holdings.NAME, "5-12", 21, 0),
    (fund_navs.NAME, "*", 23, 30),
)
"""Job, days of the month, hour and minute in India. Fund houses have ten days; each evening asks for what is missing.
AMFI has the day's NAVs by 23:00, and those of funds of foreign shares next morning.
"""
FAULTS = (RiskError, *DATABASE_FAULTS, *CODE_FAULTS)
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
        for name, days, hour, minute in MONTH_TIMES:
            self._scheduler.add_job(
                self.run_job, "cron", args=[name], day=days, hour=hour, minute=minute,
                misfire_grace_time=LATE_SECONDS, coalesce=True, max_instances=1,
            )  # fmt: skip
        for name in DUE:
            self._scheduler.add_job(
                self.catch_up, "interval", args=[name], seconds=60, misfire_grace_time=60, coalesce=True
            )
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
        except FAULTS as error:
            log.warning("%s failed: %s", name, place_of(error))
            self._note(name, "error", place_of(error))

    def catch_up(self, name: str) -> None:
        """Run a job now if it is due: somebody has logged in to Kite since the last try, a book has no prices."""
        try:
            due = DUE[name](self._services)
        except FAULTS as error:
            log.warning("%s not looked at: %s", name, place_of(error))
            self._note(name, "error", place_of(error))
            return
        if due:
            self.run_job(name)

    def beat(self) -> None:
        """Say that the worker lives."""
        self._note("worker", "ok", "")

    def _note(self, job: str, status: str, detail: str) -> None:
        try:
            with self._services.database.transaction() as connection:
                save_heartbeat(connection, Heartbeat(job, self._services.now(), status, detail))
        except (RiskError, *DATABASE_FAULTS) as error:
            log.warning("heartbeat of %s not kept: %s", job, type(error).__name__)
