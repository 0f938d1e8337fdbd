"""Scheme names of disclosures become portfolios: one for each scheme, known by the ISIN of its direct growth plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from app.domain.scheme_names import scheme_key, slug
from app.domain.schemes import Portfolio
from app.ingest.scheme_matching import Match, SchemeIndex, match_names
from app.store.schemes import (
    change_portfolio,
    create_portfolio,
    join_portfolios,
    load_overrides,
    load_portfolio_keys,
    load_schemes,
)

NEW = 0
"""The id of a portfolio that is not stored yet."""


def resolve_portfolios(
    connection: Connection, names: Sequence[str], index: SchemeIndex | None = None
) -> tuple[Portfolio, ...]:
    """The portfolio of every scheme name of one fund house's file, in order; rows are made for new ones.

    Two names may be one portfolio: a renamed scheme keeps the portfolio that it had. ``index`` is that of
    ``load_index``, where many files follow each other.
    """
    by_key = load_portfolio_keys(connection)
    by_symbol = {portfolio.mf_symbol: portfolio for portfolio in by_key.values()}
    matches = match_names(index or load_index(connection), names)
    return tuple(_resolve(connection, by_key, by_symbol, match) for match in matches)


def relink_portfolios(connection: Connection) -> int:
    """Judge every portfolio's name again, after a new list of AMFI's or an override; returns how many changed.

    Portfolios that prove to be one scheme under two names become one. A name that is not found any more keeps the
    scheme it had.
    """
    known = load_portfolio_keys(connection)
    by_symbol = {portfolio.mf_symbol: portfolio for portfolio in known.values()}
    changed = 0
    for old, match in _matches_of(load_index(connection), list(known.values())):
        new = replace(_identified(match), portfolio_id=old.portfolio_id, name=old.name)
        if match.scheme is None or new == old:
            continue
        same = by_symbol.get(new.mf_symbol, old)
        if same.portfolio_id == old.portfolio_id:
            change_portfolio(connection, new)
        else:
            join_portfolios(connection, same, old)
            new = same
        by_symbol.pop(old.mf_symbol, None)
        by_symbol[new.mf_symbol] = new
        changed += 1
    return changed


def load_index(connection: Connection) -> SchemeIndex:
    """AMFI's schemes as stored, with the overrides."""
    return SchemeIndex(load_schemes(connection), {key: code for key, (_, code) in load_overrides(connection).items()})


def _resolve(
    connection: Connection, by_key: dict[str, Portfolio], by_symbol: dict[str, Portfolio], match: Match
) -> Portfolio:
    found = _identified(match)
    key = scheme_key(match.name)
    known = by_symbol.get(found.mf_symbol) or by_key.get(key)
    if known is None:
        known = create_portfolio(connection, key, found)
        by_key[key] = by_symbol[known.mf_symbol] = known
    return known


def _identified(match: Match) -> Portfolio:
    scheme = match.scheme
    if scheme is None:
        return Portfolio(NEW, slug(match.name), None, match.name, None, match.matched_by)
    return Portfolio(NEW, scheme.isins[0], scheme.amfi_code, match.name, scheme.house, match.matched_by)


def _matches_of(index: SchemeIndex, portfolios: Sequence[Portfolio]) -> list[tuple[Portfolio, Match]]:
    """Each portfolio with its name's match; the names of one house are judged together, as in its file."""
    houses: dict[str | None, list[Portfolio]] = {}
    for portfolio in portfolios:
        houses.setdefault(portfolio.house, []).append(portfolio)
    alone = [[portfolio] for portfolio in houses.pop(None, [])]
    return [
        pair
        for group in (*houses.values(), *alone)
        for pair in zip(group, match_names(index, [portfolio.name for portfolio in group]), strict=True)
    ]
