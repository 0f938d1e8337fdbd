"""GET /api/risk/hedge: index contracts that bring the book to a target beta or keep a loss budget. It never orders."""

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
from app.domain.hedges import HedgePlan, HedgeRequest, Rounding, hedge_goal
from app.domain.serialise import to_json

MAX_BETA = 5.0
MAX_BUDGET = 1e12
LEAST_FALL, MAX_FALL = 1.0, 50.0
"""Percent; farther down no option is traded."""
USUAL_DAYS, MAX_DAYS = 30, 365


class HedgeQuery(BaseModel):
    """What the hedge is for: a target beta, or a loss budget at a fall of the index."""

    model_config = ConfigDict(extra="forbid")

    target_beta: float | None = Field(None, ge=0, le=MAX_BETA, allow_inf_nan=False, description="Beta to come down to")
    loss_budget: float | None = Field(
        None, ge=0, le=MAX_BUDGET, allow_inf_nan=False, description="Rupees that may be lost at the fall"
    )
    fall: float | None = Field(
        None, ge=LEAST_FALL, le=MAX_FALL, allow_inf_nan=False, description="Fall of the index in percent; 10 by default"
    )
    window: Literal["60d", "90d", "1y"] = Field("1y", description="Window of the beta")
    days: int = Field(USUAL_DAYS, ge=1, le=MAX_DAYS, description="Calendar days that the hedge must last")
    rounding: Literal["down", "nearest"] = Field("down", description="Whole lots; nearest may hedge more than asked")
    as_of: date | None = Field(None, ge=OLDEST_DAY, description="At the closes of an earlier day; now by default")


def hedge_blueprint(services: Services) -> APIBlueprint:
    """Routes of the hedge plan."""
    blueprint = APIBlueprint("hedge", __name__, abp_tags=[Tag(name="risk", description="Risk reports")])
    answers: dict[str | int | HTTPStatus, Any] = {
        "200": {
            "description": "The plan; where nothing is offered, the reasons",
            "content": {"application/json": {"schema": schema_of(HedgePlan)}},
        },
        **problem_responses(HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE),
    }

    @blueprint.get("/api/risk/hedge", summary="Hedges in whole lots of index contracts", responses=answers)
    def hedge(query: HedgeQuery) -> Response:
        """Exactly one goal: target_beta, or loss_budget with fall. Nothing is ordered; the plan says what could be."""
        goal = hedge_goal(query.target_beta, query.loss_budget, query.fall)
        rounding = Rounding(query.rounding)
        request = HedgeRequest(goal, query.window, query.days, rounding=rounding, as_of=query.as_of)
        return Response(to_json(services.hedge.plan(request)), content_type="application/json")

    return blueprint
