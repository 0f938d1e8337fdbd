"""The equity report for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from app.domain.money import format_rupees
from app.domain.risk_reports import EquityRiskReport, Measure, Unit, WindowReport


def print_equity(report: EquityRiskReport, console: Console) -> None:
    """Measures of every window side by side, then what is wrong with the data."""
    value = "no value" if report.value is None else format_rupees(report.value)
    sample = "  SAMPLE DATA" if report.sample_data else ""
    console.print(f"Equity {value}, {_prices_of(report)}{sample}", markup=False)
    print_measures(report.windows, console)
    for issue in report.data_issues:
        console.print(f"{issue.severity}: {issue.subject}: {issue.message} {issue.remedy}", markup=False)


def _prices_of(report: EquityRiskReport) -> str:
    """Without stored prices the holdings carry their own, of the day they were read."""
    if report.as_of is not None:
        return f"prices as of {report.as_of}"
    return f"prices of the holdings of {report.book_as_of}" if report.book_as_of else "no prices yet"


def print_measures(windows: Mapping[str, WindowReport], console: Console) -> None:
    """A row for each measure, a column for each window."""
    table = Table("Measure", *windows)
    for name in next(iter(windows.values())).measures:
        table.add_row(name, *(_cell(window.measures[name]) for window in windows.values()))
    console.print(table)


def _cell(measure: Measure) -> str:
    if measure.value is None:
        return f"unavailable: {measure.unavailable}"
    if measure.unit is Unit.RATIO:
        return f"{measure.value:.2f}"
    rupees = "" if measure.rupees is None else f"  {format_rupees(measure.rupees)}"
    return f"{measure.value:.2f} %{rupees}"
