"""What the fake answers on each path: Kite's shapes, from the market, the account and the login."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.domain.market_hours import IST
from tests.fakes.kite.logins import FakeLogins
from tests.fakes.kite.market import FakeInstrument, FakeMarket

Query = Mapping[str, list[str]]
MAX_DAY_SPAN = timedelta(days=2000)
PROFILE = {
    "user_id": "AB1234",
    "user_type": "individual",
    "email": "investor@example.com",
    "user_name": "Asha Investor",
    "user_shortname": "Asha",
    "broker": "ZERODHA",
    "exchanges": ["NSE", "BSE", "NFO", "MF"],
    "products": ["CNC", "NRML", "MIS"],
    "order_types": ["MARKET", "LIMIT", "SL", "SL-M"],
    "avatar_url": None,
    "meta": {"demat_consent": "physical"},
}


class Refused(Exception):
    """An error answer in Kite's form."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.status, self.error_type, self.message = status, error_type, message


@dataclass(frozen=True, slots=True)
class Csv:
    """A CSV body; it goes out packed with gzip."""

    text: str


class FakeApi:
    """Answers to GET requests. ``market_data`` False is the free plan: quotes and candles are refused."""

    def __init__(self, market: FakeMarket, logins: FakeLogins, now: Callable[[], datetime]) -> None:
        self._market, self._logins, self._now = market, logins, now
        self.market_data = True
        self._routes: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Query], object]], ...] = (
            (re.compile(r"/user/profile"), lambda *_: PROFILE),
            (re.compile(r"/user/margins"), lambda *_: market.margins),
            (re.compile(r"/portfolio/holdings"), lambda *_: market.holdings),
            (re.compile(r"/portfolio/positions"), lambda *_: {"net": market.positions, "day": market.positions}),
            (re.compile(r"/mf/holdings"), lambda *_: market.mf_holdings),
            (re.compile(r"/instruments(?:/([A-Z]+))?"), lambda found, _: Csv(market.instruments_csv(found[1]))),
            (re.compile(r"/quote(|/ohlc|/ltp)"), self._quotes),
            (re.compile(r"/instruments/historical/(\d+)/(\w+)"), self._candles),
        )

    def answer(self, path: str, query: Query) -> object:
        """The ``data`` of the answer, or a Csv. Raises Refused."""
        for pattern, route in self._routes:
            found = pattern.fullmatch(path)
            if found:
                with self._market.lock:
                    return route(found, query)
        raise Refused(404, "GeneralException", "Route not found")

    def session(self, access_token: str) -> dict[str, object]:
        """The answer to a login."""
        tokens = dict.fromkeys(("public_token", "enctoken"), "not-used-by-the-app")
        login_time = self._now().astimezone(IST).strftime("%Y-%m-%d %H:%M:%S")
        own = {"api_key": self._logins.api_key, "access_token": access_token, "refresh_token": "", "silo": ""}
        return {**PROFILE, **tokens, **own, "login_time": login_time}

    def _quotes(self, found: re.Match[str], query: Query) -> object:
        self._needs_market_data()
        wanted = (self._market.by_key.get(key) for key in query.get("i", []))
        write = {"": self._full_quote, "/ohlc": _ohlc, "/ltp": _ltp}[found[1]]
        return {instrument.key: write(instrument) for instrument in wanted if instrument}

    def _candles(self, found: re.Match[str], query: Query) -> object:
        self._needs_market_data()
        instrument = self._market.by_token.get(int(found[1]))
        if instrument is None or found[2] != "day":
            raise Refused(400, "InputException", "invalid token or interval")
        first, last = (datetime.fromisoformat(query[name][0]) for name in ("from", "to"))
        if last - first > MAX_DAY_SPAN:
            raise Refused(400, "InputException", "interval exceeds max limit: 2000 days")
        bars = [*instrument.bars, *self._bar_of_today(instrument)]
        return {"candles": [_candle(*bar) for bar in bars if first.date() <= bar[0] <= last.date()]}

    def _bar_of_today(self, instrument: FakeInstrument) -> list[tuple[date, float, float, float, float, int]]:
        today = self._now().astimezone(IST).date()
        if today.weekday() >= 5 or (instrument.bars and instrument.bars[-1][0] >= today):
            return []
        return [(today, instrument.open, instrument.high, instrument.low, instrument.last, instrument.volume)]

    def _needs_market_data(self) -> None:
        if not self.market_data:
            raise Refused(403, "PermissionException", "Insufficient permission for that call.")

    def _full_quote(self, instrument: FakeInstrument) -> dict[str, object]:
        now = self._now().astimezone(IST).strftime("%Y-%m-%d %H:%M:%S")
        level = {"quantity": 100, "orders": 3}
        return {
            **_ohlc(instrument),
            "timestamp": now,
            "last_trade_time": now,
            "last_quantity": 1,
            "buy_quantity": 1000,
            "sell_quantity": 1200,
            "volume": instrument.volume,
            "average_price": instrument.last,
            "oi": 0,
            "oi_day_high": 0,
            "oi_day_low": 0,
            "net_change": 0,
            "lower_circuit_limit": round(0.8 * instrument.previous_close, 2),
            "upper_circuit_limit": round(1.2 * instrument.previous_close, 2),
            "depth": {
                "buy": [{"price": round(max(instrument.last - instrument.tick, instrument.tick), 2), **level}],
                "sell": [{"price": instrument.last, **level}],
            },
        }


def _ltp(instrument: FakeInstrument) -> dict[str, object]:
    return {"instrument_token": instrument.token, "last_price": instrument.last}


def _ohlc(instrument: FakeInstrument) -> dict[str, object]:
    bar = {"open": instrument.open, "high": instrument.high, "low": instrument.low, "close": instrument.previous_close}
    return {**_ltp(instrument), "ohlc": bar}


def _candle(day: date, *values: Any) -> list[object]:
    return [f"{day.isoformat()}T00:00:00+0530", *values]
