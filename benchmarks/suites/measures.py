"""The arithmetic alone: twelve measures of every share over three windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from app.domain.prices import FloatArray
from app.domain.risk_reports import WINDOWS
from app.measures.returns import simple_returns
from app.measures.window_measures import window_measures
from benchmarks import measure_peers as peers
from benchmarks.agreement import TOLERANCE, check_equal
from benchmarks.scene import Scene
from benchmarks.timing import Candidate, Comparison

LENGTHS = tuple(WINDOWS.values())


def build(scene: Scene) -> Comparison:
    """Arrays for those who take them, frames for those who want them."""
    closes = scene.market.closes[:, : scene.scale.held + 1]
    changes = simple_returns(closes)
    index, returns = np.ascontiguousarray(changes[:, 0]), np.ascontiguousarray(changes[:, 1:])
    arrays = (returns, index)
    frames = (pd.DataFrame(returns), pd.Series(index))
    windows = np.array(LENGTHS)

    def peer(
        name: str, of_window: Callable[..., peers.Measured], data: tuple[Any, Any], goal: float | None = None
    ) -> Candidate:
        return Candidate(name, lambda: peers.over_windows(of_window, data[0], data[1], LENGTHS), goal)

    series = peer("empyrical per column, on Series", peers.empyrical_on_series, frames, goal=400)
    columns = peer("empyrical per column, on arrays", peers.empyrical_on_columns, arrays)
    matrix = peer("empyrical, whole matrix where it can", peers.empyrical_on_matrix, arrays)
    skfolio = peer("skfolio.measures, whole matrix", peers.skfolio_on_matrix, arrays, goal=8)
    frame = peer("pandas", peers.pandas_plain, frames)
    plain = peer("this app's single functions", peers.own_plain, arrays)
    for candidates, definitions in (
        ((series, columns, matrix), peers.EMPYRICAL),
        ((skfolio,), peers.SKFOLIO),
        ((frame, plain), {}),
    ):
        expected = _ours(returns, index, definitions)
        count = [check_equal(candidate.name, expected, candidate.run()) for candidate in candidates][-1]
    return Comparison(
        f"Measures alone: {len(returns)} days x {returns.shape[1]} shares, 12 measures, windows {', '.join(WINDOWS)}",
        (
            Candidate("this app, one compiled pass", lambda: window_measures(returns, index, windows)),
            *(series, columns, matrix, skfolio, frame, plain),
        ),
        f"{count} figures equal to {TOLERANCE:g}, with each library's own definition where it has another: empyrical's "
        "CVaR (whole observations), skfolio's historical VaR (an order statistic). This app's time holds seven more "
        "measures.",
    )


def _ours(returns: FloatArray, index: FloatArray, definitions: peers.Definitions) -> dict[int, peers.Measured]:
    """Our figures, those of another definition replaced by it."""
    measured = window_measures(returns, index, np.array(LENGTHS))
    names = peers.own_plain(returns, index).keys()
    return {
        length: {name: getattr(measured, name)[row] for name in names}
        | {name: definition(returns[-length:]) for name, definition in definitions.items()}
        for row, length in enumerate(LENGTHS)
    }
