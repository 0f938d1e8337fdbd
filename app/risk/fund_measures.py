"""The measures of every fund from its own NAVs, each with its method or the reason why there is none. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite

import numpy as np

from app.domain.fund_reports import Figure, FundWindow
from app.domain.prices import PricePanel
from app.domain.risk_reports import WINDOWS, Measure, Unit
from app.measures import market
from app.measures.conventions import has_enough_returns, has_tail
from app.measures.window_measures import WindowMeasures
from app.risk.equity_measures import METHODS, NO_SPREAD, RiskOptions, why_no_pairs
from app.risk.fund_book import FundBook

TAILS = {"95": 0.95, "99": 0.99}
NAV_RETURNS = "; from NAVs, after costs"
NO_RETURN_BELOW = "no return was below the risk-free rate"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One measure: its name on the API, its field of WindowMeasures, its method, the factor to its unit, its level."""

    name: str
    field: str
    method: str
    factor: float
    level: float | None = None
    reason: str = NO_SPREAD


_LOSSES = ("volatility", "volatility_ewma")
_TAILED = ("var_historical", "var_parametric", "cvar")
OWN = (
    *(_Wanted(name, name, name, 100.0) for name in _LOSSES),
    *(
        _Wanted(f"{kind}_{part}", f"{kind}_{part}", kind, 100.0, level if kind != "var_parametric" else None)
        for part, level in TAILS.items()
        for kind in _TAILED
    ),
    _Wanted("max_drawdown", "max_drawdown", "max_drawdown", 100.0),
    _Wanted("sharpe", "sharpe", "sharpe", 1.0),
    _Wanted("sortino", "sortino", "sortino", 1.0, reason=NO_RETURN_BELOW),
)


MARKETS = ("beta", "correlation_nifty", "r_squared")
USED = frozenset([*(one.method for one in OWN), *MARKETS])
"""Names of the methods."""


def nav_price_panel(book: FundBook) -> PricePanel:
    """The book as the panel that the measures of shares take: NAVs for closes, ISINs for symbols, no volumes."""
    count = len(book.positions)
    return PricePanel(
        days=book.days,
        symbols=tuple(position.isin for position in book.positions),
        closes=book.navs,
        volumes=np.full(book.navs.shape, np.nan),
        benchmark=book.benchmark,
        benchmark_name=book.benchmark_name,
        returns=book.returns,
        benchmark_returns=book.benchmark_returns,
        ranges=np.full((4, *book.returns.shape), np.nan),
        sources=tuple(position.nav_source for position in book.positions),
        suspended=np.zeros(count, dtype=bool),
    )


def fund_windows(
    book: FundBook, measured: WindowMeasures, windows: Sequence[str], options: RiskOptions
) -> list[dict[str, FundWindow]]:
    """For each fund its measures by window; ``measured`` has the funds in its first columns, a row a window."""
    by_window = [_of_window(book, measured, row, name, options) for row, name in enumerate(windows)]
    return [
        {name: own[column] for name, own in zip(windows, by_window, strict=True)}
        for column in range(len(book.positions))
    ]


def _of_window(
    book: FundBook, measured: WindowMeasures, row: int, window: str, options: RiskOptions
) -> list[FundWindow]:
    length, count = WINDOWS[window], len(book.positions)
    words = {"benchmark": book.benchmark_name or "Nifty 50", "risk_free": options.risk_free * 100}
    methods = {name: METHODS[name].format(**words) + NAV_RETURNS for name in USED}
    figures = [(getattr(measured, one.field)[row, :count] * one.factor).tolist() for one in OWN]
    markets = _with_market(book, length)
    days, present = book.days[1:][-length:], np.isfinite(book.returns[-length:])
    found = []
    for column, position in enumerate(book.positions):
        known = np.flatnonzero(present[:, column])
        own = _Own(length, len(known), position.value, methods)
        found.append(
            FundWindow(
                observations=len(known),
                from_date=days[known[0]].astype(object) if len(known) else None,
                to_date=days[known[-1]].astype(object) if len(known) else None,
                measures={one.name: own.measure(one, values[column]) for one, values in zip(OWN, figures, strict=True)}
                | own.markets(*markets[column], book.benchmark_name),
            )
        )
    return found


def _with_market(book: FundBook, length: int) -> list[tuple[float, float, int]]:
    """Each fund's beta, correlation and days with the benchmark, from its one-day returns alone."""
    single = np.where(book.spans == 1, book.returns, np.nan)[-length:]
    index = book.benchmark_returns[-length:]
    pairs = np.isfinite(single + index[:, np.newaxis]).sum(axis=0)
    figures = (market.beta(single, index), market.correlation(single, index), pairs)
    return list(zip(*(figure.tolist() for figure in figures), strict=True))


@dataclass(frozen=True, slots=True)
class _Own:
    """Turns one fund's number over a window into a measure, or into the reason why there is none."""

    length: int
    observations: int
    value: float | None
    methods: dict[str, str]

    def measure(self, wanted: _Wanted, figure: float) -> Measure:
        return self._made(wanted.method, figure, self._why(wanted, figure), wanted.factor == 100.0, self.observations)

    def markets(self, beta: float, correlation: float, pairs: int, benchmark: str | None) -> dict[str, Measure]:
        few = self._too_few() or why_no_pairs(pairs, self.length, benchmark)
        figures = dict(zip(MARKETS, (beta, correlation, correlation**2), strict=True))
        return {
            name: self._made(name, figure, few or (None if isfinite(figure) else NO_SPREAD), False, pairs)
            for name, figure in figures.items()
        }

    def _why(self, wanted: _Wanted, figure: float) -> str | None:
        if self._too_few():
            return self._too_few()
        if wanted.level is not None and not has_tail(self.observations, wanted.level):
            needed = round(1 / (1 - wanted.level))
            return f"{wanted.level:.0%} needs at least {needed} returns, this window has {self.observations}"
        return None if isfinite(figure) else wanted.reason

    def _too_few(self) -> str | None:
        if has_enough_returns(self.observations, self.length):
            return None
        return f"{self.observations} of {self.length} returns, nine in ten are needed"

    def _made(self, method: str, figure: float, missing: str | None, percent: bool, observations: int) -> Measure:
        rupees = figure / 100 * self.value if percent and not missing and self.value is not None else None
        return Measure(
            value=None if missing else figure,
            unit=Unit.PERCENT if percent else Unit.RATIO,
            rupees=rupees,
            unavailable=missing,
            method=self.methods[method],
            observations=observations,
            coverage=0.0 if missing else 100.0,
        )


def percent_figure(
    value: float | None,
    reason: str,
    method: str,
    as_of: date | None,
    observations: int = 0,
    rupees: float | None = None,
    coverage: float = 100.0,
) -> Figure:
    """A figure in percent; unavailable for ``reason`` where the value is missing."""
    known = value is not None and isfinite(value)
    return Figure(
        value=value if known else None,
        unit=Unit.PERCENT,
        rupees=rupees if known else None,
        unavailable=None if known else reason,
        method=method,
        observations=observations,
        coverage=coverage if known else 0.0,
        as_of=as_of,
    )
