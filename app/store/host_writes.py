"""Rows in the dashboard's own tables, for installations where we are the one that fetches and no dashboard does.

Its conventions hold: ``run_date`` is the day in India, ``fetch_timestamp`` naive India time of the day's first fetch, a
fund's ISIN stands in ``tradingsymbol``. Nothing is ever deleted; what is gone from the account today gets quantity 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from app.domain.holdings import Holding
from app.domain.kite import FundHolding, Margins, Position, Positions, SegmentMargin
from app.domain.market_hours import IST

Row = Mapping[str, object]
STAMPS = {
    "holdings": "fetch_timestamp",
    "mf_holdings": "fetch_timestamp",
    "positions": "fetch_timestamp",
    "margins": "fetch_timestamp",
    "instruments": "timestamp",
}
"""Tables we write, with the column by which our rows are known: the dashboard cannot have written at that instant."""
FOREIGN = ("master_scrips", "rt_intraday_price")
"""Tables that only a dashboard fills."""
WHOLE = {
    "holdings": ("instrument_token", "quantity", "t1_quantity", "collateral_quantity"),
    "positions": ("instrument_token", "quantity"),
}
"""Columns of type integer there."""
LARGEST = 2**31 - 1
KEYS = {
    "holdings": ("instrument_token", "run_date"),
    "mf_holdings": ("folio", "tradingsymbol", "run_date"),
    "positions": ("position_type", "instrument_token"),
    "margins": ("margin_type",),
}


def is_ours(connection: Connection) -> bool:
    """True when no row in the dashboard's tables is another's: then its readers may live on what we fetch."""
    others = " OR ".join(
        [f"EXISTS (SELECT FROM {table})" for table in FOREIGN]
        + [
            f"EXISTS (SELECT FROM {table} h WHERE NOT EXISTS (SELECT FROM risk_host_writes w "  # noqa: S608
            f"WHERE w.table_name = '{table}' AND w.written_at = h.\"{stamp}\"))"
            for table, stamp in STAMPS.items()
        ]
    )
    return _all_stamped(connection) and not connection.scalar(text(f"SELECT {others}"))


def write_holdings(connection: Connection, holdings: Iterable[Holding], now: datetime) -> tuple[str, ...]:
    """Today's shares; returns those that do not fit. A holding without a token has no key there and is left out."""
    rows = [_holding(holding) for holding in holdings if holding.instrument_token is not None]
    day = _local(now).date()
    connection.execute(
        text("""UPDATE holdings SET quantity = 0, t1_quantity = 0, collateral_quantity = 0
                WHERE run_date = :day AND instrument_token <> ALL(CAST(:tokens AS bigint[]))"""),
        {"day": day, "tokens": [row["instrument_token"] for row in rows]},
    )
    return _upsert(connection, "holdings", rows, now)


def write_funds(connection: Connection, funds: Sequence[FundHolding], now: datetime) -> tuple[str, ...]:
    """Today's fund units by folio; returns those that do not fit."""
    connection.execute(
        text("""UPDATE mf_holdings SET quantity = 0, invested_amount = 0, current_value = 0, pnl = 0
                WHERE run_date = :day AND (folio, tradingsymbol) NOT IN (
                    SELECT * FROM unnest(CAST(:folios AS text[]), CAST(:isins AS text[])))"""),
        {"day": _local(now).date(), "folios": [f.folio or "" for f in funds], "isins": [f.isin for f in funds]},
    )
    return _upsert(connection, "mf_holdings", [_fund(fund) for fund in funds], now)


def write_positions(connection: Connection, positions: Positions, now: datetime) -> tuple[str, ...]:
    """Net and day positions; the table has one row for each instrument, so products of one instrument are summed.
    Returns the rows that do not fit.
    """
    unfit: list[str] = []
    for kind, answer in (("net", positions.net), ("day", positions.day)):
        rows = _summed(kind, answer.rows)
        connection.execute(
            text("""UPDATE positions SET quantity = 0, value = 0
                    WHERE position_type = :kind AND instrument_token <> ALL(CAST(:tokens AS bigint[]))"""),
            {"kind": kind, "tokens": [row["instrument_token"] for row in rows]},
        )
        unfit += _upsert(connection, "positions", rows, now)
    return tuple(unfit)


def write_margins(connection: Connection, margins: Margins, now: datetime) -> tuple[str, ...]:
    """Funds of the account by segment; returns those that do not fit."""
    segments = {"equity": margins.equity, "commodity": margins.commodity}
    return _upsert(connection, "margins", [_segment(name, part) for name, part in segments.items() if part], now)


def write_derivatives(connection: Connection, now: datetime) -> tuple[str, ...]:
    """The derivatives of ``risk_instruments``: that table takes nothing without an expiry, and no token of more than 32
    bits. Returns how many were left out, as a note.
    """
    local = _mark(connection, "instruments", now)
    connection.execute(
        text("""INSERT INTO instruments (instrument_token, exchange_token, tradingsymbol, name, last_price, expiry,
                    strike, tick_size, lot_size, instrument_type, segment, exchange, "timestamp", run_date)
                SELECT DISTINCT ON (instrument_token, expiry, CAST(coalesce(strike, 0) AS real))
                       instrument_token, exchange_token, symbol, name, 0, expiry, coalesce(strike, 0), tick_size,
                       lot_size, kind, segment, exchange, :at, :day
                FROM risk_instruments
                WHERE expiry IS NOT NULL AND greatest(instrument_token, exchange_token) <= :largest
                ON CONFLICT (instrument_token, expiry, strike) DO UPDATE
                SET tradingsymbol = excluded.tradingsymbol, lot_size = excluded.lot_size,
                    tick_size = excluded.tick_size, "timestamp" = excluded."timestamp",
                    run_date = excluded.run_date"""),
        {"at": local, "day": local.date(), "largest": LARGEST},
    )
    unfit = connection.scalar(
        text("""SELECT count(*) FROM risk_instruments
                WHERE expiry IS NOT NULL AND greatest(instrument_token, exchange_token) > :largest"""),
        {"largest": LARGEST},
    )
    return (f"{unfit} derivatives do not fit into the dashboard's table instruments",) if unfit else ()


