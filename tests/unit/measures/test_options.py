from __future__ import annotations

import csv
import gzip
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from app.measures import options
from app.measures.conventions import FloatArray
from app.measures.options import QuoteFlaw, Quotes
from tests.shared_data import shared_file

FORWARD, YEARS, RATE = 25_104.5, 19 / 365, 0.06
MARKETS = {
    "forward": st.floats(50.0, 50_000.0),
    "moneyness": st.floats(0.7, 1.4),
    "years": st.floats(0.01, 3.0),
    "volatility": st.floats(0.05, 1.0),
    "rate": st.floats(0.0, 0.12),
}


def by_quadrature(forward: float, strike: float, years: float, volatility: float, call: bool, rate: float) -> float:
    """Discounted mean payoff over the lognormal law of the forward, integrated over its normal score."""
    deviation = volatility * math.sqrt(years)
    at_strike = (math.log(strike / forward) + deviation**2 / 2) / deviation

    def payoff(score: float) -> float:
        end = forward * math.exp(deviation * score - deviation**2 / 2)
        return float(abs(end - strike) * norm.pdf(score))

    low, high = (at_strike, 12.0) if call else (-12.0, at_strike)
    return math.exp(-rate * years) * quad(payoff, low, high, epsabs=1e-10, limit=200)[0]


def test_hulls_put_on_a_future_is_worth_1_12() -> None:
    assert options.black76_price(20, 20, 4 / 12, 0.25, False, 0.09) == pytest.approx(1.12, abs=0.005)


def test_haugs_call_and_put_at_the_money_are_worth_1_7011() -> None:
    both = options.black76_price(19, 19, 0.75, 0.28, np.array([True, False]), 0.10)
    np.testing.assert_allclose(both, 1.7011, atol=5e-5)


def test_haugs_deltas_of_futures_options() -> None:
    greeks = options.black76_greeks(105, 100, 0.5, 0.36, np.array([True, False]), 0.10)
    np.testing.assert_allclose(greeks.delta, [0.5946, -0.3566], atol=5e-5)


def test_haugs_gamma_and_vega_of_a_share_are_those_of_its_forward() -> None:
    growth = math.exp(0.10 * 0.75)
    greeks = options.black76_greeks(55 * growth, 60, 0.75, 0.30, True, 0.10)
    assert greeks.gamma * growth**2 == pytest.approx(0.0278, abs=5e-5)
    assert greeks.vega == pytest.approx(18.9358, abs=5e-4)


@pytest.mark.parametrize("call", [True, False])
@pytest.mark.parametrize(("strike", "years", "volatility"), [(80, 0.5, 0.4), (100, 0.05, 0.1), (130, 2.0, 0.25)])
def test_the_price_is_the_discounted_mean_payoff(strike: float, years: float, volatility: float, call: bool) -> None:
    expected = by_quadrature(100, strike, years, volatility, call, 0.06)
    assert options.black76_price(100, strike, years, volatility, call, 0.06) == pytest.approx(expected, rel=1e-8)


@given(**MARKETS)
def test_put_call_parity_holds(forward: float, moneyness: float, years: float, volatility: float, rate: float) -> None:
    strike = forward * moneyness
    call, put = options.black76_price(forward, strike, years, volatility, np.array([True, False]), rate)
    assert call - put == pytest.approx(math.exp(-rate * years) * (forward - strike), abs=1e-11 * forward)


@given(**MARKETS, call=st.booleans())
def test_prices_stay_within_their_bounds(
    forward: float, moneyness: float, years: float, volatility: float, rate: float, call: bool
) -> None:
    low, high = options.price_bounds(forward, forward * moneyness, years, call, rate)
    price = options.black76_price(forward, forward * moneyness, years, volatility, call, rate)
    assert low - 1e-11 * forward <= price <= high


@given(**MARKETS, call=st.booleans())
def test_the_greeks_are_the_derivatives_of_the_price(
    forward: float, moneyness: float, years: float, volatility: float, rate: float, call: bool
) -> None:
    strike = forward * moneyness

    def price(f: float = forward, t: float = years, v: float = volatility) -> float:
        return float(options.black76_price(f, strike, t, v, call, rate))

    greeks, step = options.black76_greeks(forward, strike, years, volatility, call, rate), 1e-4
    df, dv, dt = forward * step, step, years * step
    slope, bend = (price(forward + df) - price(forward - df)) / (2 * df), price(forward + df) + price(forward - df)
    assert greeks.delta == pytest.approx(slope, abs=1e-3)
    assert greeks.gamma * forward == pytest.approx((bend - 2 * price()) / df**2 * forward, rel=2e-2, abs=2e-3)
    assert greeks.vega == pytest.approx(
        (price(v=volatility + dv) - price(v=volatility - dv)) / (2 * dv), rel=1e-3, abs=1e-6 * forward
    )
    aged = (price(t=years - dt) - price(t=years + dt)) / (2 * dt) / 365
    assert greeks.theta == pytest.approx(aged, rel=1e-3, abs=1e-8 * forward)


