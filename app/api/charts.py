"""What the charts of one window draw, as JSON. Missing is null."""

from __future__ import annotations

import numpy as np
import orjson
from numpy.typing import NDArray

from app.domain.risk_reports import Correlation, EquityRiskReport, EquitySeries, Measure

_DECIMALS = 4


def chart_json(report: EquityRiskReport, series: EquitySeries) -> bytes:
    """The body of ``/risk/charts/<window>.json``: percent with four decimals, losses and falls positive, ISO days."""
    window = report.windows[series.window]
    worst = window.drawdown
    data = {
        "window": series.window,
        "value": report.value,
        "loss": {
            "edges": _plain(series.histogram_edges),
            "counts": series.histogram_counts.tolist(),
            "var": _value(window.measures.get("var_historical_95")),
            "shortfall": _value(window.measures.get("cvar_95")),
        },
        "drawdown": {
            "days": series.days,
            "fall": _plain(series.drawdown),
            "peak": worst.peak_date if worst else None,
            "trough": worst.trough_date if worst else None,
        },
        "correlation": _correlation(window.correlation),
    }
    return orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY)


def _correlation(correlation: Correlation) -> dict[str, object]:
    return {"symbols": correlation.symbols, "matrix": _plain(correlation.matrix)}


def _plain(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.ascontiguousarray(np.round(values, _DECIMALS))


def _value(measure: Measure | None) -> float | None:
    return measure.value if measure else None
