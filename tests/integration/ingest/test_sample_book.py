from __future__ import annotations

from sqlalchemy import text

from app.Boilerplate import Boilerplate
from app.ingest.sample_book import load_sample
from app.store.holdings import load_book
from tests.host_database import HOLDINGS, insert_holdings
from tests.integration.conftest import TODAY
from tests.integration.importing import bring_holdings, bring_securities, contents, rows
from tests.integration.input_files import ISINS, book, index_list, kite_json

OF_THE_SAMPLE = (
    "mf_holdings", "mf_nav_history", "risk_price_series", "risk_daily_bars", "risk_securities", "risk_security_symbols",
)  # fmt: skip


def load(database: Boilerplate) -> bool:
    with database.transaction() as connection:
        return load_sample(connection, TODAY)


def counts(database: Boilerplate) -> dict[str, object]:
    return {table: rows(database, f"SELECT count(*) FROM {table}")[0][0] for table in OF_THE_SAMPLE}


def test_an_empty_database_gets_a_book_marked_as_sample_with_prices_names_and_six_funds(database: Boilerplate) -> None:
    assert load(database)
    with database.transaction() as connection:
        kept = load_book(connection)
    assert kept is not None
    assert (kept.is_sample, kept.source, kept.as_of) == (True, "sample", TODAY)
    assert rows(database, "SELECT count(*), max(price_date) FROM rt_intraday_price") == [(0, None)]
    assert counts(database)["mf_holdings"] == 6
    assert 0 not in counts(database).values()


def test_it_is_loaded_once(database: Boilerplate) -> None:
    assert load(database)
    before = contents(database)
    assert not load(database)
    assert contents(database) == before


def test_it_leaves_completely_when_real_holdings_come(database: Boilerplate) -> None:
    load(database)
    bring_holdings(database, book())
    assert set(counts(database).values()) == {0}
    assert rows(database, "SELECT source FROM risk_holding_snapshots") == [("kite_json",)]


def test_it_leaves_completely_when_the_owner_says_that_he_owns_nothing(database: Boilerplate) -> None:
    load(database)
    bring_holdings(database, kite_json(), allow_empty=True)
    assert set(counts(database).values()) == {0}
    assert not load(database)


def test_it_leaves_real_names_and_funds_alone(database: Boilerplate) -> None:
    load(database)
    bring_securities(database, index_list([("INFYNEW", ISINS["INFY"], "Real sector")]), "list_2026-03-05.csv")
    with database.transaction() as connection:
        connection.execute(text("INSERT INTO mf_holdings (folio, tradingsymbol) VALUES ('1', 'INF879O01027')"))
    bring_holdings(database, book())
    assert rows(database, "SELECT symbol, source FROM risk_security_symbols") == [("INFYNEW", "list_2026-03-05.csv")]
    assert rows(database, "SELECT isin FROM risk_securities") == [(ISINS["INFY"],)]
    assert rows(database, "SELECT tradingsymbol FROM mf_holdings") == [("INF879O01027",)]


def test_a_dashboard_with_holdings_never_gets_it(database: Boilerplate) -> None:
    with database.transaction() as connection:
        insert_holdings(connection, TODAY, HOLDINGS)
    before = contents(database)
    assert not load(database)
    assert contents(database) == before


def test_a_dashboard_with_funds_alone_never_gets_it(database: Boilerplate) -> None:
    with database.transaction() as connection:
        connection.execute(text("INSERT INTO mf_holdings (folio, tradingsymbol) VALUES ('1', 'INF879O01027')"))
    assert not load(database)
    assert rows(database, "SELECT count(*) FROM mf_holdings") == [(1,)]


def test_it_leaves_at_the_next_start_when_the_dashboard_brought_holdings(database: Boilerplate) -> None:
    load(database)
    with database.transaction() as connection:
        insert_holdings(connection, TODAY, HOLDINGS)
        kept = load_book(connection)
    assert kept is not None
    assert not kept.is_sample
    assert not load(database)
    assert set(counts(database).values()) == {0}
    assert rows(database, "SELECT count(*) FROM holdings") == [(len(HOLDINGS),)]
