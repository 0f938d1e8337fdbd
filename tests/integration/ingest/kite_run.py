"""A Kite of many shares with years of history, and a login to it whose clock and calls the test sees."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from app.Boilerplate import Boilerplate
from app.domain.feeds import Feed
from app.domain.kite_errors import KiteError, LoginNeeded
from app.domain.kite_login import LoginState, LoginStatus
from app.domain.market_hours import IST, trading_day
from app.ingest.candle_targets import INDICES, NIFTY, NIFTY_TOKEN
from app.ingest.kite_sync import Part, Sync, run_sync
from app.sources.kite import KiteAddress, KiteSource
from app.sources.kite.endpoints import Endpoint
from app.sources.kite.gate import Pacing
from app.sources.kite.transport import HttpTransport, RawAnswer, Request
from tests.fakes.kite import FakeKite
from tests.fakes.kite.market import Bar, FakeInstrument, FakeMarket, empty_segment, holding_row
from tests.integration.input_files import isin

MORNING = datetime(2026, 11, 23, 8, 45, tzinfo=IST)
FRIDAY = date(2026, 11, 20)
YEARS = 3.2


def share_names(count: int) -> list[str]:
    """S00, S01, ..."""
    return [f"S{number:02d}" for number in range(count)]


def share_isin(symbol: str) -> str:
    """A valid ISIN of a share of ``share_names``."""
    return isin(f"INE{int(symbol[1:]):03d}A01015"[:11])


@cache
def bars(last_day: date, seed: int, years: float = YEARS) -> tuple[Bar, ...]:
    """Weekday bars up to a day: a random walk from 500."""
    start = np.datetime64(last_day - timedelta(days=int(365 * years)))
    days = np.arange(start, np.datetime64(last_day) + 1)
    days = days[np.is_busday(days)]
    closes = 500 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, len(days))))
    return tuple(
        (day, round(c * 0.99, 2), round(c * 1.01, 2), round(c * 0.98, 2), round(c, 2), 10_000 + seed)
        for day, c in zip(days.astype(object), closes.tolist(), strict=True)
    )


def instrument(symbol: str, token: int, exchange: str = "NSE", segment: str = "", seed: int = 0) -> FakeInstrument:
    """A share or index with its history up to the Friday before."""
    history = bars(FRIDAY, seed or token)
    last = history[-1][4]
    return FakeInstrument(token, exchange, symbol, last, last, symbol, segment or exchange, bars=history)


def kite_market(symbols: Iterable[str], more: Iterable[FakeInstrument] = ()) -> FakeMarket:
    """These shares, ten of each owned; every index we ask for; a share of BSE, a future of Nifty."""
    symbols = list(symbols)
    shares = [instrument(symbol, (3000 + number) * 256 + 1) for number, symbol in enumerate(symbols)]
    indices = [
        instrument(name, NIFTY_TOKEN if name == NIFTY else (2000 + number) * 256 + 9, segment="INDICES")
        for number, name in enumerate(INDICES)
    ]
    future = FakeInstrument(
        50_001 * 256 + 2, "NFO", "NIFTY26NOVFUT", 26_000.0, 25_900.0, "NIFTY", "NFO-FUT", "FUT", 65,
        expiry=date(2026, 11, 23),
    )  # fmt: skip
    on_bse = FakeInstrument(400_001 * 256 + 4, "BSE", "ELSEWHERE", 10.0, 10.0, segment="BSE")
    return FakeMarket(
        [*indices, *shares, on_bse, future, *more],
        holdings=[holding_row(symbol, "NSE", share_isin(symbol), 10, 400.0) for symbol in symbols],
        mf_holdings=[fund_row("INF879O01027", 100.0)],
        margins={"equity": empty_segment(250_000.0)},
    )


def fund_row(fund_isin: str, units: float) -> dict[str, Any]:
    """A row of GET /mf/holdings."""
    return {
        "folio": "11/22", "fund": "A FUND - DIRECT PLAN", "tradingsymbol": fund_isin, "average_price": 50.0,
        "last_price": 80.0, "last_price_date": "2026-11-20", "pledged_quantity": 0, "pnl": 0, "quantity": units,
    }  # fmt: skip


def own(market: FakeMarket, *rows: Mapping[str, Any]) -> None:
    """The account holds these shares from now on."""
    market._holdings = [dict(row) for row in rows]


class SkippingClock:
    """Monotonic seconds that jump over every wait."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def now(self) -> float:
        return time.monotonic() + self._skipped

    def sleep(self, seconds: float) -> None:
        self._skipped += seconds

    def pacing(self) -> Pacing:
        return Pacing(clock=self.now, sleep=self.sleep)