def _all_stamped(connection: Connection) -> bool:
    """False for a dashboard so old that one of the tables has no column to know our rows by."""
    found = connection.scalar(
        text("""SELECT count(*) FROM unnest(CAST(:tables AS text[]), CAST(:stamps AS text[])) AS wanted (name, stamp)
                JOIN pg_attribute ON attrelid = to_regclass(name) AND attname = stamp AND NOT attisdropped"""),
        {"tables": list(STAMPS), "stamps": list(STAMPS.values())},
    )
    return bool(found == len(STAMPS))


def _columns(connection: Connection, table: str) -> frozenset[str]:
    """Columns the table has here: an older dashboard lacks some."""
    return frozenset(
        connection.scalars(
            text("""SELECT attname FROM pg_attribute
                    WHERE attrelid = to_regclass(:table) AND attnum > 0 AND NOT attisdropped"""),
            {"table": table},
        )
    )


def _upsert(connection: Connection, table: str, rows: Sequence[Row], now: datetime) -> tuple[str, ...]:
    """Write the rows that fit; returns a note for each that does not."""
    fitting = [row for row in rows if _fits(table, row)]
    if fitting:
        _write(connection, table, fitting, now)
    unfit = (row for row in rows if not _fits(table, row))
    return tuple(f"{row.get('trading_symbol')} does not fit into the dashboard's table {table}" for row in unfit)


def _fits(table: str, row: Row) -> bool:
    """Whether what must be whole is, in 32 bits."""
    whole = (row[name] for name in WHOLE.get(table, ()))
    return all(isinstance(n, int | float) and float(n).is_integer() and abs(n) <= LARGEST for n in whole)


def _write(connection: Connection, table: str, rows: Sequence[Row], now: datetime) -> None:
    local = _mark(connection, table, now)
    present = _columns(connection, table)
    names = [name for name in (*rows[0], "run_date", "fetch_timestamp") if name in present]
    columns, values = ", ".join(names), ", ".join(f":{name}" for name in names)
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in (*KEYS[table], "fetch_timestamp"))
    connection.execute(
        text(f"""INSERT INTO {table} ({columns}) VALUES ({values})
                 ON CONFLICT ({", ".join(KEYS[table])}) DO UPDATE SET {changes}"""),  # noqa: S608
        [{**row, "run_date": local.date(), "fetch_timestamp": local} for row in rows],
    )


def _mark(connection: Connection, table: str, now: datetime) -> datetime:
    """Note the instant as one of ours; returns it as the dashboard writes it."""
    local = _local(now)
    connection.execute(
        text("INSERT INTO risk_host_writes VALUES (:table, :at) ON CONFLICT DO NOTHING"), {"table": table, "at": local}
    )
    return local


def _local(now: datetime) -> datetime:
    return now.astimezone(IST).replace(tzinfo=None)


def _holding(holding: Holding) -> Row:
    return {
        "trading_symbol": holding.symbol,
        "instrument_token": holding.instrument_token,
        "isin": holding.isin,
        "quantity": holding.quantity,
        "t1_quantity": holding.t1_quantity,
        "collateral_quantity": holding.collateral_quantity,
        "average_price": holding.average_price,
        "close_price": holding.close_price,
        "last_price": holding.last_price,
        "pnl": _gain(holding.quantity, holding.average_price, holding.last_price),
    }


def _fund(fund: FundHolding) -> Row:
    return {
        "folio": fund.folio or "",
        "fund": fund.name[:200],
        "tradingsymbol": fund.isin,
        "isin": "",
        "quantity": fund.units,
        "average_price": fund.average_nav,
        "last_price": fund.nav,
        "invested_amount": None if fund.average_nav is None else fund.units * fund.average_nav,
        "current_value": None if fund.nav is None else fund.units * fund.nav,
        "pnl": _gain(fund.units, fund.average_nav, fund.nav),
    }


def _gain(quantity: float, average: float | None, last: float | None) -> float | None:
    return None if average is None or last is None else quantity * (last - average)


def _summed(kind: str, positions: Iterable[Position]) -> list[Row]:
    by_token: dict[int, list[Position]] = {}
    for position in positions:
        by_token.setdefault(position.instrument_token, []).append(position)
    return [_position(kind, rows) for rows in by_token.values()]


def _position(kind: str, rows: Sequence[Position]) -> Row:
    first, quantity = rows[0], sum(row.quantity for row in rows)
    gains = [row.pnl for row in rows]
    return {
        "position_type": kind,
        "trading_symbol": first.symbol,
        "instrument_token": first.instrument_token,
        "exchange": first.exchange,
        "product": first.product if len(rows) == 1 else "MIXED",
        "quantity": quantity,
        "average_price": first.average_price if len(rows) == 1 else None,
        "last_price": first.last_price,
        "pnl": None if None in gains else sum(gain for gain in gains if gain is not None),
        "value": None if first.last_price is None else first.last_price * quantity * first.multiplier,
    }


def _segment(name: str, segment: SegmentMargin) -> Row:
    return {
        "margin_type": name,
        "enabled": segment.enabled,
        "net": segment.net,
        "available_cash": segment.cash,
        "available_collateral": segment.collateral,
        "utilised_debits": segment.used,
        "utilised_span": segment.span,
        "utilised_exposure": segment.exposure,
        "utilised_option_premium": segment.option_premium,
    }
