"""Live ticks into Postgres: a process of its own, because the ticker's reactor starts once and never again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from threading import Event, Lock, Thread
from typing import Any, Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from twisted.internet import reactor as twisted_reactor

from app.Boilerplate import Boilerplate
from app.domain.errors import RiskError
from app.domain.kite import KiteProfile
from app.domain.kite_errors import KiteError, LoginNeeded
from app.domain.live import NIFTY, NIFTY_TOKEN
from app.domain.market_hours import MarketPhase, market_phase
from app.sources.kite_socket import KiteSocket
from app.sources.kite_ticks import TickBox
from app.store.heartbeats import Heartbeat, save_heartbeat
from app.store.holdings import load_book
from app.store.instruments import find_tokens
from app.store.ticks import save_ticks

log = logging.getLogger(__name__)
reactor: Any = twisted_reactor
"""Typed as the module it replaces."""
JOB = "ticker"
FLUSH_SECONDS = 0.1
"""Of the 250 ms that a tick may take to the screen, the most that it waits for others here."""
LOOK_AFTER = timedelta(seconds=1)
TRY_EVERY = timedelta(seconds=5)
BOOK_EVERY = timedelta(seconds=60)
BEAT_EVERY = timedelta(seconds=30)
PATIENCE = timedelta(seconds=45)
"""Without a newer exchange time for this long in continuous trading, an open socket counts as dead."""
MAX_DOUBLINGS = 4
"""On a holiday no socket brings a tick: each one in vain is borne twice as long as the one before, up to this."""
MAX_INSTRUMENTS = 3000
"""Kite's limit for one connection."""


class Profiled(Protocol):
    """The part of the Kite source asked when the ticker is refused."""

    def profile(self) -> KiteProfile:
        """Whose login it is; raises KiteError."""
        ...


class TickerAccount(Protocol):
    """The part of the Kite account that the ticker needs."""

    def access_token(self) -> tuple[str, str]:
        """API key and access token; raises LoginNeeded."""
        ...

    def source(self) -> Profiled:
        """The read-only source; raises LoginNeeded."""
        ...

    def rejected(self, error: KiteError) -> None:
        """Forget the token if the error says that Kite does not accept it."""
        ...


