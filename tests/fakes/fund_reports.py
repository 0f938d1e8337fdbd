"""Reports of funds for tests of the screen: an invented book of nine funds, one of them without a portfolio."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from werkzeug.datastructures import FileStorage

from app.api.funds_screen import FundsDesk
from app.domain.combined_reports import DiversificationReport, GroupTotal
from app.domain.data_issues import DataIssue, Severity
from app.domain.disclosures import DisclosureFile, ImportedSheet, LineKind, Source
from app.domain.errors import RiskError, UnknownFund
from app.domain.fund_fetches import FetchOutcome, FundJob, FundJobReport, HouseFetch, HouseStatus, JobStatus
from app.domain.fund_portfolios import Coverage, FundLine, FundPortfolio, Provenance
from app.domain.fund_portfolios import Share as Weight
from app.domain.fund_reports import (
    Figure,
    FundConcentration,
    FundCosts,
    FundDisclosure,
    FundExpense,
    FundOverlap,
    FundPart,
    FundReport,
    FundTracking,
    FundWindow,
    SecurityExposure,
    Style,
    TrackingAgreement,
)
from app.domain.mf_reports import FundCoverage, FundExposure, MFRiskReport
from app.domain.risk_reports import WINDOWS, Share, Unit
from app.ingest.disclosures import DisclosureImport
from app.ingest.schemes import UnknownScheme
from tests.fakes.equity_reports import AS_OF, window_report

NAMES = (
    "Banyan Flexi Cap Fund - Direct - Growth",
    "Saral Nifty 50 Index Fund - Direct - Growth",
    "Deccan Large & Mid Cap Fund - Regular - Growth",
    "Sahyadri Mid Cap Fund - Direct - Growth",
    "Indus Small Cap Fund - Direct - Growth",
    "Kaveri Value Fund - Direct - Growth",
    "Narmada ELSS Fund - Direct - Growth",
    "Tapti Balanced Fund - Direct - Growth",
    "Yamuna Liquid Fund - Direct - Growth",
)
UNCOVERED = 8
OLD = 4
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def isin(at: int) -> str:
    return f"INF000T0{at:04}"


def value(at: int) -> float:
    return 500_000.0 - 40_000 * at


def total() -> float:
    return sum(value(at) for at in range(len(NAMES)))


def figure(number: float | None, reason: str = "", rupees: float | None = None) -> Figure:
    return Figure(number, Unit.PERCENT, rupees, reason or None, "as published", 1, 100.0, AS_OF)


def disclosure(at: int) -> FundDisclosure | None:
    if at == UNCOVERED:
        return None
    on, partial = (date(2026, 9, 30), True) if at == OLD else (date(2026, 10, 31), False)
    age = (date(2026, 11, 23) - on).days
    return FundDisclosure(NAMES[at], on, age, f"{at}.xlsx", "upload", partial, 40 + at, 96.0, 94.0, 98.2, 1.8)


def fund(at: int) -> FundReport:
    known = disclosure(at)
    index = at == 1
    off = figure(0.12) if index else figure(None, "it follows no index")
    agreement = TrackingAgreement(0.05, 0.12, AS_OF, (-0.1, 0.1), True, None) if index else None
    active = figure(None, "no portfolio of it is stored") if known is None else figure(61.5)
    return FundReport(
        isin=isin(at),
        mf_symbol=isin(at),
        amfi_code=100_000 + at,
        name=NAMES[at],
        house=NAMES[at].split()[0],
        category="Open Ended Schemes(Equity Scheme - Flexi Cap Fund)",
        plan="regular" if at == 2 else "direct",
        option="growth",
        style=Style.INDEX if index else Style.ACTIVE,
        style_source="AMFI's category",
        index="Nifty 50" if index else "Nifty 500",
        folios=("1",),
        quantity=1000.0,
        pledged=0.0,
        average_price=80.0,
        nav=92.4451,
        nav_date=date(2026, 11, 17) if at == 3 else AS_OF,
        nav_source="NAV history",
        value=value(at),
        weight=value(at) / total() * 100,
        pnl=1.0,
        windows={window: own_window(at, window) for window in WINDOWS},
        disclosure=known,
        unavailable=None if known else "no portfolio of it is stored",
        active_share=active,
        tracking=FundTracking(off, off, off, off, agreement, None),
        expense=expense(at),
        managers="unavailable",
    )


def own_window(at: int, window: str) -> FundWindow:
    found = window_report(window)
    if at == 5:
        short = {
            key: replace(one, value=None, rupees=None, unavailable="only 12 returns")
            for key, one in found.measures.items()
        }
        return FundWindow(12, None, None, short)
    return FundWindow(found.observations, found.from_date, found.to_date, found.measures)


def expense(at: int) -> FundExpense:
    if at == 6:
        none = figure(None, "no list of expense ratios that has it is imported")
        return FundExpense("direct", none, none, none, none)
    own = figure(1.7 if at == 2 else 0.7, rupees=value(at) * (0.017 if at == 2 else 0.007))
    gap = figure(1.0, rupees=value(at) * 0.01)
    return FundExpense("regular" if at == 2 else "direct", own, figure(0.7), figure(1.7), gap)


def security(at: int, funds: int) -> SecurityExposure:
    parts = tuple(FundPart(isin(number), 1.0 + number / 10) for number in range(funds))
    net = sum(part.value for part in parts)
    return SecurityExposure(
        f"INE{at:09}", f"INE{at:09}", f"SYM{at}", f"Company {at} Ltd.", "Financial Services", LineKind.EQUITY,
        net, net, total() * net / 100, funds, parts,
    )  # fmt: skip


def exposure() -> FundExposure:
    securities = tuple(security(at, 4 - at % 3) for at in range(16))
    groups = (GroupTotal("Financial Services", 0.0, 60.0, 60.0, 60.0, total() * 0.6),)
    return FundExposure((), groups, groups, None, None, (), None, securities, tuple(one.key for one in securities), 4.2)


def overlap() -> FundOverlap:
    count = len(NAMES)
    matrix = np.fromfunction(lambda row, column: 72.4 - 9 * np.abs(row - column), (count, count))
    names = np.fromfunction(lambda row, column: 30.0 - 3 * np.abs(row - column), (count, count))
    for values in (matrix, names):
        values[UNCOVERED, :] = values[:, UNCOVERED] = np.nan
    isins = tuple(map(isin, range(count)))
    return FundOverlap(isins, NAMES, matrix, names, "sum of the smaller weights", (isins[UNCOVERED],))


def issues() -> tuple[DataIssue, ...]:
    message, remedy = "No portfolio of it is stored.", "Upload the fund house's file."
    return (DataIssue("no_disclosure", Severity.WARNING, isin(UNCOVERED), message, remedy),)


def mf_report(windows: tuple[str, ...] = ("1y",)) -> MFRiskReport:
    funds = tuple(map(fund, range(len(NAMES))))
    return MFRiskReport(
        scope="mf",
        as_of=AS_OF,
        book_as_of=AS_OF,
        computed_at="2026-11-23T08:00:00+00:00",
        currency="INR",
        value=total(),
        sample_data=False,
        benchmark="NIFTY 50",
        risk_free=6.0,
        horizon_days=1,
        windows={window: window_report(window) for window in windows},
        exposure=exposure(),
        overlap=overlap(),
        contribution_window=None,
        contributions=(),
        diversification=DiversificationReport(None, (), None, "no portfolio"),
        stress=(),
        concentration=FundConcentration(Share(NAMES[0], 20.0), Share("Banyan", 20.0), (), 8.1),
        costs=FundCosts(0.8123, 24_750.4, 4_200.0, 91.2, None),
        coverage=FundCoverage(99.1, 92.87, 88.0, 95.0, (), 99.1, 94.3, 92.87, date(2026, 9, 30), (isin(UNCOVERED),)),
        funds=funds,
        data_issues=issues(),
    )


def empty_mf_report(windows: tuple[str, ...] = ("1y",)) -> MFRiskReport:
    blank = np.empty((0, 0))
    return replace(
        mf_report(windows),
        as_of=None,
        book_as_of=None,
        value=None,
        exposure=FundExposure((), (), (), None, None, (), "no fund has a value", (), (), 0.0),
        overlap=FundOverlap((), (), blank, blank, "", ()),
        concentration=FundConcentration(None, None, (), None),
        costs=FundCosts(None, None, None, 0.0, "no fund has a value"),
        coverage=FundCoverage(0.0, 0.0, None, None, (), 0.0, 0.0, 0.0, None, ()),
        funds=(),
        data_issues=(),
    )


def line(name: str, weight: float, **more: Any) -> FundLine:
    usual: dict[str, Any] = {
        "isin": "INE040A01034", "symbol": name.upper(), "sector": "Financial Services", "industry": "Banks",
        "kind": LineKind.EQUITY, "value": weight * 1e7, "quantity": 100.0, "in_total": True,
    }  # fmt: skip
    return FundLine(name=name, weight=weight, **(usual | more))


LINES = (
    line("HDFC Bank Ltd.", 9.2),
    line("Infosys Ltd.", 6.4, sector="Information Technology"),
    line("Unlisted Ltd.", 3.1, isin=None, symbol=None, sector=None),
    line("TREPS", 8.0, isin=None, symbol=None, sector=None, industry=None, kind=LineKind.CASH),
    line("Nifty future", -2.0, isin=None, symbol=None, sector=None, kind=LineKind.DERIVATIVE, in_total=False),
    line("Zeta Ltd.", 1.0, symbol=None, sector=None),
)


def portfolio(lines: tuple[FundLine, ...] = LINES) -> FundPortfolio:
    return FundPortfolio(
        mf_symbol=isin(0),
        amfi_code=None,
        name="Banyan Flexi Cap Fund",
        house="Banyan Mutual Fund",
        as_on=date(2026, 10, 31),
        age_days=23,
        stated_total=1e9,
        sum_of_weights=100.02,
        gross_equity=96.0,
        net_equity=94.0,
        partial=False,
        coverage=Coverage(98.0, 95.0, 94.0),
        sectors=(Weight("Financial Services", 9.2), Weight("Information Technology", 6.4)),
        industries=(),
        kinds=(Weight("equity", 92.0), Weight("cash", 8.0), Weight("derivative", -2.0)),
        lines=lines,
        months=(date(2026, 10, 31), date(2026, 9, 30)),
        provenance=Provenance("flexi.xlsx", "Sheet1", "ab" * 32, 3, NOW, Source.UPLOAD),
        warnings=("one line has no quantity",),
        data_issues=(DataIssue("unmatched_scheme", Severity.INFO, "X", "AMFI's list does not name it."),),
    )


def sheet(quarantined: str | None = None) -> ImportedSheet:
    return ImportedSheet(
        "flexi.xlsx", "Sheet1", "Banyan Flexi Cap Fund", None, date(2026, 10, 31), 57, 99.8, 1e9, 96.0, 94.0,
        ("one line has no quantity",), quarantined,
    )  # fmt: skip


def imported(name: str, *sheets: ImportedSheet, known: bool = False) -> DisclosureImport:
    return DisclosureImport(DisclosureFile(name, 10, "ab" * 32, 3), known, 57, sheets)


def job(status: JobStatus = JobStatus.RUNNING) -> FundJobReport:
    month = date(2026, 10, 1)
    houses = (
        HouseFetch("Banyan Mutual Fund", month, FetchOutcome.DONE, "", NOW, 2, 2, 14),
        HouseFetch("Saral Mutual Fund", month, FetchOutcome.REFUSED, "list: its page has changed", NOW),
    )
    ended = None if status is JobStatus.RUNNING else NOW
    return FundJobReport(FundJob("0" * 32, month, status, "Banyan: done", 2, 9, NOW, ended), houses)


HOUSES = (
    HouseStatus("Banyan Mutual Fund", "https://example.org/portfolios", None, date(2026, 9, 30), 54, True, 14, None),
    HouseStatus("Kotak Mutual Fund", "javascript:alert(1)", "checks for browsers", None, None, False, 0, None),
)


@dataclass
class FakeFunds:
    """What the desk answers; an exception is raised instead. Counts reports, keeps uploads and starts."""

    report_of: MFRiskReport | Exception | None = None
    portfolio_of: FundPortfolio | None = field(default_factory=portfolio)
    job_of: FundJobReport | None = None
    imports: tuple[DisclosureImport, ...] = (imported("flexi.xlsx", sheet()),)
    reports_asked: int = 0
    sent: list[tuple[str, str]] = field(default_factory=list)
    older: list[bool] = field(default_factory=list)
    started: int = 0
    names: tuple[str, ...] = ()
    codes: frozenset[int] = frozenset({900001})
    matched: list[tuple[str, int]] = field(default_factory=list)

    def report(self, window: str) -> MFRiskReport:
        self.reports_asked += 1
        if isinstance(self.report_of, Exception):
            raise self.report_of
        return self.report_of or mf_report((window,))

    def portfolio(self, key: str, as_on: date | None) -> FundPortfolio:
        if self.portfolio_of is None:
            raise UnknownFund(f"No portfolio of a fund {key!r} is stored.", "Upload the file.")
        return replace(self.portfolio_of, as_on=as_on or self.portfolio_of.as_on)

    def upload(self, files: list[FileStorage] | Any, month: str, older: bool) -> tuple[DisclosureImport, ...]:
        self.sent += [(file.filename or "", month) for file in files]
        self.older.append(older)
        return self.imports

    def match(self, name: str, amfi_code: int) -> None:
        if amfi_code not in self.codes:
            raise UnknownScheme(f"AMFI's list has no scheme {amfi_code}.", "Look the code up.")
        self.matched.append((name, amfi_code))

    def fetch(self) -> None:
        self.started += 1
        self.job_of = job()

    def desk(self) -> FundsDesk:
        return FundsDesk(
            self.report, self.portfolio, self.upload, self.fetch, lambda: self.job_of, lambda: HOUSES,
            lambda: self.names, self.match,
        )  # fmt: skip


DOWN = RiskError("The database can't be reached.", "Start it, then reload.")
