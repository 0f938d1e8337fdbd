from __future__ import annotations

import contextlib
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InputFileError
from app.domain.prices import CorporateAction
from app.sources.corporate_action_files import parse_corporate_actions, subject_effects
from tests.shared_data import shared_file
from tests.unit.sources.unhurried import unhurried

SPLIT = "Face Value Split (Sub-Division) - From Rs 10/- Per Share To Rs 2/- Per Share"
FACTORS = "symbol,ex_date,volume_factor,kind\n"


def announced(*rows: tuple[object, object, object]) -> bytes:
    return json.dumps([{"symbol": s, "subject": subject, "exDate": day} for s, subject, day in rows]).encode()


@pytest.mark.parametrize(
    ("subject", "factor"),
    [
        ("Bonus 2:1", 3.0),
        ("Bonus 1: 1", 2.0),
        ("BONUS 1:2", 1.5),
        ("Bonus- 3:1", 4.0),
        ("Bonus Issue In The Ratio Of 1:4", 1.25),
        ("Annual General Meeting/ Dividend - Rs 29.50/- Per Share And Bonus 1:1", 2.0),
        (SPLIT, 5.0),
        (SPLIT.upper(), 5.0),
        ("Face Value Split (Sub-Division) - From Rs 10/- Per Share To Re 1/- Per Share", 10.0),
        ("Face Value Split From Rs.2.50 To Re.0.50", 5.0),
        ("FVSPLT FRM RS 10 TO RE 1", 10.0),
        ("Consolidation Of Shares - From Re 1/- Per Share To Rs 10/- Per Share", 0.1),
        (f"Bonus 1:1 / {SPLIT}", 10.0),
        (f"{SPLIT} And Bonus 1:2", 7.5),
    ],
)
def test_a_split_or_bonus_gives_new_shares_for_one_old(subject: str, factor: float) -> None:
    ((kind, found),) = subject_effects(subject)
    assert kind == "split_or_bonus"
    assert found == pytest.approx(factor, rel=1e-15)


@pytest.mark.parametrize(
    ("subject", "kinds"),
    [
        ("Demerger", ["demerger"]),
        ("Scheme Of Arrangement", ["demerger"]),
        ("Rights 3:5 @ Premium Rs 38/-", ["rights_issue"]),
        ("Bonus 1:1 / Rights 1:2 @ Premium Rs 5/-", ["split_or_bonus", "rights_issue"]),
        ("Demerger And Bonus 1:1", ["split_or_bonus", "demerger"]),
        ("Bonus", ["other_adjustment"]),
        ("Bonus 1:0", ["other_adjustment"]),
        ("Sub-Division Of Shares", ["other_adjustment"]),
        (f"Bonus / {SPLIT}", ["other_adjustment"]),
    ],
)
def test_what_has_no_readable_ratio_is_named_and_has_factor_one(subject: str, kinds: list[str]) -> None:
    effects = subject_effects(subject)
    assert [kind for kind, _ in effects] == kinds
    assert all(factor == 1.0 for kind, factor in effects if kind != "split_or_bonus")


@pytest.mark.parametrize(
    "subject",
    [
        "Dividend - Rs 2.50 Per Share",
        "DIVIDEND - RE 1 PER SHARE",
        "Annual General Meeting",
        "Buyback",
        "Scheme Of Arrangement - Bonus Ncrps 4:1",
        "Bonus Preference Shares 21:1",
        "Sch Of Agmt- Bonus Deb1:1",
        "Scheme Of Arrangement - Bonus Debentures 6:1",
        "Bonus 1 Dvr : 10 Eq Share",
        "",
        "-",
    ],
)
def test_dividends_and_bonuses_of_other_securities_have_no_effect(subject: str) -> None:
    assert subject_effects(subject) == ()


def test_the_table_of_factors_is_read() -> None:
    data = f"{FACTORS}bajfinance,2025-06-16,10.0,split_or_bonus\nITC,06-Jan-2025,1,demerger\n".encode()
    assert parse_corporate_actions(data, "a.csv") == (
        CorporateAction("BAJFINANCE", date(2025, 6, 16), 10.0, "split_or_bonus"),
        CorporateAction("ITC", date(2025, 1, 6), 1.0, "demerger"),
    )


def test_the_csv_download_of_nse_is_read() -> None:
    header = '"SYMBOL","COMPANY NAME","SERIES","PURPOSE","FACE VALUE","EX-DATE","RECORD DATE"\n'
    row = '"GODFRYPHLP","Godfrey Phillips","EQ","Bonus 2:1","2","16-Sep-2025","16-Sep-2025"\n'
    expected = (CorporateAction("GODFRYPHLP", date(2025, 9, 16), 3.0, "split_or_bonus"),)
    assert parse_corporate_actions((header + row).encode(), "CF-CA-equities.csv") == expected


