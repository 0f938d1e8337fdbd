"""Lines of disclosures into securities: the same share under one key, futures netted against their share.

A line is known by its ISIN, an older one of a share being led to today's as a direct holding's is. Contracts print no
ISIN: a future is tied to its share by the name or NSE symbol in its own name, first among the shares of the same
portfolio, then in the security master. One that names an index is a security of its own, the same for all funds; one
that names nothing known, and every option (its value is a premium, not its exposure), stays a derivative of its fund.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from app.domain.disclosures import LineKind, PortfolioLines
from app.domain.holdings import Holding
from app.domain.indices import index_symbol
from app.domain.securities import UNCLASSIFIED, Security
from app.measures.conventions import IntArray
from app.measures.lookthrough import Compositions, compositions
from app.risk.fund_book import SecurityTable, texts
from app.risk.fund_units import ResolvedLines
from app.risk.positions import MasterIndex, identify
from app.risk.unit_classes import unit_class

MARGIN = "cash:futures"
MARGIN_NAME = "Cash against futures"
CONTRACTS = (LineKind.DERIVATIVE, LineKind.OTHER_DERIVATIVE)
SHARES = (LineKind.EQUITY, LineKind.TRUST_UNIT)
SAME_SECTOR = 0.9
"""An industry belongs to a sector when this share of its classified lines agrees: both are levels of one tree."""

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_OPTION = re.compile(r"\b(?:call|put|options?)\b|\d\s?[CP]E\b", re.IGNORECASE)
_DAY = rf"\d{{1,2}}[\s/-](?:\d{{1,2}}|{_MONTH})[\s/-](?:20)?\d\d"
_EXPIRY = re.compile(rf"(?:[\s_(]+(?:{_DAY}|{_MONTH}[\s'-]*(?:20)?\d\d)\)?)?(?:\s+futures?)?\W*$", re.IGNORECASE)
_LEGAL = frozenset({"ltd", "limited", "the"})
_INDEX_NOISE = frozenset({"nse", "bse", "index"})
_ROOTS = {
    "NIFTY": "NIFTY50",
    "BANKNIFTY": "NIFTYBANK",
    "FINNIFTY": "NIFTYFINSERVICE",
    "MIDCPNIFTY": "NIFTYMIDSELECT",
    "NIFTYNXT50": "NIFTYNEXT50",
}
"""Symbol of NSE's index contracts -> that of the index."""
_INDICES = ("NIFTY", "SENSEX", "BANKEX")


@dataclass(frozen=True, slots=True, eq=False)
class PlacedLines:
    """Where every line stands: ``place`` (L,) into ``securities``; ``margin`` is the place of cash against futures."""

    securities: SecurityTable
    place: IntArray
    margin: int


@dataclass(slots=True)
class _Row:
    """One security while the table is being built."""

    isin: str | None
    symbol: str | None
    name: str
    sector: str | None
    kind: str
    industry: str | None = None
    asset: str | None = None


@dataclass(slots=True)
class _Builder:
    """Securities in order of first appearance."""

    index: MasterIndex
    classes: Mapping[str, LineKind]
    rows: dict[str, _Row] = field(default_factory=dict)
    shares: dict[str, Security | None] = field(default_factory=dict)

    def security_of(self, isin: str, symbol: str | None) -> Security | None:
        """The share of today behind an ISIN, as for a direct holding."""
        if isin not in self.shares:
            self.shares[isin] = identify(Holding(symbol or "", "NSE", isin, 0.0), self.index)[0]
        return self.shares[isin]

    def add(self, key: str, row: _Row) -> str:
        self.rows.setdefault(key, row)
        return key

    def add_share(self, security: Security) -> str:
        named = next((other.sector for other in self.index.by_isin[security.isin] if other.sector), None)
        row = _Row(
            security.isin, security.symbol, security.name, security.sector or named, LineKind.EQUITY, security.industry
        )
        return self.add(security.isin, row)


