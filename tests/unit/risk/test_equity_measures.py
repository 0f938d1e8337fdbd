from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
import pandas as pd
import pytest

from app.domain.prices import FloatArray
from app.domain.risk_reports import Measure, Unit
from app.measures.simulation import filtered_bootstrap
from app.risk.equity_measures import PARTS, RiskOptions, build_portfolio
from tests.unit.risk import oracle
from tests.unit.risk.books import OPTIONS, book_of, market, panel_of, position, ranges_of, report_of, whole_bars

CLOSES, INDEX = market()
VALUED = [position(symbol, quantity=quantity) for symbol, quantity in zip("ABCD", (5.0, 10.0, 20.0, 65.0), strict=True)]
PRICED = [position(symbol, last_price=100.0) for symbol in "ABCD"]


def measured(
    closes: FloatArray = CLOSES,
    index: FloatArray | None = INDEX,
    window: str = "1y",
    horizon: int = 1,
    options: RiskOptions = OPTIONS,
) -> dict[str, Measure]:
    report = report_of(book_of(panel_of(closes, index)), options, horizon, (window,))
    return report.windows[window].measures


def value_of(measure: Measure) -> float:
    assert measure.unavailable is None
    assert measure.value is not None
    return measure.value


@pytest.mark.parametrize(("window", "length"), [("60d", 60), ("90d", 90), ("1y", 252)])
def test_every_measure_agrees_with_a_second_writing(window: str, length: int) -> None:
    bars = whole_bars(CLOSES)
    report = report_of(book_of(panel_of(CLOSES, INDEX, ranges=ranges_of(bars)), VALUED))
    returns = pd.DataFrame(CLOSES, columns=list("ABCD")).pct_change(fill_method=None).iloc[-length:]
    weights = pd.Series([0.05, 0.1, 0.2, 0.65], index=list("ABCD"))
    moves = pd.Series(INDEX).pct_change(fill_method=None).iloc[-length:]
    own = {
        symbol: oracle.range_volatilities(pd.DataFrame({name: bars[name][:, k] for name in bars}), length)
        for k, symbol in enumerate("ABCD")
    }
    stretched = pd.Series({symbol: figures["yang_zhang"] for symbol, figures in own.items()})
    expected = oracle.measures(returns, weights, moves)
    expected["volatility_range"] = oracle.rescaled_volatility(returns, weights, stretched)
    found = report.windows[window].measures
    assert set(found) == set(expected)
    for holding in report.holdings:
        for name, value in own[holding.symbol].items():
            assert getattr(holding.windows[window].range_volatility, name) == pytest.approx(value, rel=1e-9), name
    for name, value in expected.items():
        assert (found[name].value is None) == np.isnan(value), name
        if found[name].value is not None:
            assert found[name].value == pytest.approx(value, rel=0, abs=1e-9), name


def test_losses_are_percent_of_the_value_and_rupees_of_all_of_it() -> None:
    report = report_of(book_of(panel_of(CLOSES, INDEX)))
    assert report.value == 4000
    for name, measure in report.windows["1y"].measures.items():
        if measure.unit is Unit.RATIO:
            assert measure.rupees is None, name
        else:
            assert measure.rupees == pytest.approx(value_of(measure) / 100 * 4000), name


@pytest.mark.parametrize("name", ["var_historical_99", "cvar_99", "var_monte_carlo_99"])
@pytest.mark.parametrize(("window", "length"), [("60d", 60), ("90d", 90)])
def test_a_thin_sample_has_no_empirical_99_percent_figure(name: str, window: str, length: int) -> None:
    found = measured(window=window)[name]
    assert (found.value, found.rupees) == (None, None)
    assert found.unavailable == f"99% needs at least 100 returns, this window has {length}"


def test_a_window_longer_than_the_history_has_no_measure_at_all() -> None:
    found = measured(CLOSES[-200:], INDEX[-200:])
    assert {measure.value for measure in found.values()} == {None}
    assert {measure.unavailable for measure in found.values()} == {
        "no holding has 90% of the 252 returns of this window"
    }
    assert value_of(measured(CLOSES[-200:], INDEX[-200:], "90d")["volatility"]) > 0


def test_less_than_half_of_the_value_covered_gives_no_measure() -> None:
    closes = CLOSES.copy()
    closes[:-50, 3] = np.nan
    report = report_of(book_of(panel_of(closes, INDEX), VALUED))
    reasons = {measure.unavailable for measure in report.windows["1y"].measures.values()}
    assert reasons == {"only 35% of the value has enough history, 50% is needed"}
    assert report.windows["1y"].left_out == ("D",)


def test_half_of_the_value_covered_is_enough() -> None:
    closes = CLOSES.copy()
    closes[:-50, 2:] = np.nan
    found = measured(closes)["volatility"]
    assert value_of(found) > 0
    assert found.coverage == pytest.approx(50)


