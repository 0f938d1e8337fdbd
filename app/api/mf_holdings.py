"""What funds hold: POST /api/risk/mf-holdings/upload and GET /api/risk/mf-holdings/{mf_symbol}."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from pathlib import PurePosixPath
from threading import BoundedSemaphore
from typing import Any

from flask import Flask, Response, request
from flask_openapi3 import APIBlueprint, FileStorage, Tag
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.datastructures import FileStorage as SentFile

from app.api.access import is_allowed
from app.api.equity import OLDEST_DAY
from app.api.errors import problem, problem_responses
from app.api.schemas import schema_of
from app.bootstrap import Services
from app.domain.disclosures import DisclosureFile, ImportedSheet, Source
from app.domain.fund_portfolios import FundPortfolio
from app.domain.market_hours import trading_day
from app.domain.serialise import to_json
from app.ingest.disclosure_checks import Asked
from app.ingest.disclosures import DisclosureImport, describe, load_known, store_disclosure
from app.risk.fund_portfolio import fund_portfolio
from app.sources.amc.reader import read_disclosure
from app.store.disclosures import newest_disclosure

MAX_UPLOAD = (20 << 20) + (64 << 10)
"""Bytes of one request: a file of 20 MB, and the form around it."""
UPLOADS = frozenset({"mf_holdings.upload", "funds.upload"})
AT_ONCE = 2
"""Uploads read at the same time: each may need a gigabyte."""
TURNS = BoundedSemaphore(AT_ONCE)
LONGEST_NAME = 200
REMEDY = "Take the month-end portfolio from the fund house's site: .xlsx, .xlsb, .xls or a .zip of them."


class UploadForm(BaseModel):
    """Files of fund houses."""

    files: list[FileStorage] = Field(min_length=1, description="Workbooks or archives of them, 20 MB in all")
    month: str = Field(
        "", pattern=r"^(20\d\d-(0[1-9]|1[0-2]))?$", description="YYYY-MM: refuse portfolios of any other month"
    )
    older: bool = Field(False, description="Keep months older than the newest stored of a scheme, as history")


class FundPath(BaseModel):
    """Which fund."""

    mf_symbol: str = Field(max_length=100, description="Any ISIN or AMFI code of the scheme, or the portfolio's symbol")


class FundQuery(BaseModel):
    """Which month."""

    model_config = ConfigDict(extra="forbid")

    as_on: date | None = Field(None, ge=OLDEST_DAY, description="The newest portfolio up to this day")


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """What became of a file. ``known``: its bytes were imported before and nothing was done."""

    file: str
    sha256: str
    size: int
    known: bool
    lines_stored: int
    sheets: tuple[ImportedSheet, ...]


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of the files, in their order."""

    files: tuple[UploadedFile, ...]


def allow_uploads(app: Flask) -> None:
    """Let uploads, and nothing else, send more than other requests may; and only who may see the book."""

    @app.before_request
    def raise_limit() -> None:
        if request.endpoint in UPLOADS and is_allowed():
            request.max_content_length = MAX_UPLOAD


def mf_holdings_blueprint(services: Services) -> APIBlueprint:
    """Routes of the funds' portfolios."""
    blueprint = APIBlueprint("mf_holdings", __name__, abp_tags=[Tag(name="funds", description="What funds hold")])

    @blueprint.post(
        "/api/risk/mf-holdings/upload",
        summary="Import portfolios as fund houses publish them",
        responses=_answers(
            Uploaded, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.FORBIDDEN
        ),
    )
    def upload(form: UploadForm) -> Response:
        """Each sheet with what was made of it, or the reason why it is not used. 422 when no file is a disclosure."""
        results = import_files(services, form.files, form.month, older=form.older)
        answer = Uploaded(tuple(_uploaded(result) for result in results))
        if all(result.unreadable for result in results):
            reasons = "; ".join(f"{result.file.name} {result.unreadable}" for result in results)
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, reasons, remedy=REMEDY, files=answer.files)
        return Response(to_json(answer), content_type="application/json")

    @blueprint.get(
        "/api/risk/mf-holdings/<mf_symbol>",
        summary="What a fund holds, by its newest disclosure",
        responses=_answers(FundPortfolio, HTTPStatus.NOT_FOUND),
    )
    def holdings(path: FundPath, query: FundQuery) -> Response:
        """Weights are percent of the scheme's stated total, shorts negative."""
        today = trading_day(services.now())
        with services.database.transaction() as connection:
            found = fund_portfolio(connection, path.mf_symbol, query.as_on, today)
        return Response(to_json(found), content_type="application/json")

    return blueprint


def _answers(answer: type, *problems: HTTPStatus) -> dict[str | int | HTTPStatus, Any]:
    content = {"application/json": {"schema": schema_of(answer)}}
    known = problem_responses(HTTPStatus.BAD_REQUEST, *problems, HTTPStatus.SERVICE_UNAVAILABLE)
    return {"200": {"description": answer.__name__, "content": content}, **known}


def import_files(
    services: Services, files: Sequence[SentFile], month: str, *, older: bool = False
) -> tuple[DisclosureImport, ...]:
    """Store each file in a transaction of its own; ``month`` (YYYY-MM) refuses portfolios of any other, "" none.

    Months older than the newest stored before are refused without ``older``.
    """
    wanted = datetime.strptime(month, "%Y-%m").date() if month else None  # noqa: DTZ007
    with services.database.transaction() as connection:
        loaded = newest_disclosure(connection)
    sent = [(describe(data := upload.read(), _plain_name(upload.filename)), data) for upload in files]
    beside = frozenset(file.sha256 for file, _ in sent)
    asked = Asked(trading_day(services.now()), Source.UPLOAD, wanted, older=older, loaded=loaded, beside=beside)
    with TURNS:
        return tuple(_import(services, file, data, asked) for file, data in sent)


def _import(services: Services, file: DisclosureFile, data: bytes, asked: Asked) -> DisclosureImport:
    """Read outside the transaction: a hostile file may take its time."""
    with services.database.transaction() as connection:
        known = load_known(connection, file, asked)
    if known is not None:
        return known
    sheets = read_disclosure(data, file.name)
    with services.database.transaction() as connection:
        return store_disclosure(connection, file, sheets, asked)


def _plain_name(name: str | None) -> str:
    """The last part of what the browser says, which may be a path of any system."""
    return PurePosixPath((name or "").replace("\\", "/")).name[:LONGEST_NAME] or "upload"


def _uploaded(result: DisclosureImport) -> UploadedFile:
    file = result.file
    return UploadedFile(file.name, file.sha256, file.size, result.known, result.lines_stored, result.sheets)
