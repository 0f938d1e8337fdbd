"""Every report that is computed is kept: once, beside the answer, whatever becomes of the write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

import app.__main__ as command_line
from app.bootstrap import Services, build_services
from app.domain.risk_runs import Asked, RunKind, UnknownRun
from app.KiteAccessToken import create_app
from app.risk import run_keeping
from app.settings import Settings, read_settings
from tests.integration.conftest import NOW, TODAY, clock
from tests.integration.fund_files import (
    FUND,
    bring_funds,
    bring_navall,
    bring_navs,
    fund_row,
    funds_json,
    nav_csv,
    navall,
)
from tests.integration.importing import bring_holdings, bring_prices, rows
from tests.integration.input_files import book, price_csv, random_closes, weekdays
from tests.integration.live_pages import tick, trade

SCOPES = ("equity", "mf", "combined")
DAYS: list[date] = weekdays(400).tolist()
NAVS = [(str(day), 100.0 + number % 7) for number, day in enumerate(DAYS)]
HELD = "INFY"


@pytest.fixture
def filled(services: Services) -> Services:
    """Five shares and a fund, with prices and NAVs of four hundred days."""
    bring_prices(services.database, price_csv(random_closes(400)))
    bring_holdings(services.database, book())
    bring_navall(services.database, navall(FUND))
    bring_funds(services.database, funds_json(fund_row(quantity=200)))
    bring_navs(services.database, nav_csv(*NAVS))
    return services


@pytest.fixture
def client(filled: Services) -> FlaskClient:
    return create_app(filled).test_client()


@pytest.fixture
def other(filled: Services, database_url: str) -> Iterator[Services]:
    """Another process, two hours later."""
    settings = read_settings({"DATABASE_URL": database_url, "RISK_SIMULATION_PATHS": "2000"})
    built = build_services(settings, lambda: NOW + timedelta(hours=2))
    yield built
    built.close()


def get(client: FlaskClient, *paths: str) -> None:
    for path in paths:
        assert client.get(f"/api/risk/{path}").status_code == 200


def kept(services: Services, columns: str = "scope, kind") -> list[tuple[object, ...]]:
    services.keeper.finish()
    return rows(services.database, f"SELECT {columns} FROM risk_runs ORDER BY run_id")


def test_every_answer_of_the_api_is_a_run(client: FlaskClient, filled: Services) -> None:
    get(client, *SCOPES)
    assert kept(filled) == [(scope, "on_demand") for scope in SCOPES]
    report = client.get("/api/risk/combined").get_json()
    (found,) = rows(filled.database, "SELECT report FROM risk_runs WHERE scope = 'combined'")
    assert found[0] == report
    measured = rows(filled.database, "SELECT count(*) FROM risk_run_measures WHERE run_id = 1 AND window_name <> ''")
    equity = client.get("/api/risk/equity").get_json()["windows"].values()
    assert measured == [(sum(len(window["measures"]) for window in equity),)]


def test_the_same_inputs_are_kept_once_however_often_and_by_whom_they_are_asked(
    client: FlaskClient, filled: Services, other: Services
) -> None:
    get(client, *SCOPES, *SCOPES)
    for door in (other.equity, other.mf, other.combined):
        door.report()
    other.keeper.finish()
    assert [row[0] for row in kept(filled)] == list(SCOPES)


def test_another_question_is_another_run_and_one_day_is_what_history_shows(
    client: FlaskClient, filled: Services
) -> None:
    get(client, "equity?window=60d", "equity?window=60d&horizon=10", f"equity?window=60d&as_of={TODAY}")
    assert kept(filled, "horizon_days, is_newest, asked_for") == [
        (1, True, TODAY), (10, True, TODAY), (1, False, TODAY),
    ]  # fmt: skip
    (point,) = filled.history.series("equity", "var_historical_95", "60d").points
    one_day = filled.equity.report(("60d",), TODAY).windows["60d"].measures["var_historical_95"]
    assert point.value == one_day.value
    assert filled.history.series("equity", "var_historical_95", "1y").points == ()


def test_a_changed_input_is_a_new_run(client: FlaskClient, filled: Services) -> None:
    get(client, "mf")
    assert kept(filled) == kept(filled) == [("mf", "on_demand")]
    bring_funds(filled.database, funds_json(fund_row(quantity=300)))
    get(client, "mf")
    assert kept(filled) == [("mf", "on_demand")] * 2


def test_a_report_that_ticks_have_re_marked_is_no_run(client: FlaskClient, filled: Services) -> None:
    trade(filled.database, [tick(HELD, 5000.0, 4000.0, NOW + timedelta(days=3))])
    get(client, "equity", "combined", "mf")
    assert kept(filled) == [("mf", "on_demand")]


def test_a_snapshot_of_the_same_inputs_makes_the_run_daily(client: FlaskClient, filled: Services) -> None:
    get(client, f"equity?as_of={TODAY}")
    assert kept(filled) == [("equity", "on_demand")]
    assert "kept already" in filled.history.keep("equity", TODAY, RunKind.DAILY)
    assert kept(filled) == [("equity", "daily")]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("query", ["", "window=90d&", f"as_of={DAYS[-5]}&"])
def test_what_was_answered_can_be_computed_again(
    client: FlaskClient, filled: Services, database_url: str, scope: str, query: str
) -> None:
    """On the day itself, and by another process ten days later."""
    get(client, f"{scope}?{query}" if scope == "mf" else f"{scope}?{query}horizon=5")
    filled.keeper.finish()
    assert filled.history.recompute(1).reproduced
    settings = read_settings({"DATABASE_URL": database_url, "RISK_SIMULATION_PATHS": "2000"})
    later = build_services(settings, lambda: NOW + timedelta(days=10))
    found = later.history.recompute(1)
    later.close()
    assert (found.reproduced, found.differences, found.changed) == (True, (), ())


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("as_of", ["", f"as_of={TODAY}"])
def test_a_run_is_computed_again_from_the_very_books_it_was_computed_from(
    client: FlaskClient, filled: Services, database_url: str, scope: str, as_of: str
) -> None:
    """Both were brought in anew on the same day, by themselves once and with what they were before once more."""
    get(client, f"{scope}?{as_of}")
    filled.keeper.finish()
    for quantity in (7, 9):
        bring_holdings(filled.database, book(["INFY", "TCS"], quantity))
        bring_funds(filled.database, funds_json(fund_row(quantity=quantity)))
    settings = read_settings({"DATABASE_URL": database_url, "RISK_SIMULATION_PATHS": "2000"})
    later = build_services(settings, lambda: NOW + timedelta(days=10))
    for services in (filled, later):
        found = services.history.recompute(1)
        assert (found.reproduced, found.differences, found.changed) == (True, (), ())
    later.close()
    assert client.get(f"/api/risk/{scope}").get_json()["value"] != kept(filled, "value")[0][0]


def test_a_run_knows_the_snapshots_that_it_used(client: FlaskClient, filled: Services) -> None:
    bring_funds(filled.database, funds_json(fund_row(quantity=300)))
    get(client, *SCOPES)
    columns = "share_book_as_of, share_snapshot_id, fund_book_as_of, fund_snapshot_id"
    assert kept(filled, columns) == [(TODAY, 1, None, None), (None, None, TODAY, 2), (TODAY, 1, TODAY, 2)]


def test_a_run_before_there_was_a_book_of_funds_is_computed_again_without_one(
    services: Services, database_url: str
) -> None:
    bring_prices(services.database, price_csv(random_closes(400)))
    bring_holdings(services.database, book())
    services.history.keep("combined")
    bring_navall(services.database, navall(FUND))
    bring_navs(services.database, nav_csv(*NAVS))
    bring_funds(services.database, funds_json(fund_row(quantity=200)))
    found = services.history.recompute(1)
    assert (found.reproduced, found.changed) == (True, ())


def test_a_run_whose_snapshot_is_gone_is_refused_and_one_of_older_days_goes_by_the_day(filled: Services) -> None:
    filled.history.keep("equity", TODAY)
    with filled.database.transaction() as connection:
        connection.execute(text("UPDATE risk_runs SET share_snapshot_id = 77"))
    with pytest.raises(UnknownRun, match=f"The holdings of {TODAY} are no longer stored"):
        filled.history.recompute(1)
    with filled.database.transaction() as connection:
        connection.execute(text("UPDATE risk_runs SET share_snapshot_id = NULL, share_book_as_of = NULL"))
    assert filled.history.recompute(1).reproduced


def test_the_history_has_what_is_of_the_whole_report_whatever_the_window(client: FlaskClient, filled: Services) -> None:
    get(client, "combined", "mf", "combined?window=60d")
    filled.keeper.finish()
    report = client.get("/api/risk/combined").get_json()
    expected = {
        "diversification_score": report["diversification"]["score"],
        "top5": report["exposure"]["top5"]["value"],
        "top10": report["exposure"]["top10"]["value"],
        "coverage_prices": report["coverage"]["prices"],
        "coverage_look_through": report["coverage"]["look_through"],
        "look_through_var_historical_95": report["windows"]["1y"]["look_through"]["measures"]["var_historical_95"][
            "value"
        ],
    }
    for name, value in expected.items():
        found = client.get(f"/api/risk/history?scope=combined&measure={name}").get_json()
        assert [point["value"] for point in found["points"]] == [value], name
    short = client.get("/api/risk/history?scope=combined&measure=diversification_score&window=60d").get_json()
    assert [point["value"] for point in short["points"]] == [expected["diversification_score"]]
    refused = client.get("/api/risk/history?scope=mf&measure=luck")
    assert refused.status_code == 400
    for name in ("diversification_score", "top5", "coverage_look_through"):
        assert name in refused.get_json()["remedy"]


def test_the_command_line_keeps_what_it_prints(
    filled: Services, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def build(settings: Settings) -> Services:
        return build_services(settings, clock)

    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("RISK_SIMULATION_PATHS", "2000")
    monkeypatch.setattr(command_line, "build_services", build)
    for scope in SCOPES:
        assert command_line.main(["report", scope, "--json"]) == 0
        printed = json.loads(capsys.readouterr().out)
        assert rows(filled.database, f"SELECT report FROM risk_runs WHERE scope = '{scope}'") == [(printed,)]


def test_a_write_that_fails_takes_no_answer_with_it_and_tells_nothing_of_the_book(
    client: FlaskClient, filled: Services, caplog: pytest.LogCaptureFixture
) -> None:
    with filled.database.transaction() as connection:
        connection.execute(text("ALTER TABLE risk_runs RENAME TO away"))
    get(client, *SCOPES)
    filled.keeper.finish()
    said = [record.getMessage() for record in caplog.records if record.name == run_keeping.__name__]
    assert said == [f"a report of {scope} is not kept: ProgrammingError" for scope in SCOPES]
    assert not any(record.exc_info for record in caplog.records)
    with filled.database.transaction() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO risk_runs"))
    get(client, *SCOPES)
    assert [row[0] for row in kept(filled)] == list(SCOPES)


def test_answers_do_not_wait_for_the_database_and_more_than_may_wait_are_given_up(
    client: FlaskClient, filled: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(filled.keeper._waiting, "maxsize", 1)
    days = DAYS[-6:]
    with filled.database.transaction() as connection:
        connection.execute(text("LOCK TABLE risk_runs"))
        get(client, *(f"equity?as_of={day}&window=60d" for day in days))
    found = kept(filled)
    lost = [record for record in caplog.records if "is not kept" in record.getMessage()]
    assert 1 <= len(found) <= 3
    assert len(found) + len(lost) == len(days)


def test_before_there_are_prices_nothing_is_kept(services: Services) -> None:
    services.equity.report()
    assert kept(services) == []
    services.keeper.finish()


def test_two_processes_that_keep_the_same_at_once_have_one_run(filled: Services, other: Services) -> None:
    together = Barrier(2)

    def keep(one: Services) -> int | None:
        computed = one.combined.run(Asked(TODAY))
        together.wait()
        return one.keeper.keep(computed)

    with ThreadPoolExecutor(2) as pool:
        numbers = list(pool.map(keep, (filled, other)))
    assert len([number for number in numbers if number is not None]) == 1
    assert len(kept(filled)) == 1
