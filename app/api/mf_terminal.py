"""The report of the funds for a terminal."""

from __future__ import annotations

from itertools import combinations
from math import isnan

from rich.console import Console
from rich.table import Table

from app.api.terminal import print_measures
from app.domain.fund_reports import Figure, FundOverlap, FundReport
from app.domain.mf_reports import MFRiskReport
from app.domain.money import format_rupees

LARGEST = 10
"""Securities and pairs of funds that are printed."""


def print_mf(report: MFRiskReport, console: Console) -> None:
    """Measures of all funds, each fund, what they hold together, and what is wrong with the data."""
    value = "no value" if report.value is None else format_rupees(report.value)
    sample = "  SAMPLE DATA" if report.sample_data else ""
    console.print(f"Funds {value}, NAVs as of {report.as_of or 'never'}{sample}", markup=False)
    print_measures(report.windows, console)
    console.print(_funds(report))
    for line in _held(report):
        console.print(line, markup=False)
    for issue in report.data_issues:
        console.print(f"{issue.severity}: {issue.subject}: {issue.message} {issue.remedy}", markup=False)


def _funds(report: MFRiskReport) -> Table:
    table = Table("Fund", "Weight", "Portfolio", "Net equity", "Active share", "Expense", "Tracking error")
    for fund in report.funds:
        known = fund.disclosure
        table.add_row(
            _name(fund),
            "" if fund.weight is None else f"{fund.weight:.1f} %",
            f"{known.as_on}" if known else "not covered",
            f"{known.net_equity:.1f} %" if known else "",
            _percent(fund.active_share),
            _percent(fund.expense.own),
            _percent(fund.tracking.error),
        )
    return table


def _held(report: MFRiskReport) -> list[str]:
    exposure = report.exposure
    if exposure.unavailable:
        return [f"Look-through: unavailable, {exposure.unavailable}"]
    largest = ", ".join(f"{one.name} {one.net:.2f} %" for one in exposure.securities[:LARGEST])
    return [
        f"Portfolios are known for {report.coverage.disclosed:.1f} % of the value",
        f"Largest holdings: {largest}",
        *(f"Overlap of {one} and {other}: {share:.1f} %" for share, one, other in _pairs(report.overlap)),
    ]


def _pairs(overlap: FundOverlap) -> list[tuple[float, str, str]]:
    """The pairs of funds that share most."""
    pairs = [
        (float(overlap.matrix[one, other]), overlap.labels[one], overlap.labels[other])
        for one, other in combinations(range(len(overlap.funds)), 2)
        if not isnan(overlap.matrix[one, other])
    ]
    return sorted(pairs, reverse=True)[:LARGEST]


def _name(fund: FundReport) -> str:
    return fund.name if fund.plan is None else f"{fund.name} ({fund.plan})"


def _percent(figure: Figure) -> str:
    return "" if figure.value is None else f"{figure.value:.2f} %"
