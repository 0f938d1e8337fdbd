from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.data_issues import DataIssue, Severity
from app.domain.risk_reports import EquityRiskReport
from app.domain.securities import MatchKind
from app.domain.serialise import to_json
from app.risk.equity_measures import SUSPENDED
from app.risk.equity_report import Book, compute_series
from app.risk.positions import Position
from tests.unit.risk.books import book_of, market, panel_of, position, report_of

CLOSES, INDEX = market(count=6)
PANEL = panel_of(CLOSES, INDEX)
SYMBOLS = PANEL.symbols


def figures(report: EquityRiskReport) -> dict[str, float | None]:
    """Every portfolio figure of a report that does not count rupees, by its path."""
    found: dict[str, float | None] = {}
    for window, own in report.windows.items():
        found |= {f"{window} {name}": measure.value for name, measure in own.measures.items()}
        found[f"{window} coverage"] = own.coverage
        found[f"{window} drawdown"] = own.drawdown.today if own.drawdown else None
    found["effective"] = report.concentration.effective_holdings
    found["largest"] = report.concentration.largest_stock.value if report.concentration.largest_stock else None
    return found


def assert_same(one: EquityRiskReport, other: EquityRiskReport) -> None:
    expected = figures(other)
    for name, value in figures(one).items():
        if value is None or expected[name] is None:
            assert value == expected[name], name
        else:
            assert value == pytest.approx(expected[name], rel=1e-9, abs=1e-9), name


def book(quantities: list[float], order: list[int] | None = None) -> Book:
    """Positions of the columns of the market, in any order, the panel beside them."""
    places = list(range(len(quantities))) if order is None else order
    held = [position(SYMBOLS[k], quantity=quantities[k], sector=f"Sector {k % 2}") for k in places]
    return book_of(panel_of(CLOSES[:, places], INDEX, symbols=tuple(SYMBOLS[k] for k in places)), held)


def year(owned: Book) -> EquityRiskReport:
    """One window is enough where a thousand books are compared."""
    return report_of(owned, windows=("1y",))


amounts = st.lists(st.integers(1, 1000).map(float), min_size=6, max_size=6)
cheap = settings(max_examples=60, deadline=None)
thorough = settings(max_examples=1000, deadline=None)


@thorough
@given(amounts, st.permutations(range(6)))
def test_the_order_of_holdings_changes_nothing(quantities: list[float], order: list[int]) -> None:
    assert_same(year(book(quantities, order)), year(book(quantities)))


@thorough
@given(amounts, st.integers(0, 5))
def test_a_holding_of_no_shares_changes_nothing(quantities: list[float], place: int) -> None:
    with_none = [0.0 if k == place else quantity for k, quantity in enumerate(quantities)]
    without = [k for k in range(6) if k != place]
    assert_same(year(book(with_none)), year(book(quantities, without)))


@thorough
@given(amounts, st.sampled_from([0.001, 0.5, 7.0, 1e6]))
def test_scaling_all_quantities_scales_rupees_alone(quantities: list[float], factor: float) -> None:
    usual, scaled = year(book(quantities)), year(book([factor * quantity for quantity in quantities]))
    assert_same(scaled, usual)
    assert scaled.value == pytest.approx(factor * (usual.value or 0), rel=1e-12)
    for name, measure in scaled.windows["1y"].measures.items():
        rupees = usual.windows["1y"].measures[name].rupees
        assert measure.rupees == (None if rupees is None else pytest.approx(factor * rupees, rel=1e-9, abs=1e-9))


@cheap
@given(amounts, st.integers(0, 5), st.floats(0.1, 0.9))
def test_holding_one_share_in_two_parts_changes_no_measure_of_returns(
    quantities: list[float], place: int, part: float
) -> None:
    halves = [*quantities, quantities[place] * (1 - part)]
    halves[place] *= part
    columns = [*range(6), place]
    twice = book_of(panel_of(CLOSES[:, columns], INDEX), [position(f"P{k}", quantity=halves[k]) for k in range(7)])
    usual, parted = report_of(book(quantities)), report_of(twice)
    for window in usual.windows:
        for name, measure in usual.windows[window].measures.items():
            found = parted.windows[window].measures[name].value
            assert found == (None if measure.value is None else pytest.approx(measure.value, rel=1e-9, abs=1e-9)), name


