from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from threading import get_ident
from typing import Any

import pytest
from sqlalchemy import event, text

from app.Boilerplate import Boilerplate
from app.bootstrap import Services, build_services
from app.domain.errors import DatabaseUnavailable, UnknownWindow
from app.domain.risk_reports import WINDOWS, EquityRiskReport
from app.domain.serialise import to_json
from app.risk import EquityRiskCalculator
from tests.host_database import HostHolding, insert_holdings
from tests.integration.conftest import NOW, TODAY, clock
from tests.integration.importing import bring_actions, bring_holdings, bring_prices, bring_securities
from tests.integration.input_files import ISINS, SHARES, book, index_list, price_csv, random_closes, weekdays

DAYS = 320
OWN = ("NIFTY50", "INFY", "TCS", "ITC")
OF_HOST = "M&M"
CLOSES = random_closes(DAYS)
START = DAYS - 15
"""Days that are stored before a test begins."""


def own_prices(first: int, last: int, factor: float = 1.0) -> bytes:
    """The days from ``first`` up to ``last`` of the shares that we keep prices of."""
    return price_csv({name: CLOSES[name][first:last] * factor for name in OWN}, weekdays(DAYS)[first:last])


def insert_host_prices(database: Boilerplate, symbol: str, first: int, last: int, factor: float = 1.0) -> None:
    days = weekdays(DAYS)
    with database.transaction() as connection:
        connection.execute(
            text("""INSERT INTO rt_intraday_price (scrip_id, price_date, price_open, price_close, volume)
                    VALUES (:symbol, :day, :close, :close, 50000)
                    ON CONFLICT (scrip_id, price_date) DO UPDATE SET price_close = excluded.price_close"""),
            [
                {"symbol": symbol, "day": str(days[row]), "close": float(CLOSES[symbol][row] * factor)}
                for row in range(first, last)
            ],
        )


def own_ranges(symbol: str, first: int, last: int) -> bytes:
    """The same closes as ``own_prices``, now with an open and a range of two percent around it."""
    rows = zip(weekdays(DAYS)[first:last], CLOSES[symbol][first:last], strict=True)
    lines = (f"{symbol},{day},{c * 0.999},{c * 1.01},{c * 0.99},{c},50000" for day, c in rows)
    return "\n".join(("symbol,date,open,high,low,close,volume", *lines)).encode()


def set_host_range(database: Boilerplate, symbol: str, row: int) -> None:
    with database.transaction() as connection:
        connection.execute(
            text("""UPDATE rt_intraday_price SET price_high = price_close * 1.01, price_low = price_close * 0.99
                    WHERE scrip_id = :symbol AND price_date = :day"""),
            {"symbol": symbol, "day": str(weekdays(DAYS)[row])},
        )


@pytest.fixture
def stored(services: Services) -> Services:
    """A book of five shares: three with own prices, one with the dashboard's, one without any."""
    database = services.database
    bring_prices(database, own_prices(0, START))
    insert_host_prices(database, OF_HOST, 0, START)
    bring_holdings(database, book(), today=TODAY - timedelta(days=3))
    return services


def comparable(report: EquityRiskReport) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(to_json(report))
    del body["computed_at"]
    return body


def fresh_report(services: Services, as_of: date | None = None) -> dict[str, Any]:
    """What a calculator says that has seen nothing before."""
    other = build_services(services.settings, clock)
    try:
        return comparable(other.equity.report(as_of=as_of))
    finally:
        other.close()


