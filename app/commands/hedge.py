"""The command line of hedges: python -m app report hedge."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date

from rich.console import Console

from app.api.hedge import LEAST_FALL, MAX_BETA, MAX_BUDGET, MAX_DAYS, MAX_FALL, USUAL_DAYS
from app.api.hedge_terminal import print_hedge
from app.bootstrap import Services
from app.domain.hedges import HedgeRequest, Rounding, hedge_goal
from app.domain.risk_reports import WINDOWS
from app.domain.serialise import to_json

OpenServices = Callable[[], AbstractContextManager[Services]]


def add_hedge_report(
    parser: argparse.ArgumentParser, open_services: OpenServices, read_day: Callable[[str], date]
) -> None:
    """Give ``parser`` the options; the goal is one of two, as on the API."""
    goal = parser.add_mutually_exclusive_group(required=True)
    goal.add_argument("--target-beta", type=_within(0.0, MAX_BETA), metavar="X", help="beta to come down to")
    goal.add_argument(
        "--loss-budget", type=_within(0.0, MAX_BUDGET), metavar="RUPEES", help="what may be lost at the fall"
    )
    parser.add_argument(
        "--fall", type=_within(LEAST_FALL, MAX_FALL), metavar="PERCENT", help="of the index, for a loss budget (10)"
    )
    parser.add_argument("--window", choices=tuple(WINDOWS), default="1y", help="window of the beta")
    parser.add_argument(
        "--days", type=int, choices=range(1, MAX_DAYS + 1), default=USUAL_DAYS, metavar="DAYS", help="it must last"
    )
    parser.add_argument(
        "--nearest", action="store_true", help="round to the nearest lot, even if it is more than asked"
    )
    parser.add_argument("--as-of", type=read_day, metavar="DATE", help="at the closes of an earlier day (YYYY-MM-DD)")
    parser.add_argument("--json", action="store_true", help="the same JSON as GET /api/risk/hedge")
    parser.set_defaults(run=lambda options: _report(options, open_services))


def _within(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from {least:g} to {most:g}")
        return value

    return read


def _report(options: argparse.Namespace, open_services: OpenServices) -> int:
    goal = hedge_goal(options.target_beta, options.loss_budget, options.fall)
    rounding = Rounding.NEAREST if options.nearest else Rounding.DOWN
    request = HedgeRequest(goal, options.window, options.days, rounding=rounding, as_of=options.as_of)
    with open_services() as services:
        plan = services.hedge.plan(request)
    if options.json:
        sys.stdout.buffer.write(to_json(plan) + b"\n")
    else:
        print_hedge(plan, Console(highlight=False))
    return 0
