from __future__ import annotations

import gzip
from datetime import date
from select import select
from threading import Event, Thread
from typing import Any

import pytest

from app.Boilerplate import Boilerplate
from app.domain.errors import InputFileError
from app.domain.prices import CONFIRMED_MOVE, Basis, CorporateAction
from app.ingest.prices import confirm_move, import_prices
from app.store.prices import load_actions, load_bars
from tests.integration.conftest import TODAY
from tests.integration.importing import bring_actions, bring_prices, contents, rows
from tests.integration.input_files import HEADER, price_csv, random_closes, weekdays

CLOSES = "SELECT bar_date, close FROM risk_daily_bars JOIN risk_price_series USING (series_id) WHERE symbol = '{}'"


def table(*lines: str) -> bytes:
    return "\n".join([HEADER, *lines, ""]).encode()


def test_a_price_file_is_stored_as_it_is(database: Boilerplate) -> None:
    result = bring_prices(database, table("INFY,2026-11-19,1490,1510,1480,1500.5,1000", "INFY,2026-11-20,,,,1511,", ""))
    assert (result.rows_read, result.rows_changed) == (2, 2)
    stored = rows(database, "SELECT bar_date::text, open, high, low, close, volume FROM risk_daily_bars ORDER BY 1")
    assert stored == [
        ("2026-11-19", 1490.0, 1510.0, 1480.0, 1500.5, 1000.0),
        ("2026-11-20", None, None, None, 1511.0, None),
    ]


def test_a_second_import_changes_nothing_but_the_log(database: Boilerplate) -> None:
    data = price_csv(random_closes(30))
    assert bring_prices(database, data).rows_changed == 6 * 30
    before = contents(database)
    assert bring_prices(database, data).rows_changed == 0
    after = contents(database)
    assert {name for name, checksum in after.checksums.items() if checksum != before.checksums[name]} == {
        "risk_imports"
    }


def test_a_corrected_close_replaces_the_old_one_and_is_logged_with_its_day(database: Boilerplate) -> None:
    closes = random_closes(30, ["INFY"])["INFY"]
    bring_prices(database, price_csv({"INFY": closes}))
    closes[10] *= 1.01
    assert bring_prices(database, price_csv({"INFY": closes})).rows_changed == 1
    day = weekdays(30)[10].astype(object)
    assert (day, closes[10]) in rows(database, CLOSES.format("INFY"))
    assert rows(database, "SELECT oldest_day FROM risk_imports ORDER BY import_id DESC LIMIT 1") == [(day,)]


def test_newer_bars_are_added_and_older_ones_stay(database: Boilerplate) -> None:
    closes = random_closes(40, ["INFY"])["INFY"]
    bring_prices(database, price_csv({"INFY": closes[:35]}, weekdays(40)[:35]))
    assert bring_prices(database, price_csv({"INFY": closes[30:]}, weekdays(40)[30:])).rows_changed == 5
    assert [close for _, close in rows(database, CLOSES.format("INFY") + " ORDER BY 1")] == closes.tolist()


@pytest.mark.parametrize("part", [slice(20, 40), slice(0, 20), slice(10, 30)])
def test_prices_on_another_footing_are_refused_by_symbol_unless_they_cover_all_days(
    database: Boilerplate, part: slice
) -> None:
    closes = random_closes(40, ["INFY", "TCS"])
    bring_prices(database, price_csv(closes))
    kept = rows(database, CLOSES.format("INFY"))
    restated = {"INFY": closes["INFY"][part] / 2, "TCS": closes["TCS"][part] + 0.5}
    result = bring_prices(database, price_csv(restated, weekdays(40)[part]))
    assert len(result.rejected) == 1
    assert result.rejected[0].startswith("INFY: prices are 0.5 times the stored ones")
    assert result.rejected[0].endswith("Import its whole history again")
    assert rows(database, CLOSES.format("INFY")) == kept
    assert result.rows_changed == 20


def test_a_whole_history_on_another_footing_replaces_the_old_one(database: Boilerplate) -> None:
    closes = random_closes(40, ["INFY"])
    bring_prices(database, price_csv(closes))
    result = bring_prices(database, price_csv({"INFY": closes["INFY"] / 2}))
    assert (result.rejected, result.rows_changed) == ((), 40)


@pytest.mark.parametrize("part", [slice(20, 40), slice(0, 20), slice(10, 30)])
def test_volumes_on_another_footing_are_refused_by_symbol_unless_they_cover_all_days(
    database: Boilerplate, part: slice
) -> None:
    closes = random_closes(40, ["INFY"])
    bring_prices(database, price_csv(closes))
    before = rows(database, "SELECT volume FROM risk_daily_bars ORDER BY bar_date")
    other = price_csv({"INFY": closes["INFY"][part]}, weekdays(40)[part], volume=500_000)
    result = bring_prices(database, other, volume_basis=Basis.ADJUSTED)
    assert result.rejected[0].startswith("INFY: volumes are 10 times the stored ones on the oldest common days")
    assert result.rejected[0].endswith("Import its whole history again")
    assert rows(database, "SELECT volume FROM risk_daily_bars ORDER BY bar_date") == before