class CountingTransport:
    """The real transport, noting what leaves and when by a clock of the test's."""

    def __init__(self, api_root: str, clock: SkippingClock) -> None:
        self._inner, self._clock = HttpTransport(api_root), clock
        self.sent: list[tuple[float, Endpoint, Request]] = []

    def send(self, request: Request, endpoint: Endpoint, seconds: float) -> RawAnswer:
        self.sent.append((self._clock.now(), endpoint, request))
        return self._inner.send(request, endpoint, seconds)

    def busiest_second(self) -> dict[str, int]:
        """Rate group -> most calls within any second."""
        by_rate: dict[str, list[float]] = {}
        for at, endpoint, _ in self.sent:
            by_rate.setdefault(endpoint.rate.name, []).append(at)
        return {rate: max(sum(a <= b < a + 1.0 for b in times) for a in times) for rate, times in by_rate.items()}

    def candle_spans(self) -> list[tuple[int, str, str]]:
        """(token, first day, last day) of every question for candles."""
        found = []
        for _, _, request in self.sent:
            if "/historical/" in request.path:
                params = request.params or {}
                found.append((int(request.path.split("/")[-2]), str(params["from"])[:10], str(params["to"])[:10]))
        return found


@dataclass
class StubLogin:
    """A login to the fake that a test can end; ``refused`` are the errors it was told of. Waits are skipped unless
    there is a ``pacing``.
    """

    kite: FakeKite
    clock: SkippingClock = field(default_factory=SkippingClock)
    pacing: Pacing | None = None
    refused: list[KiteError] = field(default_factory=list)
    is_over: bool = False

    def __post_init__(self) -> None:
        self.transport = CountingTransport(self.kite.api_root, self.clock)
        address = KiteAddress(self.kite.api_root, self.kite.login_root)
        pacing = self.pacing or self.clock.pacing()
        self._source = KiteSource("fakekey", self._token, address, transport=self.transport, pacing=pacing)

    def state(self) -> LoginState:
        return LoginState(LoginStatus.LOGIN_NEEDED if self.is_over else LoginStatus.LOGGED_IN)

    def source(self) -> KiteSource:
        if self.is_over:
            raise LoginNeeded("Nobody is logged in to Kite.")
        return self._source

    def rejected(self, error: KiteError) -> None:
        self.refused.append(error)
        self.is_over = True

    def _token(self) -> str | None:
        return self.kite.logins.access_token or "a token that is over"


@dataclass
class KiteRun:
    """The fake, the login, the database and the time, together."""

    kite: FakeKite
    database: Boilerplate
    at: datetime = MORNING
    steps: list[Feed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kite.now = lambda: self.at
        self.kite.logins.issue()
        self.login = StubLogin(self.kite)

    def sync(self, part: Part | None = None, *, accept: bool = False) -> dict[str, Feed]:
        """One run; the feeds by name."""
        run = Sync(self.login, self.database, lambda: self.at, accept, self.steps.append)
        return {feed.name: feed for feed in run_sync(run, part)}

    def move_to(self, moment: datetime) -> None:
        """Later: somebody has logged in again."""
        self.at = moment
        self.kite.logins.issue()
        self.login = StubLogin(self.kite)

    def trade_until(self, day: date) -> None:
        """Every instrument with a history gets a bar for each weekday up to ``day``."""
        for one in self.kite.market.instruments:
            if not one.bars:
                continue
            last = one.bars[-1]
            days = np.arange(np.datetime64(last[0]) + 1, np.datetime64(day) + 1)
            new = days[np.is_busday(days)].astype(object)
            closes = [round(last[4] * 1.001 ** (n + 1), 2) for n in range(len(new))]
            one.bars += tuple((d, c, c, c, c, 10_000) for d, c in zip(new, closes, strict=True))

    @property
    def today(self) -> date:
        return trading_day(self.at)
