from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.domain.combined_reports import CombinedRiskReport, LookThroughRisk
from app.domain.disclosures import LineKind
from app.domain.prices import FloatArray
from tests.unit.risk.combined import RETURNS, ROWS, Fund, book, report_of

VAR = "var_historical_95"
STOPPED: FloatArray = np.where(np.arange(ROWS) > 30, np.nan, 100.0)
"""NAVs that end long before the window begins."""
BOND = ("IN0020230085", "7.18% GOI 2033", LineKind.DEBT)


def fund(weights: dict[str, float], navs: FloatArray | None, bonds: float = 0.0) -> Fund:
    return Fund(weights, 5700.0, 1, navs=navs, extra=((*BOND, bonds),) if bonds else ())


def seen(report: CombinedRiskReport) -> LookThroughRisk:
    return report.windows["1y"].look_through


def test_a_fund_without_navs_counts_by_what_it_holds() -> None:
    weights = {"ALPHA": 60.0, "BETA": 40.0}
    through = report_of(book({"THETA": 4300.0}, (fund(weights, STOPPED),)))
    direct = report_of(book({"THETA": 4300.0, "ALPHA": 0.6 * 5700.0, "BETA": 0.4 * 5700.0}))
    window = through.windows["1y"]
    assert window.left_out == ("INF1",)
    assert window.measures[VAR].unavailable
    for name in (VAR, "volatility", "cvar_95", "max_drawdown"):
        own, other = (seen(report).measures[name].value for report in (through, direct))
        assert own == pytest.approx(other, rel=1e-9), name
    assert seen(through).coverage == pytest.approx(100.0)
    assert seen(through).left_out == ()
    assert set(seen(through).difference.values()) == {None}


def test_the_rest_of_a_fund_without_navs_moves_as_the_part_that_is_known() -> None:
    found = report_of(book({}, (fund({"ALPHA": 50.0, "BETA": 10.0}, STOPPED, bonds=30.0),)))
    series = ((0.5 * RETURNS[:, 0] + 0.1 * RETURNS[:, 1]) / 0.7)[-252:]
    look = seen(found)
    assert look.measures["volatility"].value == pytest.approx(series.std(ddof=1) * 252**0.5 * 100)
    assert look.coverage == pytest.approx(70.0)
    assert look.measures["volatility"].coverage == pytest.approx(70.0)


def test_a_fund_of_which_less_than_half_is_known_and_that_has_no_navs_is_left_out() -> None:
    found = report_of(book({"THETA": 6000.0}, (fund({"ALPHA": 40.0}, STOPPED, bonds=55.0),)))
    look = seen(found)
    assert look.left_out == ("INF1",)
    assert look.coverage == pytest.approx(6000 / 117)
    assert look.measures["volatility"].value is not None


def test_with_navs_the_rest_moves_by_them_and_all_is_covered() -> None:
    calm = np.full(ROWS, 100.0)
    found = report_of(book({}, (fund({"ALPHA": 50.0}, calm, bonds=45.0),)))
    series = 0.5 * RETURNS[-252:, 0]
    look = seen(found)
    assert look.measures["volatility"].value == pytest.approx(series.std(ddof=1) * 252**0.5 * 100)
    assert look.coverage == pytest.approx(100.0)
    assert look.difference["volatility"] is not None


def test_an_arbitrage_fund_without_navs_adds_next_to_nothing() -> None:
    hedge = (None, "Alpha Limited November 2026 Future", LineKind.DERIVATIVE, -65.0)
    hedged = replace(fund({"ALPHA": 65.0}, STOPPED, bonds=30.0), extra=((*BOND, 30.0), hedge))
    alone, both = report_of(book({"THETA": 4300.0})), report_of(book({"THETA": 4300.0}, (hedged,)))
    one, two = (seen(report).measures["volatility"].value or 0.0 for report in (alone, both))
    assert two == pytest.approx(one * 0.43, rel=1e-6)