class KiteWS:
    """Streams the held instruments and Nifty 50. It alone opens and reopens the connection, at most once in 5 s."""

    def __init__(self, database: Boilerplate, account: TickerAccount, root: str, now: Callable[[], datetime]) -> None:
        self._database = database
        self._account = account
        self._root = root
        self._now = now
        self._box = TickBox()
        self._names: dict[int, tuple[str, str]] = {}
        self._socket: KiteSocket | None = None
        self._login: tuple[str, str] | None = None
        self._ends: list[int | None] = []
        self._ends_lock = Lock()
        self._not_allowed = False
        start = now() - BOOK_EVERY
        self._looked_at = self._tried_at = self._book_at = self._beat_at = self._moved_at = start
        self._newest: datetime | None = None
        self._silences = 0
        self._said = ("", "")

    def run(self, stopping: Event) -> None:
        """Work until stopped. Trouble with the database or with Kite is noted and waited out."""
        Thread(target=reactor.run, args=(False,), name="reactor", daemon=True).start()
        while not stopping.wait(FLUSH_SECONDS):
            self._flush()
            now = self._now()
            if now - self._looked_at >= LOOK_AFTER:
                self._looked_at = now
                self._look_after(now)
        self._drop()
        _in_reactor(reactor.stop)

    def _flush(self) -> None:
        ticks = self._box.drain()
        if not ticks:
            return
        try:
            with self._database.transaction() as connection:
                save_ticks(connection, ticks)
        except (RiskError, SQLAlchemyError) as error:
            self._box.give_back(ticks)
            log.warning("%s ticks not stored yet: %s", len(ticks), type(error).__name__)

    def _look_after(self, now: datetime) -> None:
        try:
            self._say(now, *self._next_step(now))
        except (RiskError, SQLAlchemyError) as error:
            log.warning("the ticker waits: %s", type(error).__name__)

    def _next_step(self, now: datetime) -> tuple[str, str]:
        """Do what is due; the state as status and detail."""
        self._hear_of_ends()
        try:
            login = self._account.access_token()
        except LoginNeeded:
            self._drop()
            return "waiting", "login needed"
        if login != self._login:
            self._drop()
            self._login, self._not_allowed = login, False
        if self._not_allowed:
            return "error", "Kite does not stream with this API key"
        self._refresh_names(now)
        if self._socket is None:
            return self._open_when_due(now, login)
        return self._watch(now)

    def _open_when_due(self, now: datetime, login: tuple[str, str]) -> tuple[str, str]:
        if now - self._tried_at >= TRY_EVERY:
            self._tried_at = self._moved_at = now
            self._socket = KiteSocket(self._root, *login, self._names, self._take, self._box.garbage, self._note_end)
            _in_reactor(self._socket.open)
        return "waiting", "connecting"

    def _watch(self, now: datetime) -> tuple[str, str]:
        """Judge the open socket by the exchange's clock: it must move while shares trade continuously."""
        newest = self._box.newest_time
        if newest != self._newest:
            self._newest, self._moved_at, self._silences = newest, now, 0
        if market_phase(now) is not MarketPhase.CONTINUOUS:
            self._moved_at = now
        elif now - self._moved_at > PATIENCE * 2 ** min(self._silences, MAX_DOUBLINGS):
            self._silences += 1
            self._drop()
            return "error", "no prices came: a holiday, a halt or a dead connection; connecting again"
        return "ok", f"following {len(self._names)} instruments"

    def _hear_of_ends(self) -> None:
        with self._ends_lock:
            ends, self._ends = self._ends, []
        if ends:
            self._socket = None
        if {401, 403}.intersection(ends):
            self._ask_why_refused()

    def _ask_why_refused(self) -> None:
        """A dead token and a plan without streaming are refused alike; whether the login is good decides."""
        try:
            self._account.source().profile()
        except KiteError as error:
            self._account.rejected(error)
        else:
            self._not_allowed = True

    def _refresh_names(self, now: datetime) -> None:
        if now - self._book_at < BOOK_EVERY and self._names:
            return
        with self._database.transaction() as connection:
            names = streamed_instruments(connection)
        self._book_at = now
        if names != self._names:
            self._names = names
            if self._socket is not None:
                _in_reactor(self._socket.change, list(names))

    def _drop(self) -> None:
        if self._socket is not None:
            _in_reactor(self._socket.abandon)
            self._socket = None

    def _take(self, rows: list[Mapping[str, Any]]) -> None:
        self._box.put(rows, self._names, self._now())

    def _note_end(self, status: int | None) -> None:
        with self._ends_lock:
            self._ends.append(status)

    def _say(self, now: datetime, status: str, detail: str) -> None:
        if (status, detail) == self._said and now - self._beat_at < BEAT_EVERY:
            return
        if (status, detail) != self._said:
            log.info("ticker: %s, %s", status, detail)
        self._said, self._beat_at = (status, detail), now
        counts = self._box.counts
        numbers = f"{counts.taken} ticks, {counts.ignored} ignored, {counts.dropped} dropped"
        with self._database.transaction() as connection:
            save_heartbeat(connection, Heartbeat(JOB, now, status, f"{detail}; {numbers}"))


def streamed_instruments(connection: Connection) -> dict[int, tuple[str, str]]:
    """Token -> (exchange, symbol) of Nifty 50 and of what is owned; of the sample book nothing."""
    names = {NIFTY_TOKEN: NIFTY}
    book = load_book(connection)
    if book is None or book.is_sample:
        return names
    owned = [holding for holding in book.holdings if holding.owned_quantity > 0]
    without = [holding.symbol for holding in owned if holding.instrument_token is None]
    tokens = find_tokens(connection, without) if without else {}
    for holding in owned:
        key = (holding.exchange, holding.symbol)
        if token := holding.instrument_token or tokens.get(key):
            names[token] = key
    return dict(islice(names.items(), MAX_INSTRUMENTS))


def _in_reactor(do: Callable[..., object], *arguments: object) -> None:
    """Run in the reactor's thread, where all of the ticker lives."""
    reactor.callFromThread(do, *arguments)