@given(**MARKETS, call=st.booleans())
def test_the_implied_volatility_gives_the_price_back(
    forward: float, moneyness: float, years: float, volatility: float, rate: float, call: bool
) -> None:
    strike = forward * moneyness
    price = options.black76_price(forward, strike, years, volatility, call, rate)
    found = options.implied_volatility(price, forward, strike, years, call, rate)
    if price - options.price_bounds(forward, strike, years, call, rate)[0] < 1e-6 * forward:
        return
    assert found == pytest.approx(volatility, rel=1e-4)
    assert options.black76_price(forward, strike, years, float(found), call, rate) == pytest.approx(float(price))


def test_a_price_that_no_volatility_explains_has_none() -> None:
    low, high = options.price_bounds(FORWARD, 24_000.0, YEARS, True, RATE)
    prices = np.array([math.nan, -1.0, 0.0, low, low - 5.0, high, high + 1.0])
    assert np.isnan(options.implied_volatility(prices, FORWARD, 24_000.0, YEARS, True, RATE)).all()
    assert np.isnan(options.implied_volatility(100.0, FORWARD, 24_000.0, 0.0, True, RATE))


def test_a_time_value_lost_in_rounding_gives_no_volatility_rather_than_noise() -> None:
    deep = options.black76_price(FORWARD, 10_000.0, YEARS, 0.12, True, RATE)
    assert np.isnan(options.implied_volatility(deep, FORWARD, 10_000.0, YEARS, True, RATE))


def test_at_expiry_and_without_volatility_an_option_is_worth_its_intrinsic_value() -> None:
    strikes = np.array([90.0, 100.0, 110.0])
    np.testing.assert_allclose(options.black76_price(100, strikes, 0.0, 0.2, True, 0.06), [10, 0, 0])
    np.testing.assert_allclose(options.black76_price(100, strikes, 0.0, 0.2, False, 0.06), [0, 0, 10])
    np.testing.assert_allclose(options.black76_price(100, strikes, 1.0, 0.0, False, 0.0), [0, 0, 10])
    assert np.isnan(options.black76_greeks(100, strikes, 0.0, 0.2, True, 0.06).delta).all()
    assert np.isnan(options.black76_greeks(100, strikes, 1.0, 0.0, True, 0.06).theta).all()


@pytest.mark.parametrize("wrong", [{"forward": 0}, {"strike": -1}, {"years": -0.1}, {"volatility": -0.2}])
def test_what_cannot_be_has_no_price(wrong: dict[str, float]) -> None:
    arguments = {"forward": 100.0, "strike": 100.0, "years": 1.0, "volatility": 0.2, "is_call": True, "rate": 0.06}
    assert np.isnan(options.black76_price(**{**arguments, **wrong}))


def test_a_chain_of_any_shape_is_priced_at_once() -> None:
    prices = options.black76_price(np.full((4, 1), 100.0), np.linspace(80, 120, 5), 0.5, 0.2, True, 0.06)
    assert prices.shape == (4, 5)
    assert options.implied_volatility(prices, 100, np.linspace(80, 120, 5), 0.5, True, 0.06).shape == (4, 5)


def chain_prices(strikes: FloatArray, call: bool) -> FloatArray:
    return options.black76_price(FORWARD, strikes, YEARS, 0.12, call, RATE)


def test_the_forward_comes_back_from_puts_and_calls_whatever_one_wild_price_says() -> None:
    strikes = np.arange(24_000.0, 26_001.0, 100.0)
    calls, puts = chain_prices(strikes, True), chain_prices(strikes, False)
    assert options.implied_forward(strikes, calls, puts, YEARS, RATE) == pytest.approx(FORWARD, rel=1e-12)
    calls[11] += 40.0
    assert options.implied_forward(strikes, calls, puts, YEARS, RATE) == pytest.approx(FORWARD, rel=1e-12)
    calls[:] = math.nan
    assert math.isnan(options.implied_forward(strikes, calls, puts, YEARS, RATE))


def quotes(has_depth: bool = True) -> Quotes:
    one = np.ones(1)
    return Quotes(100 * one, 101 * one, 100.5 * one, 10 * one, 20 * one, 0 * one, has_depth)


@pytest.mark.parametrize(
    ("column", "value", "flaw"),
    [
        ("bid", 0.0, QuoteFlaw.NO_BID),
        ("bid", math.nan, QuoteFlaw.NO_BID),
        ("ask", 0.0, QuoteFlaw.NO_ASK),
        ("ask", math.nan, QuoteFlaw.NO_ASK),
        ("ask", 99.9, QuoteFlaw.CROSSED),
        ("ask", 110.6, QuoteFlaw.WIDE),
        ("ask", 110.4, ""),
        ("age_seconds", 901.0, QuoteFlaw.STALE),
        ("age_seconds", math.nan, QuoteFlaw.STALE),
        ("volume", 0.0, ""),
        ("last", math.nan, ""),
    ],
)
def test_a_quote_with_depth_is_refused_for_its_first_flaw(column: str, value: float, flaw: str) -> None:
    columns = quotes()
    getattr(columns, column)[0] = value
    assert options.quote_flaws(columns, 0.1).tolist() == [flaw]


