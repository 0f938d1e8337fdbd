from __future__ import annotations

from dataclasses import replace

import pytest

from app.api.funds_panels import fund_rows
from app.domain.fund_reports import FundReport, Style
from tests.fakes.fund_reports import mf_report

REPORT = mf_report()


def beside_amfi(fund: FundReport) -> list[str]:
    (row,) = fund_rows(replace(REPORT, funds=(fund,)), "1y")
    return [fact.value for fact in row.method if fact.name == "Tracking error beside AMFI's"]


@pytest.mark.parametrize(("is_within", "verdict"), [(True, "within"), (False, "outside")])
def test_an_index_fund_says_whether_its_tracking_error_agrees_with_the_official_one(
    is_within: bool, verdict: str
) -> None:
    (fund,) = (one for one in REPORT.funds if one.style is Style.INDEX)
    assert fund.tracking.agreement is not None
    known = replace(fund.tracking, agreement=replace(fund.tracking.agreement, within=is_within))
    (said,) = beside_amfi(replace(fund, tracking=known))
    assert f"{verdict} -0.10 to +0.10 points of it." in said


def test_a_fund_without_an_official_figure_says_nothing_of_it() -> None:
    assert beside_amfi(next(one for one in REPORT.funds if one.style is Style.ACTIVE)) == []
