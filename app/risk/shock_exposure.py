"""What a shock to market or sectors meets: every share, every line of every fund, and the rest of each fund. Pure.

A share moves by its own beta. What has no prices of its own moves by the beta of the NAV of the fund that holds it, and
is counted as proxied. Cash stays. Bonds and metals have no beta and are taken to stay where nothing names them. What
could move and has no beta at all is unknown: it is never taken to stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.disclosures import LineKind
from app.domain.prices import FloatArray
from app.measures import market
from app.measures.conventions import IntArray, has_enough_returns
from app.risk.combined_book import CombinedBook, Values
from app.risk.combined_exposure import Owned
from app.risk.fund_exposure import SHARES
from app.risk.joint_series import JointPanel
from app.risk.look_through_risk import Inside

BY_FUND = (*SHARES, LineKind.DERIVATIVE, LineKind.FUND_UNIT, LineKind.UNIDENTIFIED)
"""What moves with its fund's NAV where it has no prices."""
STILL = (LineKind.CASH, LineKind.DEBT, LineKind.GOLD, LineKind.SILVER, LineKind.OTHER_DERIVATIVE)
"""What a fall of the share market is taken to leave alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Betas:
    """Regression on Nifty 50 over a window: ``holdings`` (N + F,), ``prices`` (P,); NaN where the days are too few."""

    holdings: FloatArray
    prices: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Exposed:
    """M positions: N shares, E lines of funds, then H rests.

    Rupees ``values``, ``betas`` (NaN: none), ``groups`` into the names of ``Owned`` and ``securities`` (-1: a rest);
    ``proxied`` where the beta is that of a fund's NAV, ``still`` where the share market is taken to have no part in it.
    Shares that are looked through have the value 0.
    """

    values: FloatArray
    betas: FloatArray
    groups: IntArray
    securities: IntArray
    proxied: NDArray[np.bool_]
    still: NDArray[np.bool_]
    shares: int


def window_betas(joint: JointPanel, inside: Inside, length: int) -> Betas:
    """Betas over the newest ``length`` rows, by the rule of a window's own: nine in ten of the days in common."""
    index = joint.panel.benchmark_returns[-length:]
    holdings, prices = (_betas(part[-length:], index, length) for part in (joint.panel.returns, inside.prices))
    return Betas(holdings, prices)


def exposed_to_shocks(book: CombinedBook, values: Values, owned: Owned, inside: Inside, betas: Betas) -> Exposed:
    """Everything owned, in rupees; what has no value counts as nothing."""
    held, shares = book.held.compositions, len(book.places)
    of_fund = betas.holdings[book.held.columns]
    priced = np.append(betas.prices, np.nan)[inside.columns]
    assets = owned.table.assets.astype(str)
    lines = assets[held.securities]
    by_fund = np.isnan(priced) & np.isin(lines, BY_FUND)
    own = np.where(by_fund, of_fund[held.funds], np.where(lines == LineKind.CASH, 0.0, priced))
    rests, count = np.full(held.fund_count, -1), held.fund_count
    direct = np.where(book.is_direct, np.nan_to_num(values.shares), 0.0)
    return Exposed(
        values=np.concatenate([direct, owned.exposure.entries, owned.exposure.remainder]),
        betas=np.concatenate([betas.holdings[:shares], own, of_fund]),
        groups=np.concatenate([owned.groups[book.places], owned.groups[held.securities], rests]),
        securities=np.concatenate([book.places, held.securities, rests]),
        proxied=np.concatenate([np.zeros(shares, dtype=bool), by_fund, np.ones(count, dtype=bool)]),
        still=np.concatenate([np.isin(part, STILL) for part in (assets[book.places], lines)] + [np.zeros(count, bool)]),
        shares=shares,
    )


def _betas(returns: FloatArray, index: FloatArray, length: int) -> FloatArray:
    common = np.isfinite(returns + index[:, np.newaxis]).sum(axis=0)
    return np.where(has_enough_returns(common, length), market.beta(returns, index), np.nan)
