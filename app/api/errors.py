"""Errors as who asked can read them: what happened and the remedy, never a traceback. Under /api/ as RFC 9457 says."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from flask import Flask, Response, render_template, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.api.assets import load_assets
from app.domain.days import WrongDay
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
    WrongDay: HTTPStatus.BAD_REQUEST,
}
TITLES = {
    HTTPStatus.BAD_REQUEST: "Not understood",
    HTTPStatus.FORBIDDEN: "Not allowed",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.METHOD_NOT_ALLOWED: "Not possible here",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong",
}
"""What heads the page of an error; the others are not available."""
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
    """Answer every error in the form that was asked for; see ``answer``."""
    app.register_error_handler(RiskError, _of_risk_error)
    app.register_error_handler(SQLAlchemyError, _of_database_error)
    app.register_error_handler(HTTPException, _of_http_error)
    app.register_error_handler(Exception, _of_bug)


def wants_fragment() -> bool:
    """Whether a part of a page is asked for: a panel, or by htmx, which says when it wants the whole."""
    in_part = "HX-Request" in request.headers and request.headers.get("HX-Request-Type") != "full"
    return in_part or "/panels/" in request.path


def status_of(error: RiskError, otherwise: HTTPStatus) -> HTTPStatus:
    """The status that an error is answered with."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), otherwise)


def refused(status: HTTPStatus, message: str, remedy: str, tab: str = "") -> Response:
    """The error on a page that stands without the database, or as a fragment; nothing of the book is on it."""
    template = "risk/_refused_part.html" if wants_fragment() else "refused.html"
    words = {"title": TITLES.get(status, "Not available"), "message": message, "remedy": remedy, "tab": tab}
    may_ask_again = request.method == "GET" and status >= HTTPStatus.INTERNAL_SERVER_ERROR
    again = f"?{request.query_string.decode(errors='replace')}" if may_ask_again else ""
    page = render_template(template, **words, again=again, assets=load_assets(), kite_banner=str)
    return _may_come_back(Response(page, status, content_type="text/html; charset=utf-8"))


def answer(status: HTTPStatus, message: str, remedy: str = "", **more: object) -> Response:
    """The error as who asked can read it: problem+json under /api/, a page for a browser, else a short text."""
    if request.path.startswith("/api/"):
        told = {"remedy": remedy} if remedy else {}
        return _may_come_back(problem(status, message, **told, **more))
    if wants_fragment() or request.accept_mimetypes.best_match(("text/plain", "text/html")) == "text/html":
        reference = f" The log names it {more['reference']}." if "reference" in more else ""
        return refused(status, message, f"{remedy}{reference}".strip())
    words = f"{status.value} {status.phrase}\n{message} {remedy}".rstrip()
    return _may_come_back(Response(f"{words}\n", status, content_type="text/plain; charset=utf-8"))


def _may_come_back(response: Response) -> Response:
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = "5"
    return response


def _of_risk_error(error: RiskError) -> Response:
    return answer(status_of(error, HTTPStatus.INTERNAL_SERVER_ERROR), error.message, error.remedy)


def _of_database_error(error: SQLAlchemyError) -> Response:
    reference = uuid4().hex
    log.error("database error %s: %s", reference, type(error).__name__)
    return answer(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The database did not answer as expected.",
        "Run 'python -m app migrate' if the app was just updated, then try again.",
        reference=reference,
    )


def _of_http_error(error: HTTPException) -> Response:
    found = answer(HTTPStatus(error.code or 500), error.description or error.name)
    if allow := error.get_response().headers.get("Allow"):
        found.headers["Allow"] = allow
    return found


def _of_bug(error: Exception) -> Response:
    """The edge of the process: record the failure, tell only a reference."""
    reference = uuid4().hex
    log.error("unexpected error %s", reference, exc_info=error)
    return answer(
        HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here; the log has the details.", reference=reference
    )
