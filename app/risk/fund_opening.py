"""Portfolios of funds out of the store, with those of the funds in them, and what all of them hold: a few queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy import Connection

from app.domain.data_issues import DataIssue
from app.domain.disclosures import LineKind, PortfolioLines
from app.domain.schemes import FundIdentity
from app.measures.conventions import IntArray
from app.measures.lookthrough import Compositions
from app.risk.benchmark_weights import tracks
from app.risk.fund_book import FundPosition, SecurityTable
from app.risk.fund_lines import hold, place_lines
from app.risk.fund_styles import FundStyle
from app.risk.fund_units import DEEPEST, NamedUnit, named_issues, resolve_units, units_by_name
from app.risk.positions import index_master
from app.risk.unit_classes import unit_class
from app.store.disclosures import load_portfolios
from app.store.schemes import load_identities, load_portfolio_keys
from app.store.securities import load_host_scrips, load_master


@dataclass(frozen=True, slots=True)
class Opened:
    """Portfolios with those of the funds in them.

    ``portfolio_of`` leads from a unit's ISIN to the index into ``lines.disclosures``, ``classes`` to what it mostly is
    where AMFI's list knows it; ``issues`` tell which units were tied by name.
    """

    lines: PortfolioLines
    portfolio_of: Mapping[str, int]
    classes: Mapping[str, LineKind]
    issues: tuple[DataIssue, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Every line (L,) at its ``place`` among the ``securities``; ``held`` is what each portfolio (D) holds of them."""

    securities: SecurityTable
    place: IntArray
    held: Compositions


def open_portfolios(
    connection: Connection, known: Mapping[str, FundIdentity], styles: Iterable[FundStyle], as_of: date | None
) -> Opened:
    """The newest portfolios up to ``as_of`` of the ``known`` funds, of the funds in them and of the benchmarks."""
    indices = {style.index for style in styles if style.index}
    stored = [*load_portfolio_keys(connection).values()]
    ids = set(_owners(known).values())
    ids |= {one.portfolio_id for one in stored if any(tracks(one.name, index) for index in indices)}
    units: dict[str, FundIdentity] = {}
    named: dict[str, NamedUnit] = {}
    asked: set[str] = set()
    lines = load_portfolios(connection, ids, as_of)
    for _ in range(DEEPEST):
        new = {isin for isin in lines.isin[lines.kind == LineKind.FUND_UNIT] if isin} - asked
        if not new:
            break
        asked |= new
        units |= load_identities(connection, sorted(new))
        named |= units_by_name(lines, new - units.keys(), stored)
        wanted = set(_portfolio_ids(units, named).values())
        if wanted <= ids:
            break
        ids |= wanted
        lines = load_portfolios(connection, ids, as_of)
    return _opened(lines, units, named)


def place_opened(connection: Connection, opened: Opened) -> Placed:
    """Every line at its security, units of funds taken apart."""
    master = index_master(load_master(connection), load_host_scrips(connection))
    placed = place_lines(opened.lines, master, opened.classes)
    held = hold(opened.lines, placed, resolve_units(opened.lines, opened.portfolio_of))
    return Placed(placed.securities, placed.place, held)


def disclosure_of(positions: Sequence[FundPosition], lines: PortfolioLines) -> IntArray:
    """(F,) index of each fund's portfolio into ``lines.disclosures``, -1 for none."""
    at = {disclosure.portfolio_id: number for number, disclosure in enumerate(lines.disclosures)}
    return np.array([at.get(one.portfolio_id or 0, -1) for one in positions], dtype=np.int64)


def _opened(lines: PortfolioLines, units: Mapping[str, FundIdentity], named: Mapping[str, NamedUnit]) -> Opened:
    at = {disclosure.portfolio_id: number for number, disclosure in enumerate(lines.disclosures)}
    places = {isin: at[owner] for isin, owner in _portfolio_ids(units, named).items() if owner in at}
    classes = {isin: unit_class(one.scheme.name, one.scheme.category, isin) for isin, one in units.items()}
    used = {isin: unit for isin, unit in named.items() if isin in places}
    return Opened(lines, places, {isin: kind for isin, kind in classes.items() if kind}, tuple(named_issues(used)))


def _portfolio_ids(units: Mapping[str, FundIdentity], named: Mapping[str, NamedUnit]) -> dict[str, int]:
    return _owners(units) | {isin: one.portfolio.portfolio_id for isin, one in named.items()}


def _owners(known: Mapping[str, FundIdentity]) -> dict[str, int]:
    """The id of the stored portfolio of each ISIN that has one."""
    return {isin: one.portfolio.portfolio_id for isin, one in known.items() if one.portfolio}
