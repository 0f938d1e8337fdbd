from __future__ import annotations

from app.api.issues_panel import Flaws, issue_groups, trust
from app.domain.data_issues import DataIssue, Severity

UPLOAD = "Upload it."


def issue(code: str, subject: str, severity: Severity = Severity.WARNING, message: str = "Old.") -> DataIssue:
    return DataIssue(code, severity, subject, message, UPLOAD)


def test_the_whole_portfolio_comes_first_then_what_is_unknown_then_by_value() -> None:
    found = [issue("a", "SMALL"), issue("b", "LARGE"), issue("c", "kite_prices"), issue("z", "PORTFOLIO")]
    told = Flaws(found, {"SMALL": 10.0, "LARGE": 500.0}).told()
    assert [one.subject for one in told] == ["Whole portfolio", "kite_prices", "LARGE", "SMALL"]


def test_severity_goes_before_size() -> None:
    found = [issue("a", "LARGE"), issue("b", "SMALL", Severity.CRITICAL), issue("c", "LARGE", Severity.INFO)]
    seen = trust(Flaws(found, {"SMALL": 10.0, "LARGE": 500.0}))
    assert (seen.tone, seen.title, seen.rest) == ("critical", "1 critical data issue", "1 warning · 1 note")
    assert seen.note == "SMALL: Old."
    assert seen.count == 3


def test_issues_of_one_kind_are_gathered_with_their_number_names_and_remedy() -> None:
    found = [issue("no_disclosure", f"INF{number}") for number in range(5)]
    (group,) = issue_groups(Flaws(found, {}, {"INF0": "Alpha Fund"}))
    (kind,) = group.kinds
    assert (group.title, group.count, kind.title) == ("5 warnings", 5, "No portfolio")
    assert (kind.names, kind.remedy) == ("Alpha Fund, INF1, INF2 and 2 more", UPLOAD)
    assert len(kind.issues) == 5


def test_remedies_that_differ_stay_with_their_issues() -> None:
    found = [issue("gaps", "A"), DataIssue("gaps", Severity.WARNING, "B", "Gap.", "Other.")]
    assert issue_groups(Flaws(found))[0].kinds[0].remedy == ""


def test_a_nav_history_that_was_not_brought_in_is_told_once() -> None:
    found = [
        issue("nav_missing", "INF1", message="It has 40 NAVs missing before 2026-08-21."),
        issue("nav_missing", "INF2", message="It has 3 NAVs missing."),
        issue("stale_nav", "INF1", message="Its newest NAV is of 2026-08-21."),
    ]
    told = Flaws(found).told()
    assert [(one.code, one.message) for one in told] == [
        ("nav_missing", "It has 3 NAVs missing."),
        ("stale_nav", "Its newest NAV is of 21 Aug 2026. It has 40 NAVs missing before 21 Aug 2026."),
    ]


def test_messages_are_said_as_the_screen_says_them_and_commands_stay_as_they_are_typed() -> None:
    found = DataIssue("x", Severity.INFO, "ITC", "-8.1 % on 2025-01-06.", "Run 'confirm ITC 2025-01-06'.")
    (told,) = Flaws([found]).told()
    assert (told.message, told.remedy) == ("−8.1% on 6 Jan 2025.", "Run 'confirm ITC 2025-01-06'.")


def test_numbers_are_stale_only_where_old_prices_are_critical() -> None:
    assert trust(Flaws([issue("stale_prices", "PORTFOLIO", Severity.CRITICAL)])).is_stale
    assert not trust(Flaws([issue("stale_prices", "PORTFOLIO")])).is_stale
    assert not trust(Flaws([])).is_stale
