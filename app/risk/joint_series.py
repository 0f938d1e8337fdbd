"""Shares and funds as one panel of returns on the days that both have. Pure.

Shares count by their closes, funds by their NAVs; a NAV is of the day it is dated, whenever it was published. A day on
which a fund has no NAV is no row: the return over the next row then covers several trading days, of the fund and of
everything else alike, and is never taken as zero. So the last rows wait for the fund that publishes last. A fund that
stopped, or has few NAVs, holds nobody up: it misses rows, as a share does that did not trade.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.prices import FloatArray, PricePanel
from app.measures.conventions import MIN_WINDOW_SHARE, IntArray
from app.measures.returns import simple_returns
from app.risk.fund_book import FundBook

LATE = 5
"""Trading days that a fund may be late before it counts as one that stopped; the report calls its NAV old then."""


@dataclass(frozen=True, slots=True, eq=False)
class JointPanel:
    """``panel`` has N shares, then F funds (by ISIN), as columns over the common days.

    ``spans`` (T - 1,) counts the trading days that each return covers.
    """

    panel: PricePanel
    spans: IntArray


def join(shares: PricePanel, funds: FundBook) -> JointPanel:
    """The joint panel. A side that owns nothing, or knows no day, leaves the calendar to the other."""
    days, calendar = _common_days(shares, funds)
    closes = np.column_stack([_on(days, shares.days, shares.closes), _on(days, funds.days, funds.navs)])
    returns = np.column_stack(
        [returns_between(shares.days, shares.returns, days), returns_between(funds.days, _nav_steps(funds), days)]
    )
    lacking = ~np.isfinite(closes)
    returns[(lacking[1:] | lacking[:-1])[: len(returns)]] = np.nan
    benchmark, name = shares.benchmark, shares.benchmark_name
    index_days = shares.days
    if name is None:
        benchmark, name, index_days = funds.benchmark, funds.benchmark_name, funds.days
    index = _on(days, index_days, benchmark)
    count = len(funds.positions)
    panel = PricePanel(
        days=days,
        symbols=(*shares.symbols, *(position.isin for position in funds.positions)),
        closes=closes,
        volumes=np.column_stack([_on(days, shares.days, shares.volumes), np.full((len(days), count), np.nan)]),
        benchmark=index,
        benchmark_name=name,
        returns=returns,
        benchmark_returns=simple_returns(index),
        ranges=_ranges(shares, days, count),
        sources=(*shares.sources, *(position.nav_source for position in funds.positions)),
        suspended=np.concatenate([shares.suspended, np.zeros(count, dtype=bool)]),
    )
    return JointPanel(panel, np.diff(np.searchsorted(calendar, days)))


def returns_between(days: NDArray[np.datetime64], returns: FloatArray, wanted: NDArray[np.datetime64]) -> FloatArray:
    """Daily ``returns`` (T - 1, N) on ``days`` (T,) compounded from each of the ``wanted`` days (K,) to the next.

    (K - 1, N); NaN where a day in between is missing, or one of both is not among ``days``.
    """
    result = np.full((max(len(wanted) - 1, 0), returns.shape[1]), np.nan)
    at = np.searchsorted(days, wanted)
    known = at < len(days)
    known[known] = days[at[known]] == wanted[known]
    both, first, steps = known[:-1] & known[1:], at[:-1], np.diff(at)
    single = np.flatnonzero(both & (steps == 1))
    result[single] = returns[first[single]]
    for row in np.flatnonzero(both & (steps > 1)).tolist():
        result[row] = np.prod(1.0 + returns[first[row] : at[row + 1]], axis=0) - 1.0
    return result


def _common_days(shares: PricePanel, funds: FundBook) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """The rows, and the trading calendar that they are taken from."""
    if not funds.positions or not len(funds.days):
        return shares.days, shares.days
    complete = funds.days[_complete(funds)]
    if shares.symbols and len(shares.days):
        return np.intersect1d(shares.days, complete), shares.days
    return complete, funds.days


def _complete(funds: FundBook) -> NDArray[np.bool_]:
    """(T,) True on the days on which no fund that counts is without a NAV."""
    present = np.isfinite(funds.navs)
    rows = np.arange(len(present))[:, np.newaxis]
    last = np.max(np.where(present, rows, -1 - LATE), axis=0)
    alive = np.maximum.accumulate(present, axis=0) & (rows <= last + LATE)
    regular = present.sum(axis=0) >= MIN_WINDOW_SHARE * alive.sum(axis=0)
    owned = np.nan_to_num(funds.values) > 0
    return np.asarray(~(alive & ~present)[:, regular & owned].any(axis=1))


def _nav_steps(funds: FundBook) -> FloatArray:
    """Returns whose product over any days is the fund's: 0 where there is no NAV, NaN only over a move left out."""
    return np.where(np.isnan(funds.navs[1:]), 0.0, funds.returns)


def _on(wanted: NDArray[np.datetime64], days: NDArray[np.datetime64], values: FloatArray) -> FloatArray:
    """Rows of ``values`` (T, ...) on the ``wanted`` days, NaN where there is none."""
    found = np.full((len(wanted), *values.shape[1:]), np.nan)
    _, places, rows = np.intersect1d(wanted, days, return_indices=True)
    found[places] = values[rows]
    return found


def _ranges(shares: PricePanel, days: NDArray[np.datetime64], funds: int) -> FloatArray:
    """Ranges of the days whose return is that of one day; funds have none."""
    count = max(len(days) - 1, 0)
    ranges = np.full((4, count, len(shares.symbols) + funds), np.nan)
    at = np.searchsorted(shares.days, days)
    known = at < len(shares.days)
    known[known] = shares.days[at[known]] == days[known]
    single = np.flatnonzero(known[:-1] & known[1:] & (np.diff(at) == 1)) if count else np.arange(0)
    ranges[:, single, : len(shares.symbols)] = shares.ranges[:, at[single]]
    return ranges