@thorough
@given(amounts)
def test_a_deeper_level_never_loses_less_and_shortfall_never_less_than_var(quantities: list[float]) -> None:
    for own in report_of(book(quantities)).windows.values():
        found = {name: measure.value for name, measure in own.measures.items() if measure.value is not None}
        for kind in ("var_historical", "var_parametric", "var_cornish_fisher", "var_monte_carlo", "cvar"):
            if f"{kind}_95" in found and f"{kind}_99" in found:
                assert found[f"{kind}_99"] >= found[f"{kind}_95"]
        for part in {"95", "99"} & {name[-2:] for name in found if name.startswith("cvar")}:
            assert found[f"cvar_{part}"] >= found[f"var_historical_{part}"] - 1e-12


# Every report can be read by a machine, and nothing is missing in silence.

PRICELESS = [position(symbol, last_price=None) for symbol in "AB"]
NOTHING = panel_of(np.full((260, 2), np.nan), INDEX)
GAPPY = CLOSES.copy()
GAPPY[40:240:3, 0], GAPPY[:200, 1] = np.nan, np.nan
BOOKS = {
    "empty": Book((), None, "none", False, panel_of(np.empty((0, 0))), ()),
    "empty with prices": book_of(panel_of(np.empty((260, 0)), INDEX)),
    "one holding": book_of(panel_of(CLOSES[:, :1], INDEX)),
    "no prices": book_of(NOTHING, PRICELESS),
    "no prices but quotes": book_of(NOTHING),
    "zero value": book_of(panel_of(CLOSES[:, :2], INDEX), [position(symbol, quantity=0.0) for symbol in "AB"]),
    "one row": book_of(panel_of(CLOSES[:1, :2], INDEX[:1])),
    "no rows": book_of(panel_of(np.empty((0, 2)))),
    "no index": book_of(panel_of(CLOSES[:, :3])),
    "constant": book_of(panel_of(np.full((260, 3), 50.0), INDEX)),
    "one constant": book_of(panel_of(np.column_stack([CLOSES[:, :2], np.full(260, 50.0)]), INDEX)),
    "constant index": book_of(panel_of(CLOSES, np.full(260, 20_000.0))),
    "gaps": book_of(panel_of(GAPPY, INDEX)),
    "short": book_of(panel_of(CLOSES[-70:], INDEX[-70:])),
    "suspended": book_of(panel_of(CLOSES, INDEX, suspended=np.arange(6) < 3)),
    "usual": book_of(PANEL),
}
FREE = {"isin", "average_price", "pnl", "recovered_date", "rupees"}
"""May be missing for reasons the field next to it shows: no cost, not recovered, a ratio."""


