"""Holdings reports: Kite's JSON answer, the Console statement (CSV, XLSX) and the CSV that Kite's web page saves.

A row whose quantity can't be trusted is left out and named; a price that can't be trusted becomes None, never zero.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Literal, TypeVar

from app.domain.errors import InputFileError
from app.domain.holdings import Holding, HoldingsFile
from app.domain.securities import is_isin
from app.sources import tabular
from app.sources.tabular import Content, Layout, Table

MAX_PRICE = 1e9
MAX_QUANTITY = 1e12
MAX_SYMBOL = 50
MAX_TOKEN = 2**32
EXCHANGES = ("NSE", "BSE")
EQUITY_SHEET = "equity"
OTHER_SHEETS = frozenset({"mutualfunds", "combined"})

CONSOLE = Layout(
    "Console holdings statement",
    {
        "symbol": ("symbol",),
        "isin": ("isin",),
        "sector": ("sector",),
        "quantity": ("quantityavailable",),
        "margin_pledge": ("quantitypledgedmargin", "quantitypledged"),
        "loan_pledge": ("quantitypledgedloan",),
        "average_price": ("averageprice",),
        "close_price": ("previousclosingprice",),
    },
    ("symbol", "isin", "quantity", "average_price"),
    "Symbol, ISIN, Sector, Quantity Available, ..., Quantity Pledged (Margin), ..., Average Price, ...",
)
KITE_WEB = Layout(
    "Kite holdings.csv",
    {
        "symbol": ("instrument",),
        "quantity": ("qty",),
        "average_price": ("avgcost",),
        "last_price": ("ltp",),
    },
    ("symbol", "quantity", "average_price"),
    "Instrument, Qty., Avg. cost, LTP, ...",
)
_AS_ON = re.compile(r"as on\s+(\d{4}-\d{2}-\d{2}|\d{1,2}[-/ ]\w{2,3}[-/ ]\d{4})", re.IGNORECASE)
_JSON = re.compile(r'\s*(?:[{\[]|(?:null|true|false|"[^"]*"|-?[\d.]+)\s*$)')
_JSON_REMEDY = "Save the whole answer of Kite's GET /portfolio/holdings."


Row = TypeVar("Row")


class _RowError(Exception):
    """A row can't be a holding; the text says why."""


def holdings_kind(data: bytes, name: str) -> Literal["kite_json", "console"]:
    """Which report a file is, by its content: JSON from Kite, or a table from Console or Kite's web page."""
    return "kite_json" if is_json(tabular.read_content(data, name)) else "console"


def parse_holdings(data: bytes, name: str) -> HoldingsFile:
    """Every owned position of a holdings report; rows of quantity 0 are left out, an empty list is an empty book.

    The tables name no exchange: NSE is assumed. Of a Console statement the owned shares are available + pledged; the
    long-term quantity is part of the available, and the discrepant one (shares without a buy price) is not added.
    Raises InputFileError for an error answer of Kite, an unknown layout, or a report without one readable row.
    """
    content = tabular.read_content(data, name)
    if isinstance(content, str) and is_json(content):
        rows = kite_rows(tabular.read_json(content, name), name)
        _refuse_funds(rows, name)
        return _report(enumerate(rows, start=1), _from_kite, None, name)
    table = tabular.find_table(_equity_sheets(content), (CONSOLE, KITE_WEB), name)
    return _report(_table_rows(table), _from_table, printed_day(table), name)


def is_json(content: Content) -> bool:
    """True for a text that is a JSON value, not a table."""
    return isinstance(content, str) and _JSON.match(content) is not None


def _report(
    rows: Iterable[tuple[int, Row]], read: Callable[[Row], Holding], as_of: date | None, name: str
) -> HoldingsFile:
    holdings: list[Holding] = []
    skipped: list[str] = []
    failed = 0
    for number, row in rows:
        where = f"{name}, row {number}"
        try:
            holding = read(row)
        except _RowError as error:
            failed += 1
            skipped.append(f"{where}: {error}")
            continue
        holdings.append(_with_sound_isin(holding, where, skipped))
    if failed and not holdings:
        raise InputFileError(name, f"has no readable holding: {'; '.join(skipped[:3])}.", "Fetch the report again.")
    return HoldingsFile(_owned(holdings, name, skipped), as_of, tabular.cap_messages(skipped))


def _with_sound_isin(holding: Holding, where: str, skipped: list[str]) -> Holding:
    if holding.isin is None or is_isin(holding.isin):
        return holding
    skipped.append(f"{where}, {holding.symbol}: kept without ISIN, '{tabular.brief(holding.isin)}' is not a valid one")
    return replace(holding, isin=None)


def _owned(holdings: Iterable[Holding], name: str, skipped: list[str]) -> tuple[Holding, ...]:
    owned = []
    for holding in holdings:
        if holding.owned_quantity > 0:
            owned.append(holding)
        elif holding.mtf_quantity > 0:
            skipped.append(f"{name}, {holding.symbol}: left out, all of it is bought on margin (MTF)")
    return tuple(owned)


