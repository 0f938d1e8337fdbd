"""Daily prices: what an importer reads, what the store keeps and what the calculators get."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Basis(StrEnum):
    """Whether figures before a split or bonus were restated in today's shares."""

    ADJUSTED = "adjusted"
    AS_TRADED = "as_traded"


CONFIRMED_MOVE = "confirmed_move"
"""The kind of an action that a person notes: the price really moved on that day, nothing is to be adjusted."""


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """From ``ex_date`` on one old share is ``factor`` new ones (split 1:5 -> 5.0, bonus 1:1 -> 2.0).

    ``kind`` is split_or_bonus (the only one applied), demerger, rights_issue, other_adjustment or confirmed_move
    (named, not applied).
    """

    symbol: str
    ex_date: date
    factor: float
    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class PriceFile:
    """Columns of a parsed price file, sorted by symbol then date, one row a symbol and day.

    ``symbols`` (n,) str objects, ``days`` (n,) datetime64[D], ``ohlc`` (n, 4) rupees (NaN = missing; close never is),
    ``volume`` (n,) shares (NaN = unknown). ``rejected`` names rows that were left out, with file, row and reason.
    """

    kind: str
    symbols: NDArray[np.object_]
    days: NDArray[np.datetime64]
    ohlc: FloatArray
    volume: FloatArray
    price_basis: Basis
    volume_basis: Basis
    rejected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """One stored series. ``source`` is csv, bhavcopy, sample, ... or the dashboard's: host for its price table,
    holdings for closes out of its snapshots. ``stored_until`` is the day of the newest bar stored, read or not.
    """

    symbol: str
    source: str
    price_basis: Basis
    volume_basis: Basis
    exchange: str = "NSE"
    stored_until: date | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, eq=False)
class DailyBars:
    """Bars as stored: S series as columns over the union of their days; NaN where a series has no bar.

    ``days`` (T,) datetime64[D] ascending; prices (T, S) rupees; ``volumes`` (T, S) shares.
    """

    series: tuple[SeriesKey, ...]
    days: NDArray[np.datetime64]
    opens: FloatArray
    highs: FloatArray
    lows: FloatArray
    closes: FloatArray
    volumes: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PricePanel:
    """What the calculators get: one split-consistent column for each position, and the benchmark.

    ``days`` (T,) datetime64[D] ascending, trading days only; ``closes`` (T, N) rupees; ``volumes`` (T, N) shares in
    today's units; ``benchmark`` (T,) index level, all NaN when there is none. ``returns`` (T-1, N) are fractions with
    suspicious moves left out (NaN); ``benchmark_returns`` (T-1,). ``ranges`` (4, T-1, N) are the logarithms of a day's
    high, low and close over its open, and of that over the close before: all four, or none (NaN) without a whole bar
    and on the day of a suspicious move. ``sources`` N words for the reader. ``suspended`` (N,) bool.
    """

    days: NDArray[np.datetime64]
    symbols: tuple[str, ...]
    closes: FloatArray
    volumes: FloatArray
    benchmark: FloatArray
    benchmark_name: str | None
    returns: FloatArray
    benchmark_returns: FloatArray
    ranges: FloatArray
    sources: tuple[str, ...]
    suspended: NDArray[np.bool_]
