"""The limits that the plan starts with: percent of the book's value, or a plain number for beta."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LimitKind(StrEnum):
    """What a limit bounds."""

    STOCK = "stock"
    SECTOR = "sector"
    BETA = "beta"
    VALUE_AT_RISK = "var_95"
    DRAWDOWN = "max_drawdown"
    LIQUID_SHARE = "liquid_share"


class LimitLevel(StrEnum):
    """How bad it is to pass a limit."""

    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Limit:
    """``value`` is the largest allowed, of ``LIQUID_SHARE`` the smallest; a beta is bounded on both sides of 0."""

    kind: LimitKind
    level: LimitLevel
    value: float


PLAN_LIMITS = (
    Limit(LimitKind.STOCK, LimitLevel.WARNING, 20.0),
    Limit(LimitKind.SECTOR, LimitLevel.WARNING, 40.0),
    Limit(LimitKind.BETA, LimitLevel.WARNING, 1.5),
    Limit(LimitKind.BETA, LimitLevel.CRITICAL, 2.0),
    Limit(LimitKind.VALUE_AT_RISK, LimitLevel.WARNING, 5.0),
    Limit(LimitKind.VALUE_AT_RISK, LimitLevel.CRITICAL, 10.0),
    Limit(LimitKind.DRAWDOWN, LimitLevel.WARNING, 15.0),
    Limit(LimitKind.DRAWDOWN, LimitLevel.CRITICAL, 25.0),
    Limit(LimitKind.LIQUID_SHARE, LimitLevel.WARNING, 10.0),
)


def limits_of(kind: LimitKind) -> tuple[Limit, ...]:
    """The plan's limits of one kind, the milder first."""
    return tuple(limit for limit in PLAN_LIMITS if limit.kind is kind)
