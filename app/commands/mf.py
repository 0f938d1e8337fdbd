"""The command line of the funds' risk: python -m app report mf."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date

from rich.console import Console

from app.api.mf_terminal import print_mf
from app.bootstrap import Services
from app.domain.risk_reports import WINDOWS
from app.domain.serialise import to_json

OpenServices = Callable[[], AbstractContextManager[Services]]


def add_mf_report(
    parser: argparse.ArgumentParser, open_services: OpenServices, read_day: Callable[[str], date]
) -> None:
    """Give ``parser`` the options."""
    parser.add_argument("--window", choices=tuple(WINDOWS), help="one window; all three by default")
    parser.add_argument("--as-of", type=read_day, metavar="DATE", help="NAVs and portfolios up to this day")
    parser.add_argument("--json", action="store_true", help="the same JSON as GET /api/risk/mf")
    parser.set_defaults(run=lambda options: _report(options, open_services))


def _report(options: argparse.Namespace, open_services: OpenServices) -> int:
    with open_services() as services:
        report = services.mf.report((options.window,) if options.window else None, options.as_of)
        if options.json:
            sys.stdout.buffer.write(to_json(report) + b"\n")
        else:
            print_mf(report, Console(highlight=False))
    return 0
