"""The fund book out of the store: a fixed number of queries, whatever it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from app.domain.data_issues import DataIssue, Severity
from app.domain.fund_holdings import FundBook as HeldFunds
from app.domain.fund_reports import StyleOverride
from app.domain.navs import NavHistory
from app.domain.prices import FloatArray
from app.domain.risk_reports import WINDOWS
from app.domain.risk_runs import BookUsed
from app.domain.schemes import FundIdentity
from app.measures.conventions import IntArray
from app.risk.fund_book import FundBook, FundFacts, FundPosition
from app.risk.fund_lines import of_funds
from app.risk.fund_opening import disclosure_of, open_portfolios, place_opened
from app.risk.fund_positions import merge_holdings
from app.risk.fund_styles import FundStyle, decide_style, price_symbols, total_return
from app.risk.nav_panel import NavPanel, build_nav_panel, nav_issues
from app.risk.price_loading import benchmark_names, load_prices
from app.risk.price_panel import build_panel
from app.store.fund_costs import load_costs, load_tracking
from app.store.navs import load_navs, nav_spans
from app.store.schemes import load_identities, load_unmatched

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
    opened = open_portfolios(connection, known, styles, as_of)
    disclosure = disclosure_of(positions, opened.lines)
    placed = place_opened(connection, opened)
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
        lines=opened.lines,
        disclosure=disclosure,
        securities=placed.securities,
        place=placed.place,
        compositions=of_funds(placed.held, disclosure),
        facts=facts,
        issues=(*_nav_issues(panel, positions, history), *_name_issues(connection, disclosure), *opened.issues),
        used=BookUsed(held.as_of, held.snapshot_id) if held else None,
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
    names: dict[str, tuple[str, ...]] = {"": benchmark_names(connection, benchmark)}
    followed = [style.index for style in styles if style.index]
    names |= {name: price_symbols(name) for index in followed for name in (index, total_return(index))}
    symbols = [*dict.fromkeys(symbol for own in names.values() for symbol in own)]
    since = history.days[0].astype(object) if len(history.days) else until - HISTORY
    bars = load_prices(connection, symbols, since, until, is_sample=is_sample)
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


def _nav_issues(panel: NavPanel, positions: Sequence[FundPosition], history: NavHistory) -> tuple[DataIssue, ...]:
    return tuple(nav_issues(panel, [one.isin for one in positions], history.issues, ROWS))


def _name_issues(connection: Connection, disclosure: IntArray) -> Iterator[DataIssue]:
    """Names tied to no scheme, where a fund held has no portfolio: it may be under one of them since it was renamed."""
    names = load_unmatched(connection) if (disclosure < 0).any() else ()
    if names:
        message = (
            f"Of {len(names)} portfolios AMFI's list does not tell the scheme, e.g. {names[0]}: a fund without a "
            "portfolio may have been merged or renamed."
        )
        remedy = "Say which scheme it is under Bring portfolios in, or with 'python -m app funds match'."
        yield DataIssue("unmatched_names", Severity.WARNING, "PORTFOLIO", message, remedy)