def test_restated_volumes_of_all_days_are_taken_once_it_is_said_what_they_are(database: Boilerplate) -> None:
    closes = random_closes(40, ["INFY"])
    bring_prices(database, price_csv(closes))
    other = price_csv(closes, volume=500_000)
    assert "Say with --volumes-are" in bring_prices(database, other).rejected[0]
    assert bring_prices(database, other, volume_basis=Basis.ADJUSTED).rows_changed == 40
    assert rows(database, "SELECT DISTINCT volume_basis, volume FROM risk_price_series, risk_daily_bars") == [
        ("adjusted", 500_000.0)
    ]


def test_a_corrected_volume_of_a_few_days_is_a_correction(database: Boilerplate) -> None:
    closes = random_closes(40, ["INFY"])
    bring_prices(database, price_csv(closes))
    last = price_csv({"INFY": closes["INFY"][-3:]}, weekdays(40)[-3:], volume=80_000)
    assert bring_prices(database, last).rows_changed == 3


def test_a_corrected_basis_counts_as_a_change_of_every_bar_from_the_first(database: Boilerplate) -> None:
    data = price_csv(random_closes(30, ["INFY"]))
    bring_prices(database, data)
    assert bring_prices(database, data, volume_basis=Basis.ADJUSTED).rows_changed == 30
    assert rows(database, "SELECT volume_basis FROM risk_price_series") == [("adjusted",)]
    logged = rows(database, "SELECT oldest_day FROM risk_imports ORDER BY import_id DESC LIMIT 1")
    assert logged == [(weekdays(30)[0].astype(object),)]


GOOD = "INFY,2026-11-20,1,9e3,1,1500,10"
WHOLE_FILE_FAULTS = {
    "empty": (b"", "is empty"),
    "only a header": (table(), "has a header and no rows"),
    "cut short": (gzip.compress(price_csv(random_closes(50)))[:-200], "is a damaged archive"),
    "a web page": (b"<!doctype html><title>Sign in</title>", "is a web page"),
    "a PDF named csv": (b"%PDF-1.7 ...", "is a PDF document"),
    "a workbook cut short": (b"PK\x03\x04 and no more", "is a damaged archive"),
    "wrong columns": (b"scrip,day,price\nINFY,2026-11-20,5\n", "no known header|lacks the columns"),
    "a column twice": (table(GOOD).replace(b"volume", b"close"), "has the column close twice"),
    "future dates": (table("INFY,2026-11-23,1,9e3,1,1500,10"), "row 2.*after today"),
    "negative closes": (table("INFY,2026-11-20,1,9e3,1,-5,10"), "row 2, INFY 2026-11-20: close '-5"),
    "closes that are no number": (table("INFY,2026-11-20,1,9e3,1,inf,10"), "row 2.*close 'inf' is not a usable number"),
    "days that disagree": (table(GOOD, "INFY,2026-11-20,1,9e3,1,1400,10"), "row 2.*disagree"),
}


@pytest.mark.parametrize("fault", WHOLE_FILE_FAULTS)
def test_a_bad_file_names_itself_and_the_remedy_and_leaves_everything_as_it_was(
    database: Boilerplate, fault: str
) -> None:
    data, reason = WHOLE_FILE_FAULTS[fault]
    bring_prices(database, price_csv(random_closes(30)))
    before = contents(database)
    with pytest.raises(InputFileError, match=rf"bad\.csv.*({reason})") as caught:
        bring_prices(database, data, "bad.csv")
    assert caught.value.remedy
    assert contents(database) == before


def test_a_bad_row_is_named_and_the_good_ones_are_stored(database: Boilerplate) -> None:
    days = weekdays(8)
    lines = [f"INFY,{day},1,9e3,1,1500,10" for day in days]
    result = bring_prices(database, table(*lines, f"TCS,{days[0]},1,9e3,1,nan,10"), "some.csv")
    assert result.rejected == (f"some.csv, row 10, TCS {days[0]}: close is missing",)
    assert len(rows(database, CLOSES.format("INFY"))) == 8
    assert rows(database, "SELECT rejected FROM risk_imports") == [([*result.rejected],)]


def test_duplicate_and_unsorted_rows_count_once(database: Boilerplate) -> None:
    result = bring_prices(database, table("TCS,2026-11-20,1,9e3,1,2,1", GOOD, "INFY,2026-11-19,1,9e3,1,1400,10", GOOD))
    assert (result.rows_read, result.rows_changed, result.rejected) == (3, 3, ())


def test_a_failure_while_storing_leaves_nothing(database: Boilerplate) -> None:
    bring_prices(database, price_csv(random_closes(10)))
    before = contents(database)

    def fail(_done: int, _total: int) -> None:
        raise InputFileError("prices.csv", "the disk is full")

    with pytest.raises(InputFileError), database.transaction() as connection:
        import_prices(connection, price_csv(random_closes(20, seed=3)), "prices.csv", TODAY, progress=fail)
    assert contents(database) == before


