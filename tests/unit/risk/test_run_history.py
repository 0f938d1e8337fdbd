from __future__ import annotations

from dataclasses import replace
from datetime import date

from app.domain.risk_reports import Unit
from app.domain.risk_runs import Computed, RunMeasure
from app.risk.run_history import compare, inputs_of, measures_of
from app.store.risk_runs import KeptRun
from tests.unit.risk.books import OPTIONS, book_of, market, panel_of, report_of

BETA = RunMeasure("1y", "beta", 1.1, Unit.RATIO, None, 252, 100.0, None)
LOSS = RunMeasure("1y", "var_historical_95", 1.5, Unit.PERCENT, 150.0, 252, 100.0, None)
INPUTS = {"prices": "aa", "holdings": "bb"}
KEPT = KeptRun(7, "equity", date(2026, 11, 20), INPUTS, (BETA, LOSS))


def test_the_same_inputs_and_figures_are_a_reproduced_run() -> None:
    found = compare(KEPT, (LOSS, BETA), dict(INPUTS))
    assert (found.reproduced, found.compared, found.changed, found.differences) == (True, 2, (), ())


def test_a_figure_that_came_out_otherwise_is_named_with_the_input_that_changed() -> None:
    found = compare(KEPT, (BETA, replace(LOSS, value=1.6)), {"prices": "cc", "holdings": "bb"})
    assert not found.reproduced
    assert found.changed == ("prices",)
    assert [(one.measure, one.kept, one.now) for one in found.differences] == [("var_historical_95", 1.5, 1.6)]


def test_a_figure_that_is_gone_or_new_is_a_difference() -> None:
    found = compare(KEPT, (BETA, replace(LOSS, name="cvar_95")), dict(INPUTS))
    assert [(one.measure, one.kept, one.now) for one in found.differences] == [
        ("var_historical_95", 1.5, None),
        ("cvar_95", None, 1.5),
    ]


def test_an_input_that_is_new_or_gone_has_changed() -> None:
    assert compare(KEPT, (BETA, LOSS), {"prices": "aa", "NAVs": "dd"}).changed == ("holdings", "NAVs")


def test_a_run_kept_before_inputs_were_noted_names_none_as_changed() -> None:
    found = compare(replace(KEPT, inputs={}), (BETA, LOSS), dict(INPUTS))
    assert (found.reproduced, found.inputs_noted, found.changed) == (True, False, ())


def test_all_measures_of_all_windows_are_kept_with_their_reasons() -> None:
    closes, index = market()
    report = report_of(book_of(panel_of(closes, index)), OPTIONS)
    rows = measures_of(report)
    assert len(rows) == sum(len(window.measures) for window in report.windows.values())
    assert all((row.value is None) == bool(row.unavailable) for row in rows)
    assert {row.window for row in rows} == set(report.windows)


def test_the_code_is_one_of_the_inputs() -> None:
    report = report_of(book_of(panel_of(*market())))
    one, other = (inputs_of(Computed(report, {"prices": 1}), code) for code in ("1.0+a", "1.0+b"))
    assert one["prices"] == other["prices"]
    assert one != other
