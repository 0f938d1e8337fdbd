"""The sample book of a first start: real names, invented prices, and the betas and volatilities they were made from.

The model, in simple daily returns (units: a day), everything on the right independent of everything else there:

    market    m = s_m sqrt(w) e_m               w = exp(kU) k / sinh(k),  U = 2 Phi(y) - 1,
                                                y = phi y_1 + sqrt(1 - phi^2) z      (y_1: the day before; z normal)
    share     r = d + beta m + s_k f + s_i e    f is its sector's factor, e its own
    fund      r = d + beta m + a (t . f)        t: a mix of all sector factors of length 1, a: its active risk
    index     r = d + m

``e``, ``e_m`` and ``f`` are Student t, cut off at +-TAIL_LIMIT and scaled to variance 1. ``y`` is standard normal on
every day, so U is uniform on (-1, 1), E[w] = 1 and E[w^2] = k coth(k): w makes clusters and leaves the variance exact.
Hence, unconditionally, cov(r, m) / var(m) = beta and

    var(share) = beta^2 s_m^2 + s_k^2 + s_i^2,   var(fund) = beta^2 s_m^2 + a^2,   var(index) = s_m^2.

``w`` and the cut tails are bounded, and with them every move: below 20 % a day for each share and any seed.
The drift d is the risk-free rate plus beta times the market premium, less a fund's costs. Paths end at the level in the
table, so the book is worth the same for every seed and day.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtr, stdtrit

from app.domain.fund_holdings import SAMPLE_FUND_PREFIX
from app.domain.holdings import Holding
from app.domain.prices import Basis, FloatArray, PriceFile
from app.domain.securities import Security, SecurityList

BENCHMARK = "NIFTY50"
DAYS = 756
"""Trading days generated: three years of 252."""
YEAR = 252
DAILY = 0.01 / math.sqrt(YEAR)
"""Percent a year of volatility to a fraction a day."""
SEED = 8

MARKET_VOLATILITY = 15.0
SECTOR_VOLATILITY = 7.0
"""Percent a year, of the market and of each sector's own factor."""
RISK_FREE = 6.5
MARKET_PREMIUM = 6.0
"""Percent a year: expected return = risk-free + beta * premium."""
FREEDOM = 4.0
TAIL_LIMIT = 5.0
"""Degrees of freedom of every shock, and where its Student t is cut: 3.9 standard deviations, kurtosis 4.2."""
CLUSTERING = 1.25
"""k: daily market variance swings between exp(-k) and exp(k) times its middle."""
PERSISTENCE = 0.97
"""phi: a burst of volatility halves in 23 days."""
OVERNIGHT = 0.1
"""Share of a day's variance that falls between two sessions: small, so that no large fall is mostly an opening gap."""
TICK = 0.05
INDEX_TICK = 0.01
LISTED_AS_OF = date(2026, 3, 31)
"""Day of NSE's lists from which names, ISINs and sectors are."""


@dataclass(frozen=True, slots=True)
class TrueParameters:
    """What a perfect estimate finds: ``beta`` to NIFTY50 and unconditional ``annual_volatility``, percent a year."""

    beta: float
    annual_volatility: float


@dataclass(frozen=True, slots=True, eq=False)
class SampleFund:
    """An invented fund. ``days`` (T,) datetime64[D] ascending, ``navs`` (T,) rupees a unit."""

    isin: str
    name: str
    category: str
    folio: str
    units: float
    average_nav: float
    days: NDArray[np.datetime64]
    navs: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SampleMarket:
    """A book and its market up to ``last_day``. ``truth`` has an entry for each price symbol and each fund's ISIN."""

    last_day: date
    prices: PriceFile
    securities: SecurityList
    holdings: tuple[Holding, ...]
    funds: tuple[SampleFund, ...]
    truth: Mapping[str, TrueParameters]


@dataclass(frozen=True, slots=True)
class _Share:
    """``close`` is the newest price, ``volume`` the median of a quiet day, ``volatility`` percent a year."""

    symbol: str
    isin: str
    name: str
    sector: str
    close: float
    volume: int
    beta: float
    volatility: float


