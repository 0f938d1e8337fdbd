from __future__ import annotations

import pytest

from app.domain.disclosures import LineKind
from app.domain.securities import is_isin
from app.sources.amc.isins import isin_in, kind_of_isin, looks_like_isin, valid_isin


@pytest.mark.parametrize("code", ["INE002A01018", "IN0020230051", "INF179K01UT0", "US30303M1027", "IN9628A01018"])
def test_isins_of_securities_are_valid(code: str) -> None:
    assert valid_isin(code)


@pytest.mark.parametrize(
    "code", ["INCBLO030325", "ONGC27032025", "GSECREPO0740", "INHDFC280225", "IN0112344559", "IDIA00500001"]
)
def test_codes_in_the_form_of_an_isin_fail_the_check_digit(code: str) -> None:
    assert looks_like_isin(code)
    assert not valid_isin(code)


@pytest.mark.parametrize("code", ["GSECREPO0550", "GSECREPO0659", "IDIA00500002", "NTPC27032025"])
def test_house_codes_that_pass_the_check_digit_by_accident_are_denied(code: str) -> None:
    assert is_isin(code)
    assert not valid_isin(code)


@pytest.mark.parametrize("code", ["EQ600401XXXX", "INFGLDBAR1KG", "HB27FB25325C", "ISIN", ""])
def test_other_codes_do_not_even_look_like_one(code: str) -> None:
    assert not looks_like_isin(code)


@pytest.mark.parametrize(
    ("isin", "kind"),
    [
        ("INE002A01018", LineKind.EQUITY),
        ("IN9628A01018", LineKind.EQUITY),
        ("INE403D08207", LineKind.DEBT),
        ("INE238AD6AE9", LineKind.DEBT),
        ("IN0020230051", LineKind.DEBT),
        ("INE0NHL23019", LineKind.TRUST_UNIT),
        ("INE041025011", LineKind.TRUST_UNIT),
        ("INF179K01UT0", LineKind.FUND_UNIT),
        ("US30303M1027", None),
    ],
)
def test_an_indian_isin_tells_the_kind_of_its_security(isin: str, kind: LineKind | None) -> None:
    assert kind_of_isin(isin) is kind


@pytest.mark.parametrize("code", ["INE009A01021#", "INE009A01021 *", "IN E009A01021", "INE-009A-01021"])
def test_footnote_marks_do_not_hide_an_isin(code: str) -> None:
    assert isin_in(code) == "INE009A01021"


@pytest.mark.parametrize("code", ["NTPC27032025FUT", "SEE NOTE 3 BELOW", "INE009A0102", "INE009A010211"])
def test_other_codes_stay_as_they_are(code: str) -> None:
    assert isin_in(code) == code
