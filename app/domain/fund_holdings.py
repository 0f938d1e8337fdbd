"""What a person owns in mutual funds, folio by folio."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

SAMPLE_FUND_PREFIX = "INF999S01"
"""Start of every sample fund's ISIN, given to no real fund house."""


@dataclass(frozen=True, slots=True)
class FundHolding:
    """Units of one fund in one folio. Rupees a unit; None where the source has none: never zero.

    ``isin`` is the key of NAVs and plans (``mf_symbol`` in the dashboard's tables). ``pledged`` units are part of
    ``quantity``. ``nav_date`` is None where the source does not date its NAV.
    """

    isin: str
    folio: str | None
    name: str
    quantity: float
    average_price: float | None = None
    nav: float | None = None
    nav_date: date | None = None
    pledged: float = 0.0


@dataclass(frozen=True, slots=True)
class FundHoldingsFile:
    """A parsed report of fund units; ``as_of`` is the day printed in it, None where it prints none.

    ``skipped`` names rows that are left out, ``notices`` how others were read.
    """

    holdings: tuple[FundHolding, ...]
    as_of: date | None = None
    skipped: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FundBook:
    """The fund units at one moment: ``source`` is kite, kite_json, console, host or sample.

    ``snapshot_id`` as in ``HoldingsSnapshot``.
    """

    holdings: tuple[FundHolding, ...]
    source: str
    as_of: date
    is_sample: bool = False
    snapshot_id: int | None = field(default=None, compare=False)
