"""NAVs on the trading calendar. Pure.

A fund has no NAV on some trading days and one on days without trade (liquid funds count Sundays). Only trading days are
rows. After a gap the return is from the last NAV to the new one and says over how many days: it is never taken as zero
before nor as one day's afterwards. After more than a week of silence, and over a jump, there is no return.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.data_issues import DataIssue, Severity
from app.domain.navs import NavHistory, NavIssue, NavIssueKind
from app.domain.prices import FloatArray
from app.measures.conventions import IntArray
from app.measures.returns import simple_returns

ACTIVE_SHARE = 0.5
"""A weekday before the first or after the last index bar is a trading day when this share of the funds has a NAV."""
MONDAY, DAYS_A_WEEK, WEEKDAYS = 4, 7, 5
"""1 January 1970, day 0 of numpy, was a Thursday: four days before a Monday."""


@dataclass(frozen=True, slots=True, eq=False)
class NavPanel:
    """``navs`` (T, F) on trading ``days`` (T,); ``returns`` and ``spans`` (T - 1, F) as in ``FundBook``."""

    days: NDArray[np.datetime64]
    navs: FloatArray
    returns: FloatArray
    spans: IntArray
    benchmark: FloatArray
    benchmark_returns: FloatArray


def build_nav_panel(
    history: NavHistory, symbols: Sequence[str], index_days: NDArray[np.datetime64], index: FloatArray
) -> NavPanel:
    """The panel of the funds ``symbols`` (a symbol may come twice). ``index`` are levels on ``index_days``, ascending.

    Where there are index bars their days are the calendar.
    """
    columns = [history.mf_symbols.index(symbol) for symbol in symbols]
    navs = history.navs[:, columns]
    index_days, index = index_days[np.isfinite(index)], index[np.isfinite(index)]
    days = _calendar(history.days, navs, index_days)
    levels = np.full((len(days), len(symbols)), np.nan)
    _, rows, places = np.intersect1d(history.days, days, return_indices=True)
    levels[places] = navs[rows]
    benchmark = np.full(len(days), np.nan)
    benchmark[np.isin(days, index_days)] = index[np.isin(index_days, days)]
    returns, spans = nav_returns(levels)
    _exclude_breaks(history.issues, symbols, days, returns, spans)
    return NavPanel(days, levels, returns, spans, benchmark, simple_returns(benchmark))


def nav_returns(navs: FloatArray) -> tuple[FloatArray, IntArray]:
    """Returns (T - 1, F) from the last known NAV to each known one, and the rows that each spans (0: no return)."""
    known = np.isfinite(navs)
    rows = np.arange(len(navs))[:, np.newaxis]
    latest = np.maximum.accumulate(np.where(known, rows, -1), axis=0)[:-1]
    has = known[1:] & (latest >= 0)
    before = np.take_along_axis(navs, np.maximum(latest, 0), axis=0)
    return np.where(has, navs[1:] / before - 1.0, np.nan), np.where(has, rows[1:] - latest, 0)


def nav_issues(panel: NavPanel, labels: Sequence[str], issues: Sequence[NavIssue], rows: int) -> Iterator[DataIssue]:
    """What is odd about the newest ``rows`` returns, in words; ``labels`` (F,) name the funds."""
    gaps = (panel.spans[-rows:] > 1).sum(axis=0).tolist()
    for label, count in zip(labels, gaps, strict=True):
        if count:
            message = f"{count} of its returns cover several trading days, because no NAV is stored for those between."
            yield DataIssue("nav_gaps", Severity.INFO, label, message, "Import its NAV history with 'import navs'.")
    since = panel.days[-rows - 1 :][0] if len(panel.days) else np.datetime64("9999-12-31")
    for issue in issues:
        if np.datetime64(issue.day) >= since:
            yield _of_issue(issue)


def _of_issue(issue: NavIssue) -> DataIssue:
    if issue.kind is NavIssueKind.JUMP:
        message = f"Its NAV of {issue.day} {issue.detail}; that return is left out."
        remedy = "If it was real, 'confirm' it; after a split or merger import its NAV history again."
        return DataIssue("nav_jump", Severity.WARNING, issue.mf_symbol, message, remedy)
    if issue.kind is NavIssueKind.GAP:
        message = f"It has {issue.detail} before {issue.day}: the return over them is left out."
        remedy = "Import its NAV history with 'import navs'."
        return DataIssue("nav_missing", Severity.WARNING, issue.mf_symbol, message, remedy)
    message = f"Its NAV of {issue.day} is left out: {issue.detail}."
    return DataIssue("nav_invalid", Severity.WARNING, issue.mf_symbol, message, "Import its NAV history again.")


def _calendar(
    days: NDArray[np.datetime64], navs: FloatArray, index_days: NDArray[np.datetime64]
) -> NDArray[np.datetime64]:
    present = np.isfinite(navs)
    alive = np.maximum.accumulate(present, axis=0) & np.maximum.accumulate(present[::-1], axis=0)[::-1]
    busy = (present.sum(axis=1) >= np.maximum(ACTIVE_SHARE * alive.sum(axis=1), 1)) & _is_weekday(days)
    if len(index_days):
        busy &= (days < index_days[0]) | (days > index_days[-1])
        first = days[present.any(axis=1)][:1]
        index_days = index_days[index_days >= first[0]] if len(first) else index_days[:0]
    return np.union1d(days[busy], index_days)


def _is_weekday(days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    return np.asarray((days.astype("datetime64[D]").astype(np.int64) - MONDAY) % DAYS_A_WEEK < WEEKDAYS)


def _exclude_breaks(
    issues: Sequence[NavIssue],
    symbols: Sequence[str],
    days: NDArray[np.datetime64],
    returns: FloatArray,
    spans: IntArray,
) -> None:
    """Leave out, in place, the return over each jump and each long gap: neither is a day's return of the fund."""
    for issue in issues:
        row = int(np.searchsorted(days, np.datetime64(issue.day))) - 1
        if issue.kind is not NavIssueKind.INVALID and 0 <= row < len(returns):
            columns = [column for column, symbol in enumerate(symbols) if symbol == issue.mf_symbol]
            returns[row, columns], spans[row, columns] = np.nan, 0
