"""Telling a bad row from a bad day: which price moves a risk figure must not take at their word.

An unadjusted 1:5 split reads as an 80 % loss, and one such row turns a yearly volatility of 28 % into 399 %. A true
crash must stay in. What separates the two, where opening prices are known, is a rule of the exchange: an opening
auction cannot leave the previous close by more than the widest price band (20 %). A larger gap is a change of units
or a demerger. Where only closes are known the evidence is turnover, the market and the stock's own recent moves.

All verdicts use the row itself and rows before it, so they never change when later rows arrive.
Arrays are (T, N): T trading days ascending, N series; NaN = no bar. Prices are in rupees, volumes in shares.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from app.measures.conventions import BoolArray, FloatArray, IntArray

BAND = 0.205
"""Widest daily price band of NSE (20 %) with half a point for the rounding of cheap prices to the tick."""
HALVING_FALL = 0.5 * (1 + BAND) - 1
"""A 1:2 split on a day that closes at the upper band: every larger split shows a larger fall than this."""
DOUBLING_RISE = 2.0 * (1 - BAND) - 1
"""A 2:1 consolidation on a day that closes at the lower band."""
NEAR_RATIO = 0.08
"""Distance, in log price, within which a move counts as near a simple ratio."""

SPIKE = 5.0
"""Turnover of a day against its trailing median at which news is evident (4 % of all stock days)."""
BUSY = 3.0
TURNOVER_ROWS, TURNOVER_MINIMUM = 20, 5
STRESS_MOVE, STRESS_ROWS = 0.04, 6
"""The market is in stress when it moved this much on the day or one of the five days before."""
TURMOIL, TURMOIL_ROWS = 4.0, 20
"""A move of at most this many times the largest of the rows before continues a turmoil."""
MARKET_COLUMNS = 5

QUIET_FALL, QUIET_SCORE = 0.05, 5.5
"""An overnight fall against the market is flagged from this size and this many robust standard deviations."""
SCALE_ROWS, SCALE_MINIMUM = 60, 20
OVERNIGHT_SHARE = 0.5
MAD_TO_SIGMA = 1.4826

_DENOMINATORS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 50, 100)
_FALLS = [(1, b) for b in _DENOMINATORS] + [(2, 3), (3, 4), (4, 5), (5, 6), (2, 5), (3, 5), (5, 7), (5, 8)]
_RATIOS = np.array(_FALLS + [(b, a) for a, b in _FALLS])
_LOG_RATIOS = np.log(_RATIOS[:, 0] / _RATIOS[:, 1])


class Verdict(StrEnum):
    """What to do with a flagged move: leave it out until confirmed, keep it, or keep it and ask the reader."""

    SPLIT_LIKE = "split_like"
    CORROBORATED = "corroborated"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True, eq=False)
class SuspiciousMoves:
    """The K flagged moves, by row then column; every field is (K,).

    ``move`` is the fraction close / last known close - 1. ``numerator`` / ``denominator`` is the simple ratio nearest
    to the new price over the old (1 / 5 for a 1:5 split). ``turnover_ratio`` is the day's turnover over the median of
    the days before (NaN = unknown); ``market_move`` the benchmark's move, a fraction (NaN = unknown).
    """

    row: IntArray
    column: IntArray
    move: FloatArray
    numerator: IntArray
    denominator: IntArray
    verdict: NDArray[np.str_]
    turnover_ratio: FloatArray
    market_move: FloatArray

    def excluded(self, shape: tuple[int, int]) -> BoolArray:
        """True at the (row, column) of every split-like move: the returns to leave out of risk figures."""
        mask = np.zeros(shape, dtype=bool)
        bad = self.verdict == Verdict.SPLIT_LIKE
        mask[self.row[bad], self.column[bad]] = True
        return mask

    def only(self, wanted: BoolArray) -> SuspiciousMoves:
        """The moves at which ``wanted`` (K,) is true."""
        return SuspiciousMoves(*(getattr(self, field.name)[wanted] for field in fields(self)))


def suspicious_moves(
    closes: FloatArray, volumes: FloatArray, benchmark: FloatArray, opens: FloatArray | None = None
) -> SuspiciousMoves:
    """Find moves that may be bad rows and say for each whether it belongs in a risk figure.

    ``closes``, ``volumes``, ``opens`` (T, N), ``benchmark`` closes (T,); NaN anywhere is unknown, a price <= 0 too.
    Without a benchmark the market is the median move of the columns (five or more), else taken as flat.

    split_like: the opening gap is beyond the price band; or the move is, and nothing speaks for it: no turnover
    spike, no market stress, no trading down or up from the opening. A fall of 40 % (``HALVING_FALL``) needs more than
    that, and a rise of 59 % (``DOUBLING_RISE``) is always split_like. corroborated: beyond the band, with such
    evidence. unexplained: a fall against the market that is large for this stock, without a turnover spike and, where
    opens are known, made mostly overnight, which is what an unadjusted demerger or special dividend looks like; or a
    move beyond the band across missing days, where no band holds.

    The nearest ratio is a hint for the reader, no evidence: between 17 and 50 % every fall is near one.
    """
    closes = _positive(closes)
    known = _last_known(closes)
    move = closes / known - 1
    gap = np.full_like(move, np.nan) if opens is None else _positive(opens) / known - 1
    market = _market_move(benchmark, move)
    residual = np.log1p(move) - np.log1p(np.nan_to_num(market))[:, None]
    suspect = (np.abs(move) > BAND) | (np.abs(gap) > BAND) | (residual < np.log1p(-QUIET_FALL))
    row, column = np.nonzero(suspect & np.isfinite(move))
    evidence = _Evidence(
        move=move[row, column],
        gap=gap[row, column],
        residual=residual[row, column],
        consecutive=np.isfinite(closes[row - 1, column]),
        turnover_ratio=_turnover_ratio(closes * volumes, row, column),
        largest_before=_largest(_before(np.log1p(move), row, column, TURMOIL_ROWS)),
        scale=_robust_scale(_before(residual, row, column, SCALE_ROWS)),
        stress=_in_stress(market)[row],
    )
    verdict = _judge(evidence)
    kept = verdict != ""
    nearest = _nearest_ratio(evidence.move[kept])
    return SuspiciousMoves(
        row=row[kept],
        column=column[kept],
        move=evidence.move[kept],
        numerator=_RATIOS[nearest, 0],
        denominator=_RATIOS[nearest, 1],
        verdict=verdict[kept],
        turnover_ratio=evidence.turnover_ratio[kept],
        market_move=market[row[kept]],
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Evidence:
    """What is known about each of K candidate moves; every field (K,)."""

    move: FloatArray
    gap: FloatArray
    residual: FloatArray
    consecutive: BoolArray
    turnover_ratio: FloatArray
    largest_before: FloatArray
    scale: FloatArray
    stress: BoolArray


def _judge(e: _Evidence) -> NDArray[np.str_]:
    beyond = np.abs(e.move) > BAND
    violent = _is_violent(e.move)
    jumped = (np.abs(e.gap) > BAND) & e.consecutive
    real = _is_real(e, violent)
    split_like = jumped | (beyond & ~real & (violent | e.consecutive))
    chosen = np.select(
        [split_like, beyond & real, beyond | _is_quiet_fall(e)],
        [Verdict.SPLIT_LIKE.value, Verdict.CORROBORATED.value, Verdict.UNEXPLAINED.value],
        default="",
    )
    return chosen.astype(np.str_)


def _is_violent(move: FloatArray) -> BoolArray:
    """So large that it may be a split or consolidation by two or more; no banded stock moves as far in a day."""
    return np.asarray((move < HALVING_FALL) | (move > DOUBLING_RISE))


def _is_real(e: _Evidence, violent: BoolArray) -> BoolArray:
    """Whether the day itself speaks for the move.

    A violent fall must have been busy, and either have traded down after the opening or follow large moves of the
    days before without being near a simple ratio. A violent rise is never taken as real.
    """
    size = np.abs(np.log1p(e.move))
    traded = np.abs(np.log1p(e.gap)) < OVERNIGHT_SHARE * size
    in_turmoil = (size <= TURMOIL * e.largest_before) & ~_is_near_ratio(e.move)
    crashed = (e.move < 0) & (e.turnover_ratio >= BUSY) & (traded | in_turmoil)
    return np.where(violent, crashed, (e.turnover_ratio >= SPIKE) | e.stress | traded)


def _is_quiet_fall(e: _Evidence) -> BoolArray:
    mostly_by_day = np.log1p(e.gap) > OVERNIGHT_SHARE * e.residual
    large = (e.residual < np.log1p(-QUIET_FALL)) & (-e.residual > QUIET_SCORE * e.scale)
    return np.asarray(large & ~(e.turnover_ratio >= SPIKE) & ~e.stress & e.consecutive & ~mostly_by_day)


def _positive(prices: FloatArray) -> FloatArray:
    return np.where((prices > 0) & np.isfinite(prices), prices, np.nan)


def _last_known(prices: FloatArray) -> FloatArray:
    """The last price of each column strictly before each row; NaN where there is none."""
    rows = np.arange(len(prices))[:, None]
    latest = np.maximum.accumulate(np.where(np.isfinite(prices), rows, 0), axis=0)
    filled = np.take_along_axis(prices, latest, axis=0)
    return np.vstack([np.full((1, prices.shape[1]), np.nan), filled])[: len(prices)]


def _market_move(benchmark: FloatArray, move: FloatArray) -> FloatArray:
    """(T,) move of the benchmark; the columns' median where it is unknown and enough columns moved; else NaN."""
    index = _positive(benchmark)[:, None]
    market: FloatArray = (index / _last_known(index) - 1)[:, 0]
    unknown = ~np.isfinite(market)
    market[unknown] = _row_median(move[unknown], MARKET_COLUMNS)
    return market


