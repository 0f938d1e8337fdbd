from __future__ import annotations

import csv

from app.Boilerplate import Boilerplate
from app.domain.schemes import FundIdentity
from app.ingest.portfolios import resolve_portfolios
from app.store.schemes import load_identities
from tests.integration.fund_files import DIRECT, FUND, FUND_PAYOUT, FUND_REGULAR, PAYOUT, REGULAR, bring_navall, navall
from tests.shared_data import shared_file


def identities(database: Boilerplate, *isins: str) -> dict[str, FundIdentity]:
    with database.transaction() as connection:
        return load_identities(connection, isins)


def test_every_plan_and_option_leads_to_the_one_portfolio(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND, FUND_REGULAR, FUND_PAYOUT))
    with database.transaction() as connection:
        (portfolio,) = resolve_portfolios(connection, ["Alpha Flexi Cap Fund"])
    found = identities(database, DIRECT, REGULAR, PAYOUT, "INF999999999")
    assert {isin: one.portfolio for isin, one in found.items()} == dict.fromkeys((DIRECT, REGULAR, PAYOUT), portfolio)
    assert {isin: one.growth_isin for isin, one in found.items()} == {DIRECT: DIRECT, REGULAR: REGULAR, PAYOUT: DIRECT}
    assert found[PAYOUT].scheme.amfi_code == 900003


def test_a_fund_without_a_disclosure_has_no_portfolio_yet(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND))
    assert identities(database, DIRECT)[DIRECT].portfolio is None


def test_of_an_isin_in_two_rows_the_living_one_speaks(database: Boilerplate) -> None:
    dead = FUND.replace("900001", "900009").replace("20-Nov-2026", "20-Nov-2020")
    bring_navall(database, navall(dead, FUND))
    assert identities(database, DIRECT)[DIRECT].scheme.amfi_code == 900001


def test_kites_published_instruments_are_tied_to_amfis_schemes(database: Boilerplate) -> None:
    listing, instruments = shared_file("mf/amfi/NAVAll_8col_2026-08-21.txt"), "mf/reference/kite/mf_instruments.csv"
    with shared_file(instruments).open() as rows:
        kite = {row["tradingsymbol"]: row for row in csv.DictReader(rows)}
    bring_navall(database, listing.read_bytes(), listing.name)
    found = identities(database, *kite)
    assert (len(kite), len(found)) == (99, 86)  # the others were merged away between 2017 and 2026
    assert all(kite[isin]["plan"] == one.scheme.plan for isin, one in found.items() if one.scheme.plan)
