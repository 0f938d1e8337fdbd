"""Price files and corporate actions into the store: all of a file or nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from hashlib import sha256

import numpy as np
from sqlalchemy import Connection

from app.domain.imports import ImportResult
from app.domain.prices import CONFIRMED_MOVE, Basis, CorporateAction, DailyBars, FloatArray, PriceFile
from app.sources.corporate_action_files import parse_corporate_actions
from app.sources.price_files import parse_prices
from app.store.imports import ImportRecord, lock_imports, record_import
from app.store.prices import load_bars, save_actions, save_bars

RESTATED = 0.02
"""A file whose prices differ from stored ones by more than this on common days is on another footing."""
RESTATED_VOLUMES = 0.15
"""The same of volumes: the smallest bonus on record (1:5) makes a fifth, corrections of an exchange far less."""
FEWEST_COMMON, OLDEST_COMMON = 5, 20
"""Common days whose volumes are compared, the oldest: before a split both kinds differ, after it they are equal."""
UNCOVERED = "the file does not cover all stored days from the first to the last. Import its whole history again"
SAY_VOLUMES = "Say with --volumes-are whether those of the file are adjusted for splits, and import it again"


def import_prices(
    connection: Connection,
    data: bytes,
    name: str,
    today: date,
    *,
    exchange: str = "NSE",
    price_basis: Basis | None = None,
    volume_basis: Basis | None = None,
    progress: Callable[[int, int], None],
) -> ImportResult:
    """Store the bars of a price file. ``progress(rows done, rows in all)`` is called as rows go in.

    Raises:
        InputFileError: when the file is unusable; nothing is stored then.
    """
    parsed = parse_prices(data, name, today)
    prices = replace(
        parsed, price_basis=price_basis or parsed.price_basis, volume_basis=volume_basis or parsed.volume_basis
    )
    lock_imports(connection)
    prices, refused = _without_restated(connection, prices, exchange, volumes_told=volume_basis is not None)
    total = len(prices.symbols)
    changed, oldest = save_bars(connection, prices, prices.kind, exchange, lambda done: progress(done, total))
    rejected = prices.rejected + refused
    record_import(connection, ImportRecord("prices", name, sha256(data).hexdigest(), total, changed, oldest, rejected))
    return ImportResult("prices", name, total, changed, rejected)


def import_actions(connection: Connection, data: bytes, name: str) -> ImportResult:
    """Store the splits, bonuses, demergers and rights of a corporate-actions file."""
    actions = parse_corporate_actions(data, name)
    lock_imports(connection)
    changed = save_actions(connection, actions)
    record_import(connection, ImportRecord("actions", name, sha256(data).hexdigest(), len(actions), changed))
    return ImportResult("actions", name, len(actions), changed)


def confirm_move(connection: Connection, symbol: str, day: date) -> bool:
    """Note that a share's price really moved on a day, so that risk figures count it; False when known already."""
    lock_imports(connection)
    changed = save_actions(connection, (CorporateAction(symbol, day, 1.0, CONFIRMED_MOVE),))
    record_import(connection, ImportRecord("actions", f"confirmed {symbol} {day}", "", 1, changed))
    return bool(changed)


def _without_restated(
    connection: Connection, prices: PriceFile, exchange: str, *, volumes_told: bool
) -> tuple[PriceFile, tuple[str, ...]]:
    """Leave out symbols whose prices or volumes the file restates, where storing them would mix two footings.

    Where the old footing and the new one meet there would be a false jump of the price, or volumes wrong by a factor.
    """
    if prices.price_basis is Basis.AS_TRADED or not len(prices.symbols):
        return prices, ()
    symbols, first = np.unique(prices.symbols.astype(str), return_index=True)
    stored = load_bars(connection, symbols.tolist(), (prices.kind,), exchanges=(exchange,))
    columns = {key.symbol: column for column, key in enumerate(stored.series)}
    edges = [*first.tolist(), len(prices.symbols)]
    keep = np.ones(len(prices.symbols), dtype=bool)
    refused = []
    for place, symbol in enumerate(symbols.tolist()):
        rows = slice(edges[place], edges[place + 1])
        reason = _why_refused(stored, columns.get(symbol), prices, rows, volumes_told=volumes_told)
        if reason is not None:
            keep[rows] = False
            refused.append(f"{symbol}: {reason}")
    return _rows(prices, keep), tuple(refused)


def _why_refused(
    stored: DailyBars, column: int | None, prices: PriceFile, rows: slice, *, volumes_told: bool
) -> str | None:
    """A file that covers all stored days may restate prices; volumes too, where we are told what they are."""
    if column is None:
        return None
    present = ~np.isnan(stored.closes[:, column])
    days = stored.days[present]
    _, mine, theirs = np.intersect1d(days, prices.days[rows], return_indices=True)
    if len(mine) == 0:
        return None
    covered = prices.days[rows][0] <= days[0] and days[-1] <= prices.days[rows][-1]
    ratio = float(np.median(prices.ohlc[rows, 3][theirs] / stored.closes[present, column][mine]))
    if abs(ratio - 1) > RESTATED and not covered:
        return f"prices are {ratio:g} times the stored ones, but {UNCOVERED}"
    ratio = _volume_ratio(prices.volume[rows][theirs], stored.volumes[present, column][mine])
    if abs(ratio - 1) > RESTATED_VOLUMES and not (covered and volumes_told):
        words = f"volumes are {ratio:g} times the stored ones on the oldest common days"
        return f"{words}. {SAY_VOLUMES}" if covered else f"{words}, but {UNCOVERED}"
    return None


def _volume_ratio(volumes: FloatArray, stored: FloatArray) -> float:
    """The median ratio over the oldest days with both; 1 where there are too few to tell a correction from a split."""
    both = np.flatnonzero((volumes > 0) & (stored > 0))[:OLDEST_COMMON]
    return float(np.median(volumes[both] / stored[both])) if len(both) >= FEWEST_COMMON else 1.0


def _rows(prices: PriceFile, keep: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> PriceFile:
    return replace(
        prices, symbols=prices.symbols[keep], days=prices.days[keep], ohlc=prices.ohlc[keep], volume=prices.volume[keep]
    )
