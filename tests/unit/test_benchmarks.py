"""The performance suite runs and its candidates agree. How long anything takes is not asserted here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from app.Boilerplate import Boilerplate
from benchmarks.__main__ import SUITES
from benchmarks.agreement import Disagreement, check_equal
from benchmarks.market import LAST_DAY, Scale, generate
from benchmarks.scene import Scene, open_scene
from benchmarks.tables import END, START, Result, markdown, write_between_markers
from benchmarks.timing import Candidate, Comparison, Timing, time_candidates

SMALL = Scale(symbols=8, held=6, days=253, paths=500, books=20, many_books=300, workbooks=10)


@pytest.fixture
def scene(database: Boilerplate) -> Iterator[Scene]:
    with open_scene(database, SMALL) as opened:
        yield opened


@pytest.mark.parametrize("name", SUITES)
def test_every_comparison_runs_and_its_candidates_agree(scene: Scene, name: str) -> None:
    comparison = SUITES[name](scene)
    timings = time_candidates(comparison, rounds=1)
    assert len(timings) == len(comparison.candidates) >= 2
    assert "equal" in comparison.agreement


def test_a_different_number_is_a_disagreement_that_names_its_place() -> None:
    with pytest.raises(Disagreement, match=r"peer: /1y/beta is 1\.1 there and 1\.0 here"):
        check_equal("peer", {"1y": {"beta": 1.0}}, {"1y": {"beta": 1.1}})


def test_a_missing_number_of_a_peer_is_a_disagreement() -> None:
    with pytest.raises(Disagreement, match="/sortino"):
        check_equal("peer", {"beta": 1.0, "sortino": 2.0}, {"beta": 1.0})


def test_a_peer_that_gives_nan_for_a_number_of_ours_disagrees() -> None:
    with pytest.raises(Disagreement):
        check_equal("peer", {"beta": 1.0}, {"beta": float("nan")})


def test_figures_that_we_withhold_are_not_counted_as_compared() -> None:
    ours = {"tail": None, "matrix": np.array([[1.0, np.nan], [0.5, 1.0]])}
    theirs = {"tail": 3.0, "matrix": np.array([[1.0, 7.0], [0.5, 1.0]])}
    assert check_equal("peer", ours, theirs) == 3


def test_rounding_is_agreement_and_more_is_not() -> None:
    assert check_equal("peer", [1e6, 0.1], [1e6 + 1e-4, 0.1 + 1e-10]) == 2
    with pytest.raises(Disagreement):
        check_equal("peer", [0.1], [0.1 + 1e-8])


def test_the_generated_market_is_the_same_every_time_and_ends_on_its_last_day() -> None:
    one, two = generate(SMALL), generate(SMALL)
    np.testing.assert_array_equal(one.closes, two.closes)
    assert one.closes.shape == one.opens.shape == one.volumes.shape == (253, 9)
    assert one.days[-1] == np.datetime64(LAST_DAY)
    assert (np.diff(one.days) > np.timedelta64(0)).all()


def test_work_before_a_candidate_is_done_once_for_every_call() -> None:
    seen: list[str] = []
    candidate = Candidate("ours", lambda: seen.append("run"), before=lambda: seen.append("before"))
    time_candidates(Comparison("order", (candidate,), ""), rounds=2)
    assert seen == ["before", "run"] * (len(seen) // 2)
    assert len(seen) == 2 * (2 + 2)


def test_candidates_take_turns() -> None:
    seen: list[str] = []
    order = tuple(Candidate(name, lambda name=name: seen.append(name), before=list) for name in "ab")  # type: ignore[misc]
    time_candidates(Comparison("turns", order, ""), rounds=3)
    assert seen[4:] == ["a", "b"] * 3


def result(goal: float | None, limit: float | None = None) -> Result:
    candidates = (Candidate("ours", list), Candidate("theirs", list, goal, limit=limit))
    timings = (Timing(candidates[0], 0.001, 0.002, 0.003), Timing(candidates[1], 0.04, 0.05, 0.06))
    return Result(Comparison("Sums", candidates, "4 figures equal."), timings)


@pytest.mark.parametrize(("goal", "verdict"), [(25.0, "25 x met"), (26.0, "26 x missed"), (None, "")])
def test_a_goal_is_met_or_missed_by_the_ratio_of_medians(goal: float | None, verdict: str) -> None:
    assert result(goal).rows() == [
        ("ours", "2", "1 - 3", "1 x", ""),
        ("theirs", "50", "40 - 60", "25 x", verdict),
    ]


@pytest.mark.parametrize(("limit", "verdict"), [(25.0, "at most 25 x met"), (24.0, "at most 24 x missed")])
def test_a_limit_is_met_by_taking_no_longer(limit: float, verdict: str) -> None:
    assert result(None, limit).rows()[1][-1] == verdict


def test_writing_replaces_what_stands_between_the_markers_and_nothing_else(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"before\n{START}\nold\n{END}\nafter\n")
    write_between_markers(document, markdown([result(25.0)], 3, datetime(2026, 11, 23, tzinfo=UTC)))
    written = document.read_text()
    assert written.startswith(f"before\n{START}\nMeasured 2026-11-23 00:00 UTC, 3 rounds")
    assert written.endswith(f"{END}\nafter\n")
    assert "| theirs | 50 | 40 - 60 | 25 x | 25 x met |" in written
    assert "old" not in written


def test_a_document_without_markers_is_refused_and_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("text")
    with pytest.raises(ValueError, match=r"performance\.md needs the lines"):
        write_between_markers(document, "table")
    assert document.read_text() == "text"
