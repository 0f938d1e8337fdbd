"""The fund book out of the store: a fixed number of queries, whatever it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from app.domain.data_issues import DataIssue
from app.domain.disclosures import LineKind, PortfolioLines
from app.domain.fund_holdings import FundBook as HeldFunds
from app.domain.fund_reports import StyleOverride
from app.domain.navs import NavHistory
from app.domain.prices import FloatArray
from app.domain.risk_reports import WINDOWS
from app.domain.schemes import FundIdentity
from app.measures.conventions import IntArray
from app.risk.benchmark_weights import tracks
from app.risk.fund_book import FundBook, FundFacts, FundPosition
from app.risk.fund_lines import hold, of_funds, place_lines
from app.risk.fund_positions import merge_holdings
from app.risk.fund_styles import FundStyle, decide_style, price_symbols
from app.risk.fund_units import DEEPEST, resolve_units
from app.risk.nav_panel import NavPanel, build_nav_panel, nav_issues
from app.risk.positions import index_master
from app.risk.price_panel import BENCHMARKS, SOURCES, build_panel, merge_bars
from app.store.disclosures import load_portfolios
from app.store.fund_costs import load_costs, load_tracking
from app.store.navs import load_navs, nav_spans
from app.store.prices import host_benchmark, load_bars, load_host_bars
from app.store.schemes import load_identities, load_portfolio_keys
from app.store.securities import load_host_scrips, load_master

ROWS = max(WINDOWS.values())
HISTORY = timedelta(days=1100)
"""Calendar days of NAVs read: three years, so that the longest window is full although the newest NAV stands alone
after a gap, or prices of shares, which a joint window waits for, end months before the NAVs."""
NOTHING = HeldFunds((), "none", date.min)


@dataclass(frozen=True, slots=True)
class FundChoices:
    """What a person may choose: the name of Nifty 50's prices (None: the usual ones), and styles by ISIN or code."""

    benchmark: str | None
    styles: Mapping[str, StyleOverride]


@dataclass(frozen=True, slots=True)
class _Levels:
    """Levels of one index on its own days."""

    days: np.ndarray[tuple[int], np.dtype[np.datetime64]]
    levels: FloatArray
    name: str | None


def load_fund_book(
    connection: Connection, held: HeldFunds | None, until: date, as_of: date | None, choices: FundChoices
) -> FundBook:
    """The book of ``held`` funds with NAVs and disclosures up to ``until``; ``as_of`` values it at an earlier day."""
    units = held or NOTHING
    isins = list(dict.fromkeys(holding.isin for holding in units.holdings if holding.quantity > 0))
    known = load_identities(connection, isins)
    shown_by = _shown_by(isins, known)
    history = _history(connection, [*dict.fromkeys([*isins, *shown_by])], until)
    positions = merge_holdings(units.holdings, units.as_of, known, history, as_of)
    styles = tuple(
        decide_style(_scheme_name(one, known), one.category, one.isin, one.amfi_code, choices.styles)
        for one in positions
    )
    indices = _indices(connection, history, styles, choices.benchmark, units.is_sample, until)
    panel = build_nav_panel(history, shown_by, indices[""].days, indices[""].levels)
    facts = FundFacts(load_costs(connection, isins), load_tracking(connection, isins), _on_days(indices, panel))
    lines, portfolio_of = _lines(connection, known, styles, as_of)
    master = index_master(load_master(connection), load_host_scrips(connection))
    placed = place_lines(lines, master)
    disclosure = _disclosure_of(positions, lines)
    return FundBook(
        positions=positions,
        styles=styles,
        as_of=held.as_of if held else None,
        source=units.source,
        is_sample=units.is_sample,
        days=panel.days,
        navs=panel.navs,
        returns=panel.returns,
        spans=panel.spans,
        benchmark=panel.benchmark,
        benchmark_returns=panel.benchmark_returns,
        benchmark_name=indices[""].name,
        lines=lines,
        disclosure=disclosure,
        securities=placed.securities,
        place=placed.place,
        compositions=of_funds(hold(lines, placed, resolve_units(lines, portfolio_of)), disclosure),
        facts=facts,
        issues=_nav_issues(panel, positions, history),
    )


def load_long_navs(
    connection: Connection, book: FundBook, index_days: NDArray[np.datetime64], index: FloatArray
) -> FundBook:
    """The book with every stored NAV up to its newest day, on the calendar of the index ``index`` (T,)."""
    if not len(book.days):
        return book
    isins = [one.isin for one in book.positions]
    shown_by = _shown_by(isins, load_identities(connection, isins))
    history = _navs_until(connection, [*dict.fromkeys(shown_by)], book.days[-1].astype(object))
    panel = build_nav_panel(history, shown_by, index_days, index)
    return replace(book, **{field.name: getattr(panel, field.name) for field in fields(NavPanel)})


