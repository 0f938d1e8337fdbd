"""Which fall of the market breaks a limit of the plan. Pure.

Every position moves by its beta, in a straight line, what is unknown as ``unknown_response`` says. A fall does not
change a VaR that is a percentage, so its limit is read as a loss: the fall that costs as much in one go. Weights, and
with them the mean beta, change because betas differ: what falls less becomes more of what is left.
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
from app.measures.conventions import TOLERANCE, IntArray, has_coverage, quotient
from app.measures.stress import breaking_fall
from app.risk.combined_exposure import Owned
from app.risk.fund_exposure import SHARES, UNRESOLVED
from app.risk.shock_exposure import STILL, Exposed
from app.risk.unknown_response import Response, respond, too_little, unknown_share

NO_BETA = "nothing in the book has a beta"
NO_FALL = "no fall of the market does it, bonds and metals taken to stay"
ALL_AT_ONCE = "a fall that costs as much at once as this limit allows as VaR"
LOWERS = "a fall lowers the beta of the book: what has the highest falls most"
VOLUMES = (
    "it sets shares against their trading volumes, which a fall of prices leaves as they are; units of funds have none"
)


@dataclass(frozen=True, slots=True, eq=False)
class _Named:
    """Rupees and rupees times beta of what has a share of the book: stocks or sectors (K,); and of the whole book."""

    names: Sequence[str | None]
    values: FloatArray
    sensitivities: FloatArray
    total: float
    sensitivity: float


def reverse_stress(exposed: Exposed, owned: Owned, drawdown: float | None) -> tuple[ReverseStress, ...]:
    """For each limit the smallest fall. ``drawdown`` percent is where the book stands now, None where unknown."""
    if not owned.total:
        return ()
    answer = respond(exposed)
    return (
        *_losses(exposed, answer, owned.total, drawdown),
        *_weights(exposed, answer, owned, owned.total),
        *_betas(exposed, answer, owned.total),
        *(_missing(limit, VOLUMES, 0.0) for limit in limits_of(LimitKind.LIQUID_SHARE)),
    )


def _losses(exposed: Exposed, answer: Response, total: float, drawdown: float | None) -> Iterator[ReverseStress]:
    known, speaks = answer.known, _speaks_of(answer.known)
    reason = _why_silent(answer)
    for limit in (*limits_of(LimitKind.VALUE_AT_RISK), *limits_of(LimitKind.DRAWDOWN)):
        allowed, meaning = limit.value / 100, ALL_AT_ONCE
        if limit.kind is LimitKind.DRAWDOWN and drawdown is None:
            yield _missing(limit, reason or "the drawdown of today is not known", known)
            continue
        if limit.kind is LimitKind.DRAWDOWN and drawdown is not None:
            allowed = max(1.0 - (1.0 - allowed) / (1.0 - drawdown / 100), 0.0)
            meaning = f"from today's drawdown of {drawdown:.1f} %"
        fall = float(breaking_fall(exposed.values, answer.betas, np.array([allowed * total]))[0])
        yield _missing(limit, reason, known) if reason else _found(limit, None, fall, meaning + speaks, known)


def _weights(exposed: Exposed, answer: Response, owned: Owned, total: float) -> Iterator[ReverseStress]:
    """Of stocks and sectors. Where what is not seen through could pass a limit by itself, nothing is said below it."""
    table = owned.table
    moving = exposed.values * answer.betas
    unseen = unknown_share(exposed.values, _unseen(exposed, owned))
    for kind, groups, names, allowed in (
        (LimitKind.STOCK, exposed.securities, table.names.tolist(), table.of_kind(*SHARES)),
        (LimitKind.SECTOR, exposed.groups, list(owned.names), _sectors(owned)),
    ):
        inside = groups >= 0
        values, sensitivities = (_sums(part[inside], groups[inside], len(names)) for part in (exposed.values, moving))
        chosen = np.flatnonzero(allowed & (values > 0))
        named = _Named(
            [names[at] for at in chosen.tolist()], values[chosen], sensitivities[chosen], total, float(moving.sum())
        )
        for limit in limits_of(kind):
            yield _weight(limit, named, answer, 1.0 - unseen)


def _weight(limit: Limit, named: _Named, answer: Response, seen: float) -> ReverseStress:
    name, fall = _first_above(limit.value / 100, named)
    reason = None if fall == 0.0 else _why_silent(answer)
    if fall != 0.0 and 1.0 - seen >= limit.value / 100:
        reason = f"{(1.0 - seen) * 100:.1f} % of what you own is not seen through, which alone could pass it"
    meaning = "its weight after the fall is the limit" + (_of_the_seen(seen) if _rounded(seen) < 100.0 else "")
    return _missing(limit, reason, seen) if reason else _found(limit, name, fall, meaning, seen)


def _betas(exposed: Exposed, answer: Response, total: float) -> Iterator[ReverseStress]:
    """The mean beta by value, B / T, is (B - C s) / (T - B s) after a fall s, with C = sum of value x beta^2."""
    moving = exposed.values * answer.betas
    book = float(moving.sum())
    named = _Named([None], np.array([abs(book)]), np.array([float(moving @ answer.betas)]), total, book)
    reason = _why_silent(answer)
    for limit in limits_of(LimitKind.BETA):
        _, fall = _first_above(limit.value, named)
        why = reason or (LOWERS if np.isinf(fall) else None)
        meaning = "the mean beta of what is left by value" + _speaks_of(answer.known)
        yield _missing(limit, why, answer.known) if why else _found(limit, None, fall, meaning, answer.known)


def _unseen(exposed: Exposed, owned: Owned) -> NDArray[np.bool_]:
    """(M,) True for what may hold shares that nobody sees: rests, and units and lines that stay whole."""
    opaque = owned.table.of_kind(*UNRESOLVED) & ~np.isin(owned.table.assets.astype(str), STILL)
    return np.asarray(np.append(opaque, True)[exposed.securities])


def _sums(amounts: FloatArray, groups: IntArray, count: int) -> FloatArray:
    return np.asarray(np.bincount(groups, amounts, count), float)


def _sectors(owned: Owned) -> NDArray[np.bool_]:
    """(G,) True for the groups that are known sectors of Indian shares."""
    found = np.zeros(len(owned.names), dtype=bool)
    found[owned.groups[owned.table.of_kind(LineKind.EQUITY)]] = True
    return np.asarray(found & [name != UNCLASSIFIED for name in owned.names])


def _first_above(share: float, named: _Named) -> tuple[str | None, float]:
    """Share (V - B s) / (T - C s) of the name that reaches ``share`` L first: s = (L T - V) / (L C - B); inf for none.

    Only falls that leave the book worth something count.
    """
    lacking = share * named.total - named.values
    gaining = share * named.sensitivity - named.sensitivities
    falls = np.where(lacking <= 0, 0.0, quotient(lacking, np.maximum(gaining, 0.0)))
    beyond = ~(falls <= 1.0) | (falls * named.sensitivity >= named.total * (1.0 - TOLERANCE))
    falls = np.where(beyond, np.inf, falls)
    first = int(falls.argmin()) if len(falls) else -1
    if first < 0 or np.isinf(falls[first]):
        return None, np.inf
    return named.names[first], float(falls[first])


def _why_silent(answer: Response) -> str | None:
    if not answer.has_beta:
        return NO_BETA
    return None if has_coverage(np.asarray(answer.known)) else too_little(answer.known)


def _speaks_of(known: float) -> str:
    if _rounded(known) >= 100.0:
        return ""
    return f"; known of {known * 100:.1f} %, the rest taken to fall as the mean of it and at least as the market"


def _of_the_seen(seen: float) -> str:
    return f"; of the {seen * 100:.1f} % that is seen through"


def _rounded(share: float) -> float:
    return round(share * 100, 1)


def _found(limit: Limit, name: str | None, fall: float, meaning: str, known: float) -> ReverseStress:
    if np.isinf(fall):
        return _missing(limit, NO_FALL, known)
    said = "passed already" if fall == 0.0 else meaning
    return ReverseStress(limit.kind, limit.level, limit.value, name, fall * 100, said, known * 100, None)


def _missing(limit: Limit, reason: str, known: float) -> ReverseStress:
    return ReverseStress(limit.kind, limit.level, limit.value, None, None, "", known * 100, reason)
