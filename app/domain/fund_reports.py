"""Funds, one by one and beside each other: what a report says of them.

As in ``risk_reports``: percent is percent, rupees are rupees, losses are positive, missing is None with the reason
beside it. Percentages of exposure, concentration and cost are of the value of all funds that have one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from app.domain.disclosures import LineKind
from app.domain.risk_reports import Measure, Share


class Style(StrEnum):
    """Whether a fund follows an index or a manager."""

    INDEX = "index"
    ACTIVE = "active"


@dataclass(frozen=True)
class StyleOverride:
    """What a person said of a fund; None leaves that part to the scheme's data."""

    style: Style | None
    index: str | None


@dataclass(frozen=True)
class Figure(Measure):
    """A measure that no window of NAVs gives: of a disclosure or a list of the day ``as_of``."""

    as_of: date | None


@dataclass(frozen=True)
class FundWindow:
    """A fund's own measures over one window, by the names that the book's have."""

    observations: int
    from_date: date | None
    to_date: date | None
    measures: dict[str, Measure]


@dataclass(frozen=True)
class FundDisclosure:
    """The portfolio that a fund was looked through with. Percent of net assets.

    ``gross_equity`` is shares, ``net_equity`` adds signed derivatives on them, both after funds in it are resolved.
    ``identified`` is what stands in securities, cash or contracts of a known kind; ``unresolved`` is in units of funds
    whose portfolio is not stored, in lines of unknown kind, or listed nowhere.
    """

    name: str
    as_on: date
    age_days: int
    file: str
    source: str
    partial: bool
    lines: int
    gross_equity: float
    net_equity: float
    identified: float
    unresolved: float


@dataclass(frozen=True)
class FundExpense:
    """What the units cost a year. ``gap`` is what the regular plan costs more than the direct one.

    ``own`` and ``gap`` carry rupees a year at today's value. A gap is a loss for who holds the regular plan
    (``plan``), and saved by who holds the direct one.
    """

    plan: str | None
    own: Figure
    direct: Figure
    regular: Figure
    gap: Figure


@dataclass(frozen=True)
class TrackingAgreement:
    """Whether our figure over the year up to the day of AMFI's is near it. Percent a year.

    ``own``, up to ``own_as_of``, less ``official`` lies ``within`` the ``band`` (least, most); None where
    ``unavailable`` says why.
    """

    official: float
    own: float | None
    own_as_of: date | None
    band: tuple[float, float] | None
    within: bool | None
    unavailable: str | None


@dataclass(frozen=True)
class FundTracking:
    """How closely a fund follows its index: our own figures over one year of NAVs, and AMFI's over its periods.

    ``agreement`` is of the errors, ``difference_agreement`` of the differences; None where AMFI's over one year is not
    stored.
    """

    error: Figure
    difference: Figure
    official_error: Figure
    official_difference: Figure
    agreement: TrackingAgreement | None
    difference_agreement: TrackingAgreement | None


@dataclass(frozen=True)
class FundReport:
    """One fund. ``weight`` is percent of the value of all funds; ``unavailable`` says why there is no look-through.

    ``style_source`` says how ``style`` was decided, ``index`` names the index followed or compared with.
    """

    isin: str
    mf_symbol: str
    amfi_code: int | None
    name: str
    house: str | None
    category: str | None
    plan: str | None
    option: str | None
    style: Style
    style_source: str
    index: str | None
    folios: tuple[str, ...]
    quantity: float
    pledged: float
    average_price: float | None
    nav: float | None
    nav_date: date | None
    nav_source: str
    value: float | None
    weight: float | None
    pnl: float | None
    windows: dict[str, FundWindow]
    disclosure: FundDisclosure | None
    unavailable: str | None
    active_share: Figure
    tracking: FundTracking
    expense: FundExpense
    managers: str


@dataclass(frozen=True)
class FundPart:
    """What one fund brings of a security: net percent of the value of all funds."""

    isin: str
    value: float


@dataclass(frozen=True)
class SecurityExposure:
    """One security through all funds. ``gross`` adds up the sizes of long and short lines.

    ``held_by`` counts schemes, not plans: two plans of one scheme hold the same once.
    """

    key: str
    isin: str | None
    symbol: str | None
    name: str
    sector: str | None
    kind: LineKind
    net: float
    gross: float
    rupees: float
    held_by: int
    funds: tuple[FundPart, ...]


@dataclass(frozen=True, eq=False)
class FundOverlap:
    """``matrix`` (F, F): sum of the smaller weights of what both funds hold, percent; ``names`` (F, F): how many.

    In the order of ``funds`` (ISINs) with ``labels``; the diagonal is a fund's own long weight. Cash and futures on an
    index are left out. NaN where a fund has no disclosure, which ``left_out`` names.
    """

    funds: tuple[str, ...]
    labels: tuple[str, ...]
    matrix: NDArray[np.float64]
    names: NDArray[np.float64]
    method: str
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class FundConcentration:
    """Percent of the value of all funds. ``effective_funds`` = 1 / sum of squared weights."""

    largest_fund: Share | None
    largest_house: Share | None
    houses: tuple[Share, ...]
    effective_funds: float | None


@dataclass(frozen=True)
class FundCosts:
    """All funds together: rupees a year, and percent of the value whose ratio is known (``coverage`` percent)."""

    percent: float | None
    rupees: float | None
    saved_by_direct: float | None
    coverage: float
    unavailable: str | None
