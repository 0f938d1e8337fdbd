from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.domain.fetching import AddressRefused, FetchError, NotPublished, PageChanged, SiteRefused, SiteUnavailable
from app.domain.fund_fetches import FetchOutcome, FileFetch, due_month, month_end, outcome_of, summarise

NOW = datetime(2026, 11, 6, 15, 30, tzinfo=UTC)
OCTOBER = date(2026, 10, 1)


@pytest.mark.parametrize(
    ("today", "month"),
    [
        (date(2026, 11, 1), OCTOBER),
        (date(2026, 11, 30), OCTOBER),
        (date(2027, 1, 5), date(2026, 12, 1)),
        (date(2028, 3, 1), date(2028, 2, 1)),
    ],
)
def test_the_month_due_is_the_last_completed_one(today: date, month: date) -> None:
    assert due_month(today) == month


def test_a_leap_february_ends_on_the_29th() -> None:
    assert month_end(date(2028, 2, 1)) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (NotPublished("h", "r"), FetchOutcome.NOT_PUBLISHED),
        (SiteUnavailable("h", "r"), FetchOutcome.FAILED),
        (SiteRefused("h", "r"), FetchOutcome.REFUSED),
        (AddressRefused("h", "r"), FetchOutcome.REFUSED),
        (PageChanged("h", "r"), FetchOutcome.REFUSED),
    ],
)
def test_every_error_of_a_download_has_its_outcome_and_a_remedy(error: FetchError, outcome: FetchOutcome) -> None:
    assert outcome_of(error) is outcome
    assert error.remedy
    assert str(error).startswith("h: r.")


def file(outcome: FetchOutcome, schemes: int = 0) -> FileFetch:
    return FileFetch("H", OCTOBER, f"https://h/{outcome}.xlsx", outcome, f"it is {outcome}", NOW, schemes=schemes)


@pytest.mark.parametrize(
    ("files", "outcome", "done", "reason"),
    [
        (["done", "nothing_new"], "done", 2, ""),
        (["nothing_new", "nothing_new"], "nothing_new", 2, ""),
        (["done", "refused"], "refused", 1, "refused.xlsx: it is refused"),
        (["done", "refused", "failed"], "failed", 1, "failed.xlsx: it is failed"),
        (["done", "not_published"], "done", 1, ""),
        (["not_published"], "not_published", 0, "not_published.xlsx: it is not_published"),
    ],
)
def test_a_house_is_as_far_as_its_worst_file(files: list[str], outcome: str, done: int, reason: str) -> None:
    made = [file(FetchOutcome(name), schemes=2) for name in files]
    house = summarise("H", OCTOBER, made, NOW, name=lambda url: url.rsplit("/", 1)[1])
    assert (house.outcome, house.files_done, house.reason, house.schemes) == (outcome, done, reason, 2 * done)
