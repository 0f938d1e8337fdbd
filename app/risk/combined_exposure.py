"""What is really owned: every stock, sector and kind of asset, direct and through each fund. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.domain.combined_reports import (
    CombinedCoverage,
    CombinedExposure,
    DisclosureAge,
    GroupTotal,
    OverConcentration,
    StockExposure,
)
from app.domain.disclosures import LineKind
from app.domain.fund_reports import FundDisclosure, FundPart
from app.domain.limits import LimitKind, limits_of
from app.domain.risk_reports import Share
from app.domain.securities import UNCLASSIFIED
from app.measures.conventions import IntArray
from app.measures.lookthrough import Exposure, by_group, look_through
from app.risk.combined_book import CombinedBook, Values, known_sectors
from app.risk.fund_book import SecurityTable
from app.risk.fund_exposure import SHARES, UNRESOLVED

ASSETS: dict[str, tuple[LineKind, ...]] = {
    "equity": (LineKind.EQUITY, LineKind.DERIVATIVE),
    "foreign": (LineKind.FOREIGN_EQUITY,),
    "trusts": (LineKind.TRUST_UNIT,),
    "debt": (LineKind.DEBT,),
    "gold": (LineKind.GOLD,),
    "silver": (LineKind.SILVER,),
    "cash": (LineKind.CASH,),
    "other": (LineKind.OTHER_DERIVATIVE,),
    "unresolved": UNRESOLVED,
}
"""Kinds of assets, each with the kinds of lines that it is made of."""
ASSET_OF = {kind: asset for asset, kinds in ASSETS.items() for kind in kinds}
GROUP_OF = {**ASSET_OF, LineKind.DERIVATIVE: "index futures"}
UNKNOWN, EQUITY_FUNDS = "unresolved", "equity funds"
_BANK = re.compile(r"\bbanks?\b", re.IGNORECASE)
NOISE = 1e-9
"""Percent: what the lines of a fund leave of it by rounding alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Owned:
    """Rupees by security (S,): ``exposure``; ``table`` with all sectors known; ``groups`` (S,) into ``names``.

    The group of an Indian share is its sector, of anything else its kind of asset; a unit that stays whole has that of
    what it mostly is, where this is known.
    """

    table: SecurityTable
    exposure: Exposure
    names: tuple[str, ...]
    groups: IntArray
    total: float | None


def look_at(book: CombinedBook, values: Values) -> Owned:
    """Everything owned, taken apart; what has no value counts as nothing."""
    table = known_sectors(book, UNCLASSIFIED)
    own = np.where(book.is_direct, np.nan_to_num(values.shares), 0.0)
    direct = np.bincount(book.places, own, len(table)).astype(float)
    exposure = look_through(book.held.compositions, values.both[book.held.columns], direct)
    columns = (table.kinds.tolist(), table.assets.tolist(), table.sectors.tolist())
    group = [_group(LineKind(kind), LineKind(asset), sector) for kind, asset, sector in zip(*columns, strict=True)]
    names = tuple(dict.fromkeys([*group, UNKNOWN]))
    places = {name: at for at, name in enumerate(names)}
    return Owned(table, exposure, names, np.array([places[name] for name in group], dtype=np.int64), values.total)


def _group(kind: LineKind, asset: LineKind, sector: str | None) -> str:
    if kind is LineKind.EQUITY:
        return sector or UNCLASSIFIED
    return EQUITY_FUNDS if asset is LineKind.EQUITY else GROUP_OF[asset]


def banks(table: SecurityTable) -> NDArray[np.bool_]:
    """(S,) True for shares of banks: by the industry where one is stored, or by the name.

    Only a bank may call itself one (Banking Regulation Act 1949, section 7); a fund's file may name a coarser industry.
    """
    rows = zip(table.kinds.tolist(), table.industries.tolist(), table.names.tolist(), strict=True)
    return np.array(
        [kind == LineKind.EQUITY and (_says_bank(industry) or _says_bank(name)) for kind, industry, name in rows],
        dtype=bool,
    )


@lru_cache(maxsize=16_384)
def _says_bank(text: str | None) -> bool:
    return _BANK.search(text or "") is not None


def combined_exposure(book: CombinedBook, owned: Owned) -> CombinedExposure:
    """Percent of all value, largest first."""
    if not owned.total:
        return CombinedExposure((), (), (), None, None, (), "nothing in the book has a value")
    stocks = tuple(sorted(_stocks(book, owned, owned.total), key=lambda one: (-abs(one.total), one.name)))
    equity = owned.table.of_kind(LineKind.EQUITY)
    return CombinedExposure(
        stocks=stocks,
        sectors=_by_size(_totals(owned, np.where(equity, owned.groups, -1), owned.names, owned.total)),
        assets=_assets(owned, owned.total),
        top5=_top(stocks, 5),
        top10=_top(stocks, 10),
        held_both_ways=tuple(one.isin or one.name for one in stocks if one.direct and one.funds),
        unavailable=None,
    )