def place_lines(
    lines: PortfolioLines, index: MasterIndex, classes: Mapping[str, LineKind] | None = None
) -> PlacedLines:
    """Give every line its security. ``classes`` are what units mostly are, by ISIN, as far as AMFI's list tells."""
    builder = _Builder(index, classes or {})
    keys = {at: _line_key(builder, lines, at) for at in np.flatnonzero(lines.kind != LineKind.DERIVATIVE).tolist()}
    keys |= _contract_keys(builder, lines, keys)
    builder.add(MARGIN, _Row(None, None, MARGIN_NAME, None, LineKind.CASH))
    _fill_sectors(builder, lines, keys)
    at = {key: number for number, key in enumerate(builder.rows)}
    place = np.array([at[keys[line]] for line in range(len(lines))], dtype=np.int64)
    return PlacedLines(_table(builder.rows), place, at[MARGIN])


def hold(lines: PortfolioLines, placed: PlacedLines, resolved: ResolvedLines) -> Compositions:
    """What each disclosed portfolio (D) holds in each security, funds in it taken apart; fractions of net assets.

    A contract that the file lists beside its total is exposure without money: the money stays in what the total
    contains, so that the contract has its counterpart in cash against futures, and a share with its own short future is
    cash. A line of unknown weight is left out.
    """
    weights = resolved.weight / 100.0
    beside = np.isin(lines.kind.astype(str), CONTRACTS) & ~lines.in_total
    known = np.isfinite(weights)
    margin = known & beside[resolved.line]
    return compositions(
        np.concatenate([resolved.portfolio[known], resolved.portfolio[margin]]),
        np.concatenate([placed.place[resolved.line[known]], np.full(np.count_nonzero(margin), placed.margin)]),
        np.concatenate([weights[known], -weights[margin]]),
        len(lines.disclosures),
        len(placed.securities),
    )


def of_funds(held: Compositions, portfolio: IntArray) -> Compositions:
    """Compositions of F funds whose portfolios are ``portfolio`` (F,), -1 for none; funds may share one."""
    entries = [np.flatnonzero(held.funds == at) for at in portfolio.tolist()]
    chosen = np.concatenate([*entries, np.empty(0, dtype=np.int64)])
    funds = np.repeat(np.arange(len(portfolio)), [len(own) for own in entries])
    order = np.lexsort((funds, held.securities[chosen]))
    chosen, funds = chosen[order], funds[order]
    securities = held.securities[chosen]
    starts = np.searchsorted(securities, np.arange(held.security_count + 1))
    return Compositions(funds, securities, held.net[chosen], held.gross[chosen], starts, len(portfolio))


def company_key(name: str) -> str:
    """Equal for two spellings of one company: ``HDFC Bank Ltd. $$`` -> ``hdfc bank``."""
    words = re.findall(r"[a-z0-9]+", name.casefold().replace("&", " and ").replace("'", ""))
    return " ".join(word for word in words if word not in _LEGAL)


def underlying(contract: str) -> str:
    """What a contract's name says it is on: ``RELIANCE_(30/09/2025)`` -> ``RELIANCE``."""
    return _EXPIRY.sub("", contract).strip(" _")


def index_of(name: str) -> str | None:
    """The stored symbol of the index that a name means: ``NSE BANK NIFTY`` -> ``NIFTYBANK``; None for a share."""
    words = [word for word in re.findall(r"[A-Z0-9&]+", name.upper()) if word.casefold() not in _INDEX_NOISE]
    bare = "".join(words)
    found = _ROOTS.get(bare) or index_symbol(bare)
    return found if found.startswith(_INDICES) else None


def _line_key(builder: _Builder, lines: PortfolioLines, at: int) -> str:
    """The key of a line that is no contract on shares."""
    kind, isin, symbol = lines.kind[at], lines.isin[at], lines.symbol[at]
    row = _Row(isin, symbol, lines.name[at], lines.sector[at], kind, lines.industry[at])
    if kind == LineKind.FUND_UNIT:
        row.asset = builder.classes.get(isin or "") or unit_class(row.name, None, isin)
    if isin is None:
        return builder.add(_own_key(lines, at), row)
    security = builder.security_of(isin, symbol) if kind in SHARES else None
    if security is None:
        return builder.add(isin, row)
    row.isin, row.symbol, row.name = security.isin, security.symbol, security.name
    row.sector, row.industry = security.sector or row.sector, security.industry or row.industry
    return builder.add(security.isin, row)


def _own_key(lines: PortfolioLines, at: int) -> str:
    """Of this portfolio alone."""
    owner = lines.disclosures[lines.portfolio[at]].mf_symbol
    return f"{owner}:{lines.kind[at]}:{lines.name[at]}"


