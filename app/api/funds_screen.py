"""The Funds tab: its page, a fragment for each panel, the holdings viewer, uploads and runs over fund houses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from http import HTTPStatus

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException

from app.api import fund_viewer
from app.api import funds_panels as panels
from app.api.assets import load_assets
from app.api.fund_files import BringData, bring_data, run_view
from app.api.fund_viewer import Viewer, view_portfolio
from app.api.measure_words import NOT_COMPUTED
from app.api.mf_fetch import start_fetch
from app.api.mf_holdings import import_files
from app.api.panel_kinds import DEFAULT_WINDOW, WINDOW_NAMES, PanelKind, chosen_window, outcome, read_panel, told
from app.api.screen import refuse
from app.api.screen_panels import IssueGroup, Measures, issue_groups, measures
from app.api.summaries import named
from app.bootstrap import Services
from app.domain.errors import RiskError
from app.domain.fund_fetches import FetchWish, FundJobReport, HouseStatus
from app.domain.fund_portfolios import FundPortfolio
from app.domain.fund_reports import MFRiskReport
from app.domain.market_hours import trading_day
from app.ingest.disclosures import DisclosureImport
from app.risk.fund_portfolio import fund_portfolio

MONTH = re.compile(r"(20\d\d-(0[1-9]|1[0-2]))?")
UPDATED = "funds:updated"
"""The event on an open page when portfolios may have come in."""


@dataclass(frozen=True, slots=True)
class FundsDesk:
    """What the tab asks of the app; each may raise RiskError.

    ``report`` over a window; ``portfolio`` by ISIN up to a day; ``upload`` of files with the month they must be of
    (YYYY-MM or ""); ``fetch`` starts a run; ``job`` is the newest one; ``houses`` what is there of each.
    """

    report: Callable[[str], MFRiskReport]
    portfolio: Callable[[str, date | None], FundPortfolio]
    upload: Callable[[Sequence[FileStorage], str], Sequence[DisclosureImport]]
    fetch: Callable[[], object]
    job: Callable[[], FundJobReport | None]
    houses: Callable[[], Sequence[HouseStatus]]


def funds_desk(services: Services) -> FundsDesk:
    """The desk over the real services."""

    def portfolio(isin: str, as_on: date | None) -> FundPortfolio:
        with services.database.transaction() as connection:
            return fund_portfolio(connection, isin, as_on, trading_day(services.now()))

    def job() -> FundJobReport | None:
        newest = services.funds.newest_job()
        return None if newest is None else services.funds.job(newest.job_id)

    return FundsDesk(
        report=lambda window: services.mf.report((window,)),
        portfolio=portfolio,
        upload=lambda files, month: import_files(services, files, month),
        fetch=lambda: start_fetch(services, FetchWish()),
        job=job,
        houses=services.funds.status,
    )


class FundsReading:
    """The one report of a request, and what came with it; a failure is kept and told by each panel."""

    def __init__(self, desk: FundsDesk, window: str, given: Mapping[str, str]) -> None:
        self._desk = desk
        self.window = window
        self.given = given
        self.imports: Sequence[DisclosureImport] = ()
        self.complaint = ""

    @property
    def report(self) -> MFRiskReport:
        """Raises RiskError."""
        return told(self._report)

    @property
    def report_or_none(self) -> MFRiskReport | None:
        """None where the report can't be had; the panels say why."""
        return None if isinstance(self._report, RiskError) else self._report

    @property
    def is_empty(self) -> bool:
        """Whether no fund is held. Raises RiskError."""
        return not self.report.funds

    @property
    def as_of(self) -> date | None:
        """The day of the newest NAV, where it is known."""
        return self.report_or_none.as_of if self.report_or_none else None

    def issues(self) -> tuple[IssueGroup, ...]:
        """The flaws of the data, funds by their names. Raises RiskError."""
        return issue_groups(named(self.report.data_issues, panels.fund_names(self.report)))

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
        """Uploads, the last run and the houses. Raises RiskError."""
        return bring_data(self.imports, self.complaint, self._desk.job(), self._desk.houses())

    @cached_property
    def _report(self) -> MFRiskReport | RiskError:
        return outcome(lambda: self._desk.report(self.window))


def _kind(
    name: str,
    title: str,
    build: Callable[[FundsReading], object],
    frame: str = "card span-12",
    updates: str = UPDATED,
    when_empty: str = "risk/_no_funds.html",
) -> PanelKind[FundsReading]:
    return PanelKind(name, title, build, "funds.panel", updates, frame, when_empty)


