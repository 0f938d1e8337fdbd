"""The note that every job leaves of its last run."""

from __future__ import annotations

from app.bootstrap import Services
from app.store.heartbeats import Heartbeat, save_heartbeat


def noted(services: Services, job: str, status: str, detail: str) -> str:
    """Keep how a run ended, ``status`` ok or error; returns ``detail``, the line for the log."""
    with services.database.transaction() as connection:
        save_heartbeat(connection, Heartbeat(job, services.now(), status, detail))
    return detail