def test_neither_volume_nor_open_interest_means_no_trade() -> None:
    for nothing in (np.zeros(1), np.full(1, math.nan)):
        silent = replace(quotes(), volume=nothing, open_interest=nothing)
        assert options.quote_flaws(silent, 0.1).tolist() == [QuoteFlaw.NO_TRADE]


def test_a_close_without_volume_proves_no_trade_and_needs_no_depth() -> None:
    close = replace(quotes(has_depth=False), bid=np.full(1, math.nan), ask=np.full(1, math.nan))
    assert options.quote_flaws(close, 0.1).tolist() == [""]
    assert options.quote_flaws(replace(close, volume=np.zeros(1)), 0.1).tolist() == [QuoteFlaw.NO_TRADE]
    assert options.quote_flaws(replace(close, last=np.zeros(1)), 0.1).tolist() == [QuoteFlaw.NO_PRICE]


def test_the_last_day_of_an_option_is_not_used() -> None:
    assert options.quote_flaws(quotes(), 0.9 / 365).tolist() == [QuoteFlaw.EXPIRY_DAY]


def test_prices_that_contradict_the_forward_are_refused() -> None:
    strikes, is_call = np.full(4, 25_000.0), np.array([True, True, False, False])
    prices = np.array([100.0, 26_000.0, 4_000.0, math.nan])
    flaws, _ = options.price_flaws(prices, FORWARD, strikes, YEARS, is_call, RATE)
    assert flaws.tolist() == [
        QuoteFlaw.BELOW_INTRINSIC,
        QuoteFlaw.ABOVE_BOUND,
        QuoteFlaw.VOLATILITY_TOO_HIGH,
        QuoteFlaw.NO_VOLATILITY,
    ]


@pytest.mark.parametrize("listed", [FORWARD, math.nan])
def test_a_chain_is_screened_on_its_future_or_on_the_forward_it_implies(listed: float) -> None:
    strike = np.repeat(np.arange(24_000.0, 26_001.0, 100.0), 2)
    is_call = np.tile([True, False], len(strike) // 2)
    price = options.black76_price(FORWARD, strike, YEARS, 0.12, is_call, RATE)
    ones = np.ones(len(strike))
    columns = Quotes(price * 0.99, price * 1.01, price, ones, ones, 0 * ones, has_depth=True)
    columns.bid[4] = 0.0
    chain = options.screen_chain(strike, is_call, columns, YEARS, RATE, listed)
    assert chain.forward == pytest.approx(FORWARD, rel=1e-12)
    assert chain.flaws[4] == QuoteFlaw.NO_BID
    assert np.count_nonzero(~chain.usable) == 1
    np.testing.assert_allclose(chain.volatility[chain.usable], 0.12, rtol=1e-6)
    np.testing.assert_array_equal(chain.buy, columns.ask)
    np.testing.assert_array_equal(chain.sell, columns.bid)


def test_the_exchanges_own_closes_give_a_smile_and_a_forward_near_the_future() -> None:
    with gzip.open(shared_file("market/nse_fo_bhavcopy_2025-09-11.csv.gz"), "rt") as file:
        rows = [r for r in csv.DictReader(file) if (r["TckrSymb"], r["XpryDt"]) == ("NIFTY", "2025-09-30")]
    rows = [row for row in rows if row["FinInstrmTp"] == "IDO"]
    strike, close, volume, interest = (
        np.array([float(row[name]) for row in rows]) for name in ("StrkPric", "ClsPric", "TtlTradgVol", "OpnIntrst")
    )
    none = np.full(len(rows), math.nan)
    is_call = np.array([row["OptnTp"] == "CE" for row in rows])
    columns = Quotes(none, none, close, volume, interest, np.zeros(len(rows)), has_depth=False)
    chain = options.screen_chain(strike, is_call, columns, YEARS, RATE, math.nan)
    assert chain.forward == pytest.approx(FORWARD, rel=1e-3)
    assert (chain.flaws[volume == 0] == QuoteFlaw.NO_TRADE).all()
    near = chain.usable & (np.abs(strike / FORWARD - 1) < 0.04)
    assert np.count_nonzero(near) > 50
    assert (chain.volatility[near] > 0.05).all()
    assert (chain.volatility[near] < 0.20).all()


def test_after_the_close_of_its_last_day_no_quote_of_a_chain_is_believed() -> None:
    with shared_file("market/nifty_option_chain_2025-12-23_close.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = ("strike", "top_bid", "top_ask", "last_price", "volume", "oi")
    strike, bid, ask, last, volume, interest = (np.array([float(row[name]) for row in rows]) for name in names)
    is_call = np.array([row["option_type"] == "CE" for row in rows])
    columns = Quotes(bid, ask, last, volume, interest, np.zeros(len(rows)), has_depth=True)
    assert not options.screen_chain(strike, is_call, columns, 0.0, RATE, math.nan).usable.any()
    flaws = options.quote_flaws(columns, 7 / 365)
    assert (flaws[bid == 0] != "").all()
    assert {QuoteFlaw.NO_TRADE, QuoteFlaw.NO_BID, QuoteFlaw.WIDE} <= set(flaws.tolist())
