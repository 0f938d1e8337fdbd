"""Reports of fund units: Kite's JSON answer and the mutual-fund sheet of Console's statement (CSV, XLSX).

A row without units that can be trusted is left out and named; a NAV that can't be trusted becomes None, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.errors import InputFileError
from app.domain.fund_holdings import FundHolding, FundHoldingsFile
from app.domain.kite import FundHolding as KiteFund
from app.domain.kite_errors import KiteDataError
from app.domain.securities import is_isin
from app.sources import tabular
from app.sources.holdings_files import is_json, kite_rows, printed_day
from app.sources.kite.account import read_fund_holdings
from app.sources.tabular import Content, Layout, header_key

CONSOLE = Layout(
    "Console mutual-fund statement",
    {
        "name": ("symbol", "fund", "schemename", "instrument"),
        "isin": ("isin",),
        "folio": ("folio", "folionumber", "foliono"),
        "quantity": ("quantityavailable", "units", "quantity", "qty"),
        "margin_pledge": ("quantitypledgedmargin", "quantitypledged"),
        "loan_pledge": ("quantitypledgedloan",),
        "average_price": ("averageprice", "averagenav", "avgnav"),
        "nav": ("previousclosingprice", "nav", "currentnav", "ltp"),
    },
    ("name", "isin", "quantity"),
    "Symbol, ISIN, ..., Quantity Available, ..., Quantity Pledged (Margin), ..., Average Price, ...",
)
FUND_SHEET = "mutualfunds"
FUND_ISIN = "INF"
MAX_UNITS, MAX_NAV = 1e12, 1e9
_REMEDY = "Save the whole answer of Kite's GET /mf/holdings, or Console's holdings statement."


def parse_fund_holdings(data: bytes, name: str) -> FundHoldingsFile:
    """The fund units of a report; rows without units are left out, an empty list is an empty book.

    Of Console's statement the units are available + pledged (of Kite's answer see ``owned_units``), and of a sheet with
    shares too only the funds are taken.
    Raises InputFileError for an error answer of Kite, an unknown layout, or a report without one readable row.
    """
    content = tabular.read_content(data, name)
    if isinstance(content, str) and is_json(content):
        return _from_json(content, name)
    table = tabular.find_table(_fund_sheets(content), (CONSOLE,), name)
    holdings, skipped = [], []
    for number, record in table.records():
        if record["isin"].upper().startswith(FUND_ISIN):
            try:
                holdings.append(_holding(record))
            except ValueError as error:
                skipped.append(f"{name}, row {number}: {error}")
    if skipped and not holdings:
        raise InputFileError(name, f"has no readable fund: {'; '.join(skipped[:3])}.", "Export the statement again.")
    owned = tuple(holding for holding in holdings if holding.quantity > 0)
    return FundHoldingsFile(owned, printed_day(table), tabular.cap_messages(skipped))


def fund_holding(fund: KiteFund) -> FundHolding:
    """Kite's row as the book keeps it."""
    return FundHolding(
        isin=fund.isin,
        folio=fund.folio,
        name=fund.name,
        quantity=fund.units,
        average_price=fund.average_nav,
        nav=fund.nav,
        nav_date=fund.nav_as_of,
        pledged=fund.pledged_units,
    )


def _from_json(content: str, name: str) -> FundHoldingsFile:
    try:
        read = read_fund_holdings(kite_rows(tabular.read_json(content, name), name, _REMEDY))
    except KiteDataError as error:
        raise InputFileError(name, error.message, _REMEDY) from None
    return FundHoldingsFile(tuple(fund_holding(fund) for fund in read.rows), None, read.rejected, read.notices)


def _fund_sheets(content: Content) -> Content:
    """Of a workbook the sheet Mutual Funds, where it has one."""
    if isinstance(content, str):
        return content
    return tuple(grid for grid in content if header_key(grid.sheet) == FUND_SHEET) or content


def _holding(record: Mapping[str, str]) -> FundHolding:
    isin = record["isin"].upper()
    if not is_isin(isin):
        raise ValueError(f"'{tabular.brief(isin)}' is not a valid ISIN")
    pledged = _units(record.get("margin_pledge", "")) + _units(record.get("loan_pledge", ""))
    return FundHolding(
        isin=isin,
        folio=record.get("folio") or None,
        name=" ".join(record["name"].split()) or isin,
        quantity=_units(record["quantity"], required=True) + pledged,
        average_price=_rupees(record.get("average_price", "")),
        nav=_rupees(record.get("nav", "")),
        pledged=pledged,
    )


def _units(text: str, *, required: bool = False) -> float:
    if tabular.is_missing(text) and not required:
        return 0.0
    units = tabular.parse_number(text)
    if units is None or not 0 <= units <= MAX_UNITS:
        raise ValueError(f"'{tabular.brief(text)}' is not a number of units")
    return units


def _rupees(text: str) -> float | None:
    value = tabular.parse_number(text)
    return value if value is not None and 0 < value <= MAX_NAV else None
