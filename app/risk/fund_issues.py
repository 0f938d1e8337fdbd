"""What is wrong with the data behind the report of the funds, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import numpy as np

from app.domain.data_issues import DataIssue, Severity
from app.domain.fund_reports import FundDisclosure
from app.domain.risk_reports import WindowReport
from app.risk.fund_book import FundBook, FundPosition
from app.risk.fund_portfolio import STALE_AFTER, UPLOAD
from app.risk.report_windows import LONG_PAST

STALE_NAV = 5
"""Working days after which a NAV is old: houses publish by the next morning, funds of foreign shares a day later."""
MUCH_UNRESOLVED = 5.0
"""Percent of a fund in units and lines that could not be looked through, above which it is said."""
NAVS = "Import its NAV history with 'python -m app import navs FILE', or run the job fund_navs."


def fund_issues(
    book: FundBook,
    disclosures: Sequence[FundDisclosure | None],
    windows: Mapping[str, WindowReport],
    today: date,
    *,
    dated: bool,
) -> tuple[DataIssue, ...]:
    """All flaws, the worst first. ``dated`` means that the report is of an earlier day, when nothing is too old."""
    issues = list(book.issues)
    for position, disclosure in zip(book.positions, disclosures, strict=True):
        issues += _of_position(position, None if dated else today)
        issues += disclosure_issues(position.isin, disclosure)
    issues += _of_book(book, windows)
    rank = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
    return tuple(sorted(set(issues), key=lambda issue: (rank[issue.severity], issue.code, issue.subject)))


def _of_position(position: FundPosition, today: date | None) -> Iterator[DataIssue]:
    if position.value is None:
        message = "It has no NAV: it is not in the value, weights or any measure."
        yield DataIssue("not_valued", Severity.CRITICAL, position.isin, message, NAVS)
    elif today and position.nav_date and (late := int(np.busday_count(position.nav_date, today))) > STALE_NAV:
        message = f"Its newest NAV is of {position.nav_date}, about {late} trading days old."
        severity = Severity.CRITICAL if late > LONG_PAST else Severity.WARNING
        yield DataIssue("stale_nav", severity, position.isin, message, NAVS)
    if position.amfi_code is None:
        message = "AMFI's list does not know its ISIN: category, plan, costs and NAV history are not found."
        remedy = "Import NAVAll.txt with 'python -m app import navall FILE'."
        yield DataIssue("unknown_fund", Severity.INFO, position.isin, message, remedy)


def disclosure_issues(isin: str, disclosure: FundDisclosure | None) -> Iterator[DataIssue]:
    """What is wrong with the portfolio of one fund, None for none."""
    if disclosure is None:
        message = "No portfolio of it is stored: it is shown as not covered, which says nothing about what it holds."
        yield DataIssue("no_disclosure", Severity.WARNING, isin, message, UPLOAD)
        return
    if disclosure.age_days > STALE_AFTER:
        message = f"Its portfolio is of {disclosure.as_on}, {disclosure.age_days} days ago."
        yield DataIssue("stale_disclosure", Severity.WARNING, isin, message, UPLOAD)
    if disclosure.partial:
        message = "Only part of its portfolio can be looked through."
        yield DataIssue("partial_disclosure", Severity.WARNING, isin, message)
    if disclosure.unresolved > MUCH_UNRESOLVED:
        message = f"{disclosure.unresolved:.1f} % of it is in other funds or lines that could not be looked through."
        yield DataIssue("unresolved_units", Severity.WARNING, isin, message, UPLOAD)


def _of_book(book: FundBook, windows: Mapping[str, WindowReport]) -> Iterator[DataIssue]:
    if book.benchmark_name is None and book.positions:
        message = "There are no prices of Nifty 50: beta and correlation with the market are unavailable."
        remedy = "Import a price file with the symbol NIFTY50, or name the index with RISK_BENCHMARK."
        yield DataIssue("no_benchmark", Severity.CRITICAL, "PORTFOLIO", message, remedy)
    short: dict[str, list[str]] = {}
    for name, report in windows.items():
        for isin in report.left_out:
            short.setdefault(isin, []).append(name)
    for isin, names in short.items():
        message = (
            f"Too few NAVs for {', '.join(names)}: left out of volatility, VaR and correlation there; it still counts "
            "in value and look-through."
        )
        yield DataIssue("short_history", Severity.WARNING, isin, message, NAVS)
