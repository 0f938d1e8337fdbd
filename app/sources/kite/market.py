"""The market as Kite shows it: the instruments file and quotes. Pure: CSV bytes and JSON values in."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from app.domain.kite import Instrument, KiteRows, Quote
from app.domain.kite_errors import KiteDataError
from app.sources.holdings_files import MAX_PRICE, MAX_SYMBOL, MAX_TOKEN
from app.sources.kite import fields
from app.sources.kite.fields import Row, RowError
from app.sources.tabular import cap_messages, parse_number

COLUMNS = (
    "instrument_token",
    "exchange_token",
    "tradingsymbol",
    "name",
    "expiry",
    "strike",
    "tick_size",
    "lot_size",
    "instrument_type",
    "segment",
    "exchange",
)

TEXTS = {"tradingsymbol": MAX_SYMBOL, "name": 200, "exchange": 20, "segment": 20, "instrument_type": 20}
"""Columns of text and the characters they may have."""
MAX_WHOLE = 2**31 - 1
LEAST = 1e-6
"""A tick or strike below this is none; it would not fit a column of single precision either."""


def read_instruments(body: bytes) -> KiteRows[Instrument]:
    """Every readable row, each parsed by itself: a blank or damaged line costs that line alone.

    Raises KiteDataError for a file without the known columns or without one readable row.
    """
    lines = body.decode("utf-8-sig", errors="replace").split("\n")
    places = _places(lines[0])
    instruments: list[Instrument] = []
    rejected: list[str] = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        try:
            instruments.append(_instrument(_cells(line, places)))
        except RowError as error:
            rejected.append(f"instruments, line {number}: {error}")
    if not instruments:
        raise KiteDataError("instruments", "it has no readable row")
    return KiteRows(tuple(instruments), cap_messages(rejected))


def read_quotes(data: Row) -> KiteRows[Quote]:
    """Quotes of a full, ohlc or ltp answer. An instrument that Kite doesn't know is absent from the answer.

    Raises KiteDataError where there are rows and none is readable.
    """
    return fields.read_rows(({"key": key, "row": row} for key, row in data.items()), _quote, "quotes")


def _places(header: str) -> Mapping[str, int]:
    names = [name.strip() for name in _split(header)]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise KiteDataError("instruments", f"it lacks {len(missing)} of the known columns")
    return {name: names.index(name) for name in COLUMNS}


def _split(line: str) -> Sequence[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _cells(line: str, places: Mapping[str, int]) -> Mapping[str, str]:
    cells = _split(line.rstrip("\r"))
    if len(cells) <= max(places.values()):
        raise RowError("has too few columns")
    return {name: cells[at].strip() for name, at in places.items()}


def _instrument(cells: Mapping[str, str]) -> Instrument:
    if not cells["tradingsymbol"] or not cells["exchange"]:
        raise RowError("has no symbol or exchange")
    for name, longest in TEXTS.items():
        if not fields.is_text(cells[name], longest):
            raise RowError(f"{name} is not a text of at most {longest} characters")
    return Instrument(
        instrument_token=fields.token(_whole(cells, "instrument_token", MAX_TOKEN)),
        exchange_token=_whole(cells, "exchange_token", MAX_TOKEN) or 0,
        symbol=cells["tradingsymbol"].upper(),
        name=cells["name"],
        exchange=cells["exchange"],
        segment=cells["segment"],
        kind=cells["instrument_type"],
        lot_size=_whole(cells, "lot_size", MAX_WHOLE),
        tick_size=_positive(cells, "tick_size", MAX_PRICE),
        expiry=_expiry(cells["expiry"]),
        strike=_positive(cells, "strike", MAX_PRICE),
    )


def _positive(cells: Mapping[str, str], name: str, largest: float) -> float | None:
    """A number above 0, None for 0: not applicable. Raises RowError for anything else."""
    value = parse_number(cells[name])
    if value is None or not (value == 0 or LEAST <= value <= largest):
        raise RowError(f"{name} is not a number in its range")
    return value or None


def _whole(cells: Mapping[str, str], name: str, largest: int) -> int | None:
    value = _positive(cells, name, largest)
    if value is not None and not value.is_integer():
        raise RowError(f"{name} is not a whole number")
    return None if value is None else int(value)


def _expiry(cell: str) -> date | None:
    if not cell:
        return None
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise RowError("expiry is not a day") from None


def _quote(keyed: Row) -> Quote:
    exchange, colon, symbol = str(keyed["key"]).partition(":")
    if not (exchange and colon and symbol) or len(symbol) > MAX_SYMBOL:
        raise RowError("is not under exchange:symbol")
    row = fields.as_row(keyed["row"])
    ohlc = fields.as_row(row.get("ohlc", {}))
    return Quote(
        exchange=exchange,
        symbol=symbol,
        instrument_token=fields.token(row.get("instrument_token")),
        last_price=fields.required_price(row, "last_price"),
        previous_close=fields.optional_price(ohlc, "close"),
        open=fields.optional_price(ohlc, "open"),
        high=fields.optional_price(ohlc, "high"),
        low=fields.optional_price(ohlc, "low"),
        volume=fields.quantity_or_none(row.get("volume")),
        open_interest=fields.quantity_or_none(row.get("oi")),
        bid=next(_best(row, "buy"), None),
        ask=next(_best(row, "sell"), None),
        lower_circuit=fields.optional_price(row, "lower_circuit_limit"),
        upper_circuit=fields.optional_price(row, "upper_circuit_limit"),
        as_of=fields.instant(row.get("timestamp")),
        last_trade=fields.instant(row.get("last_trade_time")),
    )


def _best(row: Row, side: str) -> Iterator[float]:
    """The first level of the book that has a price and a quantity."""
    depth = row.get("depth")
    levels = depth.get(side) if isinstance(depth, dict) else None
    for level in levels if isinstance(levels, list) else []:
        if isinstance(level, dict) and fields.number(level.get("quantity")):
            best = fields.price(level.get("price"))
            if best is not None:
                yield best
