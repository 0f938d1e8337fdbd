from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.feeds import Feed, FeedStatus

AT = datetime(2026, 11, 23, 3, 15, tzinfo=UTC)


def feed(status: FeedStatus, **fields: object) -> Feed:
    return Feed("kite_prices", status, "words", AT, **fields)  # type: ignore[arg-type]


def test_the_time_left_follows_the_pace_so_far() -> None:
    running = feed(FeedStatus.RUNNING, done=20, total=80)
    assert running.seconds_left(AT + timedelta(seconds=10)) == pytest.approx(30.0)


def test_the_time_left_is_unknown_before_the_first_step_and_after_the_end() -> None:
    assert feed(FeedStatus.RUNNING, total=80).seconds_left(AT) is None
    assert feed(FeedStatus.OK, done=80, total=80).seconds_left(AT) is None


@pytest.mark.parametrize("status", [FeedStatus.OK, FeedStatus.RUNNING, FeedStatus.NOT_ALLOWED])
def test_what_is_no_fault_is_no_issue(status: FeedStatus) -> None:
    assert feed(status).issue() is None


@pytest.mark.parametrize("status", [FeedStatus.HELD_BACK, FeedStatus.LOGIN_NEEDED, FeedStatus.FAILED])
def test_a_fault_is_an_issue_with_the_age_of_the_last_good_data_and_a_remedy(status: FeedStatus) -> None:
    issue = feed(status, as_of=date(2026, 11, 20)).issue()
    assert issue is not None
    assert issue.code == f"feed_{status}"
    assert issue.message == "words; the last good one is of 2026-11-20"
    assert issue.remedy
