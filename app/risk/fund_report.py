"""The report of the funds out of the fund book. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import isnan

import numpy as np

from app.domain.fund_reports import (
    Figure,
    FundConcentration,
    FundDisclosure,
    FundExpense,
    FundReport,
    FundWindow,
    MFRiskReport,
)
from app.domain.prices import FloatArray
from app.domain.risk_reports import WINDOWS, Share, WindowReport
from app.measures.concentration import effective_number, weights
from app.measures.window_measures import WindowMeasures
from app.risk.equity_measures import RiskOptions, build_portfolio
from app.risk.equity_report import measure_windows, window_report
from app.risk.fund_book import FundBook
from app.risk.fund_expenses import costs_of, expense_of
from app.risk.fund_exposure import (
    NO_DISCLOSURE,
    active_shares,
    coverage_of,
    disclosures_of,
    exposures,
    fund_exposure,
    overlap_of,
)
from app.risk.fund_issues import fund_issues
from app.risk.fund_measures import fund_windows, nav_price_panel, tracking_of
from app.risk.range_risk import own_ranges
from app.risk.valuation import Valuation

MANAGERS = "unavailable: no source that is imported names a fund's managers"
UNKNOWN_HOUSE = "Unknown house"
ONE_DAY = 1


def compute_mf_report(
    book: FundBook, options: RiskOptions, windows: Sequence[str], *, today: date, computed_at: str, as_of: date | None
) -> MFRiskReport:
    """The report over the named windows; ``as_of`` is the earlier day that the book was read for, else None."""
    windows = sorted(windows, key=WINDOWS.__getitem__)
    shares = weights(book.values) if len(book.positions) else np.empty(0)
    total = float(np.nansum(book.values)) if np.isfinite(book.values).any() else None
    reports, measured = _windows(book, shares, total, windows, options)
    exposure = exposures(book)
    disclosures = disclosures_of(book, as_of or today)
    expenses = [expense_of(position, book.facts.costs.get(position.isin, ())) for position in book.positions]
    own = fund_windows(book, measured, windows, options)
    longest = reports[windows[-1]].coverage if windows else 0.0
    return MFRiskReport(
        scope="mf",
        as_of=max((position.nav_date for position in book.positions if position.nav_date), default=None),
        book_as_of=book.as_of,
        computed_at=computed_at,
        currency="INR",
        value=total,
        sample_data=book.is_sample,
        benchmark=book.benchmark_name,
        risk_free=options.risk_free * 100,
        horizon_days=ONE_DAY,
        windows=reports,
        exposure=fund_exposure(book, exposure, total),
        overlap=overlap_of(book),
        concentration=_concentration(book, shares),
        costs=costs_of(book, expenses),
        coverage=coverage_of(book, exposure, longest, total),
        funds=_funds(book, shares, own, disclosures, expenses),
        data_issues=fund_issues(book, disclosures, reports, as_of or today, dated=as_of is not None),
    )


def _windows(
    book: FundBook, shares: FloatArray, total: float | None, windows: Sequence[str], options: RiskOptions
) -> tuple[dict[str, WindowReport], WindowMeasures]:
    """The book's measures by window, as for shares, and the arrays behind them with a column for each fund."""
    panel = nav_price_panel(book)
    lengths = [WINDOWS[name] for name in windows]
    portfolios = [build_portfolio(panel, shares, length) for length in lengths]
    measured = measure_windows(panel, portfolios, lengths, options)
    ranges = own_ranges(panel, lengths)
    valuation = Valuation((), (), total, shares, ())
    reports = {
        name: window_report(panel, portfolio, measured, row, ranges[row], valuation, options, ONE_DAY)
        for row, (name, portfolio) in enumerate(zip(windows, portfolios, strict=True))
    }
    return reports, measured


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
