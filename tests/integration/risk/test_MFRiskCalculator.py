"""Real disclosures, NAVs and index prices through the fund report, as of the last day of the index prices."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from app.bootstrap import Services, build_services
from app.domain.disclosures import LineKind, Source
from app.domain.fund_costs import FundTracking as OfficialTracking
from app.domain.fund_costs import TrackingKind
from app.domain.fund_reports import FundReport, Style
from app.domain.mf_reports import MFRiskReport
from app.domain.schemes import Plan
from app.domain.serialise import to_json
from app.ingest.disclosures import import_disclosure
from app.ingest.fund_costs import import_ter
from app.ingest.fund_holdings import import_fund_holdings
from app.ingest.navs import import_navs
from app.ingest.prices import import_prices
from app.ingest.schemes import import_navall
from app.ingest.securities import import_securities
from app.risk import MFRiskCalculator
from app.risk.fund_book import FundBook, with_shares
from app.risk.fund_loading import load_fund_book
from app.risk.fund_tracking import tracking_of
from app.settings import read_settings
from tests.databases import copied_database
from tests.integration.conftest import NOW, TODAY, clock
from tests.shared_data import shared_file

AS_OF = date(2025, 9, 17)
"""The last day of the index prices."""
FUNDS = {
    "uti_nifty": ("INF789F01XA0", 120716),
    "hdfc_nifty": ("INF179K01WM1", 119063),
    "bandhan_nifty": ("INF194K012A8", 118482),
    "navi_nifty": ("INF959L01FP2", 149039),
    "ppfas": ("INF879O01027", 122639),
    "hdfc_flexi": ("INF179K01UT0", 118955),
    "hdfc_arbitrage": ("INF179KA1KT6", 129052),
    "hdfc_allocator": ("INF179KC1BA3", None),
    "nj_arbitrage": ("INF0J8L01065", None),
}
"""ISINs of direct growth plans, and the AMFI code of those whose NAVs are here."""
FILES = (
    "hdfc/Monthly HDFC Nifty 50 Index Fund - 31 January 2025.xlsx",
    "hdfc/Monthly HDFC Flexi Cap Fund - 31 January 2025.xlsx",
    "hdfc/Monthly HDFC Asset Allocator Fund of Funds - 31 January 2025.xlsx",
    "hdfc/Monthly HDFC Gold ETF - 31 January 2025.xlsx",
    "hdfc/Monthly HDFC Liquid Fund - 31 January 2025.xlsx",
    "hdfc/Monthly HDFC Corporate Bond Fund - 31 July 2025.xlsx",
    "icici/ICICI Prudential Nifty 50 Index Fund.xlsx",
    "bandhan/034c8d96-bandhan-nifty-50-index-fund-31-jan-2025.xlsx",
    "navi/Navi Nifty 50 Index Fund-Jan 25.xlsx",
    "ppfas/PPFAS_Monthly_Portfolio_Report_January_31_2025.xls",
    "nj/IN_MF_MONTHLY_PORTFOLIO - January 2025 Final With Derivative disclosure.-20250207063001.xlsx",
    "sbi/SBI_All-Schemes-Monthly-Portfolio---as-on-31st-July-2025.xlsx",
)
UNITS = 1000.0


@pytest.fixture(scope="module")
def real(postgres_url: str, template_database: str) -> Iterator[Services]:
    """Nine funds of which eight have a portfolio and seven have NAVs."""
    files = [shared_file(f"mf/{name}") for name in FILES]
    with copied_database(postgres_url, template_database) as url:
        services = build_services(read_settings({"DATABASE_URL": url, "RISK_SIMULATION_PATHS": "1000"}), clock)
        _bring_lists(services)
        with services.database.transaction() as connection:
            for path in files:
                import_disclosure(connection, path.read_bytes(), path.name, TODAY, source=Source.UPLOAD)
            import_fund_holdings(connection, _book(), "mf_holdings.json", NOW)
            for code in filter(None, (code for _, code in FUNDS.values())):
                import_navs(connection, shared_file(f"mf/nav/{code}.csv").read_bytes(), f"{code}.csv", NOW)
        yield services
        services.close()


@pytest.fixture(scope="module")
def report(real: Services) -> MFRiskReport:
    return real.mf.report(as_of=AS_OF)


def test_nifty_50_index_funds_overlap_by_more_than_99_percent(report: MFRiskReport) -> None:
    at = {isin: place for place, isin in enumerate(report.overlap.funds)}
    three = [at[FUNDS[name][0]] for name in ("hdfc_nifty", "bandhan_nifty", "navi_nifty")]
    among = np.ix_(three, three)
    assert (report.overlap.matrix[among] > 99).all()
    assert (report.overlap.names[among] == 51).all()
    assert report.overlap.matrix[at[FUNDS["hdfc_nifty"][0]], at[FUNDS["ppfas"][0]]] < 50


def test_the_active_share_of_index_funds_is_below_1_percent_and_of_a_flexi_cap_far_above(report: MFRiskReport) -> None:
    for name in ("hdfc_nifty", "bandhan_nifty", "navi_nifty"):
        share = fund(report, name).active_share
        assert share.value is not None, name
        assert 0 < share.value < 1, name
    flexi = fund(report, "ppfas").active_share
    assert flexi.value is not None
    assert 60 < flexi.value < 100
    assert "SBI Nifty 500 Index Fund as of 2025-07-31" in flexi.method
    assert fund(report, "nj_arbitrage").active_share.unavailable


def test_tracking_error_against_the_price_index_is_what_dividends_explain(report: MFRiskReport) -> None:
    """No official figures are among the files. Dividends of 1.2 to 1.4 % a year come in some 50 lumps on ex-days: a
    standard deviation of 0.2 to 0.4 % a year against an index without them, beside the few hundredths of the fund."""
    for name in ("uti_nifty", "hdfc_nifty", "bandhan_nifty", "navi_nifty"):
        tracking = fund(report, name).tracking
        assert tracking.error.value == pytest.approx(0.3, abs=0.15), name
        assert tracking.difference.value == pytest.approx(1.3, abs=0.7), name
        assert tracking.error.as_of == AS_OF
        assert tracking.error.observations > 200
        assert "without dividends" in tracking.error.method
        assert "too high" in tracking.difference.method
        assert tracking.official_error.unavailable


def test_tracking_error_agrees_within_the_band_with_what_amfi_shows_for_large_index_funds(real: Services) -> None:
    """AMFI's lists of this day are not among the files; they show 0.02 to 0.10 %, and a lag of 0.05 to 0.4 %."""
    book = real.mf.book(AS_OF)
    for name in ("uti_nifty", "hdfc_nifty", "bandhan_nifty", "navi_nifty"):
        column = [position.isin for position in book.positions].index(FUNDS[name][0])
        for error, lag in ((0.02, -0.05), (0.10, -0.4)):
            listed = tuple(
                OfficialTracking(name, Plan.DIRECT, kind, "1y", percent, "Nifty 50 TRI", date(2025, 8, 31))
                for kind, percent in ((TrackingKind.ERROR, error), (TrackingKind.DIFFERENCE, lag))
            )
            facts = replace(book.facts, tracking={FUNDS[name][0]: listed})
            found = tracking_of(replace(book, facts=facts), column)
            for agreement in (found.agreement, found.difference_agreement):
                assert agreement is not None, name
                assert (agreement.within, agreement.own_as_of) == (True, date(2025, 8, 29)), (name, agreement)


