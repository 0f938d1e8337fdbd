"""A feed: one kind of data that is fetched again and again, and how that went last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from app.domain.data_issues import DataIssue, Severity


class FeedStatus(StrEnum):
    """``held_back``: an answer came and is not believed; ``not_allowed``: the plan does not include it, no fault."""

    RUNNING = "running"
    OK = "ok"
    HELD_BACK = "held_back"
    LOGIN_NEEDED = "login_needed"
    NOT_ALLOWED = "not_allowed"
    FAILED = "failed"


REMEDIES = {
    FeedStatus.HELD_BACK: "Check it in Kite. If it is right, run 'python -m app kite sync --accept'.",
    FeedStatus.LOGIN_NEEDED: "Log in to Kite again.",
    FeedStatus.FAILED: "The next run asks again.",
}
CHECK_IT_ELSEWHERE = "The next run asks again; what else there is was stored."
"""For what is held back of another source than Kite."""


@dataclass(frozen=True, slots=True)
class Feed:
    """The last try of a feed and its last success.

    ``detail`` one line for the reader; ``good_at`` when it last succeeded and ``as_of`` the day that data describes,
    None for never. ``done`` of ``total`` steps of the last try; ``notes`` what was left out, row by row.
    """

    name: str
    status: FeedStatus
    detail: str
    tried_at: datetime
    good_at: datetime | None = None
    as_of: date | None = None
    done: int = 0
    total: int = 0
    notes: tuple[str, ...] = ()

    def seconds_left(self, now: datetime) -> float | None:
        """How long a running feed still needs at its pace so far; None while that can't be told."""
        if self.status is not FeedStatus.RUNNING or not self.done:
            return None
        return (now - self.tried_at).total_seconds() / self.done * (self.total - self.done)

    def issue(self) -> DataIssue | None:
        """What the reader of numbers made from this feed must know; None when all is well."""
        remedy = REMEDIES.get(self.status)
        if remedy is None:
            return None
        if self.status is FeedStatus.HELD_BACK and not self.name.startswith("kite_"):
            remedy = CHECK_IT_ELSEWHERE
        age = f"; the last good one is of {self.as_of}" if self.as_of else ""
        return DataIssue(f"feed_{self.status}", Severity.WARNING, self.name, f"{self.detail}{age}", remedy)


def feed_issues(feeds: Iterable[Feed]) -> tuple[DataIssue, ...]:
    """The issues of all feeds, those that say the same as one: its subject lists the feeds."""
    subjects: dict[DataIssue, list[str]] = {}
    for feed in feeds:
        issue = feed.issue()
        if issue is not None:
            subjects.setdefault(replace(issue, subject=""), []).append(feed.name)
    return tuple(replace(issue, subject=", ".join(names)) for issue, names in subjects.items())
