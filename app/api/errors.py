"""Errors as problem+json (RFC 9457): what happened and the remedy, never a traceback."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from flask import Flask, Response, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.domain.errors import DatabaseUnavailable, InputFileError, RiskError, UnknownFund, UnknownWindow
from app.domain.fund_fetches import WrongWish
from app.domain.hedges import UnclearGoal
from app.domain.risk_runs import UnknownRun
from app.domain.scenarios import UnclearScenario
from app.domain.serialise import to_json

log = logging.getLogger(__name__)
STATUS: dict[type[RiskError], HTTPStatus] = {
    DatabaseUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    InputFileError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownFund: HTTPStatus.NOT_FOUND,
    UnknownWindow: HTTPStatus.BAD_REQUEST,
    UnclearGoal: HTTPStatus.BAD_REQUEST,
    WrongWish: HTTPStatus.BAD_REQUEST,
    UnclearScenario: HTTPStatus.BAD_REQUEST,
    UnknownRun: HTTPStatus.BAD_REQUEST,
}
PROBLEM_SCHEMA = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457: what happened, and the remedy where there is one.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "remedy": {"type": "string"},
        "reference": {"type": "string"},
        "parameters": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["type", "title", "status", "detail"],
}


def problem_responses(*statuses: HTTPStatus) -> dict[str | int | HTTPStatus, Any]:
    """The problem answers of a route, for its OpenAPI description."""
    content = {"application/problem+json": {"schema": PROBLEM_SCHEMA}}
    return {str(int(status)): {"description": status.phrase, "content": content} for status in statuses}


def problem(status: HTTPStatus, detail: str, **more: object) -> Response:
    """A problem+json answer."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, **more}
    return Response(to_json(body), status, content_type="application/problem+json")


def register_errors(app: Flask) -> None:
    """Answer every error under /api as problem+json, and every other one as a short text."""
    app.register_error_handler(RiskError, _of_risk_error)
    app.register_error_handler(SQLAlchemyError, _of_database_error)
    app.register_error_handler(HTTPException, _of_http_error)
    app.register_error_handler(Exception, _of_bug)


def _of_risk_error(error: RiskError) -> Response:
    status = STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)
    answer = problem(status, error.message, remedy=error.remedy)
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = "5"
    return answer


def _of_database_error(error: SQLAlchemyError) -> Response:
    reference = uuid4().hex
    log.error("database error %s: %s", reference, type(error).__name__)
    answer = problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The database did not answer as expected.",
        remedy="Run 'python -m app migrate' if the app was just updated, then try again.",
        reference=reference,
    )
    answer.headers["Retry-After"] = "5"
    return answer


def _of_http_error(error: HTTPException) -> Response:
    if not request.path.startswith("/api"):
        return Response(f"{error.code} {error.name}\n{error.description}\n", error.code, content_type="text/plain")
    answer = problem(HTTPStatus(error.code or 500), error.description or "")
    if allow := error.get_response().headers.get("Allow"):
        answer.headers["Allow"] = allow
    return answer


def _of_bug(error: Exception) -> Response:
    """The edge of the process: record the failure, tell only a reference."""
    reference = uuid4().hex
    log.error("unexpected error %s", reference, exc_info=error)
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here; the log has the details.", reference=reference
    )