@contextmanager
def statements(database: Boilerplate) -> Iterator[list[str]]:
    """Every statement that who asks sends meanwhile; the keeper of runs has a thread of its own."""
    seen: list[str] = []
    asking = get_ident()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if get_ident() == asking:
            seen.append(statement)

    event.listen(database.engine(), "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine(), "before_cursor_execute", note)


@pytest.fixture
def bar_reads(monkeypatch: pytest.MonkeyPatch) -> list[date | None]:
    """The first day of every read of bars from now on."""
    reads: list[date | None] = []
    for name in ("load_bars", "load_host_bars"):
        read: Callable[..., Any] = getattr(EquityRiskCalculator, name)

        def spied(
            *arguments: Any, read: Callable[..., Any] = read, place: int = 3 if name == "load_bars" else 2
        ) -> Any:
            reads.append(arguments[place] if len(arguments) > place else None)
            return read(*arguments)

        monkeypatch.setattr(EquityRiskCalculator, name, spied)
    return reads


def insert_host_book(database: Boilerplate) -> None:
    with database.transaction() as connection:
        insert_holdings(connection, TODAY, [HostHolding(1, "ITC", ISINS["ITC"], 20, last=400.0)])


CHANGES: dict[str, Callable[[Boilerplate], object]] = {
    "newer bars": lambda db: bring_prices(db, own_prices(START, DAYS)),
    "a correction of an old bar": lambda db: bring_prices(db, own_prices(START - 100, START - 99, 1.01)),
    "a whole history on another footing": lambda db: bring_prices(db, own_prices(0, START, 0.5)),
    "other holdings": lambda db: bring_holdings(db, book(["INFY", "ITC"], 7)),
    "a split": lambda db: bring_actions(db, f"INFY,{weekdays(DAYS)[START - 5]},2,split_or_bonus"),
    "names and sectors": lambda db: bring_securities(db, index_list([("INFY", ISINS["INFY"], "IT")]), "list.csv"),
    "first own prices of a share": lambda db: bring_prices(
        db, price_csv({"RELIANCE": CLOSES["RELIANCE"][:START]}, weekdays(DAYS)[:START])
    ),
    "own prices of a share that the dashboard had": lambda db: bring_prices(
        db, price_csv({OF_HOST: CLOSES[OF_HOST][:START] * 1.02}, weekdays(DAYS)[:START])
    ),
    "opens, highs and lows of a year": lambda db: bring_prices(db, own_ranges("ITC", 0, START)),
    "one corrected range": lambda db: bring_prices(db, own_ranges("TCS", START - 9, START - 8)),
    "a high and low of the dashboard's newest row": lambda db: set_host_range(db, OF_HOST, START - 1),
    "newer rows of the dashboard": lambda db: insert_host_prices(db, OF_HOST, START, DAYS),
    "a corrected newest row of the dashboard": lambda db: insert_host_prices(db, OF_HOST, START - 1, START, 1.01),
    "a corrected old row of the dashboard": lambda db: insert_host_prices(db, OF_HOST, 100, 101, 1.01),
    "first rows of the dashboard for a share": lambda db: insert_host_prices(db, "RELIANCE", 0, START),
    "newer holdings of the dashboard": insert_host_book,
}


SEEN_LATER = ("a corrected old row of the dashboard", "first rows of the dashboard for a share")
"""The dashboard notes nowhere what it corrected, so these are found when its bars are all read again."""


@pytest.mark.parametrize("change", CHANGES)
def test_a_warm_report_equals_a_fresh_one_after(stored: Services, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = comparable(stored.equity.report())
    CHANGES[change](stored.database)
    if change in SEEN_LATER:
        monkeypatch.setattr(stored.equity, "_now", lambda: NOW + EquityRiskCalculator.HOST_RELOAD)
    after = comparable(stored.equity.report())
    assert after == fresh_report(stored)
    assert after != before


def test_a_warm_report_equals_a_fresh_one_after_older_history_came(services: Services) -> None:
    bring_prices(services.database, own_prices(200, START))
    bring_holdings(services.database, book())
    assert services.equity.report().windows["1y"].measures["volatility"].value is None
    bring_prices(services.database, own_prices(0, 200))
    after = services.equity.report()
    assert after.windows["1y"].measures["volatility"].value is not None
    assert comparable(after) == fresh_report(services)


def test_every_change_after_the_other_leaves_the_warm_report_equal_to_a_fresh_one(stored: Services) -> None:
    for name in (name for name in CHANGES if name not in SEEN_LATER):
        stored.equity.report()
        CHANGES[name](stored.database)
    assert comparable(stored.equity.report()) == fresh_report(stored)


def test_a_warm_report_takes_at_most_seven_statements_and_reads_only_the_dashboards_newest_day(
    stored: Services, bar_reads: list[date | None]
) -> None:
    stored.equity.report()
    bar_reads.clear()
    with statements(stored.database) as seen:
        stored.equity.report()
    assert 0 < len(seen) <= 7
    assert bar_reads == [weekdays(DAYS)[START - 1].astype(object)]


def test_ranges_are_read_from_both_stores(stored: Services) -> None:
    bring_prices(stored.database, own_ranges("ITC", 0, START))
    for row in range(START - 300, START):
        set_host_range(stored.database, OF_HOST, row)
    found = {h.symbol: h.windows["1y"].range_volatility for h in stored.equity.report().holdings}
    width = 100 * math.log(1.01 / 0.99) * math.sqrt(252 / 4 / math.log(2))
    assert found["ITC"].parkinson == pytest.approx(width, rel=1e-4)  # prices are stored as they were written
    assert found[OF_HOST].parkinson == pytest.approx(width, rel=1e-4)
    assert found["TCS"].parkinson == 0


def test_a_saturday_bar_of_the_dashboard_is_no_new_day(stored: Services) -> None:
    before = comparable(stored.equity.report())
    friday = weekdays(DAYS)[START - 1].astype(object)
    saturday = friday + timedelta(days=5 - friday.weekday())
    with stored.database.transaction() as connection:
        connection.execute(
            text("INSERT INTO rt_intraday_price (scrip_id, price_date, price_close) VALUES (:symbol, :day, 1500)"),
            [{"symbol": OF_HOST, "day": str(day)} for day in (saturday, saturday + timedelta(days=1))],
        )
    after = fresh_report(stored)
    told = [issue for issue in after["data_issues"] if issue["code"] == "off_calendar"]
    assert [issue["subject"] for issue in told] == [OF_HOST]
    after["data_issues"] = [issue for issue in after["data_issues"] if issue["code"] != "off_calendar"]
    assert after == before


@pytest.mark.parametrize("row", [0, 1])
def test_one_bar_of_our_own_keeps_the_history_that_the_dashboard_has(stored: Services, row: int) -> None:
    before = stored.equity.report().windows["1y"]
    day = weekdays(DAYS)[START - 1 - row : START - row]
    bring_prices(stored.database, price_csv({OF_HOST: CLOSES[OF_HOST][START - 1 - row : START - row]}, day))
    report = stored.equity.report()
    found = next(holding for holding in report.holdings if holding.symbol == OF_HOST)
    assert found.history_source == f"csv {OF_HOST} + host {OF_HOST}"
    assert (found.windows["1y"].observations, found.windows["1y"].unavailable) == (252 - row, None)
    assert report.windows["1y"].left_out == before.left_out
    assert comparable(report) == fresh_report(stored)


def test_a_bar_of_our_own_on_another_level_names_the_dashboards_prices(stored: Services) -> None:
    day = weekdays(DAYS)[START - 1 : START]
    bring_prices(stored.database, price_csv({OF_HOST: CLOSES[OF_HOST][START - 1 : START] / 2}, day))
    issues = {(issue.code, issue.subject): issue.message for issue in stored.equity.report().data_issues}
    assert f"host are 2 times those from csv {OF_HOST}" in issues["sources_disagree", OF_HOST]


def test_closes_of_the_dashboards_snapshots_come_before_its_whole_rupees(stored: Services) -> None:
    """RELIANCE is in the table in whole rupees, and in a snapshot of each of the last forty days with paise."""
    closes, days = CLOSES["RELIANCE"].round(), weekdays(DAYS)
    with stored.database.transaction() as connection:
        connection.execute(
            text("""INSERT INTO rt_intraday_price (scrip_id, price_date, price_close, volume)
                    VALUES ('RELIANCE', :day, :close, 50000)"""),
            [{"day": str(days[row]), "close": float(closes[row])} for row in range(START)],
        )
        for row in range(START - 40, START):
            taken = HostHolding(1, "RELIANCE", ISINS["RELIANCE"], 1, close=float(closes[row - 1] + 0.35))
            insert_holdings(connection, days[row].astype(object), [taken])
    book = stored.equity.book()
    column = book.panel.symbols.index("RELIANCE")
    assert book.panel.sources[column] == "holdings RELIANCE + host RELIANCE"
    expected = closes[:START].copy()
    expected[-41:-1] += 0.35
    assert book.panel.closes[-252:, column].tolist() == expected[-252:].tolist()
    assert set(book.panel.volumes[-252:, column]) == {50_000}
    assert comparable(stored.equity.report()) == fresh_report(stored)


def test_newer_bars_are_read_from_their_first_day_only(stored: Services, bar_reads: list[date | None]) -> None:
    stored.equity.report()
    bar_reads.clear()
    bring_prices(stored.database, own_prices(START, DAYS))
    stored.equity.report()
    days = weekdays(DAYS)
    assert sorted(bar_reads, key=str) == [days[START - 1].astype(object), days[START].astype(object)]


def test_a_report_as_of_an_earlier_day_knows_nothing_that_came_later(stored: Services) -> None:
    past = weekdays(DAYS)[START - 41].astype(object)
    expected = fresh_report(stored, past)
    assert expected["as_of"] == str(past)
    bring_prices(stored.database, own_prices(START, DAYS))
    assert comparable(stored.equity.report(as_of=past)) == expected


def test_a_report_as_of_an_earlier_day_leaves_the_newest_one_alone(stored: Services) -> None:
    newest = comparable(stored.equity.report())
    stored.equity.report(as_of=weekdays(DAYS)[100].astype(object))
    assert comparable(stored.equity.report()) == newest


def test_a_report_as_of_a_day_before_all_prices_has_no_measure_and_says_why(stored: Services) -> None:
    report = stored.equity.report(as_of=weekdays(DAYS)[0].astype(object) - timedelta(days=400))
    assert report.as_of is None
    for window in report.windows.values():
        assert all(measure.value is None and measure.unavailable for measure in window.measures.values())


def test_the_bar_of_today_counts_only_once_trading_has_ended(stored: Services) -> None:
    bring_prices(stored.database, own_prices(START, DAYS))
    noon = build_services(stored.settings, lambda: datetime(2026, 11, 20, 6, 30, tzinfo=UTC))
    assert noon.equity.report().as_of == TODAY - timedelta(days=1)
    assert stored.equity.report().as_of == TODAY
    noon.close()


def test_a_new_day_is_noticed(stored: Services) -> None:
    moment = NOW - timedelta(days=1)
    moving = build_services(stored.settings, lambda: moment)
    bring_prices(stored.database, own_prices(START, DAYS))
    assert moving.equity.report().as_of == TODAY - timedelta(days=1)
    moment = NOW
    assert comparable(moving.equity.report()) == fresh_report(stored)
    moving.close()


def test_a_window_is_asked_for_by_name(stored: Services) -> None:
    assert tuple(stored.equity.report(["90d"]).windows) == ("90d",)
    assert tuple(stored.equity.report().windows) == tuple(WINDOWS)
    with pytest.raises(UnknownWindow, match="no window '5y'"):
        stored.equity.report(["5y"])


def test_twenty_threads_get_the_same_report(stored: Services) -> None:
    expected = fresh_report(stored)
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: comparable(stored.equity.report()), range(20)))
    assert found == [expected] * 20


