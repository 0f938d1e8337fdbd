"""Timing several ways to the same result in one process: interleaved, warm, by medians.

Two things timed in two runs differ by 10-50 % for no reason of their own. Here every round times each candidate once,
so that a busy moment of the machine hits all of them.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

SAMPLE_SECONDS = 0.02
"""A sample repeats a quick candidate for about this long and is the mean of its calls."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to the result. ``before`` runs untimed ahead of every call.

    ``goal`` is the number of times that our way must be faster than this one, ``limit`` the number of times as long
    that this one may take at most; None where nothing was promised.
    """

    name: str
    run: Callable[[], object]
    goal: float | None = None
    before: Callable[[], object] | None = None
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Candidates for one result, the first being ours. ``agreement`` says what was found equal before any timing."""

    title: str
    candidates: tuple[Candidate, ...]
    agreement: str


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds a call: ``low`` and ``high`` are the quarter and three-quarter points of the samples."""

    candidate: Candidate
    low: float
    middle: float
    high: float


def time_candidates(comparison: Comparison, rounds: int) -> tuple[Timing, ...]:
    """Warm every candidate up, then time each once a round; ``rounds`` is at least 1."""
    calls = [_calls_a_sample(candidate) for candidate in comparison.candidates]
    samples: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for candidate, count, taken in zip(comparison.candidates, calls, samples, strict=True):
            taken.append(_seconds_a_call(candidate, count))
    return tuple(_timing(candidate, taken) for candidate, taken in zip(comparison.candidates, samples, strict=True))


def _calls_a_sample(candidate: Candidate) -> int:
    """One for a candidate with work to do before each call, else as many as fill a sample. Warms up on the way."""
    _seconds_a_call(candidate, 1)
    seconds = _seconds_a_call(candidate, 1)
    return 1 if candidate.before else max(1, math.ceil(SAMPLE_SECONDS / seconds))


def _seconds_a_call(candidate: Candidate, calls: int) -> float:
    if candidate.before:
        candidate.before()
    run = candidate.run
    gc.collect()
    gc.disable()  # as timeit does: whose turn it is to collect is chance
    try:
        start = perf_counter()
        for _ in range(calls):
            run()
        return (perf_counter() - start) / calls
    finally:
        gc.enable()


def _timing(candidate: Candidate, samples: list[float]) -> Timing:
    ordered = sorted(samples)
    quarter = len(ordered) // 4
    return Timing(candidate, ordered[quarter], median(ordered), ordered[-1 - quarter])
