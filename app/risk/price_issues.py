"""The flaws of price series in words: what is wrong, what was done about it and what the reader can do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.domain.data_issues import DataIssue, Severity
from app.domain.prices import CONFIRMED_MOVE, CorporateAction, FloatArray, PricePanel
from app.measures.liquidity import STOPPED_DAYS
from app.measures.price_quality import SeriesQuality, SuspiciousMoves, Verdict
from app.risk.positions import Position

MANY_GAPS = 0.02
"""Missing days beyond this share of a window are worth a warning."""
WORDS = {
    Verdict.SPLIT_LIKE: (
        "split_like_jump",
        Severity.WARNING,
        "looks like a split, bonus, demerger or data error, not like trading; that day's return is left out",
        "Import its corporate actions or a price file adjusted for it; if it was trading, 'confirm' the move.",
    ),
    Verdict.CORROBORATED: (
        "large_move",
        Severity.INFO,
        "is a real move by its turnover and the market around it; it counts",
        "",
    ),
    Verdict.UNEXPLAINED: (
        "unexplained_move",
        Severity.INFO,
        "is unusual without heavy trading: news, a rounded price, a demerger or dividend not adjusted for; it counts",
        "Check that day's corporate actions.",
    ),
}
PUBLIC_SOURCES = {
    "bhavcopy": "NSE's end-of-day archive, as traded: splits and bonuses are taken out by imported corporate actions",
    "yahoo": "Yahoo Finance, adjusted for splits and bonuses",
}
MAX_NAMED = 10


def of_sources(panel: PricePanel) -> list[DataIssue]:
    """Shares whose history, or a part of it, is not from Kite or the person but from a public source."""
    return [
        DataIssue(
            "public_prices",
            Severity.INFO,
            "PORTFOLIO",
            f"Daily prices of {_named(symbols)} are from {words}; not from Kite.",
        )
        for source, words in PUBLIC_SOURCES.items()
        if (symbols := [s for s, parts in zip(panel.symbols, panel.sources) if source in parts.split()])
    ]


def _named(symbols: Sequence[str]) -> str:
    more = f" and {len(symbols) - MAX_NAMED} more" if len(symbols) > MAX_NAMED else ""
    return f"{', '.join(symbols[:MAX_NAMED])}{more}"


def of_moves(panel: PricePanel, moves: SuspiciousMoves, since: int) -> list[DataIssue]:
    """The flagged moves from row ``since`` on: one issue for each that is left out, else one a share and kind."""
    told: dict[tuple[int, Verdict, int], list[int]] = {}
    for k in np.flatnonzero(moves.row >= max(since, 1)).tolist():
        verdict = Verdict(str(moves.verdict[k]))
        apart = k if verdict is Verdict.SPLIT_LIKE else 0
        told.setdefault((int(moves.column[k]), verdict, apart), []).append(k)
    return [_of_moves(panel, moves, verdict, places) for (_, verdict, _), places in told.items()]


def _of_moves(panel: PricePanel, moves: SuspiciousMoves, verdict: Verdict, places: Sequence[int]) -> DataIssue:
    """``places`` of moves of one share; the largest is named."""
    code, severity, meaning, remedy = WORDS[verdict]
    k = max(places, key=lambda place: abs(moves.move[place]))
    ratio = f", about {moves.numerator[k]}/{moves.denominator[k]}" if verdict is Verdict.SPLIT_LIKE else ""
    others = f" and {len(places) - 1} smaller ones like it" if len(places) > 1 else ""
    message = f"{moves.move[k] * 100:+.1f} % on {panel.days[moves.row[k]]}{ratio}{others}: {meaning}."
    return DataIssue(code, severity, panel.symbols[moves.column[k]], message, remedy)


def of_bars(panel: PricePanel, contradictions: NDArray[np.bool_], since: int) -> list[DataIssue]:
    """Days from row ``since`` on whose open or close lies outside the low and high, counted for each column.

    ``contradictions`` (T, N).
    """
    counts = contradictions[max(since, 0) :].sum(axis=0)
    return [
        DataIssue(
            "contradictory_bars",
            Severity.INFO,
            panel.symbols[column],
            f"{counts[column]} days of the last year have an open or close outside their low and high: they are left "
            "out of volatility from ranges.",
            "Check those days in the price file.",
        )
        for column in np.flatnonzero(counts)
    ]


def of_series(panel: PricePanel, quality: SeriesQuality, since: int) -> list[DataIssue]:
    """Missing prices, gaps, staleness, whole-rupee closes and suspensions of each column."""
    issues: list[DataIssue] = []
    for column, symbol in enumerate(panel.symbols):
        if quality.observations[column] == 0:
            issues.append(
                DataIssue(
                    "no_prices",
                    Severity.CRITICAL,
                    symbol,
                    "No daily prices: it is left out of volatility, VaR and correlation.",
                    "Import a price file that has it.",
                )
            )
            continue
        issues += _flaws(panel, quality, column, max(since, 0))
    return issues


def of_names(symbol: str, found: Sequence[str]) -> list[DataIssue]:
    """Prices of a position that stand under another symbol than its newest one."""
    others = [name for name in dict.fromkeys(found) if name != symbol]
    message = f"Prices under its other symbol {', '.join(others)} are used: the share was renamed or has two spellings."
    return [DataIssue("prices_under_other_symbol", Severity.INFO, symbol, message)] if others else []


def of_actions(
    panel: PricePanel, actions: Sequence[CorporateAction], positions: Sequence[Position], since: int
) -> list[DataIssue]:
    """Demergers and rights issues of the window that prices are known not to be adjusted for."""
    if not len(panel.days):
        return []
    columns = {symbol: column for column, position in enumerate(positions) for symbol in position.price_symbols}
    first = panel.days[max(since, 0)]
    return [
        _of_action(panel, action, columns[action.symbol])
        for action in actions
        if action.kind != "split_or_bonus"
        and action.symbol in columns
        and first < np.datetime64(action.ex_date) <= panel.days[-1]
    ]


def _of_action(panel: PricePanel, action: CorporateAction, column: int) -> DataIssue:
    symbol = panel.symbols[column]
    if action.kind == CONFIRMED_MOVE:
        return DataIssue(action.kind, Severity.INFO, symbol, f"The move of {action.ex_date} was confirmed: it counts.")
    row = int(np.searchsorted(panel.days, np.datetime64(action.ex_date)))
    effect = (
        "that day's return is left out" if np.isnan(panel.returns[row - 1, column]) else "its fall counts as a loss"
    )
    words = action.kind.replace("_", " ").capitalize()
    message = f"{words} on {action.ex_date}: prices before it are not adjusted; {effect}."
    return DataIssue(action.kind, Severity.WARNING, symbol, message)


def of_other_days(panel: PricePanel, days: NDArray[np.datetime64], closes: FloatArray, since: int) -> list[DataIssue]:
    """Prices on days that were no trading days, from row ``since`` on: ``days`` (D,), ``closes`` (D, N)."""
    if not len(panel.days):
        return []
    recent = days >= panel.days[max(since, 0)]
    return [
        DataIssue(
            "off_calendar",
            Severity.INFO,
            panel.symbols[column],
            f"{int(stray.sum())} prices are left out, the last of {days[recent][stray][-1]}: on those days neither the "
            "index nor half of the shares has one.",
            "Bring the prices of the index for those days too if the market was open.",
        )
        for column, stray in enumerate(np.isfinite(closes[recent]).T)
        if stray.any()
    ]


def of_volumes(
    panel: PricePanel, days: NDArray[np.datetime64], steps: Sequence[tuple[int, int, float]]
) -> list[DataIssue]:
    """Shares whose volumes of late look like those of a split that they were not restated for.

    ``steps``: (column, row of ``days``, ratio).
    """
    return [
        DataIssue(
            "volumes_as_traded",
            Severity.WARNING,
            panel.symbols[column],
            f"From {days[row]} on about {ratio:.0f} times as many shares a day are traded, and the price did not move: "
            "it looks like a split or bonus that volumes before it are not adjusted for; liquidity is too low.",
            "Import its corporate actions.",
        )
        for column, row, ratio in steps
    ]


def sources_disagree(subject: str, kept: str, ignored: str, ratio: float) -> DataIssue:
    """Two sources of one share on different levels: only the better one is used."""
    return DataIssue(
        "sources_disagree",
        Severity.WARNING,
        subject,
        f"Prices from {ignored} are {ratio:g} times those from {kept}; only {kept} is used.",
        "One of them is not adjusted for a split or bonus: import the corporate actions.",
    )


def _ended(symbol: str, last: np.datetime64, days: int) -> DataIssue:
    """Prices that end before the market's: late ones, or those of a share that is not traded any more."""
    message = f"Its last price is of {last}, {days} trading days before the newest"
    if days < STOPPED_DAYS:
        return DataIssue("stale_price", Severity.WARNING, symbol, f"{message}.", "Import newer prices.")
    remedy = "If it is traded, import newer prices; if not, it can't be sold at that price and its risk is not known."
    return DataIssue("suspended", Severity.CRITICAL, symbol, f"{message}: it looks suspended or delisted.", remedy)


