"""What there is to hedge, out of the equity report: its value, its measures by window, and the level of the index."""

from __future__ import annotations

import numpy as np

from app.domain.hedges import HedgeBase
from app.domain.prices import PricePanel
from app.domain.risk_reports import EquityRiskReport


def build_base(report: EquityRiskReport, panel: PricePanel) -> HedgeBase:
    """The base of the shares; funds are not in it (``mf_value`` None). The level is the benchmark's last close."""
    rows = np.flatnonzero(np.isfinite(panel.benchmark))
    last = int(rows[-1]) if len(rows) else None
    return HedgeBase(
        value=report.value,
        equity_value=report.value,
        mf_value=None,
        benchmark=report.benchmark,
        level=None if last is None else float(panel.benchmark[last]),
        level_as_of=None if last is None else panel.days[last].astype(object),
        windows={name: window.measures for name, window in report.windows.items()},
        as_of=report.as_of,
        is_sample=report.sample_data,
    )
