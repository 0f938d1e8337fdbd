"""AMFI's list into the store, and everything that hangs on it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.Boilerplate import Boilerplate
from app.domain.errors import InputFileError
from app.ingest.schemes import UnknownScheme, say_scheme
from app.store.schemes import load_codes
from tests.integration.conftest import NOW
from tests.integration.fund_files import (
    DIRECT,
    FUND,
    FUND_PAYOUT,
    FUND_REGULAR,
    PAYOUT,
    REGULAR,
    SECOND,
    bring_funds,
    bring_navall,
    fund_row,
    funds_json,
    many_funds,
    navall,
)
from tests.integration.importing import contents, rows
from tests.shared_data import shared_file

OLD = "mf/amfi/NAVAll_6col_2026-08-18.txt"
NEW = "mf/amfi/NAVAll_8col_2026-08-21.txt"
NAVS = "SELECT mf_symbol, scheme_code, nav_date, nav_value, run_date FROM mf_nav_history ORDER BY 1"


def test_both_layouts_of_the_real_list_are_stored_one_over_the_other(database: Boilerplate) -> None:
    old, new = (shared_file(name) for name in (OLD, NEW))
    assert bring_navall(database, old.read_bytes(), old.name).rows_read == 14_280
    assert bring_navall(database, new.read_bytes(), new.name).rows_read == 14_282
    with database.transaction() as connection:
        scheme = load_codes(connection, [120586])[120586]
    assert (scheme.isin, scheme.plan, scheme.option) == ("INF109K016L0", "direct", "growth")
    assert scheme.family == "icici prudential/icici prudential largecap"
    assert rows(database, "SELECT count(*) FROM risk_amfi_schemes") == [(14_310,)]


def test_the_same_list_again_and_an_older_one_change_nothing(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND, FUND_REGULAR))
    before = contents(database)
    assert bring_navall(database, navall(FUND, FUND_REGULAR)).rows_changed == 0
    older = navall(FUND.replace("Alpha Flexi Cap", "Alpha Equity").replace("20-Nov", "18-Nov"))
    assert bring_navall(database, older).rows_changed == 0
    after = contents(database)
    assert {name for name, sum_ in after.checksums.items() if sum_ != before.checksums[name]} == {"risk_imports"}


def test_a_scheme_that_a_newer_list_renames_is_still_found_under_its_older_name(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND.replace("Flexi Cap", "Equity").replace("20-Nov", "18-Nov")))
    bring_navall(database, navall(FUND))
    assert rows(database, "SELECT family, former_keys FROM risk_amfi_schemes") == [
        ("alpha/alpha flexicap", ["alpha equity"])
    ]


def test_the_newest_navs_of_held_funds_go_into_the_dashboards_history(database: Boilerplate) -> None:
    bring_funds(database, funds_json(fund_row(DIRECT)))
    bring_navall(database, navall(FUND, FUND_REGULAR))
    assert rows(database, NAVS) == [(DIRECT, "900001", date(2026, 11, 20), 100.0, date(2026, 11, 20))]


def test_of_a_payout_option_the_growth_option_is_kept_too(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND, FUND_REGULAR, FUND_PAYOUT))
    bring_funds(database, funds_json(fund_row(PAYOUT)))
    assert [row[0] for row in rows(database, NAVS)] == [DIRECT, PAYOUT]


def test_a_jump_in_the_newest_nav_is_held_back_and_told_with_the_remedy(database: Boilerplate) -> None:
    bring_funds(database, funds_json(fund_row(REGULAR)))
    bring_navall(database, navall(FUND_REGULAR.replace("20-Nov", "19-Nov")), now=NOW - timedelta(days=1))
    result = bring_navall(database, navall(FUND_REGULAR.replace(";90.0", ";9.0")))
    assert f"python -m app confirm {REGULAR} 2026-11-20" in result.warnings[0]
    assert [row[2:4] for row in rows(database, NAVS)] == [(date(2026, 11, 19), 90.0)]
    assert rows(database, "SELECT nav_value, reason FROM risk_held_navs") == [
        (9.0, "moved by -90% from 90 on 2026-11-19")
    ]


def test_a_list_of_far_fewer_schemes_than_the_last_one_needs_the_word(database: Boilerplate) -> None:
    bring_navall(database, many_funds(1_000).replace(b"20-Nov", b"19-Nov"))
    assert bring_navall(database, many_funds(800).replace(b"20-Nov", b"18-Nov")).rows_read == 800
    with pytest.raises(InputFileError, match="lists 799 schemes after 1,000: it may be cut short") as error:
        bring_navall(database, many_funds(799))
    assert "--allow-fewer" in error.value.remedy
    assert bring_navall(database, many_funds(500), allow_fewer=True).rows_read == 500
    assert bring_navall(database, many_funds(500)).rows_changed == 0


def test_a_nav_of_a_day_to_come_is_held_back_but_of_liquid_funds(database: Boilerplate) -> None:
    """It is the 20th."""
    bring_funds(database, funds_json(fund_row(DIRECT)))
    result = bring_navall(database, navall(FUND.replace("20-Nov", "25-Nov"), SECOND))
    assert result.warnings == ("Alpha Flexi Cap Fund (900001): the NAV of 2026-11-25, a day to come, is held back",)
    assert rows(database, "SELECT nav, nav_date FROM risk_amfi_schemes ORDER BY amfi_code") == [
        (None, None),
        (20.0, date(2026, 11, 20)),
    ]
    assert rows(database, NAVS) == []
    liquid = navall(FUND.replace("20-Nov", "25-Nov"), SECOND.replace("20-Nov", "21-Nov")).replace(
        b"Equity Scheme - Flexi Cap Fund", b"Debt Scheme - Liquid Fund"
    )
    assert bring_navall(database, liquid).warnings == ()
    assert [row[2] for row in rows(database, NAVS)] == [date(2026, 11, 25)]


def test_a_list_of_a_day_far_ahead_is_refused(database: Boilerplate) -> None:
    with pytest.raises(InputFileError, match="is of 2027-11-20, a day to come"):
        bring_navall(database, navall(FUND.replace("2026", "2027")))


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Too many requests</html>", b"date,nav\n2026-11-20,10\n", navall(), navall("x;y;z;;;;;")],
    ids=["empty", "page", "csv", "no rows", "no scheme"],
)
def test_another_file_is_refused_and_the_list_stays(database: Boilerplate, body: bytes) -> None:
    bring_navall(database, navall(FUND))
    before = contents(database)
    with pytest.raises(InputFileError):
        bring_navall(database, body)
    assert contents(database) == before


def test_an_override_needs_a_code_that_a_list_has_shown(database: Boilerplate) -> None:
    with database.transaction() as connection, pytest.raises(UnknownScheme, match="NAVAll"):
        say_scheme(connection, "Alpha Old Fund", 900001)
