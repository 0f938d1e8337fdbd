"""The Funds tab: its page, a fragment for each panel, the holdings viewer, uploads and runs over fund houses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException

from app.api import fund_viewer
from app.api import funds_panels as panels
from app.api.errors import refused, wants_fragment
from app.api.fund_files import BringData, bring_data, run_view
from app.api.fund_viewer import Viewer, view_portfolio
from app.api.issues_panel import IssueGroup, issue_groups
from app.api.mf_fetch import start_fetch
from app.api.mf_holdings import import_files
from app.api.panel_kinds import PanelKind, TabReading, outcome
from app.api.screen import refuse
from app.api.screen_panels import Measures, measures
from app.api.tabs import Drawn, asked_window, draw_error, draw_named, draw_panel, draw_tab, shell_words
from app.bootstrap import Services
from app.domain.errors import RiskError, UnknownWindow
from app.domain.fund_fetches import FetchWish, FundJobReport, HouseStatus
from app.domain.fund_portfolios import FundPortfolio
from app.domain.market_hours import trading_day
from app.domain.mf_reports import MFRiskReport
from app.ingest.disclosures import DisclosureImport
from app.ingest.schemes import UnknownScheme, say_scheme
from app.risk.fund_portfolio import fund_portfolio
from app.store.schemes import load_unmatched

MONTH = re.compile(r"(20\d\d-(0[1-9]|1[0-2]))?")
CODE = re.compile(r"[0-9]{1,9}")
UPDATED = "funds:updated"
"""The event on an open page when portfolios may have come in."""


@dataclass(frozen=True, slots=True)
class FundsDesk:
    """What the tab asks of the app; each may raise RiskError.

    ``report`` over a window; ``portfolio`` by ISIN up to a day; ``upload`` of files with the month they must be of
    (YYYY-MM or "") and whether older months are wanted; ``fetch`` starts a run; ``job`` is the newest one; ``houses``
    what is there of each; ``unmatched`` the names tied to no scheme; ``match`` ties a name to an AMFI code.
    """

    report: Callable[[str], MFRiskReport]
    portfolio: Callable[[str, date | None], FundPortfolio]
    upload: Callable[[Sequence[FileStorage], str, bool], Sequence[DisclosureImport]]
    fetch: Callable[[], object]
    job: Callable[[], FundJobReport | None]
    houses: Callable[[], Sequence[HouseStatus]]
    unmatched: Callable[[], Sequence[str]]
    match: Callable[[str, int], object]


def funds_desk(services: Services) -> FundsDesk:
    """The desk over the real services."""

    def portfolio(isin: str, as_on: date | None) -> FundPortfolio:
        with services.database.transaction() as connection:
            return fund_portfolio(connection, isin, as_on, trading_day(services.now()))

    def job() -> FundJobReport | None:
        newest = services.funds.newest_job()
        return None if newest is None else services.funds.job(newest.job_id)

    def unmatched() -> tuple[str, ...]:
        with services.database.transaction() as connection:
            return load_unmatched(connection)

    def match(name: str, amfi_code: int) -> int:
        with services.database.transaction() as connection:
            return say_scheme(connection, name, amfi_code)

    return FundsDesk(
        report=lambda window: services.mf.report((window,)),
        portfolio=portfolio,
        upload=lambda files, month, older: import_files(services, files, month, older=older),
        fetch=lambda: start_fetch(services, FetchWish()),
        job=job,
        houses=services.funds.status,
        unmatched=unmatched,
        match=match,
    )


class FundsReading(TabReading[MFRiskReport]):
    """The one report of a request, and what came with it; a failure is kept and told by each panel."""

    def __init__(self, desk: FundsDesk, window: str, given: Mapping[str, str]) -> None:
        super().__init__(lambda: desk.report(window), window)
        self._desk = desk
        self.given = given
        self.imports: Sequence[DisclosureImport] = ()
        self.complaint = ""

    @property
    def is_empty(self) -> bool:
        """Whether no fund is held. Raises RiskError."""
        return not self.report.funds

    def issues(self) -> tuple[IssueGroup, ...]:
        """The flaws of the data, funds by their names. Raises RiskError."""
        return issue_groups(panels.fund_flaws(self.report))

    def measures(self) -> Measures:
        """The measures of all funds together, those left out by their names. Raises RiskError."""
        names, own = panels.fund_names(self.report), self.report.windows[self.window]
        left_out = tuple(names.get(isin, isin) for isin in own.left_out)
        return measures(self.report, replace(own, left_out=left_out))

    def viewer(self) -> Viewer | None:
        """The portfolio that was asked for; None before a fund is chosen. Raises RiskError."""
        question = fund_viewer.read_question(self.given)
        if not question.fund:
            return None
        funds = [(fund.isin, fund.name) for fund in self.report.funds if fund.disclosure]
        return view_portfolio(self._desk.portfolio(question.fund, question.as_on), question, funds)

    def bring(self) -> BringData:
        """Uploads, the last run, the houses and the names that fit no scheme. Raises RiskError."""
        desk = self._desk
        return bring_data(self.imports, self.complaint, desk.job(), desk.houses(), desk.unmatched())


def _kind(
    name: str,
    title: str,
    build: Callable[[FundsReading], object],
    frame: str = "card span-12",
    updates: str = UPDATED,
    when_empty: str = "risk/_no_funds.html",
) -> PanelKind[FundsReading]:
    return PanelKind(name, title, build, "funds.panel", updates, frame, when_empty)


BRING = _kind("bring-data", "Bring portfolios in", FundsReading.bring, "card span-5", updates="", when_empty="")
_KINDS = (
    _kind("funds-summary", "Summary", lambda read: panels.funds_summary(read.report), "strip"),
    _kind("funds-table", "Your funds", lambda read: panels.fund_rows(read.report, read.window)),
    _kind("fund-holdings", "What a fund holds", FundsReading.viewer, updates=""),
    _kind("fund-overlap", "Overlap", lambda read: panels.fund_overlap(read.report), "card span-7"),
    _kind("fund-shared", "Same company, several funds", lambda read: panels.shared_stocks(read.report), "card span-5"),
    _kind("measures", "All measures", FundsReading.measures, "card span-7"),
    BRING,
    _kind("data-issues", "Data issues", FundsReading.issues, when_empty=""),
)
PANELS: Mapping[str, PanelKind[FundsReading]] = {kind.name: kind for kind in _KINDS}


def funds_blueprint(desk: FundsDesk) -> Blueprint:
    """All routes of the tab; the caller sets the security header and guards them."""
    funds = Blueprint("funds", __name__, template_folder="../templates")

    @funds.get("/funds")
    def tab() -> Drawn:
        return _page(_reading(desk))

    @funds.get("/funds/panels/<name>")
    def panel(name: str) -> Drawn:
        return draw_named(PANELS, name, lambda: _reading(desk))

    @funds.post("/funds/upload")
    def upload() -> Drawn:
        return _upload(desk)

    @funds.post("/funds/match")
    def match() -> Drawn:
        return _match(desk)

    @funds.post("/funds/fetch")
    def fetch() -> Drawn:
        return _fetch(desk)

    @funds.get("/funds/run")
    def run() -> Response:
        return _run(desk)

    funds.context_processor(shell_words)
    funds.register_error_handler(RiskError, _refuse)
    funds.register_error_handler(HTTPException, _refuse_http)
    return funds


def _reading(desk: FundsDesk) -> FundsReading:
    return FundsReading(desk, asked_window(), request.args)


def _page(read: FundsReading) -> Drawn:
    return draw_tab("tab.html", "funds", read, PANELS.values())


def _upload(desk: FundsDesk) -> Drawn:
    read = _reading(desk)
    files = [file for file in request.files.getlist("files") if file.filename]
    month = request.form.get("month", "").strip()
    read.complaint = _complaint(files, month)
    if not read.complaint:
        read.imports = desk.upload(files, month, "older" in request.form)
    return _brought(read, happened=bool(read.imports))


def _match(desk: FundsDesk) -> Drawn:
    read = _reading(desk)
    name, code = request.form.get("name", "").strip(), request.form.get("amfi_code", "").strip()
    if not CODE.fullmatch(code):
        read.complaint = f"“{code}” is not an AMFI code: it is a number of up to nine digits."
        return _brought(read, happened=False)
    told = outcome(lambda: desk.match(name, int(code)))
    if isinstance(told, UnknownScheme):
        read.complaint = f"{told.message} {told.remedy}"
    elif isinstance(told, RiskError):
        raise told
    return _brought(read, happened=not read.complaint)


def _brought(read: FundsReading, *, happened: bool) -> Drawn:
    """The panel after something was given, or the page where there are no scripts."""
    if not wants_fragment():
        return _page(read)
    return _with_event(draw_panel(BRING, read), happened=happened)


def _fetch(desk: FundsDesk) -> Drawn:
    read = _reading(desk)
    desk.fetch()
    if wants_fragment():
        return draw_panel(BRING, read)
    return redirect(url_for("funds.tab", window=read.window) + "#bring-data", 303)  # type: ignore[return-value]


def _run(desk: FundsDesk) -> Response:
    job = outcome(desk.job)
    if isinstance(job, RiskError):
        return Response(status=HTTPStatus.NO_CONTENT)  # leaves the page as it is: the next one may tell more
    view = None if job is None else run_view(job)
    drawn = render_template("risk/_fund_run.html", run=view)
    return _with_event(drawn, happened=view is not None and not view.is_running)


def _refuse(error: RiskError) -> Drawn:
    in_panel = request.method == "POST" and wants_fragment() and not isinstance(error, UnknownWindow)
    return draw_error(BRING, asked_window(), error) if in_panel else refuse(error)


def _refuse_http(error: HTTPException) -> Drawn:
    """What a guard refused, without anything of the book: it may be a stranger who asked."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    message, remedy = error.description or error.name, ""
    if status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        message, remedy = "The files are larger than 20 MB together.", "Give them in smaller parts."
    if not wants_fragment():
        return refused(status, message, remedy, "funds")
    return render_template("risk/_bring_refused.html", message=message, remedy=remedy), status


def _complaint(files: Sequence[FileStorage], month: str) -> str:
    """What is wrong with an upload before any file is read; "" where nothing is."""
    if not files:
        return "Choose at least one file."
    return "" if MONTH.fullmatch(month) else f"“{month}” is not a month: write it like 2026-10, or leave it out."


def _with_event(drawn: str | Drawn, *, happened: bool) -> Response:
    """A fragment that has the other panels of the page asked for again, where something came in."""
    answer = make_response(drawn)
    if happened:
        answer.headers["HX-Trigger"] = UPDATED
    return answer
