"""The public sources of daily prices: how each is asked, and what is kept of its answers.

A new one is a function from ``Ask`` to ``Given`` and a line in ``SOURCES``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256
from statistics import median

import numpy as np
from sqlalchemy import Connection

from app.Boilerplate import Boilerplate
from app.domain.errors import InputFileError
from app.domain.prices import PriceFile
from app.ingest.candle_targets import PriceTarget
from app.sources.nse import ArchiveFile, Contents, NseArchive, parse_archive
from app.sources.yahoo import Yahoo, YahooBars
from app.store.eod_prices import HELD_BACK, NO_SESSION, READ, delete_other_bars, load_coverage, load_finished
from app.store.imports import ImportRecord, lock_imports, record_import
from app.store.prices import save_bars

PUBLISHED_WITHIN = timedelta(days=3)
"""A session whose file is not there after so long was none."""
LEAST_SHARE = 0.5
"""A file with fewer rows than this share of the usual number is half written; sessions of an hour have nearly all."""
LEAST_DAYS = 0.9
"""A series with fewer days than this share of the stored ones is cut short and not believed."""
BATCH = 100
"""Series asked of Yahoo and stored at a time: what a killed run loses at most."""


@dataclass(frozen=True, slots=True)
class Sites:
    """Where the sources are."""

    nse: NseArchive
    yahoo: Yahoo


@dataclass(frozen=True, slots=True)
class Gap:
    """A series that no better source gives: ``since`` is the last day that one of them has, or the first one wanted."""

    target: PriceTarget
    since: date


@dataclass(frozen=True, slots=True)
class Ask:
    """What a source is asked for: the gaps, up to the day ``until``; ``first`` is the first day wanted of a new series.

    ``step(connection, done, total)`` notes progress.
    """

    sites: Sites
    database: Boilerplate
    gaps: tuple[Gap, ...]
    first: date
    until: date
    step: Callable[[Connection, int, int], None]


@dataclass(frozen=True, slots=True)
class Given:
    """``rows`` stored; ``held_back`` files that were not believed, with their reasons. ``last_session`` is the newest
    day on which the market is known to have traded, None where the source can't tell.
    """

    rows: int
    held_back: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    last_session: date | None = None


@dataclass(frozen=True, slots=True)
class PriceSource:
    """``series`` is the source its bars are stored under; it has shares of ``exchanges``.

    ``is_whole``: it has every share in one file, so it is only asked where something needed is missing.
    """

    name: str
    series: str
    words: str
    exchanges: frozenset[str]
    is_whole: bool
    fetch: Callable[[Ask], Given]

    @property
    def feed(self) -> str:
        """The name of its feed."""
        return f"{self.name}_prices"


@dataclass(slots=True)
class _Days:
    """How far a walk through the archive is. ``sizes``: rows of the files of a kind that are stored."""

    sizes: Mapping[Contents, list[int]] = field(default_factory=lambda: {kind: [] for kind in Contents})
    rows: int = 0
    sessions: list[date] = field(default_factory=list)
    held_back: list[str] = field(default_factory=list)


def fetch_nse_days(ask: Ask) -> Given:
    """Every file of the archive from the first gap on that was not read yet, the newest session first.

    Each is stored in a transaction of its own: a run that was killed goes on where it stopped. A file that can't be
    right is named and asked for again by the next run. Raises FetchError where the archive can't be asked.
    """
    days = _days_back(min(gap.since for gap in ask.gaps), ask.until)
    with ask.database.transaction() as connection:
        finished = load_finished(connection, [file.name for day in days for file in _files(day)])
    walk = _Days()
    for file in (file for day in days for file in _files(day)):
        _remember(walk, file, finished.get(file.name, 0))
    wanted = [day for day in days if any(file.name not in finished for file in _files(day))]
    for done, day in enumerate(wanted, start=1):
        for file in _files(day):
            if file.name not in finished and not _read_file(ask, walk, file):
                break
        with ask.database.transaction() as connection:
            ask.step(connection, done, len(wanted))
    return Given(walk.rows, tuple(walk.held_back), last_session=max(walk.sessions, default=None))


def fetch_yahoo_series(ask: Ask) -> Given:
    """The whole history of every gap: Yahoo restates it at a split, so nothing is ever appended to an older answer.

    Raises YahooError where Yahoo can't be asked.
    """
    rows, done = 0, 0
    notes: list[str] = []
    without: list[str] = []
    for exchange, symbols in _batches(ask.gaps):
        answer = ask.sites.yahoo.daily_bars(exchange, symbols, ask.first, ask.until)
        done += len(symbols)
        with ask.database.transaction() as connection:
            stored, refused = _store_series(connection, answer, exchange)
            ask.step(connection, done, len(ask.gaps))
        rows += stored
        notes += [*answer.notes, *refused]
        without += answer.without
    if without:
        notes.append(f"Yahoo has nothing for {', '.join(without)}")
    return Given(rows, notes=tuple(notes))


SOURCES = (
    PriceSource("nse", "bhavcopy", "NSE's end-of-day archive", frozenset({"NSE"}), True, fetch_nse_days),
    PriceSource("yahoo", "yahoo", "Yahoo Finance", frozenset({"NSE", "BSE"}), False, fetch_yahoo_series),
)
"""In the order they are asked, unless RISK_PRICE_SOURCES names another."""


def _days_back(first: date, last: date) -> list[date]:
    """All of them: some sessions fall on weekends."""
    return [last - timedelta(days=back) for back in range((last - first).days + 1)]


def _files(day: date) -> tuple[ArchiveFile, ArchiveFile]:
    return ArchiveFile(Contents.SHARES, day), ArchiveFile(Contents.INDICES, day)


def _remember(walk: _Days, file: ArchiveFile, rows: int) -> None:
    if rows:
        walk.sizes[file.contents].append(rows)
        walk.sessions.append(file.day)


def _read_file(ask: Ask, walk: _Days, file: ArchiveFile) -> bool:
    """Fetch and store a file; False where there is none."""
    data = ask.sites.nse.fetch(file)
    with ask.database.transaction() as connection:
        if data is None:
            _note_no_session(connection, ask, file)
            return False
        try:
            prices = _checked(parse_archive(file, data, ask.until), file, walk.sizes[file.contents])
        except InputFileError as error:
            walk.held_back.append(error.message)
            record_import(connection, ImportRecord(HELD_BACK, file.name, _digest(data), 0, 0, None, (error.message,)))
            return True
        walk.rows += _store_file(connection, file, data, prices)
    _remember(walk, file, len(prices.symbols))
    return True


def _checked(prices: PriceFile, file: ArchiveFile, sizes: Sequence[int]) -> PriceFile:
    usual = median(sizes) if sizes else 0
    if len(prices.symbols) < LEAST_SHARE * usual:
        reason = f"has {len(prices.symbols)} rows where {usual:g} are usual: it is half written."
        raise InputFileError(file.name, reason, "Wait for the whole file.")
    return prices


def _store_file(connection: Connection, file: ArchiveFile, data: bytes, prices: PriceFile) -> int:
    lock_imports(connection)
    changed, oldest = save_bars(connection, prices, prices.kind, "NSE", lambda _rows: None)
    rows = len(prices.symbols)
    record_import(connection, ImportRecord(READ, file.name, _digest(data), rows, changed, oldest, prices.rejected))
    return rows


def _note_no_session(connection: Connection, ask: Ask, file: ArchiveFile) -> None:
    """Remember that there is no file, once it would have been there; the day has no other file either."""
    if ask.until - file.day > PUBLISHED_WITHIN:
        for missing in _files(file.day) if file.contents is Contents.SHARES else (file,):
            record_import(connection, ImportRecord(NO_SESSION, missing.name, "", 0, 0))


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def _batches(gaps: Iterable[Gap]) -> Iterator[tuple[str, list[str]]]:
    by_exchange: dict[str, list[str]] = {}
    for gap in gaps:
        by_exchange.setdefault(gap.target.exchange, []).append(gap.target.symbol)
    for exchange, symbols in by_exchange.items():
        for at in range(0, len(symbols), BATCH):
            yield exchange, symbols[at : at + BATCH]


def _store_series(connection: Connection, answer: YahooBars, exchange: str) -> tuple[int, list[str]]:
    """Make every series equal to what came, unless it came cut short; returns rows, and what was refused."""
    prices, refused = _whole(connection, answer.prices, exchange)
    rows = len(prices.symbols)
    if rows:
        lock_imports(connection)
        gone, first_gone = delete_other_bars(connection, prices, prices.kind, exchange)
        changed, oldest = save_bars(connection, prices, prices.kind, exchange, lambda _rows: None)
        days = [day for day in (oldest, first_gone) if day is not None]
        record_import(connection, ImportRecord(READ, prices.kind, "", rows, changed + gone, min(days, default=None)))
    return rows, refused


def _whole(connection: Connection, prices: PriceFile, exchange: str) -> tuple[PriceFile, list[str]]:
    symbols, places, counts = np.unique(prices.symbols.astype(str), return_inverse=True, return_counts=True)
    stored = load_coverage(connection, symbols.tolist())
    known = [stored.get((exchange, symbol, prices.kind)) for symbol in symbols.tolist()]
    short = np.array([one is not None and count < LEAST_DAYS * one.days for one, count in zip(known, counts)], bool)
    refused = [
        f"{symbol}: only {count} days came, {one.days} are stored and kept"
        for symbol, count, one, is_short in zip(symbols.tolist(), counts.tolist(), known, short)
        if is_short and one is not None
    ]
    keep = ~short[places]
    return replace(
        prices, symbols=prices.symbols[keep], days=prices.days[keep], ohlc=prices.ohlc[keep], volume=prices.volume[keep]
    ), refused
