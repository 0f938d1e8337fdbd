"""Index weights and funds of funds out of the real disclosures, through the store."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from app.Boilerplate import Boilerplate
from app.domain.disclosures import Source
from app.ingest.disclosures import import_disclosure
from app.risk.benchmark_weights import benchmark_weights
from app.risk.fund_units import resolve_units
from app.store.disclosures import load_portfolios
from app.store.schemes import load_identities
from tests.integration.conftest import TODAY
from tests.integration.fund_files import bring_navall
from tests.shared_data import shared_file

FUNDS = (
    "mf/hdfc/Monthly HDFC Nifty 50 Index Fund - 31 January 2025.xlsx",
    "mf/icici/ICICI Prudential Nifty 50 Index Fund.xlsx",
    "mf/navi/Navi Nifty 50 Index Fund-Jan 25.xlsx",
)
LIQUID = "mf/hdfc/Monthly HDFC Liquid Fund - 31 January 2025.xlsx"
ALLOCATOR = "mf/hdfc/Monthly HDFC Asset Allocator Fund of Funds - 31 January 2025.xlsx"
FLEXI_CAP = "mf/hdfc/Monthly HDFC Flexi Cap Fund - 31 January 2025.xlsx"


def bring(database: Boilerplate, *files: Path) -> None:
    for file in files:
        with database.transaction() as connection:
            import_disclosure(connection, file.read_bytes(), file.name, TODAY, source=Source.UPLOAD)


def test_three_index_funds_of_one_day_give_the_same_weights(database: Boilerplate) -> None:
    found = []
    for name in FUNDS:
        bring(database, shared_file(name))
        with database.transaction() as connection:
            lines = load_portfolios(connection)
        newest = benchmark_weights(lines, "Nifty 50")
        assert newest is not None
        assert newest.as_on == date(2025, 1, 31)
        assert len(newest.weights) == 51
        assert sum(newest.weights.values()) == pytest.approx(100.0, abs=1e-9)
        found.append(newest)
    for other in found[1:]:
        assert max(abs(found[0].weights[isin] - weight) for isin, weight in other.weights.items()) < 0.02


def test_the_units_of_a_fund_of_funds_become_what_those_funds_hold(database: Boilerplate) -> None:
    listing = shared_file("mf/amfi/NAVAll_8col_2026-08-21.txt")
    bring_navall(database, listing.read_bytes(), listing.name)
    bring(database, *(shared_file(name) for name in (ALLOCATOR, LIQUID, FLEXI_CAP)))
    with database.transaction() as connection:
        lines = load_portfolios(connection)
        units = sorted({isin for isin in lines.isin if isin and isin.startswith("INF")})
        identities = load_identities(connection, units)
    place = {head.portfolio_id: at for at, head in enumerate(lines.disclosures)}
    portfolio_of = {
        isin: place[one.portfolio.portfolio_id]
        for isin, one in identities.items()
        if one.portfolio and one.portfolio.portfolio_id in place
    }
    found = resolve_units(lines, portfolio_of)
    fof = next(at for at, head in enumerate(lines.disclosures) if "Allocator" in head.name)
    mine = found.portfolio == fof
    before = lines.weight[lines.portfolio == fof].sum()
    assert portfolio_of
    assert found.weight[mine].sum() == pytest.approx(before, abs=0.5)
    assert np.count_nonzero(mine) > 50
    assert {one.reason for one in found.unresolved} == {"no portfolio of it is stored"}
