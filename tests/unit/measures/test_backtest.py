from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from app.measures import tail
from app.measures.backtest import (
    Backtest,
    LikelihoodRatio,
    Method,
    Zone,
    backtest,
    christoffersen,
    compare_methods,
    is_thin,
    kupiec,
    preferred,
    rolling_forecasts,
    zone,
)
from app.measures.conventions import FloatArray


def market(days: int = 900, seed: int = 11) -> FloatArray:
    """Returns whose volatility comes in waves."""
    rng = np.random.default_rng(seed)
    waves = 0.008 * np.exp(0.5 * np.sin(np.arange(days) / 40))
    return np.asarray(waves * rng.standard_t(6, days))


def test_the_published_backtest_of_1703_days_has_its_likelihood_ratio() -> None:
    found = kupiec(1703, 86, 0.95)
    assert found.statistic == pytest.approx(0.0089, abs=5e-5)
    assert found.probability == pytest.approx(stats.chi2.sf(found.statistic, 1))


@pytest.mark.parametrize(
    ("days", "level", "fewest", "most"),
    [
        (60, 0.99, 0, 2), (90, 0.99, 0, 3), (250, 0.99, 1, 6), (500, 0.99, 2, 9), (1000, 0.99, 5, 16),
        (60, 0.95, 1, 6), (90, 0.95, 2, 9), (250, 0.95, 7, 19), (500, 0.95, 17, 35), (1000, 0.95, 38, 64),
    ],
)  # fmt: skip
def test_kupiec_accepts_the_published_numbers_of_exceptions(days: int, level: float, fewest: int, most: int) -> None:
    accepted = [count for count in range(days + 1) if not kupiec(days, count, level).rejects]
    assert (accepted[0], accepted[-1]) == (fewest, most)
    assert len(accepted) == most - fewest + 1


def test_kupiec_is_the_ratio_of_two_binomial_likelihoods() -> None:
    expected = 2 * (stats.binom.logpmf(12, 250, 12 / 250) - stats.binom.logpmf(12, 250, 0.05))
    assert kupiec(250, 12, 0.95).statistic == pytest.approx(expected, rel=1e-10)


def test_no_exception_and_nothing_but_exceptions_are_defined() -> None:
    assert kupiec(250, 0, 0.99).statistic == pytest.approx(-2 * 250 * math.log(0.99))
    assert kupiec(10, 10, 0.99).statistic == pytest.approx(-2 * 10 * math.log(0.01))
    assert christoffersen(np.zeros(250, bool)).statistic == 0.0
    assert christoffersen(np.ones(10, bool)).statistic == 0.0


def test_independence_is_the_g_test_of_the_two_by_two_table() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        hits = rng.random(500) < 0.1
        table = np.array([[np.sum((hits[:-1] == a) & (hits[1:] == b)) for b in (0, 1)] for a in (0, 1)])
        expected = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
        found = christoffersen(hits)
        assert found.statistic == pytest.approx(expected.statistic, abs=1e-9)
        assert found.probability == pytest.approx(expected.pvalue, abs=1e-9)


def test_exceptions_in_a_row_are_not_independent_and_scattered_ones_are() -> None:
    row, scattered = np.zeros(500, bool), np.zeros(500, bool)
    row[100:125], scattered[::20] = True, True
    assert christoffersen(row).rejects
    assert not christoffersen(scattered).rejects
    assert christoffersen(row).statistic > 3.841


def test_basels_zones_of_250_days_at_99_percent() -> None:
    colours = [zone(250, count, 0.99) for count in range(12)]
    assert colours == [Zone.GREEN] * 5 + [Zone.YELLOW] * 5 + [Zone.RED] * 2


