"""History, recomputations and backtests for a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from app.api.backtest_words import METHOD_NAMES, accepted_words, chance_words, exceptions_words
from app.domain.backtests import BacktestReport, WindowBacktest
from app.domain.money import format_rupees
from app.domain.risk_reports import Unit
from app.domain.risk_runs import HistorySeries, Recomputation

SHOWN = 10


def print_history(series: HistorySeries, console: Console) -> None:
    """A row for each day."""
    if series.starts is None:
        console.print(f"Nothing of {series.scope} is kept yet: the daily job keeps one report a trading day.")
        return
    table = Table("Day", series.measure, "Rupees", "Observations", "Run", title=_title(series))
    percent = " %" if series.unit is Unit.PERCENT else ""
    for point in series.points:
        value = f"unavailable: {point.unavailable}" if point.value is None else f"{point.value:.4f}{percent}"
        rupees = "" if point.rupees is None else format_rupees(point.rupees)
        table.add_row(str(point.as_of), value, rupees, str(point.observations), str(point.run_id))
    console.print(table)
    console.print(f"History starts on {series.starts}.")


def _title(series: HistorySeries) -> str:
    return f"{series.scope}, {series.window}{', SAMPLE DATA' if series.sample_data else ''}"


def print_recomputation(found: Recomputation, console: Console) -> None:
    """Whether it came out the same, and if not, why."""
    head = f"Run {found.run_id}, {found.scope} as of {found.until}"
    if found.reproduced:
        console.print(f"{head}: reproduced, all {found.compared} figures are the same.", markup=False)
    else:
        console.print(f"{head}: {len(found.differences)} of {found.compared} figures came out otherwise.", markup=False)
    if found.changed:
        console.print(f"Changed since: {', '.join(found.changed)}.", markup=False)
    elif not found.inputs_noted:
        console.print("It was kept before inputs were noted, so what changed can't be told.")
    elif not found.reproduced:
        console.print("No input changed: this machine computes otherwise than the one that kept it.")
    for one in found.differences[:SHOWN]:
        console.print(f"  {one.figure}: {one.kept} then, {one.now} now", markup=False)
    if len(found.differences) > SHOWN:
        console.print(f"  and {len(found.differences) - SHOWN} more")


def print_backtest(report: BacktestReport, console: Console) -> None:
    """A table for each window, then the method that the evidence speaks for at each level."""
    sample = "  SAMPLE DATA" if report.sample_data else ""
    console.print(
        f"VaR of {report.scope} tested on {report.returns} returns to {report.as_of or 'never'}{sample}", markup=False
    )
    for name, window in report.windows.items():
        console.print(_table(name, window))
        for choice in window.preferred:
            console.print(f"  {choice.level:g}%: {METHOD_NAMES[choice.method]}: {choice.reason}", markup=False)
    console.print(f"Method: {report.method}.", markup=False)


def _table(name: str, window: WindowBacktest) -> Table:
    table = Table("Method", "Level", "Exceptions", "Expected", "Number", "Order", "Light", "Verdict", title=name)
    for tested in window.methods:
        table.add_row(
            METHOD_NAMES[tested.method],
            f"{tested.level:g}%",
            exceptions_words(tested),
            accepted_words(tested),
            chance_words(tested.kupiec),
            chance_words(tested.independence),
            tested.zone or "",
            tested.verdict,
        )
    return table
