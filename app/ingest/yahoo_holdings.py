"""The last resort: a fund held of which no disclosure is there gets Yahoo's largest positions, marked as partial.

They never stand beside a fund house's own file: as soon as one is there, of whatever month, it alone counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Protocol

from sqlalchemy import Connection

from app.Boilerplate import Boilerplate
from app.domain.disclosures import DisclosureFile, DisclosureLine, LineKind, Outcome, SchemeSheet, Source
from app.domain.errors import RiskError
from app.domain.fund_fetches import month_end
from app.domain.schemes import AmfiScheme, Portfolio
from app.domain.serialise import to_json
from app.ingest.portfolios import resolve_portfolios
from app.sources.yahoo_funds import TopPosition
from app.store.disclosure_writes import JudgedSheet, save_disclosures
from app.store.disclosures import load_disclosures
from app.store.fund_holdings import held_isins
from app.store.schemes import load_families
from app.store.securities import load_master

NAME = "Yahoo Finance"
INDIAN = (".NS", ".BO")
WARNING = "only Yahoo's largest positions, of a day that it does not tell; import the fund house's own file"
READER = 0
"""In place of a version of the reader of files, of which none was used."""


class YahooReader(Protocol):
    """Reads the largest positions of a fund by its ISIN; raises RiskError when it can't be asked."""

    def top_positions(self, isin: str) -> tuple[TopPosition, ...]:
        """Largest first; empty where they are not known."""


def fill_from_yahoo(database: Boilerplate, yahoo: YahooReader, month: date, today: date) -> str:
    """Ask for every fund held that has nothing else; returns one line for the reader."""
    with database.transaction() as connection:
        bare = _bare_schemes(connection)
    filled = 0
    for isin, scheme in bare.items():
        try:
            positions = yahoo.top_positions(isin)
        except RiskError as error:
            return f"Yahoo: {filled} of {len(bare)} funds, then: {error.message}"
        if positions:
            with database.transaction() as connection:
                filled += _store(connection, scheme, positions, min(month_end(month), today))
    return f"Yahoo: largest positions of {filled} of {len(bare)} funds without a disclosure"


def _bare_schemes(connection: Connection) -> dict[str, AmfiScheme]:
    """Held schemes without any disclosure of a fund house, by one ISIN each."""
    held = set(held_isins(connection))
    found: dict[str, tuple[str, AmfiScheme]] = {}
    for scheme in load_families(connection, list(held)):
        for isin in held.intersection(scheme.isins):
            found.setdefault(scheme.family, (isin, scheme))
    return {isin: scheme for isin, scheme in found.values() if not _has_disclosure(connection, scheme)}


def _has_disclosure(connection: Connection, scheme: AmfiScheme) -> bool:
    portfolio = _portfolio(connection, scheme)
    return any(one.source is not Source.YAHOO for one in load_disclosures(connection, [portfolio.portfolio_id]))


def _portfolio(connection: Connection, scheme: AmfiScheme) -> Portfolio:
    (portfolio,) = resolve_portfolios(connection, [scheme.name])
    return portfolio


def _store(connection: Connection, scheme: AmfiScheme, positions: Sequence[TopPosition], as_on: date) -> int:
    lines = _lines(connection, positions)
    bytes_ = to_json([scheme.amfi_code, as_on, positions])
    file = DisclosureFile(f"{NAME} {scheme.amfi_code} {as_on}", len(bytes_), sha256(bytes_).hexdigest(), READER)
    weight = sum(line.weight for line in lines)
    shares = sum(line.weight for line in lines if line.kind is LineKind.EQUITY)
    sheet = SchemeSheet(
        file.name, "top holdings", scheme.name, as_on, lines, None, weight, shares, None, (WARNING,), None
    )  # fmt: skip
    symbols = {line.isin: line.code for line in lines if line.isin and line.code}
    judged = JudgedSheet(sheet, _portfolio(connection, scheme), month_end(as_on), True, symbols)
    save_disclosures(connection, file, [judged], Source.YAHOO, Outcome.STORED)
    return 1


def _lines(connection: Connection, positions: Sequence[TopPosition]) -> tuple[DisclosureLine, ...]:
    isins = {security.symbol: security.isin for security in reversed(load_master(connection).securities)}
    return tuple(_line(position, isins) for position in positions)


def _line(position: TopPosition, isins: dict[str, str]) -> DisclosureLine:
    """A position as a line; its value in rupees is not known."""
    indian = next((position.ticker.removesuffix(end) for end in INDIAN if position.ticker.endswith(end)), None)
    isin = isins.get(indian) if indian else None
    return DisclosureLine(
        isin=isin,
        code=indian or position.ticker,
        name=position.name,
        industry=None,
        quantity=None,
        value=float("nan"),
        weight=position.weight,
        stated_weight=position.weight,
        kind=LineKind.EQUITY if isin else LineKind.UNIDENTIFIED,
        sign=1,
        section=NAME,
        in_total=True,
    )
