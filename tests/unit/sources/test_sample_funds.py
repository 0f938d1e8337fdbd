from __future__ import annotations

from datetime import date

import pytest

from app.domain.disclosures import LineKind
from app.domain.schemes import Plan
from app.sources.sample_funds import HOUSE, SampleScheme, describe_funds
from app.sources.sample_market import generate_sample

SAMPLE = generate_sample(date(2026, 11, 20))
FUNDS = describe_funds(SAMPLE)


def named(word: str) -> SampleScheme:
    return next(fund for fund in FUNDS if word in fund.scheme.name)


def test_the_money_of_every_portfolio_adds_up_to_all_of_it() -> None:
    for fund in FUNDS:
        if fund.lines is not None:
            assert sum(line.weight for line in fund.lines if line.in_total) == pytest.approx(100.0)
            assert all(line.weight > 0 for line in fund.lines if line.in_total)


def test_one_fund_has_no_portfolio() -> None:
    assert [fund.scheme.name for fund in FUNDS if fund.lines is None] == ["Sample Small Cap Fund"]


def test_portfolios_hold_shares_of_the_sample_market_and_of_the_book() -> None:
    listed = {share.isin for share in SAMPLE.securities.securities}
    held = {line.isin for fund in FUNDS for line in fund.lines or () if line.kind is LineKind.EQUITY}
    assert held <= listed
    assert held & {holding.isin for holding in SAMPLE.holdings}
    lines = named("Nifty 50").lines
    assert lines is not None
    assert {line.isin for line in lines if line.isin} == listed


def test_the_arbitrage_fund_is_short_of_what_it_holds() -> None:
    lines = named("Arbitrage").lines
    assert lines is not None
    shorts = [line for line in lines if line.kind is LineKind.DERIVATIVE]
    assert sum(line.weight for line in lines if line.kind is not LineKind.CASH) == pytest.approx(0.0)
    assert all(line.sign == -1 and not line.in_total for line in shorts)


def test_portfolios_are_of_the_last_end_of_a_month_and_young() -> None:
    assert {fund.as_on for fund in FUNDS} == {date(2026, 10, 31)}
    assert {fund.as_on for fund in describe_funds(generate_sample(date(2026, 3, 2)))} == {date(2026, 2, 28)}


def test_schemes_are_of_one_house_and_the_regular_plan_costs_more() -> None:
    assert {fund.scheme.house for fund in FUNDS} == {HOUSE}
    assert len({fund.scheme.family for fund in FUNDS}) == len(FUNDS)
    for fund in FUNDS:
        direct, regular = fund.costs
        assert (direct.plan, regular.plan) == (Plan.DIRECT, Plan.REGULAR)
        assert direct.percent < regular.percent