@pytest.mark.parametrize(("days", "level"), [(500, 0.99), (250, 0.95), (60, 0.95), (1000, 0.975)])
def test_scaled_zones_begin_where_their_probability_is_reached(days: int, level: float) -> None:
    colours = [zone(days, count, level) for count in range(days // 4)]
    yellow, red = colours.index(Zone.YELLOW), colours.index(Zone.RED)
    for first, reached in ((yellow, 0.95), (red, 0.9999)):
        before, there = (float(stats.binom.cdf(count, days, 1 - level)) for count in (first - 1, first))
        assert before < reached <= there
    assert colours == sorted(colours, key=list(Zone).index)


@pytest.mark.parametrize("method", [Method.HISTORICAL, Method.PARAMETRIC, Method.CORNISH_FISHER])
def test_a_forecast_is_the_measure_of_the_window_before_its_day(method: Method) -> None:
    returns = market(320)
    measure = {
        Method.HISTORICAL: tail.historical_var,
        Method.PARAMETRIC: tail.parametric_var,
        Method.CORNISH_FISHER: tail.cornish_fisher_var,
    }[method]
    found = rolling_forecasts(returns, method, 0.95, 250)
    expected = [float(measure(returns[day - 250 : day], 0.95)) for day in range(250, 320)]
    assert np.isnan(found[:250]).all()
    np.testing.assert_allclose(found[250:], expected, rtol=1e-10)


def test_filtered_forecasts_follow_a_plain_loop_of_their_definition() -> None:
    returns = market(400)
    variance, deviations = float((returns[:250] ** 2).mean()), []
    for value in returns:
        deviations.append(math.sqrt(variance))
        variance = 0.94 * variance + 0.06 * value**2
    sigma = np.array(deviations)
    scores = returns / sigma
    ewma = rolling_forecasts(returns, Method.EWMA, 0.99, 250)
    filtered = rolling_forecasts(returns, Method.FILTERED_HISTORICAL, 0.99, 250)
    np.testing.assert_allclose(ewma[250:], stats.norm.ppf(0.99) * sigma[250:], rtol=1e-10)
    expected = [-np.quantile(scores[day - 250 : day], 0.01) * sigma[day] for day in range(250, 400)]
    np.testing.assert_allclose(filtered[250:], expected, rtol=1e-10)


@pytest.mark.parametrize("method", list(Method))
def test_no_forecast_knows_its_own_day_or_a_later_one(method: Method) -> None:
    returns = market(400)
    changed = returns.copy()
    changed[350:] = -0.5
    one, other = (rolling_forecasts(series, method, 0.95, 250) for series in (returns, changed))
    np.testing.assert_array_equal(one[:351], other[:351])
    assert one[352] != other[352]


@pytest.mark.parametrize("method", list(Method))
def test_missing_days_are_passed_over(method: Method) -> None:
    returns = market(400)
    gappy = np.insert(returns, [100, 300, 300], np.nan)
    found = rolling_forecasts(gappy, method, 0.95, 250)
    missing = np.isnan(gappy)
    assert np.isnan(found[missing]).all()
    np.testing.assert_array_equal(found[~missing], rolling_forecasts(returns, method, 0.95, 250))


@pytest.mark.parametrize("method", list(Method))
def test_a_history_no_longer_than_the_window_forecasts_nothing(method: Method) -> None:
    assert np.isnan(rolling_forecasts(market(250), method, 0.95, 250)).all()
    assert rolling_forecasts(np.array([]), method, 0.95, 250).size == 0


def test_only_a_loss_beyond_the_forecast_is_an_exception() -> None:
    returns = np.tile([-0.02, -0.03, 0.05, -0.019999], 100)
    found = backtest(returns, np.full(400, 0.02), 0.95)
    assert (found.days, found.exceptions) == (400, 100)
    assert found.kupiec.rejects
    assert found.zone is Zone.RED
    assert found.joint.statistic == pytest.approx(found.kupiec.statistic + found.independence.statistic)
    assert found.joint.probability == pytest.approx(stats.chi2.sf(found.joint.statistic, 2), abs=1e-300)


def test_tick_loss_is_least_at_the_true_quantile() -> None:
    returns = np.random.default_rng(1).normal(0, 0.01, 20_000)
    losses = [backtest(returns, np.full(20_000, q), 0.95).tick_loss for q in (0.014, 0.016449, 0.019)]
    assert losses[1] == min(losses)
    by_hand = np.where(returns < -0.014, 0.95 * (-0.014 - returns), 0.05 * (returns + 0.014))
    assert losses[0] == pytest.approx(by_hand.mean())


@pytest.mark.parametrize(
    ("days", "level", "thin"), [(249, 0.99, True), (250, 0.99, False), (49, 0.95, True), (50, 0.95, False)]
)
def test_thin_samples_are_counted_but_not_tested(days: int, level: float, thin: bool) -> None:
    assert is_thin(days, level) == thin
    found = backtest(np.full(days, -0.01), np.full(days, 0.02), level)
    assert (found.days, found.exceptions) == (days, 0)
    assert (found.zone is None) == math.isnan(found.kupiec.statistic) == math.isnan(found.tick_loss) == thin
    assert not (thin and found.kupiec.rejects)


def test_all_methods_are_tested_on_the_same_newest_days() -> None:
    returns = np.insert(market(900), 500, np.nan)
    results = compare_methods(returns, 0.95, 250, 300)
    assert [one.days for one in results if one.days != 300] == []
    longer = backtest(returns, rolling_forecasts(returns, Method.HISTORICAL, 0.95, 250), 0.95)
    assert longer.days == 650
    assert compare_methods(returns, 0.95, 250, 10_000)[0].exceptions == longer.exceptions


def judged(rejected: str = "", loss: float = 0.001, days: int = 500) -> Backtest:
    good, bad = LikelihoodRatio(0.1, 0.75), LikelihoodRatio(9.0, 0.003)
    return Backtest(
        0.95, days, 25, bad if "k" in rejected else good, bad if "i" in rejected else good, good, Zone.GREEN, loss
    )


def test_a_method_that_passes_goes_before_one_with_a_smaller_loss() -> None:
    assert preferred([judged("k", 0.0001), judged("i", 0.0002), judged("", 0.0009)]) == 2
    assert preferred([judged("k", 0.0001), judged("i", 0.0002)]) == 1
    assert preferred([judged("", 0.0009), judged("", 0.0002), judged("", 0.0002)]) == 1


def test_a_method_without_a_forecast_on_some_days_is_preferred_to_rejected_ones_alone() -> None:
    assert preferred([judged("", 0.0001, days=480), judged("k", 0.0009), judged("i", 0.0002)]) == 0
    assert preferred([judged("", 0.0001, days=480), judged("", 0.0009)]) == 1
    assert preferred([judged("i", 0.0001, days=480), judged("k", 0.0009)]) == 1


def test_a_method_that_missed_a_fifth_of_the_days_or_may_miss_none_is_not_preferred() -> None:
    assert preferred([judged("", 0.0001, days=400), judged("k", 0.0009)]) == 0
    assert preferred([judged("", 0.0001, days=399), judged("k", 0.0009)]) == 1
    assert preferred([judged("", 0.0001, days=480), judged("k", 0.0009)], every_day=True) == 1


def test_thin_evidence_prefers_nothing() -> None:
    unknown = LikelihoodRatio(math.nan, math.nan)
    thin = replace(judged(), zone=None, kupiec=unknown, independence=unknown, joint=unknown, tick_loss=math.nan)
    assert preferred([thin, thin]) is None
    assert preferred([]) is None


def test_in_waves_of_volatility_a_method_that_follows_them_is_preferred() -> None:
    results = compare_methods(market(2500), 0.95, 250, 2000)
    best = preferred(results)
    assert best is not None
    assert list(Method)[best] in {Method.EWMA, Method.FILTERED_HISTORICAL}


def test_a_bad_level_or_window_is_refused() -> None:
    for level, window in ((0.05, 250), (0.95, 1)):
        with pytest.raises(ValueError, match=r"level|window"):
            rolling_forecasts(market(), Method.EWMA, level, window)
    with pytest.raises(ValueError, match="level"):
        backtest(market(), market(), 5.0)
