from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from app.Boilerplate import POOL_SIZE, Boilerplate, refusal
from app.domain.errors import DatabaseGone, DatabaseUnavailable
from tests.integration.importing import rows

INSERT = text("INSERT INTO risk_config (config_key) VALUES ('limit')")


def test_a_transaction_commits_when_its_block_ends(database: Boilerplate) -> None:
    with database.transaction() as connection:
        connection.execute(INSERT)
    assert rows(database, "SELECT config_key FROM risk_config") == [("limit",)]


def test_a_transaction_rolls_back_when_its_block_raises(database: Boilerplate) -> None:
    def fail_after_a_row() -> None:
        with database.transaction() as connection:
            connection.execute(INSERT)
            raise LookupError

    with pytest.raises(LookupError):
        fail_after_a_row()
    assert rows(database, "SELECT config_key FROM risk_config") == []


def test_an_error_of_sql_stays_what_it_is(database: Boilerplate) -> None:
    with database.transaction() as connection:
        connection.execute(INSERT)
    with pytest.raises(IntegrityError), database.transaction() as connection:
        connection.execute(INSERT)


def test_a_session_says_who_it_is_and_works_in_its_schema_and_in_utc(database: Boilerplate) -> None:
    query = "SELECT current_setting('application_name'), current_schema(), current_setting('TimeZone')"
    assert rows(database, query) == [("kite-portfolio-risk", "my_schema", "UTC")]


def test_connections_are_few_however_many_ask(database: Boilerplate) -> None:
    query = "SELECT count(*), pg_sleep(0.01) FROM pg_stat_activity WHERE datname = current_database()"
    with ThreadPoolExecutor(20) as pool:
        counted = [row[0][0] for row in pool.map(lambda _: rows(database, query), range(40))]
    assert max(int(str(count)) for count in counted) <= POOL_SIZE


def test_more_than_all_connections_is_refused_with_the_reason(
    database: Boilerplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database.engine().pool, "_timeout", 0.01)
    with ExitStack() as busy:
        for _ in range(POOL_SIZE):
            busy.enter_context(database.transaction())
        with pytest.raises(DatabaseUnavailable, match=f"All {POOL_SIZE} connections"):
            busy.enter_context(database.transaction())
    assert rows(database, "SELECT 1") == [(1,)]


def test_a_connection_that_breaks_in_the_middle_is_reported_and_nothing_of_it_is_kept(database: Boilerplate) -> None:
    def lose_the_connection_after_a_row() -> None:
        with database.transaction() as connection:
            connection.execute(INSERT)
            process = connection.scalar(text("SELECT pg_backend_pid()"))
            rows(database, f"SELECT pg_terminate_backend({process}, 5000)")
            connection.execute(text("SELECT 1"))

    with pytest.raises(DatabaseUnavailable, match="can't be reached"):
        lose_the_connection_after_a_row()
    assert rows(database, "SELECT config_key FROM risk_config") == []


def test_a_wrong_address_is_reported_without_the_password() -> None:
    database = Boilerplate("postgresql+psycopg2://me:hidden@127.0.0.1:9/none", "my_schema", Path())
    with pytest.raises(DatabaseUnavailable, match="can't be reached") as caught:
        rows(database, "SELECT 1")
    for private in ("hidden", "127.0.0.1", "me", "socket"):
        assert private not in str(caught.value).replace("DATABASE_URL", "").split()
    assert "Check that Postgres runs" in caught.value.remedy


def test_what_postgres_says_is_told_in_words_without_its_names(database_url: str) -> None:
    wrong = make_url(database_url).set(database="nowhere").render_as_string(hide_password=False)
    with pytest.raises(DatabaseUnavailable, match=r"reached: the server has no such database or user\.") as caught:
        rows(Boilerplate(wrong, "my_schema", Path()), "SELECT 1")
    assert "nowhere" not in str(caught.value)


def test_a_running_process_never_puts_a_new_database_where_the_old_one_was(tmp_path: Path) -> None:
    child = Boilerplate(None, "my_schema", tmp_path, is_new_allowed=False)
    with pytest.raises(DatabaseGone, match="has gone"):
        rows(child, "SELECT 1")
    assert list(tmp_path.iterdir()) == []


def test_a_closed_database_is_not_opened_again(database_url: str) -> None:
    database = Boilerplate(database_url, "my_schema", Path())
    assert rows(database, "SELECT 1") == [(1,)]
    database.close()
    with pytest.raises(DatabaseUnavailable, match="ending"):
        rows(database, "SELECT 1")


def test_code_written_for_the_dashboard_gets_a_connection(database: Boilerplate) -> None:
    connection = database.get_db_connection()
    cursor = connection.cursor()
    cursor.execute("SELECT current_schema()")
    assert cursor.fetchone() == ("my_schema",)
    connection.close()


def test_only_a_missing_table_or_column_is_a_reason_to_migrate(database: Boilerplate) -> None:
    def remedy(query: str) -> str:
        with pytest.raises(SQLAlchemyError) as caught, database.transaction() as connection:
            connection.execute(text(query))
        return str(refusal(caught.value))

    assert "migrate" in remedy("SELECT * FROM nothing_of_the_kind")
    assert "migrate" in remedy("SELECT nothing_of_the_kind FROM risk_feeds")
    assert "migrate" not in remedy("SELECT CAST(3000000000 AS integer)")
