from __future__ import annotations

import random
import threading
from itertools import pairwise

import pytest

from app.sources.kite.endpoints import CALLS_PER_SECOND
from app.sources.kite.rate_limits import SLOWEST, RateLimit
from tests.unit.sources.kite.stubs import ManualTime

FOREVER = float("inf")


def taken(limit: RateLimit, time: ManualTime, count: int) -> list[float]:
    times = []
    for _ in range(count):
        assert limit.take(FOREVER)
        times.append(time.now)
    return times


@pytest.mark.parametrize("per_second", CALLS_PER_SECOND.values())
def test_no_second_has_more_calls_than_allowed_however_the_callers_come(per_second: float) -> None:
    time, rng = ManualTime(), random.Random(7)
    limit = RateLimit(per_second, time.clock, time.sleep)
    times = []
    for _ in range(300):
        time.now += rng.choice([0.0, 0.0, 0.01, 0.3, 2.0])
        limit.take(FOREVER)
        times.append(time.now)
    assert max(sum(1 for at in times if start <= at < start + 1.0) for start in times) <= per_second


def test_the_first_call_does_not_wait() -> None:
    time = ManualTime()
    assert RateLimit(1.0, time.clock, time.sleep).take(FOREVER)
    assert time.slept == []


def test_a_token_that_comes_after_the_end_is_not_waited_for_and_not_used_up() -> None:
    time = ManualTime()
    limit = RateLimit(1.0, time.clock, time.sleep)
    limit.take(FOREVER)
    assert not limit.take(time.now + 0.5)
    assert time.slept == []
    assert limit.take(time.now + 1.2)


def test_a_complaint_halves_the_pace_and_more_complaints_stop_at_an_eighth() -> None:
    time = ManualTime()
    limit = RateLimit(1.0, time.clock, time.sleep)
    first, second = taken(limit, time, 2)
    limit.halve()
    third, fourth = taken(limit, time, 2)
    assert fourth - third == pytest.approx(2 * (second - first))
    for _ in range(10):
        limit.halve()
    fifth, sixth = taken(limit, time, 2)
    assert sixth - fifth == pytest.approx(SLOWEST * (second - first))


def test_the_pace_comes_back_step_by_step_after_quiet_minutes() -> None:
    time = ManualTime()
    limit = RateLimit(1.0, time.clock, time.sleep)
    full = taken(limit, time, 2)
    limit.halve()
    limit.halve()
    time.now += 61.0
    half = taken(limit, time, 2)
    time.now += 61.0
    again = taken(limit, time, 2)
    gap = full[1] - full[0]
    assert half[1] - half[0] == pytest.approx(2 * gap)
    assert again[1] - again[0] == pytest.approx(gap)


def test_threads_share_one_pace() -> None:
    time = ManualTime()
    limit = RateLimit(10.0, time.clock, time.sleep)

    def take_some() -> None:
        for _ in range(25):
            limit.take(FOREVER)

    threads = [threading.Thread(target=take_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken_at = [1000.0 + sum(time.slept[:count]) for count in range(100)]
    assert len(time.slept) == 99
    assert min(later - earlier for earlier, later in pairwise(taken_at)) > 0.1


def test_a_thread_that_wakes_late_delays_the_next_call_instead_of_bunching_with_it() -> None:
    time = ManualTime()
    late = iter([0.9, 0.0, 0.0])
    limit = RateLimit(3.0, time.clock, lambda seconds: time.sleep(seconds + next(late)))
    times = taken(limit, time, 4)
    assert min(later - earlier for earlier, later in pairwise(times)) > 1.0 / 3.0


def test_a_complaint_while_another_thread_waits_slows_that_one_too() -> None:
    time = ManualTime()
    complaints = iter([True])

    def sleep(seconds: float) -> None:
        if next(complaints, False):
            limit.halve()
        time.sleep(seconds)

    limit = RateLimit(1.0, time.clock, sleep)
    first, second = taken(limit, time, 2)
    assert second - first == pytest.approx(2.0 / 0.9)


def test_whoever_waits_behind_another_gives_up_at_the_end_of_the_budget() -> None:
    entered, leave = threading.Event(), threading.Event()

    def sleep(_: float) -> None:
        entered.set()
        leave.wait()
        time.now += 2.0

    time = ManualTime()
    limit = RateLimit(1.0, time.clock, sleep)
    limit.take(FOREVER)
    waiting = threading.Thread(target=limit.take, args=(FOREVER,))
    waiting.start()
    entered.wait()
    assert not limit.take(time.now + 0.05)
    leave.set()
    waiting.join()
