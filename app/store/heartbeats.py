"""When each job last ran and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """``status`` is ok or error; ``detail`` is one line for the reader."""

    job: str
    last_run: datetime
    status: str
    detail: str


def save_heartbeat(connection: Connection, beat: Heartbeat) -> None:
    """Note that a job ran."""
    connection.execute(
        text("""INSERT INTO risk_heartbeats (job, last_run, status, detail) VALUES (:job, :last_run, :status, :detail)
                ON CONFLICT (job) DO UPDATE SET last_run = excluded.last_run, status = excluded.status,
                                                detail = excluded.detail"""),
        {"job": beat.job, "last_run": beat.last_run, "status": beat.status, "detail": beat.detail},
    )


def load_heartbeats(connection: Connection) -> tuple[Heartbeat, ...]:
    """One entry for each job that ever ran."""
    rows = connection.execute(text("SELECT job, last_run, status, detail FROM risk_heartbeats ORDER BY job"))
    return tuple(Heartbeat(*row) for row in rows)