_KINDS = (
    _kind("funds-summary", "Summary", lambda read: panels.funds_summary(read.report), "strip"),
    _kind("funds-table", "Your funds", lambda read: panels.fund_rows(read.report, read.window)),
    _kind("fund-holdings", "What a fund holds", FundsReading.viewer, updates=""),
    _kind("fund-overlap", "Overlap", lambda read: panels.fund_overlap(read.report), "card span-7"),
    _kind("fund-shared", "Same company, several funds", lambda read: panels.shared_stocks(read.report), "card span-5"),
    _kind("measures", "All measures", FundsReading.measures),
    _kind("bring-data", "Bring portfolios in", FundsReading.bring, "card span-5", updates="", when_empty=""),
    _kind("data-issues", "Data issues", FundsReading.issues, when_empty=""),
)
PANELS: Mapping[str, PanelKind[FundsReading]] = {kind.name: kind for kind in _KINDS}


def funds_blueprint(desk: FundsDesk) -> Blueprint:
    """All routes of the tab; the caller sets the security header and guards them."""
    funds = Blueprint("funds", __name__, template_folder="../templates")

    def reading() -> FundsReading:
        return FundsReading(desk, chosen_window(request.args.get("window", DEFAULT_WINDOW)), request.args)

    def page(read: FundsReading) -> str:
        drawn = [read_panel(kind, read) for kind in PANELS.values()]
        return render_template("tab.html", tab="funds", reading=read, panels=drawn)

    def fragment(read: FundsReading, name: str) -> str:
        return render_template("risk/_panel.html", panel=read_panel(PANELS[name], read), reading=read)

    @funds.context_processor
    def shell() -> dict[str, object]:
        return {"assets": load_assets(), "window_names": WINDOW_NAMES, "not_computed": NOT_COMPUTED}

    @funds.get("/funds")
    def tab() -> str:
        return page(reading())

    @funds.get("/funds/panels/<name>")
    def panel(name: str) -> str | tuple[str, int]:
        if name not in PANELS:
            return render_template("risk/_refused.html", message=f"There is no panel “{name}”.", remedy=""), 404
        return fragment(reading(), name)

    @funds.post("/funds/upload")
    def upload() -> str | Response:
        read = reading()
        files = [file for file in request.files.getlist("files") if file.filename]
        month = request.form.get("month", "").strip()
        read.complaint = _complaint(files, month)
        if not read.complaint:
            read.imports = desk.upload(files, month)
        if "HX-Request" not in request.headers:
            return page(read)
        return _with_event(fragment(read, "bring-data"), happened=bool(read.imports))

    @funds.post("/funds/fetch")
    def fetch() -> str | Response:
        read = reading()
        desk.fetch()
        if "HX-Request" in request.headers:
            return fragment(read, "bring-data")
        return redirect(url_for("funds.tab", window=read.window) + "#bring-data", 303)  # type: ignore[return-value]

    @funds.get("/funds/run")
    def run() -> Response:
        job = outcome(desk.job)
        if isinstance(job, RiskError):
            return Response(status=HTTPStatus.NO_CONTENT)  # leaves the page as it is: the next one may tell more
        view = None if job is None else run_view(job)
        drawn = render_template("risk/_fund_run.html", run=view)
        return _with_event(drawn, happened=view is not None and not view.is_running)

    funds.register_error_handler(RiskError, _refuse)
    funds.register_error_handler(HTTPException, _refuse_http)
    return funds


def _refuse(error: RiskError) -> tuple[str | Response, int]:
    if request.method == "POST" and "HX-Request" in request.headers:
        return _refusal(error.message, error.remedy), HTTPStatus.SERVICE_UNAVAILABLE
    return refuse(error)


def _refuse_http(error: HTTPException) -> tuple[str, int]:
    """What a guard refused, without anything of the book: it may be a stranger who asked."""
    if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return _refusal("The files are larger than 20 MB together.", "Give them in smaller parts."), error.code
    return _refusal(error.description or error.name, ""), error.code or HTTPStatus.INTERNAL_SERVER_ERROR


def _refusal(message: str, remedy: str) -> str:
    template = "risk/_bring_refused.html" if "HX-Request" in request.headers else "refused.html"
    return render_template(template, message=message, remedy=remedy)


def _complaint(files: Sequence[FileStorage], month: str) -> str:
    """What is wrong with an upload before any file is read; "" where nothing is."""
    if not files:
        return "Choose at least one file."
    return "" if MONTH.fullmatch(month) else f"“{month}” is not a month: write it like 2026-10, or leave it out."


def _with_event(drawn: str, *, happened: bool) -> Response:
    """A fragment that has the other panels of the page asked for again, where something came in."""
    answer = make_response(drawn)
    if happened:
        answer.headers["HX-Trigger"] = UPDATED
    return answer
