"""The command line of funds: python -m app funds fetch | status | match."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from app.bootstrap import Services
from app.commands.schemes import MATCH_HELP, add_match_command
from app.domain.fund_fetches import SETTLED, FetchOutcome, FetchWish, FundJob, FundJobReport, HouseStatus
from app.domain.serialise import to_json
from app.store.migrations import migrate

OpenServices = Callable[[], AbstractContextManager[Services]]
NOT_ALL_IN = 5
"""Exit code when a house failed or refused; what is not published yet is no failure."""
NO_FAILURE = SETTLED | {FetchOutcome.NOT_PUBLISHED, FetchOutcome.MANUAL}


def add_fund_commands(parser: argparse.ArgumentParser, open_services: OpenServices, console: Console) -> None:
    """Give ``parser`` the subcommands; each opens services for itself and writes what it did to ``console``."""
    commands = parser.add_subparsers(required=True, metavar="WHAT")
    fetch = commands.add_parser("fetch", help="download the month's portfolios from the fund houses' sites")
    fetch.add_argument("--month", type=_month, metavar="YYYY-MM", help="the last completed month by default")
    fetch.add_argument(
        "--amc", action="append", default=[], metavar="NAME", help="a fund house (may be given again for others)"
    )
    fetch.add_argument("--all", action="store_true", help="all houses, not only those of the funds you hold")
    fetch.add_argument("--again", action="store_true", help="ask also whether files that are there have changed")
    fetch.add_argument("--yahoo", action="store_true", help="largest positions from Yahoo where nothing else is there")
    fetch.set_defaults(run=lambda options: _fetch(options, open_services, console))
    status = commands.add_parser("status", help="what is there of each fund house, and how old it is")
    status.add_argument("--json", action="store_true", help="as JSON")
    status.set_defaults(run=lambda options: _status(options, open_services, console))
    add_match_command(commands.add_parser("match", help=MATCH_HELP), open_services, console)


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a month like 2026-10") from None


def _fetch(options: argparse.Namespace, open_services: OpenServices, console: Console) -> int:
    with open_services() as services, _bar(console) as bar:
        _migrate(services)
        yahoo = options.yahoo or services.settings.funds_from_yahoo
        wish = FetchWish(options.month, tuple(options.amc), options.all, options.again, yahoo)
        task = bar.add_task("", total=None)

        def tell(job: FundJob) -> None:
            bar.update(task, description=job.detail, completed=job.done, total=job.total or None)

        report = services.funds.fetch(wish, tell)
        stale = [row for row in services.funds.status() if row.newest and row.newest < report.job.month]
    _print_report(console, report, stale)
    return 0 if all(house.outcome in NO_FAILURE for house in report.houses) else NOT_ALL_IN


def _status(options: argparse.Namespace, open_services: OpenServices, console: Console) -> int:
    with open_services() as services:
        _migrate(services)
        rows = services.funds.status()
    if options.json:
        sys.stdout.buffer.write(to_json(rows) + b"\n")
        return 0
    table = Table("Fund house", "Newest", "Age", "Portfolios", "Last try")
    for row in rows:
        table.add_row(*map(Text, (row.house, *_age_cells(row), str(row.portfolios or ""), _last_words(row))))
    console.print(table)
    return 0


def _print_report(console: Console, report: FundJobReport, stale: list[HouseStatus]) -> None:
    if report.houses:
        table = Table("Fund house", "Outcome", "Files", "Portfolios", "Reason")
        for house in sorted(report.houses, key=lambda house: house.house.casefold()):
            files = f"{house.files_done} of {house.files}" if house.files else ""
            cells = house.house, house.outcome.replace("_", " "), files, str(house.schemes or ""), house.reason
            table.add_row(*map(Text, cells))
        console.print(table)
    _say(console, f"{report.job.month:%B %Y}: {report.job.detail}")
    for row in stale:
        _say(console, f"{row.house}: the portfolios of {row.newest} stay in use, {row.age_days} days old")


def _age_cells(row: HouseStatus) -> tuple[str, str]:
    if row.newest is None:
        return "", ""
    return str(row.newest), f"{row.age_days} days{' (old)' if row.is_stale else ''}"


def _last_words(row: HouseStatus) -> str:
    if row.last is None:
        return f"by hand: {row.manual}" if row.manual else "never asked"
    said = f"{row.last.month:%Y-%m} {row.last.outcome.replace('_', ' ')}"
    return f"{said}: {row.last.reason}" if row.last.reason else said


def _migrate(services: Services) -> None:
    with services.database.transaction() as connection:
        migrate(connection, services.database.schema)


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)
