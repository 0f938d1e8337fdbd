"""GET /api/risk/history: one measure over the days whose reports were kept."""

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
from app.domain.risk_runs import HistorySeries
from app.domain.serialise import to_json

USUAL_MEASURE = "var_historical_95"
MEASURE = (
    "A measure of the reports, by its name there, look_through_ before it for the look-through (combined), or of the "
    "whole report: diversification_score, top5, top10, coverage_prices, coverage_look_through, coverage_sectors, "
    "coverage_constituents. A wrong name is answered with those of the scope"
)


class HistoryQuery(BaseModel):
    """Which series."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    measure: str = Field(USUAL_MEASURE, max_length=80, description=MEASURE)
    scope: str = Field("equity", max_length=40, description="Whose report: equity, mf or combined")
    window: Literal["60d", "90d", "1y"] = Field("1y", description="Its window")
    since: date | None = Field(None, ge=OLDEST_DAY, alias="from", description="First day; the first kept by default")
    until: date | None = Field(None, ge=OLDEST_DAY, alias="to", description="Last day; the newest by default")


def history_blueprint(services: Services) -> APIBlueprint:
    """Routes of the history."""
    blueprint = APIBlueprint("history", __name__, abp_tags=[Tag(name="risk", description="Risk reports")])
    answers: dict[str | int | HTTPStatus, Any] = {
        "200": {
            "description": "The series",
            "content": {"application/json": {"schema": schema_of(HistorySeries)}},
        },
        **problem_responses(HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE),
    }

    @blueprint.get("/api/risk/history", summary="One measure over time, a point a day", responses=answers)
    def history(query: HistoryQuery) -> Response:
        """A wrong measure or scope is answered with those that are kept."""
        series = services.history.series(query.scope, query.measure, query.window, query.since, query.until)
        return Response(to_json(series), content_type="application/json")

    return blueprint