def test_two_imports_at_once_run_one_after_the_other(database: Boilerplate) -> None:
    closes = random_closes(30, ["INFY"])
    first_is_in, first_may_end = Event(), Event()

    def hold(_done: int, _total: int) -> None:
        first_is_in.set()
        assert first_may_end.wait(30)

    def first() -> None:
        with database.transaction() as connection:
            import_prices(connection, price_csv(closes), "first.csv", TODAY, progress=hold)

    threads = [Thread(target=first)]
    threads[0].start()
    assert first_is_in.wait(30)
    corrected = {"INFY": closes["INFY"] * 1.001}
    threads.append(Thread(target=lambda: bring_prices(database, price_csv(corrected), "second.csv")))
    threads[1].start()
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while rows(database, waiting) == [(0,)]:
        assert threads[1].is_alive()
    first_may_end.set()
    for thread in threads:
        thread.join(30)
    logged = rows(database, "SELECT file_name, rows_changed FROM risk_imports ORDER BY import_id")
    assert logged == [("first.csv", 30), ("second.csv", 30)]
    assert [close for _, close in rows(database, CLOSES.format("INFY") + " ORDER BY 1")] == corrected["INFY"].tolist()


def test_own_prices_of_another_source_are_a_series_of_their_own(database: Boilerplate) -> None:
    bhavcopy = "SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,TOTTRDQTY,TIMESTAMP\nINFY,EQ,1,9e3,1,1500,10,20-NOV-2026\n"
    bring_prices(database, table(GOOD))
    assert bring_prices(database, bhavcopy.encode(), "cm20NOV2026bhav.csv").rows_changed == 1
    found = rows(database, "SELECT source, price_basis FROM risk_price_series ORDER BY 1")
    assert found == [("bhavcopy", "as_traded"), ("csv", "adjusted")]


def test_corporate_actions_are_stored_once_and_corrected(database: Boilerplate) -> None:
    assert bring_actions(database, "INFY,2026-06-01,2,split_or_bonus", "TCS,2026-07-01,1,demerger").rows_changed == 2
    assert bring_actions(database, "INFY,2026-06-01,2,split_or_bonus").rows_changed == 0
    assert bring_actions(database, "INFY,2026-06-01,5,split_or_bonus").rows_changed == 1
    stored = rows(database, "SELECT symbol, ex_date::text, kind, factor FROM risk_corporate_actions ORDER BY 1")
    assert stored == [("INFY", "2026-06-01", "split_or_bonus", 5.0), ("TCS", "2026-07-01", "demerger", 1.0)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("INFY,2026-06-01,0,split_or_bonus", r"row 3: volume_factor '0' is no ratio"),
        ("INFY,someday,2,split_or_bonus", r"row 3: ex-date 'someday' is not a day"),
        ("INFY,2026-06-01,2,party", r"row 3: kind 'party' is not one of"),
    ],
)
def test_one_bad_corporate_action_keeps_the_whole_file_out(database: Boilerplate, row: str, reason: str) -> None:
    before = contents(database)
    with pytest.raises(InputFileError, match=rf"actions\.csv, {reason}.*bring the file again"):
        bring_actions(database, "TCS,2026-07-01,2,split_or_bonus", row)
    assert contents(database) == before


def test_every_import_tells_listeners(database: Boilerplate) -> None:
    pooled = database.get_db_connection()
    listener: Any = pooled.driver_connection
    listener.set_session(autocommit=True)
    listener.cursor().execute("LISTEN risk_imports")
    bring_prices(database, table(GOOD))
    assert select([listener], [], [], 30)[0]
    listener.poll()
    assert [notice.channel for notice in listener.notifies] == ["risk_imports"]
    pooled.invalidate()


def test_a_confirmed_move_is_noted_once(database: Boilerplate) -> None:
    day = date(2025, 8, 25)
    for expected in (True, False):
        with database.transaction() as connection:
            assert confirm_move(connection, "TVSMOTOR", day) is expected
    with database.transaction() as connection:
        assert load_actions(connection, ["TVSMOTOR"]) == (CorporateAction("TVSMOTOR", day, 1.0, CONFIRMED_MOVE),)


def test_bars_of_another_exchange_are_read_only_when_asked_for(database: Boilerplate) -> None:
    with database.transaction() as connection:
        data = table("INFY,2026-11-20,,,,1511,")
        import_prices(connection, data, "bse.csv", TODAY, exchange="BSE", progress=lambda _done, _total: None)
        assert load_bars(connection, ["INFY"], ("csv",)).series == ()
        (key,) = load_bars(connection, ["INFY"], ("csv",), exchanges=("NSE", "BSE")).series
    assert (key.symbol, key.exchange) == ("INFY", "BSE")
