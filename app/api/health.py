"""GET /api/health: does the app answer, reach its database, and is the worker alive."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from sqlalchemy.exc import SQLAlchemyError

from app.bootstrap import Services
from app.domain.errors import DatabaseUnavailable
from app.domain.serialise import to_json
from app.store.heartbeats import load_heartbeats
from app.store.migrations import current_revision, newest_revision


def health_blueprint(services: Services) -> APIBlueprint:
    """Routes of the health check. It tells nothing of the book."""
    blueprint = APIBlueprint("health", __name__, abp_tags=[Tag(name="operations", description="Is it running")])

    @blueprint.get("/api/health", summary="Is the app able to answer", responses={"200": {"description": "It is"}})
    def health() -> Response:
        """200 with status ok when the database answers and is up to date, else 503 with the reason."""
        try:
            with services.database.transaction() as connection:
                revision, jobs = current_revision(connection), load_heartbeats(connection)
        except (DatabaseUnavailable, SQLAlchemyError):
            return _answer(HTTPStatus.SERVICE_UNAVAILABLE, "database", "The database can't be reached.", {})
        if revision != newest_revision():
            return _answer(HTTPStatus.SERVICE_UNAVAILABLE, "migrate", "Run 'python -m app migrate'.", {})
        return _answer(
            HTTPStatus.OK, "ok", "", {job.job: {"last_run": job.last_run, "status": job.status} for job in jobs}
        )

    return blueprint


def _answer(status: HTTPStatus, state: str, detail: str, jobs: dict[str, object]) -> Response:
    body = {"status": state, "detail": detail, "jobs": jobs}
    return Response(to_json(body), status, content_type="application/json", headers={"Cache-Control": "no-store"})
