from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import StringIO

import pytest
from rich.console import Console

from app.api.combined_terminal import print_combined
from app.domain.combined_reports import DisclosureAge
from tests.fakes.combined_reports import combined_report

OLD = DisclosureAge("INF1", date(2025, 1, 31), 661)
NEW = DisclosureAge("INF2", date(2026, 9, 30), 54)
NONE = DisclosureAge("INF3", None, None)


@pytest.mark.parametrize(
    ("ages", "said"),
    [
        ((OLD, NONE), "Seen through: 97.4 % of the value, by portfolios of 2025-01-31, 661 days old\n"),
        ((NEW, OLD), "97.4 % of the value, by portfolios of 2025-01-31 to 2026-09-30, 54 to 661 days old\n"),
        ((NONE,), "97.4 % of the value\n"),
    ],
    ids=["of one day", "of several days", "of none"],
)
def test_how_old_the_portfolios_are_stands_beside_what_they_let_see(ages: tuple[DisclosureAge, ...], said: str) -> None:
    report = combined_report()
    printed = StringIO()
    report = replace(report, coverage=replace(report.coverage, disclosures=ages))
    print_combined(report, Console(file=printed, width=200))
    assert said in printed.getvalue()
