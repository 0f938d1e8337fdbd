"""The report of the funds in the book: the shape of the combined report, without shares held directly.

As in ``risk_reports``: percent is percent, rupees are rupees, losses are positive, missing is None with the reason
beside it. Percentages of exposure, contributions, stress and coverage are of the value of all funds that have one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.domain.combined_reports import (
    CombinedCoverage,
    CombinedExposure,
    Contribution,
    DiversificationReport,
    StressResult,
)
from app.domain.data_issues import DataIssue
from app.domain.fund_reports import FundConcentration, FundCosts, FundOverlap, FundReport, SecurityExposure
from app.domain.risk_reports import RiskReport, WindowReport


@dataclass(frozen=True)
class FundExposure(CombinedExposure):
    """What all funds together hold, nothing of it ``direct``.

    ``securities`` are all that are looked through, whatever their kind, ordered by size; ``shared`` are the keys of
    shares in several. Net securities and ``remainder`` make 100: it is what no disclosure explains, all of a fund
    without one included.
    """

    securities: tuple[SecurityExposure, ...]
    shared: tuple[str, ...]
    remainder: float


@dataclass(frozen=True)
class FundCoverage(CombinedCoverage):
    """Percent of the value of all funds: ``navs`` (as ``prices``) with NAVs for the longest window, ``disclosed`` with
    a portfolio, ``identified`` (as ``look_through``) in known securities.

    ``oldest`` is the day of the oldest portfolio used, ``uncovered`` the ISINs of funds without one.
    """

    navs: float
    disclosed: float
    identified: float
    oldest: date | None
    uncovered: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class MFRiskReport(RiskReport):
    """The report of the funds. ``as_of`` is the day of the newest NAV used, ``book_as_of`` of the holdings.

    ``contribution_window`` is the window whose risk ``contributions`` divide; their sum is that of its measures.
    """

    windows: dict[str, WindowReport]
    exposure: FundExposure
    overlap: FundOverlap
    concentration: FundConcentration
    contribution_window: str | None
    contributions: tuple[Contribution, ...]
    diversification: DiversificationReport
    stress: tuple[StressResult, ...]
    costs: FundCosts
    coverage: FundCoverage
    funds: tuple[FundReport, ...]
    data_issues: tuple[DataIssue, ...]
