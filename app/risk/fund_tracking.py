"""How closely an index fund follows its index: by our NAVs, by AMFI's list, and whether the two agree. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite

import numpy as np

from app.domain.fund_costs import FundTracking as OfficialTracking
from app.domain.fund_costs import TrackingKind
from app.domain.fund_reports import Figure, FundTracking, Style, TrackingAgreement
from app.domain.prices import FloatArray
from app.domain.risk_reports import WINDOWS
from app.measures.tracking import MIN_DIFFERENCES, return_differences, tracking_difference, tracking_error
from app.risk.fund_book import FundBook
from app.risk.fund_measures import percent_figure
from app.risk.fund_styles import is_total_return, total_return

ROWS = WINDOWS["1y"]
PERIOD = "1y"
"""The period of AMFI's that our window is as long as."""
SAME_YEAR = timedelta(days=10)
"""By how much our year may end before AMFI's: a month's last day may fall among holidays."""
RULES: Mapping[TrackingKind, Callable[[FloatArray, FloatArray], FloatArray]] = {
    TrackingKind.ERROR: tracking_error,
    TrackingKind.DIFFERENCE: tracking_difference,
}
METHODS = {
    TrackingKind.ERROR: "standard deviation (n - 1) of fund less index a day x sqrt(252)",
    TrackingKind.DIFFERENCE: "return a year of fund less index",
}
BANDS: Mapping[TrackingKind, tuple[float, float]] = {
    TrackingKind.ERROR: (-0.10, 0.10),
    TrackingKind.DIFFERENCE: (-0.20, 0.20),
}
"""Ours less AMFI's against the same index, percent a year: days and roundings that the fund house chose otherwise."""
PRICE_BANDS: Mapping[TrackingKind, tuple[float, float]] = {
    TrackingKind.ERROR: (0.0, 0.45),
    TrackingKind.DIFFERENCE: (0.3, 2.5),
}
"""The same where ours is against prices: dividends come in lumps on ex-days, and are 0.5 to 2.3 % of NSE's indices."""
BIAS = {
    TrackingKind.ERROR: "dividends, in lumps on ex-days, add 0.2 to 0.4",
    TrackingKind.DIFFERENCE: "too high by the index's dividend yield, some 0.5 to 2.3",
}


@dataclass(frozen=True, slots=True)
class _Pair:
    """A fund's NAVs beside the levels of its index, both (T,); ``last`` is the newest common row, -1 for none."""

    navs: FloatArray
    levels: FloatArray
    last: int
    against: str
    with_dividends: bool

    def until(self, last: int) -> tuple[FloatArray, FloatArray]:
        """NAVs and levels of the year up to row ``last``."""
        rows = slice(max(last - ROWS, 0), last + 1)
        return self.navs[rows], self.levels[rows]

    def figure(self, kind: TrackingKind, last: int) -> float:
        """Percent; NaN for too few common days."""
        return float(RULES[kind](*self.until(last))) * 100


def tracking_of(book: FundBook, column: int) -> FundTracking:
    """How closely the fund in a column follows its index, by our NAVs and by AMFI's list."""
    style, listed = book.styles[column], book.facts.tracking.get(book.positions[column].isin, ())
    if style.style is not Style.INDEX:
        no = percent_figure(None, "an active fund follows no index", "", None)
        return FundTracking(no, no, no, no, None, None)
    error, difference = (_listed(listed, kind) for kind in TrackingKind)
    pair = _pair(book, column)
    return FundTracking(
        error=_own(book, pair, TrackingKind.ERROR),
        difference=_own(book, pair, TrackingKind.DIFFERENCE),
        official_error=_official(error),
        official_difference=_official(difference),
        agreement=_agreement(book, pair, TrackingKind.ERROR, error),
        difference_agreement=_agreement(book, pair, TrackingKind.DIFFERENCE, difference),
    )


def _pair(book: FundBook, column: int) -> _Pair | str:
    """The fund beside its index with dividends where that has days enough, else beside its prices; else why not."""
    index = book.styles[column].index
    if index is None:
        return "its name does not say which index it follows"
    names = [name for name in (total_return(index), index) if name in book.facts.index_levels]
    pairs = [pair for name in names if (pair := _beside(book, book.navs[:, column], name)).last >= 0]
    if not pairs:
        has_levels = f"its NAVs and the prices of {index} have no day in common"
        return has_levels if names else f"there are no prices of {index}"
    return next((one for one in pairs if isfinite(one.figure(TrackingKind.ERROR, one.last))), pairs[-1])


def _beside(book: FundBook, navs: FloatArray, name: str) -> _Pair:
    levels = book.facts.index_levels[name]
    last = int(np.flatnonzero(np.isfinite(navs + levels)).max(initial=-1))
    return _Pair(navs, levels, last, name, with_dividends=is_total_return(name))


def _own(book: FundBook, pair: _Pair | str, kind: TrackingKind) -> Figure:
    if isinstance(pair, str):
        return percent_figure(None, pair, "", None)
    count = int(np.isfinite(return_differences(*pair.until(pair.last))).sum())
    few = f"only {count} days in common with {pair.against}, {MIN_DIFFERENCES} are needed"
    over = f"over {count} common days, against {pair.against}"
    bias = "" if pair.with_dividends else f" by its prices, without dividends: {BIAS[kind]} points a year"
    day: date = book.days[pair.last].astype(object)
    return percent_figure(pair.figure(kind, pair.last), few, f"{METHODS[kind]}, {over}{bias}", day, count)


def _listed(figures: Sequence[OfficialTracking], kind: TrackingKind) -> OfficialTracking | None:
    own = [figure for figure in figures if figure.kind is kind]
    return next((figure for figure in own if figure.period == PERIOD), own[0] if own else None)


def _official(listed: OfficialTracking | None) -> Figure:
    if listed is None:
        return percent_figure(None, "no list of AMFI's tracking figures that has it is imported", "", None)
    against = f" against {listed.benchmark}" if listed.benchmark else ""
    return percent_figure(
        listed.percent, "", f"AMFI's list, {listed.plan} plan, {listed.period}{against}", listed.as_of
    )


def _agreement(
    book: FundBook, pair: _Pair | str, kind: TrackingKind, listed: OfficialTracking | None
) -> TrackingAgreement | None:
    """Our figure over the year up to the day of AMFI's beside it."""
    if listed is None or listed.period != PERIOD:
        return None
    if isinstance(pair, str):
        return _no_agreement(listed, pair)
    last = min(pair.last, int(np.searchsorted(book.days, np.datetime64(listed.as_of), side="right")) - 1)
    own = pair.figure(kind, last) if last >= 0 else float("nan")
    if not isfinite(own):
        return _no_agreement(listed, f"too few days in common with {pair.against} up to {listed.as_of}")
    low, high = (BANDS if pair.with_dividends else PRICE_BANDS)[kind]
    day: date = book.days[last].astype(object)
    if listed.as_of - day > SAME_YEAR:
        return _no_agreement(listed, f"our figure ends on {day}, AMFI's year on {listed.as_of}")
    return TrackingAgreement(listed.percent, own, day, (low, high), low <= own - listed.percent <= high, None)


def _no_agreement(listed: OfficialTracking, reason: str) -> TrackingAgreement:
    return TrackingAgreement(listed.percent, None, None, None, None, reason)
