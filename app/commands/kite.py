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

from app.api.feed_lines import feed_bars, feed_words, print_feeds
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
UNDERLYING = "NIFTY"


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
    sync.add_argument("--accept", action="store_true", help="believe a doubtful answer that Kite gives again")
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
    with open_services() as services, feed_bars(console) as tell:
        _migrate(services)
        feeds = run_sync(Sync(services.kite, services.database, services.now, options.accept, tell), options.only)
    return print_feeds(console, feeds)


def _status(options: argparse.Namespace, open_services: OpenServices, console: Console) -> int:
    with open_services() as services:
        _migrate(services)
        status = read_status(services)
    if options.json:
        sys.stdout.buffer.write(to_json(status) + b"\n")
        return 0
    login = status.login
    _say(console, f"Kite: {login.status.replace('_', ' ')}. {_who(login)}")
    for feed in status.feeds:
        age = "never good" if feed.age_hours is None else f"{feed.age_hours:.1f} hours old"
        _say(console, f"{feed_words(feed.name)}: {feed.status.replace('_', ' ')}, {age}. {feed.detail}")
    _say(console, ", ".join(f"{name} {count}" for name, count in status.counts.items()))
    return 0


def _migrate(services: Services) -> None:
    with services.database.transaction() as connection:
        migrate(connection, services.database.schema)


def _age(feed: Feed, now: datetime) -> FeedAge:
    hours = None if feed.good_at is None else round((now - feed.good_at).total_seconds() / 3600, 2)
    return FeedAge(feed.name, feed.status, feed.detail, feed.as_of, hours, feed.done, feed.total)


def _who(login: LoginState) -> str:
    if not login.is_logged_in:
        return login.reason
    return f"{'token from the dashboard' if login.from_dashboard else f'logged in as {login.user_id}'} {_until(login)}"


def _until(state: LoginState) -> str:
    return f"until {state.expires_at.astimezone(IST):%d %b %H:%M} India time" if state.expires_at else ""


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)
