"""Holdings into positions: one for each ISIN, tied to a security and to the symbols its prices may stand under."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.domain.holdings import Holding
from app.domain.sectors import sector_of_host_code
from app.domain.securities import (
    UNCLASSIFIED,
    HostScrips,
    MatchKind,
    Security,
    SecurityMaster,
    SymbolChange,
    issuer_code,
    strip_series,
)

FUND_UNITS = "INF"
"""How the ISINs of units of Indian funds begin."""


@dataclass(frozen=True, slots=True)
class Position:
    """One company in the book. ``price_symbols`` are tried in order; ``quantity`` is free, T+1 and pledged shares."""

    isin: str | None
    symbol: str
    name: str
    sector: str
    exchanges: tuple[str, ...]
    quantity: float
    mtf_quantity: float
    average_price: float | None
    last_price: float | None
    close_price: float | None
    matched_by: MatchKind
    price_symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MasterIndex:
    """The security master arranged for look-up."""

    by_isin: Mapping[str, list[Security]]
    by_symbol: Mapping[str, list[Security]]
    by_issuer: Mapping[str, set[str]]
    renamed_to: Mapping[str, str]
    renamed_from: Mapping[str, list[str]]
    host: HostScrips = field(default_factory=HostScrips)


def index_master(master: SecurityMaster, host: HostScrips) -> MasterIndex:
    """Arrange the master by ISIN, symbol, issuer and rename, beside what the dashboard knows."""
    by_isin: dict[str, list[Security]] = defaultdict(list)
    by_symbol: dict[str, list[Security]] = defaultdict(list)
    by_issuer: dict[str, set[str]] = defaultdict(set)
    for security in master.securities:
        by_isin[security.isin].append(security)
        by_symbol[security.symbol].append(security)
        by_issuer[issuer_code(security.isin)].add(security.isin)
    return MasterIndex(by_isin, by_symbol, by_issuer, *_renames(master.changes), host)


def merge_positions(holdings: Iterable[Holding], index: MasterIndex) -> tuple[Position, ...]:
    """Positions in order of first appearance; rows of one ISIN on several exchanges become one."""
    groups: dict[str, list[Holding]] = defaultdict(list)
    identities: dict[str, tuple[Security | None, MatchKind]] = {}
    for holding in holdings:
        if holding.owned_quantity <= 0 and holding.mtf_quantity <= 0:
            continue
        security, match = identify(holding, index)
        key = security.isin if security else holding.isin or strip_series(holding.symbol)
        groups[key].append(holding)
        identities.setdefault(key, (security, match))
    return tuple(_position(rows, *identities[key], index) for key, rows in groups.items())


def is_fund_unit(position: Position) -> bool:
    """Whether it is a unit of an Indian fund, as ETFs in a demat account are, by its ISIN."""
    return (position.isin or "").startswith(FUND_UNITS)


def identify(holding: Holding, index: MasterIndex) -> tuple[Security | None, MatchKind]:
    """The security of a holding and how it was found; (None, NONE) when nothing fits without guessing.

    ISIN first; then an ISIN of the same issuer and kind (a face-value split gives a new one); only then the symbol, and
    never a symbol whose ISIN belongs to another issuer: symbols are given away again.
    """
    if holding.isin:
        if holding.isin in index.by_isin:
            return index.by_isin[holding.isin][0], MatchKind.ISIN
        related = index.by_issuer.get(issuer_code(holding.isin), set())
        if len(related) == 1:
            security = index.by_isin[next(iter(related))][0]
            same_name = strip_series(holding.symbol) in _all_symbols(security, index)
            return security, MatchKind.ISIN_CHANGE if same_name else MatchKind.ISSUER_PREFIX
    return _by_symbol(holding, index)


def _by_symbol(holding: Holding, index: MasterIndex) -> tuple[Security | None, MatchKind]:
    """The security under the holding's symbol. Its own ISIN, if it has one, is another one of the same issuer."""
    stem = strip_series(holding.symbol)
    for symbol, match in (
        (holding.symbol, MatchKind.SYMBOL),
        (index.renamed_to.get(stem, ""), MatchKind.SYMBOL_CHANGE),
        (stem, MatchKind.SERIES_SUFFIX),
    ):
        security = _owner(symbol, holding.isin, index)
        if security:
            return security, MatchKind.ISIN_CHANGE if holding.isin else match
    return None, MatchKind.NONE