@dataclass(frozen=True, slots=True)
class _Position:
    symbol: str
    average: float
    free: int
    t1: int = 0
    pledged: int = 0
    exchange: str = "NSE"


@dataclass(frozen=True, slots=True)
class _Fund:
    """``active`` risk and ``cost`` in percent a year, ``nav`` the newest."""

    isin: str
    category: str
    beta: float
    active: float
    cost: float
    nav: float
    average: float
    units: float


@dataclass(frozen=True, slots=True)
class _Factors:
    """Daily: ``turbulence`` w (T,), ``market`` m (T,) as a fraction, ``sectors`` f (T, K) of variance 1."""

    turbulence: FloatArray
    market: FloatArray
    sectors: FloatArray


_MONEY, _IT, _OIL = "Financial Services", "Information Technology", "Oil Gas & Consumable Fuels"
_FMCG, _AUTO, _HEALTH = "Fast Moving Consumer Goods", "Automobile and Auto Components", "Healthcare"
_GOODS, _METALS, _CEMENT = "Capital Goods", "Metals & Mining", "Construction Materials"
_DURABLES, _CONSUMER = "Consumer Durables", "Consumer Services"

_INDEX_CLOSE, _INDEX_VOLUME = 26_150.0, 260_000_000

_SHARES = (
    _Share("HDFCBANK", "INE040A01034", "HDFC Bank Ltd.", _MONEY, 965.0, 9_000_000, 0.95, 20.0),
    _Share("ICICIBANK", "INE090A01021", "ICICI Bank Ltd.", _MONEY, 1_405.0, 7_500_000, 0.95, 20.0),
    _Share("SBIN", "INE062A01020", "State Bank of India", _MONEY, 862.0, 7_200_000, 1.25, 25.0),
    _Share("KOTAKBANK", "INE237A01036", "Kotak Mahindra Bank Ltd.", _MONEY, 2_050.0, 2_700_000, 0.90, 23.0),
    _Share("AXISBANK", "INE238A01034", "Axis Bank Ltd.", _MONEY, 1_130.0, 5_600_000, 1.10, 24.0),
    _Share("BAJFINANCE", "INE296A01032", "Bajaj Finance Ltd.", _MONEY, 1_010.0, 6_000_000, 1.10, 27.0),
    _Share("CDSL", "INE736A01011", "Central Depository Services (India) Ltd.", _MONEY, 1_570.0, 2_200_000, 1.25, 39.0),
    _Share("TCS", "INE467B01029", "Tata Consultancy Services Ltd.", _IT, 3_150.0, 2_500_000, 0.75, 21.0),
    _Share("INFY", "INE009A01021", "Infosys Ltd.", _IT, 1_515.0, 7_200_000, 0.95, 24.0),
    _Share("HCLTECH", "INE860A01027", "HCL Technologies Ltd.", _IT, 1_480.0, 2_700_000, 0.85, 24.0),
    _Share("PERSISTENT", "INE262H01021", "Persistent Systems Ltd.", _IT, 5_520.0, 410_000, 1.10, 33.0),
    _Share("RELIANCE", "INE002A01018", "Reliance Industries Ltd.", _OIL, 1_415.0, 9_800_000, 1.15, 23.0),
    _Share("ONGC", "INE213A01029", "Oil & Natural Gas Corporation Ltd.", _OIL, 237.0, 7_800_000, 1.35, 30.0),
    _Share("COALINDIA", "INE522F01014", "Coal India Ltd.", _OIL, 400.0, 4_700_000, 1.25, 28.0),
    _Share("HINDUNILVR", "INE030A01027", "Hindustan Unilever Ltd.", _FMCG, 2_570.0, 1_200_000, 0.35, 19.0),
    _Share("ITC", "INE154A01025", "ITC Ltd.", _FMCG, 410.0, 10_000_000, 0.60, 19.0),
    _Share("NESTLEIND", "INE239A01024", "Nestle India Ltd.", _FMCG, 1_205.0, 820_000, 0.50, 20.0),
    _Share("BRITANNIA", "INE216A01030", "Britannia Industries Ltd.", _FMCG, 6_100.0, 260_000, 0.40, 20.0),
    _Share("MARUTI", "INE585B01010", "Maruti Suzuki India Ltd.", _AUTO, 15_800.0, 340_000, 0.80, 22.0),
    _Share("M&M", "INE101A01026", "Mahindra & Mahindra Ltd.", _AUTO, 3_630.0, 2_400_000, 1.30, 29.0),
    _Share("BAJAJ-AUTO", "INE917I01010", "Bajaj Auto Ltd.", _AUTO, 9_085.0, 310_000, 0.85, 26.0),
    _Share("SUNPHARMA", "INE044A01036", "Sun Pharmaceutical Industries Ltd.", _HEALTH, 1_620.0, 1_900_000, 0.55, 20.0),
    _Share("CIPLA", "INE059A01026", "Cipla Ltd.", _HEALTH, 1_560.0, 1_200_000, 0.50, 23.0),
    _Share("APOLLOHOSP", "INE437A01024", "Apollo Hospitals Enterprise Ltd.", _HEALTH, 7_890.0, 380_000, 0.65, 22.0),
    _Share("LT", "INE018A01030", "Larsen & Toubro Ltd.", "Construction", 3_685.0, 1_300_000, 1.25, 25.0),
    _Share("BEL", "INE263A01024", "Bharat Electronics Ltd.", _GOODS, 412.0, 13_000_000, 1.40, 33.0),
    _Share("POLYCAB", "INE455K01017", "Polycab India Ltd.", _GOODS, 7_360.0, 250_000, 1.05, 34.0),
    _Share("ULTRACEMCO", "INE481G01011", "UltraTech Cement Ltd.", _CEMENT, 12_720.0, 215_000, 1.00, 22.0),
    _Share("TATASTEEL", "INE081A01020", "Tata Steel Ltd.", _METALS, 171.5, 18_000_000, 1.35, 29.0),
    _Share("HINDALCO", "INE038A01020", "Hindalco Industries Ltd.", _METALS, 750.0, 4_300_000, 1.25, 29.0),
    _Share("BHARTIARTL", "INE397D01024", "Bharti Airtel Ltd.", "Telecommunication", 1_940.0, 4_600_000, 0.90, 22.0),
    _Share("NTPC", "INE733E01010", "NTPC Ltd.", "Power", 336.0, 8_800_000, 1.25, 27.0),
    _Share("POWERGRID", "INE752E01010", "Power Grid Corporation of India Ltd.", "Power", 287.0, 8_400_000, 1.10, 26.0),
    _Share("TATAPOWER", "INE245A01021", "Tata Power Co. Ltd.", "Power", 395.0, 4_200_000, 1.40, 31.0),
    _Share("TITAN", "INE280A01028", "Titan Company Ltd.", _DURABLES, 3_525.0, 630_000, 0.75, 22.0),
    _Share("ASIANPAINT", "INE021A01026", "Asian Paints Ltd.", _DURABLES, 2_495.0, 880_000, 0.60, 20.0),
    _Share("TRENT", "INE849A01020", "Trent Ltd.", _CONSUMER, 5_195.0, 830_000, 1.15, 36.0),
    _Share("ETERNAL", "INE758T01015", "Eternal Ltd.", _CONSUMER, 328.0, 24_000_000, 1.05, 37.0),
    _Share("INDIGO", "INE646L01027", "InterGlobe Aviation Ltd.", "Services", 5_745.0, 780_000, 0.95, 28.0),
    _Share("DLF", "INE271C01023", "DLF Ltd.", "Realty", 786.0, 2_200_000, 1.45, 32.0),
    _Share("ZENITHEXPO", "INE058B01018", "Zenith Exports Ltd.", "Textiles", 265.0, 1_300, 0.70, 48.0),
)

