"""The report of shares and funds together. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from math import isfinite

import numpy as np

from app.domain.backtests import BacktestReport
from app.domain.combined_reports import (
    CombinedFund,
    CombinedRiskReport,
    CombinedWindow,
    LookThroughRisk,
    ValueSplit,
)
from app.domain.data_issues import DataIssue, Severity
from app.domain.disclosures import LineKind
from app.domain.fund_reports import FundDisclosure
from app.domain.prices import FloatArray
from app.domain.risk_reports import WINDOWS, Measure, Unit, WindowReport
from app.measures.conventions import has_coverage
from app.measures.window_measures import WindowMeasures
from app.risk.combined_book import CombinedBook, Values, value_book
from app.risk.combined_contributions import divide
from app.risk.combined_diversification import diversify
from app.risk.combined_exposure import (
    ASSET_OF,
    UNKNOWN,
    combined_exposure,
    coverage,
    look_at,
    newest,
    over_concentrations,
)
from app.risk.combined_stress import stress
from app.risk.equity_measures import Portfolio, RiskOptions, build_portfolio, why_no_pairs
from app.risk.equity_report import book_issues, empty_book_issues, left_out_issues, measure_windows, window_report
from app.risk.fund_exposure import NO_DISCLOSURE, disclosures_of, overlap_of
from app.risk.fund_issues import disclosure_issues, fund_issues
from app.risk.fund_portfolio import UPLOAD
from app.risk.joint_series import JointPanel, join
from app.risk.look_through_risk import Inside, look_inside, look_through_windows
from app.risk.range_risk import own_ranges
from app.risk.reverse_stress import reverse_stress
from app.risk.shock_exposure import exposed_to_shocks, window_betas
from app.risk.valuation import Valuation
from app.risk.var_backtest import with_preferred

BETA_WEIGHTED = "beta_weighted"


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """The joint series of every window, with the arrays behind it; windows in order of length."""

    joint: JointPanel
    inside: Inside
    names: Sequence[str]
    portfolios: Sequence[Portfolio]
    arrays: WindowMeasures
    windows: Mapping[str, CombinedWindow]


def compute_combined(
    book: CombinedBook,
    options: RiskOptions,
    windows: Sequence[str],
    *,
    horizon_days: int,
    today: date,
    computed_at: str,
    as_of: date | None,
    tested: BacktestReport | None = None,
) -> CombinedRiskReport:
    """The report over the named windows; ``as_of`` is the earlier day that the book was read for, else None.

    With the backtest of this book each window has the VaR of the method that ``tested`` prefers.
    """
    values = value_book(book, as_of)
    owned = look_at(book, values)
    found = _measure(book, values, options, sorted(windows, key=WINDOWS.__getitem__), horizon_days, tested)
    disclosures = disclosures_of(book.seen, as_of or today)
    overlap, exposure = overlap_of(book.seen), combined_exposure(book, owned)
    longest, portfolio = found.windows[found.names[-1]], found.portfolios[-1]
    betas = window_betas(found.joint, found.inside, portfolio.length)
    exposed = exposed_to_shocks(book, values, owned, found.inside, betas)
    contributions = divide(book, values, owned, found.joint, found.inside, portfolio)
    return CombinedRiskReport(
        scope="combined",
        as_of=newest([_share_day(book), *(one.nav_date for one in book.funds.positions)]),
        book_as_of=newest([book.shares.as_of, book.funds.as_of]),
        computed_at=computed_at,
        currency="INR",
        value=values.total,
        value_split=_split(book, values),
        sample_data=book.shares.is_sample or book.funds.is_sample,
        benchmark=found.joint.panel.benchmark_name,
        risk_free=options.risk_free * 100,
        horizon_days=horizon_days,
        windows=dict(found.windows),
        exposure=exposure,
        over_concentrations=over_concentrations(exposure, values.total),
        overlap=overlap,
        contribution_window=found.names[-1] if contributions else None,
        contributions=contributions,
        diversification=diversify(book, values, owned, overlap, found.names[-1], portfolio, found.arrays),
        stress=stress(book, values, owned, exposed, betas),
        reverse_stress=reverse_stress(exposed, owned, longest.drawdown.today if longest.drawdown else None),
        coverage=coverage(book, owned, disclosures, longest.coverage),
        funds=_funds(book, values, disclosures),
        data_issues=_issues(book, values, disclosures, found, today, as_of),
    )


def _measure(
    book: CombinedBook,
    values: Values,
    options: RiskOptions,
    windows: Sequence[str],
    horizon: int,
    tested: BacktestReport | None,
) -> _Measured:
    joint = join(book.shares.panel, book.funds)
    panel, lengths = joint.panel, [WINDOWS[name] for name in windows]
    inside = look_inside(book, joint)
    portfolios = [build_portfolio(panel, values.weights, length) for length in lengths]
    arrays, ranges = measure_windows(panel, portfolios, lengths, options), own_ranges(panel, lengths)
    valuation = Valuation((), (), values.total, values.weights, ())
    plain = [
        window_report(panel, portfolio, arrays, row, ranges[row], valuation, options, horizon)
        for row, portfolio in enumerate(portfolios)
    ]
    seen = look_through_windows(
        book, values.weights, joint, inside, portfolios, [one.measures for one in plain], values.total, options, horizon
    )
    chosen = dict(zip(windows, plain, strict=True))
    if tested is not None:
        series = {name: portfolio.series for name, portfolio in zip(windows, portfolios, strict=True)}
        chosen = with_preferred(chosen, series, tested, values.total, horizon)
    reports = {
        name: _window(chosen[name], _weighted_beta(joint, portfolio, arrays, row), joint, portfolio, seen[row])
        for row, (name, portfolio) in enumerate(zip(windows, portfolios, strict=True))
    }
    return _Measured(joint, inside, windows, portfolios, arrays, reports)


def _window(
    report: WindowReport, weighted: Measure, joint: JointPanel, portfolio: Portfolio, seen: LookThroughRisk
) -> CombinedWindow:
    """The window with the plan's weighted beta beside that of the regression."""
    known = {field.name: getattr(report, field.name) for field in fields(WindowReport)}
    names = list(report.measures)
    at = names.index("beta") + 1
    order = [*names[:at], BETA_WEIGHTED, *names[at:]]
    known["measures"] = {name: report.measures.get(name, weighted) for name in order}
    several = int(np.count_nonzero(joint.spans[-portfolio.length :] > 1))
    return CombinedWindow(**known, several_days=several, look_through=seen)


