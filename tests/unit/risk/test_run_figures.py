from __future__ import annotations

import orjson
import pytest

from app.domain.risk_runs import NO_WINDOW, RunMeasure
from app.domain.serialise import to_json
from app.risk.run_figures import figures_of, measures_of
from tests.unit.risk import combined
from tests.unit.risk.books import OPTIONS, book_of, market, panel_of
from tests.unit.risk.books import report_of as equity_report
from tests.unit.risk.funds import fund_book, lines_of
from tests.unit.risk.test_fund_report import book_of_three
from tests.unit.risk.test_fund_report import report_of as mf_report

OWNED = combined.book({"ALPHA": 400.0, "BETA": 100.0}, [combined.Fund({"ALPHA": 60.0, "GAMMA": 40.0}, 500.0, 1)])
REPORT = combined.report_of(OWNED)
WHOLE = {
    "diversification_score", "top5", "top10", "coverage_prices", "coverage_look_through", "coverage_sectors",
    "coverage_constituents",
}  # fmt: skip


def whole(rows: tuple[RunMeasure, ...]) -> dict[str, RunMeasure]:
    return {row.name: row for row in rows if row.window == NO_WINDOW}


def test_the_look_through_and_what_is_of_the_whole_report_are_kept_beside_the_measures() -> None:
    rows = measures_of(REPORT)
    found = {(row.window, row.name): row for row in rows}
    seen = REPORT.windows["60d"].look_through.measures["var_historical_95"]
    kept = found["60d", "look_through_var_historical_95"]
    assert (kept.value, kept.rupees, kept.observations) == (seen.value, seen.rupees, seen.observations)
    figures = whole(rows)
    assert figures.keys() == WHOLE
    assert figures["diversification_score"].value == REPORT.diversification.score
    assert REPORT.exposure.top5 is not None
    assert figures["top5"].value == REPORT.exposure.top5.value
    assert figures["coverage_look_through"].value == REPORT.coverage.look_through


@pytest.mark.parametrize(
    "rows",
    [
        measures_of(REPORT),
        measures_of(mf_report(book_of_three())),
        measures_of(mf_report(fund_book([], lines_of()))),
        measures_of(equity_report(book_of(panel_of(*market())), OPTIONS)),
    ],
    ids=["combined", "mf", "nothing", "equity"],
)
def test_every_figure_has_a_value_or_a_reason_and_a_name_of_its_own(rows: tuple[RunMeasure, ...]) -> None:
    assert all((row.value is None) == bool(row.unavailable) for row in rows)
    assert len({(row.window, row.name) for row in rows}) == len(rows)


def test_the_funds_and_the_shares_alone_have_theirs() -> None:
    assert whole(measures_of(mf_report(book_of_three()))).keys() == WHOLE
    shares = whole(measures_of(equity_report(book_of(panel_of(*market())), OPTIONS)))
    assert shares.keys() == {"top5", "coverage_prices"}


def test_a_report_over_some_windows_alone_has_no_figure_of_the_whole() -> None:
    """The score is of the longest window: another one's would be another measure."""
    assert whole(measures_of(combined.report_of(OWNED, windows=("60d",)))) == {}


def test_every_number_of_a_report_has_a_place_of_its_own_that_no_order_moves() -> None:
    report = orjson.loads(to_json(REPORT))
    found = figures_of(report)
    assert found["windows.1y.measures.volatility.value"] == REPORT.windows["1y"].measures["volatility"].value
    assert found["windows.1y.look_through.measures.cvar_95.rupees"] is not None
    assert found["diversification.score"] == REPORT.diversification.score
    assert {place.split(".")[0].split("[")[0] for place in found} >= {
        "value", "windows", "exposure", "contributions", "stress", "reverse_stress", "coverage", "overlap", "funds",
    }  # fmt: skip
    turned = {name: part[::-1] if name in {"contributions", "stress"} else part for name, part in report.items()}
    assert figures_of(turned) == found


def test_records_that_are_called_alike_are_told_by_their_number() -> None:
    assert figures_of({"lines": [{"name": "Cash", "value": 1.0}, {"name": "Cash", "value": 2}]}) == {
        "lines[0].value": 1.0,
        "lines[1].value": 2,
    }
    assert figures_of({"matrix": [[1.0, None], [True, "x"]], "data_issues": [1]}) == {
        "matrix[0][0]": 1.0,
        "matrix[0][1]": None,
    }
