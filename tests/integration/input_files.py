"""Files as a person would import them: price tables, Kite's holdings answer, NSE's lists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.domain.prices import FloatArray
from app.domain.securities import is_isin
from tests.integration.conftest import TODAY

HEADER = "symbol,date,open,high,low,close,volume"
ISINS = {
    "INFY": "INE009A01021",
    "TCS": "INE467B01029",
    "ITC": "INE154A01025",
    "M&M": "INE101A01026",
    "RELIANCE": "INE002A01018",
}
SHARES = tuple(ISINS)
MARKET = ("NIFTY50", *SHARES)
Closes = Mapping[str, FloatArray]


def weekdays(count: int, last_day: date = TODAY) -> NDArray[np.datetime64]:
    """(count,) datetime64[D] ascending up to ``last_day``."""
    return np.busday_offset(np.datetime64(last_day, "D"), np.arange(1 - count, 1), roll="backward")


def random_closes(count: int = 300, symbols: Iterable[str] = MARKET, seed: int = 11) -> Closes:
    """Prices that start at 1000 and move by 1 % a day, half of it together."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 0.007, count)
    return {symbol: 1000 * np.exp(np.cumsum(common + rng.normal(0, 0.007, count))).round(2) for symbol in symbols}


def price_csv(closes: Closes, days: NDArray[np.datetime64] | None = None, volume: float = 50_000) -> bytes:
    """A long table; each series ends on the last of ``days`` (weekdays up to TODAY by default)."""
    lines = [HEADER]
    for symbol, series in closes.items():
        dated = (weekdays(len(series)) if days is None else days)[-len(series) :]
        lines += [f"{symbol},{day},{close},{close},{close},{close},{volume}" for day, close in zip(dated, series)]
    return ("\n".join(lines) + "\n").encode()


def kite_row(symbol: str, quantity: float = 10, **fields: object) -> dict[str, object]:
    """One holding as Kite answers it."""
    row = {"tradingsymbol": symbol, "exchange": "NSE", "isin": ISINS.get(symbol, ""), "instrument_token": 1000}
    return row | {"quantity": quantity, "average_price": 900.0, "last_price": 0, "close_price": 0} | fields


def kite_json(*rows: dict[str, object]) -> bytes:
    """Kite's answer to GET /portfolio/holdings."""
    return json.dumps({"status": "success", "data": rows}).encode()


def book(symbols: Iterable[str] = SHARES, quantity: float = 10) -> bytes:
    """A holdings answer of the same quantity of each."""
    return kite_json(*(kite_row(symbol, quantity) for symbol in symbols))


def isin(stem: str) -> str:
    """The ISIN that starts with these 11 characters: the check digit is added."""
    return next(stem + digit for digit in "0123456789" if is_isin(stem + digit))


def index_list(rows: Iterable[tuple[str, str, str]]) -> bytes:
    """NSE's index list of (symbol, ISIN, sector)."""
    lines = [f"{symbol} Limited,{sector},{symbol},EQ,{isin}" for symbol, isin, sector in rows]
    return "\n".join(["Company Name,Industry,Symbol,Series,ISIN Code", *lines, ""]).encode()
