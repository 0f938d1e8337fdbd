"""Printed weights against computed ones: on which scale they are, and where they disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from app.domain.disclosures import LineKind
from app.sources.amc.kinds import CONTRACTS

TOLERANCE = 0.02
"""Percentage points that a printed weight may differ from value over total."""
SPREAD = 0.006
"""What the rounding of each line may add to that for cash: houses put the rest to 100 there."""
FRACTIONS, PERCENTS = 100.0, 1.0


@dataclass(frozen=True, slots=True)
class Weighed:
    """``percents`` are the printed weights in percent, in order; ``rescaled`` and ``disagreeing`` index them."""

    percents: tuple[float | None, ...]
    rescaled: tuple[int, ...]
    disagreeing: tuple[int, ...]


def weigh(
    printed: Sequence[float | None],
    computed: Sequence[float],
    kinds: Sequence[LineKind],
    total_weight: float | None,
) -> Weighed:
    """Printed weights as percent, held against ``computed`` percent.

    The scale of a sheet is that of its total's own weight (1 or 100), without one that of most rows. A row that fits
    the other scale only is taken on that one, so that a sheet may mix them; a row that fits neither disagrees.
    """
    scale = scale_of_total(total_weight) or _scale_of_rows(printed, computed)
    percents: list[float | None] = []
    rescaled: list[int] = []
    disagreeing: list[int] = []
    for at, (weight, percent, kind) in enumerate(zip(printed, computed, kinds, strict=True)):
        own = scale
        allowed = TOLERANCE + (SPREAD * len(printed) if kind is LineKind.CASH else 0.0)
        if weight is not None and not _agrees(weight * scale, percent, allowed, kind):
            other = FRACTIONS + PERCENTS - scale
            fits = _agrees(weight * other, percent, TOLERANCE, kind)
            own = other if fits else scale
            (rescaled if fits else disagreeing).append(at)
        percents.append(None if weight is None else weight * own)
    return Weighed(tuple(percents), tuple(rescaled), tuple(disagreeing))


def _agrees(stated: float, percent: float, allowed: float, kind: LineKind) -> bool:
    """Shorts are printed with and without their sign: of contracts the sizes are compared."""
    if kind in CONTRACTS:
        stated, percent = abs(stated), abs(percent)
    return abs(stated - percent) <= allowed


def scale_of_total(weight: float | None) -> float | None:
    """What makes the printed weights percent, by that of the grand total (1 or 100); None where it is neither."""
    if weight is None:
        return None
    return next((scale for scale in (FRACTIONS, PERCENTS) if abs(weight * scale - 100) <= 10), None)


def _scale_of_rows(printed: Sequence[float | None], computed: Sequence[float]) -> float:
    ratios = [percent / weight for weight, percent in zip(printed, computed, strict=True) if weight and percent]
    return FRACTIONS if ratios and median(ratios) > 10 else PERCENTS
