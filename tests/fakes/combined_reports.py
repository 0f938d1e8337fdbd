"""Combined reports for tests of the screen: invented, with a stock above its limit and a scenario that gains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date

import numpy as np

from app.domain.combined_reports import (
    CombinedCoverage,
    CombinedExposure,
    CombinedFund,
    CombinedRiskReport,
    CombinedWindow,
    Contribution,
    ContributionKind,
    DisclosureAge,
    DiversificationReport,
    GroupTotal,
    LookThroughRisk,
    OverConcentration,
    ReverseStress,
    ScorePart,
    StockExposure,
    StressMethod,
    StressResult,
    ValueSplit,
)
from app.domain.data_issues import DataIssue, Severity
from app.domain.fund_reports import FundOverlap, FundPart
from app.domain.limits import LimitKind, LimitLevel
from app.domain.risk_reports import WINDOWS, Measure, Share, Unit, WindowReport
from app.domain.scenarios import DEFAULT_SCENARIOS, Scenario, ScenarioEntry, UnclearScenario, check_scenario, merged
from tests.fakes.equity_reports import AS_OF, window_report
from tests.fakes.fund_reports import NAMES, isin

VALUE = 4_696_475.0


def combined_window(window: str) -> CombinedWindow:
    plain = window_report(window)
    weighted = Measure(0.94, Unit.RATIO, None, None, "mean of the holdings' own betas", 252, 98.8)
    measures = {**plain.measures, "beta_weighted": weighted}
    difference: dict[str, float | None] = {key: 0.084 for key in measures if key != "beta_weighted"}
    through = {key: replace(measures[key], value=(measures[key].value or 0.0) + 0.084) for key in difference}
    parts = {name.name: getattr(plain, name.name) for name in fields(WindowReport)} | {"measures": measures}
    return CombinedWindow(**parts, several_days=2, look_through=LookThroughRisk(through, difference, 95.94, 98.8, ()))


def stock(at: int, direct: float, through: float) -> StockExposure:
    parts = (FundPart(isin(0), through * 0.6), FundPart(isin(1), through * 0.4)) if through else ()
    total = direct + through
    return StockExposure(
        f"INE{at:09}", f"SYM{at}", f"Company {at} Ltd.", "Financial Services", direct, through, total, abs(total),
        VALUE * total / 100, parts,
    )  # fmt: skip


def exposure() -> CombinedExposure:
    stocks = (
        stock(0, 14.0, 6.04), stock(1, 9.0, -1.0), stock(2, 0.0, 5.0),
        *(stock(at, 3.0 - at / 20, 0.5) for at in range(3, 20)),
    )  # fmt: skip
    groups = (group("Financial Services", 25.0, 8.0), group("Unclassified", 1.0, 0.0))
    assets = (group("equity", 60.0, 30.0), group("cash", 0.0, 6.0), group("unresolved", 0.0, 4.0))
    both = tuple(one.isin or "" for one in stocks if one.direct and one.through_funds)
    return CombinedExposure(stocks, groups, assets, Share("five", 41.2), Share("ten", 55.0), both, None)


def group(name: str, direct: float, through: float) -> GroupTotal:
    total = direct + through
    return GroupTotal(name, direct, through, total, total, VALUE * total / 100)


def contributions() -> tuple[Contribution, ...]:
    found = []
    for kind in ContributionKind:
        for at in range(12):
            value, risk = 12.0 - at, (12.0 - at) * (1.5 if at == 1 else 1.0)
            name = f"{kind.value} {at}"
            known = None if at == 3 else risk
            found.append(Contribution(kind, name, name, value, known, known and 1e4 * known, known, known))
    return tuple(found)


def stress() -> tuple[StressResult, ...]:
    first, second, third = DEFAULT_SCENARIOS[0], DEFAULT_SCENARIOS[2], DEFAULT_SCENARIOS[3]
    beta, replay = StressMethod.BETA_AND_SECTOR, StressMethod.REPLAY
    detail = "Nifty 50 -59.9 %; shares by their betas"
    return (
        StressResult(
            third.key, third.name, beta, detail, 4.6, 2e5, 1.4e5, 6e4, None, None, 100.0, 2.5, 0.0, "round", None
        ),
        StressResult(
            first.key, first.name, beta, detail, 55.0, 2.3e6, 1.7e6, 6e5, None, None, 98.0, 2.5, 1.5, "NSE", None
        ),
        StressResult(
            second.key, second.name, replay, "today's holdings", -0.4, -2e4, -2e4, 0.0, 1.2, date(2024, 6, 4), 97.0,
            0.0, 0.0, "", None,
        ),
        StressResult(
            "gone", "No prices", replay, "", None, None, None, None, None, None, 0.0, 0.0, 0.0, "", "no price"
        ),
    )  # fmt: skip


def reverse_stress() -> tuple[ReverseStress, ...]:
    warning, critical = LimitLevel.WARNING, LimitLevel.CRITICAL
    none = "no fall of the market does it"
    return (
        ReverseStress(LimitKind.VALUE_AT_RISK, warning, 5.0, None, 5.443, "at once", 98.5, None),
        ReverseStress(LimitKind.DRAWDOWN, critical, 25.0, None, 0.0, "", 98.5, None),
        ReverseStress(LimitKind.STOCK, warning, 20.0, "Company 0 Ltd.", 91.0, "its weight after the fall", 97.4, None),
        ReverseStress(LimitKind.SECTOR, warning, 40.0, None, None, "", 97.4, none),
    )


def combined_fund(at: int) -> CombinedFund:
    on = None if at == 1 else date(2026, 9, 30)
    why = None if on else "no portfolio of it is stored"
    age = 54 if on else None
    return CombinedFund(isin(at), isin(at), NAMES[at], None, 5e5, 10.6, AS_OF, on, age, 94.0, 1.8, why)


def combined_report(windows: tuple[str, ...] = ("1y",)) -> CombinedRiskReport:
    parts = (
        ScorePart("holdings", 18.6, 86.0, "30 equal ones earn 100"),
        ScorePart("overlap", 0.276, 72.4, "no overlap earns 100"),
        ScorePart("ratio", None, None, "2 earns 100"),
    )
    blank = np.empty((0, 0))
    return CombinedRiskReport(
        scope="combined",
        as_of=AS_OF,
        book_as_of=AS_OF,
        computed_at="2026-11-23T08:00:00+00:00",
        currency="INR",
        value=VALUE,
        value_split=ValueSplit(VALUE * 0.6, VALUE * 0.4, 60.0, 40.0, AS_OF, AS_OF, ()),
        sample_data=False,
        benchmark="NIFTY 50",
        risk_free=6.0,
        horizon_days=1,
        windows={window: combined_window(window) for window in windows},
        exposure=exposure(),
        over_concentrations=(
            OverConcentration(
                LimitKind.STOCK, "Company 0 Ltd.", "INE000000000", 20.04, 14.0, 6.04, 20.0, LimitLevel.WARNING, 1_878.6
            ),
        ),
        overlap=FundOverlap((), (), blank, blank, "", ()),
        contribution_window=windows[-1],
        contributions=contributions(),
        diversification=DiversificationReport(79.2, parts, "1y", None),
        stress=stress(),
        reverse_stress=reverse_stress(),
        coverage=CombinedCoverage(99.2, 97.4, 88.0, 91.0, (DisclosureAge(isin(0), date(2026, 9, 30), 54),)),
        funds=(combined_fund(0), combined_fund(1)),
        data_issues=(DataIssue("no_disclosure", Severity.WARNING, isin(1), "No portfolio.", "Upload it."),),
    )


def empty_combined_report(windows: tuple[str, ...] = ("1y",)) -> CombinedRiskReport:
    reason = "nothing has a value"
    return replace(
        combined_report(windows),
        as_of=None,
        book_as_of=None,
        value=None,
        value_split=ValueSplit(None, None, None, None, None, None, ()),
        exposure=CombinedExposure((), (), (), None, None, (), reason),
        over_concentrations=(),
        contribution_window=None,
        contributions=(),
        diversification=DiversificationReport(None, (), None, reason),
        stress=(),
        reverse_stress=(),
        coverage=CombinedCoverage(0.0, 0.0, None, None, ()),
        funds=(),
        data_issues=(),
    )


TODAY = date(2026, 11, 20)


@dataclass
class FakeCombined:
    """Answers with what it was given; keeps scenarios as the real one does. Counts the reports."""

    report_of: CombinedRiskReport | Exception | None = None
    written: dict[str, Scenario] = field(default_factory=dict)
    reports_asked: int = 0

    def report(
        self, windows: Sequence[str] | None = None, as_of: date | None = None, horizon_days: int = 1
    ) -> CombinedRiskReport:
        self.reports_asked += 1
        if isinstance(self.report_of, Exception):
            raise self.report_of
        return self.report_of or combined_report(tuple(windows or WINDOWS))

    def scenarios(self) -> tuple[ScenarioEntry, ...]:
        return merged(self.written)

    def write_scenario(self, scenario: Scenario) -> None:
        self.written[scenario.key] = check_scenario(scenario, TODAY)

    def delete_scenario(self, key: str) -> None:
        if self.written.pop(key, None) is None:
            raise UnclearScenario("Nothing was written.", "")
