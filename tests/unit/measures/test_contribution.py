from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from app.measures import contribution, tail
from app.measures.contribution import DayWeights, contributions, expected_shortfall, historical_var, parametric_var
from app.measures.conventions import FloatArray
from app.measures.returns import portfolio_returns
from app.measures.volatility import annual_volatility

LEVELS = (0.95, 0.99)
MEASURES: tuple[tuple[DayWeights, object], ...] = (
    (contribution.volatility, annual_volatility),
    *((parametric_var(a), lambda series, a=a: tail.parametric_var(series, a)) for a in LEVELS),
    *((historical_var(a), lambda series, a=a: tail.historical_var(series, a)) for a in LEVELS),
    *((expected_shortfall(a), lambda series, a=a: tail.expected_shortfall(series, a)) for a in LEVELS),
)
SEEDS = st.integers(0, 2**32 - 1)
many = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def book(seed: int = 1, days: int = 252, coarse: bool = False, gaps: float = 0.0) -> tuple[FloatArray, FloatArray]:
    """Returns (days, 6) of fat-tailed holdings and their amounts; ``coarse`` returns tie."""
    rng = np.random.default_rng(seed)
    returns = rng.standard_t(4, (days, 1)) * 0.007 + rng.standard_t(4, (days, 6)) * 0.01
    returns = np.round(returns, 2) if coarse else returns
    returns[rng.random(returns.shape) < gaps] = np.nan
    return returns, rng.uniform(1e3, 1e6, 6)


@many
@given(SEEDS, st.integers(0, len(MEASURES) - 1), st.booleans(), st.sampled_from([0.0, 0.2]), st.integers(20, 300))
def test_contributions_add_up_to_the_measure_of_the_portfolio(
    seed: int, which: int, coarse: bool, gaps: float, days: int
) -> None:
    returns, amounts = book(seed, days, coarse, gaps)
    weights, measure = MEASURES[which]
    found = contributions(returns, amounts, weights)
    total = float(measure(portfolio_returns(returns, amounts)[0]))  # type: ignore[operator]
    assert found.contributions.sum() == pytest.approx(found.total, abs=1e-12, nan_ok=True)
    assert found.total == pytest.approx(total, abs=1e-12, nan_ok=True)
    np.testing.assert_allclose(found.marginal * amounts / amounts.sum(), found.contributions, rtol=1e-12)


@many
@given(SEEDS, st.integers(0, len(MEASURES) - 1), st.booleans())
def test_the_order_of_holdings_and_days_and_splitting_change_nothing(seed: int, which: int, coarse: bool) -> None:
    returns, amounts = book(seed, coarse=coarse)
    rng = np.random.default_rng(seed)
    order, days = rng.permutation(6), rng.permutation(len(returns))
    expected = contributions(returns, amounts, MEASURES[which][0]).contributions
    shuffled = contributions(returns[days][:, order], amounts[order], MEASURES[which][0]).contributions
    np.testing.assert_allclose(shuffled, expected[order], atol=1e-12)
    split = np.append(amounts * [0.5, 1, 1, 1, 1, 1], amounts[0] * 0.5)
    halves = contributions(np.column_stack([returns, returns[:, 0]]), split, MEASURES[which][0]).contributions
    np.testing.assert_allclose(halves[:6] + halves[6] * np.eye(6)[0], expected, atol=1e-12)


@many
@given(SEEDS, st.floats(0.01, 1e4), st.integers(0, len(MEASURES) - 1))
def test_the_size_of_the_book_does_not_matter_to_the_fractions(seed: int, scale: float, which: int) -> None:
    returns, amounts = book(seed)
    one, other = (contributions(returns, given, MEASURES[which][0]) for given in (amounts, scale * amounts))
    np.testing.assert_allclose(one.contributions, other.contributions, atol=1e-12)


def test_volatility_contributions_are_those_of_the_covariance_matrix() -> None:
    returns, amounts = book()
    weights, covariance = amounts / amounts.sum(), np.cov(returns.T)
    expected = weights * (covariance @ weights) / math.sqrt(weights @ covariance @ weights) * math.sqrt(252)
    np.testing.assert_allclose(contributions(returns, amounts, contribution.volatility).contributions, expected)


def test_parametric_contributions_are_the_closed_form_of_the_normal_law() -> None:
    returns, amounts = book()
    weights, covariance, z = amounts / amounts.sum(), np.cov(returns.T), stats.norm.ppf(0.01)
    deviation = math.sqrt(weights @ covariance @ weights)
    expected = -weights * (returns.mean(axis=0) + z * covariance @ weights / deviation)
    np.testing.assert_allclose(contributions(returns, amounts, parametric_var(0.99)).contributions, expected)


