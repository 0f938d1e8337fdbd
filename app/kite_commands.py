"""The command line of Kite: python -m app kite login | sync | status."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from app.bootstrap import Services
from app.domain.feeds import Feed, FeedStatus
from app.domain.kite_login import LoginState
from app.domain.market_hours import IST, trading_day
from app.domain.serialise import to_json
from app.ingest.kite_sync import Part, Sync, run_sync
from app.store.candles import count_candles
from app.store.feeds import load_feeds
from app.store.holdings import load_book
from app.store.instruments import count_instruments, next_expiry
from app.store.migrations import migrate

OpenServices = Callable[[], AbstractContextManager[Services]]
SHOWN = 10
"""Notes printed of a feed before "and more"."""
UNDERLYING = "NIFTY"
GOOD = frozenset({FeedStatus.OK, FeedStatus.NOT_ALLOWED})
NOT_ALL_GOOD = 5
"""Exit code when a feed failed or an answer was not believed; a missing login has its own."""


@dataclass(frozen=True, slots=True)
class FeedAge:
    """A feed as ``status`` prints it; ``age_hours`` since it was last good, None for never."""

    name: str
    status: FeedStatus
    detail: str
    as_of: date | None
    age_hours: float | None
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class KiteStatus:
    """``counts``: holdings, instruments by exchange, candle series and candles. ``next_expiry`` of Nifty contracts."""

    login: LoginState
    feeds: tuple[FeedAge, ...]
    counts: dict[str, Any]
    next_expiry: date | None


def add_kite_commands(parser: argparse.ArgumentParser, open_services: OpenServices, console: Console) -> None:
    """Give ``parser`` the subcommands; each opens services for itself and writes what it did to ``console``."""
    commands = parser.add_subparsers(required=True, metavar="WHAT")
    login = commands.add_parser("login", help="print the login address, or finish a login")
    login.add_argument(
        "--request-token", metavar="T", help="from the address Kite sent you back to; - reads it from standard input"
    )
    login.set_defaults(run=lambda options: _login(options, open_services, console))
    sync = commands.add_parser("sync", help="fetch holdings, instruments and candles")
    sync.add_argument("--only", type=Part, choices=list(Part), help="one part instead of all")
    sync.add_argument("--accept", action="store_true", help="believe a doubtful answer that Kite has given twice")
    sync.set_defaults(run=lambda options: _sync(options, open_services, console))
    status = commands.add_parser("status", help="the login, and the age of everything fetched")
    status.add_argument("--json", action="store_true", help="as JSON")
    status.set_defaults(run=lambda options: _status(options, open_services, console))


def read_status(services: Services) -> KiteStatus:
    """The state of the login and of every feed now."""
    now = services.now()
    with services.database.transaction() as connection:
        feeds = load_feeds(connection)
        book = load_book(connection)
        series, candles = count_candles(connection)
        instruments = count_instruments(connection)
        expiry = next_expiry(connection, UNDERLYING, trading_day(now))
    counts = {
        "holdings": len(book.holdings) if book and not book.is_sample else 0,
        "instruments": instruments,
        "series": series,
        "candles": candles,
    }
    return KiteStatus(services.kite.state(), tuple(_age(feed, now) for feed in feeds), counts, expiry)


def _login(options: argparse.Namespace, open_services: OpenServices, console: Console) -> int:
    with open_services() as services:
        _migrate(services)
        if options.request_token is None:
            _say(console, "Log in at this address, then run 'python -m app kite login --request-token T' with the")
            _say(console, "request_token of the address you are sent back to. It works once, for some minutes.")
            print(services.kite.login_url(secrets.token_urlsafe(16)))  # noqa: T201  the result of the command
            return 0
        token = sys.stdin.readline() if options.request_token == "-" else options.request_token  # noqa: S105
        state = services.kite.finish_login(token.strip())
        _say(console, f"Logged in to Kite as {state.user_id} {_until(state)}.")
    return 0


def _sync(options: argparse.Namespace, open_services: OpenServices, console: Console) -> int:
    with open_services() as services, _bar(console) as bar:
        _migrate(services)
        tasks: dict[str, TaskID] = {}

        def tell(feed: Feed) -> None:
            if feed.name not in tasks:
                tasks[feed.name] = bar.add_task(_words(feed.name), total=None)
            bar.update(tasks[feed.name], completed=feed.done, total=feed.total or None)

        feeds = run_sync(Sync(services.kite, services.database, services.now, options.accept, tell), options.only)
    for feed in feeds:
        _print_feed(console, feed)
    return 0 if all(feed.status in GOOD for feed in feeds) else NOT_ALL_GOOD


def _status(options: argparse.Namespace, open_services: OpenServices, console: Console) -> int:
    with open_services() as services:
        status = read_status(services)
    if options.json:
        sys.stdout.buffer.write(to_json(status) + b"\n")
        return 0
    login = status.login
    who = f"logged in as {login.user_id} {_until(login)}" if login.is_logged_in else login.reason
    _say(console, f"Kite: {login.status.replace('_', ' ')}. {who}")
    for feed in status.feeds:
        age = "never good" if feed.age_hours is None else f"{feed.age_hours:.1f} hours old"
        _say(console, f"{_words(feed.name)}: {feed.status.replace('_', ' ')}, {age}. {feed.detail}")
    _say(console, ", ".join(f"{name} {count}" for name, count in status.counts.items()))
    return 0


def _migrate(services: Services) -> None:
    with services.database.transaction() as connection:
        migrate(connection, services.database.schema)


def _age(feed: Feed, now: datetime) -> FeedAge:
    hours = None if feed.good_at is None else round((now - feed.good_at).total_seconds() / 3600, 2)
    return FeedAge(feed.name, feed.status, feed.detail, feed.as_of, hours, feed.done, feed.total)


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip


def _print_feed(console: Console, feed: Feed) -> None:
    _say(console, f"{_words(feed.name)}: {feed.status.replace('_', ' ')}, {feed.detail}")
    for note in feed.notes[:SHOWN]:
        _say(console, f"  Note: {note}")
    if len(feed.notes) > SHOWN:
        _say(console, f"  Note: and {len(feed.notes) - SHOWN} more")
    issue = feed.issue()
    if issue:
        _say(console, f"  {issue.remedy}")


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _until(state: LoginState) -> str:
    return f"until {state.expires_at.astimezone(IST):%d %b %H:%M} India time" if state.expires_at else ""


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)
