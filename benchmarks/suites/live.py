"""A batch of ticks: the kept book re-marked, against the full report computed anew at the same prices."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import orjson

from app.domain.live import LiveRisk, Tick
from app.domain.risk_reports import WINDOWS, EquityRiskReport
from app.domain.serialise import to_json
from app.risk.equity_report import Book, compute_report
from app.risk.live import RANGED, REMARKED, live_prices, live_ticks, prepare, revalue
from benchmarks.agreement import TOLERANCE, check_equal
from benchmarks.market import LAST_DAY, NOW
from benchmarks.scene import Scene
from benchmarks.timing import Candidate, Comparison

NOON_AFTER = NOW + timedelta(days=1)
MOVE = 0.01
"""Standard deviation of the day so far."""


def ticks_of(book: Book, seed: int) -> tuple[Tick, ...]:
    """A tick of the day after the last close for every share."""
    moves = np.random.default_rng(seed).normal(0.0, MOVE, len(book.positions))
    closes = book.panel.closes[-1]
    return tuple(
        Tick("NSE", position.symbol, float(close * (1 + move)), float(close), NOON_AFTER, NOON_AFTER)
        for position, close, move in zip(book.positions, closes, moves, strict=True)
    )


def build(scene: Scene) -> Comparison:
    """Both start from prices in memory and end with the figures, not yet written as JSON."""
    book, options = scene.calculator().book(), scene.options
    kept, ticks = prepare(book, options, LAST_DAY), ticks_of(book, 1)

    def full() -> EquityRiskReport:
        marked = replace(book, live=live_prices(live_ticks(book, ticks)))
        return compute_report(marked, options, tuple(WINDOWS), horizon_days=1, today=LAST_DAY, computed_at="")

    def live() -> LiveRisk:
        return revalue(kept, ticks, NOON_AFTER)

    count = check_equal("full report", _common(to_json(live())), _common(to_json(full())))
    return Comparison(
        f"Batch of ticks: {scene.scale.held} holdings re-marked over windows {', '.join(WINDOWS)}",
        (Candidate("this app, re-marked from what is kept", live), Candidate("this app, the full report anew", full)),
        f"{count} figures equal to {TOLERANCE:g}. Not compared: Monte Carlo, whose percentage is kept between reports, "
        "and the drawdown of this moment, which counts the unfinished day.",
    )


def _common(text: bytes) -> dict[str, object]:
    """What both compute, by the names of the report."""
    figures = orjson.loads(text)
    return {
        "value": figures["value"],
        "concentration": figures["concentration"],
        "weights": {row["symbol"]: row["weight"] for row in figures["holdings"]},
        "windows": {
            name: {key: [window["measures"][key][part] for part in ("value", "rupees")] for key in (*REMARKED, RANGED)}
            for name, window in figures["windows"].items()
        },
    }