def _in_stress(market: FloatArray) -> BoolArray:
    seen = np.cumsum(np.abs(market) >= STRESS_MOVE)
    return np.asarray(seen > np.concatenate([np.zeros(STRESS_ROWS), seen])[: len(seen)])


def _before(values: FloatArray, row: IntArray, column: IntArray, width: int) -> FloatArray:
    """(K, width) values of the rows just before each candidate; NaN before the first row."""
    rows = row[:, None] - np.arange(1, width + 1)
    return np.where(rows >= 0, values[np.maximum(rows, 0), column[:, None]], np.nan)


def _turnover_ratio(turnover: FloatArray, row: IntArray, column: IntArray) -> FloatArray:
    usual = _row_median(_before(turnover, row, column, TURNOVER_ROWS), TURNOVER_MINIMUM)
    return turnover[row, column] / np.where(usual > 0, usual, np.nan)


def _largest(logs: FloatArray) -> FloatArray:
    return np.asarray(np.nan_to_num(np.abs(logs)).max(axis=1, initial=0.0))


def _robust_scale(residuals: FloatArray) -> FloatArray:
    return MAD_TO_SIGMA * _row_median(np.abs(residuals), SCALE_MINIMUM)


def _row_median(values: FloatArray, minimum: int) -> FloatArray:
    """Median of the finite values of each row; NaN where there are fewer than ``minimum``."""
    count = np.isfinite(values).sum(axis=1)
    ordered = np.sort(values, axis=1)  # NaN last
    rows = np.flatnonzero((count >= minimum) & (count > 0))
    middle = np.full(len(values), np.nan)
    low, high = (count[rows] - 1) // 2, count[rows] // 2
    middle[rows] = (ordered[rows, low] + ordered[rows, high]) / 2
    return middle


