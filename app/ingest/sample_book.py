"""The generated book of a first start: loaded where nothing else is, gone once real holdings come."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

from sqlalchemy import Connection, text

from app.domain.disclosures import DisclosureFile, Outcome, SchemeSheet, Source
from app.domain.holdings import HoldingsSnapshot
from app.domain.scheme_names import scheme_key
from app.domain.schemes import MatchedBy, Portfolio
from app.ingest.portfolios import NEW
from app.sources.amc.reader import PARSER_VERSION
from app.sources.sample_funds import ASSETS, SampleScheme, describe_funds
from app.sources.sample_market import SampleFund, generate_sample
from app.store.disclosure_writes import JudgedSheet, save_disclosures
from app.store.fund_costs import save_costs
from app.store.holdings import delete_sample_book, has_any_book, has_host_book, save_snapshot
from app.store.imports import ImportRecord, lock_imports, record_import
from app.store.prices import delete_sample_prices, save_bars
from app.store.risk_runs import delete_sample_runs
from app.store.sample_funds import delete_sample_funds
from app.store.schemes import create_portfolio, save_schemes
from app.store.securities import delete_sample_securities, load_nse_symbols, save_security_list

SAMPLE_DATE = date(2000, 1, 1)
"""The day the sample's names count for, so that any real list overrules them."""
SAMPLE = "sample"
"""The source and the file name of what was generated."""


def load_sample(connection: Connection, last_day: date) -> bool:
    """Load the sample book up to ``last_day`` if the database holds no book at all; says whether it did.

    One that is there already is removed when the dashboard has brought its own holdings since.
    """
    lock_imports(connection)
    if has_host_book(connection):
        remove_sample(connection)
    if has_any_book(connection):
        return False
    sample = generate_sample(last_day)
    newest = sample.prices.days.max().astype(object)
    changed, oldest = save_bars(connection, sample.prices, "sample", "NSE", lambda _done: None)
    save_security_list(connection, sample.securities, SAMPLE_DATE, "sample")
    save_snapshot(connection, HoldingsSnapshot(sample.holdings, "sample", newest, is_sample=True))
    for fund in sample.funds:
        _save_fund(connection, fund, newest)
    for scheme in describe_funds(sample):
        _save_scheme(connection, scheme)
    for kind in ("prices", "securities", "holdings", "disclosures"):
        record_import(
            connection, ImportRecord(kind, "sample", "", changed, changed, oldest if kind == "prices" else None)
        )
    return True


def remove_sample(connection: Connection) -> None:
    """Remove everything that was generated: book, prices, names, funds and the history of their risk.

    The book first: whoever keeps a report of it holds on to it until that report is written.
    """
    delete_sample_book(connection)
    delete_sample_prices(connection)
    delete_sample_securities(connection)
    delete_sample_funds(connection)
    delete_sample_runs(connection)


def _save_scheme(connection: Connection, described: SampleScheme) -> None:
    """AMFI's row, ratios and portfolio of a fund, under its sample ISIN."""
    scheme = described.scheme
    save_schemes(connection, (scheme,), SAMPLE_DATE)
    save_costs(
        connection, described.costs, {scheme.name: scheme_key(scheme.name)}, {scheme.name: scheme.family}, SAMPLE
    )
    if described.lines is None or scheme.isin is None:
        return
    found = Portfolio(NEW, scheme.isin, scheme.amfi_code, scheme.name, scheme.house, MatchedBy.NAME)
    portfolio = create_portfolio(connection, scheme_key(scheme.name), found)
    sheet = SchemeSheet(
        SAMPLE, scheme.name, scheme.name, described.as_on, described.lines, ASSETS, 100.0,
        described.gross_equity, described.net_equity, (), None,
    )  # fmt: skip
    file = DisclosureFile(SAMPLE, 0, sha256(scheme.isin.encode()).hexdigest(), PARSER_VERSION)
    symbols = load_nse_symbols(connection, [line.isin for line in described.lines if line.isin])
    judged = JudgedSheet(sheet, portfolio, described.as_on, False, symbols)
    save_disclosures(connection, file, [judged], Source.UPLOAD, Outcome.STORED)


def _save_fund(connection: Connection, fund: SampleFund, last_day: date) -> None:
    nav = float(fund.navs[-1])
    connection.execute(
        text("""INSERT INTO mf_holdings (run_date, folio, fund, tradingsymbol, isin, quantity, average_price,
                                         last_price, invested_amount, current_value, pnl)
                VALUES (:run_date, :folio, :fund, :isin, '', :units, :average, :nav, :invested, :value, :pnl)"""),
        {
            "run_date": last_day,
            "folio": fund.folio,
            "fund": fund.name,
            "isin": fund.isin,
            "units": fund.units,
            "average": fund.average_nav,
            "nav": nav,
            "invested": fund.units * fund.average_nav,
            "value": fund.units * nav,
            "pnl": fund.units * (nav - fund.average_nav),
        },
    )
    connection.execute(
        text("""INSERT INTO mf_nav_history (mf_symbol, fund_name, nav_date, nav_value, run_date)
                SELECT :isin, :fund, day, nav, :run_date
                FROM unnest(CAST(:days AS date[]), CAST(:navs AS float8[])) AS n (day, nav)
                ON CONFLICT (mf_symbol, nav_date) DO NOTHING"""),
        {
            "isin": fund.isin,
            "fund": fund.name,
            "run_date": last_day,
            "days": fund.days.astype(object).tolist(),
            "navs": fund.navs.tolist(),
        },
    )
