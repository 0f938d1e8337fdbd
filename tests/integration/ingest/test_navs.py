"""NAV histories into the dashboard's table: judged, under every ISIN, on its columns and key."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from app.Boilerplate import Boilerplate
from app.domain.errors import InputFileError
from app.ingest.prices import confirm_move
from app.store.navs import load_held_navs, load_navs
from tests.integration.fund_files import (
    DIRECT,
    FUND,
    PAYOUT,
    bring_funds,
    bring_navall,
    bring_navs,
    fund_row,
    funds_json,
    nav_csv,
    navall,
)
from tests.integration.importing import contents, rows
from tests.shared_data import shared_file

NAVALL = "mf/amfi/NAVAll_8col_2026-08-21.txt"
CODES = (
    120716, 119063, 118482, 149039, 152156, 122639, 118955, 118968, 120377, 120586, 119721, 125497, 118668, 118778,
    120828, 120819, 120348, 119133, 152135, 118987, 129052,
)  # fmt: skip
STORED = "SELECT nav_date, nav_value FROM mf_nav_history ORDER BY 1"
START = date(2026, 10, 1)


def days(*navs: float) -> list[tuple[str, float]]:
    return [(str(START + timedelta(days=at)), nav) for at, nav in enumerate(navs)]


def values(database: Boilerplate) -> list[object]:
    return [row[1] for row in rows(database, STORED)]


def test_the_21_real_series_are_stored_whole_and_read_in_one_matrix(database: Boilerplate) -> None:
    listing = shared_file(NAVALL)
    bring_navall(database, listing.read_bytes(), listing.name)
    read = 0
    for code in CODES:
        file = shared_file(f"mf/nav/{code}.csv")
        result = bring_navs(database, file.read_bytes(), file.name)
        assert result.rejected == result.warnings == ()
        assert result.rows_changed == result.rows_read
        read += result.rows_read
    with database.transaction() as connection:
        symbols = list(connection.scalars(text("SELECT DISTINCT mf_symbol FROM mf_nav_history")))
        history = load_navs(connection, symbols, date(2018, 1, 1))
    assert len(symbols) == len(CODES)
    assert np.count_nonzero(~np.isnan(history.navs)) == read
    assert history.navs.shape == (len(history.days), len(CODES))
    assert not [issue for issue in history.issues if issue.kind != "gap"]


def test_the_same_history_again_changes_nothing(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND))
    bring_navs(database, nav_csv(*days(10, 10.1, 10.2)))
    before = contents(database)
    assert bring_navs(database, nav_csv(*days(10, 10.1, 10.2))).rows_changed == 0
    after = contents(database)
    assert {name for name, sum_ in after.checksums.items() if sum_ != before.checksums[name]} == {"risk_imports"}


def test_a_corrected_nav_replaces_the_stored_one(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND))
    bring_navs(database, nav_csv(*days(10, 10.1, 10.2)))
    assert bring_navs(database, nav_csv(*days(10, 10.15, 10.2))).rows_changed == 1
    assert values(database) == [10, 10.15, 10.2]


@pytest.mark.parametrize("bad", [-1.0, 0.0, 20.0, 5.0])
def test_a_nav_that_cannot_be_is_held_back_and_the_series_goes_on(database: Boilerplate, bad: float) -> None:
    bring_navall(database, navall(FUND))
    result = bring_navs(database, nav_csv(*days(10, 10.1, bad, 10.2)))
    assert values(database) == [10, 10.1, 10.2]
    assert len(result.warnings) == 1
    with database.transaction() as connection:
        (held,) = load_held_navs(connection, [DIRECT])[DIRECT]
    assert (held.day, held.nav) == (START + timedelta(days=2), bad)


def test_a_held_nav_is_believed_once_four_more_agree_with_it(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND))
    bring_navs(database, nav_csv(*days(100, 101, 10.1, 10.2)))
    assert values(database) == [100, 101]
    result = bring_navs(database, nav_csv(*days(100, 101, 10.1, 10.2, 10.1, 10.3, 10.2)[4:]))
    assert result.warnings == ()
    assert values(database) == [100, 101, 10.1, 10.2, 10.1, 10.3, 10.2]
    with database.transaction() as connection:
        assert load_held_navs(connection, [DIRECT]) == {}
        (issue,) = load_navs(connection, [DIRECT]).issues
    assert (issue.kind, issue.day) == ("jump", START + timedelta(days=2))


def test_a_move_that_a_person_confirmed_is_believed_at_once_and_no_issue(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND))
    with database.transaction() as connection:
        confirm_move(connection, DIRECT, START + timedelta(days=1))
    assert bring_navs(database, nav_csv(*days(10, 7, 7.1))).warnings == ()
    with database.transaction() as connection:
        assert load_navs(connection, [DIRECT]).issues == ()


def test_json_of_one_scheme_newest_first_is_a_history(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND))
    body = {"meta": {"scheme_code": 900001}, "status": "SUCCESS"}
    data = [{"date": "02-10-2026", "nav": "10.10000"}, {"date": "01-10-2026", "nav": "10.00000"}]
    bring_navs(database, json.dumps(body | {"data": data}).encode(), "mf.json")
    assert rows(database, STORED) == [(date(2026, 10, 1), 10.0), (date(2026, 10, 2), 10.1)]


def test_of_a_report_of_everybody_only_held_funds_are_stored(database: Boilerplate) -> None:
    others = [f"{code};-;-;Beta Series {code};Direct Plan;Growth;10;20-Nov-2026" for code in range(1, 150)]
    bring_navall(database, navall(FUND, *others))
    bring_funds(database, funds_json(fund_row(DIRECT)))
    bring_navs(database, navall(FUND.replace("20-Nov", "19-Nov").replace("100.0", "99.0"), *others), "history.txt")
    assert rows(database, STORED) == [(date(2026, 11, 19), 99.0), (date(2026, 11, 20), 100.0)]


def test_an_unknown_scheme_is_refused_with_the_remedy(database: Boilerplate) -> None:
    with pytest.raises(InputFileError, match="import navall"):
        bring_navs(database, nav_csv(*days(10)))


def test_both_isins_of_a_payout_option_have_the_series(database: Boilerplate) -> None:
    bring_navall(database, navall(f"900003;{PAYOUT};{DIRECT};Alpha Fund;Direct Plan;IDCW;50.0;20-Nov-2026"))
    bring_navs(database, nav_csv(*days(50)), "900003.csv")
    assert rows(database, "SELECT mf_symbol FROM mf_nav_history ORDER BY 1") == [(DIRECT,), (PAYOUT,)]


def test_odd_rows_of_a_dashboard_are_left_out_and_told(database: Boilerplate) -> None:
    with database.transaction() as connection:
        connection.execute(
            text("""INSERT INTO mf_nav_history (mf_symbol, nav_date, nav_value) VALUES
                    (:isin, '2026-10-01', 10), (:isin, '2026-10-02', 'NaN'), (:isin, '2026-10-05', 0),
                    (:isin, '2026-10-06', 10.1), (:isin, '2026-10-30', 10.2)"""),
            {"isin": DIRECT},
        )
        history = load_navs(connection, ["INF000000000", DIRECT])
    assert np.isnan(history.navs[:, 0]).all()
    assert history.navs[~np.isnan(history.navs)].tolist() == [10, 10.1, 10.2]
    assert [(issue.kind, issue.day.day) for issue in history.issues] == [("invalid", 2), ("invalid", 5), ("gap", 30)]


def test_an_older_dashboard_without_the_later_columns_is_written_to_all_the_same(database: Boilerplate) -> None:
    with database.transaction() as connection:
        connection.execute(text("ALTER TABLE mf_nav_history DROP COLUMN updated_at, DROP COLUMN run_date"))
    bring_navall(database, navall(FUND))
    bring_navs(database, nav_csv(*days(10, 10.1)))
    assert values(database) == [10, 10.1]
