"""After the close: compute the day's reports, keep them, and remove what was kept for long enough."""

from __future__ import annotations

from app.bootstrap import Services
from app.domain.risk_runs import RunKind
from app.scheduled_jobs.heartbeats import noted

NAME = "daily_risk"


def run(services: Services) -> str:
    """Keep the report of every scope under the day of its prices; returns one line for the log."""
    kept = [services.history.keep(scope, kind=RunKind.DAILY) for scope in services.history.scopes]
    removed = services.history.prune()
    detail = "; ".join([*kept, *([f"{removed} older runs removed"] if removed else [])])
    return noted(services, NAME, "ok", detail)
