"""GET /api/risk/combined: the report of shares and funds together."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.equity import EquityQuery
from app.api.errors import problem_responses
from app.api.schemas import schema_of
from app.bootstrap import Services
from app.domain.combined_reports import CombinedRiskReport
from app.domain.serialise import to_json


def combined_blueprint(services: Services) -> APIBlueprint:
    """Routes of the combined report."""
    blueprint = APIBlueprint("combined", __name__, abp_tags=[Tag(name="risk", description="Risk reports")])
    answers: dict[str | int | HTTPStatus, Any] = {
        "200": {
            "description": "The report",
            "content": {"application/json": {"schema": schema_of(CombinedRiskReport)}},
        },
        **problem_responses(HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE),
    }

    @blueprint.get("/api/risk/combined", summary="Risk of shares and funds together", responses=answers)
    def combined(query: EquityQuery) -> Response:
        """Values in percent and rupees, losses positive; a missing number is null with the reason beside it."""
        windows = (query.window,) if query.window else None
        report = services.combined.report(windows, query.as_of, query.horizon)
        return Response(to_json(report), content_type="application/json")

    return blueprint
