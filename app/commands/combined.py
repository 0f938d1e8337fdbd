"""The command line of the combined risk: python -m app report combined."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date

from rich.console import Console

from app.api.combined_terminal import print_combined
from app.api.equity import MAX_HORIZON
from app.bootstrap import Services
from app.domain.risk_reports import WINDOWS
from app.domain.serialise import to_json

OpenServices = Callable[[], AbstractContextManager[Services]]


def add_combined_report(
    parser: argparse.ArgumentParser, open_services: OpenServices, read_day: Callable[[str], date]
) -> None:
    """Give ``parser`` the options."""
    parser.add_argument("--window", choices=tuple(WINDOWS), help="one window; all three by default")
    parser.add_argument("--as-of", type=read_day, metavar="DATE", help="prices, NAVs and portfolios up to this day")
    parser.add_argument(
        "--horizon", type=int, default=1, choices=range(1, MAX_HORIZON + 1), metavar="DAYS", help="VaR horizon"
    )
    parser.add_argument("--json", action="store_true", help="the same JSON as GET /api/risk/combined")
    parser.set_defaults(run=lambda options: _report(options, open_services))


def _report(options: argparse.Namespace, open_services: OpenServices) -> int:
    windows = (options.window,) if options.window else None
    with open_services() as services:
        report = services.combined.report(windows, options.as_of, options.horizon)
        if options.json:
            sys.stdout.buffer.write(to_json(report) + b"\n")
        else:
            print_combined(report, Console(highlight=False))
    return 0
