"""Which fall of the market breaks a limit of the plan. Pure.

Every position moves by its beta, in a straight line. A fall does not change a VaR that is a percentage, so its limit is
read as a loss: the fall that costs as much in one go. Weights change because betas differ: what falls less becomes more
of what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.combined_reports import ReverseStress
from app.domain.disclosures import LineKind
from app.domain.limits import Limit, LimitKind, limits_of
from app.domain.prices import FloatArray
from app.domain.securities import UNCLASSIFIED
from app.measures.conventions import IntArray, quotient
from app.measures.stress import breaking_fall
from app.risk.combined_exposure import Owned
from app.risk.fund_exposure import SHARES
from app.risk.shock_exposure import Exposed

NO_BETA = "nothing in the book has a beta"
NO_FALL = "no fall of the market does it"
ALL_AT_ONCE = "a fall that costs as much at once as this limit allows as VaR"


@dataclass(frozen=True, slots=True, eq=False)
class _Named:
    """Rupees and rupees times beta of what has a weight: stocks or sectors (K,), and of the whole book."""

    names: Sequence[str]
    values: FloatArray
    sensitivities: FloatArray
    total: float
    sensitivity: float


def reverse_stress(exposed: Exposed, owned: Owned, drawdown: float | None) -> tuple[ReverseStress, ...]:
    """For each limit the smallest fall. ``drawdown`` percent is where the book stands now, None where unknown."""
    if not owned.total:
        return ()
    return (*_losses(exposed, owned.total, drawdown), *_weights(exposed, owned, owned.total))


def _losses(exposed: Exposed, total: float, drawdown: float | None) -> Iterator[ReverseStress]:
    for limit in limits_of(LimitKind.VALUE_AT_RISK):
        yield _found(limit, None, _fall(exposed, limit.value / 100 * total), ALL_AT_ONCE)
    for limit in limits_of(LimitKind.DRAWDOWN):
        if drawdown is None:
            yield _missing(limit, "the drawdown of today is not known")
            continue
        left = 1.0 - (1.0 - limit.value / 100) / (1.0 - drawdown / 100)
        meaning = f"from today's drawdown of {drawdown:.1f} %"
        yield _found(limit, None, _fall(exposed, max(left, 0.0) * total), meaning)


def _fall(exposed: Exposed, loss: float) -> float:
    return float(breaking_fall(exposed.values, exposed.betas, np.array([loss]))[0])


def _weights(exposed: Exposed, owned: Owned, total: float) -> Iterator[ReverseStress]:
    table = owned.table
    sensitivity = exposed.values * exposed.betas
    known = np.isfinite(sensitivity)
    whole = float(sensitivity[known].sum())
    for kind, groups, names, allowed in (
        (LimitKind.STOCK, exposed.securities, table.names.tolist(), table.of_kind(*SHARES)),
        (LimitKind.SECTOR, exposed.groups, list(owned.names), _sectors(owned)),
    ):
        inside = groups >= 0
        values, moving = (_sums(part[inside], groups[inside], len(names)) for part in (exposed.values, sensitivity))
        chosen = np.flatnonzero(allowed & np.isfinite(moving) & (values > 0))
        named = _Named([names[at] for at in chosen.tolist()], values[chosen], moving[chosen], total, whole)
        for limit in limits_of(kind):
            yield _first_above(limit, named, known=bool(known.any()))


def _sums(amounts: FloatArray, groups: IntArray, count: int) -> FloatArray:
    """(count,), NaN where something in the group is."""
    return np.asarray(np.bincount(groups, amounts, count), float)


def _sectors(owned: Owned) -> NDArray[np.bool_]:
    """(G,) True for the groups that are known sectors of Indian shares."""
    found = np.zeros(len(owned.names), dtype=bool)
    found[owned.groups[owned.table.of_kind(LineKind.EQUITY)]] = True
    return np.asarray(found & [name != UNCLASSIFIED for name in owned.names])


def _first_above(limit: Limit, named: _Named, *, known: bool) -> ReverseStress:
    """Weight (V - B s) / (T - C s) of the name that reaches the limit L first: s = (L T - V) / (L C - B)."""
    if not known:
        return _missing(limit, NO_BETA)
    share = limit.value / 100
    lacking = share * named.total - named.values
    gaining = share * named.sensitivity - named.sensitivities
    falls = np.where(lacking <= 0, 0.0, quotient(lacking, np.maximum(gaining, 0.0)))
    falls = np.where(np.isnan(falls) | (falls > 1.0), np.inf, falls)
    first = int(falls.argmin()) if len(falls) else -1
    name = named.names[first] if first >= 0 and np.isfinite(falls[first]) else None
    return _found(limit, name, float(falls[first]) if first >= 0 else np.inf, "its weight after the fall is the limit")


def _found(limit: Limit, name: str | None, fall: float, meaning: str) -> ReverseStress:
    if np.isnan(fall):
        return _missing(limit, NO_BETA)
    if np.isinf(fall):
        return _missing(limit, NO_FALL)
    said = "passed already" if fall == 0.0 else meaning
    return ReverseStress(limit.kind, limit.level, limit.value, name, fall * 100, said, None)


def _missing(limit: Limit, reason: str) -> ReverseStress:
    return ReverseStress(limit.kind, limit.level, limit.value, None, None, "", reason)
