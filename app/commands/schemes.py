"""The command line of fund identity: python -m app funds match, and the imports of fund data."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from rich.console import Console
from sqlalchemy import Connection

from app.bootstrap import Services
from app.domain.imports import ImportResult
from app.domain.market_hours import trading_day
from app.domain.serialise import to_json
from app.ingest.fund_costs import import_ter, import_tracking
from app.ingest.fund_holdings import import_fund_holdings
from app.ingest.navs import import_navs
from app.ingest.schemes import import_navall, say_scheme
from app.store.migrations import migrate
from app.store.schemes import load_overrides, load_unmatched

OpenServices = Callable[[], AbstractContextManager[Services]]
Importer = Callable[[Services, Connection, bytes, str, argparse.Namespace], ImportResult]
MATCH_HELP = "say which of AMFI's schemes a name in a disclosure means"


@dataclass(frozen=True, slots=True)
class SchemeMatches:
    """What ``funds match --list`` prints: a person's word by name, and the names that are tied to no scheme."""

    told: dict[str, int]
    unmatched: tuple[str, ...]


def fund_imports() -> tuple[tuple[str, str, Importer], ...]:
    """Name, help and importer of each ``import`` of fund data."""
    return (
        ("fund-holdings", "your fund units: Kite's fund holdings JSON or Console's export", _fund_holdings),
        ("navall", "AMFI's NAVAll.txt: all schemes with their newest NAV", _navall),
        ("navs", "NAV histories: AMFI's download, mfapi.in's JSON, or CSV of date and nav", _navs),
        ("ter", "AMFI's expense ratios: spreadsheet, CSV or JSON", _ter),
        ("tracking", "AMFI's tracking errors or differences: JSON", _tracking),
    )


def add_match_command(parser: argparse.ArgumentParser, open_services: OpenServices, console: Console) -> None:
    """Give ``funds match`` its arguments and what it runs."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="the scheme's name as the disclosure has it")
    parser.add_argument("amfi_code", nargs="?", type=int, metavar="AMFI_CODE", help="of any plan of the scheme")
    parser.add_argument("--list", action="store_true", help="what was told, and the names tied to no scheme")
    parser.add_argument("--json", action="store_true", help="the list as JSON")
    parser.set_defaults(run=lambda options: _match(options, parser, open_services, console))


def read_matches(connection: Connection) -> SchemeMatches:
    """Overrides, and portfolios without a scheme of AMFI's, by name."""
    return SchemeMatches(dict(load_overrides(connection).values()), load_unmatched(connection))


def _match(
    options: argparse.Namespace, parser: argparse.ArgumentParser, open_services: OpenServices, console: Console
) -> int:
    if not options.list and options.amfi_code is None:
        parser.error("give a NAME and its AMFI_CODE, or --list")
    with open_services() as services, services.database.transaction() as connection:
        migrate(connection, services.database.schema)
        if options.amfi_code is not None:
            changed = say_scheme(connection, options.name, options.amfi_code)
            _print(console, [f"{options.name} is scheme {options.amfi_code} now; {changed} portfolios changed."])
        if options.list:
            _list(read_matches(connection), console, as_json=options.json)
    return 0


def _list(matches: SchemeMatches, console: Console, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(to_json(matches) + b"\n")
        return
    _print(console, [f"{name}: {code}, as you said" for name, code in matches.told.items()])
    _print(console, [f"{name}: no scheme of AMFI's" for name in matches.unmatched])
    _print(console, [] if matches.told or matches.unmatched else ["Every name is tied to a scheme."])


def _print(console: Console, lines: Sequence[str]) -> None:
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _fund_holdings(
    services: Services, connection: Connection, data: bytes, name: str, options: argparse.Namespace
) -> ImportResult:
    return import_fund_holdings(connection, data, name, services.now(), allow_empty=options.allow_empty)


def _navall(
    services: Services, connection: Connection, data: bytes, name: str, options: argparse.Namespace
) -> ImportResult:
    return import_navall(connection, data, name, services.now(), allow_fewer=options.allow_fewer)


def _navs(
    services: Services, connection: Connection, data: bytes, name: str, _options: argparse.Namespace
) -> ImportResult:
    return import_navs(connection, data, name, services.now())


def _ter(
    services: Services, connection: Connection, data: bytes, name: str, _options: argparse.Namespace
) -> ImportResult:
    return import_ter(connection, data, name, trading_day(services.now()))


def _tracking(
    services: Services, connection: Connection, data: bytes, name: str, _options: argparse.Namespace
) -> ImportResult:
    return import_tracking(connection, data, name, trading_day(services.now()))
