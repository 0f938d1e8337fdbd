"""A monitor's tick: the report from the database, when nothing is new and when every share has a new close."""

from __future__ import annotations

from itertools import cycle

from app.domain.serialise import to_json
from benchmarks.agreement import TOLERANCE, check_equal
from benchmarks.database import store_prices
from benchmarks.report_peers import one_query
from benchmarks.scene import Scene
from benchmarks.suites.report import without_simulation, without_simulation_of_peer
from benchmarks.timing import Candidate, Comparison


def build(scene: Scene) -> Comparison:
    """One calculator for both kinds of tick: a quiet one finds what the last busy one left."""
    calculator, book = scene.calculator(), scene.peer_book(monte_carlo=True)
    growth = cycle((1.01, 1.0))

    def report() -> bytes:
        return to_json(calculator.report())

    def usual() -> str:
        return one_query(scene.connection, book)

    def new_closes() -> None:
        with scene.database.transaction() as connection:
            store_prices(connection, scene.market.newest(next(growth)), slice(None))

    report()
    new_closes()
    refreshed = report()
    count = check_equal("one query", without_simulation(refreshed), without_simulation_of_peer(usual()))
    check_equal("a fresh calculator", refreshed.decode(), to_json(scene.calculator().report()).decode())
    return Comparison(
        f"Tick: report of {scene.scale.held} holdings over Postgres, to JSON",
        (
            Candidate("this app, warm, nothing new", report),
            Candidate("this app, warm, a new close for every share", report, before=new_closes),
            Candidate("one query, pandas pivot, empyrical, json", usual),
        ),
        f"{count} figures equal to {TOLERANCE:g} after new closes, and the refreshed report equal to that of a "
        "calculator that reads everything afresh.",
    )
