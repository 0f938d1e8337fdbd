"""The command line of kept runs: python -m app history, and of the backtest: python -m app report backtest."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

from rich.console import Console

from app.api.backtest import run_backtest
from app.api.history import USUAL_MEASURE
from app.api.history_terminal import print_backtest, print_history, print_recomputation
from app.bootstrap import Services
from app.domain.risk_reports import WINDOWS
from app.domain.serialise import to_json

OpenServices = Callable[[], AbstractContextManager[Services]]
NOT_REPRODUCED = 1


def add_history_commands(
    parser: argparse.ArgumentParser, open_services: OpenServices, read_day: Callable[[str], date]
) -> None:
    """Give ``parser`` its options and its two subcommands."""
    parser.add_argument("--measure", default=USUAL_MEASURE, help=f"name of a measure ({USUAL_MEASURE})")
    parser.add_argument("--scope", default="equity", help="whose report: equity, mf or combined (equity)")
    parser.add_argument("--window", choices=tuple(WINDOWS), default="1y", help="its window (1y)")
    parser.add_argument("--from", dest="since", type=read_day, metavar="DATE", help="first day (YYYY-MM-DD)")
    parser.add_argument("--to", dest="until", type=read_day, metavar="DATE", help="last day")
    parser.add_argument("--json", action="store_true", help="the same JSON as GET /api/risk/history")
    parser.set_defaults(run=lambda options: _show(options, open_services))
    commands = parser.add_subparsers(metavar="COMMAND")
    keep = commands.add_parser("keep", help="compute a report now, or as of an earlier day, and keep it")
    keep.add_argument("--scope", default="equity", help="equity, mf or combined (equity)")
    keep.add_argument("--as-of", type=read_day, metavar="DATE", help="an earlier day (YYYY-MM-DD)")
    keep.set_defaults(run=lambda options: _keep(options, open_services))
    again = commands.add_parser("recompute", help="compute a kept run again and say what came out otherwise, and why")
    again.add_argument("run_id", type=int, metavar="RUN_ID")
    again.add_argument("--json", action="store_true", help="as JSON")
    again.set_defaults(run=lambda options: _recompute(options, open_services))


def add_backtest_report(
    parser: argparse.ArgumentParser, open_services: OpenServices, read_day: Callable[[str], date]
) -> None:
    """Give ``parser`` the options of ``report backtest``."""
    parser.add_argument("--scope", default="equity", help="what is tested: equity, mf or combined (equity)")
    parser.add_argument("--window", choices=tuple(WINDOWS), help="one window; all three by default")
    parser.add_argument("--as-of", type=read_day, metavar="DATE", help="prices up to this day (YYYY-MM-DD)")
    parser.add_argument("--json", action="store_true", help="the same JSON as GET /api/risk/backtest")
    parser.set_defaults(run=lambda options: _backtest(options, open_services))


def _show(options: argparse.Namespace, open_services: OpenServices) -> int:
    with open_services() as services:
        series = services.history.series(options.scope, options.measure, options.window, options.since, options.until)
    return _tell(series, options, print_history)


def _keep(options: argparse.Namespace, open_services: OpenServices) -> int:
    with open_services() as services:
        said = services.history.keep(options.scope, options.as_of)
    Console(stderr=True, highlight=False).print(said, markup=False, soft_wrap=True)
    return 0


def _recompute(options: argparse.Namespace, open_services: OpenServices) -> int:
    with open_services() as services:
        found = services.history.recompute(options.run_id)
    _tell(found, options, print_recomputation)
    return 0 if found.reproduced else NOT_REPRODUCED


def _backtest(options: argparse.Namespace, open_services: OpenServices) -> int:
    windows = (options.window,) if options.window else None
    with open_services() as services:
        report = run_backtest(services, options.scope, windows, options.as_of)
    return _tell(report, options, print_backtest)


def _tell(found: Any, options: argparse.Namespace, show: Callable[[Any, Console], None]) -> int:
    if options.json:
        sys.stdout.buffer.write(to_json(found) + b"\n")
    else:
        show(found, Console(highlight=False))
    return 0
