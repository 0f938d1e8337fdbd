from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.prices import FloatArray, PricePanel
from app.domain.risk_reports import EquityRiskReport, Measure
from tests.unit.risk import oracle
from tests.unit.risk.books import book_of, market, panel_of, position, ranges_of, report_of, whole_bars

CLOSES, INDEX = market()
BARS = whole_bars(CLOSES)
PANEL = panel_of(CLOSES, INDEX, ranges=ranges_of(BARS))
WITHOUT = "have a usable open, high and low, nine in ten are needed"


def without_ranges(panel: PricePanel, days: int, *columns: int) -> PricePanel:
    """The panel with the newest ``days`` of some columns left without a range."""
    ranges = panel.ranges.copy()
    ranges[:, -days:, list(columns)] = np.nan
    return replace(panel, ranges=ranges)


def reported(panel: PricePanel, window: str = "1y", quantities: tuple[float, ...] = ()) -> EquityRiskReport:
    held = [position(s, quantity=q) for s, q in zip(panel.symbols, quantities)] or None
    return report_of(book_of(panel, held), windows=(window,))


def ranged(report: EquityRiskReport) -> Measure:
    (window,) = report.windows.values()
    return window.measures["volatility_range"]


def own(panel: PricePanel, column: int, length: int) -> float:
    bars = pd.DataFrame({name: BARS[name][:, column] for name in BARS})
    return oracle.range_volatilities(bars, length)["yang_zhang"]


def test_one_holding_has_the_books_figure() -> None:
    panel = panel_of(CLOSES[:, :1], INDEX, ranges=PANEL.ranges[:, :, :1])
    assert ranged(reported(panel)).value == pytest.approx(own(panel, 0, 252), rel=1e-10)


def test_a_holding_without_ranges_is_left_out_and_the_others_scaled_to_the_whole() -> None:
    panel = without_ranges(PANEL, 26, 3)
    found = ranged(reported(panel, quantities=(10.0, 20.0, 30.0, 40.0)))
    weights = pd.Series([1 / 6, 1 / 3, 1 / 2])
    returns = pd.DataFrame(PANEL.returns[-252:, :3])
    stretched = pd.Series([own(panel, column, 252) for column in range(3)])
    assert found.value == pytest.approx(oracle.rescaled_volatility(returns, weights, stretched), rel=1e-9)
    assert found.coverage == pytest.approx(60)
    assert found.observations == 252


def test_a_book_without_any_range_says_what_a_fund_lacks() -> None:
    found = ranged(reported(without_ranges(PANEL, 252, 0, 1, 2, 3)))
    assert found.unavailable == "nothing held has an open, high and low: a fund has only a NAV"


def test_the_observations_are_the_fewest_of_any_holding_in_it() -> None:
    found = ranged(reported(without_ranges(PANEL, 25, 1)))
    assert (found.observations, found.coverage) == (227, 100)


def test_ranges_of_less_than_half_of_the_value_give_the_book_none() -> None:
    report = reported(without_ranges(PANEL, 26, 2, 3), quantities=(10.0, 20.0, 30.0, 10.0))
    found = ranged(report)
    assert (found.value, found.rupees) == (None, None)
    assert found.unavailable == (
        "only 43% of the value has a usable open, high and low on 90% of 252 days, 50% is needed"
    )
    (window,) = report.windows.values()
    assert window.measures["volatility"].value is not None


def test_prices_of_closes_alone_give_no_range_anywhere_and_leave_the_rest() -> None:
    report = reported(without_ranges(PANEL, 400, 0, 1, 2, 3), "60d")
    assert str(ranged(report).unavailable).startswith("nothing held has an open, high and low")
    for holding in report.holdings:
        figures = holding.windows["60d"]
        assert figures.range_volatility.yang_zhang is None
        assert figures.range_volatility.unavailable == f"0 of 60 days {WITHOUT}"
        assert figures.unavailable is None
        assert figures.volatility_ewma is not None


