"""The measures against figures that other people computed: R PerformanceAnalytics, Bacon's book, empyrical."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np
import pytest

from app.measures import drawdown, market, moments, ratios, returns, tail, volatility, window_measures
from app.measures.conventions import FloatArray
from tests.shared_data import shared_file
from tests.unit.measures.reference_files import dates, expected, table

DAILY = "r-performanceanalytics/daily_etf_returns.csv"
DAILY_EXPECTED = "r-performanceanalytics/daily_etf_expected.json"
MANAGERS = "r-performanceanalytics/managers.csv"
FUNDS = ["AGG", "GLD", "SPY"]
MONTHLY = np.sqrt(12 / 252)
"""From a year of 252 periods to one of 12."""


def r_shortfall(series: FloatArray, level: float) -> float:
    """R's ES.Hist from ours: the k returns at or below the quantile are our tail at level 1 - k/n."""
    at_or_below = int(np.count_nonzero(series <= -tail.historical_var(series, level)))
    return -float(tail.expected_shortfall(series, 1 - at_or_below / len(series)))


@pytest.mark.parametrize("fund", FUNDS)
def test_daily_figures_equal_those_of_r(fund: str) -> None:
    columns, published = table(DAILY), expected(DAILY_EXPECTED)[fund]
    series, bills, stocks = columns[fund], columns["BIL"], columns["SPY"]
    year = np.sqrt(252)
    corrected = tail.cornish_fisher_quantile(
        -1.6448536269514729, moments.skewness(series), moments.excess_kurtosis(series)
    )
    found = {
        "StdDev.annualized": volatility.annual_volatility(series),
        "VaR.Hist": -tail.historical_var(series, 0.95),
        "ES.Hist": r_shortfall(series, 0.95),
        "VaR.Gaus": -tail.parametric_var(series, 0.95, ddof=0),
        "VaR.Mod": moments.mean(series) + corrected * moments.standard_deviation(series, ddof=0),
        "MaxDrawdown": drawdown.max_drawdown(series),
        "SharpeRatio": ratios.sharpe(series - bills, 0.0),
        "SortinoRatio": ratios.sortino(series, float(bills.mean())) / year,
        "CAPM.beta": market.beta(series - bills, stocks - bills),
        "Return.cumulative": np.prod(1 + series) - 1,
    }
    for name, value in found.items():
        assert float(value) == pytest.approx(published[name], abs=1e-10), name
    error = published["table.InformationRatio"]["Annualised Tracking Error"]
    assert float(volatility.annual_volatility(series - stocks)) == pytest.approx(error, abs=1e-10)


@pytest.mark.parametrize("fund", FUNDS)
def test_modified_var_equals_that_of_r_inside_the_domain_of_the_expansion(fund: str) -> None:
    series = table(DAILY)[fund]
    ours = -float(tail.cornish_fisher_var(series, 0.95, ddof=0))
    if moments.excess_kurtosis(series) > 8.0:
        assert np.isnan(ours)
    else:
        assert ours == pytest.approx(expected(DAILY_EXPECTED)[fund]["VaR.Mod"], abs=1e-10)


def monthly(name: str, series: FloatArray, note: str, columns: dict[str, FloatArray]) -> float | None:
    """Our figure for a case of the managers file, None where we have no such measure."""
    bills, stocks = columns["US 3m TR"], columns["SP500 TR"]
    excess = series - bills
    measures: dict[str, Any] = {
        "StdDev.annualized": lambda: volatility.annual_volatility(series) * MONTHLY,
        "SharpeRatio": lambda: (
            (ratios.sharpe(series, 0.035 / 12) if "constant" in note else ratios.sharpe(excess, 0.0)) / np.sqrt(252)
        ),
        "SharpeRatio.annualized": lambda: (
            (ratios.sharpe(series, 0.035 / 12) if "0.035" in note else ratios.sharpe(excess, 0.0)) * MONTHLY
        ),
        "SortinoRatio": lambda: ratios.sortino(series, 0.0) / np.sqrt(252),
        "DownsideDeviation": lambda: ratios.downside_deviation(series, 0.0 if "MAR=0," in note else 0.04 / 12),
        "maxDrawdown": lambda: drawdown.max_drawdown(series),
        "SFM.beta (CAPM.beta)": lambda: market.beta(excess, stocks - bills),
        "table.CAPM R-squared": lambda: market.r_squared(excess, stocks - bills),
        "table.CAPM Correlation": lambda: market.correlation(excess, stocks - bills),
        "TrackingError": lambda: volatility.annual_volatility(series - stocks) * MONTHLY,
    }
    return float(measures[name]()) if name in measures else None


def test_monthly_figures_with_gaps_equal_those_printed_by_r() -> None:
    columns, compared = table(MANAGERS), 0
    for case in expected("r-performanceanalytics/managers_expected.json")["cases"]:
        if case["function"] == "table.Drawdowns":
            continue
        for fund, value in case["expected"].items():
            found = monthly(case["function"], columns[fund], case["note"], columns)
            if found is not None:
                assert found == pytest.approx(value, abs=1.1e-4), (case["function"], case["note"], fund)
                compared += 1
    assert compared == 77