def over_concentrations(exposure: CombinedExposure, total: float | None) -> tuple[OverConcentration, ...]:
    """Stocks and sectors above the plan's limits; a sector that is not known is none."""
    found = [
        (kind, name, isin, part)
        for kind, rows in (
            (LimitKind.STOCK, [(one.symbol or one.name, one.isin, one) for one in exposure.stocks]),
            (LimitKind.SECTOR, [(one.name, None, one) for one in exposure.sectors if one.name != UNCLASSIFIED]),
        )
        for name, isin, part in rows
    ]
    return tuple(
        OverConcentration(
            kind, name, isin, part.total, part.direct, part.through_funds, limit.value, limit.level,
            (part.total - limit.value) / 100 * (total or 0.0),
        )
        for kind, name, isin, part in found
        for limit in limits_of(kind)
        if part.total > limit.value
    )  # fmt: skip


def coverage(
    book: CombinedBook, owned: Owned, disclosures: Sequence[FundDisclosure | None], prices: float
) -> CombinedCoverage:
    """How much of the value is seen through; ``prices`` percent has history."""
    table, exposure = owned.table, owned.exposure
    scale = 100.0 / owned.total if owned.total else 0.0
    equity = table.of_kind(LineKind.EQUITY)
    sized = float(exposure.gross[equity].sum())
    known = float(exposure.gross[equity & (table.sectors != UNCLASSIFIED)].sum())
    in_funds = np.where(table.of_kind(*SHARES), exposure.gross - np.abs(exposure.direct), 0.0)
    priced = np.zeros(len(table), dtype=bool)
    priced[book.constituents.places] = True
    shares = float(in_funds.sum())
    return CombinedCoverage(
        prices=prices,
        look_through=float(exposure.net[~table.of_kind(*UNRESOLVED)].sum()) * scale,
        sectors=known / sized * 100 if sized else None,
        constituents=float(in_funds[priced].sum()) / shares * 100 if shares else None,
        disclosures=tuple(
            DisclosureAge(one.isin, head.as_on if head else None, head.age_days if head else None)
            for one, head in zip(book.held.positions, disclosures, strict=True)
        ),
    )


def newest(days: Sequence[date | None]) -> date | None:
    """The latest of the days that are known."""
    return max((day for day in days if day), default=None)


def _stocks(book: CombinedBook, owned: Owned, total: float) -> Iterator[StockExposure]:
    held, exposure, table = book.held.compositions, owned.exposure, owned.table
    isins = [one.isin for one in book.held.positions]
    funds, starts = held.funds.tolist(), held.starts.tolist()
    direct, through, net, gross, parts = (
        (part / total * 100).tolist()
        for part in (exposure.direct, exposure.through_funds, exposure.net, exposure.gross, exposure.entries)
    )
    rupees, rows = exposure.net.tolist(), (table.isins, table.symbols, table.names, table.sectors)
    for at in np.flatnonzero(table.of_kind(*SHARES) & (exposure.gross > 0)).tolist():
        isin, symbol, name, sector = (column[at] for column in rows)
        entries = range(starts[at], starts[at + 1])
        yield StockExposure(
            isin=isin,
            symbol=symbol,
            name=name,
            sector=sector,
            direct=direct[at],
            through_funds=through[at],
            total=net[at],
            gross=gross[at],
            rupees=rupees[at],
            funds=tuple([FundPart(isins[funds[entry]], parts[entry]) for entry in entries if parts[entry]]),
        )


def _totals(owned: Owned, groups: IntArray, names: Sequence[str], total: float) -> list[GroupTotal]:
    exposure, scale = owned.exposure, 100.0 / total
    sums = [
        by_group(part, groups, len(names))[:-1]
        for part in (exposure.direct, exposure.through_funds, exposure.net, exposure.gross)
    ]
    return [
        GroupTotal(name, direct * scale, through * scale, net * scale, gross * scale, net)
        for name, (direct, through, net, gross) in zip(names, np.stack(sums, axis=1).tolist(), strict=True)
        if gross
    ]


def _assets(owned: Owned, total: float) -> tuple[GroupTotal, ...]:
    """What the lines of a fund leave open is unresolved too: then all assets make 100 percent."""
    places = {asset: at for at, asset in enumerate(ASSETS)}
    groups = np.array([places[ASSET_OF[LineKind(kind)]] for kind in owned.table.assets.tolist()], dtype=np.int64)
    found = {one.name: one for one in _totals(owned, groups, list(ASSETS), total)}
    rest = float(owned.exposure.remainder.sum())
    seen = found.pop(UNKNOWN, GroupTotal(UNKNOWN, 0.0, 0.0, 0.0, 0.0, 0.0))
    percent = rest / total * 100
    if seen.gross or abs(percent) > NOISE:
        found[UNKNOWN] = GroupTotal(
            UNKNOWN,
            seen.direct,
            seen.through_funds + percent,
            seen.total + percent,
            seen.gross + abs(percent),
            seen.rupees + rest,
        )
    return _by_size(found.values())


def _by_size(rows: Iterable[GroupTotal]) -> tuple[GroupTotal, ...]:
    return tuple(sorted(rows, key=lambda row: (-abs(row.total), row.name)))


def _top(stocks: Sequence[StockExposure], count: int) -> Share | None:
    largest = sorted(stocks, key=lambda one: -one.total)[:count]
    if not largest:
        return None
    return Share(", ".join(one.symbol or one.name for one in largest), sum(one.total for one in largest))
