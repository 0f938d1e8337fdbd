from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.measures import hedging
from app.measures.conventions import FloatArray
from app.measures.hedging import Need, Structure
from app.measures.options import Chain, QuoteFlaw, black76_greeks, black76_price

LEVEL, FORWARD, YEARS, RATE, LOT = 25_005.5, 25_104.5, 19 / 365, 0.06, 75
LEVELS = np.array([0.0, 20_000.0, 22_500.0, 23_750.0, 25_000.0, 26_000.0, 30_000.0])


def chain(*, half_spread: float = 0.5, step: float = 250.0, volatility: float = 0.12) -> Chain:
    """Puts and calls 12 % either side of the index, all believable."""
    strike = np.repeat(np.arange(22_000.0, 28_001.0, step), 2)
    is_call = np.tile([False, True], len(strike) // 2)
    price = black76_price(FORWARD, strike, YEARS, volatility, is_call, RATE)
    flaws = np.full(len(strike), "", dtype="<U40")
    spread = np.full(len(strike), half_spread)
    sigma = np.full(len(strike), volatility)
    return Chain(strike, is_call, price + spread, np.maximum(price - spread, 0.0), sigma, flaws, FORWARD, YEARS, RATE)


def row(among: Chain, strike: float, *, call: bool = False) -> int:
    return int(np.flatnonzero((among.strike == strike) & (among.is_call == call))[0])


def put(strike: float, price: float) -> Structure:
    return replace(hedging.combine(chain(), row(chain(), strike)), price=np.array([price]))


def need(value: float = 1e7, beta: float = 1.1, **goal: float) -> Need:
    return Need(value, beta, LEVEL, **goal)  # type: ignore[arg-type]


def test_hulls_portfolio_of_beta_1_5_is_hedged_by_30_futures_and_halved_by_15() -> None:
    book = Need(5_050_000.0, 1.5, 1_000.0, target=0.0)
    future = hedging.short_future(1_010.0, 1_010.0, 4 / 12, 0.04)
    assert hedging.lots(book, future, 1_010.0, 250) == 30
    assert hedging.lots(replace(book, target=0.75), future, 1_010.0, 250) == 15


def test_six_lakh_at_beta_1_24_is_less_than_one_lot_of_nine_lakh() -> None:
    book = Need(600_000.0, 1.24, 12_000.0, target=0.0)
    future = hedging.short_future(12_000.0, 12_000.0, 0.1, RATE)
    assert hedging.exact_lots(book, future, 12_000.0, 75) == pytest.approx(0.8267, abs=1e-4)
    assert hedging.lots(book, future, 12_000.0, 75) == 0
    assert hedging.lots(replace(book, nearest=True), future, 12_000.0, 75) == 1


@pytest.mark.parametrize(
    ("exact", "down", "nearest"),
    [(0.0, 0, 0), (0.49, 0, 0), (0.5, 0, 1), (0.99, 0, 1), (3.0 - 1e-12, 3, 3), (3.6, 3, 4), (-2.0, 0, 0)],
)
def test_lots_are_whole(exact: float, down: int, nearest: int) -> None:
    assert hedging.whole_lots(exact, nearest=False) == down
    assert hedging.whole_lots(exact, nearest=True) == nearest


@given(
    value=st.floats(1e5, 1e9),
    beta=st.floats(0.05, 3.0),
    share=st.floats(0.0, 0.99),
    lot=st.integers(10, 1000),
    fall=st.floats(0.01, 0.9),
)
def test_rounding_down_never_hedges_more_than_asked_nor_more_than_the_book(
    value: float, beta: float, share: float, lot: int, fall: float
) -> None:
    future = hedging.short_future(FORWARD, FORWARD, YEARS, RATE)
    lots = hedging.lots(need(value, beta, target=beta * share), future, FORWARD, lot)
    assert beta - lots * lot * FORWARD / value >= beta * share - 1e-6 * beta
    budget = need(value, beta, budget=value * beta * fall * share, fall=fall)
    assert hedging.lots(budget, future, FORWARD, lot) * lot * FORWARD <= value * beta * (1 + 1e-6)


@given(budget=st.floats(0.0, 1.09e6), fall=st.floats(0.1, 0.3))
def test_a_budget_takes_the_fewest_lots_that_keep_it(budget: float, fall: float) -> None:
    asked = need(budget=budget, fall=fall)
    future = hedging.short_future(FORWARD, FORWARD, YEARS, RATE)
    lots, most = hedging.lots(asked, future, FORWARD, LOT), asked.most_lots(FORWARD, LOT)
    losses = [
        asked.value * asked.beta * fall - n * LOT * float(hedging.pnl_at_expiry(future, np.array([asked.end]))[0])
        for n in (lots - 1, lots)
    ]
    assert losses[0] > budget
    assert losses[1] <= budget + 1e-3 or lots == most


def test_a_structure_that_gains_nothing_at_the_fall_never_reaches_the_budget() -> None:
    asked = need(budget=1e5, fall=0.02)
    assert math.isinf(hedging.exact_lots(asked, put(23_750.0, 12.8), LEVEL, LOT))
    assert hedging.lots(asked, put(23_750.0, 12.8), LEVEL, LOT) == asked.most_lots(LEVEL, LOT) == 5


def test_a_short_future_gains_what_the_index_falls_below_its_price() -> None:
    future = hedging.short_future(25_100.0, FORWARD, YEARS, RATE)
    np.testing.assert_allclose(hedging.pnl_at_expiry(future, LEVELS), 25_100.0 - LEVELS)
    np.testing.assert_allclose(hedging.pnl_now(future, np.array([0.0, -0.1])), [-4.5, 25_100 - 0.9 * FORWARD])
    assert hedging.premium(future) == 0.0
    assert hedging.exposure(future) == -FORWARD
    assert hedging.daily_decay(future) == 0.0
    assert hedging.break_even(future) == pytest.approx(25_100.0)
    assert hedging.extremes(future) == (25_100.0, math.inf)


def test_a_put_costs_its_premium_and_pays_below_its_strike() -> None:
    bought = put(23_750.0, 12.8)
    np.testing.assert_allclose(hedging.pnl_at_expiry(bought, LEVELS), np.maximum(23_750.0 - LEVELS, 0.0) - 12.8)
    assert hedging.premium(bought) == 12.8
    assert hedging.break_even(bought) == pytest.approx(23_750.0 - 12.8)
    assert hedging.extremes(bought) == pytest.approx((23_750.0 - 12.8, 12.8))
    greeks = black76_greeks(FORWARD, 23_750.0, YEARS, 0.12, False, RATE)
    assert hedging.exposure(bought) == pytest.approx(float(greeks.delta) * FORWARD)
    assert hedging.daily_decay(bought) == pytest.approx(float(greeks.theta))


def test_a_spread_and_a_collar_end_at_both_their_strikes() -> None:
    options = chain()
    spread = hedging.combine(options, row(options, 23_750.0), row(options, 22_500.0))
    cost = hedging.premium(spread)
    assert cost == pytest.approx(options.buy[row(options, 23_750.0)] - options.sell[row(options, 22_500.0)])
    assert hedging.extremes(spread) == pytest.approx((1_250.0 - cost, cost))
    assert hedging.break_even(spread) == pytest.approx(23_750.0 - cost)
    collar = hedging.combine(options, row(options, 23_750.0), row(options, 26_000.0, call=True))
    credit = -hedging.premium(collar)
    assert credit > 0
    assert hedging.break_even(collar) == pytest.approx(26_000.0 + credit)
    assert hedging.extremes(collar) == pytest.approx((23_750.0 + credit, math.inf))


def test_a_hedge_that_never_pays_back_has_no_break_even() -> None:
    options = chain()
    spread = hedging.combine(options, row(options, 23_750.0), row(options, 22_500.0))
    assert math.isnan(hedging.break_even(replace(spread, price=np.array([2_000.0, 1.0]))))
    assert math.isnan(hedging.break_even(replace(spread, price=np.array([1.0, 2.0]))))


def test_today_an_unmoved_market_costs_half_the_spread_and_a_fall_pays_the_model_price() -> None:
    options = chain()
    bought = hedging.combine(options, row(options, 23_750.0))
    fallen = float(black76_price(FORWARD * 0.95, 23_750.0, YEARS, 0.12, False, RATE))
    np.testing.assert_allclose(
        hedging.pnl_now(bought, np.array([0.0, -0.05])), [-0.5, fallen - float(bought.price[0])], atol=1e-9
    )


def test_the_exposure_is_the_slope_of_todays_value() -> None:
    options = chain()
    collar = hedging.combine(options, row(options, 24_500.0), row(options, 26_000.0, call=True))
    up, down = hedging.pnl_now(collar, np.array([1e-5, -1e-5]))
    assert hedging.exposure(collar) == pytest.approx((up - down) / 2e-5, rel=1e-5)


def test_the_figures_of_a_hedged_book_worked_by_hand() -> None:
    bought, falls = put(23_750.0, 12.8), np.array([0.05, 0.10, 0.20])
    found = hedging.figures(bought, 225, need(target=0.5), LEVEL, falls)
    np.testing.assert_allclose(found.loss_book, [5.5e5, 11e5, 22e5])
    np.testing.assert_allclose(found.loss_at_expiry, [552_880.0, 822_743.75, 1_360_120.0])
    assert found.cost == pytest.approx(2_880.0)
    assert found.covered == pytest.approx(225 * LEVEL / 1.1e7)
    assert found.beta == pytest.approx(1.1 + 225 * hedging.exposure(bought) / 1e7)
    assert found.beta_in_fall == pytest.approx(1.1 - 225 * LEVEL / 1e7)
    assert found.break_even == pytest.approx(23_737.2)
    assert (found.most_gained, found.most_lost) == pytest.approx((225 * 23_737.2, 2_880.0))


def test_strikes_for_a_beta_lie_nearest_to_5_and_10_percent_below_the_index() -> None:
    options = chain()
    assert hedging.put_rows(options, need(target=0.5), LOT) == (row(options, 23_750.0),)
    assert hedging.spread_rows(options, need(target=0.5), LOT) == (row(options, 23_750.0), row(options, 22_500.0))


def test_a_strike_with_a_flaw_is_passed_over_and_one_too_far_away_is_not_taken() -> None:
    options = chain()
    options.flaws[row(options, 23_750.0)] = QuoteFlaw.WIDE
    chosen = hedging.put_rows(options, need(target=0.5), LOT)
    assert chosen is not None
    assert options.strike[chosen[0]] in {23_500.0, 24_000.0}
    options.flaws[np.abs(options.strike / LEVEL - 0.95) <= hedging.STRIKE_REACH] = QuoteFlaw.WIDE
    assert hedging.put_rows(options, need(target=0.5), LOT) is None
    assert hedging.spread_rows(options, need(target=0.5), LOT) is None
    assert hedging.collar_rows(options, need(target=0.5), LOT) is None


def test_an_empty_chain_offers_nothing() -> None:
    options = chain()
    options.flaws[:] = QuoteFlaw.NO_BID
    for goal in ({"target": 0.5}, {"budget": 3e5, "fall": 0.1}):
        for choose in (hedging.put_rows, hedging.spread_rows, hedging.collar_rows):
            assert choose(options, need(**goal), LOT) is None


def test_a_collar_sells_the_highest_call_that_pays_for_its_put() -> None:
    options = chain()
    chosen = hedging.collar_rows(options, need(target=0.5), LOT)
    assert chosen is not None
    bought, sold = chosen
    assert options.is_call[sold]
    assert options.sell[sold] >= options.buy[bought]
    higher = options.is_call & (options.strike > options.strike[sold])
    assert (options.sell[higher] < options.buy[bought]).all()


def test_a_collar_whose_put_no_call_pays_for_sells_the_lowest_call_allowed() -> None:
    options = chain()
    options.buy[row(options, 23_750.0)] = 5_000.0
    chosen = hedging.collar_rows(options, need(target=0.5), LOT)
    assert chosen == (row(options, 23_750.0), row(options, 25_750.0, call=True))


def total_cost(options: Chain, chosen: int, asked: Need) -> tuple[bool, float]:
    """Written apart from the app: whether a put keeps the budget within the book's lots, and what it costs."""
    gain = max(options.strike[chosen] - asked.end, 0.0) - options.buy[chosen]
    lots = math.ceil(asked.gain / (gain * LOT) - 1e-9) if gain > 0 else 10**9
    return lots <= int(asked.value * asked.beta / (LEVEL * LOT)), lots * float(options.buy[chosen])


@pytest.mark.parametrize("budget", [2e5, 4e5, 5e5, 7e5, 9e5])
def test_a_budget_buys_the_put_that_keeps_it_at_the_least_cost(budget: float) -> None:
    options, asked = chain(), need(budget=budget, fall=0.1)
    chosen = hedging.put_rows(options, asked, LOT)
    assert chosen is not None
    puts = [int(i) for i in np.flatnonzero(~options.is_call & (options.strike <= LEVEL))]
    outcomes = {i: total_cost(options, i, asked) for i in puts}
    keeping = [cost for kept, cost in outcomes.values() if kept]
    if keeping:
        kept, cost = outcomes[chosen[0]]
        assert kept
        assert cost == pytest.approx(min(keeping))
    else:
        best: FloatArray = options.strike - options.buy
        assert chosen[0] == max(puts, key=lambda i: float(best[i]))


def test_a_spread_for_a_budget_ends_where_the_budgets_fall_ends() -> None:
    options = chain()
    chosen = hedging.spread_rows(options, need(budget=6e5, fall=0.08), LOT)
    assert chosen is not None
    assert options.strike[chosen[1]] == 23_000.0
    assert options.strike[chosen[0]] > 23_000.0