def test_two_funds_of_one_index_differ_by_the_few_hundredths_that_official_figures_show(real: Services) -> None:
    """Against each other dividends cancel: AMFI shows 0.02 to 0.10 % a year for large funds of this index."""
    book = real.mf.book(AS_OF)
    at = {position.isin: place for place, position in enumerate(book.positions)}
    one, other = (book.returns[-252:, at[FUNDS[name][0]]] for name in ("uti_nifty", "hdfc_nifty"))
    assert 0 < float(np.nanstd(one - other, ddof=1)) * 252**0.5 * 100 < 0.10


def test_an_arbitrage_fund_adds_almost_nothing_to_beta_or_to_net_equity(report: MFRiskReport) -> None:
    beta = fund(report, "hdfc_arbitrage").windows["1y"].measures["beta"]
    assert beta.value is not None
    assert abs(beta.value) < 0.05
    known = fund(report, "nj_arbitrage").disclosure
    assert known is not None
    assert known.net_equity == pytest.approx(-0.34, abs=0.02)
    assert known.gross_equity == pytest.approx(70.19 + 70.53, abs=0.05)


def test_an_index_fund_has_beta_1_and_its_measures_are_those_of_its_navs(report: MFRiskReport) -> None:
    measures = fund(report, "uti_nifty").windows["1y"].measures
    assert measures["beta"].value == pytest.approx(1.0, abs=0.01)
    assert measures["correlation_nifty"].value == pytest.approx(1.0, abs=0.001)
    lines = shared_file("mf/nav/120716.csv").read_text().splitlines()[1:]
    navs = np.array([float(line.split(",")[1]) for line in lines if line.split(",")[0] <= str(AS_OF)])
    returns = navs[1:] / navs[:-1] - 1
    expected = returns[-252:].std(ddof=1) * 252**0.5 * 100
    assert measures["volatility"].value == pytest.approx(expected, rel=0.02)