def test_shortfall_contributions_are_the_mean_losses_of_the_worst_days() -> None:
    returns, amounts = book(days=200)
    weights = amounts / amounts.sum()
    worst = np.argsort(returns @ weights)[:10]
    expected = -weights * returns[worst].mean(axis=0)
    np.testing.assert_allclose(contributions(returns, amounts, expected_shortfall(0.95)).contributions, expected)


def test_historical_contributions_are_the_losses_on_the_two_days_of_the_quantile() -> None:
    returns, amounts = book(days=252)
    weights = amounts / amounts.sum()
    order = np.argsort(returns @ weights)
    expected = -weights * (0.45 * returns[order[12]] + 0.55 * returns[order[13]])
    np.testing.assert_allclose(contributions(returns, amounts, historical_var(0.95)).contributions, expected)


def test_days_with_the_same_portfolio_return_share_their_weight() -> None:
    returns = np.full((40, 2), 0.01)
    returns[0], returns[1], returns[2] = [-0.04, -0.02], [-0.01, -0.05], [-0.03, -0.03]
    found = contributions(returns, np.ones(2), expected_shortfall(0.95))
    np.testing.assert_allclose(found.contributions, [0.04 / 3, 0.05 / 3], rtol=1e-12)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_marginal_risk_is_the_slope_of_the_risk(which: int) -> None:
    returns, amounts = book()
    weights, measure = MEASURES[which]
    step = 1e-3
    more = amounts + step * np.eye(6)[2]
    before, after = (a.sum() * float(measure(returns @ a / a.sum())) for a in (amounts, more))  # type: ignore[operator]
    assert contributions(returns, amounts, weights).marginal[2] == pytest.approx((after - before) / step, rel=1e-4)


def test_a_holding_without_weight_adds_nothing_and_still_has_a_marginal_risk() -> None:
    returns, amounts = book()
    found = contributions(returns, amounts * [1, 1, 1, 1, 1, 0], expected_shortfall(0.95))
    assert found.contributions[5] == 0.0
    assert found.marginal[5] != 0.0


def test_a_short_holding_of_the_index_is_a_hedge() -> None:
    returns, _ = book()
    both = np.column_stack([returns[:, 0], returns[:, 0] * 0.9])
    found = contributions(both, np.array([100.0, -50.0]), expected_shortfall(0.95))
    assert found.contributions[0] > 0.0 > found.contributions[1]
    series = (both @ [100.0, -50.0]) / 50.0
    assert found.total == pytest.approx(float(tail.expected_shortfall(series, 0.95)), abs=1e-12)


def test_groups_add_up_to_the_same_total() -> None:
    returns, amounts = book()
    found = contributions(returns, amounts, historical_var(0.95))
    membership = np.random.default_rng(2).dirichlet(np.ones(3), 6)
    groups = contribution.by_group(found, membership)
    assert groups.sum() == pytest.approx(found.total, abs=1e-12)
    assert groups[1] == pytest.approx(float((found.contributions * membership[:, 1]).sum()))
    with pytest.raises(ValueError, match="add up to 1"):
        contribution.by_group(found, 0.9 * membership)


def test_a_book_that_does_not_move_contributes_nothing() -> None:
    found = contributions(np.zeros((60, 2)), np.array([10.0, 20.0]), contribution.volatility)
    assert (found.total, found.contributions.tolist()) == (0.0, [0.0, 0.0])


@pytest.mark.parametrize(("days", "amounts"), [(19, [1.0, 1.0]), (0, [1.0, 1.0]), (60, [0.0, 0.0]), (60, [1.0, -1.0])])
def test_without_a_tail_or_a_total_nothing_is_known(days: int, amounts: list[float]) -> None:
    found = contributions(np.zeros((days, 2)), np.array(amounts), historical_var(0.95))
    assert math.isnan(found.total)
    assert np.isnan(found.contributions).all()
    assert np.isnan(found.marginal).all()


@pytest.mark.parametrize("measure", [contribution.volatility, parametric_var(0.95)])
def test_a_single_day_has_no_deviation_to_share(measure: DayWeights) -> None:
    assert math.isnan(contributions(np.zeros((1, 2)), np.ones(2), measure).total)


def test_a_missing_amount_or_a_bad_level_is_refused() -> None:
    with pytest.raises(ValueError, match="amounts"):
        contributions(np.zeros((60, 2)), np.array([1.0, math.nan]), contribution.volatility)
    for measure in (parametric_var, historical_var, expected_shortfall):
        with pytest.raises(ValueError, match="level"):
            measure(95.0)
