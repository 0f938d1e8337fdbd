"""Expense ratios and tracking figures, tied to AMFI's schemes by name and read by ISIN."""

from __future__ import annotations

import json
from datetime import date

import pytest

from app.Boilerplate import Boilerplate
from app.domain.errors import InputFileError
from app.domain.fund_costs import FundCost, FundTracking
from app.store.fund_costs import load_costs, load_tracking
from tests.integration.fund_files import (
    DIRECT,
    FUND,
    FUND_PAYOUT,
    FUND_REGULAR,
    PAYOUT,
    bring_navall,
    bring_ter,
    bring_tracking,
    navall,
)
from tests.integration.importing import contents, rows
from tests.shared_data import shared_file

CSV = b"""Scheme Name,Regular Plan - Base TER (%),Regular Plan - Total TER (%),Direct Plan - Total TER (%)
Alpha Flexi Cap Fund,1.5,1.75,0.66
"""
ERROR = {"Scheme_Name": "Alpha Flexi Cap Fund", "Benchmark": "NIFTY 500", "RegularPercent": "0.05"}
DIFFERENCE = {"Scheme_Name": "Alpha Flexi Cap Fund", "Benchmark": "NIFTY 500", "Y1_R": "-0.31", "Y1_D": "-0.12"}


def costs(database: Boilerplate, isin: str) -> dict[str, FundCost]:
    with database.transaction() as connection:
        return {f"{cost.plan} {cost.kind}": cost for cost in load_costs(connection, [isin]).get(isin, ())}


def tracking(database: Boilerplate, isin: str) -> dict[str, FundTracking]:
    with database.transaction() as connection:
        return {f"{one.kind} {one.period}": one for one in load_tracking(connection, [isin]).get(isin, ())}


def body(*rows: object) -> bytes:
    return json.dumps({"data": rows}).encode()


def test_the_real_ratios_are_stored_and_found_by_isin(database: Boilerplate) -> None:
    listing = shared_file("mf/amfi/NAVAll_8col_2026-08-21.txt")
    bring_navall(database, listing.read_bytes(), listing.name)
    file = shared_file("mf/amfi/ter_2024-10-07.csv")
    result = bring_ter(database, file.read_bytes(), file.name)
    assert result.rows_changed > 4_000
    found = costs(database, "INF879O01027")
    assert (found["direct total"].percent, found["direct total"].as_of) == (0.63, date(2024, 10, 7))
    assert bring_ter(database, file.read_bytes(), file.name).rows_changed == 0
    (tied,) = rows(database, "SELECT count(DISTINCT scheme_key), count(DISTINCT family) FROM risk_fund_costs")
    assert tied == (1_608, 1_441)


def test_both_plans_are_told_for_any_isin_of_the_scheme(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND, FUND_REGULAR, FUND_PAYOUT))
    bring_ter(database, CSV)
    for isin in (DIRECT, PAYOUT):
        found = costs(database, isin)
        assert {name: cost.percent for name, cost in found.items()} == {
            "regular base": 1.5,
            "regular total": 1.75,
            "direct total": 0.66,
        }


def test_costs_that_came_before_the_list_are_tied_when_it_comes(database: Boilerplate) -> None:
    assert "import navall" in bring_ter(database, CSV).warnings[0]
    bring_navall(database, navall(FUND))
    assert costs(database, DIRECT)["direct total"].percent == 0.66


def test_older_ratios_are_kept_and_the_newest_is_told(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND))
    bring_ter(database, CSV.replace(b"0.66", b"0.60"), "ter_2026-11-15.csv")
    bring_ter(database, CSV, "ter_2026-10-01.csv")
    assert costs(database, DIRECT)["direct total"].percent == 0.60
    assert rows(database, "SELECT count(*) FROM risk_fund_costs WHERE kind = 'total' AND plan = 'direct'") == [(2,)]


def test_tracking_error_and_difference_are_kept_by_plan_and_period(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND, FUND_REGULAR))
    bring_tracking(database, body(ERROR | {"DirectPercent": "0.04"}))
    bring_tracking(database, body(DIFFERENCE))
    found = tracking(database, DIRECT)
    assert {name: figure.percent for name, figure in found.items()} == {"error 1y": 0.04, "difference 1y": -0.12}
    assert found["error 1y"].benchmark == "NIFTY 500"


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"data": 3}', b"busy", body({"a": 1})])
def test_an_answer_that_is_none_stores_nothing(database: Boilerplate, data: bytes) -> None:
    before = contents(database)
    with pytest.raises(InputFileError):
        bring_ter(database, data, "ter.json")
    with pytest.raises(InputFileError):
        bring_tracking(database, data)
    assert contents(database) == before
