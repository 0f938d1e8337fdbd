from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.bootstrap import Services, build_services
from app.domain.errors import UnknownWindow
from app.domain.risk_runs import Asked, HistoryPoint, Retention, RunKind, UnknownRun
from app.ingest.sample_book import load_sample
from app.risk.run_history import RunHistory
from app.scheduled_jobs import daily_risk
from app.settings import read_settings
from tests.integration.conftest import NOW, TODAY
from tests.integration.importing import bring_holdings, bring_prices, rows
from tests.integration.input_files import book, price_csv, random_closes, weekdays

CLOSES = random_closes(700)
DAYS: Sequence[date] = weekdays(10).tolist()
USUAL = ("equity", "var_historical_95", "1y")


@pytest.fixture
def filled(services: Services) -> Services:
    """Prices of seven hundred days and a book of five shares."""
    bring_prices(services.database, price_csv(CLOSES))
    bring_holdings(services.database, book())
    return services


@pytest.fixture
def later(database_url: str) -> Iterator[Services]:
    """The same services a hundred days on."""
    settings = read_settings({"DATABASE_URL": database_url, "RISK_SIMULATION_PATHS": "2000", "RISK_HISTORY_DAYS": "60"})
    built = build_services(settings, lambda: NOW + timedelta(days=100))
    yield built
    built.close()


def correct_the_newest_close(services: Services, factor: float) -> None:
    """The last three days are imported again, the newest with another close."""
    last = {name: closes[-3:] * [1.0, 1.0, factor] for name, closes in CLOSES.items()}
    assert bring_prices(services.database, price_csv(last), "late.csv").rows_changed


def keep(services: Services, *days: date, kind: RunKind = RunKind.DAILY) -> list[str]:
    return [services.history.keep("equity", day, kind) for day in days]


def kept(services: Services) -> list[tuple[object, ...]]:
    return rows(services.database, "SELECT as_of, kind FROM risk_runs WHERE scope = 'equity' ORDER BY as_of, run_id")


def points(services: Services) -> tuple[HistoryPoint, ...]:
    return services.history.series(*USUAL).points


def test_a_kept_run_has_everything_of_the_report(filled: Services) -> None:
    assert keep(filled, TODAY) == [f"equity report of {TODAY} kept as run 1"]
    report = filled.equity.report(as_of=TODAY)
    measures = sum(len(window.measures) for window in report.windows.values())
    assert rows(filled.database, "SELECT count(*) FROM risk_run_measures WHERE window_name <> ''") == [(measures,)]
    found = rows(
        filled.database,
        """SELECT value, is_sample, jsonb_array_length(data_issues), report->>'as_of', length(inputs_hash),
                  inputs->>'the app''s code' = code_version FROM risk_runs""",
    )
    assert found == [(report.value, False, len(report.data_issues), str(TODAY), 64, True)]
    (point,) = points(filled)
    measure = report.windows["1y"].measures["var_historical_95"]
    assert (point.value, point.rupees, point.observations) == (measure.value, measure.rupees, measure.observations)
    assert point.portfolio == report.value


def test_the_same_inputs_are_kept_once_and_a_snapshot_makes_the_run_daily(filled: Services) -> None:
    assert keep(filled, TODAY, kind=RunKind.ON_DEMAND) == [f"equity report of {TODAY} kept as run 1"]
    again = keep(filled, TODAY, TODAY)
    assert again == [f"equity report of {TODAY}: kept already, nothing new"] * 2
    assert kept(filled) == [(TODAY, "daily")]
    keep(filled, TODAY, kind=RunKind.ON_DEMAND)
    assert kept(filled) == [(TODAY, "daily")]


def test_another_process_finds_the_same_inputs(filled: Services, database_url: str) -> None:
    keep(filled, TODAY)
    other = build_services(
        read_settings({"DATABASE_URL": database_url, "RISK_SIMULATION_PATHS": "2000"}), lambda: NOW + timedelta(hours=2)
    )
    keep(other, TODAY)
    other.close()
    assert kept(filled) == [(TODAY, "daily")]


def test_changed_prices_are_a_new_run_and_the_newest_one_of_a_day_counts(filled: Services) -> None:
    keep(filled, TODAY)
    before = points(filled)[0].value
    correct_the_newest_close(filled, 0.9)
    keep(filled, TODAY)
    assert kept(filled) == [(TODAY, "daily")] * 2
    (point,) = points(filled)
    assert (point.run_id, point.value != before) == (2, True)


def test_a_snapshot_counts_more_than_what_somebody_asked_for_later(filled: Services) -> None:
    keep(filled, TODAY)
    bring_holdings(filled.database, book(quantity=20))
    bring_holdings(filled.database, book(["INFY", "TCS"]))
    keep(filled, TODAY, kind=RunKind.ON_DEMAND)
    assert len(kept(filled)) == 2
    assert points(filled)[0].run_id == 1


def test_a_series_has_a_point_a_day_within_its_bounds(filled: Services) -> None:
    keep(filled, *DAYS)
    series = filled.history.series(*USUAL)
    assert [point.as_of for point in series.points] == list(DAYS)
    assert series.starts == DAYS[0]
    some = filled.history.series(*USUAL, since=DAYS[3], until=DAYS[5])
    assert [point.as_of for point in some.points] == list(DAYS[3:6])
    assert some.starts == DAYS[0]


def test_an_earlier_day_is_computed_from_the_prices_of_then(filled: Services) -> None:
    keep(filled, DAYS[0])
    correct_the_newest_close(filled, 0.9)
    keep(filled, DAYS[0])
    assert kept(filled) == [(DAYS[0], "daily")]


