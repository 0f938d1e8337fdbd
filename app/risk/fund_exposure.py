"""What all funds hold: by security, sector and kind; how far they hold the same; how far from a benchmark. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.domain.combined_reports import CombinedCoverage, CombinedExposure
from app.domain.disclosures import LineKind, PortfolioLines
from app.domain.fund_reports import Figure, FundDisclosure, FundOverlap, FundPart, SecurityExposure
from app.domain.mf_reports import FundCoverage, FundExposure
from app.domain.prices import FloatArray
from app.measures.lookthrough import Compositions, Exposure
from app.measures.overlap import active_share, fund_overlap
from app.risk.benchmark_weights import BenchmarkWeights, benchmark_weights, tracks
from app.risk.fund_book import FundBook, SeenThrough
from app.risk.fund_measures import percent_figure

NOT_HELD = (LineKind.CASH, LineKind.DERIVATIVE, LineKind.OTHER_DERIVATIVE, LineKind.UNIDENTIFIED)
"""Kinds that two funds do not share by having both: they are left out of the overlap."""
SHARES = (LineKind.EQUITY, LineKind.FOREIGN_EQUITY, LineKind.TRUST_UNIT)
NET_EQUITY = (LineKind.EQUITY, LineKind.FOREIGN_EQUITY, LineKind.DERIVATIVE)
UNRESOLVED = (LineKind.FUND_UNIT, LineKind.UNIDENTIFIED)
NO_DISCLOSURE = "no portfolio of it is stored: nothing is known of what it holds"
OVERLAP_METHOD = "sum over securities of the smaller of both net weights; cash and index futures left out"


def fund_exposure(book: FundBook, exposure: Exposure, owned: CombinedExposure, total: float | None) -> FundExposure:
    """Exposure in percent of ``total`` rupees; ``owned`` is that of the combined report, without shares."""
    reason = None if total else "no fund has a value"
    if total and not (book.disclosure >= 0).any():
        reason = "no portfolio of any fund is stored"
    known = {field.name: getattr(owned, field.name) for field in fields(CombinedExposure)} | {"unavailable": reason}
    if reason or not total:
        return FundExposure(**known, securities=(), shared=(), remainder=100.0 if total else 0.0)
    securities = sorted(_securities(book, exposure, total), key=lambda one: (-abs(one.net), one.key))
    return FundExposure(
        **known,
        securities=tuple(securities),
        shared=tuple(one.key for one in securities if one.held_by > 1 and one.kind in SHARES),
        remainder=float(exposure.remainder.sum() / total * 100),
    )


def overlap_of(book: SeenThrough) -> FundOverlap:
    """Every pair of funds with a disclosure; NaN for the others."""
    found = fund_overlap(only(book.compositions, ~book.securities.of_kind(*NOT_HELD)))
    missing = book.disclosure < 0
    matrix, names = found.weight * 100, found.names.astype(float)
    for values in (matrix, names):
        values[missing, :] = values[:, missing] = np.nan
    return FundOverlap(
        funds=tuple(position.isin for position in book.positions),
        labels=tuple(position.name for position in book.positions),
        matrix=matrix,
        names=names,
        method=OVERLAP_METHOD,
        left_out=tuple(book.positions[at].isin for at in np.flatnonzero(missing)),
    )


def only(held: Compositions, wanted: NDArray[np.bool_]) -> Compositions:
    """The same compositions without the entries of securities that are not ``wanted`` (S,)."""
    kept = wanted[held.securities]
    securities = held.securities[kept]
    starts = np.searchsorted(securities, np.arange(held.security_count + 1))
    return replace(
        held,
        funds=held.funds[kept],
        securities=securities,
        net=held.net[kept],
        gross=held.gross[kept],
        starts=starts,
    )


def active_shares(book: FundBook) -> list[Figure]:
    """Active share of each fund against its own index or its category's benchmark, from an index fund's disclosure."""
    return [_active_share(book, column) for column in range(len(book.positions))]


def disclosures_of(book: SeenThrough, today: date) -> list[FundDisclosure | None]:
    """The portfolio that each fund is looked through with, with what it comes to."""
    held, table = book.compositions, book.securities
    count, lines = held.fund_count, np.bincount(book.lines.portfolio, minlength=len(book.lines.disclosures))
    shares = table.of_kind(*NET_EQUITY)[held.securities]
    net = np.bincount(held.funds, np.where(shares, held.net, 0.0), count) * 100
    gross = np.bincount(held.funds, np.where(shares, held.gross, 0.0), count) * 100
    known = ~table.of_kind(*UNRESOLVED)[held.securities]
    identified = np.bincount(held.funds, np.where(known, held.net, 0.0), count) * 100
    found: list[FundDisclosure | None] = []
    for column, at in enumerate(book.disclosure.tolist()):
        if at < 0:
            found.append(None)
            continue
        head = book.lines.disclosures[at]
        found.append(
            FundDisclosure(
                name=head.name,
                as_on=head.as_on,
                age_days=(today - head.as_on).days,
                file=head.file,
                source=head.source,
                partial=head.partial,
                lines=int(lines[at]),
                gross_equity=float(gross[column]),
                net_equity=float(net[column]),
                identified=float(identified[column]),
                unresolved=max(100.0 - float(identified[column]), 0.0),
            )
        )
    return found


def fund_coverage(book: FundBook, seen: CombinedCoverage, total: float | None) -> FundCoverage:
    """How much of the value is seen through; ``seen`` is that of the combined report, without shares."""
    disclosed = book.disclosure >= 0
    covered = float(np.nan_to_num(book.values)[disclosed].sum())
    used = [book.lines.disclosures[at].as_on for at in book.disclosure[disclosed].tolist()]
    return FundCoverage(
        **{field.name: getattr(seen, field.name) for field in fields(CombinedCoverage)},
        navs=seen.prices,
        disclosed=covered / total * 100 if total else 0.0,
        identified=seen.look_through,
        oldest=min(used, default=None),
        uncovered=tuple(book.positions[at].isin for at in np.flatnonzero(~disclosed)),
    )


def _securities(book: FundBook, exposure: Exposure, total: float) -> Iterator[SecurityExposure]:
    held = book.compositions
    starts = held.starts.tolist()
    isins, owners = [position.isin for position in book.positions], held.funds.tolist()
    shares = (exposure.entries / total * 100).tolist()
    parts = [FundPart(isins[owner], part) for owner, part in zip(owners, shares, strict=True)]
    schemes = book.disclosure[held.funds].tolist()
    net, gross = (exposure.net / total * 100).tolist(), (exposure.gross / total * 100).tolist()
    rupees = exposure.net.tolist()
    columns = zip(*(column.tolist() for column in _columns(book)), strict=True)
    for at, (key, isin, symbol, name, sector, kind) in enumerate(columns):
        if gross[at] == 0:
            continue
        own = slice(starts[at], starts[at + 1])
        yield SecurityExposure(
            key=key,
            isin=isin,
            symbol=symbol,
            name=name,
            sector=sector,
            kind=LineKind(kind),
            net=net[at],
            gross=gross[at],
            rupees=rupees[at],
            held_by=len(set(schemes[own])),
            funds=tuple(parts[own]),
        )


def _columns(book: FundBook) -> tuple[NDArray[np.object_], ...]:
    table = book.securities
    return table.keys, table.isins, table.symbols, table.names, table.sectors, table.kinds


def _active_share(book: FundBook, column: int) -> Figure:
    style, at = book.styles[column], int(book.disclosure[column])
    if at < 0:
        return percent_figure(None, NO_DISCLOSURE, "", None)
    if style.index is None:
        return percent_figure(None, "neither its name nor its category gives one index of shares", "", None)
    head = book.lines.disclosures[at]
    weights = _weights_near(book.lines, style.index, at, head.as_on)
    if weights is None:
        reason = f"no other index fund's portfolio of {style.index} is stored"
        return percent_figure(None, reason, "", head.as_on)
    benchmark = _on_securities(book, weights)
    share = float(active_share(_one(book.compositions, column), benchmark)[0]) * 100
    method = (
        f"half the sum of differences to the weights of {style.index} in {weights.fund} as of {weights.as_on} "
        "(Cremers and Petajisto); cash and lines without identity count as active"
    )
    count = int(np.count_nonzero(book.compositions.funds == column))
    return percent_figure(share, "", method, head.as_on, count)


def _one(held: Compositions, column: int) -> Compositions:
    kept = held.funds == column
    securities = held.securities[kept]
    starts = np.searchsorted(securities, np.arange(held.security_count + 1))
    return Compositions(np.zeros(len(securities), np.int64), securities, held.net[kept], held.gross[kept], starts, 1)


def _weights_near(lines: PortfolioLines, index: str, own: int, day: date) -> BenchmarkWeights | None:
    """The index's weights from the copy whose disclosure is nearest to ``day``, the fund's own left out.

    What the market did in between counts as active.
    """
    ages = {
        at: abs((disclosure.as_on - day).days)
        for at, disclosure in enumerate(lines.disclosures)
        if at != own and tracks(disclosure.name, index)
    }
    for age in sorted(set(ages.values())):
        found = benchmark_weights(_lines_of(lines, {at for at, own_age in ages.items() if own_age == age}), index)
        if found is not None:
            return found
    return None


def _lines_of(lines: PortfolioLines, portfolios: set[int]) -> PortfolioLines:
    kept = np.isin(lines.portfolio, list(portfolios))
    columns = {name: getattr(lines, name)[kept] for name in lines.__slots__ if name != "disclosures"}
    return PortfolioLines(lines.disclosures, **columns)


def _on_securities(book: FundBook, weights: BenchmarkWeights) -> FloatArray:
    """The benchmark's weights (S,) as fractions, each at the security of its line."""
    place = {isin: at for isin, at in zip(book.lines.isin.tolist(), book.place.tolist(), strict=True) if isin}
    benchmark = np.zeros(len(book.securities))
    for isin, weight in weights.weights.items():
        benchmark[place[isin]] += weight / 100
    return benchmark