def _contract_keys(builder: _Builder, lines: PortfolioLines, keys: Mapping[int, str]) -> dict[int, str]:
    contracts = np.flatnonzero(lines.kind == LineKind.DERIVATIVE).tolist()
    own = _names_in_portfolio(lines, keys)
    master = _names_in_master(builder.index) if contracts else {}
    return {at: _contract_key(builder, lines, at, own, master) for at in contracts}


def _contract_key(
    builder: _Builder,
    lines: PortfolioLines,
    at: int,
    own: Mapping[tuple[int, str], str],
    master: Mapping[str, Security],
) -> str:
    name, isin = str(lines.name[at]), lines.isin[at]
    on = underlying(name)
    if _OPTION.search(name) is None:
        found = own.get((int(lines.portfolio[at]), company_key(on)))
        if found:
            return found
        index = index_of(on)
        if index:
            return builder.add(f"future:{index}", _Row(None, index, f"{index} future", None, LineKind.DERIVATIVE))
        security = (builder.security_of(isin, None) if isin else None) or _named(on, builder.index, master)
        if security:
            return builder.add_share(security)
    return builder.add(_own_key(lines, at), _Row(None, None, name, None, LineKind.DERIVATIVE))


def _named(on: str, index: MasterIndex, master: Mapping[str, Security]) -> Security | None:
    """The share whose NSE symbol or name this is; None where a symbol has been of two issuers."""
    listed = index.by_symbol.get(on) or index.by_symbol.get(index.renamed_to.get(on, ""), [])
    return listed[0] if len({security.isin for security in listed}) == 1 else master.get(company_key(on))


def _names_in_portfolio(lines: PortfolioLines, keys: Mapping[int, str]) -> dict[tuple[int, str], str]:
    """(portfolio, company) -> key of its share; a name that two shares of a portfolio have means neither."""
    found: dict[tuple[int, str], str] = {}
    twice: set[tuple[int, str]] = set()
    for at in np.flatnonzero(lines.kind == LineKind.EQUITY).tolist():
        key, name = keys[at], (int(lines.portfolio[at]), company_key(str(lines.name[at])))
        if found.setdefault(name, key) != key:
            twice.add(name)
    return {name: key for name, key in found.items() if name not in twice}


def _names_in_master(index: MasterIndex) -> dict[str, Security]:
    """Company -> its share; a name of two issuers means neither."""
    found: dict[str, Security] = {}
    twice: set[str] = set()
    for securities in index.by_isin.values():
        name = company_key(securities[0].name)
        if found.setdefault(name, securities[0]) is not securities[0]:
            twice.add(name)
    return {name: security for name, security in found.items() if name not in twice}


def _fill_sectors(builder: _Builder, lines: PortfolioLines, keys: Mapping[int, str]) -> None:
    """Shares that NSE's lists leave without a sector get the one of their industry, where the lines show which."""
    shares = [
        (builder.rows[keys[at]], _industry_key(lines.industry[at]))
        for at in np.flatnonzero(lines.kind == LineKind.EQUITY).tolist()
        if lines.industry[at]
    ]
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for row, industry in shares:
        if row.sector:
            seen[industry][row.sector] += 1
    sector_of = {
        industry: sector
        for industry, counts in seen.items()
        for sector, count in counts.most_common(1)
        if count >= SAME_SECTOR * counts.total()
    }
    for row, industry in shares:
        row.sector = row.sector or sector_of.get(industry)


def _industry_key(industry: str) -> str:
    return " ".join(re.findall(r"[a-z]+", industry.casefold().replace("&", " and ")))


def _table(rows: Mapping[str, _Row]) -> SecurityTable:
    values = list(rows.values())
    return SecurityTable(
        keys=texts(list(rows)),
        isins=texts([row.isin for row in values]),
        symbols=texts([row.symbol for row in values]),
        names=texts([row.name for row in values]),
        sectors=texts([row.sector or (UNCLASSIFIED if row.kind == LineKind.EQUITY else None) for row in values]),
        industries=texts([row.industry for row in values]),
        kinds=texts([str(row.kind) for row in values]),
        assets=texts([str(row.asset or row.kind) for row in values]),
    )