_BOOK = (
    _Position("HDFCBANK", 742.35, 340, pledged=100),
    _Position("HDFCBANK", 815.60, 60, exchange="BSE"),
    _Position("ICICIBANK", 918.40, 200),
    _Position("RELIANCE", 1_248.75, 130, pledged=50),
    _Position("TCS", 3_512.20, 60),
    _Position("LT", 2_890.10, 45),
    _Position("INFY", 1_437.90, 110),
    _Position("BHARTIARTL", 1_021.55, 85),
    _Position("ITC", 431.80, 400),
    _Position("SBIN", 604.25, 180),
    _Position("M&M", 2_105.00, 38),
    _Position("SUNPHARMA", 1_130.45, 75),
    _Position("TATASTEEL", 138.20, 700),
    _Position("ZENITHEXPO", 214.65, 450),
    _Position("TITAN", 3_340.00, 32),
    _Position("BAJFINANCE", 731.15, 110),
    _Position("BAJAJ-AUTO", 9_620.50, 12),
    _Position("ETERNAL", 297.40, 200, t1=100),
)

_FUNDS = (
    _Fund(SAMPLE_FUND_PREFIX + "016", "Nifty 50 Index Fund", 1.00, 0.05, 0.20, 248.1376, 196.4410, 1_410.266),
    _Fund(SAMPLE_FUND_PREFIX + "024", "Flexi Cap Fund", 0.92, 3.5, 0.70, 92.4451, 68.9032, 3_894.517),
    _Fund(SAMPLE_FUND_PREFIX + "032", "Large & Mid Cap Fund", 0.98, 4.0, 0.75, 61.2208, 49.7715, 3_266.860),
    _Fund(SAMPLE_FUND_PREFIX + "040", "Mid Cap Fund", 1.02, 7.0, 0.80, 138.7743, 97.1260, 1_080.904),
    _Fund(SAMPLE_FUND_PREFIX + "057", "Small Cap Fund", 1.00, 9.0, 0.85, 74.5029, 78.2244, 1_476.452),
    _Fund(SAMPLE_FUND_PREFIX + "065", "Arbitrage Fund", 0.03, 0.5, 0.40, 20.3318, 18.5507, 9_836.315),
)

