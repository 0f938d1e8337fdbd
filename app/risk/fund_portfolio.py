"""One fund's portfolio out of the store, with what it is made of and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from app.domain.data_issues import DataIssue, Severity
from app.domain.days import check_days
from app.domain.disclosures import Disclosure, LineKind, PortfolioLines, Texts
from app.domain.errors import UnknownFund
from app.domain.fund_portfolios import Coverage, FundLine, FundPortfolio, Provenance, Share
from app.domain.schemes import Portfolio
from app.domain.securities import UNCLASSIFIED
from app.store.disclosures import find_portfolio, load_disclosures, load_newest_refusal, load_portfolios

STALE_AFTER = 45
"""Days: houses have ten days after a month's end, and the month before is 31 days long."""
WELL_COVERED = 90.0
UPLOAD = "Upload the fund house's file of the month, or run 'python -m app import disclosures FILE'."
_SECURITIES = (LineKind.EQUITY, LineKind.FOREIGN_EQUITY, LineKind.DEBT, LineKind.FUND_UNIT, LineKind.TRUST_UNIT)


def fund_portfolio(connection: Connection, key: str, as_on: date | None, today: date) -> FundPortfolio:
    """The newest portfolio of a scheme at or before ``as_on``.

    ``key`` is any ISIN or AMFI code of the scheme's plans, or the symbol of the portfolio itself.

    Raises:
        UnknownFund: when there is no such scheme, or nothing of it by that day.
        WrongDay: for an ``as_on`` after ``today``.
    """
    check_days(today, as_on)
    portfolio = find_portfolio(connection, key)
    stored = load_disclosures(connection, [portfolio.portfolio_id]) if portfolio else ()
    lines = load_portfolios(connection, [portfolio.portfolio_id], as_on) if portfolio else None
    if portfolio is None or lines is None or not stored:
        raise UnknownFund(f"No portfolio of a fund {key!r} is stored.", UPLOAD)
    if not lines.disclosures:
        oldest = stored[0].as_on
        raise UnknownFund(f"The oldest portfolio of {key!r} is of {oldest}.", "Ask for that day or a later one.")
    refusal = load_newest_refusal(connection, portfolio.portfolio_id)
    return describe_portfolio(portfolio, lines, [one.as_on for one in stored], refusal, today)


def describe_portfolio(
    portfolio: Portfolio,
    lines: PortfolioLines,
    months: Sequence[date],
    refusal: tuple[str, date | None, str] | None,
    today: date,
) -> FundPortfolio:
    """The lines of one portfolio with their totals, coverage and flaws.

    ``refusal`` is file, day and reason of a later file that was not believed.
    """
    (head,) = lines.disclosures
    shares = lines.kind == LineKind.EQUITY
    coverage = _coverage(lines, shares)
    return FundPortfolio(
        mf_symbol=portfolio.mf_symbol,
        amfi_code=portfolio.amfi_code,
        name=head.name,
        house=portfolio.house,
        as_on=head.as_on,
        age_days=(today - head.as_on).days,
        stated_total=head.stated_total,
        sum_of_weights=head.sum_of_weights,
        gross_equity=head.gross_equity,
        net_equity=head.net_equity,
        partial=head.partial,
        coverage=coverage,
        sectors=_totals(lines.sector[shares], lines.weight[shares]),
        industries=_totals(lines.industry[shares], lines.weight[shares]),
        kinds=_totals(lines.kind, lines.weight),
        lines=tuple(_lines(lines)),
        months=tuple(months),
        provenance=Provenance(head.file, head.sheet, head.sha256, head.parser_version, head.imported_at, head.source),
        warnings=head.warnings,
        data_issues=tuple(_issues(portfolio, head, coverage, refusal, today)),
    )


def _lines(lines: PortfolioLines) -> Iterator[FundLine]:
    for at in range(len(lines)):
        quantity = float(lines.quantity[at])
        yield FundLine(
            isin=lines.isin[at],
            symbol=lines.symbol[at],
            name=lines.name[at],
            sector=lines.sector[at],
            industry=lines.industry[at],
            kind=LineKind(lines.kind[at]),
            weight=float(lines.weight[at]),
            value=float(lines.value[at]),
            quantity=None if np.isnan(quantity) else quantity,
            in_total=bool(lines.in_total[at]),
        )


def _totals(names: Texts, weights: NDArray[np.float64]) -> tuple[Share, ...]:
    """The sum of each name, largest first; lines without a name are ``Unclassified``."""
    unique, codes = np.unique([name or UNCLASSIFIED for name in names], return_inverse=True)
    sums = np.bincount(codes, weights, len(unique))
    return tuple(Share(str(unique[at]), float(sums[at])) for at in np.argsort(-sums, kind="stable"))


def _coverage(lines: PortfolioLines, shares: NDArray[np.bool_]) -> Coverage:
    securities = np.isin(lines.kind.astype(str), _SECURITIES)
    return Coverage(
        isin=_covered(lines.isin, lines.weight, securities),
        symbol=_covered(lines.symbol, lines.weight, shares),
        sector=_covered(lines.sector, lines.weight, shares),
    )


def _covered(names: Texts, weights: NDArray[np.float64], among: NDArray[np.bool_]) -> float | None:
    sizes = np.abs(weights[among])
    known = np.array([name is not None for name in names[among]], dtype=bool)
    return float(100 * sizes[known].sum() / sizes.sum()) if sizes.sum() > 0 else None


def _issues(
    portfolio: Portfolio,
    head: Disclosure,
    coverage: Coverage,
    refusal: tuple[str, date | None, str] | None,
    today: date,
) -> Iterator[DataIssue]:
    age = (today - head.as_on).days
    if age > STALE_AFTER:
        message = f"The portfolio is of {head.as_on}, {age} days ago: a newer month should be out."
        yield DataIssue("stale_disclosure", Severity.WARNING, portfolio.mf_symbol, message, UPLOAD)
    if refusal is not None:
        message = f"A later file was not believed: {refusal[0]} {refusal[2]}."
        yield DataIssue("refused_disclosure", Severity.WARNING, portfolio.mf_symbol, message, UPLOAD)
    if head.partial:
        message = "Only part of the portfolio can be looked through."
        yield DataIssue("partial_disclosure", Severity.WARNING, portfolio.mf_symbol, message)
    if portfolio.amfi_code is None:
        message = f"AMFI's list has no scheme that is surely {head.name!r}."
        remedy = "Import NAVAll with 'python -m app import navall FILE', or name the scheme with 'funds match'."
        yield DataIssue("unmatched_scheme", Severity.INFO, portfolio.mf_symbol, message, remedy)
    if coverage.symbol is not None and coverage.symbol < WELL_COVERED:
        message = f"NSE's lists name only {coverage.symbol:.0f} % of its shares."
        remedy = "Import NSE's newest lists with 'python -m app import securities FILE'."
        yield DataIssue("unknown_shares", Severity.WARNING, portfolio.mf_symbol, message, remedy)
