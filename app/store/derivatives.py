"""Closes of index futures and options, a day each, from end-of-day files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, Row, text

from app.domain.derivatives import (
    EXPIRES_AT,
    DerivativeClose,
    DerivativesMarket,
    FutureContract,
    FutureQuote,
    OptionContract,
    OptionKind,
    OptionQuote,
    PriceBasis,
    Quote,
)
from app.domain.market_hours import IST

COLUMNS = {
    "day": "date",
    "underlying": "text",
    "symbol": "text",
    "kind": "text",
    "expiry": "date",
    "strike": "float8",
    "close": "float8",
    "volume": "float8",
    "open_interest": "float8",
    "lot_size": "integer",
    "level": "float8",
}
KEPT = ("close", "volume", "open_interest", "lot_size", "level")
"""What a later file may correct; where it says nothing the earlier one stands."""
FUTURE = "FUT"
SOURCE = "NSE end-of-day file"
NO_LOT = "without a known lot size"


def save_closes(connection: Connection, closes: Sequence[DerivativeClose]) -> int:
    """Store or correct closes; returns how many changed."""
    names = ", ".join(COLUMNS)
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in COLUMNS.items())
    values = ", ".join(f"coalesce(excluded.{name}, known.{name})" for name in KEPT)
    changed = connection.execute(
        text(f"""INSERT INTO risk_derivative_closes AS known ({names}) SELECT * FROM unnest({arrays})
                 ON CONFLICT (day, underlying, expiry, kind, coalesce(strike, 0)) DO UPDATE
                 SET ({", ".join(KEPT)}) = ROW({values})
                 WHERE ({", ".join(f"known.{name}" for name in KEPT)}) IS DISTINCT FROM ({values})"""),  # noqa: S608
        {name: [_cell(close, name) for close in closes] for name in COLUMNS},
    ).rowcount
    return int(changed)


def newest_closes(connection: Connection, underlying: str, until: date) -> date | None:
    """The newest day up to ``until`` with closes of contracts on an underlying."""
    found: date | None = connection.scalar(
        text("SELECT max(day) FROM risk_derivative_closes WHERE underlying = :underlying AND day <= :until"),
        {"underlying": underlying, "until": until},
    )
    return found


def load_closes(connection: Connection, underlying: str, day: date, first: date, last: date) -> DerivativesMarket:
    """The market of a day at its closes: contracts that expire from ``first`` to ``last``.

    A lot size that the file lacks is taken from Kite's list of instruments; a contract that has none there either is
    left out and counted.
    """
    rows = connection.execute(
        text("""SELECT c.symbol, c.kind, c.expiry, c.strike, c.close, c.volume, c.open_interest, c.level,
                       coalesce(c.lot_size, i.lot_size) AS lot_size
                FROM risk_derivative_closes c
                LEFT JOIN risk_instruments i
                    ON i.exchange = 'NFO' AND i.name = c.underlying AND i.expiry = c.expiry AND i.kind = c.kind
                       AND i.strike IS NOT DISTINCT FROM c.strike
                WHERE c.underlying = :underlying AND c.day = :day AND c.expiry BETWEEN :first AND :last
                ORDER BY c.expiry, c.kind, c.strike"""),
        {"underlying": underlying, "day": day, "first": first, "last": last},
    ).all()
    usable, at = [row for row in rows if row.lot_size], datetime.combine(day, EXPIRES_AT, IST)
    return DerivativesMarket(
        underlying,
        at,
        PriceBasis.END_OF_DAY,
        tuple(_future(underlying, row, at) for row in usable if row.kind == FUTURE),
        tuple(_option(underlying, row, at) for row in usable if row.kind != FUTURE),
        level=next((row.level for row in rows if row.level is not None), None),
        source=SOURCE,
        left_out={NO_LOT: len(rows) - len(usable)},
    )


def _cell(close: DerivativeClose, name: str) -> object:
    value = getattr(close, name)
    return FUTURE if name == "kind" and value is None else value


def _future(underlying: str, row: Row[tuple[object, ...]], at: datetime) -> FutureQuote:
    return FutureQuote(FutureContract(underlying, row.symbol, None, row.expiry, row.lot_size), _quote(row, at))


def _option(underlying: str, row: Row[tuple[object, ...]], at: datetime) -> OptionQuote:
    kind = OptionKind(row.kind)
    contract = OptionContract(underlying, row.symbol, None, row.expiry, row.lot_size, row.strike, kind)
    return OptionQuote(contract, _quote(row, at))


def _quote(row: Row[tuple[object, ...]], at: datetime) -> Quote:
    return Quote(row.close, None, None, row.volume, row.open_interest, at)
