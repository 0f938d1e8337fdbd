"""Fetching what funds hold: POST /api/risk/mf-holdings/fetch starts a run, GET tells how far it is."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from http import HTTPStatus
from threading import Thread
from typing import Any

from flask import Response, request, url_for
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.exc import SQLAlchemyError

from app.api.errors import problem, problem_responses
from app.api.schemas import schema_of
from app.bootstrap import Services
from app.domain.errors import RiskError
from app.domain.fund_fetches import FetchRunning, FetchWish, FundJobReport
from app.domain.serialise import to_json
from app.risk.MFHoldingsFetcher import BegunRun

log = logging.getLogger(__name__)
LONGEST_NAME = 100
MOST_HOUSES = 100


class FetchBody(BaseModel):
    """What to fetch; without anything the last completed month of the houses of the funds held."""

    model_config = ConfigDict(extra="forbid")

    month: str | None = Field(None, pattern=r"^20\d\d-(0[1-9]|1[0-2])$", description="YYYY-MM")
    houses: list[str] = Field([], max_length=MOST_HOUSES, description="Fund houses, or parts of their names")
    everything: bool = Field(False, description="All houses, not only those of the funds held")
    again: bool = Field(False, description="Ask also whether files that are there have changed")
    yahoo: bool = Field(False, description="Largest positions from Yahoo where nothing else is there")

    @model_validator(mode="before")
    @classmethod
    def nothing_is_the_usual(cls, given: object) -> object:
        """No body is ``{}``; one that is not JSON is still refused."""
        return {} if given is None and not request.get_data() else given


class JobPath(BaseModel):
    """Which run."""

    job_id: str = Field(pattern=r"^[0-9a-f]{32}$")


def mf_fetch_blueprint(services: Services) -> APIBlueprint:
    """Routes of the runs over fund houses."""
    blueprint = APIBlueprint("mf_fetch", __name__, abp_tags=[Tag(name="funds", description="What funds hold")])

    @blueprint.post(
        "/api/risk/mf-holdings/fetch",
        summary="Fetch the month's portfolios from the fund houses' sites",
        responses={
            "202": _answer("The run, or the one that is under way already", _STARTED),
            **problem_responses(HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE),
        },
    )
    def start(body: FetchBody) -> Response:
        """Answers at once; one run at a time. The Location tells how far it is, and so does the event ``funds``."""
        month = datetime.strptime(body.month, "%Y-%m").replace(tzinfo=UTC).date() if body.month else None
        wish = FetchWish(month, tuple(body.houses), body.everything, body.again, body.yahoo)
        job_id, started = start_fetch(services, wish)
        return _accepted(job_id, started=started)

    @blueprint.get(
        "/api/risk/mf-holdings/fetch/<job_id>",
        summary="How far a run over the fund houses is",
        responses={
            "200": _answer("The run", schema_of(FundJobReport)),
            **problem_responses(HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
        },
    )
    def progress(path: JobPath) -> Response:
        """``houses`` are those that it has been to, each with its outcome."""
        report = services.funds.job(path.job_id)
        if report is None:
            return problem(HTTPStatus.NOT_FOUND, "There is no such run.", remedy="Start one by POST.")
        return Response(to_json(report), content_type="application/json")

    return blueprint


def start_fetch(services: Services, wish: FetchWish) -> tuple[str, bool]:
    """The id of the run, and whether it was started now: one that is under way is not joined by another.

    Raises WrongWish.
    """
    try:
        begun = services.funds.begin(wish)
    except FetchRunning as running:
        return running.job_id, False
    Thread(target=_carry_out, args=(services, begun), name="fund-fetch", daemon=True).start()
    return begun.job.job_id, True


_STARTED = {
    "type": "object",
    "title": "StartedRun",
    "properties": {
        "job_id": {"type": "string"},
        "started": {"type": "boolean", "description": "False: it was under way already"},
        "location": {"type": "string"},
    },
    "required": ["job_id", "started", "location"],
}


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _accepted(job_id: str, *, started: bool) -> Response:
    location = url_for("mf_fetch.progress", job_id=job_id)
    body = to_json({"job_id": job_id, "started": started, "location": location})
    answer = Response(body, HTTPStatus.ACCEPTED, content_type="application/json")
    answer.headers["Location"] = location
    return answer


def _carry_out(services: Services, begun: BegunRun) -> None:
    """The run, in a thread of its own; its outcome is in the database."""
    try:
        services.funds.carry_out(begun)
    except (RiskError, SQLAlchemyError) as error:
        log.warning("run over fund houses broke off: %s", type(error).__name__)
