from __future__ import annotations

import csv
import math
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from hashlib import sha256

import numpy as np
import pytest

from app.domain.fund_holdings import SAMPLE_FUND_PREFIX
from app.domain.prices import FloatArray
from app.domain.securities import is_isin
from app.measures.market import beta
from app.measures.price_quality import suspicious_moves
from app.measures.returns import simple_returns
from app.sources import sample_market
from app.sources.sample_market import BENCHMARK, DAYS, SampleMarket, generate_sample
from tests.shared_data import shared_file

LAST_DAY = date(2026, 11, 23)
SEEDS = 40
VARIANCE_OF_SHOCK = 3.2
"""Kurtosis of the cut Student t less 1: the variance of a squared shock."""
CLUSTERED_SWING = 36.0
"""Long-run variance of squared market moves in units of s_m^4, from above: with A = k coth(k) = 1.47,
4.2 A - 1 + 2 (A - 1) phi / (1 - phi). (A function of a Gaussian AR(1) is correlated over l days by phi^l at most.)"""


@pytest.fixture(scope="module")
def sample() -> SampleMarket:
    return generate_sample(LAST_DAY)


@pytest.fixture(scope="module")
def many() -> list[dict[str, FloatArray]]:
    return [_returns(generate_sample(LAST_DAY, seed)) for seed in range(SEEDS)]


def _by_symbol(sample: SampleMarket) -> dict[str, FloatArray]:
    """Open, high, low, close, volume (T, 5) of each symbol."""
    columns = np.column_stack([sample.prices.ohlc, sample.prices.volume])
    return {symbol: columns[sample.prices.symbols == symbol] for symbol in set(sample.prices.symbols)}


def _returns(sample: SampleMarket) -> dict[str, FloatArray]:
    shares = {symbol: simple_returns(bars[:, 3]) for symbol, bars in _by_symbol(sample).items()}
    return shares | {fund.isin: simple_returns(fund.navs) for fund in sample.funds}


def _shares(sample: SampleMarket) -> list[str]:
    return [security.symbol for security in sample.securities.securities]


def _values(sample: SampleMarket) -> dict[str, float]:
    values: Counter[str] = Counter()
    for holding in sample.holdings:
        assert holding.last_price is not None
        values[holding.symbol] += holding.owned_quantity * holding.last_price  # type: ignore[assignment]
    return dict(values)


def _own_variance(sample: SampleMarket, name: str) -> float:
    """Daily variance that the market does not explain, a fraction squared."""
    truth, market = sample.truth[name], sample.truth[BENCHMARK].annual_volatility
    return (truth.annual_volatility**2 - (truth.beta * market) ** 2) / 1e4 / 252


def _digest(sample: SampleMarket) -> str:
    arrays = [sample.prices.days, sample.prices.ohlc, sample.prices.volume, *(fund.navs for fund in sample.funds)]
    words = repr((list(sample.prices.symbols), sample.securities, sample.holdings, sample.truth))
    return sha256(b"".join(array.tobytes() for array in arrays) + words.encode()).hexdigest()


# --- the market


def test_every_process_generates_the_same_sample(sample: SampleMarket) -> None:
    program = (
        "from datetime import date; from tests.unit.sources.test_sample_market import _digest, generate_sample; "
        f"print(_digest(generate_sample(date.fromisoformat('{LAST_DAY}'))))"
    )
    environment = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Pacific/Kiritimati"}
    other = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert other == _digest(sample)


def test_another_seed_changes_the_paths_but_not_what_the_book_is_worth(sample: SampleMarket) -> None:
    other = generate_sample(LAST_DAY, seed=99)
    assert not np.array_equal(other.prices.ohlc, sample.prices.ohlc)
    assert _values(other) == _values(sample)


@pytest.mark.parametrize(
    ("asked", "newest"),
    [(date(2026, 11, 20), "2026-11-20"), (date(2026, 11, 22), "2026-11-20"), (date(2026, 11, 23), "2026-11-23")],
)
def test_the_calendar_is_756_weekdays_up_to_the_day_asked_for(asked: date, newest: str) -> None:
    generated = generate_sample(asked)
    prices = generated.prices
    days = prices.days[prices.symbols == BENCHMARK]
    assert len(days) == DAYS == 756
    assert days[-1] == np.datetime64(newest)
    assert generated.last_day == date.fromisoformat(newest)
    assert np.all(np.diff(days) > np.timedelta64(0, "D"))
    assert np.all(np.is_busday(days))


