"""GET /api/risk/backtest: VaR tested on the book's own past."""

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
from app.domain.backtests import BacktestReport
from app.domain.risk_runs import UnknownRun
from app.domain.serialise import to_json


class BacktestQuery(BaseModel):
    """Which backtest."""

    model_config = ConfigDict(extra="forbid")

    scope: str = Field("equity", description="What is tested: equity, mf or combined")
    window: Literal["60d", "90d", "1y"] | None = Field(None, description="One window; all three by default")
    as_of: date | None = Field(None, ge=OLDEST_DAY, description="Prices up to this day; the newest by default")


def backtest_blueprint(services: Services) -> APIBlueprint:
    """Routes of the backtest."""
    blueprint = APIBlueprint("backtest", __name__, abp_tags=[Tag(name="risk", description="Risk reports")])
    answers: dict[str | int | HTTPStatus, Any] = {
        "200": {
            "description": "The backtest",
            "content": {"application/json": {"schema": schema_of(BacktestReport)}},
        },
        **problem_responses(HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE),
    }

    @blueprint.get("/api/risk/backtest", summary="How good the VaR was on the book's own past", responses=answers)
    def backtest(query: BacktestQuery) -> Response:
        """Exceptions of the days tested, with tests of their number and order; one day ahead, today's weights."""
        windows = (query.window,) if query.window else None
        return Response(to_json(run_backtest(services, query.scope, windows, query.as_of)), mimetype="application/json")

    return blueprint


def run_backtest(services: Services, scope: str, windows: tuple[str, ...] | None, as_of: date | None) -> BacktestReport:
    """The backtest of a scope. Raises UnknownRun naming the scopes that have one."""
    if scope not in services.backtests:
        raise UnknownRun(f"There is no backtest of {scope!r}.", f"Use one of {', '.join(services.backtests)}.")
    return services.backtests[scope](windows, as_of)