_SYMBOLS = (BENCHMARK, *(share.symbol for share in _SHARES))


def generate_sample(last_day: date, seed: int = SEED) -> SampleMarket:
    """A pure function: the same arguments give the same market and book in every process.

    The calendar is the 756 weekdays up to ``last_day`` (itself if it is one); holidays are not left out.
    """
    rng = np.random.default_rng(seed)
    days = np.busday_offset(np.datetime64(last_day, "D"), np.arange(1 - DAYS, 1), roll="backward")
    sectors = sorted({share.sector for share in _SHARES})
    factors = _draw_factors(rng, len(sectors))
    returns, spread = _draw_moves(rng, factors, sectors)
    bars = _draw_bars(rng, returns, spread)
    volumes = _draw_volumes(rng, returns / spread)
    closes = dict(zip(_SYMBOLS, bars[-2:, :, 3].T, strict=True))
    return SampleMarket(
        last_day=days[-1].astype(object),
        prices=_price_file(days, bars, volumes),
        securities=SecurityList(tuple(_security(share) for share in _SHARES), as_of=LISTED_AS_OF),
        holdings=tuple(_holding(position, closes[position.symbol]) for position in _BOOK),
        funds=_draw_funds(rng, factors, days),
        truth=_truth(),
    )


def _draw_shocks(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    """Student t cut at +-TAIL_LIMIT, scaled to variance 1; by inversion, so one uniform number gives one shock.

    With F_n the distribution of t with n degrees of freedom and P_n(c) = F_n(c) - F_n(-c), the variance of the cut t is
    n ((n - 1) / (n - 2) P_{n-2}(c sqrt((n - 2) / n)) / P_n(c) - 1), from x^2 f_n = n ((1 + x^2 / n) f_n - f_n).
    """
    n, tail = FREEDOM, float(stdtr(FREEDOM, -TAIL_LIMIT))
    inside = 1.0 - 2.0 * float(stdtr(n - 2.0, -TAIL_LIMIT * math.sqrt((n - 2.0) / n)))
    variance = n * ((n - 1.0) / (n - 2.0) * inside / (1.0 - 2.0 * tail) - 1.0)
    uniform = tail + (1.0 - 2.0 * tail) * rng.random(shape)
    return np.asarray(stdtrit(n, uniform), dtype=np.float64) / math.sqrt(variance)


def _draw_factors(rng: np.random.Generator, sectors: int) -> _Factors:
    steps = rng.standard_normal(DAYS)
    steps[1:] *= math.sqrt(1.0 - PERSISTENCE**2)
    level = np.array(list(accumulate(steps.tolist(), lambda before, step: PERSISTENCE * before + step)))
    uniform = 2.0 * np.asarray(ndtr(level), dtype=np.float64) - 1.0
    turbulence = np.exp(CLUSTERING * uniform) * CLUSTERING / math.sinh(CLUSTERING)
    market = DAILY * MARKET_VOLATILITY * np.sqrt(turbulence) * _draw_shocks(rng, (DAYS,))
    return _Factors(turbulence, market, _draw_shocks(rng, (DAYS, sectors)))


def _draw_moves(rng: np.random.Generator, factors: _Factors, sectors: list[str]) -> tuple[FloatArray, FloatArray]:
    """Returns of the index and the shares, (T, S), and their standard deviation given that day's turbulence."""
    beta = np.array([1.0, *(share.beta for share in _SHARES)])
    own = DAILY * np.array([0.0, *(_own_volatility(share) for share in _SHARES)])
    loadings = np.zeros((len(sectors), len(beta)))
    loadings[[sectors.index(share.sector) for share in _SHARES], range(1, len(beta))] = DAILY * SECTOR_VOLATILITY
    shocks = _draw_shocks(rng, (DAYS, len(beta)))
    returns = _drift(beta) + np.outer(factors.market, beta) + factors.sectors @ loadings + own * shocks
    market = np.outer(factors.turbulence, (DAILY * MARKET_VOLATILITY * beta) ** 2)
    return returns, np.sqrt(market + np.sum(loadings**2, axis=0) + own**2)


def _draw_bars(rng: np.random.Generator, returns: FloatArray, spread: FloatArray) -> FloatArray:
    """Open, high, low, close (T, S, 4) on the tick. A day is a Brownian bridge of volatility ``spread`` between closes.

    The highest point of a bridge from 0 to x with variance v is (x + sqrt(x^2 + 2 v E)) / 2, E exponential of mean 1
    (Karatzas and Shreve, Brownian Motion and Stochastic Calculus, 4.3); the lowest likewise, drawn independently.
    """
    closes = _path(returns, np.array([_INDEX_CLOSE, *(share.close for share in _SHARES)]))
    move = np.log1p(returns)
    gap = OVERNIGHT * move + math.sqrt(OVERNIGHT * (1.0 - OVERNIGHT)) * spread * _draw_shocks(rng, move.shape)
    opens = closes / (1.0 + returns) * np.exp(gap)
    session = move - gap
    reach = np.sqrt(session**2 + 2.0 * (1.0 - OVERNIGHT) * spread**2 * rng.standard_exponential((2, *move.shape)))
    highs, lows = opens * np.exp((session + reach[0]) / 2.0), opens * np.exp((session - reach[1]) / 2.0)
    tick = np.array([INDEX_TICK] + [TICK] * len(_SHARES))[:, np.newaxis]
    bars: FloatArray = np.round(np.round(np.stack([opens, highs, lows, closes], axis=-1) / tick) * tick, 2)
    bars[..., 1], bars[..., 2] = bars.max(axis=-1), bars.min(axis=-1)
    return bars


def _draw_volumes(rng: np.random.Generator, moves: FloatArray) -> FloatArray:
    """Whole shares: the median of a quiet day times exp(0.3 |move|), log-normal; ``moves`` in standard deviations."""
    quiet = np.array([_INDEX_VOLUME, *(share.volume for share in _SHARES)])
    volumes: FloatArray = np.ceil(quiet * np.exp(0.3 * np.abs(moves) + 0.4 * rng.standard_normal(moves.shape)))
    return volumes


def _draw_funds(rng: np.random.Generator, factors: _Factors, days: NDArray[np.datetime64]) -> tuple[SampleFund, ...]:
    beta = np.array([fund.beta for fund in _FUNDS])
    tilts = rng.standard_normal((factors.sectors.shape[1], len(_FUNDS)))
    loadings = tilts / np.linalg.norm(tilts, axis=0) * DAILY * np.array([fund.active for fund in _FUNDS])
    drift = _drift(beta) - np.array([fund.cost for fund in _FUNDS]) / (100.0 * YEAR)
    returns = drift + np.outer(factors.market, beta) + factors.sectors @ loadings
    navs = np.round(_path(returns, np.array([fund.nav for fund in _FUNDS])), 4)
    return tuple(
        SampleFund(
            isin=fund.isin,
            name=f"Sample {fund.category} - Direct - Growth",
            category=fund.category,
            folio=f"SAMPLE{number}",
            units=fund.units,
            average_nav=fund.average,
            days=days,
            navs=navs[:, number - 1],
        )
        for number, fund in enumerate(_FUNDS, start=1)
    )


def _drift(beta: FloatArray) -> FloatArray:
    return (RISK_FREE + MARKET_PREMIUM * beta) / (100.0 * YEAR)


def _path(returns: FloatArray, newest: FloatArray) -> FloatArray:
    """Prices (T, S) after each return that end at ``newest`` (S,)."""
    growth = np.cumprod(1.0 + returns, axis=0)
    prices: FloatArray = newest * growth / growth[-1]
    return prices


def _own_volatility(share: _Share) -> float:
    """What market and sector leave of the share's volatility, percent a year."""
    common = (share.beta * MARKET_VOLATILITY) ** 2 + SECTOR_VOLATILITY**2
    return math.sqrt(share.volatility**2 - common)


def _truth() -> dict[str, TrueParameters]:
    shares = {share.symbol: TrueParameters(share.beta, share.volatility) for share in _SHARES}
    funds = {
        fund.isin: TrueParameters(fund.beta, math.hypot(fund.beta * MARKET_VOLATILITY, fund.active)) for fund in _FUNDS
    }
    return {BENCHMARK: TrueParameters(1.0, MARKET_VOLATILITY), **shares, **funds}


def _price_file(days: NDArray[np.datetime64], bars: FloatArray, volumes: FloatArray) -> PriceFile:
    order = np.argsort(np.array(_SYMBOLS))
    return PriceFile(
        kind="sample",
        symbols=np.repeat(np.array(_SYMBOLS, dtype=object)[order], len(days)),
        days=np.tile(days, len(_SYMBOLS)),
        ohlc=bars.swapaxes(0, 1)[order].reshape(-1, 4),
        volume=volumes.T[order].ravel(),
        price_basis=Basis.ADJUSTED,
        volume_basis=Basis.ADJUSTED,
    )


def _security(share: _Share) -> Security:
    return Security(share.isin, share.name, "NSE", share.symbol, series="EQ", sector=share.sector)


def _holding(position: _Position, closes: FloatArray) -> Holding:
    """``closes`` are the last two: like the broker's report, the row holds the newest price and the close before it."""
    isin = next(share.isin for share in _SHARES if share.symbol == position.symbol)
    return Holding(
        symbol=position.symbol,
        exchange=position.exchange,
        isin=isin,
        quantity=position.free,
        t1_quantity=position.t1,
        collateral_quantity=position.pledged,
        average_price=position.average,
        last_price=float(closes[-1]),
        close_price=float(closes[-2]),
    )
