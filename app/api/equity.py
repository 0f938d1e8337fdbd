"""GET /api/risk/equity: the equity report."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Any, Literal

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app.api.errors import problem_responses
from app.api.schemas import schema_of
from app.bootstrap import Services
from app.domain import market_hours
from app.domain.risk_reports import EquityRiskReport
from app.domain.serialise import to_json

MAX_HORIZON = 63
"""A quarter: beyond it a daily model says nothing."""
OLDEST_DAY = market_hours.OLDEST_DAY


class EquityQuery(BaseModel):
    """Which report."""

    model_config = ConfigDict(extra="forbid")

    window: Literal["60d", "90d", "1y"] | None = Field(None, description="One window; all three by default")
    as_of: date | None = Field(None, ge=OLDEST_DAY, description="Prices up to this day; the newest by default")
    horizon: int = Field(1, ge=1, le=MAX_HORIZON, description="VaR and CVaR horizon in trading days")


def equity_blueprint(services: Services) -> APIBlueprint:
    """Routes of the equity report."""
    blueprint = APIBlueprint("equity", __name__, abp_tags=[Tag(name="risk", description="Risk reports")])
    answers: dict[str | int | HTTPStatus, Any] = {
        "200": {
            "description": "The report",
            "content": {"application/json": {"schema": schema_of(EquityRiskReport)}},
        },
        **problem_responses(HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE),
    }

    @blueprint.get("/api/risk/equity", summary="Risk of the shares in the book", responses=answers)
    def equity(query: EquityQuery) -> Response:
        """Values in percent and rupees, losses positive; a missing number is null with the reason beside it."""
        windows = (query.window,) if query.window else None
        report = services.equity.report(windows, query.as_of, query.horizon)
        return Response(to_json(report), content_type="application/json")

    return blueprint
