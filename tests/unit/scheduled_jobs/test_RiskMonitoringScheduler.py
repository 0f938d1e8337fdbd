from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from apscheduler.triggers.cron import CronTrigger

from app.bootstrap import build_services
from app.domain.market_hours import IST, hours_on
from app.scheduled_jobs.RiskMonitoringScheduler import JOBS, MONTH_TIMES, TIMES, RiskMonitoringScheduler
from app.settings import read_settings

CRONTAB = Path(__file__).parents[3] / "crontab.txt"
MONDAY = date(2026, 11, 23)
SATURDAY = datetime(2026, 11, 21, 12, 0, tzinfo=IST)


def next_runs() -> list[datetime]:
    settings = read_settings({"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"})
    scheduler = RiskMonitoringScheduler(build_services(settings))
    triggers = [job.trigger for job in scheduler._scheduler.get_jobs() if isinstance(job.trigger, CronTrigger)]
    return sorted(trigger.get_next_fire_time(None, SATURDAY) for trigger in triggers)


def test_prices_are_read_before_the_open_and_after_the_close_and_the_report_follows() -> None:
    assert [f"{run:%a %H:%M %z}" for run in next_runs() if run.date() == MONDAY] == [
        "Mon 07:30 +0530", "Mon 08:45 +0530", "Mon 16:00 +0530", "Mon 16:05 +0530", "Mon 16:30 +0530",
        "Mon 18:30 +0530", "Mon 19:00 +0530", "Mon 20:45 +0530",
    ]  # fmt: skip


def test_navs_are_asked_for_every_night_and_morning_and_portfolios_when_they_are_published() -> None:
    assert [f"{run:%d %b %H:%M}" for run in next_runs() if run.date() != MONDAY] == [
        "21 Nov 23:30", "22 Nov 09:30", "01 Dec 20:00", "05 Dec 21:00",
    ]  # fmt: skip


def test_the_evening_run_comes_when_the_bar_of_the_day_is_final() -> None:
    evening = [run for run in next_runs() if run.date() == MONDAY][3]
    assert evening.time() > hours_on(evening.date()).post_close_end


def test_the_crontab_has_the_same_jobs_at_the_same_times() -> None:
    lines = [line.split() for line in CRONTAB.read_text().splitlines() if line[:1].isdigit()]
    planned = [(name, "*", "1-5", hour, minute) for name, hour, minute in TIMES]
    planned += [(name, days, "*", hour, minute) for name, days, hour, minute in MONTH_TIMES]
    assert sorted((line[-1], line[2], line[4], int(line[1]), int(line[0])) for line in lines) == sorted(planned)
    assert {line[-1] for line in lines} == set(JOBS)
