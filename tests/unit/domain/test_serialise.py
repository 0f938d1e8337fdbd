from __future__ import annotations

import json
from datetime import UTC, date, datetime

import numpy as np

from app.domain.data_issues import DataIssue, Severity
from app.domain.serialise import to_json


def test_what_is_no_number_becomes_null() -> None:
    body = {"a": float("nan"), "b": float("inf"), "c": np.array([1.0, np.nan, -np.inf])}
    assert to_json(body) == b'{"a":null,"b":null,"c":[1.0,null,null]}'


def test_days_and_instants_are_iso_and_words_are_their_values() -> None:
    body = {"day": date(2026, 11, 20), "at": datetime(2026, 11, 20, 13, tzinfo=UTC), "how": Severity.CRITICAL}
    assert json.loads(to_json(body)) == {"day": "2026-11-20", "at": "2026-11-20T13:00:00Z", "how": "critical"}


def test_a_dataclass_is_an_object_of_its_fields() -> None:
    issue = DataIssue("gaps", Severity.INFO, "INFY", "3 days missing.")
    assert json.loads(to_json(issue)) == {
        "code": "gaps",
        "severity": "info",
        "subject": "INFY",
        "message": "3 days missing.",
        "remedy": "",
    }


def test_indented_json_says_the_same() -> None:
    body = {"a": [1, 2], "b": float("nan")}
    assert json.loads(to_json(body, indent=True)) == json.loads(to_json(body))
    assert b"\n" in to_json(body, indent=True)