def _owner(symbol: str, isin: str | None, index: MasterIndex) -> Security | None:
    """The newest security under a symbol, of the issuer of ``isin`` if given; None where it has been of two issuers."""
    found = [s for s in index.by_symbol.get(symbol, ()) if not isin or issuer_code(s.isin) == issuer_code(isin)]
    issuers = {issuer_code(security.isin) for security in found}
    return max(found, key=lambda security: security.isin) if len(issuers) == 1 else None


def _position(rows: list[Holding], security: Security | None, match: MatchKind, index: MasterIndex) -> Position:
    rows = sorted(rows, key=lambda row: row.exchange != "NSE")
    first = rows[0]
    symbol = security.symbol if security else strip_series(first.symbol)
    return Position(
        isin=security.isin if security else first.isin,
        symbol=symbol,
        name=security.name if security else first.symbol,
        sector=_sector(security, first, symbol, index),
        exchanges=tuple(sorted({row.exchange for row in rows}, key=lambda exchange: exchange != "NSE")),
        quantity=sum(row.owned_quantity for row in rows),
        mtf_quantity=sum(row.mtf_quantity for row in rows),
        average_price=_average_price(rows),
        last_price=next((row.last_price for row in rows if row.last_price), None),
        close_price=next((row.close_price for row in rows if row.close_price), None),
        matched_by=match,
        price_symbols=_price_symbols(rows, security, index),
    )


def _average_price(rows: list[Holding]) -> float | None:
    """Cost a share over all rows; None as soon as one row has none, because part of a cost is no cost."""
    owned = [(row.owned_quantity, row.average_price) for row in rows if row.owned_quantity > 0]
    costs = [quantity * price for quantity, price in owned if price is not None]
    if not owned or len(costs) < len(owned):
        return None
    return sum(costs) / sum(quantity for quantity, _ in owned)


def _sector(security: Security | None, holding: Holding, symbol: str, index: MasterIndex) -> str:
    """The list's sector, else the one in the holdings report, else the dashboard's code, else Unclassified."""
    if security and security.sector:
        return security.sector
    if security:
        named = next((other.sector for other in index.by_isin[security.isin] if other.sector), None)
        if named:
            return named
    code = index.host.sectors.get(symbol) or index.host.sectors.get(holding.symbol)
    return holding.sector or (sector_of_host_code(code) if code else UNCLASSIFIED)


def _price_symbols(rows: list[Holding], security: Security | None, index: MasterIndex) -> tuple[str, ...]:
    """Symbols that prices may stand under, best first; none that today belongs to another issuer alone."""
    isin = security.isin if security else rows[0].isin
    symbols = dict.fromkeys(_all_symbols(security, index) if security else ())
    for row in rows:
        stem = strip_series(row.symbol)
        symbols |= dict.fromkeys(
            (row.symbol, stem, index.renamed_to.get(stem, stem), *index.renamed_from.get(stem, ()))
        )
    symbols |= dict.fromkeys(twin for symbol in symbols for twin in index.host.twins.get(symbol, ()))
    return tuple(symbol for symbol in symbols if _may_be_of(symbol, isin, index))


def _may_be_of(symbol: str, isin: str | None, index: MasterIndex) -> bool:
    owners = index.by_symbol.get(symbol, ())
    return not isin or not owners or any(issuer_code(owner.isin) == issuer_code(isin) for owner in owners)


def _all_symbols(security: Security, index: MasterIndex) -> tuple[str, ...]:
    """Every symbol the security has or had, newest first."""
    now = [other.symbol for other in index.by_isin[security.isin]]
    older = [old for symbol in now for old in index.renamed_from.get(symbol, ())]
    return tuple(dict.fromkeys([*now, *older]))


def _renames(changes: tuple[SymbolChange, ...]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """(old -> newest symbol, newest symbol -> older ones): chains A -> B -> C are followed, cycles are cut."""
    step = {change.old_symbol: change.new_symbol for change in changes}
    renamed_to: dict[str, str] = {}
    renamed_from: dict[str, list[str]] = defaultdict(list)
    for old, new in step.items():
        seen, symbol = {old}, new
        while symbol in step and symbol not in seen:
            seen.add(symbol)
            symbol = step[symbol]
        if symbol != old:
            renamed_to[old] = symbol
            renamed_from[symbol].append(old)
    return renamed_to, renamed_from
