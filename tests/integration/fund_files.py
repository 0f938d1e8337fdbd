"""Fund files as a person would import them, and the imports, each in a transaction of its own."""

from __future__ import annotations

import json
from datetime import datetime

from app.Boilerplate import Boilerplate
from app.domain.imports import ImportResult
from app.ingest.fund_costs import import_ter, import_tracking
from app.ingest.fund_holdings import import_fund_holdings
from app.ingest.navs import import_navs
from app.ingest.schemes import import_navall
from tests.integration.conftest import NOW, TODAY

HEADER = "Scheme Code;ISIN Div Payout/ ISIN Growth;ISIN Div Reinvestment;Scheme Name;Plan;Option;Net Asset Value;Date"
DIRECT, REGULAR, PAYOUT, OTHER = "INF205K01NT8", "INF666M01451", "INF761K01884", "INF209K01165"
FUND = f"900001;{DIRECT};-;Alpha Flexi Cap Fund;Direct Plan;Growth;100.0;20-Nov-2026"
FUND_REGULAR = f"900002;{REGULAR};-;Alpha Flexi Cap Fund;Regular Plan;Growth;90.0;20-Nov-2026"
FUND_PAYOUT = f"900003;{PAYOUT};-;Alpha Flexi Cap Fund;Direct Plan;IDCW;50.0;20-Nov-2026"
SECOND = f"900004;{OTHER};-;Alpha Nifty 50 Index Fund;Direct Plan;Growth;20.0;20-Nov-2026"


def navall(*rows: str, house: str = "Alpha Mutual Fund") -> bytes:
    """AMFI's list in its layout of eight columns."""
    lines = [HEADER, " ", "Open Ended Schemes(Equity Scheme - Flexi Cap Fund)", " ", house, " ", *rows]
    return "\r\n".join([*lines, ""]).encode()


def many_funds(count: int) -> bytes:
    """A list of so many schemes, none of which has an ISIN."""
    return navall(*(f"{100_000 + at};-;-;Alpha Fund {at};Direct Plan;Growth;10.0;20-Nov-2026" for at in range(count)))


def fund_row(isin: str = DIRECT, quantity: float = 100.0, **fields: object) -> dict[str, object]:
    """One fund holding as Kite answers it."""
    row = {"tradingsymbol": isin, "fund": f"FUND {isin}", "folio": "1/2", "quantity": quantity, "pledged_quantity": 0}
    return row | {"average_price": 80.0, "last_price": 100.0, "last_price_date": "2026-11-20", "pnl": 0} | fields


def funds_json(*rows: dict[str, object]) -> bytes:
    """Kite's answer to GET /mf/holdings."""
    return json.dumps({"status": "success", "data": list(rows)}).encode()


def nav_csv(*rows: tuple[str, float]) -> bytes:
    """A day and a NAV a line."""
    return "\n".join(["date,nav", *(f"{day},{nav}" for day, nav in rows), ""]).encode()


def bring_navall(
    database: Boilerplate, data: bytes, name: str = "NAVAll.txt", now: datetime = NOW, *, allow_fewer: bool = False
) -> ImportResult:
    with database.transaction() as connection:
        return import_navall(connection, data, name, now, allow_fewer=allow_fewer)


def bring_funds(
    database: Boilerplate, data: bytes, name: str = "funds.json", now: datetime = NOW, *, allow_empty: bool = False
) -> ImportResult:
    with database.transaction() as connection:
        return import_fund_holdings(connection, data, name, now, allow_empty=allow_empty)


def bring_navs(database: Boilerplate, data: bytes, name: str = "900001.csv", now: datetime = NOW) -> ImportResult:
    with database.transaction() as connection:
        return import_navs(connection, data, name, now)


def bring_ter(database: Boilerplate, data: bytes, name: str = "ter_2026-11-01.csv") -> ImportResult:
    with database.transaction() as connection:
        return import_ter(connection, data, name, TODAY)


def bring_tracking(database: Boilerplate, data: bytes, name: str = "tracking_2026-10-31.json") -> ImportResult:
    with database.transaction() as connection:
        return import_tracking(connection, data, name, TODAY)
