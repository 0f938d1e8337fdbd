from __future__ import annotations

import json
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import InputFileError
from app.domain.fund_costs import CostKind, TrackingKind
from app.domain.schemes import Plan
from app.sources.fund_cost_files import parse_ter, parse_tracking
from tests.shared_data import shared_file

TODAY = date(2026, 11, 20)
TER = {"Scheme_Name": "A Fund", "TER_Date": "2026-10-31T00:00:00.000Z", "D_TER": "0.66", "R_TER": 1.75, "D_BER": "0.5"}


def body(*rows: object) -> bytes:
    return json.dumps({"data": rows, "meta": {"page": 1}}).encode()


def percents(data: bytes, name: str = "ter.json", today: date = TODAY) -> dict[tuple[str, Plan, CostKind], float]:
    read = parse_ter(data, name, today)
    return {(cost.scheme_name, cost.plan, cost.kind): cost.percent for cost in read.costs}


def test_the_real_csv_is_read_whole_with_the_day_of_its_name() -> None:
    file = shared_file("mf/amfi/ter_2024-10-07.csv")
    read = parse_ter(file.read_bytes(), file.name, TODAY)
    assert read.rejected == ()
    assert {cost.as_of for cost in read.costs} == {date(2024, 10, 7)}
    assert len({cost.scheme_name for cost in read.costs}) == 1_608
    assert percents(file.read_bytes(), file.name)["Parag Parikh Flexi Cap Fund", Plan.DIRECT, CostKind.TOTAL] == 0.63


def test_amfis_json_gives_total_and_base_of_both_plans() -> None:
    assert percents(body(TER)) == {
        ("A Fund", Plan.REGULAR, CostKind.TOTAL): 1.75,
        ("A Fund", Plan.DIRECT, CostKind.TOTAL): 0.66,
        ("A Fund", Plan.DIRECT, CostKind.BASE): 0.5,
    }
    assert {cost.as_of for cost in parse_ter(body(TER), "a", TODAY).costs} == {date(2026, 10, 31)}


def test_the_newest_ratio_in_force_counts_and_an_announced_one_does_not() -> None:
    rows = [TER | {"TER_Date": day, "D_TER": ter} for day, ter in (("2026-11-15", 0.7), ("2026-11-01", 0.6))]
    coming = TER | {"TER_Date": "2026-12-01", "D_TER": 0.9}
    assert percents(body(*rows, coming))["A Fund", Plan.DIRECT, CostKind.TOTAL] == 0.7


@pytest.mark.parametrize("value", [0, "0.0", "", "-", None, "NA"])
def test_zero_and_nothing_are_no_ratio(value: object) -> None:
    read = parse_ter(body(TER | {"D_TER": value}), "ter.json", TODAY)
    assert (Plan.DIRECT, CostKind.TOTAL) not in {(cost.plan, cost.kind) for cost in read.costs}
    assert read.rejected == ()


@pytest.mark.parametrize("value", [-0.5, 66, "a lot", "1e9"])
def test_an_impossible_ratio_is_left_out_and_named(value: object) -> None:
    read = parse_ter(body(TER | {"D_TER": value}), "ter.json", TODAY)
    assert "direct_total" in read.rejected[0]
    assert len(read.costs) == 2


def test_a_file_without_any_day_says_so() -> None:
    bare = {key: value for key, value in TER.items() if key != "TER_Date"}
    assert parse_ter(body(bare), "ter.json", TODAY).undated
    assert not parse_ter(body(bare), "ter_2026-10-31.json", TODAY).undated


def test_tracking_errors_and_differences_are_told_apart() -> None:
    row = {"Scheme_Name": "A Index Fund", "Benchmark": "NIFTY 50 TRI", "RegularPercent": "0.05", "DirectPercent": 0.03}
    read = parse_tracking(body(row), "tracking_2026-10-31.json", TODAY)
    assert [(one.plan, one.kind, one.period, one.percent) for one in read.figures] == [
        (Plan.REGULAR, TrackingKind.ERROR, "1y", 0.05),
        (Plan.DIRECT, TrackingKind.ERROR, "1y", 0.03),
    ]
    row = {"Scheme_Name": "A Index Fund", "Y1_D": "-0.21", "Y10_R": "-0.8", "ReturnLaunch_D": "-0.3", "Y3_D": "NA"}
    read = parse_tracking(body(row), "tracking_2026-10-31.json", TODAY)
    assert [(one.plan, one.kind, one.period, one.percent) for one in read.figures] == [
        (Plan.DIRECT, TrackingKind.DIFFERENCE, "1y", -0.21),
        (Plan.REGULAR, TrackingKind.DIFFERENCE, "10y", -0.8),
        (Plan.DIRECT, TrackingKind.DIFFERENCE, "launch", -0.3),
    ]


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"data": [3]}', b"<html>", b"a,b\n1,2\n", b"null", body()])
def test_another_answer_is_refused(data: bytes) -> None:
    for parse in (parse_ter, parse_tracking):
        with pytest.raises(InputFileError) as error:
            parse(data, "x.json", TODAY)
        assert error.value.remedy


KEYS = st.sampled_from(["Scheme_Name", "TER_Date", "D_TER", "RegularPercent", "Y1_R", "Benchmark"])
VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.lists(st.integers(), max_size=2)
)


@settings(max_examples=60)
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=5), max_size=4))
def test_any_rows_are_read_or_refused(rows: list[dict[str, object]]) -> None:
    for parse in (parse_ter, parse_tracking):
        with suppress(InputFileError):
            assert parse(body(*rows), "x.json", TODAY)