def test_threads_never_see_half_an_import(stored: Services) -> None:
    before = comparable(stored.equity.report())
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(lambda: comparable(stored.equity.report())) for _ in range(12)]
        bring_prices(stored.database, own_prices(START, DAYS))
        asked += [pool.submit(lambda: comparable(stored.equity.report())) for _ in range(12)]
    after = fresh_report(stored)
    answers = [future.result() for future in asked]
    assert all(answer in (before, after) for answer in answers)
    assert answers[-1] == after


def test_an_empty_database_gives_an_empty_report_with_reasons(services: Services) -> None:
    report = services.equity.report()
    assert (report.value, report.as_of, report.holdings) == (None, None, ())
    assert all(measure.unavailable for window in report.windows.values() for measure in window.measures.values())


def test_a_book_without_a_benchmark_has_no_beta_and_says_so(services: Services) -> None:
    bring_prices(services.database, price_csv({name: CLOSES[name] for name in SHARES}, weekdays(DAYS)))
    bring_holdings(services.database, book())
    report = services.equity.report()
    assert report.benchmark is None
    beta = report.windows["1y"].measures["beta"]
    assert beta.value is None
    assert beta.unavailable
    assert "no_benchmark" in {issue.code for issue in report.data_issues}
    assert report.windows["1y"].measures["volatility"].value is not None


