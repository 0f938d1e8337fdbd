"""How what is unknown answers a fall of the market: never not at all. Pure.

A position that could move and has no beta, of itself or of its fund's NAV, is unknown. It is taken to move as what is
known does on average, by size, and never less than the market itself: what is not seen may be worse than what is, and a
fund of which nothing is known is most likely one of shares. Below half of the value known nothing is said at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.prices import FloatArray
from app.measures.conventions import MIN_COVERED_WEIGHT, quotient
from app.risk.shock_exposure import Exposed

MARKET = 1.0
"""Beta of Nifty 50, the least that something unknown is taken to have."""


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """``betas`` (M,) without a gap, and which of them are assumed: ``unknown`` (M,); ``known`` share of all by size.

    ``has_beta``: something in the book has one of its own.
    """

    betas: FloatArray
    unknown: NDArray[np.bool_]
    known: float
    has_beta: bool


def respond(exposed: Exposed) -> Response:
    """The straight-line answer of every position to a fall."""
    values, betas, held = exposed.values, exposed.betas, exposed.values != 0.0
    missing = np.isnan(betas)
    unknown = missing & ~exposed.still & held
    assumed = assumed_beta(values, np.where(exposed.still, np.nan, betas))
    filled = np.where(unknown, assumed, np.where(missing, 0.0, betas))
    return Response(filled, unknown, 1.0 - unknown_share(values, unknown), bool((held & ~missing).any()))


def assumed_beta(values: FloatArray, betas: FloatArray) -> float:
    """Mean of the ``betas`` (N,) that are known by size of the ``values`` (N,), and at least ``MARKET``."""
    sizes = np.where(np.isfinite(betas), np.abs(values), 0.0)
    mean = float(quotient(np.asarray(sizes @ np.nan_to_num(betas)), np.asarray(sizes.sum())))
    return max(mean, MARKET) if np.isfinite(mean) else MARKET


def assumed_losses(exposed: Exposed, losses: FloatArray, market: FloatArray) -> FloatArray:
    """``losses`` (K, M) rupees with those of unknown positions at the mean rate of loss of the known ones, by size.

    At least at the fall of ``market`` (K,), and never a gain.
    """
    values, counted = exposed.values, ~exposed.still & (exposed.values != 0.0)
    unknown = np.isnan(losses) & counted
    known = ~np.isnan(losses) & counted
    sizes = np.where(known, np.abs(values), 0.0)
    rates = np.where(known, quotient(losses, np.broadcast_to(values, losses.shape)), 0.0)
    mean = quotient((sizes * rates).sum(axis=1), sizes.sum(axis=1))
    rate = np.maximum(np.maximum(np.nan_to_num(mean), -market), 0.0)
    return np.where(unknown, values * rate[:, np.newaxis], losses)


def unknown_share(values: FloatArray, unknown: NDArray[np.bool_]) -> float:
    """Share of the ``values`` (M,) by size that is ``unknown`` (M,); 0 of nothing."""
    sizes = np.abs(values)
    total = float(sizes.sum())
    return float(sizes[unknown].sum()) / total if total else 0.0


def too_little(known: float) -> str:
    """Why nothing is said of a book of which the share ``known`` has an answer."""
    share, needed = known * 100, MIN_COVERED_WEIGHT * 100
    return f"of only {share:.1f} % of what you own is it known how it answers, {needed:.0f} % is needed"
