"""Funds of funds: the units that a portfolio holds of other portfolios, taken apart down to what those hold. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.data_issues import DataIssue, Severity
from app.domain.disclosures import LineKind, PortfolioLines
from app.domain.scheme_names import scheme_key
from app.domain.schemes import Portfolio

DEEPEST = 4
"""Levels of funds in funds that are taken apart. Real ones have two: a fund of funds, and an ETF in one of those."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A unit that stays as it is: of the portfolio at ``portfolio``, percent of it, and why."""

    portfolio: int
    line: int
    weight: float
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedLines:
    """What each portfolio holds in the end: columns of equal length, those of a portfolio together.

    ``line`` is an index into the lines given, ``portfolio`` the index of the portfolio that holds it directly or
    through others, ``weight`` percent of that portfolio, signed. Units that could not be taken apart are lines too,
    and are named in ``unresolved``. What a portfolio taken apart leaves unlisted is in no line.
    """

    portfolio: NDArray[np.int64]
    line: NDArray[np.int64]
    weight: NDArray[np.float64]
    unresolved: tuple[Unresolved, ...]


@dataclass(frozen=True, slots=True)
class NamedUnit:
    """A unit whose ISIN nobody knows, tied by its ``name`` to a stored portfolio of the house that holds it."""

    name: str
    portfolio: Portfolio


def units_by_name(lines: PortfolioLines, isins: Collection[str], stored: Sequence[Portfolio]) -> dict[str, NamedUnit]:
    """By ISIN, those of ``isins`` whose name is that of one portfolio of the house whose fund holds them.

    Houses print ISINs that AMFI's list does not have, often of the other option of an ETF. Names are compared as
    ``scheme_key`` spells them; where two portfolios have the name neither is meant.
    """
    houses = {one.portfolio_id: one.house for one in stored}
    by_name: dict[tuple[str, str], list[Portfolio]] = defaultdict(list)
    for one in stored:
        if one.house:
            by_name[one.house, scheme_key(one.name)].append(one)
    found = {}
    for at in np.flatnonzero(lines.kind == LineKind.FUND_UNIT).tolist():
        isin, name = lines.isin[at], str(lines.name[at])
        house = houses.get(lines.disclosures[lines.portfolio[at]].portfolio_id) or ""
        alike = by_name.get((house, scheme_key(name)), ()) if isin in isins else ()
        if len(alike) == 1:
            found[isin] = NamedUnit(name, alike[0])
    return found


def named_issues(units: Mapping[str, NamedUnit]) -> Iterator[DataIssue]:
    """What was tied by name alone, in words."""
    for isin, unit in units.items():
        message = (
            f"AMFI's list does not know the ISIN of {unit.name!r}: it is looked through as {unit.portfolio.name!r} of "
            "the same house, by its name."
        )
        yield DataIssue("unit_by_name", Severity.INFO, isin, message)


def resolve_units(lines: PortfolioLines, portfolio_of: Mapping[str, int]) -> ResolvedLines:
    """Replace fund units by the lines of their portfolio, in proportion, to DEEPEST levels.

    ``portfolio_of`` gives the index into ``lines.disclosures`` for an ISIN of a unit. A unit without one, one that
    leads back to a portfolio above it, or one too deep stays whole.
    """
    order = np.argsort(lines.portfolio, kind="stable")
    starts = np.searchsorted(lines.portfolio[order], np.arange(len(lines.disclosures) + 1))
    rows = [order[starts[at] : starts[at + 1]] for at in range(len(lines.disclosures))]
    unresolved: list[Unresolved] = []
    parts = [_taken_apart(lines, rows, portfolio_of, (at,), 1.0, unresolved) for at in range(len(rows))]
    owners = np.repeat(np.arange(len(parts)), [len(line) for line, _ in parts])
    return ResolvedLines(
        owners,
        np.concatenate([line for line, _ in parts] or [np.array([], np.int64)]),
        np.concatenate([weight for _, weight in parts] or [np.array([], np.float64)]),
        tuple(unresolved),
    )


def _taken_apart(
    lines: PortfolioLines,
    rows: Sequence[NDArray[np.int64]],
    portfolio_of: Mapping[str, int],
    path: tuple[int, ...],
    share: float,
    unresolved: list[Unresolved],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The lines of the last portfolio of ``path`` at ``share`` of their weight, units among them taken apart."""
    own = rows[path[-1]]
    is_unit = lines.kind[own] == LineKind.FUND_UNIT
    found = [(own[~is_unit], lines.weight[own[~is_unit]] * share)]
    for line in own[is_unit].tolist():
        weight = float(lines.weight[line]) * share
        child = portfolio_of.get(lines.isin[line] or "")
        reason = _why_whole(child, path, weight)
        if child is None or reason:
            unresolved.append(Unresolved(path[0], line, weight, reason))
            found.append((np.array([line]), np.array([weight])))
        else:
            found.append(_taken_apart(lines, rows, portfolio_of, (*path, child), weight / 100.0, unresolved))
    return np.concatenate([line for line, _ in found]), np.concatenate([weight for _, weight in found])


def _why_whole(child: int | None, path: tuple[int, ...], weight: float) -> str:
    if child is None:
        return "no portfolio of it is stored"
    if child in path:
        return "it leads back to a fund that holds it"
    if weight < 0:
        return "it is owed, not held"
    return f"it is more than {DEEPEST} funds deep" if len(path) >= DEEPEST else ""