def test_rows_are_sorted_by_symbol_then_day_and_complete(sample: SampleMarket) -> None:
    prices = sample.prices
    keys = list(zip(prices.symbols.tolist(), prices.days.tolist(), strict=True))
    assert keys == sorted(set(keys))
    assert set(prices.symbols) == {BENCHMARK, *_shares(sample)}
    assert len(keys) == DAYS * (1 + len(_shares(sample)))
    assert np.isfinite(prices.ohlc).all()
    assert np.isfinite(prices.volume).all()


def test_low_and_high_enclose_open_and_close_on_whole_ticks(sample: SampleMarket) -> None:
    for symbol, bars in _by_symbol(sample).items():
        opens, highs, lows, closes = bars[:, :4].T
        assert np.all((lows > 0) & (lows <= np.minimum(opens, closes)) & (highs >= np.maximum(opens, closes)))
        ticks = bars[:, :4] / (0.01 if symbol == BENCHMARK else 0.05)
        np.testing.assert_allclose(ticks, np.round(ticks), atol=1e-6)


def test_volumes_are_whole_shares_and_rise_with_the_size_of_the_move(sample: SampleMarket) -> None:
    for bars in _by_symbol(sample).values():
        volume, size = bars[1:, 4], np.abs(simple_returns(bars[:, 3]))
        assert np.all((volume >= 1) & (volume == np.round(volume)))
        big = size > np.quantile(size, 0.9)
        assert np.median(volume[big]) > 1.2 * np.median(volume[~big])


@pytest.mark.parametrize("uniform", [0.0, 1.0 - 2.0**-53])
def test_even_the_worst_draws_move_no_share_by_a_fifth(uniform: float, monkeypatch: pytest.MonkeyPatch) -> None:
    class WorstDraws(np.random.Generator):
        def random(self, size: tuple[int, ...]) -> FloatArray:  # type: ignore[override]
            return np.full(size, uniform)

        def standard_normal(self, size: int | tuple[int, ...]) -> FloatArray:  # type: ignore[override]
            return np.full(size, 9.0)

    monkeypatch.setattr(np.random, "default_rng", lambda seed: WorstDraws(np.random.PCG64(seed)))
    largest = max(abs(moves[-1]) for moves in _returns(generate_sample(LAST_DAY)).values())
    assert 0.15 < largest < 0.2


def test_no_generated_share_ever_moves_by_a_fifth(many: list[dict[str, FloatArray]]) -> None:
    assert max(np.abs(moves).max() for returns in many for moves in returns.values()) < 0.2


@pytest.mark.parametrize("seed", [sample_market.SEED, *range(20, 40)])
def test_the_price_guard_has_nothing_to_say(seed: int) -> None:
    columns = _by_symbol(generate_sample(LAST_DAY, seed))
    benchmark = columns.pop(BENCHMARK)[:, 3]
    bars = np.stack(list(columns.values()), axis=1)
    found = suspicious_moves(bars[..., 3], bars[..., 4], benchmark, bars[..., 0])
    assert found.verdict.size == 0


# --- the truth


@pytest.mark.parametrize("seed", [sample_market.SEED, 101, 102])
def test_estimated_betas_lie_within_four_standard_errors_of_the_truth(seed: int) -> None:
    generated = generate_sample(LAST_DAY, seed)
    returns = _returns(generated)
    market = returns[BENCHMARK]
    assert set(generated.truth) == set(returns)
    for name, moves in returns.items():
        slope = float(beta(moves, market))
        error = np.std(moves - slope * market, ddof=2) / (np.std(market) * math.sqrt(len(market)))
        assert abs(slope - generated.truth[name].beta) <= 4.0 * error + 1e-9, name


