"""The report of the funds out of the fund book. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import isnan

import numpy as np

from app.domain.backtests import BacktestReport
from app.domain.combined_reports import StressResult
from app.domain.fund_reports import (
    Figure,
    FundConcentration,
    FundDisclosure,
    FundExpense,
    FundReport,
    FundWindow,
)
from app.domain.mf_reports import MFRiskReport
from app.domain.prices import FloatArray, PricePanel
from app.domain.risk_reports import WINDOWS, Share, WindowReport
from app.measures.concentration import effective_number
from app.measures.window_measures import WindowMeasures
from app.risk.combined_book import CombinedBook, Values, value_book
from app.risk.combined_contributions import divide
from app.risk.combined_diversification import diversify
from app.risk.combined_exposure import Owned, combined_exposure, coverage, look_at
from app.risk.combined_stress import stress
from app.risk.equity_measures import Portfolio, RiskOptions, build_portfolio
from app.risk.equity_report import measure_windows, window_report
from app.risk.fund_book import FundBook
from app.risk.fund_expenses import costs_of, expense_of
from app.risk.fund_exposure import (
    NO_DISCLOSURE,
    active_shares,
    disclosures_of,
    fund_coverage,
    fund_exposure,
    overlap_of,
)
from app.risk.fund_issues import fund_issues
from app.risk.fund_measures import fund_windows, nav_price_panel
from app.risk.fund_tracking import tracking_of
from app.risk.joint_series import JointPanel
from app.risk.look_through_risk import Inside, look_inside
from app.risk.range_risk import own_ranges
from app.risk.shock_exposure import exposed_to_shocks, window_betas
from app.risk.valuation import Valuation
from app.risk.var_backtest import with_preferred

MANAGERS = "unavailable: no source that is imported names a fund's managers"
UNKNOWN_HOUSE = "Unknown house"
ONE_DAY = 1


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """The book's own series of every window, with the arrays behind it; windows in order of length."""

    panel: PricePanel
    portfolios: Sequence[Portfolio]
    arrays: WindowMeasures
    windows: dict[str, WindowReport]


def compute_mf_report(
    alone: CombinedBook,
    options: RiskOptions,
    windows: Sequence[str],
    *,
    today: date,
    computed_at: str,
    as_of: date | None,
    tested: BacktestReport | None = None,
) -> MFRiskReport:
    """The report over the named windows; ``as_of`` is the earlier day that the book was read for, else None.

    ``alone`` is the fund book without shares. With its backtest each window has the VaR of the method that ``tested``
    prefers.
    """
    book, windows = alone.funds, sorted(windows, key=WINDOWS.__getitem__)
    values = value_book(alone, as_of)
    found = _measure(book, values, windows, options, tested)
    owned, portfolio, longest = look_at(alone, values), found.portfolios[-1], found.windows[windows[-1]].coverage
    joint = JointPanel(found.panel, np.ones(len(book.returns), dtype=np.int64))
    inside = look_inside(alone, joint)
    contributions = divide(alone, values, owned, joint, inside, portfolio)
    disclosures, overlap = disclosures_of(book, as_of or today), overlap_of(book)
    expenses = [expense_of(position, book.facts.costs.get(position.isin, ())) for position in book.positions]
    own = fund_windows(book, found.arrays, windows, options)
    return MFRiskReport(
        scope="mf",
        as_of=max((position.nav_date for position in book.positions if position.nav_date), default=None),
        book_as_of=book.as_of,
        computed_at=computed_at,
        currency="INR",
        value=values.total,
        sample_data=book.is_sample,
        benchmark=book.benchmark_name,
        risk_free=options.risk_free * 100,
        horizon_days=ONE_DAY,
        windows=found.windows,
        exposure=fund_exposure(book, owned.exposure, combined_exposure(alone, owned), values.total),
        overlap=overlap,
        concentration=_concentration(book, values.weights),
        contribution_window=windows[-1] if contributions else None,
        contributions=contributions,
        diversification=diversify(alone, values, owned, overlap, windows[-1], portfolio, found.arrays),
        stress=_stressed(alone, values, owned, joint, inside, portfolio.length),
        costs=costs_of(book, expenses),
        coverage=fund_coverage(book, coverage(alone, owned, disclosures, longest), values.total),
        funds=_funds(book, values.weights, own, disclosures, expenses),
        data_issues=fund_issues(book, disclosures, found.windows, as_of or today, dated=as_of is not None),
    )


