"""The sample book and market of the app as a live Kite: the same names with tokens, index derivatives, an account."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial

import numpy as np
from scipy.special import ndtr

from app.domain.holdings import Holding
from app.domain.prices import PriceFile
from app.sources.sample_market import BENCHMARK, SampleFund, SampleMarket, generate_sample
from tests.fakes.kite.market import Bar, FakeInstrument, FakeMarket, empty_segment, holding_row, on_tick

NIFTY_TOKEN = 256265
FIRST_EXCHANGE_TOKEN = 2000
NSE, NFO, BSE = 1, 2, 4
"""Segment numbers: the low byte of an instrument token."""
LOT = 65
RATE, VOLATILITY = 0.06, 0.13
"""Of the derivatives: interest and implied volatility a year, the same for all."""
STRIKE_STEP, REACH = 100, 0.15
"""Index points between strikes, and how far they go on both sides, a share of the index: a put spread needs 10 %."""
MONTHS = 3


def sample_market(today: date, seed: int = 1) -> FakeMarket:
    """The sample of ``seed``, open for trading on ``today``: its history ends with the weekday before."""
    sample = generate_sample(today - timedelta(days=1), seed)
    index, *shares = _priced(sample)
    listed = {share.symbol: share for share in shares}
    elsewhere = [
        _on_bse(listed[holding.symbol], number)
        for number, holding in enumerate((h for h in sample.holdings if h.exchange == "BSE"), start=1)
    ]
    return FakeMarket(
        [index, *shares, *elsewhere, *_derivatives(index, today)],
        holdings=[_holding(holding) for holding in sample.holdings],
        mf_holdings=[_fund(fund) for fund in sample.funds],
        margins={"equity": empty_segment(250_000.0), "commodity": {**empty_segment(0.0), "enabled": False}},
        seed=seed,
    )


def monthly_expiries(today: date) -> list[date]:
    """The last Tuesday of this month and the next ones. The fake knows no holidays."""
    expiries: list[date] = []
    month = today.replace(day=1)
    while len(expiries) < MONTHS:
        following = (month + timedelta(days=32)).replace(day=1)
        last = following - timedelta(days=1)
        expiry = last - timedelta(days=(last.weekday() - 1) % 7)
        expiries.extend([expiry] if expiry >= today else [])
        month = following
    return expiries


def _priced(sample: SampleMarket) -> Iterator[FakeInstrument]:
    symbols = [BENCHMARK, *(security.symbol for security in sample.securities.securities)]
    names = {security.symbol: security.name for security in sample.securities.securities}
    for number, symbol in enumerate(symbols):
        bars = _bars(sample.prices, symbol)
        close, is_index = bars[-1][4], symbol == BENCHMARK
        yield FakeInstrument(
            token=NIFTY_TOKEN if is_index else (FIRST_EXCHANGE_TOKEN + number) * 256 + NSE,
            exchange="NSE",
            symbol="NIFTY 50" if is_index else symbol,
            last=close,
            previous_close=close,
            name="NIFTY 50" if is_index else names[symbol].upper(),
            segment="INDICES" if is_index else "NSE",
            lot=0 if is_index else 1,
            beta=sample.truth[symbol].beta,
            bars=bars,
        )


def _bars(prices: PriceFile, symbol: str) -> tuple[Bar, ...]:
    rows = np.flatnonzero(prices.symbols == symbol)
    days = prices.days[rows].astype(object)
    ohlc, volumes = prices.ohlc[rows].tolist(), prices.volume[rows].astype(int).tolist()
    return tuple((day, *bar, volume) for day, bar, volume in zip(days, ohlc, volumes, strict=True))


def _on_bse(share: FakeInstrument, number: int) -> FakeInstrument:
    return FakeInstrument(
        token=(500_000 + number) * 256 + BSE,
        exchange="BSE",
        symbol=share.symbol,
        last=share.last,
        previous_close=share.previous_close,
        name=share.name,
        segment="BSE",
        bars=share.bars,
        follows=lambda: share.last,
    )


def _derivatives(index: FakeInstrument, today: date) -> Iterator[FakeInstrument]:
    """Futures of three months, and calls and puts of the nearest two around the index."""
    middle = round(index.last / STRIKE_STEP) * STRIKE_STEP
    reach = math.ceil(REACH * middle / STRIKE_STEP) * STRIKE_STEP
    strikes = range(middle - reach, middle + reach + STRIKE_STEP, STRIKE_STEP)
    expiries = monthly_expiries(today)
    contracts = [("FUT", expiry, 0) for expiry in expiries]
    contracts += [(kind, expiry, strike) for expiry in expiries[:2] for strike in strikes for kind in ("CE", "PE")]
    for number, (kind, expiry, strike) in enumerate(contracts, start=1):
        value = partial(_value, index, kind, strike, (expiry - today).days / 365.0)
        yield FakeInstrument(
            token=(50_000 + number) * 256 + NFO,
            exchange="NFO",
            symbol=f"NIFTY{expiry:%y%b}".upper() + (kind if kind == "FUT" else f"{strike}{kind}"),
            last=value(),
            previous_close=value(),
            name="NIFTY",
            segment="NFO-FUT" if kind == "FUT" else "NFO-OPT",
            kind=kind,
            lot=LOT,
            expiry=expiry,
            strike=float(strike),
            follows=value,
        )


def _value(index: FakeInstrument, kind: str, strike: float, years: float) -> float:
    """A future at the cost of carry; an option by Black (1976) on that future."""
    forward, discount = index.last * math.exp(RATE * years), math.exp(-RATE * years)
    if kind == "FUT":
        return on_tick(forward, 0.05)
    sign, spread = (1.0 if kind == "CE" else -1.0), VOLATILITY * math.sqrt(max(years, 1 / 365))
    near = math.log(forward / strike) / spread + spread / 2.0
    value = sign * discount * (forward * ndtr(sign * near) - strike * ndtr(sign * (near - spread)))
    return on_tick(float(value), 0.05)


def _holding(holding: Holding) -> dict[str, object]:
    row = holding_row(
        holding.symbol, holding.exchange, str(holding.isin), holding.quantity, holding.average_price or 0.0
    )
    return {**row, "t1_quantity": holding.t1_quantity, "collateral_quantity": holding.collateral_quantity}


def _fund(fund: SampleFund) -> dict[str, object]:
    return {
        "folio": fund.folio,
        "average_price": fund.average_nav,
        "last_price": float(fund.navs[-1]),
        "last_price_date": str(fund.days[-1]),
        "pledged_quantity": 0,
        "fund": fund.name.upper(),
        "tradingsymbol": fund.isin,
        "pnl": 0,
        "quantity": fund.units,
    }