@pytest.mark.parametrize("key", ["equityActions", "smeActions", "data"])
def test_the_list_may_lie_under_any_of_the_keys_that_nse_uses(key: str) -> None:
    body = {key: json.loads(announced(("ABC", "BONUS 1:1", "15-Sep-2025"))), "holidays_2025": {}}
    assert parse_corporate_actions(json.dumps(body).encode(), "a.json") == (
        CorporateAction("ABC", date(2025, 9, 15), 2.0, "split_or_bonus"),
    )


def test_announcements_of_one_day_multiply_and_a_repeated_one_counts_once() -> None:
    data = announced(
        ("ABC", "Bonus 1:1", "15-Sep-2025"),
        ("ABC", SPLIT, "15-Sep-2025"),
        ("ABC", "Bonus  1:1", "15-Sep-2025"),
        ("ABC", "Bonus 1:1", "15-Sep-2020"),
    )
    assert [(a.ex_date.year, a.factor) for a in parse_corporate_actions(data, "a.json")] == [(2020, 2.0), (2025, 10.0)]


@pytest.mark.parametrize("day", ["-", None, ""])
def test_an_announcement_without_an_ex_date_is_left_out(day: str | None) -> None:
    assert parse_corporate_actions(announced(("ABC", "Bonus 1:1", day), ("ABC", None, None)), "a.json") == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (announced(("ABC", "Bonus 1:1", "soon")), "row 1: ex-date 'soon' is not a day"),
        (announced(("-", "Bonus 1:1", "15-Sep-2025")), "row 1: has no symbol"),
        (b"[5]", "row 1: is not an object with symbol, subject and exDate"),
        (b'{"rows": []}', "holds no list of corporate actions"),
        (b'{"equityActions"', "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (f"{FACTORS}A,2025-06-16,0,demerger\n".encode(), "row 2: volume_factor '0' is no ratio"),
        (f"{FACTORS}A,2025-06-16,inf,demerger\n".encode(), "row 2: volume_factor 'inf' is no ratio"),
        (f"{FACTORS}A,2025-06-16,2,gift\n".encode(), "row 2: kind 'gift' is not one of"),
        (f"{FACTORS}A,2025-16-06,2,demerger\n".encode(), "row 2: ex-date '2025-16-06' is not a day"),
        (b"symbol,ex_date\nA,2025-06-16\n", "lacks the columns subject of the layout NSE corporate actions"),
        (b"<html></html>", "web page"),
        (b"", "empty"),
    ],
)
def test_a_file_that_would_lose_an_action_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(InputFileError, match=reason):
        parse_corporate_actions(data, "a")


@unhurried
@given(st.integers(1, 100), st.integers(1, 100))
def test_a_bonus_always_makes_shares_more(new: int, held: int) -> None:
    ((_, factor),) = subject_effects(f"Bonus {new}:{held}")
    assert factor == (new + held) / held > 1


@unhurried
@given(st.one_of(st.binary(max_size=200), st.text(max_size=40).map(lambda s: announced((s, f"Bonus {s}", s)))))
def test_no_bytes_make_the_parser_raise_anything_but_its_own_error(data: bytes) -> None:
    with contextlib.suppress(InputFileError):
        assert isinstance(parse_corporate_actions(data, "a"), tuple)


def test_the_inferred_list_is_read_whole() -> None:
    data = shared_file("market/nse_corporate_actions_inferred.csv").read_bytes()
    actions = parse_corporate_actions(data, "inferred.csv")
    kinds = [action.kind for action in actions]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts == {"split_or_bonus": 82, "demerger": 6, "other_adjustment": 3, "rights_issue": 1}


def test_the_answer_of_nse_is_read_whole() -> None:
    data = shared_file("market/nse_corporate_actions_api_2025-09.json").read_bytes()
    assert [(a.symbol, str(a.ex_date), a.factor, a.kind) for a in parse_corporate_actions(data, "api.json")] == [
        ("ADANIPOWER", "2025-09-22", 5.0, "split_or_bonus"),
        ("GODFRYPHLP", "2025-09-16", 3.0, "split_or_bonus"),
        ("SHRADHA", "2025-09-16", 1.0, "rights_issue"),
        ("TFCILTD", "2025-09-19", 5.0, "split_or_bonus"),
        ("ZYDUSWELL", "2025-09-18", 5.0, "split_or_bonus"),
    ]
