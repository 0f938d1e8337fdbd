"""Everything that trades on NSE, BSE and in derivatives, as Kite lists it. A token counts only with its exchange."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from operator import attrgetter

from sqlalchemy import Connection, text

from app.domain.kite import Instrument

COLUMNS = tuple(field.name for field in fields(Instrument))
CASH_SEGMENTS = ("NSE", "BSE", "INDICES")


def count_instruments(connection: Connection) -> dict[str, int]:
    """Number of instruments of each exchange."""
    rows = connection.execute(text("SELECT exchange, count(*) FROM risk_instruments GROUP BY 1 ORDER BY 1"))
    return {row[0]: int(row[1]) for row in rows}


def replace_instruments(connection: Connection, exchange: str, instruments: Sequence[Instrument]) -> int:
    """Make the list of an exchange equal to this one; returns how many rows came, went or changed."""
    connection.execute(text("CREATE TEMPORARY TABLE staged_instruments (LIKE risk_instruments) ON COMMIT DROP"))
    _copy_in(connection, {row.instrument_token: row for row in instruments if row.exchange == exchange}.values())
    names = ", ".join(COLUMNS)
    values = ", ".join(f"excluded.{name}" for name in COLUMNS)
    gone = connection.execute(
        text("""DELETE FROM risk_instruments k WHERE exchange = :exchange AND NOT EXISTS (
                    SELECT FROM staged_instruments s WHERE s.instrument_token = k.instrument_token)"""),
        {"exchange": exchange},
    ).rowcount
    changed = connection.execute(
        text(f"""INSERT INTO risk_instruments AS kept ({names}) SELECT {names} FROM staged_instruments
                 ON CONFLICT (exchange, instrument_token) DO UPDATE SET ({names}) = ROW({values})
                 WHERE ({", ".join(f"kept.{name}" for name in COLUMNS)}) IS DISTINCT FROM ({values})"""),  # noqa: S608
    ).rowcount
    connection.execute(text("DROP TABLE staged_instruments"))
    return int(gone + changed)


def find_tokens(connection: Connection, symbols: Iterable[str]) -> dict[tuple[str, str], int]:
    """(exchange, symbol) -> token of the shares and indices of these symbols."""
    rows = connection.execute(
        text("""SELECT exchange, symbol, instrument_token FROM risk_instruments
                WHERE symbol = ANY(:symbols) AND segment = ANY(:segments)"""),
        {"symbols": list(symbols), "segments": list(CASH_SEGMENTS)},
    )
    return {(row.exchange, row.symbol): int(row.instrument_token) for row in rows}


def load_derivatives(connection: Connection, underlying: str, since: date) -> tuple[Instrument, ...]:
    """Futures and options on an underlying (NIFTY) that expire on ``since`` or later, by expiry, kind and strike."""
    rows = connection.execute(
        text(f"""SELECT {", ".join(COLUMNS)} FROM risk_instruments WHERE name = :name AND expiry >= :since
                 ORDER BY expiry, kind, strike"""),  # noqa: S608
        {"name": underlying, "since": since},
    )
    return tuple(Instrument(**row._mapping) for row in rows)


def next_expiry(connection: Connection, underlying: str, since: date) -> date | None:
    """The first day from ``since`` on which a contract on the underlying expires; None when none is listed."""
    found: date | None = connection.scalar(
        text("SELECT min(expiry) FROM risk_instruments WHERE name = :name AND expiry >= :since"),
        {"name": underlying, "since": since},
    )
    return found


def _copy_in(connection: Connection, instruments: Iterable[Instrument]) -> None:
    members = attrgetter(*COLUMNS)
    lines = "".join("\t".join(map(_cell, members(row))) + "\n" for row in instruments)
    cursor = connection.connection.cursor()
    cursor.copy_expert(f"COPY staged_instruments ({', '.join(COLUMNS)}) FROM STDIN", io.StringIO(lines))
    cursor.close()


def _cell(value: object) -> str:
    """A value in COPY's text format."""
    if value is None:
        return r"\N"
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