def _nearest_ratio(move: FloatArray) -> IntArray:
    return np.asarray(np.abs(np.log1p(move)[:, None] - _LOG_RATIOS).argmin(axis=1))


def _is_near_ratio(move: FloatArray) -> BoolArray:
    return np.asarray(np.abs(np.log1p(move) - _LOG_RATIOS[_nearest_ratio(move)]) <= NEAR_RATIO)


WHOLE_RUPEE_RUN = 5
SUSPENDED_RUN = 5
ROUNDING_LIMIT = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class SeriesQuality:
    """Flaws of each of N series; every field (N,).

    ``observations`` closes; ``missing`` rows without a close between the first and the last; ``stale_rows`` rows
    after the last close (T where there is none). ``whole_rupee_share`` share of closes without paise (NaN: no close);
    ``whole_rupee_from`` first row of the final run of at least five such closes, -1 where there is none;
    ``rounding_share`` share of that run's mean squared return that rounding to rupees alone would make (NaN: no run,
    or no move in it). ``flat_run`` closes at the end that equal the last one and had no volume or none recorded;
    ``zero_volume_share`` share of the closes with a recorded volume whose volume is 0 (NaN: none recorded).
    """

    observations: IntArray
    missing: IntArray
    stale_rows: IntArray
    whole_rupee_share: FloatArray
    whole_rupee_from: IntArray
    rounding_share: FloatArray
    flat_run: IntArray
    zero_volume_share: FloatArray

    @property
    def rounding_distorts(self) -> BoolArray:
        """Whole-rupee closes so low that rounding makes more than 5 % of the variance."""
        return self.rounding_share > ROUNDING_LIMIT

    @property
    def suspended(self) -> BoolArray:
        """No trade and no change of price for five closes or more."""
        return self.flat_run >= SUSPENDED_RUN


