"""Price files and corporate actions into the store: all of a file or nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from hashlib import sha256

import numpy as np
from sqlalchemy import Connection

from app.domain.imports import ImportResult
from app.domain.prices import CONFIRMED_MOVE, Basis, CorporateAction, DailyBars, PriceFile
from app.sources.corporate_action_files import parse_corporate_actions
from app.sources.price_files import parse_prices
from app.store.imports import ImportRecord, lock_imports, record_import
from app.store.prices import load_bars, save_actions, save_bars

RESTATED = 0.02
"""A file whose prices differ from stored ones by more than this on common days is on another footing."""


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
    prices, refused = _without_restated(connection, prices, exchange)
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


def _without_restated(connection: Connection, prices: PriceFile, exchange: str) -> tuple[PriceFile, tuple[str, ...]]:
    """Leave out symbols that the file restates (before or after a split) without covering all days stored.

    Storing them would leave a false jump where the old footing and the new one meet.
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
        ratio = _restated_by(stored, columns.get(symbol), prices, rows)
        if ratio is not None:
            keep[rows] = False
            refused.append(
                f"{symbol}: prices are {ratio:g} times the stored ones, but the file does not cover all stored days "
                "from the first to the last. Import its whole history again"
            )
    return _rows(prices, keep), tuple(refused)


def _restated_by(stored: DailyBars, column: int | None, prices: PriceFile, rows: slice) -> float | None:
    if column is None:
        return None
    present = ~np.isnan(stored.closes[:, column])
    days = stored.days[present]
    _, mine, theirs = np.intersect1d(days, prices.days[rows], return_indices=True)
    if len(mine) == 0 or (prices.days[rows][0] <= days[0] and days[-1] <= prices.days[rows][-1]):
        return None
    ratio = float(np.median(prices.ohlc[rows, 3][theirs] / stored.closes[present, column][mine]))
    return ratio if abs(ratio - 1) > RESTATED else None


def _rows(prices: PriceFile, keep: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> PriceFile:
    return replace(
        prices, symbols=prices.symbols[keep], days=prices.days[keep], ohlc=prices.ohlc[keep], volume=prices.volume[keep]
    )
