"""Every stored series of one share into one column: restated for splits and bonuses, the best source first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.domain.data_issues import DataIssue
from app.domain.prices import Basis, CorporateAction, DailyBars, FloatArray, SeriesKey
from app.measures.conventions import BoolArray, IntArray
from app.measures.restating import fell_with, level_over, newest_missing, product_after
from app.risk import price_issues
from app.risk.positions import Position

NSE = "NSE"
SOURCES = ("kite", "csv", "bhavcopy", "yahoo")
"""Own price sources, best first."""
HOST_SOURCES = ("holdings", "host")
"""The dashboard's, best first: they count only before the first bar of our own."""
RANKS = {source: rank for rank, source in enumerate((*SOURCES, *HOST_SOURCES))}
FIELDS = ("opens", "highs", "lows", "closes", "volumes")
CLOSES, VOLUMES = FIELDS.index("closes"), FIELDS.index("volumes")
SAME_LEVEL = 0.01
"""Two sources of one share are joined when their closes on common days agree within this."""
HALF_RUPEE = 0.5
"""The dashboard rounds its prices to whole rupees."""


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """Splits and bonuses of one share, oldest first: ``days`` (A,) datetime64[D] and ``factors`` (A,)."""

    days: NDArray[np.datetime64]
    factors: FloatArray