def _measure(
    book: FundBook, values: Values, windows: Sequence[str], options: RiskOptions, tested: BacktestReport | None
) -> _Measured:
    """The book's measures by window, as for shares, and the arrays behind them with a column for each fund."""
    panel, lengths = nav_price_panel(book), [WINDOWS[name] for name in windows]
    portfolios = [build_portfolio(panel, values.weights, length) for length in lengths]
    arrays, ranges = measure_windows(panel, portfolios, lengths, options), own_ranges(panel, lengths)
    valuation = Valuation((), (), values.total, values.weights, ())
    reports = {
        name: window_report(panel, portfolio, arrays, row, ranges[row], valuation, options, ONE_DAY)
        for row, (name, portfolio) in enumerate(zip(windows, portfolios, strict=True))
    }
    if tested is not None:
        series = {name: portfolio.series for name, portfolio in zip(windows, portfolios, strict=True)}
        reports = with_preferred(reports, series, tested, values.total, ONE_DAY)
    return _Measured(panel, portfolios, arrays, reports)


def _stressed(
    alone: CombinedBook, values: Values, owned: Owned, joint: JointPanel, inside: Inside, length: int
) -> tuple[StressResult, ...]:
    """Betas are of returns over one day alone, as a fund's own beta is."""
    single = np.where(alone.funds.spans == 1, alone.funds.returns, np.nan)
    betas = window_betas(replace(joint, panel=replace(joint.panel, returns=single)), inside, length)
    return stress(alone, values, owned, exposed_to_shocks(alone, values, owned, inside, betas), betas)


def _concentration(book: FundBook, shares: FloatArray) -> FundConcentration:
    funds, houses = [], dict[str, float]()
    for position, share in zip(book.positions, shares.tolist(), strict=True):
        if share > 0:
            funds.append(Share(position.name, share * 100))
            house = position.house or UNKNOWN_HOUSE
            houses[house] = houses.get(house, 0.0) + share * 100
    by_house = tuple(sorted((Share(*item) for item in houses.items()), key=lambda share: -share.value))
    return FundConcentration(
        largest_fund=max(funds, key=lambda share: share.value, default=None),
        largest_house=next((share for share in by_house if share.name != UNKNOWN_HOUSE), None),
        houses=by_house,
        effective_funds=effective_number(shares) if funds else None,
    )


def _funds(
    book: FundBook,
    shares: FloatArray,
    windows: Sequence[dict[str, FundWindow]],
    disclosures: Sequence[FundDisclosure | None],
    expenses: Sequence[FundExpense],
) -> tuple[FundReport, ...]:
    active = active_shares(book)
    reports = [
        _fund(book, column, share, windows[column], disclosures[column], expenses[column], active[column])
        for column, share in enumerate(shares.tolist())
    ]
    return tuple(sorted(reports, key=lambda report: -(report.value or 0.0)))


def _fund(
    book: FundBook,
    column: int,
    share: float,
    windows: dict[str, FundWindow],
    disclosure: FundDisclosure | None,
    expense: FundExpense,
    active: Figure,
) -> FundReport:
    position, style = book.positions[column], book.styles[column]
    cost = None if position.average_price is None else position.quantity * position.average_price
    return FundReport(
        isin=position.isin,
        mf_symbol=position.mf_symbol,
        amfi_code=position.amfi_code,
        name=position.name,
        house=position.house,
        category=position.category,
        plan=position.plan,
        option=position.option,
        style=style.style,
        style_source=style.source,
        index=style.index,
        folios=position.folios,
        quantity=position.quantity,
        pledged=position.pledged,
        average_price=position.average_price,
        nav=position.nav,
        nav_date=position.nav_date,
        nav_source=position.nav_source,
        value=position.value,
        weight=None if isnan(share) else share * 100,
        pnl=None if position.value is None or cost is None else position.value - cost,
        windows=windows,
        disclosure=disclosure,
        unavailable=None if disclosure else NO_DISCLOSURE,
        active_share=active,
        tracking=tracking_of(book, column),
        expense=expense,
        managers=MANAGERS,
    )
