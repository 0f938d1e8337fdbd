from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.securities import is_isin, issuer_code, strip_series


@pytest.mark.parametrize("isin", ["INE009A01021", "INE002A01018", "INF879O01027", "US0378331005", "GB0002634946"])
def test_real_isins_are_recognised(isin: str) -> None:
    assert is_isin(isin)


@pytest.mark.parametrize(
    "text",
    ["", "INE009A0102", "INE009A010211", "ine009a01021", "INE009A01022", "1NE009A01021", "INE009A0102A", "INE009A-1021",
     "INE009A0１021", "INE009A0102²"],
)  # fmt: skip
def test_what_is_no_isin_is_refused(text: str) -> None:
    assert not is_isin(text)


@given(st.integers(0, 11), st.characters(codec="ascii", categories=("Lu", "Nd")))
def test_any_one_wrong_digit_is_found(place: int, other: str) -> None:
    isin = "INE009A01021"
    changed = isin[:place] + other + isin[place + 1 :]
    if isin[place].isdigit() and other.isdigit():
        assert is_isin(changed) == (changed == isin)


def test_a_face_value_split_keeps_the_issuer() -> None:
    assert issuer_code("INE009A01021") == issuer_code("INE009A01039") != issuer_code("INE002A01018")


@pytest.mark.parametrize(
    ("symbol", "stem"),
    [
        ("CENTRALBK-BE", "CENTRALBK"),
        ("MIDCAPIWIN-BL", "MIDCAPIWIN"),
        ("BAJAJ-AUTO", "BAJAJ-AUTO"),
        ("NAM-INDIA", "NAM-INDIA"),
        ("M&M", "M&M"),
        ("BAJAJ-AUTO-BE", "BAJAJ-AUTO"),
    ],
)
def test_only_known_series_are_cut_off_a_symbol(symbol: str, stem: str) -> None:
    assert strip_series(symbol) == stem
