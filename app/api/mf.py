"""GET /api/risk/mf: the report of the funds."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Any, Literal

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app.api.equity import OLDEST_DAY
from app.api.errors import problem_responses
from app.api.schemas import schema_of
from app.bootstrap import Services
from app.domain.mf_reports import MFRiskReport
from app.domain.serialise import to_json


class MFQuery(BaseModel):
    """Which report."""

    model_config = ConfigDict(extra="forbid")

    window: Literal["60d", "90d", "1y"] | None = Field(None, description="One window; all three by default")
    as_of: date | None = Field(None, ge=OLDEST_DAY, description="NAVs and portfolios up to this day; else the newest")


def mf_blueprint(services: Services) -> APIBlueprint:
    """Routes of the report of the funds."""
    blueprint = APIBlueprint("mf", __name__, abp_tags=[Tag(name="risk", description="Risk reports")])
    answers: dict[str | int | HTTPStatus, Any] = {
        "200": {
            "description": "The report",
            "content": {"application/json": {"schema": schema_of(MFRiskReport)}},
        },
        **problem_responses(HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE),
    }

    @blueprint.get("/api/risk/mf", summary="Risk of the funds in the book, and what they hold", responses=answers)
    def mf(query: MFQuery) -> Response:
        """Values in percent and rupees, losses positive; a missing number is null with the reason beside it."""
        windows = (query.window,) if query.window else None
        return Response(to_json(services.mf.report(windows, query.as_of)), content_type="application/json")

    return blueprint
