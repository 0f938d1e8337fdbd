"""Lists of securities: NSE index members, NSE's EQUITY_L, an ISIN master, and lists of symbol changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from app.domain.errors import InputFileError
from app.domain.securities import Security, SecurityList, SymbolChange, is_isin
from app.sources import tabular
from app.sources.tabular import Content, Grid, Layout, Table

ACTIVE = "active"

INDEX_LIST = Layout(
    "NSE index list",
    {
        "isin": ("isincode",),
        "name": ("companyname",),
        "sector": ("industry",),
        "symbol": ("symbol",),
        "series": ("series",),
    },
    ("isin", "name", "sector", "symbol"),
    "Company Name, Industry, Symbol, Series, ISIN Code",
)
EQUITY_LIST = Layout(
    "EQUITY_L",
    {
        "isin": ("isinnumber",),
        "name": ("nameofcompany",),
        "symbol": ("symbol",),
        "series": ("series",),
        "listed_on": ("dateoflisting",),
        "face_value": ("facevalue",),
    },
    ("isin", "name", "symbol"),
    "SYMBOL, NAME OF COMPANY, SERIES, DATE OF LISTING, ..., ISIN NUMBER, FACE VALUE",
)
ISIN_MASTER = Layout(
    "ISIN master",
    {
        "isin": ("isin",),
        "name": ("name",),
        "symbol": ("symbol",),
        "exchange": ("exchange",),
        "status": ("status",),
    },
    ("isin", "name", "symbol", "exchange", "status"),
    "isin, name, type, status, symbol, exchange",
)
SYMBOL_CHANGES = Layout(
    "symbol changes",
    {
        "old": ("oldsymbol", "smkeysymbol"),
        "new": ("newsymbol", "smnewsymbol"),
        "effective": ("effective", "smapplicablefrom"),
    },
    ("old", "new", "effective"),
    "old_symbol, new_symbol, effective, source; or NSE's symbolchange.csv",
)
_LAYOUTS = (INDEX_LIST, EQUITY_LIST, ISIN_MASTER, SYMBOL_CHANGES)
_BARE_COLUMNS = {"name": 0, "old": 1, "new": 2, "effective": 3}
_MONTH = re.compile(r"(?<!\d)(\d{4})-(\d{2})(?:-(\d{2}))?(?!\d)")


def parse_security_list(data: bytes, name: str) -> SecurityList:
    """Securities or symbol changes, with the day that the file name states (a month alone: its first day).

    A row without a valid ISIN is left out and named. Raises InputFileError where no layout fits or no row is usable.
    """
    content = tabular.read_content(data, name)
    table = _bare_symbol_changes(content) or tabular.find_table(content, _LAYOUTS, name)
    skipped: list[str] = []
    if table.layout is SYMBOL_CHANGES:
        parsed = SecurityList((), tuple(_changes(table, name, skipped)), _first_day(name), ())
    else:
        parsed = SecurityList(tuple(_securities(table, name, skipped)), (), _first_day(name), ())
    if not parsed.securities and not parsed.symbol_changes:
        reason = f"has no usable row: {'; '.join(skipped[:3]) or 'there is only a header'}."
        raise InputFileError(name, reason, "Download it again.")
    return SecurityList(parsed.securities, parsed.symbol_changes, parsed.as_of, tabular.cap_messages(skipped))


def _securities(table: Table, name: str, skipped: list[str]) -> Iterator[Security]:
    for number, record in table.records():
        symbol, isin = record["symbol"].upper(), record["isin"].upper()
        if table.layout is ISIN_MASTER and (not symbol or record["status"].casefold() != ACTIVE):
            continue
        if not symbol or not is_isin(isin):
            reason = f"'{tabular.brief(isin)}' is not a valid ISIN" if symbol else "no symbol"
            skipped.append(f"{name}, row {number}, {tabular.brief(symbol)}: {reason}")
            continue
        yield _security(record, symbol, isin)


def _security(record: dict[str, str], symbol: str, isin: str) -> Security:
    return Security(
        isin=isin,
        name=record["name"],
        exchange=record.get("exchange") or "NSE",
        symbol=symbol,
        series=record.get("series") or None,
        sector=record.get("sector") or None,
        face_value=tabular.parse_number(record.get("face_value", "")),
        listed_on=tabular.parse_day(record.get("listed_on", "")),
    )


def _changes(table: Table, name: str, skipped: list[str]) -> Iterator[SymbolChange]:
    for number, record in table.records():
        old, new = record["old"].upper(), record["new"].upper()
        if tabular.is_missing(old) or tabular.is_missing(new):
            skipped.append(f"{name}, row {number}: has no old and new symbol")
            continue
        yield SymbolChange(old, new, tabular.parse_day(record["effective"]) or _first_day(record["effective"]))


def _bare_symbol_changes(content: Content) -> Table | None:
    """NSE's symbolchange.csv comes without a header: known by every row being name, old, new and a day."""
    if not isinstance(content, str):
        return None
    grid = next(iter(tabular.text_grids(content)), Grid(()))
    written = [row for row in grid.rows if any(cell.strip() for cell in row)]
    if not written or any(len(row) != len(_BARE_COLUMNS) or tabular.parse_day(row[-1]) is None for row in written):
        return None
    return Table(grid, SYMBOL_CHANGES, -1, _BARE_COLUMNS)


def _first_day(text: str) -> date | None:
    """The first ``2026-03-05`` of a text, or the first of the month for ``2025-08``; None where there is none."""
    found = _MONTH.search(text)
    try:
        return date(int(found[1]), int(found[2]), int(found[3] or 1)) if found else None
    except ValueError:
        return None