def test_days_without_a_portfolio_return_can_make_a_window_too_short() -> None:
    closes = CLOSES.copy()
    for column, start in enumerate((10, 40, 70, 100)):
        closes[start : start + 20, column] = np.nan
    closes[[150, 155, 160], 2:] = np.nan
    assert value_of(measured(closes)["volatility"]) > 0
    empty = CLOSES.copy()
    empty[20:60:2, :3] = np.nan
    report = report_of(book_of(panel_of(empty, INDEX)))
    assert report.windows["1y"].measures["volatility"].value is None


def test_a_missing_index_makes_only_what_needs_it_unavailable() -> None:
    usual, without = measured(), measured(index=None)
    for name, found in without.items():
        if name in {"beta", "correlation_nifty", "r_squared"}:
            assert (found.value, found.unavailable) == (None, "there are no prices of the benchmark Nifty 50")
        else:
            assert found == usual[name], name


def test_a_short_index_gives_no_beta_from_few_days() -> None:
    index = INDEX.copy()
    index[:-200] = np.nan
    report = report_of(book_of(panel_of(CLOSES, index)))
    found = report.windows["1y"].measures["beta"]
    assert (found.value, found.observations) == (None, 199)
    assert found.unavailable == "only 199 of 252 days in common with the benchmark"
    own = report.holdings[0].windows["1y"]
    assert (own.beta, own.correlation_nifty) == (None, None)
    assert own.unavailable == found.unavailable
    assert own.volatility is not None
    assert value_of(report.windows["60d"].measures["beta"]) > 0


def test_a_book_that_never_moves_says_so_where_its_spread_is_divided_by() -> None:
    found = measured(np.full((260, 2), 100.0))
    assert value_of(found["volatility"]) == 0
    assert value_of(found["var_historical_95"]) == 0
    assert value_of(found["beta"]) == 0
    for name in ("correlation_nifty", "r_squared", "sharpe", "var_cornish_fisher_95"):
        assert (found[name].value, found[name].unavailable) == (None, "the returns do not vary"), name


def test_a_book_that_always_beats_the_riskless_rate_has_no_downside() -> None:
    growth = np.cumprod(np.where(np.arange(260) % 2, 1.01, 1.02))
    found = measured(np.asarray(100 * growth[:, None], dtype=np.float64))["sortino"]
    assert (found.value, found.unavailable) == (None, "no return was below the risk-free rate")


def test_an_expansion_outside_its_domain_is_no_number() -> None:
    closes = CLOSES[:, :1].copy()
    closes[-100:] *= 1.18
    found = measured(closes)["var_cornish_fisher_99"]
    assert found.value is None
    assert "skewness and kurtosis" in (found.unavailable or "")


@pytest.mark.parametrize("horizon", [2, 10])
def test_historical_figures_grow_with_the_root_of_the_horizon(horizon: int) -> None:
    day, longer = measured(), measured(horizon=horizon)
    for name in ("var_historical_95", "var_historical_99", "cvar_95", "cvar_99"):
        assert value_of(longer[name]) == pytest.approx(value_of(day[name]) * sqrt(horizon), rel=1e-12)
        assert longer[name].method.endswith(f"; {horizon} days by square root of time")
    for name in ("volatility", "beta", "max_drawdown", "sharpe"):
        assert longer[name] == day[name]


def test_parametric_figures_scale_mean_and_deviation_by_their_own_rule() -> None:
    portfolio = build_portfolio(panel_of(CLOSES, INDEX), np.full(4, 0.25), 252).series
    longer = measured(horizon=10)
    expected = -(10 * portfolio.mean() - 1.6448536269514722 * portfolio.std(ddof=1) * sqrt(10))
    assert value_of(longer["var_parametric_95"]) == pytest.approx(100 * expected, abs=1e-9)
    assert longer["var_parametric_95"].method.endswith("; 10 days")


@pytest.mark.parametrize("horizon", [1, 10])
def test_the_simulated_figure_is_the_seeded_one(horizon: int) -> None:
    panel = panel_of(CLOSES, INDEX)
    tail = filtered_bootstrap(panel.returns[-252:], np.full(4, 0.25), horizon=horizon, paths=1000, seed=7)
    found = measured(horizon=horizon)
    for part, figure in zip(PARTS, tail.value_at_risk, strict=True):
        assert value_of(found[f"var_monte_carlo_{part}"]) == 100 * figure
        method = found[f"var_monte_carlo_{part}"].method
        assert ("the same for every seed" if horizon == 1 else "1000 paths, seed 7") in method


def test_another_simulation_can_be_chosen_and_names_itself() -> None:
    found = measured(options=replace(OPTIONS, monte_carlo="student_t"), window="60d")["var_monte_carlo_99"]
    assert value_of(found) > 0
    assert found.method.startswith("multivariate Student t")


def test_a_suspended_share_is_in_no_measure() -> None:
    panel = panel_of(CLOSES, INDEX, suspended=np.array([False, False, False, True]))
    report = report_of(book_of(panel))
    own = next(found for found in report.holdings if found.symbol == "D").windows["1y"]
    assert report.windows["1y"].left_out == ("D",)
    assert own.volatility is None
    assert "suspended" in (own.unavailable or "")