def test_a_fund_of_funds_is_resolved_into_what_its_funds_hold(report: MFRiskReport, real: Services) -> None:
    known = fund(report, "hdfc_allocator").disclosure
    assert known is not None
    assert 0 < known.unresolved < 100
    book = real.mf.book(AS_OF)
    column = [position.isin for position in book.positions].index(FUNDS["hdfc_allocator"][0])
    own = book.compositions.securities[book.compositions.funds == column]
    kinds = set(book.securities.kinds[own])
    assert {LineKind.GOLD, LineKind.DEBT} <= kinds
    assert "INF179KC1981" not in set(book.securities.keys[own])


def test_a_fund_without_a_portfolio_is_uncovered_and_not_diversification(report: MFRiskReport) -> None:
    missing = fund(report, "uti_nifty")
    assert missing.disclosure is None
    assert missing.unavailable
    assert missing.active_share.unavailable
    assert missing.isin in report.coverage.uncovered
    assert report.exposure.remainder >= (missing.weight or 0.0) - 1e-9
    row = report.overlap.funds.index(missing.isin)
    assert np.isnan(report.overlap.matrix[row]).all()
    assert report.coverage.disclosed == pytest.approx(
        sum(one.weight or 0.0 for one in report.funds if one.disclosure is not None)
    )


def test_exposure_and_remainder_make_all_of_the_value(report: MFRiskReport) -> None:
    securities = report.exposure.securities
    assert sum(one.net for one in securities) + report.exposure.remainder == pytest.approx(100.0, abs=1e-9)
    assert sum(group.total for group in report.exposure.assets) == pytest.approx(100.0, abs=1e-9)
    for one in securities:
        assert sum(part.value for part in one.funds) == pytest.approx(one.net, abs=1e-9)


def test_a_renamed_isin_and_a_direct_share_meet_in_one_security(real: Services) -> None:
    book = real.mf.book(AS_OF)
    finance = [at for at, name in enumerate(book.securities.names.tolist()) if "bajaj finance" in str(name).casefold()]
    shares = [at for at in finance if book.securities.kinds[at] == LineKind.EQUITY]
    assert [book.securities.keys[at] for at in shares] == ["INE296A01032"]
    joined, places = with_shares(book, real.equity.book().positions)
    assert len(joined.securities) == len(book.securities)
    assert len(places) == 0


def test_the_older_a_portfolio_the_louder(real: Services) -> None:
    codes = [issue.code for issue in real.mf.report().data_issues]
    assert codes.count("stale_disclosure") == 7
    fresh = real.mf.report(as_of=date(2025, 2, 20))
    aged = {one.isin for one in fresh.funds if one.disclosure and one.disclosure.age_days > 45}
    assert not aged
    assert not any(issue.code == "stale_disclosure" for issue in fresh.data_issues)


