"""Staying below Kite's rate limits, and well below once it has complained."""

from __future__ import annotations

import threading
from collections.abc import Callable

MARGIN = 0.9
"""Share of the limit that is used: calls leave evenly spaced and the network bunches them on the way."""
QUIET_SECONDS = 60.0
"""Without a complaint for so long, the pace doubles, up to the full one."""
SLOWEST = 8.0
"""Least pace: one eighth of the full one."""


class RateLimit:
    """A token bucket that holds one token, so that any second has at most the allowed number of calls.

    The next token counts from the moment the last one was really taken: a thread that wakes late delays the others
    instead of bunching with them. Thread-safe. ``clock`` is monotonic seconds; ``sleep`` waits for seconds.
    """

    def __init__(self, per_second: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._full = self._interval = 1.0 / (per_second * MARGIN)
        self._clock, self._sleep = clock, sleep
        self._next = self._complained = float("-inf")
        self._state, self._turn = threading.Lock(), threading.Lock()

    def take(self, end: float) -> bool:
        """Waits for the next token and takes it; False if it can't be had before ``end``, as soon as that is clear."""
        patience = min(max(end - self._clock(), 0.0), threading.TIMEOUT_MAX)
        if not self._turn.acquire(timeout=patience):
            return False
        try:
            return self._wait_and_take(end)
        finally:
            self._turn.release()

    def halve(self) -> None:
        """Kite answered 429: half the pace from the next token on."""
        with self._state:
            self._complained = self._clock()
            self._interval = min(self._interval * 2.0, self._full * SLOWEST)
            self._next = max(self._next, self._complained + self._interval)

    def _wait_and_take(self, end: float) -> bool:
        while True:
            with self._state:
                now = self._clock()
                at = max(self._next, now)
                if at >= end:
                    return False
                if at == now:
                    self._recover(now)
                    self._next = now + self._interval
                    return True
            self._sleep(at - now)

    def _recover(self, now: float) -> None:
        if self._interval > self._full and now - self._complained >= QUIET_SECONDS:
            self._interval = max(self._interval / 2.0, self._full)
            self._complained = now