def _flaws(panel: PricePanel, quality: SeriesQuality, column: int, since: int) -> list[DataIssue]:
    symbol, issues = panel.symbols[column], []
    closes = panel.closes[:, column]
    present = np.flatnonzero(np.isfinite(closes))
    gaps = int(np.count_nonzero(~np.isfinite(closes[max(since, present[0]) : present[-1] + 1])))
    if gaps:
        share = gaps / max(len(panel.days) - since, 1)
        severity = Severity.WARNING if share > MANY_GAPS else Severity.INFO
        message = f"{gaps} trading days without a price in the last year; returns over them are left out."
        issues.append(DataIssue("gaps", severity, symbol, message))
    if quality.suspended[column]:
        message = f"No trade and no change of price on its last {quality.flat_run[column]} days: it looks suspended."
        issues.append(
            DataIssue("suspended", Severity.CRITICAL, symbol, message, "Its risk can't be measured from prices.")
        )
    if quality.stale_rows[column]:
        issues.append(_ended(symbol, panel.days[present[-1]], int(quality.stale_rows[column])))
    if quality.rounding_distorts[column]:
        start = panel.days[max(int(quality.whole_rupee_from[column]), 0)]
        message = f"Prices are in whole rupees since {start}: rounding adds to its volatility."
        issues.append(DataIssue("rounded_prices", Severity.WARNING, symbol, message, "Import prices with paise."))
    return issues