def _weighted_beta(joint: JointPanel, portfolio: Portfolio, arrays: WindowMeasures, row: int) -> Measure:
    """Mean of the holdings' own betas by value, as the plan has it; those without one left out."""
    panel = joint.panel
    count = len(panel.symbols)
    index = panel.benchmark_returns[-portfolio.length :]
    betas = arrays.beta[row, :count]
    known = portfolio.included & np.isfinite(betas)
    sized = float(portfolio.weights[known].sum())
    pairs = int(np.count_nonzero(np.isfinite(portfolio.series + index)))
    reason = portfolio.unavailable or why_no_pairs(pairs, portfolio.length, panel.benchmark_name)
    if reason is None and not has_coverage(np.asarray(sized)):
        reason = "too little of the value has a beta of its own"
    return Measure(
        value=None if reason else float(portfolio.weights[known] @ betas[known]) / sized,
        unit=Unit.RATIO,
        rupees=None,
        unavailable=reason,
        method="mean of the holdings' own betas, weighted by value",
        observations=pairs,
        coverage=sized * 100,
    )


def _split(book: CombinedBook, values: Values) -> ValueSplit:
    shares, funds = (_sum(part) for part in (values.shares, values.funds))
    total = values.total
    names = [*(one.symbol for one in book.shares.positions), *(one.isin for one in book.funds.positions)]
    both = np.concatenate([values.shares, values.funds])
    return ValueSplit(
        shares=shares,
        funds=funds,
        shares_percent=shares / total * 100 if shares is not None and total else None,
        funds_percent=funds / total * 100 if funds is not None and total else None,
        shares_as_of=newest([price.as_of for price in values.valuation.prices]),
        funds_as_of=newest([one.nav_date for one in book.funds.positions]),
        positions_without_value=tuple(names[at] for at in np.flatnonzero(np.isnan(both)).tolist()),
    )


