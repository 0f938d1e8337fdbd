from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.navs import JudgedNavs, is_jump, judge_navs

START = date(2026, 1, 1)
TODAY = date(2026, 11, 20)


def judge(*navs: float, confirmed: tuple[int, ...] = (), step: int = 1) -> JudgedNavs:
    points = [(START + timedelta(days=at * step), nav) for at, nav in enumerate(navs)]
    return judge_navs(points, TODAY, [START + timedelta(days=at * step) for at in confirmed])


def kept(*navs: float, confirmed: tuple[int, ...] = (), step: int = 1) -> list[float]:
    return [nav for _, nav in judge(*navs, confirmed=confirmed, step=step).kept]


def test_ordinary_moves_are_kept() -> None:
    assert kept(10, 8.7, 9.5) == [10, 8.7, 9.5]


@pytest.mark.parametrize("bad", [0.0, -3.0, float("nan"), float("inf"), 1e12])
def test_what_is_no_nav_is_held(bad: float) -> None:
    judged = judge(10, bad, 10.1)
    assert [nav for _, nav in judged.kept] == [10, 10.1]
    assert "is not a NAV" in judged.held[0].reason


def test_a_spike_is_held_and_the_next_good_one_goes_on() -> None:
    judged = judge(10, 1000, 10.1, 0.1, 10.2)
    assert [nav for _, nav in judged.kept] == [10, 10.1, 10.2]
    assert [nav.reason for nav in judged.held] == [
        "moved by +9900% from 10 on 2026-01-01",
        "moved by -99% from 10.1 on 2026-01-03",
    ]


def test_a_new_level_is_believed_after_five_that_agree() -> None:
    assert kept(100, 10, 10, 10, 10) == [100]
    assert kept(100, 10, 10, 10, 10, 10) == [100, 10, 10, 10, 10, 10]


def test_points_that_do_not_agree_with_each_other_never_settle() -> None:
    assert kept(100, 10, 20, 10, 20, 10, 20) == [100]


def test_a_false_first_nav_does_not_hold_the_rest_for_ever() -> None:
    assert kept(1, 10, 10.1, 10, 10.2, 10.1) == [1, 10, 10.1, 10, 10.2, 10.1]


def test_a_confirmed_day_is_believed_at_once() -> None:
    assert kept(10, 5, 5.1, confirmed=(1,)) == [10, 5, 5.1]


def test_a_long_silence_allows_more() -> None:
    assert kept(10, 13) == [10]
    assert kept(10, 13, step=60) == [10, 13]
    assert is_jump(10, 13, 7)
    assert not is_jump(10, 13, 28)


def test_a_day_to_come_is_held() -> None:
    judged = judge_navs([(TODAY, 10.0), (TODAY + timedelta(days=1), 10.0)], TODAY)
    assert len(judged.kept) == 1
    assert judged.held[0].reason == "is of a day to come"


@given(st.lists(st.one_of(st.floats(5, 20), st.floats(allow_nan=False)), max_size=30))
def test_every_nav_is_either_kept_or_held_and_none_twice(navs: list[float]) -> None:
    judged = judge(*navs)
    days = [day for day, _ in judged.kept] + [nav.day for nav in judged.held]
    assert sorted(days) == [START + timedelta(days=at) for at in range(len(navs))]
    assert [nav.day for nav in judged.held] == sorted(nav.day for nav in judged.held)


@given(st.lists(st.floats(9.5, 10.5), max_size=30))
def test_a_quiet_series_is_kept_whole(navs: list[float]) -> None:
    assert judge(*navs).held == ()
