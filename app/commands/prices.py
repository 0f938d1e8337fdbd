"""The command line of the public price sources: python -m app prices fetch."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date

from rich.console import Console

from app.api.feed_lines import feed_bars, print_feeds
from app.bootstrap import Services
from app.domain.errors import SettingsError
from app.ingest.eod_prices import fetch_prices
from app.ingest.price_sources import SOURCES
from app.scheduled_jobs.eod_prices import eod_run
from app.store.migrations import migrate

OpenServices = Callable[[], AbstractContextManager[Services]]


def add_price_commands(
    parser: argparse.ArgumentParser, open_services: OpenServices, console: Console, day: Callable[[str], date]
) -> None:
    """Give ``parser`` the subcommands. ``day`` reads a date or raises ArgumentTypeError."""
    commands = parser.add_subparsers(required=True, metavar="WHAT")
    fetch = commands.add_parser("fetch", help="what Kite does not give, from NSE's archive and Yahoo")
    fetch.add_argument("--source", choices=[source.name for source in SOURCES], help="one source instead of all")
    fetch.add_argument(
        "--since", type=day, metavar="DATE", help="everything from this day on; without, what is missing of three years"
    )
    fetch.set_defaults(run=lambda options: _fetch(options, open_services, console))


def _fetch(options: argparse.Namespace, open_services: OpenServices, console: Console) -> int:
    with open_services() as services, feed_bars(console) as tell:
        with services.database.transaction() as connection:
            migrate(connection, services.database.schema)
        run = replace(eod_run(services), tell=tell)
        order = tuple(dict.fromkeys([*run.order, options.source])) if options.source else run.order
        if not order:
            raise SettingsError("RISK_PRICE_SOURCES is none.", "Name a source with --source.")
        feeds = fetch_prices(replace(run, order=order), options.source, options.since)
    return print_feeds(console, feeds)