def _sum(values: FloatArray) -> float | None:
    return float(np.nansum(values)) if np.isfinite(values).any() else None


def _share_day(book: CombinedBook) -> date | None:
    """The newest day of prices, where there is a share to be priced."""
    days = book.shares.panel.days
    day: date | None = days[-1].astype(object) if len(days) and book.shares.positions else None
    return day


def _known(figure: float) -> float | None:
    return figure if isfinite(figure) else None


def _funds(
    book: CombinedBook, values: Values, disclosures: Sequence[FundDisclosure | None]
) -> tuple[CombinedFund, ...]:
    held, prices = book.held, values.valuation.prices
    rows = [
        CombinedFund(
            isin=one.isin,
            mf_symbol=one.mf_symbol,
            name=one.name,
            category=one.category,
            value=_known(value),
            weight=_known(value / values.total * 100) if values.total else None,
            nav_date=prices[column].as_of if column < len(prices) else one.nav_date,
            as_on=head.as_on if head else None,
            age_days=head.age_days if head else None,
            equity=head.net_equity if head else None,
            unresolved=head.unresolved if head else 100.0,
            unavailable=None if head else NO_DISCLOSURE,
        )
        for one, head, column, value in zip(
            held.positions, disclosures, held.columns.tolist(), values.holdings[held.columns].tolist(), strict=True
        )
    ]
    return tuple(sorted(rows, key=lambda row: -(row.value or 0.0)))


def _issues(
    book: CombinedBook,
    values: Values,
    disclosures: Sequence[FundDisclosure | None],
    found: _Measured,
    today: date,
    as_of: date | None,
) -> tuple[DataIssue, ...]:
    """Those of both books, each once, and those of the joint series."""
    shares = book.shares
    day = _share_day(book)
    issues = [
        *book_issues(shares, values.valuation, {}, day, today if as_of is None else None),
        *fund_issues(book.funds, disclosures[: len(book.funds.positions)], {}, as_of or today, dated=as_of is not None),
        *_unit_issues(book, disclosures),
        *left_out_issues(dict(found.windows), shares.price_issues),
        *empty_book_issues((*shares.positions, *book.funds.positions)),
        *_joint_issues(found),
    ]
    merged = {(issue.code, issue.subject, issue.message): issue for issue in issues}
    rank = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
    return tuple(sorted(merged.values(), key=lambda issue: (rank[issue.severity], issue.code, issue.subject)))


def _unit_issues(book: CombinedBook, disclosures: Sequence[FundDisclosure | None]) -> Iterator[DataIssue]:
    """What is known of the units of funds in the demat account."""
    funds, table, is_direct = len(book.funds.positions), book.funds.securities, book.is_direct.tolist()
    for one, head in zip(book.held.positions[funds:], disclosures[funds:], strict=True):
        message = "It is a unit of a fund in the demat account: looked through, priced by the market."
        yield DataIssue("fund_in_demat", Severity.INFO, one.isin, message)
        yield from disclosure_issues(one.isin, head)
    for share, place, alone in zip(book.shares.positions, book.places.tolist(), is_direct, strict=True):
        if alone and table.kinds[place] == LineKind.FUND_UNIT:
            asset = ASSET_OF[LineKind(table.assets[place])]
            counts = "is unresolved" if asset == UNKNOWN else f"counts as {asset}, by AMFI's category and its name"
            message = (
                "It is a unit of a fund in the demat account of which no portfolio is stored: it is not looked through "
                f"and {counts}."
            )
            yield DataIssue("fund_in_demat", Severity.WARNING, share.symbol, message, UPLOAD)


def _joint_issues(found: _Measured) -> list[DataIssue]:
    issues = []
    several = found.windows[found.names[-1]].several_days
    if several:
        message = f"{several} joint returns of {found.names[-1]} cover several trading days, because a NAV is missing."
        issues.append(DataIssue("joint_gaps", Severity.INFO, "PORTFOLIO", message, "Import the funds' NAV histories."))
    return issues
