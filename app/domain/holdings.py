"""What a person owns in shares, as a broker reports it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Holding:
    """One row of a holdings report. Prices are None when the source has none: never zero.

    Quantities are shares. ``quantity`` is free stock, ``t1_quantity`` bought and not yet delivered,
    ``collateral_quantity`` pledged; ``mtf_quantity`` is bought on margin and is not counted as owned.
    """

    symbol: str
    exchange: str
    isin: str | None
    quantity: float
    t1_quantity: float = 0.0
    collateral_quantity: float = 0.0
    mtf_quantity: float = 0.0
    average_price: float | None = None
    last_price: float | None = None
    close_price: float | None = None
    instrument_token: int | None = None
    sector: str | None = None

    @property
    def owned_quantity(self) -> float:
        """Free + T+1 + pledged shares: what a fall in price costs the owner."""
        return self.quantity + self.t1_quantity + self.collateral_quantity


@dataclass(frozen=True, slots=True)
class HoldingsFile:
    """A parsed holdings report; ``as_of`` is the day printed in it, None where it prints none."""

    holdings: tuple[Holding, ...]
    as_of: date | None = None
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HoldingsSnapshot:
    """The book at one moment: ``source`` is kite_json, console, host or sample.

    ``snapshot_id`` is the number it is stored under, None for one that is not ours.
    """

    holdings: tuple[Holding, ...]
    source: str
    as_of: date
    is_sample: bool = False
    snapshot_id: int | None = field(default=None, compare=False)
