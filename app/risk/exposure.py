"""How concentrated the book is and how fast it could be sold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import isfinite

import numpy as np

from app.domain.prices import PricePanel
from app.domain.risk_reports import Concentration, Liquidity, PositionLiquidity, Share
from app.domain.securities import UNCLASSIFIED
from app.measures.concentration import effective_number
from app.measures.liquidity import AVERAGE_DAYS, average_volume, days_to_liquidate, has_stopped, position_to_volume
from app.risk.positions import Position
from app.risk.valuation import Valuation

FLAG_ABOVE = 0.10
"""A position above this share of 30-day average volume is flagged (the plan)."""


def concentration(positions: Sequence[Position], valuation: Valuation) -> Concentration:
    """Largest stock, sector and five holdings, in percent of the value of all valued positions."""
    stocks = sorted(
        (
            Share(position.symbol, weight * 100)
            for position, weight in zip(positions, valuation.weights.tolist(), strict=True)
            if weight > 0
        ),
        key=lambda share: -share.value,
    )
    by_sector: dict[str, float] = defaultdict(float)
    for position, weight in zip(positions, valuation.weights.tolist(), strict=True):
        if weight > 0:
            by_sector[position.sector] += weight * 100
    sectors = tuple(sorted((Share(*item) for item in by_sector.items()), key=lambda share: -share.value))
    named = [share for share in sectors if share.name != UNCLASSIFIED]
    five = stocks[:5]
    return Concentration(
        largest_stock=stocks[0] if stocks else None,
        largest_sector=named[0] if named else None,
        top5=Share(", ".join(share.name for share in five), sum(share.value for share in five)) if five else None,
        effective_holdings=effective_number(valuation.weights) if stocks else None,
        sectors=sectors,
        classified=sum(share.value for share in named),
    )


def liquidity(
    positions: Sequence[Position], valuation: Valuation, panel: PricePanel, participation: float
) -> Liquidity:
    """Positions against 30-day average volume. A stock is liquid when the position stays at or under the flag.

    Suspended shares are never liquid, nor are those without a price in the last five trading days. Value whose volume
    is unknown makes ``liquid_share`` unavailable only when nothing is known; otherwise it counts as not liquid, and the
    position says so.
    """
    quantity = np.array([position.quantity for position in positions], dtype=float)
    average = average_volume(panel.volumes) if len(panel.volumes) else np.full(len(positions), np.nan)
    suspended = panel.suspended | has_stopped(panel.closes)
    average = np.where(suspended, 0.0, average)
    share = position_to_volume(quantity, average)
    days = days_to_liquidate(quantity, average, participation)
    rows = tuple(
        _position(position.symbol, *numbers, suspended=bool(suspended[place]))
        for place, (position, numbers) in enumerate(
            zip(positions, zip(average.tolist(), share.tolist(), days.tolist(), strict=True), strict=True)
        )
    )
    known = any(row.liquid is not None for row in rows)
    weights = np.nan_to_num(valuation.weights)
    slowest = max(
        (row for row in rows if row.days_to_liquidate is not None),
        key=lambda row: row.days_to_liquidate or 0,
        default=None,
    )
    return Liquidity(
        liquid_share=float(weights[[row.liquid is True for row in rows]].sum() * 100) if known else None,
        days_to_liquidate=slowest.days_to_liquidate if slowest else None,
        slowest=slowest.symbol if slowest else None,
        participation=participation * 100,
        flag_above=FLAG_ABOVE * 100,
        days_averaged=AVERAGE_DAYS,
        unavailable=None if known else "no volumes are known",
        positions=tuple(sorted(rows, key=lambda row: -(row.position_to_volume or 0.0))),
    )


def _position(symbol: str, average: float, share: float, days: float, *, suspended: bool) -> PositionLiquidity:
    if suspended or average == 0:
        reason = "it looks suspended: nothing can be sold" if suspended else "no trade in 30 days"
        return PositionLiquidity(symbol, 0.0, None, None, False, True, reason)
    if not isfinite(share):
        return PositionLiquidity(symbol, None, None, None, None, False, "no volume is known")
    return PositionLiquidity(symbol, average, share * 100, days, share <= FLAG_ABOVE, share > FLAG_ABOVE, None)