def series_quality(closes: FloatArray, volumes: FloatArray) -> SeriesQuality:
    """Describe each series of ``closes`` and ``volumes`` (T, N), whose rows are the trading days of the market."""
    bar = np.isfinite(closes)
    observations = bar.sum(axis=0)
    first, last = _first_row(bar), _last_row(bar)
    whole = bar & (closes == np.round(closes))
    whole_from = _whole_rupee_from(bar, whole)
    recorded = bar & np.isfinite(volumes)
    return SeriesQuality(
        observations=observations,
        missing=np.where(observations > 0, last - first + 1 - observations, 0),
        stale_rows=len(closes) - 1 - last,
        whole_rupee_share=_share(whole, bar),
        whole_rupee_from=whole_from,
        rounding_share=_rounding_share(closes, whole_from),
        flat_run=_flat_run(closes, volumes, bar, last),
        zero_volume_share=_share(recorded & (volumes == 0), recorded),
    )


def _last_row(mask: BoolArray) -> IntArray:
    """(N,) last true row of each column; -1 where there is none."""
    rows = np.arange(len(mask))[:, None]
    return np.asarray(np.where(mask, rows, -1).max(axis=0, initial=-1))


def _first_row(mask: BoolArray) -> IntArray:
    return len(mask) - 1 - _last_row(mask[::-1])


def _share(part: BoolArray, whole: BoolArray) -> FloatArray:
    count = whole.sum(axis=0)
    return np.asarray(part.sum(axis=0) / np.where(count > 0, count, np.nan))


def _whole_rupee_from(bar: BoolArray, whole: BoolArray) -> IntArray:
    """Five closes in a row are whole by chance once in millions at the usual tick of five paise."""
    after_paise = np.arange(len(bar))[:, None] > _last_row(bar & ~whole)
    run = whole & after_paise
    return np.where(run.sum(axis=0) >= WHOLE_RUPEE_RUN, _first_row(run), -1)


def _rounding_share(closes: FloatArray, whole_from: IntArray) -> FloatArray:
    """Rounding to one rupee adds errors of variance 1/12 at both ends of a return: 1 / (6 price^2) a day."""
    in_run = (np.arange(len(closes))[:, None] >= whole_from) & (whole_from >= 0)
    prices = np.where(in_run, _positive(closes), np.nan)
    squared = (prices / _last_known(prices) - 1) ** 2
    rounding = np.where(np.isfinite(squared), 1 / (6 * prices**2), np.nan)
    total = np.nansum(squared, axis=0)
    return np.asarray(np.nansum(rounding, axis=0) / np.where(total > 0, total, np.nan))


def _flat_run(closes: FloatArray, volumes: FloatArray, bar: BoolArray, last: IntArray) -> IntArray:
    if not len(closes):
        return np.zeros(closes.shape[1], dtype=np.intp)
    final = np.take_along_axis(closes, np.maximum(last, 0)[None, :], axis=0)
    dead = bar & (closes == final) & ~(volumes > 0)
    after_alive = np.arange(len(closes))[:, None] > _last_row(bar & ~dead)
    return np.asarray((dead & after_alive).sum(axis=0))