def _shown_by(isins: Sequence[str], known: Mapping[str, FundIdentity]) -> list[str]:
    """Under which ISIN the NAVs are that show what each fund earned."""
    return [(known[isin].growth_isin if isin in known else None) or isin for isin in isins]


def _scheme_name(position: FundPosition, known: Mapping[str, FundIdentity]) -> str:
    """AMFI's name, which has no words of plan or option, else the one in the holdings."""
    return known[position.isin].scheme.name if position.isin in known else position.name


def _history(connection: Connection, symbols: Sequence[str], until: date) -> NavHistory:
    newest = max((newest for _, newest in nav_spans(connection, symbols).values()), default=until)
    return _navs_until(connection, symbols, until, min(newest, until) - HISTORY)


def _navs_until(connection: Connection, symbols: Sequence[str], until: date, since: date | None = None) -> NavHistory:
    history = load_navs(connection, symbols, since)
    kept = history.days <= np.datetime64(until)
    issues = tuple(issue for issue in history.issues if issue.day <= until)
    return replace(history, days=history.days[kept], navs=history.navs[kept], issues=issues)


def _indices(
    connection: Connection,
    history: NavHistory,
    styles: Sequence[FundStyle],
    benchmark: str | None,
    is_sample: bool,
    until: date,
) -> dict[str, _Levels]:
    """Index levels by name; Nifty 50, whatever the setting calls it, under the empty name."""
    market = (benchmark,) if benchmark else (*BENCHMARKS, *host_benchmark(connection))
    names: dict[str, tuple[str, ...]] = {"": market}
    names |= {style.index: price_symbols(style.index) for style in styles if style.index}
    symbols = [*dict.fromkeys(symbol for own in names.values() for symbol in own)]
    since = history.days[0].astype(object) if len(history.days) else until - HISTORY
    bars = load_bars(connection, symbols, ("sample",) if is_sample else SOURCES, since, until)
    if not is_sample:
        bars = merge_bars(bars, load_host_bars(connection, symbols, since, until))
    found = {}
    for name, own in names.items():
        panel = build_panel(bars, (), own, (), ROWS)[0]
        found[name] = _Levels(panel.days, panel.benchmark, panel.benchmark_name)
    return found


def _on_days(indices: Mapping[str, _Levels], panel: NavPanel) -> dict[str, FloatArray]:
    """The levels (T,) on the panel's days of every index that has any."""
    found = {}
    for name, own in indices.items():
        levels = np.full(len(panel.days), np.nan)
        _, places, rows = np.intersect1d(panel.days, own.days, return_indices=True)
        levels[places] = own.levels[rows]
        if name and np.isfinite(levels).any():
            found[name] = levels
    return found


def _lines(
    connection: Connection, known: Mapping[str, FundIdentity], styles: Iterable[FundStyle], as_of: date | None
) -> tuple[PortfolioLines, dict[str, int]]:
    """The portfolios of the funds, of the funds in them and of the benchmarks; and each unit's portfolio by ISIN."""
    indices = {style.index for style in styles if style.index}
    ids = set(_owners(known).values())
    if indices:
        stored = load_portfolio_keys(connection).values()
        ids |= {one.portfolio_id for one in stored if any(tracks(one.name, index) for index in indices)}
    asked: set[str] = set()
    owners: dict[str, int] = {}
    lines = load_portfolios(connection, ids, as_of)
    for _ in range(DEEPEST):
        units = {isin for isin in lines.isin[lines.kind == LineKind.FUND_UNIT] if isin} - asked
        if not units:
            break
        asked |= units
        owners |= _owners(load_identities(connection, sorted(units)))
        if set(owners.values()) <= ids:
            break
        ids |= set(owners.values())
        lines = load_portfolios(connection, ids, as_of)
    at = {disclosure.portfolio_id: number for number, disclosure in enumerate(lines.disclosures)}
    return lines, {isin: at[portfolio] for isin, portfolio in owners.items() if portfolio in at}


def _owners(known: Mapping[str, FundIdentity]) -> dict[str, int]:
    """The id of the stored portfolio of each ISIN that has one."""
    return {isin: one.portfolio.portfolio_id for isin, one in known.items() if one.portfolio}


def _disclosure_of(positions: Sequence[FundPosition], lines: PortfolioLines) -> IntArray:
    at = {disclosure.portfolio_id: number for number, disclosure in enumerate(lines.disclosures)}
    return np.array([at.get(one.portfolio_id or 0, -1) for one in positions], dtype=np.int64)


def _nav_issues(panel: NavPanel, positions: Sequence[FundPosition], history: NavHistory) -> tuple[DataIssue, ...]:
    return tuple(nav_issues(panel, [one.isin for one in positions], history.issues, ROWS))
