"""Reading one member of one row. A value is used, absent (None), or the row is refused with a reason; never guessed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TypeGuard, TypeVar

from app.domain.kite import KiteRows
from app.domain.kite_errors import KiteDataError
from app.domain.market_hours import IST
from app.sources.holdings_files import MAX_PRICE, MAX_QUANTITY, MAX_SYMBOL, MAX_TOKEN
from app.sources.tabular import cap_messages

Row = Mapping[str, object]
T = TypeVar("T")
MAX_TEXT = 200
MAX_AMOUNT = 1e15
"""Rupees of an account: more is garbage, and sums of it would overflow."""


class RowError(Exception):
    """A row can't be used; the text says why and quotes nothing of it but a symbol."""


def read_rows(rows: Iterable[object], read: Callable[[Row], T], what: str) -> KiteRows[T]:
    """Every row that can be read. Raises KiteDataError where there are rows and none can: never a false empty list."""
    usable: list[T] = []
    rejected: list[str] = []
    for number, row in enumerate(rows, start=1):
        try:
            usable.append(read(as_row(row)))
        except RowError as error:
            rejected.append(f"{what}, row {number}: {error}")
    if rejected and not usable:
        raise KiteDataError(what, f"none of its {len(rejected)} rows is readable")
    return KiteRows(tuple(usable), cap_messages(rejected))


def as_row(value: object) -> Row:
    """The value as a row. Raises RowError for anything but a JSON object."""
    if not isinstance(value, dict):
        raise RowError("is not an object")
    return value


def number(value: object) -> float | None:
    """A finite JSON number; None for everything else: true, "5", NaN and 1e999 among it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        converted = float(value)
    except OverflowError:
        return None
    return converted if math.isfinite(converted) else None


def price(value: object) -> float | None:
    """Rupees; None for zero (the source has no price) and for what no price can be."""
    converted = number(value)
    return converted if converted is not None and 0 < converted <= MAX_PRICE else None


def is_garbage_price(value: object) -> bool:
    """True for what is neither a price nor an honest "none" (0)."""
    return price(value) is None and number(value) != 0


def required_price(row: Row, field: str) -> float:
    """A price that the row is about. Raises RowError without one."""
    value = price(row.get(field))
    if value is None:
        raise RowError(f"{field} is not a price")
    return value


def optional_price(row: Row, field: str) -> float | None:
    """A price, None for 0 or an absent member. Raises RowError for garbage."""
    value = row.get(field)
    if value is not None and is_garbage_price(value):
        raise RowError(f"{field} is not a price")
    return price(value)


def quantity(row: Row, field: str, *, absent: float | None = None) -> float:
    """Shares or units, not negative; ``absent`` for a missing member, which is refused where that is None."""
    value = absent if absent is not None and field not in row else quantity_or_none(row.get(field))
    if value is None:
        raise RowError(f"{field} is not a quantity")
    return value


def quantity_or_none(value: object) -> float | None:
    """Shares or units, not negative; None for what is no quantity, where the row is good without."""
    converted = number(value)
    return converted if converted is not None and 0 <= converted <= MAX_QUANTITY else None


def signed(row: Row, field: str) -> float:
    """A finite quantity of either sign."""
    value = number(row.get(field))
    if value is None or abs(value) > MAX_QUANTITY:
        raise RowError(f"{field} is not a quantity")
    return value


def amount(value: object) -> float | None:
    """Rupees of either sign; None for what is no amount."""
    converted = number(value)
    return converted if converted is not None and abs(converted) <= MAX_AMOUNT else None


def is_text(value: object, longest: int = MAX_TEXT) -> TypeGuard[str]:
    """Printable text that fits: no NUL, no half of a surrogate pair, which no database takes. Empty is text too."""
    return isinstance(value, str) and len(value) <= longest and value.isprintable()


def text(row: Row, field: str, longest: int = MAX_TEXT) -> str:
    """Printable text of at most ``longest`` characters, not blank."""
    value = row.get(field)
    stripped = value.strip() if isinstance(value, str) else ""
    if not stripped or not is_text(stripped, longest):
        raise RowError(f"{field} is not a text")
    return stripped


def symbol(row: Row, field: str = "tradingsymbol") -> str:
    """A trading symbol in capitals."""
    value = text(row, field).upper()
    if len(value) > MAX_SYMBOL:
        raise RowError(f"{field} is too long")
    return value


def token(value: object) -> int:
    """An instrument token."""
    if type(value) is not int or not 0 < value < MAX_TOKEN:
        raise RowError("instrument_token is not one")
    return value


def instant(value: object) -> datetime | None:
    """An aware instant in India time; a text without an offset is India time. None for what is no time."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return moment.astimezone(IST) if moment.tzinfo else moment.replace(tzinfo=IST)
    except (ValueError, OverflowError):
        return None
