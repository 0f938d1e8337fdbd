"""What a scheme costs and how closely it tracks its index, as AMFI publishes it: percent a year, with day and kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.schemes import Plan


class CostKind(StrEnum):
    """``TOTAL`` is all that is taken from the fund a year; ``BASE`` leaves out levies, brokerage and tax on it."""

    TOTAL = "total"
    BASE = "base"


class TrackingKind(StrEnum):
    """``ERROR``: standard deviation of the daily difference to the index, a year. ``DIFFERENCE``: fund less index."""

    ERROR = "error"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True)
class FundCost:
    """Percent of assets a year that a plan took on ``as_of``."""

    scheme_name: str
    plan: Plan
    kind: CostKind
    percent: float
    as_of: date


@dataclass(frozen=True, slots=True)
class FundTracking:
    """Percent a year over ``period`` (1y, 3y, 5y, 10y, launch) up to ``as_of``; a difference may be negative."""

    scheme_name: str
    plan: Plan
    kind: TrackingKind
    period: str
    percent: float
    benchmark: str | None
    as_of: date


@dataclass(frozen=True, slots=True)
class CostFile:
    """Costs of many schemes, the newest in force of each; ``undated`` where only the day of import is known."""

    costs: tuple[FundCost, ...]
    rejected: tuple[str, ...] = ()
    undated: bool = False


@dataclass(frozen=True, slots=True)
class TrackingFile:
    """Official tracking figures of many schemes."""

    figures: tuple[FundTracking, ...]
    rejected: tuple[str, ...] = ()
    undated: bool = False
