"""Bars out of the store: our own sources, and the dashboard's where our own do not reach back far enough."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import numpy as np
from sqlalchemy import Connection

from app.domain.prices import DailyBars
from app.risk.price_joining import NSE, SOURCES
from app.risk.price_panel import BENCHMARKS, merge_bars
from app.store.host_prices import host_benchmark, load_host_bars, newest_host_day
from app.store.prices import load_bars, newest_day

EDGE = timedelta(days=10)
"""A history that begins this much after the first day asked for still reaches back to it: holidays."""


def benchmark_names(connection: Connection, chosen: str | None) -> tuple[str, ...]:
    """The symbols under which the index may stand, best first; ``chosen`` alone where there is one."""
    first, *others = BENCHMARKS
    return (chosen,) if chosen else tuple(dict.fromkeys((first, *host_benchmark(connection), *others)))


def price_sources(*, is_sample: bool) -> tuple[str, ...]:
    """Generated prices belong to the generated book alone, real ones to a real book."""
    return ("sample",) if is_sample else SOURCES


def newest_price_day(
    connection: Connection, symbols: Sequence[str], sources: Sequence[str], until: date
) -> date | None:
    """About the day of the newest bar up to ``until`` of any of the symbols, own or the dashboard's."""
    days = (newest_day(connection, symbols, sources, until), newest_host_day(connection, symbols, until))
    return max((day for day in days if day is not None), default=None)


def short_symbols(symbols: Iterable[str], own: DailyBars, since: date) -> list[str]:
    """The symbols of which we have no bar of our own on NSE, or none as early as ``since``."""
    first = np.isfinite(own.closes).argmax(axis=0) if len(own.days) else np.zeros(len(own.series), dtype=np.int64)
    reaching = {
        key.symbol
        for key, row in zip(own.series, first.tolist(), strict=True)
        if key.exchange == NSE and own.days[row].astype(object) - EDGE <= since
    }
    return sorted(set(symbols) - reaching)


def load_prices(
    connection: Connection,
    symbols: Sequence[str],
    since: date | None,
    until: date,
    exchanges: Sequence[str] = (NSE,),
    *,
    is_sample: bool,
) -> DailyBars:
    """All that is known of the symbols from ``since`` (None: the beginning) to ``until``: two reads at most."""
    own = load_bars(connection, symbols, price_sources(is_sample=is_sample), since, until, exchanges)
    if is_sample:
        return own
    start = since or date.min
    return merge_bars(own, load_host_bars(connection, short_symbols(symbols, own, start), start, until, own.days))