def test_the_deepest_fall_has_the_days_that_r_names() -> None:
    days = dates(MANAGERS)
    episode = drawdown.worst_drawdown(table(MANAGERS)["SP500 TR"])
    assert episode is not None
    assert episode.recovery is not None
    found = [days[episode.peak + 1], days[episode.trough], days[episode.recovery]]
    assert found == ["2000-09-30", "2002-09-30", "2006-10-31"]
    assert episode.depth == pytest.approx(0.4473, abs=1.1e-4)


def test_the_worked_example_of_bacon() -> None:
    portfolio, benchmark = table("bacon/portfolio_bacon.csv").values()
    assert float(ratios.downside_deviation(portfolio, 0.005)) == pytest.approx(0.0255, abs=1.1e-4)
    fama_beta = volatility.annual_volatility(portfolio) / volatility.annual_volatility(benchmark)
    assert float(fama_beta) == pytest.approx(1.03, abs=0.005)
    n = len(portfolio)
    unbiased = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * float(moments.excess_kurtosis(portfolio)) + 6)
    assert unbiased == pytest.approx(-0.41, abs=0.005)


def worked_series() -> tuple[dict[str, FloatArray], dict[str, Any]]:
    content = expected("empyrical/worked_examples.json")
    return {name: np.array(values, dtype=float) for name, values in content["series"].items()}, content["expected"]


@pytest.mark.parametrize("name", ["mixed_returns", "negative_returns"])
def test_the_worked_examples_of_empyrical(name: str) -> None:
    series, published = worked_series()
    values = series[name]
    found = {
        "max_drawdown": -drawdown.max_drawdown(values),
        "annual_volatility": volatility.annual_volatility(values),
        "sharpe_ratio": ratios.sharpe(values, 0.0),
        "downside_risk(mar=0)": ratios.downside_deviation(values, 0.0) * np.sqrt(252),
        "downside_risk(mar=0.1)": ratios.downside_deviation(values, 0.1) * np.sqrt(252),
        "sortino_ratio(mar=0)": ratios.sortino(values, 0.0),
    }
    for measure, value in found.items():
        if name in published[measure]:
            assert float(value) == pytest.approx(published[measure][name], abs=5e-8), measure


def test_the_worked_beta_and_quantiles_of_empyrical() -> None:
    series, published = worked_series()
    beta = published["beta(mixed_returns vs negative_returns, null row dropped)"]
    found = market.beta(series["mixed_returns"], series["negative_returns"])
    assert float(found) == pytest.approx(beta, abs=1e-12)
    for case in published["value_at_risk"]:
        enough = len(case["returns"]) * case["cutoff"] >= 1
        found = -tail.historical_var(np.array(case["returns"], dtype=float), 1 - case["cutoff"])
        assert np.isnan(found) if not enough else float(found) == pytest.approx(case["expected"], abs=1e-12)


def test_real_shares_have_the_published_figures_of_their_year() -> None:
    closes = real_closes(["RELIANCE", "TCS", "SBIN", "NIFTY50"])
    series = returns.simple_returns(closes)
    found = window_measures.window_measures(series, series[:, 3], np.array([252]))
    np.testing.assert_allclose(found.volatility[0, :3], [0.2107, 0.2065, 0.209], atol=5e-4)
    np.testing.assert_allclose(found.beta[0], [1.190, 0.847, 0.983, 1.0], atol=5e-4)
    np.testing.assert_allclose(found.max_drawdown[0, :2], [0.2387, 0.336], atol=5e-4)
    np.testing.assert_allclose(
        [found.var_historical_95[0, 0], found.var_historical_99[0, 0]], [0.0200, 0.0324], atol=5e-5
    )
    assert r_shortfall(series[-252:, 0], 0.95) == pytest.approx(-0.0275, abs=5e-5)


def real_closes(symbols: list[str]) -> FloatArray:
    """Newest 253 closes (253, N) of the real NSE file."""
    import pandas as pd

    prices = pd.read_csv(shared_file("market/nse_daily.csv.gz"), usecols=["symbol", "date", "close"])
    wide = prices[prices["symbol"].isin(symbols)].pivot_table(index="date", columns="symbol", values="close")
    return wide[symbols].to_numpy(float)[-253:]


@pytest.fixture(scope="module")
def empyrical() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("empyrical")


@pytest.mark.parametrize("seed", range(5))
def test_generated_returns_give_the_figures_of_empyrical(empyrical: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    benchmark = rng.standard_t(4, 252) * 0.01
    series = 0.7 * benchmark + rng.standard_t(4, 252) * 0.01
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = [
            empyrical.annual_volatility(series),
            empyrical.beta(series, benchmark),
            -empyrical.value_at_risk(series, 0.05),
            -empyrical.value_at_risk(series, 0.01),
            -empyrical.conditional_value_at_risk(series, 0.05),
            -empyrical.max_drawdown(series),
            empyrical.sharpe_ratio(series, 0.0002),
            empyrical.sortino_ratio(series, 0.0002),
        ]
    ours = [
        volatility.annual_volatility(series),
        market.beta(series, benchmark),
        tail.historical_var(series, 0.95),
        tail.historical_var(series, 0.99),
        -r_shortfall(series, 0.95),
        drawdown.max_drawdown(series),
        ratios.sharpe(series, 0.0002),
        ratios.sortino(series, 0.0002),
    ]
    np.testing.assert_allclose(np.array(ours, dtype=float), theirs, rtol=1e-11)