@pytest.mark.parametrize(("days", "given_one"), [(25, True), (26, False)])
def test_a_holding_needs_ranges_on_nine_tenths_of_the_days(days: int, given_one: bool) -> None:
    report = reported(without_ranges(PANEL, days, 0))
    found = next(h for h in report.holdings if h.symbol == "A").windows["1y"].range_volatility
    assert (found.parkinson is not None) == given_one
    assert found.observations == 252 - days
    assert found.unavailable == (None if given_one else f"{252 - days} of 252 days {WITHOUT}")


def test_a_suspended_share_has_no_range_volatility_and_says_why() -> None:
    panel = replace(PANEL, suspended=np.array([True, False, False, False]))
    found = next(h for h in reported(panel).holdings if h.symbol == "A").windows["1y"].range_volatility
    assert found.rogers_satchell is None
    assert found.unavailable == "it looks suspended: its risk can't be measured from prices"


def test_without_common_days_the_book_has_no_figure_though_every_holding_has_one() -> None:
    """Every other close is missing in one of eight holdings, in turn."""
    closes, index = market(rows=61, count=8)
    for turn in range(24):
        closes[2 * turn + 1, turn % 8] = np.nan
    report = reported(panel_of(closes, index), "60d")
    assert report.windows["60d"].measures["volatility"].value is not None
    assert {h.windows["60d"].range_volatility.observations for h in report.holdings} == {54}
    reason = "only 12 days on which every holding has a return, 20 are needed"
    assert ranged(report).unavailable == report.windows["60d"].correlation.unavailable == reason


@given(st.floats(1.0, 500.0), st.integers(2, 5))
def test_constant_prices_have_no_volatility_by_any_estimator(price: float, count: int) -> None:
    report = reported(panel_of(np.full((70, count), price)), "60d")
    (window,) = report.windows.values()
    for name in ("volatility", "volatility_ewma", "volatility_range"):
        assert window.measures[name].value == 0
    for holding in report.holdings:
        ranges = holding.windows["60d"].range_volatility
        found = (ranges.yang_zhang, ranges.parkinson, ranges.garman_klass, ranges.rogers_satchell)
        assert found == (0, 0, 0, 0)


def test_a_share_that_never_moves_dilutes_the_book_and_counts_as_covered() -> None:
    closes = np.column_stack([CLOSES[:, :2], np.full(len(CLOSES), 100.0)])
    bars = whole_bars(closes)
    for part in bars.values():
        part[:, 2] = 100.0
    still = panel_of(closes, INDEX, ranges=ranges_of(bars))
    moving = panel_of(closes[:, :2], INDEX, ranges=still.ranges[:, :, :2])
    found, others = ranged(reported(still, quantities=(1.0, 1.0, 2.0))), ranged(reported(moving, quantities=(1.0, 1.0)))
    assert found.coverage == 100
    assert found.value is not None
    assert others.value is not None
    assert found.value == pytest.approx(others.value / 2, rel=1e-12)


def test_a_share_with_ranges_whose_closes_never_move_has_no_correlation_and_is_left_out() -> None:
    closes = np.column_stack([CLOSES[:, :2], np.full(len(CLOSES), 100.0)])
    panel = panel_of(closes, INDEX, ranges=ranges_of(whole_bars(closes)))
    assert ranged(reported(panel, quantities=(1.0, 2.0, 1.0))).coverage == pytest.approx(75)


weights_of_four = st.lists(st.floats(0.1, 100.0), min_size=4, max_size=4)


@given(weights_of_four)
def test_the_book_never_moves_more_than_its_holdings_together(quantities: list[float]) -> None:
    report = reported(PANEL, quantities=tuple(quantities))
    total: FloatArray = np.array(
        [(h.weight or 0.0) / 100 * (h.windows["1y"].range_volatility.yang_zhang or np.nan) for h in report.holdings]
    )
    found = ranged(report).value
    assert found is not None
    assert 0 < found <= total.sum() * (1 + 1e-12)