def test_styles_are_decided_from_amfis_category(report: MFRiskReport) -> None:
    assert {one.isin for one in report.funds if one.style is Style.INDEX} == {
        FUNDS[name][0] for name in ("uti_nifty", "hdfc_nifty", "bandhan_nifty", "navi_nifty")
    }
    assert fund(report, "uti_nifty").index == "Nifty 50"
    assert fund(report, "ppfas").index == "Nifty 500"


def test_costs_of_both_plans_are_in_percent_and_rupees(report: MFRiskReport) -> None:
    flexi = fund(report, "ppfas")
    assert flexi.plan == "direct"
    assert flexi.value is not None
    gap = flexi.expense.gap
    assert gap.value is not None
    assert 0.3 < gap.value < 1.5
    assert gap.rupees == pytest.approx(gap.value / 100 * flexi.value)
    assert gap.as_of is not None
    assert "total expense ratio" in gap.method


def test_the_book_is_kept_until_an_import_and_a_warm_report_reads_little(
    real: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[object] = []

    def spied(*arguments: Any) -> FundBook:
        reads.append(arguments)
        return load_fund_book(*arguments)

    monkeypatch.setattr(MFRiskCalculator, "load_fund_book", spied)
    first = real.mf.book()
    kept = len(reads)
    assert real.mf.book() is first
    assert len(reads) == kept
    with real.database.transaction() as connection:
        import_navs(connection, b"date,nav\n2026-05-05,170.1\n", "120716.csv", NOW)
    assert real.mf.book() is not first
    assert len(reads) == kept + 1
    monkeypatch.setattr(real.mf, "_now", lambda: NOW + timedelta(minutes=10))
    assert real.mf.book() is not first
    assert len(reads) == kept + 2


def test_the_json_has_the_shape_of_the_equity_report(report: MFRiskReport) -> None:
    body = json.loads(to_json(report))
    assert body["scope"] == "mf"
    assert body["windows"]["1y"]["measures"]["var_historical_95"]["value"] > 0
    assert {"unit", "rupees", "unavailable", "method", "observations", "coverage"} <= set(
        body["windows"]["60d"]["measures"]["beta"]
    )


def fund(report: MFRiskReport, name: str) -> FundReport:
    return next(one for one in report.funds if one.isin == FUNDS[name][0])


def _book() -> bytes:
    rows = [
        {
            "folio": "1", "fund": name, "tradingsymbol": isin, "quantity": UNITS, "average_price": 10.0,
            "last_price": 20.0, "last_price_date": "", "pledged_quantity": 0, "pnl": 0,
        }
        for name, (isin, _) in FUNDS.items()
    ]  # fmt: skip
    return json.dumps({"status": "success", "data": rows}).encode()


def _bring_lists(services: Services) -> None:
    with services.database.transaction() as connection:
        name = "mf/amfi/NAVAll_8col_2026-08-21.txt"
        import_navall(connection, shared_file(name).read_bytes(), "NAVAll.txt", NOW)
        import_ter(connection, shared_file("mf/amfi/ter_2024-10-07.csv").read_bytes(), "ter_2024-10-07.csv", TODAY)
        for name in ("EQUITY_L.csv", "ind_nifty500list.csv", "ind_niftytotalmarket_list.csv"):
            import_securities(connection, shared_file(f"market/{name}").read_bytes(), name, TODAY)
        import_prices(
            connection,
            _index_prices(),
            "indices.csv",
            TODAY,
            price_basis=None,
            volume_basis=None,
            progress=lambda _done, _total: None,
        )


def _index_prices() -> bytes:
    with gzip.open(shared_file("market/nse_daily.csv.gz"), "rb") as file:
        header, *lines = file.read().splitlines()
    return b"\n".join([header, *(line for line in lines if line.startswith((b"NIFTY50,", b"NIFTY500,")))])