def test_a_listing_of_twelve_days_is_left_out_by_name(services: Services) -> None:
    young = {name: series[-12:] if name == "ITC" else series for name, series in CLOSES.items()}
    bring_prices(services.database, price_csv(young))
    bring_holdings(services.database, book())
    report = services.equity.report()
    assert report.windows["60d"].left_out == ("ITC",)
    assert ("short_history", "ITC") in {(issue.code, issue.subject) for issue in report.data_issues}
    assert report.windows["60d"].measures["volatility"].value is not None


def test_one_holding_is_its_own_portfolio(services: Services) -> None:
    bring_prices(services.database, price_csv({name: CLOSES[name] for name in OWN}, weekdays(DAYS)))
    bring_holdings(services.database, book(["INFY"]))
    report = services.equity.report()
    own = report.holdings[0].windows["1y"]
    assert report.windows["1y"].measures["volatility"].value == pytest.approx(own.volatility)
    assert report.windows["1y"].correlation.unavailable
    assert report.concentration.effective_holdings == pytest.approx(1)


def test_a_database_that_goes_away_gives_a_clear_error_and_its_return_is_noticed(
    stored: Services, postgres_url: str
) -> None:
    expected = comparable(stored.equity.report())
    name = stored.database.engine().url.database
    server = Boilerplate(postgres_url, "public", stored.settings.data_dir)
    with server.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'))
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
        )
        with pytest.raises(DatabaseUnavailable, match=r"can't be reached.*Check that Postgres runs"):
            stored.equity.report()
        connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'))
    server.close()
    assert comparable(stored.equity.report()) == expected
