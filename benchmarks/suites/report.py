"""The whole equity report, from prices in memory to JSON, against reports made anew from the database."""

from __future__ import annotations

import json
from typing import Any

import orjson

from app.domain.risk_reports import WINDOWS
from app.domain.serialise import to_json
from app.risk.equity_report import compute_report
from benchmarks.agreement import TOLERANCE, check_equal
from benchmarks.market import LAST_DAY, NOW
from benchmarks.report_peers import one_query, query_per_calendar_day, query_per_cell
from benchmarks.scene import Scene
from benchmarks.timing import Candidate, Comparison

CONCENTRATION = ("largest_stock", "largest_sector", "top5")
LIQUIDITY = ("liquid_share", "days_to_liquidate")
HOLDING = ("volatility", "volatility_ewma", "beta", "correlation_nifty", "var_historical_95", "cvar_95", "max_drawdown")
OWN_ALONE = ("var_monte_carlo", "var_preferred")
"""Measures that no peer has in this form."""
RANGES = ("yang_zhang", "parkinson", "garman_klass", "rogers_satchell")
POSITION = ("average_volume", "position_to_volume", "days_to_liquidate")


def build(scene: Scene) -> Comparison:
    """Ours computes Monte Carlo always; the peers are shown with it and without."""
    book, options, connection = scene.calculator().book(), scene.options, scene.connection
    full, plain = scene.peer_book(monte_carlo=True), scene.peer_book(monte_carlo=False)

    def ours() -> bytes:
        report = compute_report(
            book, options, tuple(WINDOWS), horizon_days=1, today=LAST_DAY, computed_at=NOW.isoformat()
        )
        return to_json(report)

    checked = [
        check_equal(name, without_simulation(ours()), without_simulation_of_peer(text))
        for name, text in (("one query", one_query(connection, full)), ("per cell", query_per_cell(connection, full)))
    ]
    holdings, days = scene.scale.held, scene.scale.days
    return Comparison(
        f"Report: {holdings} holdings x {days} days, windows {', '.join(WINDOWS)}, all measures, to JSON",
        (
            Candidate("this app, prices in memory", ours),
            Candidate("one query, pandas pivot, empyrical, json", lambda: one_query(connection, full), goal=25),
            Candidate("the same without Monte Carlo", lambda: one_query(connection, plain)),
            Candidate(
                "a query per holding and calendar day (SQLAlchemy), empyrical, json",
                lambda: query_per_calendar_day(scene.database.engine(), full),
                goal=600,
            ),
            Candidate(
                f"{(holdings + 1) * days:,} queries, trading days only, bare psycopg2",
                lambda: query_per_cell(connection, full),
            ),
            Candidate("the same without Monte Carlo", lambda: query_per_cell(connection, plain)),
        ),
        f"{checked[0]} figures equal to {TOLERANCE:g}. Not compared: Monte Carlo, where this app draws filtered whole "
        "days and the peers a multivariate normal law, and the tails that this app withholds as too thin.",
    )


def without_simulation(report: bytes) -> dict[str, Any]:
    """Our report in the shape of the peers', without its Monte Carlo figures."""
    ours = orjson.loads(report)
    holdings = {row["symbol"]: row for row in ours["holdings"]}
    return {
        "value": ours["value"],
        "windows": {name: _window(window) for name, window in ours["windows"].items()},
        "concentration": {name: ours["concentration"][name]["value"] for name in CONCENTRATION}
        | {"effective_holdings": ours["concentration"]["effective_holdings"]},
        "liquidity": {name: ours["liquidity"][name] for name in LIQUIDITY}
        | {"positions": {row["symbol"]: _only(row, POSITION) for row in ours["liquidity"]["positions"]}},
        "holdings": {
            symbol: _only(row, ("value", "weight")) | {"windows": _holding_windows(row)}
            for symbol, row in holdings.items()
        },
    }


def without_simulation_of_peer(text: str) -> dict[str, Any]:
    """A peer's report without its Monte Carlo figures, which must be there."""
    report: dict[str, Any] = json.loads(text)
    for window in report["windows"].values():
        for part in ("95", "99"):
            del window["measures"][f"var_monte_carlo_{part}"]
    return report


def _window(window: dict[str, Any]) -> dict[str, Any]:
    measures = window["measures"]
    return {
        "measures": {name: row["value"] for name, row in measures.items() if not name.startswith(OWN_ALONE)},
        "correlation": window["correlation"]["matrix"],
        "drawdown": _only(window["drawdown"], ("peak_date", "trough_date", "today")),
    }


def _holding_windows(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _only(window, HOLDING) | {"range_volatility": _only(window["range_volatility"], RANGES)}
        for name, window in row["windows"].items()
    }


def _only(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names}
