from __future__ import annotations

from datetime import date

import pytest

from app.domain.disclosures import LineKind
from app.risk.benchmark_weights import benchmark_weights, tracks
from tests.unit.risk.portfolio_lines import Line, portfolios

FULL: list[Line] = [("A", "INE1", LineKind.EQUITY, 59.7), ("B", "INE2", LineKind.EQUITY, 39.8)]
CASH: Line = ("Cash", None, LineKind.CASH, 0.5)


@pytest.mark.parametrize(
    "name",
    ["HDFC Nifty 50 Index Fund", "UTI - Nifty 50 ETF", "Nippon India ETF Nifty 50 BeES", "SBI NIFTY50 Index Fund"],
)
def test_a_fund_that_copies_the_index_says_so(name: str) -> None:
    assert tracks(name, "Nifty 50")


@pytest.mark.parametrize(
    "name",
    [
        "HDFC Nifty Next 50 Index Fund",
        "DSP Nifty 50 Equal Weight Index Fund",
        "HDFC Nifty 500 Index Fund",
        "HDFC Flexi Cap Fund",
        "A Nifty 50 ETF Fund of Fund",
        "A Nifty Midcap 50 ETF",
        "Nifty 50",
        "",
    ],
)
def test_other_funds_are_no_copy(name: str) -> None:
    assert not tracks(name, "Nifty 50")


def test_the_weights_of_the_shares_are_brought_to_a_hundred() -> None:
    found = benchmark_weights(portfolios({"X Nifty 50 Index Fund": [*FULL, CASH]}), "NIFTY 50")
    assert found is not None
    assert found.weights == pytest.approx({"INE1": 60.0, "INE2": 40.0})
    assert found.fund == "X Nifty 50 Index Fund"


def test_the_newest_disclosure_counts_and_of_one_day_the_fullest() -> None:
    other: list[Line] = [("A", "INE1", LineKind.EQUITY, 50.0), ("B", "INE2", LineKind.EQUITY, 50.0)]
    funds = {"X Nifty 50 Index Fund": FULL, "Y Nifty 50 Index Fund": other, "Z Nifty 50 ETF": FULL}
    newest = {"Z Nifty 50 ETF": date(2026, 11, 1)}
    found = [benchmark_weights(lines, "Nifty 50") for lines in (portfolios(funds, newest), portfolios(funds))]
    assert [one and one.fund for one in found] == ["Z Nifty 50 ETF", "Y Nifty 50 Index Fund"]


def test_a_partial_or_half_invested_fund_is_no_benchmark() -> None:
    name = "X Nifty 50 Index Fund"
    half: list[Line] = [("A", "INE1", LineKind.EQUITY, 50.0)]
    assert benchmark_weights(portfolios({name: FULL}, partial=[name]), "Nifty 50") is None
    assert benchmark_weights(portfolios({name: half}), "Nifty 50") is None
    assert benchmark_weights(portfolios({}), "Nifty 50") is None