def test_the_sample_shown_has_volatilities_near_the_truth(sample: SampleMarket) -> None:
    market = sample.truth[BENCHMARK].annual_volatility ** 2 / 1e4 / 252
    for name, moves in _returns(sample).items():
        truth, own = sample.truth[name], _own_variance(sample, name)
        common = truth.beta**2 * market
        swing = CLUSTERED_SWING * common**2 + VARIANCE_OF_SHOCK * own**2 + 4.0 * common * own
        assert abs(np.var(moves, ddof=1) - (common + own)) < 4.0 * math.sqrt(swing / len(moves)), name


def test_over_many_samples_the_market_has_its_true_variance(
    many: list[dict[str, FloatArray]], sample: SampleMarket
) -> None:
    measured = np.mean([np.var(returns[BENCHMARK], ddof=1) for returns in many])
    error = math.sqrt(CLUSTERED_SWING / (DAYS * SEEDS))
    assert measured * 252e4 == pytest.approx(sample.truth[BENCHMARK].annual_volatility ** 2, rel=4.0 * error)


def test_over_many_samples_each_share_keeps_its_true_variance_apart_from_the_market(
    many: list[dict[str, FloatArray]], sample: SampleMarket
) -> None:
    error = math.sqrt(VARIANCE_OF_SHOCK / (DAYS * SEEDS))
    for name in _shares(sample):
        slope = sample.truth[name].beta
        measured = np.mean([np.var(returns[name] - slope * returns[BENCHMARK], ddof=1) for returns in many])
        assert measured == pytest.approx(_own_variance(sample, name), rel=4.0 * error), name


def test_shares_of_one_sector_move_together_beyond_the_market(many: list[dict[str, FloatArray]]) -> None:
    def left_over(returns: dict[str, FloatArray], name: str) -> FloatArray:
        return returns[name] - float(beta(returns[name], returns[BENCHMARK])) * returns[BENCHMARK]

    def together(first: str, second: str) -> float:
        pairs = [np.corrcoef(left_over(returns, first), left_over(returns, second))[0, 1] for returns in many]
        return float(np.mean(pairs))

    assert together("HDFCBANK", "ICICIBANK") > 0.2
    assert abs(together("HDFCBANK", "TCS")) < 4.0 / math.sqrt(DAYS * SEEDS)


def test_tails_are_fat(sample: SampleMarket, many: list[dict[str, FloatArray]]) -> None:
    def kurtosis(moves: FloatArray) -> float:
        centred = moves - moves.mean()
        return float(np.mean(centred**4) / np.mean(centred**2) ** 2)

    assert kurtosis(_returns(sample)[BENCHMARK]) > 4.0
    for name in _returns(sample):
        assert np.mean([kurtosis(returns[name]) for returns in many]) > 3.5, name


def test_volatility_comes_in_clusters(sample: SampleMarket) -> None:
    moves = _returns(sample)[BENCHMARK]
    squares = (moves - moves.mean()) ** 2
    squares -= squares.mean()
    lags = range(1, 21)
    mean = np.mean([np.dot(squares[lag:], squares[:-lag]) / np.dot(squares, squares) for lag in lags])
    assert mean > 4.0 / math.sqrt(len(lags) * len(moves))  # four standard errors of independent days


# --- the book


def test_the_book_is_worth_25_to_30_lakh_in_15_to_18_shares(sample: SampleMarket) -> None:
    assert 25e5 < sum(_values(sample).values()) < 30e5
    assert 15 <= len(_values(sample)) <= 18


def test_one_share_exceeds_15_percent_and_financials_are_about_35(sample: SampleMarket) -> None:
    values = _values(sample)
    total = sum(values.values())
    weights = sorted(value / total for value in values.values())
    assert weights[-1] > 0.15 > weights[-2]
    sectors = {security.symbol: security.sector for security in sample.securities.securities}
    financials = sum(value for symbol, value in values.items() if sectors[symbol] == "Financial Services")
    assert financials / total == pytest.approx(0.35, abs=0.01)


def test_prices_of_the_book_are_the_last_two_closes_and_not_what_was_paid(sample: SampleMarket) -> None:
    closes = {symbol: bars[:, 3] for symbol, bars in _by_symbol(sample).items()}
    for holding in sample.holdings:
        assert (holding.close_price, holding.last_price) == tuple(closes[holding.symbol][-2:])
        assert holding.average_price is not None
        assert holding.average_price != holding.last_price


