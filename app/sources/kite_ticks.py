"""Ticks as the official client decodes them into ours, and the box that holds the newest of each instrument."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

from app.domain.live import Tick
from app.domain.market_hours import trading_day

AHEAD = timedelta(minutes=2)
"""An exchange time further in the future than this is garbage, not a clock that runs a little differently."""


@dataclass(slots=True)
class TickCounts:
    """What came since the start: taken, ignored (twice, out of order, of another day) and dropped as garbage."""

    taken: int = 0
    ignored: int = 0
    dropped: int = 0


class TickBox:
    """The newest tick of each instrument not yet stored: however many come, it holds one each. Thread-safe."""

    def __init__(self) -> None:
        self.counts = TickCounts()
        self._newest: dict[tuple[str, str], Tick] = {}
        self._waiting: dict[tuple[str, str], Tick] = {}
        self._lock = threading.Lock()

    @property
    def newest_time(self) -> datetime | None:
        """The newest exchange time that ever came; None before the first tick."""
        with self._lock:
            return max((tick.exchange_time for tick in self._newest.values()), default=None)

    def put(
        self, rows: Iterable[Mapping[str, Any]], names: Mapping[int, tuple[str, str]], received_at: datetime
    ) -> None:
        """Take the rows of one message; ``names`` gives exchange and symbol of a token."""
        ticks = [read_tick(row, names, received_at) for row in rows]
        with self._lock:
            for tick in ticks:
                self._take(tick, received_at)

    def drain(self) -> tuple[Tick, ...]:
        """What came since the last call, one tick an instrument."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        return tuple(waiting.values())

    def give_back(self, ticks: Iterable[Tick]) -> None:
        """Ticks that could not be stored wait again, unless a newer one came in the meantime."""
        with self._lock:
            for tick in ticks:
                self._waiting.setdefault(tick.key, tick)

    def garbage(self) -> None:
        """Count a message that can't be read."""
        with self._lock:
            self.counts.dropped += 1

    def _take(self, tick: Tick | None, received_at: datetime) -> None:
        if tick is None or tick.exchange_time > received_at + AHEAD:
            self.counts.dropped += 1
        elif self._is_news(tick):
            self._newest[tick.key] = self._waiting[tick.key] = tick
            self.counts.taken += 1
        else:
            self.counts.ignored += 1

    def _is_news(self, tick: Tick) -> bool:
        known = self._newest.get(tick.key)
        if tick.day != trading_day(tick.received_at):
            return False
        if known is None or tick.exchange_time > known.exchange_time:
            return True
        return tick.exchange_time == known.exchange_time and tick.last_price != known.last_price


def read_tick(row: Mapping[str, Any], names: Mapping[int, tuple[str, str]], received_at: datetime) -> Tick | None:
    """One decoded packet; None for an instrument nobody asked for, or without a price and an exchange time.

    Only full packets carry the exchange time. The client gives it as the naive local time of this machine (by
    ``datetime.fromtimestamp``, fold included), which is turned back into the instant it came from.
    """
    name, at = names.get(row["instrument_token"]), row.get("exchange_timestamp")
    price = _price(row["last_price"])
    if name is None or price is None or not isinstance(at, datetime):
        return None
    return Tick(*name, price, _price(row["ohlc"]["close"]), at.astimezone(UTC), received_at)


def _price(value: float) -> float | None:
    return float(value) if isfinite(value) and value > 0 else None
