"""GET, PUT and DELETE /api/risk/scenarios: the what-ifs of the stress test, each of which a person may change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.api.equity import OLDEST_DAY
from app.api.errors import problem_responses
from app.api.schemas import schema_of
from app.bootstrap import Services
from app.domain.scenarios import LARGEST_RISE, TOTAL_LOSS, Scenario, ScenarioEntry, UnclearScenario
from app.domain.serialise import to_json

MOST_GROUPS = 40
LONGEST_GROUP = 60


class ScenarioPath(BaseModel):
    """Which scenario."""

    key: str = Field(pattern=r"^[a-z0-9_]{1,40}$", description="Small letters, digits and underscores")


class ScenarioBody(BaseModel):
    """What happens in it. Shocks are percent: -10 is a fall of ten percent."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    market: float = Field(ge=TOTAL_LOSS, le=LARGEST_RISE, description="Nifty 50")
    groups: dict[str, float] = Field(
        default_factory=dict,
        max_length=MOST_GROUPS,
        description="Shocks of their own: sectors by NSE's name, Banks, foreign, debt, gold, silver, trusts",
    )
    from_day: date | None = Field(None, ge=OLDEST_DAY, description="Replay from the close of this day")
    to_day: date | None = Field(None, ge=OLDEST_DAY, description="and up to the close of this one")
    source: str = Field("", max_length=400)


def read_scenario(key: str, given: Mapping[str, object]) -> Scenario:
    """What a person described, held to the rules of the API. Raises UnclearScenario."""
    try:
        path, body = ScenarioPath(key=key), ScenarioBody.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = tuple(map(str, first["loc"]))
        raise UnclearScenario(f"{where[0].replace('_', ' ').capitalize()}: {first['msg']}.", "", where) from None
    return Scenario(key=path.key, **body.model_dump())


def scenarios_blueprint(services: Services) -> APIBlueprint:
    """Routes of the scenarios."""
    blueprint = APIBlueprint("scenarios", __name__, abp_tags=[Tag(name="risk", description="Risk reports")])
    listed: dict[str | int | HTTPStatus, Any] = {
        "200": {
            "description": "All scenarios as they count now",
            "content": {"application/json": {"schema": schema_of(tuple[ScenarioEntry, ...])}},
        },
        **problem_responses(HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE),
    }

    def answer() -> Response:
        return Response(to_json(services.combined.scenarios()), content_type="application/json")

    @blueprint.get("/api/risk/scenarios", summary="The scenarios of the stress test", responses=listed)
    def scenarios() -> Response:
        """The defaults of the app, as changed by a person, then the person's own."""
        return answer()

    @blueprint.put("/api/risk/scenarios/<key>", summary="Write or change a scenario", responses=listed)
    def write(path: ScenarioPath, body: ScenarioBody) -> Response:
        """Takes the place of what was under the key; answers with all scenarios."""
        services.combined.write_scenario(Scenario(key=path.key, **body.model_dump()))
        return answer()

    @blueprint.delete("/api/risk/scenarios/<key>", summary="Forget what was written", responses=listed)
    def delete(path: ScenarioPath) -> Response:
        """A default is as it was again; answers with all scenarios."""
        services.combined.delete_scenario(path.key)
        return answer()

    return blueprint
