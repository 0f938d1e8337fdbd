"""The command line of the stress test's scenarios: python -m app scenarios list | set | remove."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.api.scenarios import read_scenario
from app.bootstrap import Services
from app.domain.scenarios import Scenario, ScenarioEntry
from app.domain.serialise import to_json

OpenServices = Callable[[], AbstractContextManager[Services]]


def add_scenario_commands(
    parser: argparse.ArgumentParser, open_services: OpenServices, read_day: Callable[[str], date]
) -> None:
    """Give ``parser`` its three subcommands; each ends by telling all scenarios as they count then."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    shown = commands.add_parser("list", help="all scenarios as they count now")
    written = commands.add_parser("set", help="write a scenario, in place of what is under its key")
    written.add_argument("key", metavar="KEY", help="small letters, digits and underscores")
    written.add_argument("--name", required=True, help="what it is called")
    written.add_argument("--market", type=float, default=0.0, metavar="PERCENT", help="Nifty 50; -10 is a fall (0)")
    written.add_argument(
        "--shock", type=_shock, action="append", default=[], metavar="GROUP=PERCENT",
        help="of a sector by NSE's name, or of foreign, debt, gold, silver or trusts; may be repeated",
    )  # fmt: skip
    written.add_argument("--from", dest="from_day", type=read_day, metavar="DATE", help="replay from this close")
    written.add_argument("--to", dest="to_day", type=read_day, metavar="DATE", help="and up to this one")
    written.add_argument("--source", default="", help="where the figures are from")
    removed = commands.add_parser("remove", help="forget what was written; a default is as it was again")
    removed.add_argument("key", metavar="KEY")
    for command, change in ((shown, _nothing), (written, _write), (removed, _remove)):
        command.add_argument("--json", action="store_true", help="the same JSON as GET /api/risk/scenarios")
        command.set_defaults(run=lambda options, change=change: _run(options, open_services, change))


def _shock(text: str) -> tuple[str, float]:
    group, _, percent = text.rpartition("=")
    try:
        return group.strip(), float(percent)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not like Power=-10") from None


def _run(
    options: argparse.Namespace, open_services: OpenServices, change: Callable[[Services, argparse.Namespace], None]
) -> int:
    with open_services() as services:
        change(services, options)
        entries = services.combined.scenarios()
    if options.json:
        sys.stdout.buffer.write(to_json(entries) + b"\n")
    else:
        _print(entries, Console(highlight=False))
    return 0


def _nothing(_services: Services, _options: argparse.Namespace) -> None:
    pass


def _write(services: Services, options: argparse.Namespace) -> None:
    names = ("name", "market", "from_day", "to_day", "source")
    given = {name: getattr(options, name) for name in names} | {"groups": dict(options.shock)}
    services.combined.write_scenario(read_scenario(options.key, given))


def _remove(services: Services, options: argparse.Namespace) -> None:
    services.combined.delete_scenario(options.key)


def _print(entries: Sequence[ScenarioEntry], console: Console) -> None:
    table = Table("Key", "Name", "Shocks", "Days", "Whose")
    for entry in entries:
        one = entry.scenario
        days = f"{one.from_day} to {one.to_day}" if one.is_episode else ""
        whose = "yours" if entry.edited else "default"
        table.add_row(*map(Text, (one.key, one.name, _shocks(one), days, whose)))
    console.print(table)


def _shocks(one: Scenario) -> str:
    market = {"Nifty 50": one.market} if one.market or not one.groups else {}
    return ", ".join(f"{name} {shock:+g} %" for name, shock in {**market, **one.groups}.items())
