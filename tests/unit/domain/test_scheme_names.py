from __future__ import annotations

import pytest

from app.domain.scheme_names import family_of, former_names, option_of, plan_of, scheme_key, slug, without_tenor
from app.domain.schemes import Option, Plan

SAME = [
    ("HDFC Mid-Cap Fund - Direct Plan - Growth Option", "HDFC MIDCAP FUND"),
    ("UTI Nifty 50 Index Fund - Growth Option- Direct", "UTI Nifty50 Index Fund"),
    ("Axis Banking & PSU Debt Fund - Direct Plan - Daily IDCW", "Axis Banking and PSU Debt Fund"),
    ("Kotak Savings Fund -Monthly Payout of Income Distribution cum capital withdrawal option", "Kotak Savings Fund"),
    ("LIC MF CHILDREN’S FUND", "LIC MF Children's Fund"),
    ("Bandhan US Equity Fund of Funds", "Bandhan US Equity FoF"),
    ("Nippon India Credit Risk Fund (Existing Number of Segregated Portfolios - 1)", "Nippon India Credit Risk Fund"),
    ("SBI Small Cap Fund (An open ended equity scheme)", "SBI Smallcap Fund"),
    ("360 ONE Dynamic Bond Fund (Formerly Known as IIFL Dynamic Bond Fund)", "360 ONE Dynamic Bond Fund"),
    ("Bandhan CRISIL IBX SDL Sep27 Index Fund", "Bandhan CRISIL IBX SDL - September 2027 Index Fund"),
    ("Tata S&P BSE Sensex Index Fund", "Tata BSE Sensex Index Fund"),
    ("BANDHAN LIQUID Fund - Unclaimed IDCW Less than 3 years", "Bandhan Liquid Fund"),
]
OTHER = [
    ("Nippon India Growth Fund", "Nippon India Fund"),
    ("Aditya Birla Sun Life Regular Savings Fund", "Aditya Birla Sun Life Savings Fund"),
    ("UTI FTIF Series XXX - II", "UTI FTIF Series XX - XII"),
    ("HDFC Nifty 50 Index Fund", "HDFC Nifty Next 50 Index Fund"),
    ("SBI Large Cap Fund", "SBI Small Cap Fund"),
    ("Axis Retirement Fund - Aggressive Plan", "Axis Retirement Fund - Conservative Plan"),
    ("Nippon India Medium Duration Fund - Segregated Portfolio 2", "Nippon India Medium Duration Fund"),
    ("Nifty SDL Jun 2027 Index Fund", "Nifty SDL Jun 2030 Index Fund"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_scheme_have_one_key(one: str, other: str) -> None:
    assert scheme_key(one) == scheme_key(other) != ""


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_different_schemes_have_different_keys(one: str, other: str) -> None:
    assert scheme_key(one) != scheme_key(other)


def test_a_name_says_what_it_was_called_before() -> None:
    assert list(former_names("ABC Fund (Formerly known as XYZ Bond Fund) - Direct")) == ["XYZ Bond Fund"]
    assert list(former_names("ICICI Prudential Large Cap Fund (erstwhile Bluechip Fund)")) == ["Bluechip Fund"]
    assert list(former_names("ABC Fund")) == []


@pytest.mark.parametrize(
    ("text", "plan", "option"),
    [
        ("Direct Plan", Plan.DIRECT, None),
        ("Regular Plan - Growth", Plan.REGULAR, Option.GROWTH),
        ("MONTHLY DCW Payout", None, Option.PAYOUT),
        ("IDCW-Re-investment", None, Option.PAYOUT),
        ("DIRECT - Bonus Option", Plan.DIRECT, Option.BONUS),
        ("SBI Gold ETF", None, None),
    ],
)
def test_plan_and_option_are_read_from_words(text: str, plan: Plan | None, option: Option | None) -> None:
    assert (plan_of(text), option_of(text)) == (plan, option)


def test_the_days_of_a_closed_scheme_can_be_left_out() -> None:
    key = scheme_key("SBI Fixed Maturity Plan (FMP) - Series 1 (3668 Days)")
    assert without_tenor(key) == scheme_key("SBI Fixed Maturity Plan (FMP)- Series 1")
    assert without_tenor(scheme_key("HDFC Nifty 50 Index Fund")) == "hdfc nifty 50 index"


def test_all_plans_of_a_scheme_are_one_family_and_houses_stay_apart() -> None:
    names = ("Value Fund - Direct - Growth", "Value Fund (IDCW)", "VALUE FUND - Regular Plan")
    assert {family_of("Alpha Mutual Fund", name) for name in names} == {"alpha/value"}
    assert family_of("Beta Mutual Fund", names[0]) == "beta/value"


@pytest.mark.parametrize("name", ["", "()", "direct", "Fund", "-- &", "(formerly known as"])
def test_a_name_without_words_is_no_error(name: str) -> None:
    assert isinstance(scheme_key(name), str)


def test_a_slug_is_plain() -> None:
    assert slug("UTI - Money Market Fund") == "uti-money-market-fund"