def missing(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every null of a JSON document with the object it stands in."""
    if isinstance(node, dict):
        for name, value in node.items():
            if value is None and name not in FREE and not name.startswith("unavailable"):
                yield f"{path}.{name}", node
            yield from missing(value, f"{path}.{name}")
    elif isinstance(node, list):
        for place, value in enumerate(node):
            if value is None:
                yield f"{path}[{place}]", node
            yield from missing(value, f"{path}[{place}]")


@pytest.mark.parametrize("horizon", [1, 10])
@pytest.mark.parametrize("name", BOOKS)
def test_every_missing_figure_has_its_reason_beside_it(name: str, horizon: int) -> None:
    report = orjson.loads(to_json(report_of(BOOKS[name], horizon=horizon)))
    codes = {(issue["code"], issue["subject"]) for issue in report["data_issues"]}
    for path, owner in missing(report):
        if (".windows." in path and "unavailable" in owner) or path.startswith(".liquidity"):
            assert owner["unavailable"], path
        elif path.endswith((".price", ".price_as_of", ".value", ".weight")) and ".holdings[" in path:
            assert ("not_valued", owner["symbol"]) in codes or owner["value"] == 0, path
        else:
            assert path in {
                ".as_of", ".book_as_of", ".value", ".benchmark",
                *(f".concentration.{field}" for field in ("largest_stock", "largest_sector", "top5")),
                ".concentration.effective_holdings",
                *(f".windows.{window}.{field}" for window in report["windows"]
                  for field in ("drawdown", "from_date", "to_date")),
            }, path  # fmt: skip


@pytest.mark.parametrize("name", BOOKS)
def test_json_has_the_figures_of_the_report_and_never_nan(name: str) -> None:
    report = report_of(BOOKS[name])
    text = to_json(report)
    assert b"NaN" not in text
    assert b"Infinity" not in text
    read = orjson.loads(text)
    assert orjson.loads(orjson.dumps(read)) == read
    for window, own in report.windows.items():
        assert read["windows"][window]["measures"] == orjson.loads(
            orjson.dumps({key: asdict(measure) for key, measure in own.measures.items()})
        )
        assert read["windows"][window]["correlation"]["matrix"] == own.correlation.matrix.tolist()
        for measure in own.measures.values():
            assert (measure.value is None) == (measure.unavailable is not None)
            assert measure.value is None or np.isfinite(measure.value)


def test_an_empty_book_has_no_value_and_no_measure() -> None:
    report = report_of(BOOKS["empty"])
    assert (report.value, report.as_of, report.holdings) == (None, None, ())
    assert {own.measures["volatility"].unavailable for own in report.windows.values()} == {"no holding has a value"}


def test_one_holding_has_measures_and_no_correlation() -> None:
    own = report_of(BOOKS["one holding"]).windows["1y"]
    assert own.measures["volatility"].value is not None
    assert own.correlation.symbols == ()
    assert own.correlation.unavailable == "needs two holdings with enough history that move"


def test_a_share_that_never_moves_is_not_in_the_matrix_and_says_why_it_has_no_correlation() -> None:
    report = report_of(BOOKS["one constant"])
    assert report.windows["1y"].correlation.symbols == ("A", "B")
    assert report.windows["1y"].correlation.matrix.shape == (2, 2)
    own = next(found for found in report.holdings if found.symbol == "C").windows["1y"]
    assert (own.volatility, own.beta, own.correlation_nifty) == (0, 0, None)
    assert own.unavailable == "the returns do not vary"


def test_correlation_needs_days_on_which_every_share_has_a_return() -> None:
    sparse = CLOSES[:, :3].copy()
    for column in range(3):
        sparse[200 + 2 * column :: 20, column] = np.nan
    own = report_of(book_of(panel_of(sparse, INDEX), [position(s) for s in "ABC"]), windows=("60d",)).windows["60d"]
    complete = np.isfinite(np.diff(sparse[-61:], axis=0)).all(axis=1).sum()
    assert own.correlation.observations == complete


def test_the_worst_fall_is_dated_by_the_days_of_peak_trough_and_recovery() -> None:
    closes = np.full(261, 100.0)
    closes[100:120], closes[120:130], closes[130:] = 120.0, 90.0, 130.0
    closes[-1] = 117.0
    report = report_of(book_of(panel_of(closes[:, None], None)))
    days = panel_of(closes[:, None]).days
    found = report.windows["1y"].drawdown
    assert found is not None
    assert found.max == pytest.approx(25)
    assert found.today == pytest.approx(10)
    assert (found.peak_date, found.trough_date, found.recovered_date) == (days[119], days[120], days[130])


def test_windows_come_from_short_to_long_and_only_those_asked_for() -> None:
    report = report_of(BOOKS["usual"], windows=("1y", "60d"))
    assert list(report.windows) == ["60d", "1y"]
    assert all(list(found.windows) == ["60d", "1y"] for found in report.holdings)
    assert report.windows["60d"].from_date == PANEL.days[-60]


def test_holdings_come_largest_first_with_profit_and_weight() -> None:
    held = [position("A", quantity=1.0), position("B", quantity=3.0, average_price=None)]
    report = report_of(book_of(panel_of(CLOSES[:, :2], INDEX), held))
    assert [found.symbol for found in report.holdings] == ["B", "A"]
    assert [found.weight for found in report.holdings] == [75, 25]
    assert [found.pnl for found in report.holdings] == [None, 10]


def test_an_earlier_day_is_valued_at_its_closes() -> None:
    report = report_of(BOOKS["one holding"], as_of=date(2025, 9, 17))
    assert report.value == pytest.approx(10 * CLOSES[-1, 0])
    assert not [issue for issue in report.data_issues if issue.code == "stale_prices"]


@pytest.mark.parametrize(
    ("held", "code", "severity"),
    [
        (position("A", matched_by=MatchKind.NONE), "unknown_security", Severity.WARNING),
        (position("A", matched_by=MatchKind.ISIN_CHANGE), "matched_indirectly", Severity.INFO),
        (position("A", matched_by=MatchKind.ISSUER_PREFIX), "matched_indirectly", Severity.INFO),
        (position("A", matched_by=MatchKind.SYMBOL_CHANGE), "matched_indirectly", Severity.INFO),
        (position("A", matched_by=MatchKind.SERIES_SUFFIX), "matched_indirectly", Severity.INFO),
        (position("A", mtf_quantity=5.0), "margin_funded", Severity.WARNING),
    ],
)
def test_what_is_not_certain_about_a_holding_is_said(held: Position, code: str, severity: Severity) -> None:
    report = report_of(book_of(panel_of(CLOSES[:, :1], INDEX), [held]))
    assert [(issue.code, issue.severity) for issue in report.data_issues if issue.subject == "A"] == [(code, severity)]


@pytest.mark.parametrize("match", [MatchKind.ISIN, MatchKind.SYMBOL])
def test_a_certain_match_needs_no_word(match: MatchKind) -> None:
    held = [position("A", matched_by=match)]
    assert report_of(book_of(panel_of(CLOSES[:, :1], INDEX), held)).data_issues == ()


def test_what_is_left_out_is_named_with_its_windows_and_issues_come_worst_first() -> None:
    closes = CLOSES.copy()
    closes[:-70, 5] = np.nan
    held = [position(symbol, matched_by=MatchKind.NONE if symbol == "A" else MatchKind.ISIN) for symbol in SYMBOLS]
    report = report_of(book_of(panel_of(closes), held))
    (short,) = [issue for issue in report.data_issues if issue.code == "short_history"]
    assert (short.subject, "for 90d, 1y:" in short.message) == ("F", True)
    assert report.data_issues[0].code == "no_benchmark"
    ranks = [list(Severity).index(issue.severity) for issue in report.data_issues]
    assert ranks == sorted(ranks, reverse=True)


def test_a_share_left_out_because_it_is_suspended_is_told_that_and_not_a_short_history() -> None:
    closes = CLOSES.copy()
    closes[-30:, 5] = np.nan
    panel = panel_of(closes, INDEX)
    suspended = DataIssue("suspended", Severity.CRITICAL, "F", "Its prices end.")
    report = report_of(replace(book_of(panel), price_issues=(suspended,)))
    codes = {issue.code: issue.message for issue in report.data_issues if issue.subject == "F"}
    assert set(codes) == {"suspended", "suspended_left_out"}
    assert codes["suspended_left_out"].startswith("It looks suspended, for 60d, 90d, 1y: left out")
    (held,) = [holding for holding in report.holdings if holding.symbol == "F"]
    assert held.windows["60d"].unavailable == SUSPENDED


def test_an_empty_book_is_told_with_the_remedy() -> None:
    (found, *others) = report_of(book_of(panel_of(np.empty((0, 0))), ())).data_issues
    assert (found.code, found.severity) == ("empty_book", Severity.CRITICAL)
    assert "import holdings FILE" in found.remedy
    assert "empty_book" not in {issue.code for issue in others}


def test_old_prices_are_named() -> None:
    panel = replace(PANEL, days=PANEL.days - np.timedelta64(28, "D"))
    (found,) = report_of(book_of(panel)).data_issues
    assert (found.code, "about 20 trading days old" in found.message) == ("stale_prices", True)
    assert found.severity is Severity.WARNING


@pytest.mark.parametrize(("weeks", "severity"), [(12, Severity.WARNING), (13, Severity.CRITICAL)])
def test_prices_that_ended_before_the_shortest_window_began_are_critical(weeks: int, severity: Severity) -> None:
    panel = replace(PANEL, days=PANEL.days - np.timedelta64(7 * weeks, "D"))
    (found,) = report_of(book_of(panel)).data_issues
    assert (found.code, found.severity) == ("stale_prices", severity)


@pytest.mark.parametrize("name", BOOKS)
@pytest.mark.parametrize("window", ["60d", "1y"])
def test_charts_draw_the_returns_of_the_report(name: str, window: str) -> None:
    series, own = compute_series(BOOKS[name], window), report_of(BOOKS[name]).windows[window]
    known = series.returns[np.isfinite(series.returns)]
    assert len(series.days) == len(series.returns) == len(series.benchmark) == len(series.drawdown)
    assert (own.observations, int(series.histogram_counts.sum())) == (len(known), len(known))
    assert series.unavailable == own.measures["volatility"].unavailable
    if own.measures["volatility"].value is not None:
        assert known.std(ddof=1) * np.sqrt(252) == pytest.approx(own.measures["volatility"].value, abs=1e-9)
        assert series.days[-1] == str(own.to_date)
