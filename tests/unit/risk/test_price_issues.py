from __future__ import annotations

import numpy as np
import pytest

from app.domain.data_issues import DataIssue, Severity
from app.domain.prices import FloatArray
from app.measures.price_quality import series_quality, suspicious_moves
from app.risk import price_issues
from tests.unit.risk.books import market, panel_of

CLOSES, INDEX = market(count=1)


def flaws(closes: FloatArray, since: int = 0) -> dict[str, DataIssue]:
    panel = panel_of(closes, INDEX)
    return {issue.code: issue for issue in price_issues.of_series(panel, series_quality(closes, panel.volumes), since)}


def moves(closes: FloatArray, since: int) -> list[DataIssue]:
    panel = panel_of(closes, INDEX)
    return price_issues.of_moves(panel, suspicious_moves(closes, panel.volumes, INDEX, closes), since)


@pytest.mark.parametrize(("missing", "severity"), [(2, Severity.INFO), (12, Severity.WARNING)])
def test_many_gaps_are_worth_a_warning_and_few_a_note(missing: int, severity: Severity) -> None:
    closes = CLOSES.copy()
    closes[50 : 50 + 2 * missing : 2] = np.nan
    found = flaws(closes)["gaps"]
    assert (found.severity, found.message.split()[0]) == (severity, str(missing))


def test_days_before_the_listing_are_no_gap() -> None:
    closes = CLOSES.copy()
    closes[:100] = np.nan
    assert flaws(closes) == {}


def test_gaps_older_than_the_window_are_not_named() -> None:
    closes = CLOSES.copy()
    closes[5:8] = np.nan
    assert "gaps" in flaws(closes)
    assert flaws(closes, since=10) == {}


def test_cheap_prices_in_whole_rupees_are_named_with_their_first_day() -> None:
    found = flaws(np.round(CLOSES / CLOSES[0] * 15))["rounded_prices"]
    assert "rounding adds to its volatility" in found.message


def test_a_move_is_named_with_its_size_day_and_nearest_ratio() -> None:
    closes = CLOSES.copy()
    closes[200:] /= 5
    (found,) = moves(closes, 8)
    assert (found.code, found.subject, found.severity) == ("split_like_jump", "A", Severity.WARNING)
    assert str(panel_of(closes).days[200]) in found.message
    assert "about 1/5" in found.message


def test_small_moves_of_one_share_are_one_note_with_their_count_and_the_largest() -> None:
    closes = np.full((260, 1), 17.0)
    closes[60::40] = 16.0
    closes[100] = 15.0
    (found,) = moves(closes, 1)
    assert (found.code, found.severity) == ("unexplained_move", Severity.INFO)
    assert f"-11.8 % on {panel_of(closes).days[100]} and 4 smaller ones like it" in found.message


def test_each_move_that_is_left_out_is_told_apart() -> None:
    closes = CLOSES.copy()
    closes[100:] /= 5
    closes[200:] /= 2
    assert ["about 1/5" in issue.message for issue in moves(closes, 1)] == [True, False]


@pytest.mark.parametrize(
    ("days", "code", "severity"),
    [(4, "stale_price", Severity.WARNING), (5, "suspended", Severity.CRITICAL)],
)
def test_prices_that_end_are_late_at_first_and_after_a_week_those_of_a_suspended_share(
    days: int, code: str, severity: Severity
) -> None:
    closes = CLOSES.copy()
    closes[-days:] = np.nan
    (found,) = flaws(closes).values()
    assert (found.code, found.severity) == (code, severity)
    assert f"{days} trading days before the newest" in found.message
    assert found.remedy


def test_a_move_older_than_the_window_is_not_named() -> None:
    closes = CLOSES.copy()
    closes[200:] /= 5
    assert moves(closes, 201) == []


def test_prices_under_the_own_symbol_need_no_word() -> None:
    assert price_issues.of_names("NEW", ("NEW", "NEW")) == []
    (found,) = price_issues.of_names("NEW", ("NEW", "OLD", "OLD"))
    assert found.message.count("OLD") == 1


def test_shares_with_prices_of_public_sources_are_named_once_a_source() -> None:
    closes, index = market(count=3)
    panel = panel_of(closes, index, sources=("kite A + bhavcopy A", "yahoo B", "csv C"))
    assert [(issue.subject, issue.message.split(" are from ")) for issue in price_issues.of_sources(panel)] == [
        ("PORTFOLIO", ["Daily prices of A", f"{price_issues.PUBLIC_SOURCES['bhavcopy']}; not from Kite."]),
        ("PORTFOLIO", ["Daily prices of B", f"{price_issues.PUBLIC_SOURCES['yahoo']}; not from Kite."]),
    ]


def test_of_many_shares_the_first_ten_are_named() -> None:
    closes, index = market(count=12)
    (issue,) = price_issues.of_sources(panel_of(closes, index, sources=("yahoo X",) * 12))
    assert "J and 2 more are from" in issue.message
