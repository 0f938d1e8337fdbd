from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from app.api import formats
from app.domain.money import format_rupees, format_rupees_compact
from app.domain.risk_reports import Measure, Unit

MONEY = json.loads((Path(__file__).parents[2] / "data" / "money.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", MONEY, ids=lambda case: str(case["value"]))
def test_rupees_read_as_the_shared_cases_say(case: dict[str, str]) -> None:
    value = float(case["value"])
    assert (format_rupees(value), format_rupees_compact(value)) == (case["full"], case["compact"])


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(1.435, 2, "1.44%"), (-1.435, 2, "−1.44%"), (-0.004, 2, "0.00%"), (2.5, 0, "3%"), (28.768, 1, "28.8%")],
)
def test_percent_rounds_halves_away_from_zero_and_has_no_negative_zero(value: float, digits: int, text: str) -> None:
    assert formats.percent(value, digits) == text


@pytest.mark.parametrize(
    ("value", "text"), [(100.0, "100%"), (99.99999999999997, "100%"), (99.97, "99.9%"), (98.76, "98.7%"), (0.0, "0%")]
)
def test_coverage_reads_as_all_only_when_it_is_all(value: float, text: str) -> None:
    assert formats.coverage(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(9.96, "9.96%"), (10.0, "10.0%"), (10.04, "10.04%"), (9.9996, "9.9996%"), (12.66, "12.7%")]
)
def test_a_printed_value_never_crosses_or_touches_a_limit_that_the_true_one_has_not(value: float, text: str) -> None:
    assert formats.percent_beside(value, 10.0) == text


@pytest.mark.parametrize(
    ("value", "text"), [(470.0, "470"), (1234567, "12,34,567"), (0.125, "0.125"), (2.9999, "3"), (10.5, "10.5")]
)
def test_share_counts_show_a_fraction_only_where_there_is_one(value: float, text: str) -> None:
    assert formats.count(value) == text


def test_a_price_has_paise_and_indian_groups() -> None:
    assert (formats.price(123456.5), formats.price(9.999)) == ("₹1,23,456.50", "₹10.00")


def test_a_moment_is_shown_in_indian_time_whatever_offset_it_came_with() -> None:
    assert formats.moment("2026-11-23T08:15:00+00:00") == "23 Nov 2026, 13:45 IST"
    assert formats.moment("2026-11-23T13:45:00") == "23 Nov 2026, 13:45 IST"


def test_a_day_is_read_from_a_date_or_from_iso_text() -> None:
    assert formats.day(date(2026, 1, 5)) == formats.day("2026-01-05") == "5 Jan 2026"


def test_a_missing_value_is_never_a_number() -> None:
    missing = Measure(None, Unit.PERCENT, None, "no prices", "none", 0, 0.0)
    assert formats.measure_value(missing) == formats.maybe(formats.percent, None) == formats.MISSING
    assert formats.maybe(formats.percent, float("nan")) == formats.MISSING


def test_a_reason_becomes_a_sentence_once() -> None:
    assert formats.sentence("only 22 returns") == formats.sentence("Only 22 returns.") == "Only 22 returns."
    assert formats.sentence(None) == ""
