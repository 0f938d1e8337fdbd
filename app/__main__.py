"""The command line: python -m app <command>."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Connection

from app.api.equity import MAX_HORIZON, OLDEST_DAY
from app.api.passwords import ask_for_hash
from app.api.terminal import print_equity
from app.Boilerplate import DATABASE_FAULTS, refusal
from app.bootstrap import Services, build_services
from app.commands.combined import add_combined_report
from app.commands.disclosures import HELP, add_disclosure_import
from app.commands.funds import add_fund_commands
from app.commands.hedge import add_hedge_report
from app.commands.history import add_backtest_report, add_history_commands
from app.commands.kite import add_kite_commands
from app.commands.mf import add_mf_report
from app.commands.prices import add_price_commands
from app.commands.scenarios import add_scenario_commands
from app.commands.schemes import fund_imports
from app.domain.errors import InputFileError, RiskError
from app.domain.imports import ImportResult
from app.domain.market_hours import last_final_day, trading_day
from app.domain.prices import Basis
from app.domain.risk_reports import WINDOWS
from app.domain.serialise import to_json
from app.ingest.derivatives import import_derivatives
from app.ingest.holdings import import_holdings
from app.ingest.input_files import read_input
from app.ingest.prices import confirm_move, import_actions, import_prices
from app.ingest.sample_book import load_sample
from app.ingest.securities import import_securities
from app.processes import serve_ticker, serve_web, serve_worker, supervise
from app.scheduled_jobs.RiskMonitoringScheduler import JOBS
from app.settings import read_settings
from app.sources.tabular import MAX_UNPACKED
from app.store.migrations import migrate

SHOWN = 10
"""Rejected rows printed before "and more"."""
console = Console(stderr=True, highlight=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Errors go to standard error with their remedy."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except RiskError as error:
        _complain(error.message, error.remedy)
        return error.exit_code
    except DATABASE_FAULTS as error:
        refused = refusal(error)
        _complain(refused.message, refused.remedy)
        return refused.exit_code
    except KeyboardInterrupt:
        _complain("Stopped.", "Nothing half-done was stored.")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description="Portfolio risk for Indian investors.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _command(commands, "migrate", "bring the database schema up to date", _migrate)
    _import_parsers(_command(commands, "import", "bring your own data", None))
    reports = _command(commands, "report", "print a risk report", None).add_subparsers(required=True, metavar="REPORT")
    equity = _command(reports, "equity", "risk of the shares in the book", _report)
    equity.add_argument("--window", choices=tuple(WINDOWS), help="one window; all three by default")
    equity.add_argument("--as-of", type=_day, metavar="DATE", help="prices up to this day (YYYY-MM-DD)")
    equity.add_argument(
        "--horizon",
        type=int,
        default=1,
        choices=range(1, MAX_HORIZON + 1),
        metavar="DAYS",
        help=f"VaR horizon, 1 to {MAX_HORIZON}",
    )
    equity.add_argument("--json", action="store_true", help="the same JSON as GET /api/risk/equity")
    add_hedge_report(_command(reports, "hedge", "what protects the shares, in whole lots", None), _services, _day)
    add_combined_report(_command(reports, "combined", "risk of shares and funds together", None), _services, _day)
    add_mf_report(_command(reports, "mf", "risk of the funds and what they hold", None), _services, _day)
    add_backtest_report(
        _command(reports, "backtest", "how good the VaR was on the book's own past", None), _services, _day
    )
    history = _command(commands, "history", "one measure over the days whose reports were kept", None)
    add_history_commands(history, _services, _day)
    scenarios = _command(commands, "scenarios", "the what-ifs of the stress test: list them, write your own", None)
    add_scenario_commands(scenarios, _services, _day)
    kite = _command(commands, "kite", "log in to Kite, fetch from it, see what is there", None)
    add_kite_commands(kite, _services, console)
    add_price_commands(_command(commands, "prices", "daily prices without Kite", None), _services, console, _day)
    funds = _command(commands, "funds", "fetch what funds hold, see how old it is", None)
    add_fund_commands(funds, _services, console)
    confirm = _command(commands, "confirm", "say that a price move was real, so that risk figures count it", _confirm)
    confirm.add_argument("symbol", type=str.upper, metavar="SYMBOL")
    confirm.add_argument("day", type=_day, metavar="DATE", help="the day of the move (YYYY-MM-DD)")
    job = _command(commands, "job", "run one scheduled job now", _job)
    job.add_argument("name", choices=tuple(JOBS))
    _command(commands, "password", "make RISK_PASSWORD_HASH of a password", _password)
    _command(commands, "run", "serve the dashboard and the risk worker until stopped", _run)
    _command(commands, "web", "serve the dashboard alone (started by run)", lambda _: _serve(serve_web))
    _command(commands, "worker", "run the schedule alone (started by run)", lambda _: _serve(serve_worker))
    _command(commands, "ticker", "stream prices from Kite alone (started by run)", lambda _: _serve(serve_ticker))
    return parser


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day like {OLDEST_DAY}") from None
    if day < OLDEST_DAY:
        raise argparse.ArgumentTypeError(f"{day} is before {OLDEST_DAY}")
    return day


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    text: str,
    run: Callable[[argparse.Namespace], int] | None,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text.capitalize() + ".")
    if run:
        parser.set_defaults(run=run)
    return parser


def _import_parsers(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(required=True, metavar="WHAT")
    prices = _command(kinds, "prices", "daily prices: a long CSV (also .gz) or NSE bhavcopy files", _import(_prices))
    prices.add_argument("--prices-are", type=Basis, choices=list(Basis), help="whether prices are adjusted for splits")
    prices.add_argument(
        "--volumes-are", type=Basis, choices=list(Basis), help="whether volumes are adjusted for splits"
    )
    holdings = _command(kinds, "holdings", "your shares: Kite's holdings JSON or Console's export", _import(_holdings))
    holdings.add_argument("--allow-empty", action="store_true", help="accept a file without any shares")
    _command(kinds, "securities", "NSE's lists of securities and symbol changes", _import(_securities))
    _command(kinds, "actions", "corporate actions: splits, bonuses, demergers", _import(_actions))
    _command(kinds, "derivatives", "NSE's F&O bhavcopy: closes of index futures and options", _import(_derivatives))
    for name, text, importer in fund_imports():
        _command(kinds, name, text, _import(importer))
    kinds.choices["fund-holdings"].add_argument("--allow-empty", action="store_true", help="accept a file of no funds")
    kinds.choices["navall"].add_argument(
        "--allow-fewer", action="store_true", help="accept a list of far fewer schemes than the last one"
    )
    for kind in kinds.choices.values():
        kind.add_argument("files", nargs="+", metavar="FILE", type=Path)
    add_disclosure_import(_command(kinds, "disclosures", HELP, None), _services, console)


Importer = Callable[[Services, Connection, bytes, str, argparse.Namespace], ImportResult]


def _import(importer: Importer) -> Callable[[argparse.Namespace], int]:
    """A command that imports each file in a transaction of its own: all of it or nothing."""

    def run(options: argparse.Namespace) -> int:
        failures: list[InputFileError] = []
        with _services() as services:
            _migrate_and_tell(services)
            for path in options.files:
                try:
                    data = read_input(path, MAX_UNPACKED)
                    with services.database.transaction() as connection:
                        result = importer(services, connection, data, path.name, options)
                    _tell(result)
                except InputFileError as error:
                    _complain(error.message, error.remedy or "Nothing of it was stored.")
                    failures.append(error)
        return failures[0].exit_code if failures else 0

    return run


def _prices(
    services: Services, connection: Connection, data: bytes, name: str, options: argparse.Namespace
) -> ImportResult:
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,}/{task.total:,} rows"),
        TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task(f"Reading {escape(name)}", total=1)

        def progress(done: int, total: int) -> None:
            bar.update(task, description=f"Storing {escape(name)}", completed=done, total=total)

        return import_prices(
            connection,
            data,
            name,
            trading_day(services.now()),
            price_basis=options.prices_are,
            volume_basis=options.volumes_are,
            progress=progress,
        )


def _holdings(
    services: Services, connection: Connection, data: bytes, name: str, options: argparse.Namespace
) -> ImportResult:
    return import_holdings(connection, data, name, trading_day(services.now()), allow_empty=options.allow_empty)


def _securities(
    services: Services, connection: Connection, data: bytes, name: str, _options: argparse.Namespace
) -> ImportResult:
    return import_securities(connection, data, name, trading_day(services.now()))


def _actions(
    _services: Services, connection: Connection, data: bytes, name: str, _options: argparse.Namespace
) -> ImportResult:
    return import_actions(connection, data, name)


def _derivatives(
    services: Services, connection: Connection, data: bytes, name: str, _options: argparse.Namespace
) -> ImportResult:
    return import_derivatives(connection, data, name, trading_day(services.now()))


def _migrate(_options: argparse.Namespace) -> int:
    with _services() as services:
        applied = _migrate_and_tell(services)
        if not applied:
            _say("The database is up to date.")
    return 0


def _confirm(options: argparse.Namespace) -> int:
    with _services() as services:
        _migrate_and_tell(services)
        with services.database.transaction() as connection:
            noted = confirm_move(connection, options.symbol, options.day)
    _say(f"The move of {options.symbol} on {options.day} {'now counts' if noted else 'counted already'}.")
    return 0


def _report(options: argparse.Namespace) -> int:
    with _services() as services:
        windows = (options.window,) if options.window else None
        report = services.equity.report(windows, options.as_of, options.horizon)
        if options.json:
            sys.stdout.buffer.write(to_json(report) + b"\n")
        else:
            print_equity(report, Console(highlight=False))
    return 0


def _job(options: argparse.Namespace) -> int:
    with _services() as services:
        _say(JOBS[options.name](services))
    return 0


def _run(_options: argparse.Namespace) -> int:
    with _services() as services:
        _migrate_and_tell(services)
        with services.database.transaction() as connection:
            if load_sample(connection, last_final_day(services.now())):
                _say("A sample book was loaded. Your own replaces it: python -m app import holdings FILE")
        with console.status("Computing the first report (longer on the very first start: calculators are compiled)"):
            services.equity.report()
        return supervise(
            services.settings,
            lambda url: console.print(f"\nPortfolio risk is at [bold]{url}[/bold]  (Ctrl-C stops it)\n"),
            lambda: services.kite.credentials() is not None,
        )


def _password(_options: argparse.Namespace) -> int:
    sys.stdout.write(f"{ask_for_hash()}\n")
    return 0


def _serve(serve: Callable[..., None]) -> int:
    serve(read_settings(os.environ))
    return 0


@contextmanager
def _services() -> Iterator[Services]:
    services = build_services(read_settings(os.environ))
    try:
        yield services
    finally:
        services.close()


def _migrate_and_tell(services: Services) -> tuple[str, ...]:
    with services.database.transaction() as connection:
        applied = migrate(connection, services.database.schema)
    if applied:
        _say(f"Database migrated: {', '.join(applied)}.")
    return applied


def _tell(result: ImportResult) -> None:
    known = "" if result.rows_changed else " (all known already)"
    _say(f"{result.file}: {result.rows_read:,} {result.kind} rows, {result.rows_changed:,} changed{known}.")
    for title, lines in (("Left out", result.rejected), ("Note", result.warnings)):
        for line in lines[:SHOWN]:
            _say(f"  {title}: {line}")
        if len(lines) > SHOWN:
            _say(f"  {title}: and {len(lines) - SHOWN} more")


def _complain(message: str, remedy: str) -> None:
    _say(f"error: {message}", style="bold red")
    if remedy:
        _say(f"  {remedy}")


def _say(line: str, style: str | None = None) -> None:
    """One line on standard error as it is: names in it may look like markup, and a log wants no line breaks."""
    console.print(line, style=style, markup=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