def test_one_isin_is_held_on_both_exchanges(sample: SampleMarket) -> None:
    venues = {(holding.isin, holding.exchange) for holding in sample.holdings}
    assert len(venues) == len(sample.holdings)
    assert [isin for isin, exchange in venues if exchange == "BSE" and (isin, "NSE") in venues] == ["INE040A01034"]


def test_pledged_and_undelivered_shares_count_as_owned(sample: SampleMarket) -> None:
    pledged = [holding for holding in sample.holdings if holding.collateral_quantity]
    undelivered = [holding for holding in sample.holdings if holding.t1_quantity]
    assert len(pledged) >= 2
    assert len(undelivered) == 1
    for holding in pledged + undelivered:
        assert holding.owned_quantity == holding.quantity + holding.collateral_quantity + holding.t1_quantity
        assert holding.owned_quantity > holding.quantity


def test_only_the_small_company_is_hard_to_sell(sample: SampleMarket) -> None:
    bars = _by_symbol(sample)
    to_volume = {held.symbol: held.owned_quantity / bars[held.symbol][-30:, 4].mean() for held in sample.holdings}
    assert to_volume.pop("ZENITHEXPO") > 0.1
    assert max(to_volume.values()) < 0.001


def test_isins_have_the_right_check_digit_and_are_used_once(sample: SampleMarket) -> None:
    shares = [security.isin for security in sample.securities.securities]
    funds = [fund.isin for fund in sample.funds]
    assert all(is_isin(isin) for isin in shares + funds)
    assert len(set(shares + funds)) == len(shares) + 6
    assert all(isin.startswith(SAMPLE_FUND_PREFIX) for isin in funds)
    assert {holding.isin for holding in sample.holdings} <= set(shares)


def test_isins_are_those_of_the_exchange(sample: SampleMarket) -> None:
    with shared_file("market/EQUITY_L.csv").open(encoding="utf-8", newline="") as listed:
        isins = {row["SYMBOL"]: row["ISIN NUMBER"] for row in csv.DictReader(listed, skipinitialspace=True)}
    for security in sample.securities.securities:
        assert isins[security.symbol] == security.isin, security.symbol


def test_names_and_sectors_are_those_of_the_index_lists(sample: SampleMarket) -> None:
    with shared_file("market/ind_niftytotalmarket_list.csv").open(encoding="utf-8", newline="") as listed:
        known = {row["Symbol"]: (row["Company Name"], row["Industry"]) for row in csv.DictReader(listed)}
    securities = {security.symbol: (security.name, security.sector) for security in sample.securities.securities}
    _, sector_of_the_unlisted = securities.pop("ZENITHEXPO")
    assert sector_of_the_unlisted in {sector for _, sector in known.values()}
    assert securities == {symbol: known[symbol] for symbol in securities}


# --- the funds


def test_funds_are_plainly_named_samples_and_valued_on_every_day(sample: SampleMarket) -> None:
    days = sample.prices.days[sample.prices.symbols == BENCHMARK]
    for fund in sample.funds:
        assert fund.name.startswith("Sample ")
        assert fund.name.endswith(" - Direct - Growth")
        np.testing.assert_array_equal(fund.days, days)
        assert fund.navs.min() > 0
        assert fund.units > 0
        assert fund.average_nav != fund.navs[-1]
    assert len({fund.folio for fund in sample.funds}) == 6


def test_the_index_fund_follows_the_index_less_its_cost(
    many: list[dict[str, FloatArray]], sample: SampleMarket
) -> None:
    isin = sample.funds[0].isin
    gaps = np.array([returns[isin] - returns[BENCHMARK] for returns in many])
    tracking_error = gaps.std(axis=1, ddof=1) * math.sqrt(252)
    assert tracking_error.max() < 0.0006
    assert gaps.mean() * 252 == pytest.approx(-0.002, abs=4 * 0.0005 / math.sqrt(3 * SEEDS))


def test_the_arbitrage_fund_is_calm_and_the_small_cap_fund_is_not(sample: SampleMarket) -> None:
    calm, wild = sample.funds[-1], sample.funds[-2]
    assert sample.truth[calm.isin].annual_volatility < 1.0
    assert sample.truth[wild.isin].annual_volatility > sample.truth[BENCHMARK].annual_volatility
