"""The combined report for a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.api.terminal import print_measures
from app.domain.combined_reports import CombinedRiskReport, ContributionKind
from app.domain.money import format_rupees

LARGEST = 10
"""Stocks and sources of risk that are printed."""


def print_combined(report: CombinedRiskReport, console: Console) -> None:
    """Measures, what is really owned, whose risk it is, what scenarios cost, and what is wrong with the data."""
    sample = "  SAMPLE DATA" if report.sample_data else ""
    console.print(f"Shares and funds {_rupees(report.value)}, as of {report.as_of or 'never'}{sample}", markup=False)
    print_measures(report.windows, console)
    if report.value is not None:
        console.print(_stocks(report))
        console.print(_risk(report))
        console.print(_stress(report))
        score = report.diversification.score
        console.print(f"Diversification score: {'unavailable' if score is None else f'{score:.0f} of 100'}")
        console.print(f"Seen through: {report.coverage.look_through:.1f} % of the value{_ages(report)}")
    for issue in report.data_issues:
        console.print(f"{issue.severity}: {issue.subject}: {issue.message} {issue.remedy}", markup=False)


def _ages(report: CombinedRiskReport) -> str:
    """How old the portfolios are that funds were seen through with; "" where there are none."""
    known = [one for one in report.coverage.disclosures if one.age_days is not None]
    if not known:
        return ""
    newest, oldest = (pick(known, key=lambda one: one.age_days or 0) for pick in (min, max))
    if newest.age_days == oldest.age_days:
        return f", by portfolios of {oldest.as_on}, {oldest.age_days} days old"
    return f", by portfolios of {oldest.as_on} to {newest.as_on}, {newest.age_days} to {oldest.age_days} days old"


def _stocks(report: CombinedRiskReport) -> Table:
    table = Table("Stock", "Sector", "Direct", "Through funds", "Total", "Rupees")
    for one in report.exposure.stocks[:LARGEST]:
        cells = (one.name, one.sector or "", _percent(one.direct), _percent(one.through_funds), _percent(one.total))
        table.add_row(*map(Text, (*cells, format_rupees(one.rupees))))
    return table


def _risk(report: CombinedRiskReport) -> Table:
    table = Table(f"Source of risk, {report.contribution_window or 'unavailable'}", "Of value", "Of risk", "Rupees")
    stocks = [one for one in report.contributions if one.kind is ContributionKind.STOCK]
    for one in stocks[:LARGEST]:
        table.add_row(*map(Text, (one.name, _percent(one.value), _percent(one.risk), _rupees(one.rupees))))
    return table


def _stress(report: CombinedRiskReport) -> Table:
    table = Table("Scenario", "Loss", "Rupees", "Covers", "How")
    for one in report.stress:
        cells = (
            one.name,
            _percent(one.loss),
            _rupees(one.rupees),
            _percent(one.coverage),
            one.method.replace("_", " "),
        )
        table.add_row(*map(Text, cells))
    return table


def _percent(value: float | None) -> str:
    return "unavailable" if value is None else f"{value:.1f} %"


def _rupees(value: float | None) -> str:
    return "no value" if value is None else format_rupees(value)
