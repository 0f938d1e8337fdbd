"""Whose risk it is: by holding, sector, fund, what funds hold and, both together, by stock. Pure.

The joint series' risk is divided among holdings by Euler's rule. A fund's part is divided further: what its disclosed
weight in a share, times that share's return, adds to the book's return on every day is that share's; what is left of
the fund's NAV return (bonds, cash, lines without prices, costs, changes since the disclosure) is the fund's rest. So
the parts of each kind add up to the same total.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
from numpy.typing import NDArray

from app.domain.combined_reports import Contribution, ContributionKind
from app.domain.prices import FloatArray
from app.measures.contribution import DayWeights, contributions, expected_shortfall, volatility
from app.measures.conventions import IntArray, quotient
from app.risk.combined_book import CombinedBook, Values
from app.risk.combined_exposure import Owned
from app.risk.equity_measures import Portfolio
from app.risk.joint_series import JointPanel
from app.risk.look_through_risk import Inside

MEASURES: tuple[DayWeights, ...] = (volatility, expected_shortfall(0.95))
DIRECT, DIRECT_NAME = "shares", "Shares held directly"
REST, REST_NAME = "rest", "Rest of the funds"
ROWS = 1 + len(MEASURES)
"""Rows of the arrays of parts: rupees owned, then the fraction of each measure."""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Rupees owned and fractions at risk, a row each: ``holdings`` (3, N + F), ``entries`` (3, E) of the compositions.

    ``rest`` (3, H) is what the entries leave of each fund. ``included`` (N + F,) are the holdings that are measured.
    """

    holdings: FloatArray
    entries: FloatArray
    rest: FloatArray
    included: NDArray[np.bool_]
    total: float


def divide(
    book: CombinedBook, values: Values, owned: Owned, joint: JointPanel, inside: Inside, portfolio: Portfolio
) -> tuple[Contribution, ...]:
    """Contributions to the volatility and CVaR 95 of a window; none where the window has no measures."""
    if portfolio.unavailable or not values.total:
        return ()
    parts = _parts(book, values, owned, joint, inside, portfolio)
    return tuple(row for kind in ContributionKind for row in _rows(kind, book, owned, parts))


def _parts(
    book: CombinedBook, values: Values, owned: Owned, joint: JointPanel, inside: Inside, portfolio: Portfolio
) -> Parts:
    held, columns, included = book.held.compositions, book.held.columns, portfolio.included
    amounts, count = values.both[included], int(np.count_nonzero(included))
    returns = joint.panel.returns[-portfolio.length :, included]
    both = np.column_stack([returns, inside.prices[-portfolio.length :]])
    sized = np.concatenate([amounts, np.zeros(inside.prices.shape[1])])
    found = [contributions(both, sized, measure) for measure in MEASURES]
    weights = np.zeros(len(included))
    weights[included] = amounts / amounts.sum()
    holdings = np.zeros((ROWS, len(included)))
    holdings[0] = values.both
    entries = np.zeros((ROWS, len(held.funds)))
    priced = inside.columns >= 0
    owner, net = held.funds[priced], held.net[priced]
    entries[0, priced] = owned.exposure.entries[priced]
    for row, one in enumerate(found, start=1):
        holdings[row, included] = one.contributions[:count]
        marginal = one.marginal[count:]
        entries[row, priced] = weights[columns[owner]] * net * marginal[inside.columns[priced]]
    rest = holdings[:, columns] - _sums(entries, held.funds, held.fund_count)
    return Parts(holdings, entries, rest, included, values.total or 0.0)


def _rows(kind: ContributionKind, book: CombinedBook, owned: Owned, parts: Parts) -> Iterator[Contribution]:
    held, columns, table, size = book.held.compositions, book.held.columns, owned.table, len(owned.table)
    direct = np.where(book.is_direct, parts.holdings[:, : len(book.places)], 0.0)
    funds = [(one.isin, one.name) for one in book.held.positions]
    rest = [(f"{REST}:{isin}", f"Rest of {name}") for isin, name in funds]
    securities = list(zip(table.keys.tolist(), table.names.tolist(), strict=True))
    own = [(one.isin or one.symbol, one.name) for one in book.shares.positions]
    own += [(one.isin, one.name) for one in book.funds.positions]
    all_direct = direct.sum(axis=1, keepdims=True)
    match kind:
        case ContributionKind.HOLDING:
            yield from _named(kind, own, parts.holdings, parts, parts.included)
        case ContributionKind.FUND:
            both = np.column_stack([all_direct, parts.holdings[:, columns]])
            known = np.concatenate([[True], parts.included[columns]])
            yield from _named(kind, [(DIRECT, DIRECT_NAME), *funds], both, parts, known)
        case ContributionKind.SECTOR:
            by_sector = _sums(direct, owned.groups[book.places], len(owned.names))
            by_sector += _sums(parts.entries, owned.groups[held.securities], len(owned.names))
            both = np.column_stack([by_sector, parts.rest.sum(axis=1)])
            yield from _named(kind, [*zip(owned.names, owned.names, strict=True), (REST, REST_NAME)], both, parts)
        case ContributionKind.FUND_CONSTITUENT:
            both = np.column_stack([all_direct, _sums(parts.entries, held.securities, size), parts.rest])
            yield from _named(kind, [(DIRECT, DIRECT_NAME), *securities, *rest], both, parts)
        case ContributionKind.STOCK:
            stocks = _sums(direct, book.places, size) + _sums(parts.entries, held.securities, size)
            yield from _named(kind, [*securities, *rest], np.column_stack([stocks, parts.rest]), parts)


def _named(
    kind: ContributionKind,
    names: Sequence[tuple[str, str]],
    rows: FloatArray,
    parts: Parts,
    known: NDArray[np.bool_] | None = None,
) -> Iterator[Contribution]:
    """One contribution a column of ``rows`` (3, K), those of nothing left out; largest risk first.

    Where ``known`` (K,) is False there is no risk to show.
    """
    totals = parts.holdings[1:].sum(axis=1, keepdims=True)
    shown = np.flatnonzero(np.any(rows != 0.0, axis=0))
    shown = shown[np.argsort(-rows[1, shown], kind="stable")]
    value = (rows[0, shown] / parts.total * 100).tolist()
    percent = quotient(rows[1:, shown] * 100, totals)
    rupees = rows[1:, shown] * parts.total
    if known is not None:
        percent[:, ~known[shown]] = rupees[:, ~known[shown]] = np.nan
    columns = [_or_none(part[row]) for row in (0, 1) for part in (percent, rupees)]
    for at, *own in zip(shown.tolist(), value, *columns, strict=True):
        yield Contribution(kind, *names[at], *own)


def _or_none(figures: FloatArray) -> list[float | None]:
    return [None if isnan(figure) else figure for figure in figures.tolist()]


def _sums(rows: FloatArray, groups: IntArray, count: int) -> FloatArray:
    """Sums of each row of ``rows`` (3, K) over ``groups`` (K,): (3, count)."""
    return np.stack([np.bincount(groups, row, count) for row in rows]).astype(float)
