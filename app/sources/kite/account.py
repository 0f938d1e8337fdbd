"""The account as Kite shows it: profile, login, margins, holdings, positions, funds. Pure: JSON values in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.domain.holdings import Holding
from app.domain.kite import (
    FundHolding,
    KiteProfile,
    KiteRows,
    KiteSession,
    Margins,
    Position,
    Positions,
    SegmentMargin,
)
from app.domain.kite_errors import KiteDataError
from app.domain.securities import is_isin
from app.sources.holdings_files import EXCHANGES
from app.sources.kite import fields
from app.sources.kite.fields import Row, RowError
from app.sources.tabular import cap_messages

PLEDGED_APART = "more is pledged than Kite's quantity says, so both are added up"

MAX_WORD, MAX_FOLIO = 20, 100
"""Characters of an exchange or product, and of a folio, that the tables have room for."""


def read_session(data: Row) -> KiteSession:
    """The answer to a login. Raises KiteDataError without token, user or time of login."""
    # The client has turned login_time into a naive datetime in India time where it could.
    logged_in_at = fields.instant(str(data.get("login_time")))
    try:
        if logged_in_at is None:
            raise RowError("login_time is no time")
        return KiteSession(
            user_id=fields.text(data, "user_id"),
            user_name=_name(data),
            logged_in_at=logged_in_at,
            access_token=fields.text(data, "access_token"),
        )
    except RowError as error:
        raise KiteDataError("the login", str(error)) from None


def read_profile(data: Row) -> KiteProfile:
    """Raises KiteDataError without a user id."""
    try:
        user_id = fields.text(data, "user_id")
    except RowError as error:
        raise KiteDataError("the profile", str(error)) from None
    exchanges = data.get("exchanges")
    names = [name for name in exchanges if fields.is_text(name)] if isinstance(exchanges, list) else []
    return KiteProfile(user_id, _name(data), tuple(sorted(names)))


def read_margins(data: Row) -> Margins:
    """Raises KiteDataError where a segment is there and not readable, or none is there."""
    segments = {name: data[name] for name in ("equity", "commodity") if data.get(name) is not None}
    if not segments:
        raise KiteDataError("margins", "it holds no segment")
    try:
        read = {name: _segment(fields.as_row(row)) for name, row in segments.items()}
    except RowError as error:
        raise KiteDataError("margins", str(error)) from None
    return Margins(read.get("equity"), read.get("commodity"))


def read_holdings(data: list[object]) -> KiteRows[Holding]:
    """The owned shares. A holding whose price is garbage stays, without that price, and is named in ``rejected``:
    the shares are owned all the same. Rows of quantity 0 (sold today) are left out.

    Raises KiteDataError where nothing readable is owned and a row is unreadable, or where not one price is a price:
    an empty book is only what Kite says outright.
    """
    read = fields.read_rows(data, _holding, "holdings")
    owned = [row for row in read.rows if row.holding.owned_quantity > 0]
    if read.rejected and not owned:
        raise KiteDataError("holdings", "no readable row of it owns a share")
    if owned and all(row.unpriced for row in owned):
        raise KiteDataError("holdings", "not one of its prices is a price")
    complaints = [complaint for row in read.rows for complaint in row.complaints]
    return KiteRows(tuple(row.holding for row in owned), cap_messages([*read.rejected, *complaints]))


def read_positions(data: Row) -> Positions:
    """Raises KiteDataError where one of the two lists is missing, or has rows and none is readable."""
    return Positions(_position_list(data, "net"), _position_list(data, "day"))


def read_fund_holdings(data: list[object]) -> KiteRows[FundHolding]:
    """Fund units by folio, pledged ones among them; no units, no row. Units that were added up are told in ``notices``.

    Raises KiteDataError as ``read_holdings`` does.
    """
    read = fields.read_rows(data, _fund_row, "fund holdings")
    owned = [row for row in read.rows if row.fund.units > 0]
    if read.rejected and not owned:
        raise KiteDataError("fund holdings", "no readable row of it owns a unit")
    notices = [f"fund holdings, {row.fund.isin}: {PLEDGED_APART}" for row in owned if row.is_apart]
    return KiteRows(tuple(row.fund for row in owned), read.rejected, cap_messages(notices))


def owned_units(quantity: float, pledged: float) -> float:
    """Units of a fund that are owned, by Kite's ``quantity`` and ``pledged_quantity``.

    Kite does not document whether the first counts the second. Where more is pledged than it says, it can not: pledged
    units then stand beside it, as they do for shares and in Console's statement, and both are added up. Elsewhere they
    are taken for a part of it.
    """
    return quantity + pledged if pledged > quantity else quantity


@dataclass(frozen=True, slots=True)
class _FundRow:
    """``is_apart``: Kite reports the pledged units beside the others."""

    fund: FundHolding
    is_apart: bool


@dataclass(frozen=True, slots=True)
class _HoldingRow:
    holding: Holding
    complaints: tuple[str, ...]
    unpriced: bool


def _name(data: Row) -> str:
    name = data.get("user_name")
    return name.strip() if fields.is_text(name) else ""


def _segment(row: Row) -> SegmentMargin:
    available, utilised = (fields.as_row(row.get(part)) for part in ("available", "utilised"))
    net = fields.amount(row.get("net"))
    if net is None:
        raise RowError("net is not an amount")
    return SegmentMargin(
        enabled=row.get("enabled") is True,
        net=net,
        cash=fields.amount(available.get("cash")),
        collateral=fields.amount(available.get("collateral")),
        used=fields.amount(utilised.get("debits")),
        span=fields.amount(utilised.get("span")),
        exposure=fields.amount(utilised.get("exposure")),
        option_premium=fields.amount(utilised.get("option_premium")),
    )


def _holding(row: Row) -> _HoldingRow:
    symbol = fields.symbol(row)
    if row.get("exchange") not in EXCHANGES:
        raise RowError(f"{symbol}: exchange is not NSE or BSE")
    try:
        holding = _owned_shares(row, symbol)
    except RowError as error:
        raise RowError(f"{symbol}: {error}") from None
    complaints = _complaints(row, symbol)
    if holding.mtf_quantity and not holding.owned_quantity:
        complaints.append(f"holdings, {symbol}: left out, all of it is bought on margin (MTF)")
    return _HoldingRow(holding, tuple(complaints), fields.is_garbage_price(row.get("last_price")))


def _owned_shares(row: Row, symbol: str) -> Holding:
    isin, mtf = row.get("isin"), row.get("mtf")
    return Holding(
        symbol=symbol,
        exchange=str(row["exchange"]),
        isin=isin if isinstance(isin, str) and is_isin(isin) else None,
        quantity=fields.quantity(row, "quantity"),
        t1_quantity=fields.quantity(row, "t1_quantity", absent=0.0),
        collateral_quantity=fields.quantity(row, "collateral_quantity", absent=0.0),
        mtf_quantity=fields.quantity(mtf, "quantity", absent=0.0) if isinstance(mtf, dict) else 0.0,
        average_price=fields.price(row.get("average_price")),
        last_price=fields.price(row.get("last_price")),
        close_price=fields.price(row.get("close_price")),
        instrument_token=fields.token(row.get("instrument_token")),
    )


def _complaints(row: Row, symbol: str) -> list[str]:
    """What is wrong with a row that is used all the same. An absent average or closing price is usual."""
    wrong = [
        name
        for name in ("last_price", "close_price", "average_price")
        if fields.is_garbage_price(row.get(name)) and (name == "last_price" or row.get(name) is not None)
    ]
    complaints = [f"holdings, {symbol}: kept without {name}, it is not a price" for name in wrong]
    isin: Any = row.get("isin")
    if isin and not (isinstance(isin, str) and is_isin(isin)):
        complaints.append(f"holdings, {symbol}: kept without ISIN, it is not a valid one")
    return complaints


def _position_list(data: Row, name: str) -> KiteRows[Position]:
    rows = data.get(name)
    if not isinstance(rows, list):
        raise KiteDataError("positions", f"it has no list of {name} positions")
    return fields.read_rows(rows, _position, f"{name} positions")


def _position(row: Row) -> Position:
    multiplier = fields.signed(row, "multiplier")
    if multiplier <= 0:
        raise RowError("multiplier is not above 0")
    return Position(
        symbol=fields.symbol(row),
        exchange=fields.text(row, "exchange", MAX_WORD),
        product=fields.text(row, "product", MAX_WORD),
        instrument_token=fields.token(row.get("instrument_token")),
        quantity=fields.signed(row, "quantity"),
        overnight_quantity=fields.signed(row, "overnight_quantity"),
        multiplier=multiplier,
        average_price=fields.optional_price(row, "average_price"),
        last_price=fields.optional_price(row, "last_price"),
        close_price=fields.optional_price(row, "close_price"),
        pnl=fields.amount(row.get("pnl")),
    )


def _fund_row(row: Row) -> _FundRow:
    isin = fields.symbol(row)
    if not is_isin(isin):
        raise RowError("tradingsymbol is not an ISIN")
    folio = row.get("folio")
    if folio and not fields.is_text(folio, MAX_FOLIO):
        raise RowError(f"{isin}: folio is not a text")
    nav_as_of = fields.instant(row.get("last_price_date"))
    quantity, pledged = fields.quantity(row, "quantity"), fields.quantity(row, "pledged_quantity", absent=0.0)
    fund = FundHolding(
        isin=isin,
        name=fields.text(row, "fund"),
        folio=folio if isinstance(folio, str) and folio else None,
        units=owned_units(quantity, pledged),
        pledged_units=pledged,
        average_nav=fields.optional_price(row, "average_price"),
        nav=fields.optional_price(row, "last_price"),
        nav_as_of=nav_as_of.date() if nav_as_of else None,
    )
    return _FundRow(fund, pledged > quantity)