def kite_rows(body: object, name: str, remedy: str = _JSON_REMEDY) -> list[object]:
    """The rows of Kite's answer: a list, or ``{"status": "success", "data": [...]}``. Raises InputFileError."""
    if isinstance(body, list):
        return body
    if not isinstance(body, dict):
        raise InputFileError(name, "is not a list of holdings.", remedy)
    if body.get("status") == "error":
        message = tabular.brief(str(body.get("message") or body.get("error_type") or "no reason given")).rstrip(". ")
        raise InputFileError(name, f"is an error that Kite answered: {message}.", "Sign in to Kite and fetch it again.")
    if body.get("status") != "success":
        raise InputFileError(name, 'does not say "status": "success".', remedy)
    if not isinstance(body.get("data"), list):
        found = "null or absent" if body.get("data") is None else "not a list of holdings"
        raise InputFileError(name, f'has "data" that is {found}.', remedy)
    rows: list[object] = body["data"]
    return rows


def _refuse_funds(rows: Iterable[object], name: str) -> None:
    if any(isinstance(row, dict) and "fund" in row and "exchange" not in row for row in rows):
        remedy = f"Bring them with: python -m app import fund-holdings {name}"
        raise InputFileError(name, "holds fund units, not shares.", remedy)


def _from_kite(row: object) -> Holding:
    if not isinstance(row, dict):
        raise _RowError("is not an object")
    symbol = _symbol(row.get("tradingsymbol"))
    if "transaction_type" in row:
        raise _RowError(f"{symbol}: is an order or a trade, not a holding")
    if row.get("exchange") not in EXCHANGES:
        raise _RowError(f"{symbol}: exchange is not NSE or BSE")
    mtf = row.get("mtf")
    token = row.get("instrument_token")
    return Holding(
        symbol=symbol,
        exchange=row["exchange"],
        isin=_kite_isin(row.get("isin")),
        quantity=_kite_quantity(row, "quantity", symbol, required=True),
        t1_quantity=_kite_quantity(row, "t1_quantity", symbol),
        collateral_quantity=_kite_quantity(row, "collateral_quantity", symbol),
        mtf_quantity=_kite_quantity(mtf, "quantity", symbol) if isinstance(mtf, dict) else 0.0,
        average_price=_price(_json_number(row.get("average_price"))),
        last_price=_price(_json_number(row.get("last_price"))),
        close_price=_price(_json_number(row.get("close_price"))),
        instrument_token=token if type(token) is int and 0 < token <= MAX_TOKEN else None,
    )


def _kite_isin(value: object) -> str | None:
    return value.strip().upper() or None if isinstance(value, str) else None


def _kite_quantity(row: Mapping[str, object], field: str, symbol: str, *, required: bool = False) -> float:
    """An absent optional field is 0 (the compact answer has few fields); a present one must be a quantity."""
    if field not in row and not required:
        return 0.0
    return _quantity(_json_number(row.get(field)), f"{symbol}: {field}")


def _json_number(value: object) -> float | None:
    """A finite JSON number; True and "5" are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _equity_sheets(content: Content) -> Content:
    """Of a workbook the sheet Equity, or what is neither funds nor the sheet that repeats both."""
    if isinstance(content, str):
        return content
    equity = tuple(grid for grid in content if tabular.header_key(grid.sheet) == EQUITY_SHEET)
    return equity or tuple(grid for grid in content if tabular.header_key(grid.sheet) not in OTHER_SHEETS)


def printed_day(table: Table) -> date | None:
    """The day that a statement prints above its table, ``as on 2026-11-20``; None where it prints none."""
    above = " ".join(cell for row in table.grid.rows[: table.header] for cell in row)
    printed = _AS_ON.search(above)
    return tabular.parse_day(printed[1]) if printed else None


def _table_rows(table: Table) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of the table, without totals; a second header (funds below the shares) ends it."""
    for number, record in table.records():
        if tabular.header_key(record["symbol"]) in table.layout.columns["symbol"]:
            return
        if not _is_total(record):
            yield number, record


def _is_total(record: Mapping[str, str]) -> bool:
    """A row named total without ISIN and price; TOTAL alone is also a listed company."""
    named = record["symbol"].casefold().startswith(("total", "grand total"))
    return named and not record.get("isin") and tabular.is_missing(record["average_price"])


def _from_table(record: Mapping[str, str]) -> Holding:
    symbol = _symbol(record["symbol"])
    return Holding(
        symbol=symbol,
        exchange=EXCHANGES[0],
        isin=record.get("isin", "").upper() or None,
        quantity=_quantity(tabular.parse_number(record["quantity"]), f"{symbol}: quantity"),
        collateral_quantity=_pledged(record, "margin_pledge", symbol) + _pledged(record, "loan_pledge", symbol),
        average_price=_price(tabular.parse_number(record["average_price"])),
        last_price=_price(tabular.parse_number(record.get("last_price", ""))),
        close_price=_price(tabular.parse_number(record.get("close_price", ""))),
        sector=record.get("sector") or None,
    )


def _pledged(record: Mapping[str, str], field: str, symbol: str) -> float:
    text = record.get(field, "")
    return 0.0 if tabular.is_missing(text) else _quantity(tabular.parse_number(text), f"{symbol}: pledged quantity")


def _symbol(value: object) -> str:
    symbol = value.strip().upper() if isinstance(value, str) else ""
    if not symbol or len(symbol) > MAX_SYMBOL or not symbol.isprintable():
        raise _RowError("has no usable symbol")
    return symbol


def _quantity(value: float | None, what: str) -> float:
    if value is None or not 0 <= value <= MAX_QUANTITY:
        raise _RowError(f"{what} is not a number of shares")
    return value


def _price(value: float | None) -> float | None:
    """Rupees; None for what no share costs. Zero means that the source has no price."""
    return value if value is not None and 0 < value <= MAX_PRICE else None
