"""The combined report of shares and funds from a warm store, against that of the shares alone."""

from __future__ import annotations

from app.domain.serialise import to_json
from app.risk.CombinedRiskAnalyzer import CombinedRiskAnalyzer
from app.risk.fund_loading import FundChoices
from app.risk.MFRiskCalculator import MFRiskCalculator
from benchmarks.agreement import TOLERANCE, Disagreement, check_equal
from benchmarks.funds import store_funds
from benchmarks.market import NOW
from benchmarks.scene import Scene
from benchmarks.timing import Candidate, Comparison

FUNDS, NAMES = 20, 250
SEEN = 99.0
"""Percent of the value that must be looked through, or the comparison would be of nothing."""
MOST = 20
"""Times the equity report that the combined one may take."""


def build(scene: Scene) -> Comparison:
    """Each NAV is made of the fund's own holdings, so that both ways through the book must agree."""
    with scene.database.transaction() as connection:
        lines = store_funds(connection, scene.market, FUNDS, NAMES)
    equity = scene.calculator()
    funds = MFRiskCalculator(scene.database, scene.options, FundChoices(None, {}), lambda: NOW)
    analyzer = CombinedRiskAnalyzer(scene.database, scene.options, equity, funds, None, lambda: NOW)
    report = analyzer.report()
    pairs = [
        (found.measures[name].value, found.look_through.measures[name].value)
        for found in report.windows.values()
        for name in ("volatility", "beta", "var_historical_95", "cvar_95", "max_drawdown")
    ]
    if report.coverage.look_through < SEEN:
        raise Disagreement(f"only {report.coverage.look_through:.1f} % of the book is looked through")
    count = check_equal("look-through", [own for own, _ in pairs], [seen for _, seen in pairs])
    return Comparison(
        f"Combined: {scene.scale.held} shares + {FUNDS} funds, {lines:,} lines, over Postgres, to JSON",
        (
            Candidate("this app, report of the shares alone", lambda: to_json(equity.report())),
            Candidate("this app, combined report", lambda: to_json(analyzer.report()), limit=MOST),
        ),
        f"{count} figures by NAV and by look-through equal to {TOLERANCE:g}.",
    )
