from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from app.domain.prices import DailyBars, PricePanel
from app.risk.hedge_base import build_base
from app.risk.price_panel import build_panel
from tests.fakes.equity_reports import AS_OF, empty_report, normal_report

DAYS = np.array(["2026-11-18", "2026-11-19", "2026-11-20"], dtype="datetime64[D]")


def panel(levels: list[float]) -> PricePanel:
    """No position, and an index at these levels."""
    empty = np.empty((0, 0))
    nothing, _ = build_panel(DailyBars((), DAYS[:0], *[empty] * 5), (), (), (), 252)
    return replace(nothing, days=DAYS[: len(levels)], benchmark=np.array(levels), benchmark_name="NIFTY50")


def test_the_base_is_the_reports_own_value_and_measures_by_window() -> None:
    report = normal_report(("60d", "1y"))
    base = build_base(report, panel([25_000.0, 25_100.0, 25_200.0]))
    assert (base.value, base.equity_value, base.as_of) == (report.value, report.value, AS_OF)
    assert base.betas() == {name: report.windows[name].measures["beta"] for name in ("60d", "1y")}
    assert (base.level, base.level_as_of) == (25_200.0, date(2026, 11, 20))


def test_funds_are_unknown_here_not_zero() -> None:
    assert build_base(normal_report(("1y",)), panel([1.0, 2.0])).mf_value is None


def test_the_level_is_the_last_one_known_with_its_day_or_none() -> None:
    base = build_base(normal_report(("1y",)), panel([25_000.0, 25_100.0, np.nan]))
    assert (base.level, base.level_as_of) == (25_100.0, date(2026, 11, 19))
    base = build_base(empty_report(("1y",)), panel([np.nan, np.nan]))
    assert (base.level, base.level_as_of, base.value) == (None, None, None)
