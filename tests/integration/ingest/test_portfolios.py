"""Scheme names of disclosures become portfolios that keep their identity over lists, renames and a person's word."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text

from app.Boilerplate import Boilerplate
from app.domain.schemes import Portfolio
from app.ingest.portfolios import relink_portfolios, resolve_portfolios
from app.ingest.schemes import say_scheme
from tests.integration.fund_files import (
    DIRECT,
    FUND,
    FUND_PAYOUT,
    FUND_REGULAR,
    OTHER,
    REGULAR,
    SECOND,
    bring_navall,
    navall,
)
from tests.integration.importing import rows

NAME = "Alpha Flexi Cap Fund (An open ended equity scheme)"
LINES = "SELECT mf_symbol, stock_symbol FROM mf_underlying_holdings ORDER BY id"


def resolve(database: Boilerplate, *names: str) -> tuple[Portfolio, ...]:
    with database.transaction() as connection:
        return resolve_portfolios(connection, names)


def relink(database: Boilerplate) -> int:
    with database.transaction() as connection:
        return relink_portfolios(connection)


def add_disclosure(database: Boilerplate, portfolio: Portfolio, month_end: date, stock: str) -> None:
    """One line of a disclosure of the portfolio."""
    with database.transaction() as connection:
        disclosure = connection.scalar(
            text("""INSERT INTO risk_disclosures (portfolio_id, as_on, month_end, file, sheet, sha256, parser_version,
                                                  source, partial, lines, warnings)
                    VALUES (:portfolio, :day, :day, 'f', 's', :stock, 1, 'upload', false, 1, '{}')
                    RETURNING disclosure_id"""),
            {"portfolio": portfolio.portfolio_id, "day": month_end, "stock": stock},
        )
        line = connection.scalar(
            text("INSERT INTO mf_underlying_holdings (mf_symbol, stock_symbol) VALUES (:symbol, :stock) RETURNING id"),
            {"symbol": portfolio.mf_symbol, "stock": stock},
        )
        connection.execute(
            text("""INSERT INTO risk_disclosure_lines (id, disclosure_id, kind, sign, section, in_total)
                    VALUES (:id, :disclosure, 'equity', 1, '', true)"""),
            {"id": line, "disclosure": disclosure},
        )


def test_a_scheme_is_known_by_the_isin_of_its_direct_growth_plan(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND_REGULAR, FUND_PAYOUT, FUND))
    (found,) = resolve(database, NAME)
    assert (found.mf_symbol, found.amfi_code, found.house) == (DIRECT, 900001, "Alpha Mutual Fund")
    assert found.matched_by == "name"


def test_without_a_direct_growth_plan_the_regular_one_stands_and_else_any_isin(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND_REGULAR, FUND_PAYOUT, SECOND.replace("Direct Plan;Growth", ";")))
    assert [found.mf_symbol for found in resolve(database, NAME, "Alpha Nifty 50 Index Fund")] == [REGULAR, OTHER]


def test_a_name_is_the_same_portfolio_every_time(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND))
    first, again = resolve(database, NAME, "ALPHA FLEXI-CAP FUND")
    assert first == again
    assert resolve(database, NAME) == (first,)
    assert rows(database, "SELECT count(*) FROM risk_portfolios") == [(1,)]


def test_an_unknown_scheme_goes_by_a_slug_until_amfi_knows_it_and_its_lines_move_with_it(database: Boilerplate) -> None:
    (unknown,) = resolve(database, "Alpha Flexi Cap Fund")
    assert (unknown.mf_symbol, unknown.amfi_code, unknown.matched_by) == ("alpha-flexi-cap-fund", None, "none")
    add_disclosure(database, unknown, date(2026, 10, 31), "INFY")
    bring_navall(database, navall(FUND))
    assert rows(database, LINES) == [(DIRECT, "INFY")]
    assert resolve(database, "Alpha Flexi Cap Fund")[0].portfolio_id == unknown.portfolio_id
    assert relink(database) == 0


def test_a_hosts_own_rows_keep_their_symbol(database: Boilerplate) -> None:
    resolve(database, "Alpha Flexi Cap Fund")
    with database.transaction() as connection:
        connection.execute(
            text("INSERT INTO mf_underlying_holdings (mf_symbol, stock_symbol) VALUES ('alpha-flexi-cap-fund', 'X')")
        )
    bring_navall(database, navall(FUND))
    assert rows(database, LINES) == [("alpha-flexi-cap-fund", "X")]


def test_a_persons_word_ties_a_renamed_scheme_and_joins_the_two_portfolios(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND))
    current, former = resolve(database, NAME, "Alpha Bluechip Opportunities Fund")
    assert former.matched_by == "none"
    add_disclosure(database, former, date(2026, 9, 30), "OLD")
    add_disclosure(database, former, date(2026, 10, 31), "TWICE")
    add_disclosure(database, current, date(2026, 10, 31), "NEW")
    with database.transaction() as connection:
        assert say_scheme(connection, "Alpha Bluechip Opportunities Fund", 900001) == 1
    assert rows(database, LINES) == [(DIRECT, "OLD"), (DIRECT, "NEW")]
    assert resolve(database, "Alpha Bluechip Opportunities Fund") == (current,)
    assert rows(database, "SELECT count(*) FROM risk_portfolios") == [(1,)]


def test_two_schemes_that_a_list_shows_to_be_one_become_one(database: Boilerplate) -> None:
    resolve(database, "Alpha Flexi Cap Fund", "Alpha Old Name Fund")
    former = FUND.replace("Alpha Flexi Cap Fund", "Alpha Flexi Cap Fund (formerly known as Alpha Old Name Fund)")
    bring_navall(database, navall(former))
    assert rows(database, "SELECT mf_symbol FROM risk_portfolios") == [(DIRECT,)]
