"""python -m benchmarks [--quick] [--only NAME] [--write docs/performance.md]"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from benchmarks.database import temporary_database
from benchmarks.market import Scale
from benchmarks.scene import Scene, open_scene
from benchmarks.suites import (
    batch,
    cold_load,
    combined,
    correlation_json,
    disclosures,
    live,
    look_through,
    measures,
    report,
    tick,
)
from benchmarks.tables import Result, markdown, terminal_table, write_between_markers
from benchmarks.timing import Comparison, time_candidates

SUITES: dict[str, Callable[[Scene], Comparison]] = {
    "report": report.build,
    "measures": measures.build,
    "load": cold_load.build,
    "tick": tick.build,
    "live": live.build,
    "json": correlation_json.build,
    "lookthrough": look_through.build,
    "batch": batch.build,
    "combined": combined.build,
    "disclosures": disclosures.build,
}
ROUNDS = 21
QUICK_ROUNDS = 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, print and, if asked, write into the document."""
    options = _parser().parse_args(arguments)
    rounds = QUICK_ROUNDS if options.quick else ROUNDS
    console = Console()
    results = []
    with temporary_database() as database, open_scene(database, Scale()) as scene:
        for name in options.only or SUITES:
            console.print(f"{name}: {rounds} rounds ...")  # a moving spinner would be timed along
            comparison = SUITES[name](scene)
            results.append(Result(comparison, time_candidates(comparison, rounds)))
            console.print(terminal_table(results[-1]))
    if options.write:
        write_between_markers(options.write, markdown(results, rounds, datetime.now(UTC)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Compare this app with the usual ways.")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds in place of {ROUNDS}")
    parser.add_argument("--only", action="append", choices=list(SUITES), help="one comparison; may be repeated")
    parser.add_argument("--write", type=Path, metavar="FILE", help="rewrite the tables of this document")
    return parser


if __name__ == "__main__":
    main()