NO_SPLITS = Splits(np.empty(0, "datetime64[D]"), np.empty(0))


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One position's joined series over the days of the bars: ``values`` (5, T) in the order of ``FIELDS``."""

    values: FloatArray
    source: str
    symbols: tuple[str, ...]

    @property
    def closes(self) -> FloatArray:
        """(T,) rupees."""
        closes: FloatArray = self.values[CLOSES]
        return closes


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One series with ``values`` (5, T); ``known`` (A,) is true at the actions that its prices are restated for."""

    key: SeriesKey
    values: FloatArray
    known: BoolArray

    @property
    def closes(self) -> FloatArray:
        closes: FloatArray = self.values[CLOSES]
        return closes


def splits_of(actions: Iterable[CorporateAction], positions: Sequence[Position]) -> dict[str, Splits]:
    """The splits of each position that has any, whichever of its symbols an action names; once each."""
    owners = defaultdict(list)
    for position in positions:
        for symbol in position.price_symbols:
            owners[symbol].append(position.symbol)
    found: dict[str, dict[date, float]] = defaultdict(dict)
    for action in actions:
        if action.kind == "split_or_bonus":
            for owner in owners.get(action.symbol, ()):
                found[owner][action.ex_date] = action.factor
    return {
        owner: Splits(np.array(sorted(days), "datetime64[D]"), np.array([days[day] for day in sorted(days)]))
        for owner, days in found.items()
    }


def by_symbol(bars: DailyBars) -> Mapping[str, Sequence[int]]:
    """The columns of the series under each symbol."""
    places: dict[str, list[int]] = defaultdict(list)
    for column, key in enumerate(bars.series):
        places[key.symbol].append(column)
    return places


def join(
    bars: DailyBars,
    places: Mapping[str, Sequence[int]],
    symbols: Sequence[str],
    subject: str,
    issues: list[DataIssue],
    exchanges: Sequence[str] = (NSE,),
    splits: Splits = NO_SPLITS,
) -> Column:
    """One column out of every series of these symbols: the best source first, gaps filled from the next.

    ``places`` is ``by_symbol(bars)``. Sources on different levels are not joined; an issue about ``subject`` says so.
    """
    parts = [_restated(bars, column, splits) for column in _ranked(bars, places, symbols, exchanges)]
    if len(parts) > 1 and len(splits.days):
        parts = _on_one_footing(parts, splits)
    joined = Column(np.full((len(FIELDS), len(bars.days)), np.nan), "", ())
    own = [part for part in parts if part.key.source not in HOST_SOURCES]
    first_own = min((int(np.isfinite(part.closes).argmax()) for part in own), default=len(bars.days))
    for part in parts:
        joined = _extended(joined, part, first_own, subject, issues)
    return joined


def _ranked(
    bars: DailyBars, places: Mapping[str, Sequence[int]], symbols: Sequence[str], exchanges: Sequence[str]
) -> list[int]:
    """The columns of these symbols on these exchanges: by source, then exchange, then place of the symbol."""
    found = [
        (RANKS.get(key.source, -1), exchanges.index(key.exchange), place, column)
        for place, symbol in enumerate(symbols)
        for column in places.get(symbol, ())
        if (key := bars.series[column]).exchange in exchanges
    ]
    return [column for *_, column in sorted(found)]


def _restated(bars: DailyBars, column: int, splits: Splits) -> _Part:
    """A series restated for the actions that its own closes tell of.

    Restated prices that go on behind an ex-day are in the shares from then on; volumes follow the prices.
    """
    key = bars.series[column]
    part = _Part(key, np.stack([getattr(bars, name)[:, column] for name in FIELDS]), np.zeros(len(splits.days), bool))
    rows = np.flatnonzero(np.isfinite(part.closes))
    if not len(splits.days) or not len(rows):
        return part
    last = bars.days[rows[-1]]
    if key.price_basis is Basis.ADJUSTED and key.stored_until is not None:
        last = max(last, np.datetime64(key.stored_until))
    ex_rows, known = np.searchsorted(bars.days, splits.days), splits.days <= last
    fell = fell_with(part.closes, ex_rows, splits.factors, as_traded=key.price_basis is Basis.AS_TRADED)
    divisor, multiplier = (
        product_after(len(bars.days), ex_rows[chosen], splits.factors[chosen])
        for chosen in (fell, _of_volumes(key, fell, known))
    )
    return replace(part, values=_scaled(part.values, divisor, multiplier), known=known)


def _of_volumes(key: SeriesKey, lacking: BoolArray, known: BoolArray) -> BoolArray:
    """(A,) the actions that volumes are still to be multiplied for, where prices lacked ``lacking``."""
    if key.volume_basis is Basis.AS_TRADED:
        return known
    return lacking & (key.price_basis is Basis.ADJUSTED)


def _scaled(values: FloatArray, divisor: FloatArray | float, multiplier: FloatArray | float) -> FloatArray:
    scaled = values / divisor
    scaled[VOLUMES] = values[VOLUMES] * multiplier
    return scaled


def _on_one_footing(parts: Sequence[_Part], splits: Splits) -> list[_Part]:
    """Series that end before an action restated for it where the newer ones show that they need it."""
    settled = list(parts)
    newest_first = sorted(range(len(parts)), key=lambda place: -_last_row(parts[place].closes))
    closes, reached = parts[newest_first[0]].closes, parts[newest_first[0]].known
    for place in newest_first[1:]:
        settled[place] = _caught_up(parts[place], closes, reached & ~parts[place].known, splits.factors)
        closes = np.where(np.isfinite(closes), closes, settled[place].closes)
    return settled


def _last_row(closes: FloatArray) -> int:
    rows = np.flatnonzero(np.isfinite(closes))
    return int(rows[-1]) if len(rows) else -1


def _caught_up(part: _Part, newer: FloatArray, pending: BoolArray, factors: FloatArray) -> _Part:
    """The part restated for as many of the ``pending`` actions (A,) as brings it nearest to the level of ``newer``."""
    level = level_over(part.closes, newer) if pending.any() else None
    if level is None:
        return part
    places: IntArray = np.flatnonzero(pending)
    lacking = np.zeros_like(pending)
    lacking[places[len(places) - newest_missing(level, factors[places]) :]] = True
    shares = factors[_of_volumes(part.key, lacking, pending)]
    values = _scaled(part.values, float(factors[lacking].prod()), float(shares.prod()))
    return replace(part, values=values, known=part.known | pending)


def _extended(joined: Column, part: _Part, first_own: int, subject: str, issues: list[DataIssue]) -> Column:
    """The column with its gaps filled from the part, the dashboard's only before row ``first_own``."""
    wanted = np.isfinite(part.closes)
    if part.key.source in HOST_SOURCES:
        wanted[first_own:] = False
    known = np.isfinite(joined.closes)
    lacks_volume = known & ~np.isfinite(joined.values[VOLUMES])
    if not (wanted & (~known | lacks_volume)).any():
        return joined
    ratio = _disagreement(joined, part)
    if ratio is not None:
        issues.append(price_issues.sources_disagree(subject, joined.source, part.key.source, ratio))
        return joined
    values = np.where(wanted & ~known, part.values, joined.values)
    values[VOLUMES] = np.where(wanted & lacks_volume, part.values[VOLUMES], values[VOLUMES])
    if not (wanted & ~known).any():
        return replace(joined, values=values)
    name = f"{part.key.source} {part.key.symbol}"
    return Column(values, f"{joined.source} + {name}" if joined.source else name, (*joined.symbols, part.key.symbol))


def _disagreement(joined: Column, part: _Part) -> float | None:
    """The level of the part over the column on common days when it is not 1; None when they agree or share no day."""
    common = np.isfinite(joined.closes) & np.isfinite(part.closes)
    if not common.any():
        return None
    closes = joined.closes[common]
    ratio = float(np.median(part.closes[common] / closes))
    rounding = HALF_RUPEE / float(np.median(closes)) if part.key.source in HOST_SOURCES else 0.0
    return ratio if abs(ratio - 1) > SAME_LEVEL + rounding else None