def test_a_measure_or_scope_that_is_not_kept_is_refused_with_those_that_are(filled: Services) -> None:
    keep(filled, TODAY)
    with pytest.raises(UnknownRun, match=r"no measure 'luck' in equity\. Use one of beta, .*volatility"):
        filled.history.series("equity", "luck", "1y")
    with pytest.raises(UnknownRun, match=r"Use one of equity, mf, combined"):
        filled.history.series("gold", "beta", "1y")
    with pytest.raises(UnknownRun, match=r"no scope 'gold'"):
        filled.history.keep("gold")
    with pytest.raises(UnknownWindow):
        filled.history.series("equity", "beta", "5y")


def test_before_the_first_run_there_is_no_history_and_an_unknown_measure_is_refused(services: Services) -> None:
    series = services.history.series(*USUAL)
    assert (series.starts, series.points, series.unit) == (None, (), None)
    with pytest.raises(UnknownRun, match="no measure 'luck'"):
        services.history.series("equity", "luck", "1y")
    assert services.history.keep("equity") == "equity: nothing to keep, there are no prices yet"


def test_the_daily_job_keeps_every_scope_and_says_so(filled: Services) -> None:
    said = daily_risk.run(filled)
    assert f"equity report of {TODAY} kept as run 1" in said
    assert "combined report of" in said
    assert "mf: nothing to keep" in said
    daily_risk.run(filled)
    assert kept(filled) == [(TODAY, "daily")]
    assert rows(filled.database, "SELECT status FROM risk_heartbeats WHERE job = 'daily_risk'") == [("ok",)]


def test_snapshots_stay_for_ever_and_what_was_asked_for_ninety_days(filled: Services, database_url: str) -> None:
    keep(filled, DAYS[0])
    keep(filled, DAYS[1], kind=RunKind.ON_DEMAND)
    for days, left in ((90, 2), (91, 1), (10_000, 1)):
        then = RunHistory(filled.database, (), Retention(), filled.keeper, lambda days=days: NOW + timedelta(days=days))  # type: ignore[misc]
        then.prune()
        assert len(kept(filled)) == left, days
    assert kept(filled) == [(DAYS[0], "daily")]


def test_the_days_of_snapshots_can_be_limited(filled: Services, later: Services) -> None:
    keep(filled, DAYS[0])
    assert later.history.prune() == 1
    assert rows(filled.database, "SELECT count(*) FROM risk_run_measures") == [(0,)]


def test_the_samples_history_ends_where_a_real_book_begins(services: Services) -> None:
    with services.database.transaction() as connection:
        load_sample(connection, TODAY)
    keep(services, DAYS[-2], TODAY)
    sample = services.history.series(*USUAL)
    assert (len(sample.points), sample.sample_data) == (2, True)
    bring_prices(services.database, price_csv(CLOSES))
    bring_holdings(services.database, book())
    assert (points(services), services.history.series(*USUAL).starts) == ((), None)
    assert rows(services.database, "SELECT count(*) FROM risk_run_measures") == [(0,)]
    keep(services, TODAY)
    own = services.history.series(*USUAL)
    assert ([point.as_of for point in own.points], own.sample_data) == ([TODAY], False)


def test_a_report_of_the_sample_that_is_ready_after_the_owners_book_came_is_not_kept(services: Services) -> None:
    with services.database.transaction() as connection:
        load_sample(connection, TODAY)
    late = services.equity.run(Asked(TODAY))
    bring_holdings(services.database, book())
    assert services.keeper.keep(late) is None
    assert kept(services) == []


def test_a_run_is_reproduced_figure_by_figure(filled: Services) -> None:
    keep(filled, DAYS[4])
    found = filled.history.recompute(1)
    assert (found.reproduced, found.changed, found.differences) == (True, (), ())
    assert found.compared > 50


def test_a_run_that_comes_out_otherwise_names_the_input_that_changed(filled: Services) -> None:
    keep(filled, TODAY)
    correct_the_newest_close(filled, 0.9)
    found = filled.history.recompute(1)
    assert not found.reproduced
    assert "prices" in found.changed
    assert "holdings" not in found.changed
    assert found.differences


def test_other_settings_are_named_as_what_changed(filled: Services, database_url: str) -> None:
    keep(filled, TODAY)
    settings = {"DATABASE_URL": database_url, "RISK_SIMULATION_PATHS": "2000", "RISK_FREE_RATE": "7"}
    other = build_services(read_settings(settings), lambda: NOW)
    found = other.history.recompute(1)
    other.close()
    assert found.changed == ("settings",)
    assert {one.figure.split(".")[-2:][0] for one in found.differences} == {"risk_free", "sharpe", "sortino"}


def test_a_run_that_is_not_kept_is_refused(filled: Services) -> None:
    with pytest.raises(UnknownRun, match="no run 7"):
        filled.history.recompute(7)


def test_the_preferred_figure_is_the_same_warm_and_fresh(filled: Services, database_url: str) -> None:
    filled.equity.report()
    correct_the_newest_close(filled, 1.01)
    warm = filled.equity.report()
    fresh = build_services(read_settings({"DATABASE_URL": database_url, "RISK_SIMULATION_PATHS": "2000"}), lambda: NOW)
    assert fresh.equity.report().windows["1y"].measures == warm.windows["1y"].measures
    fresh.close()


def test_older_prices_that_come_later_are_tested_at_once(services: Services) -> None:
    bring_prices(services.database, price_csv({name: closes[-300:] for name, closes in CLOSES.items()}))
    bring_holdings(services.database, book())
    first = services.equity.backtest().returns
    bring_prices(services.database, price_csv(CLOSES), "more.csv")
    assert (first, services.equity.backtest().returns) == (298, 698)
    assert replace(services.equity.backtest(("60d",)), computed_at="").windows.keys() == {"60d"}
