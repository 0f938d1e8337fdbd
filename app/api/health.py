"""GET /api/health: does the app answer, reach its database, and is the worker alive."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from sqlalchemy.exc import SQLAlchemyError

from app.api.errors import problem_responses
from app.api.schemas import schema_of
from app.bootstrap import Services
from app.domain.errors import DatabaseUnavailable
from app.domain.serialise import to_json
from app.store.heartbeats import load_heartbeats
from app.store.migrations import current_revision, newest_revision


@dataclass(frozen=True, slots=True)
class JobHealth:
    """When a job last ran (ISO, UTC) and how it ended: ok or error."""

    last_run: str
    status: str


@dataclass(frozen=True, slots=True)
class Health:
    """``status`` is ok, database (no answer) or migrate (older than this code); ``detail`` says what to do."""

    status: str
    detail: str = ""
    jobs: dict[str, JobHealth] = field(default_factory=dict)


def health_blueprint(services: Services) -> APIBlueprint:
    """Routes of the health check. It tells nothing of the book."""
    blueprint = APIBlueprint("health", __name__, abp_tags=[Tag(name="operations", description="Is it running")])
    content = {"application/json": {"schema": schema_of(Health)}}
    answers: dict[str | int | HTTPStatus, Any] = {
        "200": {"description": "All is well", "content": content},
        "503": {"description": "It can't work now", "content": content},
        **problem_responses(HTTPStatus.BAD_REQUEST),
    }

    @blueprint.get("/api/health", summary="Whether the app can work", responses=answers)
    def health() -> Response:
        """200 with status ok when the database answers and is up to date, else 503 with the reason."""
        found = check(services)
        status = HTTPStatus.OK if found.status == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
        return Response(to_json(found), status, content_type="application/json")

    return blueprint


def check(services: Services) -> Health:
    """Ask the database."""
    try:
        with services.database.transaction() as connection:
            if current_revision(connection) != newest_revision():
                return Health("migrate", "Run 'python -m app migrate'.")
            beats = load_heartbeats(connection)
    except (DatabaseUnavailable, SQLAlchemyError):
        return Health("database", "The database can't be reached.")
    return Health("ok", jobs={beat.job: JobHealth(beat.last_run.isoformat(), beat.status) for beat in beats})
