from __future__ import annotations

from dataclasses import replace
from datetime import date

from app.domain.risk_runs import Asked
from app.risk.run_history import compare
from app.risk.run_keeping import CODE
from app.store.risk_runs import KeptRun

REPORT = {
    "computed_at": "then",
    "value": 1000.0,
    "windows": {"1y": {"measures": {"beta": {"value": 1.1}, "loss": {"value": 1.5, "rupees": 15.0}}}},
    "stress": [{"key": "crisis", "loss": 9.0}, {"key": "fall", "loss": None}],
    "data_issues": [{"count": 3}],
}
INPUTS = {CODE: "1.0", "prices": "aa", "holdings": "bb"}
KEPT = KeptRun(7, "equity", Asked(date(2026, 11, 20)), INPUTS, REPORT)


def test_the_same_figures_are_a_reproduced_run_whenever_it_is_computed() -> None:
    found = compare(KEPT, REPORT | {"computed_at": "now", "data_issues": []}, dict(INPUTS))
    assert (found.reproduced, found.compared, found.changed, found.differences) == (True, 5, (), ())


def test_a_figure_anywhere_in_the_report_that_came_out_otherwise_is_named_with_the_input_that_changed() -> None:
    found = compare(KEPT, REPORT | {"stress": [{"key": "crisis", "loss": 8.0}]}, INPUTS | {"prices": "cc"})
    assert not found.reproduced
    assert found.changed == ("prices",)
    assert [(one.figure, one.kept, one.now) for one in found.differences] == [("stress[crisis].loss", 9.0, 8.0)]


def test_a_figure_that_is_gone_or_new_is_a_difference() -> None:
    stress = [{"key": "crisis", "loss": None}, {"key": "fall", "loss": 2.0}]
    found = compare(KEPT, REPORT | {"stress": stress}, dict(INPUTS))
    assert [(one.figure, one.kept, one.now) for one in found.differences] == [
        ("stress[crisis].loss", 9.0, None),
        ("stress[fall].loss", None, 2.0),
    ]


def test_a_figure_that_only_a_newer_version_gives_is_no_difference() -> None:
    newer = REPORT | {"score": 50.0}
    assert compare(KEPT, newer, INPUTS | {CODE: "2.0"}).reproduced
    assert [one.figure for one in compare(KEPT, newer, dict(INPUTS)).differences] == ["score"]


def test_an_input_that_is_new_or_gone_has_changed() -> None:
    assert compare(KEPT, REPORT, {CODE: "1.0", "prices": "aa", "NAVs": "dd"}).changed == ("holdings", "NAVs")


def test_a_run_kept_before_inputs_were_noted_names_none_as_changed() -> None:
    found = compare(replace(KEPT, inputs={}), REPORT, dict(INPUTS))
    assert (found.reproduced, found.inputs_noted, found.changed) == (True, False, ())
