from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.feeds import Feed, FeedStatus, feed_issues

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


def test_what_is_held_back_of_another_source_is_not_checked_in_kite() -> None:
    issue = Feed("nse_prices", FeedStatus.HELD_BACK, "words", AT).issue()
    assert issue is not None
    assert "Kite" not in issue.remedy


def test_feeds_that_say_the_same_are_one_issue() -> None:
    same = [Feed(name, FeedStatus.LOGIN_NEEDED, "refused", AT) for name in ("kite_holdings", "kite_prices")]
    other = Feed("nse_prices", FeedStatus.FAILED, "down", AT)
    good = Feed("kite_margins", FeedStatus.OK, "fine", AT)
    issues = feed_issues([*same, other, good])
    assert [(issue.code, issue.subject) for issue in issues] == [
        ("feed_login_needed", "kite_holdings, kite_prices"),
        ("feed_failed", "nse_prices"),
    ]
